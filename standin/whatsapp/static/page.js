// SPDX-License-Identifier: GPL-3.0-or-later

// The page on which somebody plays a person with WhatsApp, and the phone that the
// centre's number is on. It asks the server for the state and shows it whole each
// time. What anybody wrote is shown as text: nothing here sets HTML.
(function () {
	'use strict';

	const $ = (id) => document.getElementById(id);
	let person = location.hash.slice(1);
	let version = 0;
	let asking = null;          // the request that waits for a change
	let doing = null;           // {do, message}: what the next text is for
	let shownFor = '', shownAs = '';
	let typed = 0;              // when the other side was last told
	let state = null;

	function make(tag, props, ...inside) {
		const e = Object.assign(document.createElement(tag), props);
		e.append(...inside.filter((x) => x !== null && x !== undefined && x !== ''));
		return e;
	}

	function problem(text) {
		$('problem').textContent = text;
		$('problem').hidden = !text;
	}

	async function act(deed, quiet) {
		if (!quiet) { problem(''); }
		try {
			const r = await fetch('/page/do', {
				method: 'POST', headers: { 'Content-Type': 'application/json' },
				body: JSON.stringify(Object.assign({ person: person, owner: $('owner').checked, always: $('always').checked }, deed)),
			});
			if (!r.ok && !quiet) { problem(await r.text()); }
			return r.ok;
		} catch (e) {
			if (!quiet) { problem('The stand-in does not answer.'); }
			return false;
		}
	}

	// --- a message ---

	function media(m) {
		const src = '/page/media/' + encodeURIComponent(person) + '/' + encodeURIComponent(m.id);
		switch (m.kind) {
		case 'image': case 'sticker': return make('img', { src: src, alt: 'a picture' });
		case 'voice': case 'audio': return make('audio', { src: src, controls: true, preload: 'none' });
		case 'video': return make('video', { src: src, controls: true, preload: 'none' });
		}
		return make('a', { href: src, download: m.name || 'file', dir: 'auto' }, '📄 ' + (m.name || 'file') + ' · ' + m.size + ' bytes');
	}

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
			if (m.size) { bubble.append(media(m)); }
			if (m.kind === 'location') { bubble.append(make('span', { dir: 'ltr' }, '📍 ' + m.latitude + ', ' + m.longitude)); }
			if (m.kind === 'contact') { bubble.append(make('span', { dir: 'auto' }, '👤 ' + m.name)); }
			if (m.kind === 'other') { bubble.append(make('span', {}, '(' + m.kind + ')')); }
			if (m.text) { bubble.append(make('div', { className: 'words', dir: 'auto' }, m.text)); }
		}
		const when = new Date(m.at).toTimeString().slice(0, 5);
		const ticks = mine ? ' ' + ['✓', '✓', '✓✓', '✓✓ read'][m.ticks] : '';
		bubble.append(make('div', { className: 'when' }, when + ticks + (m.edited ? ' · changed' : '') + (m.by_hand ? ' · by hand' : '') + (m.reaction ? ' · ' + m.reaction : '')));
		li.append(bubble);
		if (m.options && m.from_me && !$('owner').checked) {
			li.append(make('div', { className: 'buttons' }, ...m.options.map((o) => button(o, () => act({ do: 'vote', message: m.id, text: o })))));
		}
		if (m.revoked) { return li; }
		const tools = make('div', { className: 'tools' });
		if (mine) {
			if (m.kind === 'text') { tools.append(button('change', () => begin('edit', m.id, 'Changing a message', m.text))); }
			tools.append(button('delete', () => act({ do: 'revoke', message: m.id })));
		} else {
			tools.append(button(m.reaction ? 'take off ' + m.reaction : 'react 👍', () => act({ do: 'react', message: m.id, text: m.reaction ? '' : '👍' })));
			if (!$('owner').checked) { tools.append(button('answer', () => begin('reply', m.id, 'Answering: ' + (m.text || m.kind).slice(0, 40), ''))); }
		}
		li.append(tools);
		return li;
	}

	function button(text, f) {
		const b = make('button', { type: 'button', dir: 'auto' }, text);
		b.addEventListener('click', f);
		return b;
	}

	function begin(what, id, title, text) {
		doing = what ? { do: what, message: id } : null;
		$('editing').hidden = !what;
		$('what').textContent = title || '';
		if (what) { $('text').value = text; $('text').focus(); }
	}

	// --- the state ---

	function show() {
		$('number').textContent = '+' + state.owner;
		const list = $('people');
		const options = JSON.stringify(state.people);
		if (list.dataset.options !== options) {
			list.dataset.options = options;
			list.replaceChildren(...state.people.map((p) => make('option', { value: p.phone }, p.name + ' · \u2066+' + p.phone + '\u2069')));
		}
		list.value = person;
		$('linked').textContent = state.linked ? state.linked + ' linked' : state.codes ? 'a device waits for its code' : state.showing ? 'a device shows a QR code' : 'no device';
		$('status').textContent = (state.online ? 'The device is connected' + (state.available ? ', in the foreground' : '') : state.linked ? 'The device is away' : 'No device is linked') +
			' · ' + state.pending + ' not yet acknowledged' + (state.unknown ? ' · ' + state.unknown + ' requests not understood' : '');
		$('faults').textContent = state.faults ? '(' + state.faults + ')' : '';
		const p = state.phone;
		if (!p) { return; }
		const key = person + $('owner').checked;
		const fresh = JSON.stringify(p.messages);
		if (shownFor !== key || shownAs !== fresh) {
			const low = innerHeight + scrollY > document.documentElement.scrollHeight - 120 || shownFor !== key;
			shownFor = key;
			shownAs = fresh;
			$('messages').replaceChildren(...p.messages.map(message));
			const down = () => { if (low) { scrollTo(0, document.documentElement.scrollHeight); } };
			for (const img of $('messages').querySelectorAll('img')) { img.addEventListener('load', down, { once: true }); }
			down();
		}
		$('action').textContent = (p.typing && !$('owner').checked ? 'The centre: ' + p.typing + '…' : '') + (p.unreadable ? ' ' + p.unreadable + ' could not be read' : '');
		$('action').hidden = !$('action').textContent;
		$('call').textContent = p.call ? 'Hang up' : 'Call';
	}

	async function follow() {
		for (;;) {
			asking = new AbortController();
			const whom = person;
			try {
				const r = await fetch('/page/state?person=' + encodeURIComponent(whom) + '&version=' + version, { signal: asking.signal });
				if (!r.ok) { throw new Error(await r.text()); }
				const next = await r.json();
				if (whom !== person) { continue; }
				if (!state) { problem(''); }
				state = next;
				version = next.version;
				if (!next.people.some((p) => p.phone === person) && next.people.length) { be(next.people[0].phone); continue; }
				show();
			} catch (e) {
				if (e.name === 'AbortError') { continue; }
				state = null;
				problem('The stand-in does not answer.');
				await new Promise((done) => setTimeout(done, 1000));
			}
		}
	}

	function ask() {
		version = 0;
		if (asking) { asking.abort(); }
	}

	function be(number) {
		person = number;
		begin(null);
		history.replaceState(null, '', '#' + number);
		ask();
	}

	// --- what one can do ---

	function on(id, event, f) {
		$(id).addEventListener(event, (e) => { e.preventDefault(); f(e); });
	}

	on('people', 'change', () => be($('people').value));
	$('owner').addEventListener('change', () => { begin(null); if (state) { show(); } });
	on('add-form', 'submit', async () => {
		const number = $('add-number').value;
		if (await act({ do: 'person', person: number, name: $('add-name').value })) {
			$('add').open = false;
			be(number);
		}
	});
	on('scan', 'submit', async () => { if (await act({ do: 'scan', text: $('qr').value })) { $('qr').value = ''; } });
	on('enter', 'submit', async () => { if (await act({ do: 'enter', text: $('code').value })) { $('code').value = ''; } });
	on('form', 'submit', async () => {
		const text = $('text').value;
		if (!text.trim()) { return; }
		typed = 0;
		if (await act(Object.assign({ do: 'say', text: text }, doing || {}))) {
			$('text').value = '';
			begin(null);
		}
	});
	$('text').addEventListener('keydown', (e) => {
		if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('form').requestSubmit(); }
	});
	$('text').addEventListener('input', () => {
		if ($('owner').checked || !person) { return; }
		const now = Date.now();
		if (!$('text').value) { typed = 0; act({ do: 'stop' }, true); } else if (now - typed > 5000) { typed = now; act({ do: 'type' }, true); }
	});
	on('leave', 'click', () => { begin(null); $('text').value = ''; });
	on('call', 'click', () => act(state && state.phone && state.phone.call ? { do: 'hangup', message: state.phone.call } : { do: 'call' }));
	on('place', 'submit', () => act({ do: 'place', latitude: Number($('latitude').value), longitude: Number($('longitude').value) }));
	for (const b of document.querySelectorAll('[data-do]')) {
		b.addEventListener('click', () => act({ do: b.dataset.do }));
	}
	for (const input of document.querySelectorAll('[data-kind]')) {
		input.addEventListener('change', async () => {
			const f = input.files[0];
			input.value = '';
			if (!f) { return; }
			problem('');
			const seconds = input.dataset.kind === 'voice' ? await length(f) : 0;
			const q = new URLSearchParams({ person: person, owner: $('owner').checked ? 'yes' : '', kind: input.dataset.kind, name: f.name, seconds: seconds, caption: $('text').value });
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
