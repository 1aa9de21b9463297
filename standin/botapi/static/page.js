// SPDX-License-Identifier: GPL-3.0-or-later

// The page on which somebody plays a person with Telegram. It asks the server for the
// state and shows it whole each time. What anybody wrote is shown as text: nothing here sets HTML.
(function () {
	'use strict';

	const $ = (id) => document.getElementById(id);
	let person = Number(location.hash.slice(1)) || 0;
	let version = 0;
	let asking = null;   // the request that waits for a change
	let editing = 0;     // the message that is being changed
	let seen = -1;       // notices; -1: not known yet
	let hiding = 0;      // the timer of the notice
	let shownFor = 0, shownAs = '';
	let state = null;

	function make(tag, props, ...inside) {
		const e = Object.assign(document.createElement(tag), props);
		e.append(...inside.filter((x) => x !== null && x !== undefined));
		return e;
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
				body: JSON.stringify(Object.assign({ person: person }, deed)),
			});
			if (!r.ok) { problem(await r.text()); }
			return r.ok;
		} catch (e) {
			problem('The stand-in does not answer.');
			return false;
		}
	}

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
			const link = over.find((e) => e.type === 'text_link' && /^https?:/.test(e.url));
			const e = link ? make('a', { href: link.url, target: '_blank', rel: 'noopener noreferrer' }) : make('span', {});
			e.className = over.map((x) => x.type).join(' ');
			e.textContent = piece;
			if (over.some((x) => x.type === 'spoiler')) { e.addEventListener('click', () => e.classList.add('open')); }
			out.append(e);
		}
		return out;
	}

	function file(f) {
		const src = '/page/media/' + encodeURIComponent(f.id);
		switch (f.kind) {
		case 'photo': return make('img', { src: src, alt: 'a picture' });
		case 'voice': case 'audio': return make('audio', { src: src, controls: true, preload: 'none' });
		case 'video': case 'video_note': return make('video', { src: src, controls: true, preload: 'none' });
		}
		return make('a', { href: src, download: f.name || 'file', dir: 'auto' }, '📄 ' + (f.name || 'file') + ' · ' + f.size + ' bytes');
	}

	function message(m) {
		const li = make('li', { className: m.bot ? 'bot' : 'me' });
		const bubble = make('div', { className: 'bubble' });
		if (m.file) { bubble.append(file(m.file)); }
		if (m.place) { bubble.append(make('span', { dir: 'ltr' }, '📍 ' + m.place.latitude + ', ' + m.place.longitude)); }
		if (m.contact) { bubble.append(make('span', {}, '👤 ' + m.contact.first_name + ' ', make('bdi', { dir: 'ltr' }, m.contact.phone_number))); }
		if (m.sticker) { bubble.append(make('span', { className: 'sticker' }, m.sticker + ' (sticker)')); }
		if (m.text) { bubble.append(words(m.text, m.entities)); }
		const when = new Date(m.at).toTimeString().slice(0, 5);
		bubble.append(make('div', { className: 'when' }, when + (m.edited ? ' · changed' : '') + ' · ' + m.id + (m.reaction ? ' · ' + m.reaction : '')));
		li.append(bubble);
		if (m.buttons) {
			const box = make('div', { className: 'buttons' });
			for (const row of m.buttons) {
				const r = make('div', { className: 'row' });
				for (const b of row) {
					if (b.url) {
						r.append(make('a', { href: /^(https?|tg):/.test(b.url) ? b.url : '#', target: '_blank', rel: 'noopener noreferrer', dir: 'auto' }, b.text + ' ↗'));
					} else {
						const k = make('button', { type: 'button', dir: 'auto', title: b.data || '' }, b.text);
						k.addEventListener('click', () => act({ do: 'press', message: m.id, text: b.data || '' }));
						r.append(k);
					}
				}
				box.append(r);
			}
			li.append(box);
		}
		const tools = make('div', { className: 'tools' });
		if (m.bot) {
			const up = make('button', { type: 'button' }, m.reaction ? 'take off ' + m.reaction : 'react 👍');
			up.addEventListener('click', () => act({ do: 'react', message: m.id, text: m.reaction ? '' : '👍' }));
			tools.append(up);
		} else if (m.text && !m.file) {
			const change = make('button', { type: 'button' }, 'change');
			change.addEventListener('click', () => { edit(m.id); $('text').value = m.text; $('text').focus(); });
			tools.append(change);
		}
		li.append(tools);
		return li;
	}

	function edit(id) {
		editing = id;
		$('editing').hidden = !id;
	}

	// --- the state ---

	function show() {
		$('bot').textContent = '@' + state.username;
		const list = $('people');
		const options = state.people.map((p) => p.id + '·' + p.language + '·' + p.blocked).join(',');
		if (list.dataset.options !== options) {
			list.dataset.options = options;
			list.replaceChildren(...state.people.map((p) => make('option', { value: p.id }, p.id + (p.language ? ' · ' + p.language : '') + (p.blocked ? ' · blocked' : ''))));
		}
		list.value = String(person);
		$('status').textContent =
			(state.webhook ? 'The bot has a webhook' + (state.failed ? ' (' + state.failed + ')' : '') : state.polling ? 'The bot is asking' : 'The bot is not asking') +
			' · ' + state.pending + ' waiting · ' + state.taken + ' taken';
		$('faults').textContent = state.faults ? '(' + state.faults + ')' : '';
		const p = state.phone;
		$('block').disabled = !p;
		if (!p) { return; }
		$('block').textContent = p.blocked ? 'Unblock' : 'Block';
		$('about').textContent = p.about;
		$('about').hidden = !p.about || p.messages.length > 0;
		$('start').hidden = p.messages.length > 0 && !p.blocked;
		const fresh = JSON.stringify(p.messages);
		if (shownFor !== person || shownAs !== fresh) {
			const low = innerHeight + scrollY > document.documentElement.scrollHeight - 120 || shownFor !== person;
			shownFor = person;
			shownAs = fresh;
			$('messages').replaceChildren(...p.messages.map(message));
			const down = () => { if (low) { scrollTo(0, document.documentElement.scrollHeight); } };
			for (const img of $('messages').querySelectorAll('img')) { img.addEventListener('load', down, { once: true }); }
			down();
		}
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
			const b = make('button', { type: 'button', dir: 'auto', title: k.title || '' }, k.text + (k.title ? ' – ' + k.title : ''));
			b.addEventListener('click', () => {
				if (k.asks === 'contact') { act({ do: 'contact', text: $('number').value, own: true }); }
				else if (k.asks === 'location') { act({ do: 'place', latitude: Number($('latitude').value), longitude: Number($('longitude').value) }); }
				else { act({ do: 'say', text: k.text }); }
			});
			return b;
		}))));
		box.hidden = !rows.some((r) => r.length);
	}

	async function follow() {
		for (;;) {
			asking = new AbortController();
			const whom = person;
			try {
				const r = await fetch('/page/state?person=' + whom + '&version=' + version, { signal: asking.signal });
				if (!r.ok) { throw new Error(await r.text()); }
				const next = await r.json();
				if (whom !== person) { continue; }
				if (!state) { problem(''); }
				state = next;
				version = next.version;
				if (!person && next.people.length) { be(next.people[0].id); continue; }
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
		if (state && state.phone && state.phone.action) { ask(); }
	}, 2500);

	function ask() {
		version = 0;
		if (asking) { asking.abort(); }
	}

	function be(id) {
		person = id;
		seen = -1;
		$('notice').hidden = true;
		edit(0);
		history.replaceState(null, '', '#' + id);
		ask();
	}

	// --- what one can do ---

	function on(id, event, f) {
		$(id).addEventListener(event, (e) => { e.preventDefault(); f(e); });
	}

	on('people', 'change', () => be(Number($('people').value)));
	on('add-form', 'submit', async () => {
		const id = Number($('add-id').value);
		if (await act({ do: 'person', person: id, language: $('add-language').value })) {
			$('add').open = false;
			be(id);
		}
	});
	on('form', 'submit', async () => {
		const text = $('text').value;
		if (!text.trim()) { return; }
		if (!person && !(await act({ do: 'person', person: 1 }))) { return; }
		if (!person) { be(1); }
		if (await act(editing ? { do: 'edit', message: editing, text: text } : { do: 'say', text: text })) {
			$('text').value = '';
			edit(0);
		}
	});
	$('text').addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('form').requestSubmit(); }
	});
	on('leave', 'click', () => { edit(0); $('text').value = ''; });
	on('start', 'click', () => act({ do: 'start', text: '' }));
	on('link', 'submit', () => act({ do: 'start', text: $('payload').value }));
	on('block', 'click', () => act({ do: state && state.phone && state.phone.blocked ? 'unblock' : 'block' }));
	on('place', 'submit', () => act({ do: 'place', latitude: Number($('latitude').value), longitude: Number($('longitude').value) }));
	on('contact', 'submit', () => act({ do: 'contact', text: $('number').value, own: $('own').checked }));
	for (const b of document.querySelectorAll('[data-do]')) {
		b.addEventListener('click', () => act({ do: b.dataset.do, text: b.dataset.text || '' }));
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
			const seconds = /^(voice|audio|video)$/.test(input.dataset.kind) ? await length(f) : 0;
			const q = new URLSearchParams({ person: person, kind: input.dataset.kind, name: f.name, seconds: seconds, caption: $('text').value });
			try {
				const r = await fetch('/page/file?' + q, { method: 'POST', headers: { 'Content-Type': f.type || 'application/octet-stream' }, body: f });
				if (r.ok) { $('text').value = ''; } else { problem(await r.text()); }
			} catch (e) {
				problem('The file could not be sent.');
			}
		});
	}

	// The length of a recording in seconds, as far as the browser can tell.
	function length(f) {
		return new Promise((done) => {
			const a = new Audio();
			const end = (n) => { URL.revokeObjectURL(a.src); done(n); };
			a.addEventListener('loadedmetadata', () => end(isFinite(a.duration) ? Math.round(a.duration) : 1));
			a.addEventListener('error', () => end(1));
			a.src = URL.createObjectURL(f);
		});
	}

	follow();
}());
