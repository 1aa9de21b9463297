// SPDX-License-Identifier: GPL-3.0-or-later

// The page on which somebody plays people on Messenger and WhatsApp, those under the
// Page's posts, and a colleague in Meta's own apps. Who is m:PSID, w:PHONE or p:POST.
import { $, act, ask, be, button, clock, file, instead, link, make, on, options, react, say, start, state, talk, who } from './common.js';

// --- a message ---

function keys(m) {
	const all = m.buttons || [];
	if (!all.length) { return null; }
	const box = make('div', { className: 'buttons' + (all[0].kind === 'quick' ? ' quick' : '') });
	if (m.opener) { box.append(make('strong', { dir: 'auto' }, '☰ ' + m.opener)); }
	for (const b of all) {
		if (b.url) {
			box.append(link(b.title, b.url));
		} else if (b.kind === 'phone_number') {
			box.append(make('span', { dir: 'auto' }, '☎ ' + b.title + ' ', make('bdi', { dir: 'ltr' }, b.payload)));
		} else {
			const deed = b.kind === 'quick' ? { do: 'tap', text: b.payload } : { do: 'press', message: m.id, text: b.payload };
			box.append(button(b.title + (b.description ? ' – ' + b.description : ''), () => act(deed), b.payload));
		}
	}
	return box;
}

function message(m) {
	const li = make('li', { className: m.by === 'person' ? 'me' : m.by });
	const bubble = make('div', { className: 'bubble' });
	if (m.file) { bubble.append(m.file.id ? file(encodeURIComponent(m.file.id), m.type, m.file.name, m.file.size) : make('span', { dir: 'ltr' }, '📄 ' + (m.file.name || m.type))); }
	if (m.place) { bubble.append(make('span', { dir: 'ltr' }, '📍 ' + m.place.latitude + ', ' + m.place.longitude)); }
	if (m.deleted) { bubble.append(make('span', { className: 'gone' }, 'taken back')); }
	if (m.text) { bubble.append(make('div', { className: 'words', dir: 'auto' }, m.text)); }
	if (!bubble.childNodes.length) { bubble.append(make('span', { className: 'gone' }, m.type || 'nothing')); }
	const facts = [clock(m.at)];
	if (m.by === 'colleague') { facts.push('a colleague'); }
	if (m.private) { facts.push('privately, to a comment'); }
	if (m.template) { facts.push('template ' + m.template); }
	if (m.tag) { facts.push(m.tag); }
	if (m.edited) { facts.push('changed'); }
	if (m.state && m.by === 'program') { facts.push(m.state); }
	if (m.reaction) { facts.push(m.reaction); }
	bubble.append(make('div', { className: 'when' }, facts.join(' · ')));
	const tools = make('div', { className: 'tools' });
	if (m.by !== 'person') {
		tools.append(react(m));
		if (m.type === 'audio' && who.startsWith('w:')) { tools.append(button('I listened', () => act({ do: 'play', message: m.id }))); }
	} else if (!m.deleted && m.type !== 'postback') {
		if (m.text && !m.file) { tools.append(button('change', () => instead('edit', m.id, 'Changing a message', m.text))); }
		tools.append(button('take back', () => act({ do: 'unsend', message: m.id })));
	}
	li.append(bubble);
	const k = keys(m);
	if (k) { li.append(k); }
	li.append(tools);
	return li;
}

function comment(c, mine) {
	const li = make('li', { className: (mine ? 'program' : 'me') + (c.parent ? ' under' : '') + (c.hidden ? ' hidden' : '') });
	const facts = [clock(c.at)];
	if (c.edited) { facts.push('changed'); }
	if (c.hidden) { facts.push('hidden'); }
	if (c.answered) { facts.push('answered privately'); }
	li.append(make('div', { className: 'bubble' },
		make('strong', { dir: 'auto' }, c.name),
		make('div', { className: 'words', dir: 'auto' }, c.text || '(a picture)'),
		make('div', { className: 'when' }, facts.join(' · '))));
	const tools = make('div', { className: 'tools' }, button('reply', () => instead('say', c.id, 'Replying to ' + c.name, '')));
	if (!mine) {
		tools.append(
			button('change', () => instead('edit', c.id, 'Changing a comment of ' + c.name, c.text)),
			button(c.hidden ? 'show' : 'hide', () => act({ do: c.hidden ? 'unhide' : 'hide', message: c.id })));
		if (!c.answered) { tools.append(button('answer privately', () => instead('private', c.id, 'A colleague answers privately', ''))); }
	}
	tools.append(button('remove', () => act({ do: 'unsend', message: c.id })));
	li.append(tools);
	return li;
}

// --- the state ---

function told(h, name) {
	return name + ': ' + (!h.set ? 'no webhook' : h.failed ? 'the webhook failed (' + h.failed + ')' : 'webhook') +
		' · ' + h.waiting + ' waiting · ' + h.taken + ' taken' + (h.fields ? '' : ' · not subscribed');
}

