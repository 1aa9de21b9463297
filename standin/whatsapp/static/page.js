// SPDX-License-Identifier: GPL-3.0-or-later

// The page on which somebody plays a person with WhatsApp, and the phone that the
// centre's number is on.
import { $, act, be, button, clock, file, instead, make, on, options, react, say, start, state, talk, who } from './common.js';

let typed = 0; // when the other side was last told

// --- a message ---

function message(m) {
	const mine = m.from_me === $('owner').checked;
	const li = make('li', { className: mine ? 'me' : 'other' });
	const bubble = make('div', { className: 'bubble' });
	if (m.revoked) {
		bubble.append(make('em', {}, 'This message was deleted'));
	} else {
		if (m.quoted) {
			const q = state.phone.messages.find((x) => x.id === m.quoted);
			bubble.append(make('div', { className: 'quoted', dir: 'auto' }, q ? q.text || q.kind : '…'));
		}
		if (m.size) { bubble.append(file(encodeURIComponent(who) + '/' + encodeURIComponent(m.id), m.kind, m.name, m.size)); }
		if (m.kind === 'location') { bubble.append(make('span', { dir: 'ltr' }, '📍 ' + m.latitude + ', ' + m.longitude)); }
		if (m.kind === 'contact') { bubble.append(make('span', { dir: 'auto' }, '👤 ' + m.name)); }
		if (m.kind === 'other') { bubble.append(make('span', {}, '(' + m.kind + ')')); }
		if (m.text) { bubble.append(make('div', { className: 'words', dir: 'auto' }, m.text)); }
	}
	const ticks = mine ? ' ' + ['✓', '✓', '✓✓', '✓✓ read'][m.ticks] : '';
	bubble.append(make('div', { className: 'when' }, clock(m.at) + ticks + (m.edited ? ' · changed' : '') + (m.by_hand ? ' · by hand' : '') + (m.reaction ? ' · ' + m.reaction : '')));
	li.append(bubble);
	if (m.options && m.from_me && !$('owner').checked) {
		li.append(make('div', { className: 'buttons' }, ...m.options.map((o) => button(o, () => act({ do: 'vote', message: m.id, text: o })))));
	}
	if (m.revoked) { return li; }
	const tools = make('div', { className: 'tools' });
	if (mine) {
		if (m.kind === 'text') { tools.append(button('change', () => instead('edit', m.id, 'Changing a message', m.text))); }
		tools.append(button('delete', () => act({ do: 'revoke', message: m.id })));
	} else {
		tools.append(react(m));
		if (!$('owner').checked) { tools.append(button('answer', () => instead('reply', m.id, 'Answering: ' + (m.text || m.kind).slice(0, 40), ''))); }
	}
	li.append(tools);
	return li;
}

// --- the state ---

function show() {
	if (!state.people.some((p) => p.phone === who) && state.people.length) { be(state.people[0].phone); return; }
	$('account').textContent = '+' + state.owner;
	options($('people'), state.people.map((p) => [p.phone, p.name + ' · \u2066+' + p.phone + '\u2069']));
	$('people').value = who;
	$('linked').textContent = state.linked ? state.linked + ' linked' : state.codes ? 'a device waits for its code' : state.showing ? 'a device shows a QR code' : 'no device';
	$('status').textContent = (state.online ? 'The device is connected' + (state.available ? ', in the foreground' : '') : state.linked ? 'The device is away' : 'No device is linked') +
		' · ' + state.pending + ' not yet acknowledged' + (state.unknown ? ' · ' + state.unknown + ' requests not understood' : '');
	const p = state.phone;
	if (!p) { return; }
	talk(who + $('owner').checked, p.messages, () => p.messages.map(message));
	$('action').textContent = (p.typing && !$('owner').checked ? 'The centre: ' + p.typing + '…' : '') + (p.unreadable ? ' ' + p.unreadable + ' could not be read' : '');
	$('action').hidden = !$('action').textContent;
	$('call').textContent = p.call ? 'Hang up' : 'Call';
}

// --- what one can do ---

on('people', 'change', () => be($('people').value));
$('owner').addEventListener('change', () => { instead(null); if (state) { show(); } });
on('add-form', 'submit', async () => {
	const number = $('add-number').value;
	if (await act({ do: 'person', person: number, name: $('add-name').value })) {
		$('add').open = false;
		be(number);
	}
});
on('scan', 'submit', async () => { if (await act({ do: 'scan', text: $('qr').value })) { $('qr').value = ''; } });
on('enter', 'submit', async () => { if (await act({ do: 'enter', text: $('code').value })) { $('code').value = ''; } });
on('form', 'submit', () => {
	typed = 0;
	say();
});
$('text').addEventListener('input', () => {
	if ($('owner').checked || !who) { return; }
	const now = Date.now();
	if (!$('text').value) { typed = 0; act({ do: 'stop' }, true); } else if (now - typed > 5000) { typed = now; act({ do: 'type' }, true); }
});
on('call', 'click', () => act(state && state.phone && state.phone.call ? { do: 'hangup', message: state.phone.call } : { do: 'call' }));
for (const b of document.querySelectorAll('[data-do]')) {
	b.addEventListener('click', () => act({ do: b.dataset.do, always: $('always').checked }));
}

start(() => ({ person: who, owner: $('owner').checked }), show);
