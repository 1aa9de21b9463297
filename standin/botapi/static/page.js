// SPDX-License-Identifier: GPL-3.0-or-later

// The page on which somebody plays a person with Telegram.
import { $, act, ask, be, button, clock, file, instead, link, make, on, options, react, say, start, state, talk, who } from './common.js';

let seen = -1;  // notices; -1: not known yet
let hiding = 0; // the timer of the notice

// --- a message ---

// Entities may lie in one another: the text is cut wherever one begins or ends.
function words(text, entities) {
	const out = make('div', { className: 'words', dir: 'auto' });
	const cuts = new Set([0, text.length]);
	for (const e of entities || []) { cuts.add(e.offset); cuts.add(e.offset + e.length); }
	const at = [...cuts].filter((n) => n <= text.length).sort((a, b) => a - b);
	for (let i = 0; i + 1 < at.length; i++) {
		const piece = text.slice(at[i], at[i + 1]);
		const over = (entities || []).filter((e) => e.offset <= at[i] && e.offset + e.length >= at[i + 1]);
		if (!over.length) { out.append(piece); continue; }
		const to = over.find((e) => e.type === 'text_link' && /^https?:/.test(e.url));
		const e = to ? make('a', { href: to.url, target: '_blank', rel: 'noopener noreferrer' }) : make('span', {});
		e.className = over.map((x) => x.type).join(' ');
		e.textContent = piece;
		if (over.some((x) => x.type === 'spoiler')) { e.addEventListener('click', () => e.classList.add('open')); }
		out.append(e);
	}
	return out;
}

function message(m) {
	const li = make('li', { className: m.bot ? 'bot' : 'me' });
	const bubble = make('div', { className: 'bubble' });
	if (m.file) { bubble.append(file(encodeURIComponent(m.file.id), m.file.kind, m.file.name, m.file.size)); }
	if (m.place) { bubble.append(make('span', { dir: 'ltr' }, '📍 ' + m.place.latitude + ', ' + m.place.longitude)); }
	if (m.contact) { bubble.append(make('span', {}, '👤 ' + m.contact.first_name + ' ', make('bdi', { dir: 'ltr' }, m.contact.phone_number))); }
	if (m.sticker) { bubble.append(make('span', { className: 'sticker' }, m.sticker + ' (sticker)')); }
	if (m.text) { bubble.append(words(m.text, m.entities)); }
	bubble.append(make('div', { className: 'when' }, clock(m.at) + (m.edited ? ' · changed' : '') + ' · ' + m.id + (m.reaction ? ' · ' + m.reaction : '')));
	li.append(bubble);
	if (m.buttons) {
		const box = make('div', { className: 'buttons' });
		for (const row of m.buttons) {
			const r = make('div', { className: 'row' });
			for (const b of row) {
				if (b.url) {
					r.append(link(b.text, b.url));
				} else {
					r.append(button(b.text, () => act({ do: 'press', message: m.id, text: b.data || '' }), b.data));
				}
			}
			box.append(r);
		}
		li.append(box);
	}
	const tools = make('div', { className: 'tools' });
	if (m.bot) {
		tools.append(react(m));
	} else if (m.text && !m.file) {
		tools.append(button('change', () => instead('edit', m.id, 'Changing a message', m.text)));
	}
	li.append(tools);
	return li;
}

// --- the state ---

function show() {
	if (!Number(who) && state.people.length) { become(state.people[0].id); return; }
	$('account').textContent = '@' + state.username;
	options($('people'), state.people.map((p) => [p.id, p.id + (p.language ? ' · ' + p.language : '') + (p.blocked ? ' · blocked' : '')]));
	$('people').value = who;
	$('status').textContent =
		(state.webhook ? 'The bot has a webhook' + (state.failed ? ' (' + state.failed + ')' : '') : state.polling ? 'The bot is asking' : 'The bot is not asking') +
		' · ' + state.pending + ' waiting · ' + state.taken + ' taken';
	const p = state.phone;
	$('block').disabled = !p;
	if (!p) { return; }
	$('block').textContent = p.blocked ? 'Unblock' : 'Block';
	$('about').textContent = p.about;
	$('about').hidden = !p.about || p.messages.length > 0;
	$('start').hidden = p.messages.length > 0 && !p.blocked;
	talk(who, p.messages, () => p.messages.map(message));
	$('action').textContent = p.action ? 'The bot: ' + p.action.replace('_', ' ') + '…' : p.waiting ? 'A button waits for its answer…' : '';
	$('action').hidden = !$('action').textContent;
	if (seen >= 0 && p.notices > seen) {
		$('notice').textContent = p.notice;
		$('notice').hidden = false;
		clearTimeout(hiding);
		hiding = setTimeout(() => { $('notice').hidden = true; }, 5000);
	}
	seen = p.notices;
	keys($('menu'), [(p.menu || []).map((c) => ({ text: '/' + c.command, title: c.description }))]);
	keys($('keyboard'), p.keyboard || []);
}

function keys(box, rows) {
	box.replaceChildren(...rows.map((row) => make('div', { className: 'row' }, ...row.map((k) => {
		return button(k.text + (k.title ? ' – ' + k.title : ''), () => {
			if (k.asks === 'contact') { act({ do: 'contact', text: $('number').value, own: true }); }
			else if (k.asks === 'location') { act({ do: 'place', latitude: Number($('latitude').value), longitude: Number($('longitude').value) }); }
			else { act({ do: 'say', text: k.text }); }
		}, k.title);
	}))));
	box.hidden = !rows.some((r) => r.length);
}

// The end of typing is no change at the server.
setInterval(() => {
	if (state && state.phone && state.phone.action) { ask(); }
}, 2500);

function become(id) {
	seen = -1;
	$('notice').hidden = true;
	be(id);
}

// --- what one can do ---

on('people', 'change', () => become($('people').value));
on('add-form', 'submit', async () => {
	const id = Number($('add-id').value);
	if (await act({ do: 'person', person: id, language: $('add-language').value })) {
		$('add').open = false;
		become(id);
	}
});
on('form', 'submit', async () => {
	if (!Number(who) && $('text').value.trim()) {
		if (!await act({ do: 'person', person: 1 })) { return; }
		become(1);
	}
	say();
});
on('start', 'click', () => act({ do: 'start', text: '' }));
on('link', 'submit', () => act({ do: 'start', text: $('payload').value }));
on('block', 'click', () => act({ do: state && state.phone && state.phone.blocked ? 'unblock' : 'block' }));
on('contact', 'submit', () => act({ do: 'contact', text: $('number').value, own: $('own').checked }));
for (const b of document.querySelectorAll('[data-do]')) {
	b.addEventListener('click', () => act({ do: b.dataset.do, text: b.dataset.text || '' }));
}
for (const b of document.querySelectorAll('[data-fault]')) {
	b.addEventListener('click', () => act({ do: b.dataset.fault, always: $('always').checked, all: $('all').checked }));
}

start(() => ({ person: Number(who) }), show);