function show() {
	const first = state.people[0];
	if (!state.talk && first && first.who !== who) { be(first.who); return; }
	$('account').textContent = state.page;
	for (const k of ['m', 'w', 'p']) {
		options($('group-' + k), state.people.filter((p) => p.who[0] === k).map((p) => [p.who, p.name + ' · ' + p.who.slice(2)]));
	}
	$('who').value = who;
	$('status').textContent = told(state.messenger, 'Messenger') + ' – ' + told(state.whatsapp, 'WhatsApp');
	$('deliver').hidden = !(state.messenger.set && state.messenger.waiting || state.whatsapp.set && state.whatsapp.waiting);
	const t = state.talk;
	const kind = who[0] || '';
	for (const e of document.querySelectorAll('[data-for]')) { e.hidden = !t || !e.dataset.for.includes(kind); }
	$('block').hidden = !t || kind === 'p';
	$('as').hidden = $('as-label').hidden = kind !== 'p';
	if (!t) { return; }
	if (kind === 'p') {
		const as = $('as').value;
		options($('as'), [['', 'a colleague']].concat(state.people.filter((p) => p.who[0] === 'm').map((p) => [p.who, p.name + ' · ' + p.who.slice(2)])));
		$('as').value = as || (state.people.find((p) => p.who[0] === 'm') || { who: '' }).who;
	}
	$('block').textContent = t.blocked ? 'Unblock' : 'Block';
	$('standby').textContent = t.standby ? 'Take the talk back from the inbox' : 'Give the talk to the inbox';
	$('about').textContent = kind === 'p' ? t.post : t.messages.length ? '' : t.welcome;
	$('about').className = kind === 'p' ? 'post' : '';
	$('about').hidden = !$('about').textContent;
	talk(who, [t.messages, t.comments], () => (kind === 'p' ? thread(t.comments) : t.messages.map(message)));
	$('action').textContent = t.action ? 'They: ' + t.action + '…' : '';
	$('action').hidden = !t.action;
	$('start').hidden = !t.started;
	row($('breakers'), t.breakers, 'breaker');
	row($('menu'), t.menu, 'menu');
}

// Replies stand under what they answer, in the order in which they came.
function thread(all) {
	const out = [];
	const below = (parent) => {
		for (const c of all.filter((x) => (x.parent || '') === parent)) {
			out.push(comment(c, c.name === state.page));
			below(c.id);
		}
	};
	below('');
	return out;
}

// A row that stays the same is left alone, so that the keyboard's place in it stays.
function row(box, all, what) {
	const fresh = JSON.stringify(all);
	if (box.dataset.shown === fresh) { return; }
	box.dataset.shown = fresh;
	box.replaceChildren(...(all || []).map((b) => b.url
		? link(b.title, b.url)
		: button(b.title, () => act({ do: what, text: b.payload }), b.payload)));
	box.hidden = !(all || []).length;
}

// The end of typing is no change at the server.
setInterval(() => {
	if (state && state.talk && state.talk.action) { ask(); }
}, 2500);

// --- what one can do ---

on('who', 'change', () => be($('who').value));
on('add-form', 'submit', async () => {
	const kind = $('add-kind').value, id = $('add-id').value;
	if (await act({ do: kind, text: id, name: $('add-name').value })) {
		$('add').open = false;
		be((kind === 'person' ? 'm:' : 'w:') + id);
	}
});
on('publish', 'submit', async () => {
	if (await act({ do: 'publish', text: $('publish-text').value })) {
		$('publish-text').value = '';
		$('add').open = false;
	}
});
on('form', 'submit', () => say(who[0] === 'p' ? { as: $('as').value } : {}));
on('deliver', 'click', () => act({ do: 'deliver' }));
on('start', 'click', () => act({ do: 'start', text: '' }));
on('link', 'submit', () => act(state && state.talk && state.talk.started ? { do: 'start', text: $('ref').value } : { do: 'refer', text: $('ref').value }));
on('speak', 'submit', () => act({ do: 'speak', text: $('locale').value }));
on('username-form', 'submit', () => act({ do: 'username', text: $('username').value }));
on('block', 'click', () => act({ do: state && state.talk && state.talk.blocked ? 'unblock' : 'block' }));
on('standby', 'click', () => act({ do: state && state.talk && state.talk.standby ? 'back' : 'standby' }));
on('answer', 'submit', async () => {
	if ($('answer-text').value.trim() && await act({ do: 'answer', text: $('answer-text').value })) { $('answer-text').value = ''; }
});
for (const b of document.querySelectorAll('[data-do]')) {
	b.addEventListener('click', () => act({ do: b.dataset.do, as: $('as').value }));
}
for (const b of document.querySelectorAll('[data-fault]')) {
	b.addEventListener('click', () => act({ do: b.dataset.fault, always: $('always').checked, all: $('all').checked }));
}

start(() => ({ who: who }), show);
