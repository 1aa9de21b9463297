// SPDX-License-Identifier: GPL-3.0-or-later

// The page on which somebody plays people on Messenger and WhatsApp, those under the
// Page's posts, and a colleague in Meta's own apps. It asks the server for the state and
// shows it whole each time. What anybody wrote is shown as text: nothing here sets HTML.
(function () {
	'use strict';

	const $ = (id) => document.getElementById(id);
	let who = decodeURIComponent(location.hash.slice(1)); // m:PSID, w:PHONE or p:POST
	let version = 0;
	let asking = null;  // the request that waits for a change
	let doing = null;   // what the form does instead of saying something: { do, message }
	let state = null;
	let shownFor = '', shownAs = '';

	function make(tag, props, ...inside) {
		const e = Object.assign(document.createElement(tag), props);
		e.append(...inside.filter((x) => x !== null && x !== undefined));
		return e;
	}

	function button(text, press, title) {
		const b = make('button', { type: 'button', dir: 'auto', title: title || '' }, text);
		b.addEventListener('click', press);
		return b;
	}

	function problem(text) {
		$('problem').textContent = text;
		$('problem').hidden = !text;
	}

	async function act(deed) {
		problem('');
		try {
			const r = await fetch('/page/do', {
				method: 'POST', headers: { 'Content-Type': 'application/json' },
				body: JSON.stringify(Object.assign({ who: who }, deed)),
			});
			if (!r.ok) { problem(await r.text()); }
			return r.ok;
		} catch (e) {
			problem('The stand-in does not answer.');
			return false;
		}
	}

	// --- a message ---

	function file(f, type) {
		if (!f.id) { return make('span', { dir: 'ltr' }, '📄 ' + (f.name || type)); }
		const src = '/page/media/' + encodeURIComponent(f.id);
		switch (type) {
		case 'image': case 'sticker': return make('img', { src: src, alt: 'a picture' });
		case 'audio': return make('audio', { src: src, controls: true, preload: 'none' });
		case 'video': return make('video', { src: src, controls: true, preload: 'none' });
		}
		return make('a', { href: src, download: f.name || 'file', dir: 'auto' }, '📄 ' + (f.name || 'file') + ' · ' + f.size + ' bytes');
	}

	function time(at) { return new Date(at).toTimeString().slice(0, 5); }

	function keys(m) {
		const all = m.buttons || [];
		if (!all.length) { return null; }
		const box = make('div', { className: 'buttons' + (all[0].kind === 'quick' ? ' quick' : '') });
		if (m.opener) { box.append(make('strong', { dir: 'auto' }, '☰ ' + m.opener)); }
		for (const b of all) {
			if (b.url) {
				box.append(make('a', { href: /^https?:/.test(b.url) ? b.url : '#', target: '_blank', rel: 'noopener noreferrer', dir: 'auto' }, b.title + ' ↗'));
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
		if (m.file) { bubble.append(file(m.file, m.type)); }
		if (m.place) { bubble.append(make('span', { dir: 'ltr' }, '📍 ' + m.place.latitude + ', ' + m.place.longitude)); }
		if (m.deleted) { bubble.append(make('span', { className: 'gone' }, 'taken back')); }
		if (m.text) { bubble.append(make('div', { className: 'words', dir: 'auto' }, m.text)); }
		if (!bubble.childNodes.length) { bubble.append(make('span', { className: 'gone' }, m.type || 'nothing')); }
		const facts = [time(m.at)];
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
			tools.append(button(m.reaction ? 'take off ' + m.reaction : 'react 👍', () => act({ do: 'react', message: m.id, text: m.reaction ? '' : '👍' })));
			if (m.type === 'audio' && who.startsWith('w:')) { tools.append(button('I listened', () => act({ do: 'play', message: m.id }))); }
		} else if (!m.deleted && m.type !== 'postback') {
			if (m.text && !m.file) { tools.append(button('change', () => other('edit', m.id, 'Changing a message', m.text))); }
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
		const facts = [time(c.at)];
		if (c.edited) { facts.push('changed'); }
		if (c.hidden) { facts.push('hidden'); }
		if (c.answered) { facts.push('answered privately'); }
		li.append(make('div', { className: 'bubble' },
			make('strong', { dir: 'auto' }, c.name),
			make('div', { className: 'words', dir: 'auto' }, c.text || '(a picture)'),
			make('div', { className: 'when' }, facts.join(' · '))));
		const tools = make('div', { className: 'tools' }, button('reply', () => other('say', c.id, 'Replying to ' + c.name, '')));
		if (!mine) {
			tools.append(
				button('change', () => other('edit', c.id, 'Changing a comment of ' + c.name, c.text)),
				button(c.hidden ? 'show' : 'hide', () => act({ do: c.hidden ? 'unhide' : 'hide', message: c.id })));
			if (!c.answered) { tools.append(button('answer privately', () => other('private', c.id, 'A colleague answers privately', ''))); }
		}
		tools.append(button('remove', () => act({ do: 'unsend', message: c.id })));
		li.append(tools);
		return li;
	}

	// other makes the form do something else than saying something new.
	function other(what, id, saying, text) {
		doing = what ? { do: what, message: id } : null;
		$('editing').hidden = !what;
		$('doing').textContent = saying || '';
		$('text').value = text || '';
		if (what) { $('text').focus(); }
	}

	// --- the state ---

	function options(box, all, selected) {
		const fresh = JSON.stringify(all);
		if (box.dataset.options !== fresh) {
			box.dataset.options = fresh;
			box.replaceChildren(...all.map(([value, name]) => make('option', { value: value }, name)));
		}
		return selected;
	}

	function told(h, name) {
		return name + ': ' + (!h.set ? 'no webhook' : h.failed ? 'the webhook failed (' + h.failed + ')' : 'webhook') +
			' · ' + h.waiting + ' waiting · ' + h.taken + ' taken' + (h.fields ? '' : ' · not subscribed');
	}

	function show() {
		$('page').textContent = state.page;
		for (const k of ['m', 'w', 'p']) {
			options($('group-' + k), state.people.filter((p) => p.who[0] === k).map((p) => [p.who, p.name + ' · ' + p.who.slice(2)]));
		}
		$('who').value = who;
		$('status').textContent = told(state.messenger, 'Messenger') + ' – ' + told(state.whatsapp, 'WhatsApp');
		$('deliver').hidden = !(state.messenger.set && state.messenger.waiting || state.whatsapp.set && state.whatsapp.waiting);
		$('faults').textContent = state.faults ? '(' + state.faults + ')' : '';
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
		const fresh = JSON.stringify([t.messages, t.comments]);
		if (shownFor !== who || shownAs !== fresh) {
			const low = innerHeight + scrollY > document.documentElement.scrollHeight - 120 || shownFor !== who;
			shownFor = who;
			shownAs = fresh;
			$('messages').replaceChildren(...(kind === 'p' ? thread(t.comments) : t.messages.map(message)));
			const down = () => { if (low) { scrollTo(0, document.documentElement.scrollHeight); } };
			for (const img of $('messages').querySelectorAll('img')) { img.addEventListener('load', down, { once: true }); }
			down();
		}
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
			? make('a', { href: /^https?:/.test(b.url) ? b.url : '#', target: '_blank', rel: 'noopener noreferrer', dir: 'auto' }, b.title + ' ↗')
			: button(b.title, () => act({ do: what, text: b.payload }), b.payload)));
		box.hidden = !(all || []).length;
	}

	async function follow() {
		for (;;) {
			asking = new AbortController();
			const whom = who;
			try {
				const r = await fetch('/page/state?who=' + encodeURIComponent(whom) + '&version=' + version, { signal: asking.signal });
				if (!r.ok) { throw new Error(await r.text()); }
				const next = await r.json();
				if (whom !== who) { continue; }
				if (!state) { problem(''); }
				state = next;
				version = next.version;
				if (!next.talk && next.people.length && next.people[0].who !== who) { be(next.people[0].who); continue; }
				show();
			} catch (e) {
				if (e.name === 'AbortError') { continue; }
				state = null;
				problem('The stand-in does not answer.');
				await new Promise((done) => setTimeout(done, 1000));
			}
		}
	}

	// The end of typing is no change at the server.
	setInterval(() => {
		if (state && state.talk && state.talk.action) { ask(); }
	}, 2500);

	function ask() {
		version = 0;
		if (asking) { asking.abort(); }
	}

	function be(whom) {
		who = whom;
		other(null);
		history.replaceState(null, '', '#' + encodeURIComponent(whom));
		ask();
	}

	// --- what one can do ---

	function on(id, event, f) {
		$(id).addEventListener(event, (e) => { e.preventDefault(); f(e); });
	}

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
	on('form', 'submit', async () => {
		const text = $('text').value;
		if (!text.trim()) { return; }
		const deed = Object.assign({ do: 'say', text: text }, doing);
		if (who[0] === 'p') { deed.as = $('as').value; }
		if (await act(deed)) { other(null); }
	});
	$('text').addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('form').requestSubmit(); }
	});
	on('leave', 'click', () => other(null));
	on('deliver', 'click', () => act({ do: 'deliver' }));
	on('start', 'click', () => act({ do: 'start', text: '' }));
	on('link', 'submit', () => act(state && state.talk && state.talk.started ? { do: 'start', text: $('ref').value } : { do: 'refer', text: $('ref').value }));
	on('speak', 'submit', () => act({ do: 'speak', text: $('locale').value }));
	on('username-form', 'submit', () => act({ do: 'username', text: $('username').value }));
	on('block', 'click', () => act({ do: state && state.talk && state.talk.blocked ? 'unblock' : 'block' }));
	on('standby', 'click', () => act({ do: state && state.talk && state.talk.standby ? 'back' : 'standby' }));
	on('place', 'submit', () => act({ do: 'place', latitude: Number($('latitude').value), longitude: Number($('longitude').value) }));
	on('answer', 'submit', async () => {
		if ($('answer-text').value.trim() && await act({ do: 'answer', text: $('answer-text').value })) { $('answer-text').value = ''; }
	});
	for (const b of document.querySelectorAll('[data-do]')) {
		b.addEventListener('click', () => act({ do: b.dataset.do, as: $('as').value }));
	}
	for (const b of document.querySelectorAll('[data-fault]')) {
		b.addEventListener('click', () => act({ do: b.dataset.fault, always: $('always').checked, all: $('all').checked }));
	}
	for (const input of document.querySelectorAll('[data-kind]')) {
		input.addEventListener('change', async () => {
			const f = input.files[0];
			input.value = '';
			if (!f) { return; }
			problem('');
			const q = new URLSearchParams({ who: who, kind: input.dataset.kind, name: f.name, caption: $('text').value });
			try {
				const r = await fetch('/page/file?' + q, { method: 'POST', headers: { 'Content-Type': f.type || 'application/octet-stream' }, body: f });
				if (r.ok) { $('text').value = ''; } else { problem(await r.text()); }
			} catch (e) {
				problem('The file could not be sent.');
			}
		});
	}

	follow();
}());
