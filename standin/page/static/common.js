// SPDX-License-Identifier: GPL-3.0-or-later

// What the pages of all stand-ins do alike. A page asks the server for the state and
// shows it whole each time. What anybody wrote is shown as text: nothing here sets HTML.

export let who = decodeURIComponent(location.hash.slice(1)); // whom somebody plays, as the page calls them
export let state = null; // what the server told last; null while it does not answer
export let doing = null; // what the form does instead of saying something new: { do, message }
let me = null;           // gives who, as the server calls them
let version = 0;
let asking = null;       // the request that waits for a change
let shownFor = '', shownAs = '';

// start has the page follow the server, which knows by asMe() whom somebody plays.
// It calls show() with every new state.
export function start(asMe, show) {
	me = asMe;
	follow(show);
}

async function follow(show) {
	for (;;) {
		asking = new AbortController();
		const whom = who;
		try {
			const r = await fetch('/page/state?' + query({ version: version }), { signal: asking.signal });
			if (!r.ok) { throw new Error(await r.text()); }
			const next = await r.json();
			if (whom !== who) { continue; }
			if (!state) { problem(''); }
			state = next;
			version = next.version;
			$('faults').textContent = state.faults ? '(' + state.faults + ')' : '';
			show();
		} catch (e) {
			if (e.name === 'AbortError') { continue; }
			state = null;
			problem('The stand-in does not answer.');
			await new Promise((done) => setTimeout(done, 1000));
		}
	}
}

// ask has the server tell the state now, changed or not.
export function ask() {
	version = 0;
	if (asking) { asking.abort(); }
}

// be has somebody play another one.
export function be(whom) {
	who = String(whom);
	instead(null);
	history.replaceState(null, '', '#' + encodeURIComponent(who));
	ask();
}

function query(more) {
	return new URLSearchParams(Object.entries({ ...me(), ...more }).filter(([, v]) => v));
}

// --- what is done ---

export function problem(text) {
	$('problem').textContent = text;
	$('problem').hidden = !text;
}

async function post(address, type, body, failed, quiet) {
	const said = quiet ? () => {} : problem;
	said('');
	try {
		const r = await fetch(address, { method: 'POST', headers: { 'Content-Type': type }, body: body });
		if (!r.ok) { said(await r.text()); }
		return r.ok;
	} catch (e) {
		said(failed);
		return false;
	}
}

// act does something, and gives whether it was taken. What is wrong is shown, but not
// of what somebody did not do on purpose: that is quiet.
export function act(deed, quiet) {
	return post('/page/do', 'application/json', JSON.stringify({ ...me(), ...deed }), 'The stand-in does not answer.', quiet);
}

// say does what the form is for, with its words.
export async function say(more) {
	const text = $('text').value;
	if (text.trim() && await act({ do: 'say', text: text, ...doing, ...more })) {
		$('text').value = '';
		instead(null);
	}
}

// instead has the form do something to a message; null has it say something new again.
export function instead(what, message, saying, text) {
	if (what || doing) { $('text').value = text || ''; }
	doing = what ? { do: what, message: message } : null;
	$('editing').hidden = !what;
	$('doing').textContent = saying || '';
	if (what) { $('text').focus(); }
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

on('leave', 'click', () => instead(null));
on('place', 'submit', () => act({ do: 'place', latitude: Number($('latitude').value), longitude: Number($('longitude').value) }));
$('text').addEventListener('keydown', (e) => {
	if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); $('form').requestSubmit(); }
});
for (const input of document.querySelectorAll('[data-kind]')) {
	input.addEventListener('change', async () => {
		const f = input.files[0], kind = input.dataset.kind;
		input.value = '';
		if (!f) { return; }
		const seconds = /^(voice|audio|video)$/.test(kind) ? await length(f) : 0;
		const q = query({ kind: kind, name: f.name, seconds: seconds, caption: $('text').value });
		if (await post('/page/file?' + q, f.type || 'application/octet-stream', f, 'The file could not be sent.')) { $('text').value = ''; }
	});
}

// --- what is shown ---

export function $(id) { return document.getElementById(id); }

export function make(tag, props, ...inside) {
	const e = Object.assign(document.createElement(tag), props);
	e.append(...inside);
	return e;
}

export function button(text, press, title) {
	const b = make('button', { type: 'button', dir: 'auto', title: title || '' }, text);
	b.addEventListener('click', press);
	return b;
}

// link is a button that leads elsewhere, and nowhere where that would run something here.
export function link(text, url) {
	return make('a', { href: /^(https?|tg):/.test(url) ? url : '#', target: '_blank', rel: 'noopener noreferrer', dir: 'auto' }, text + ' ↗');
}

export function on(id, event, f) {
	$(id).addEventListener(event, (e) => { e.preventDefault(); f(e); });
}

export function clock(at) { return new Date(at).toTimeString().slice(0, 5); }

// options fills a select or a group in it with [value, name], where they are new.
export function options(box, all) {
	const fresh = JSON.stringify(all);
	if (box.dataset.options === fresh) { return; }
	box.dataset.options = fresh;
	box.replaceChildren(...all.map(([value, name]) => make('option', { value: value }, name)));
}

// talk shows the messages of whose talk, as draw() makes them, where all has changed.
// Who was at the end of them stays there.
export function talk(whose, all, draw) {
	const fresh = JSON.stringify(all);
	if (shownFor === whose && shownAs === fresh) { return; }
	const low = innerHeight + scrollY > document.documentElement.scrollHeight - 120 || shownFor !== whose;
	shownFor = whose;
	shownAs = fresh;
	$('messages').replaceChildren(...draw());
	const down = () => { if (low) { scrollTo(0, document.documentElement.scrollHeight); } };
	for (const img of $('messages').querySelectorAll('img')) { img.addEventListener('load', down, { once: true }); }
	down();
}

// file shows what stands at src below /page/media/.
export function file(src, kind, name, size) {
	src = '/page/media/' + src;
	switch (kind) {
	case 'photo': case 'image': case 'sticker': return make('img', { src: src, alt: 'a picture' });
	case 'voice': case 'audio': return make('audio', { src: src, controls: true, preload: 'none' });
	case 'video': case 'video_note': return make('video', { src: src, controls: true, preload: 'none' });
	}
	return make('a', { href: src, download: name || 'file', dir: 'auto' }, '📄 ' + (name || 'file') + ' · ' + size + ' bytes');
}

// react is the button by which a message gets a thumb, or loses what it has.
export function react(m) {
	return button(m.reaction ? 'take off ' + m.reaction : 'react 👍', () => act({ do: 'react', message: m.id, text: m.reaction ? '' : '👍' }));
}
