// SPDX-License-Identifier: GPL-3.0-or-later

// The page of the website chat. It is written for browsers of ten years ago and
// has no parts from elsewhere. On the phone it keeps three things: the key of
// the talk, what could not be sent yet, and the language of its own few words.
// The talk itself is read from the server each time. Whatever comes from
// anybody is shown as text: nothing here ever sets HTML.
(function () {
	'use strict';

	var WORDS = {{words.json}};
	var RTL = { ur: 1, ps: 1, 'fa-AF': 1, ar: 1, ckb: 1 };
	var SCRIPTS = { ur: 'arab', ps: 'arab', 'fa-AF': 'arab', ckb: 'arab', ar: 'arab-ar', bn: 'beng', tg: 'cyrl', ru: 'cyrl', ky: 'cyrl', kk: 'cyrl' };
	var API = '/chat/api/';
	var WAIT = 25;

	var files = null; // what files.js brings, once it is there

	function $(id) { return document.getElementById(id); }

	// --- what the phone keeps ---

	// Some browsers forbid storage in frames; then it lasts as long as the page.
	var memory = {};
	function keep(name, value) {
		memory[name] = value;
		try {
			if (value === null) { localStorage.removeItem(name); } else { localStorage.setItem(name, value); }
		} catch (e) { /* full or forbidden */ }
	}
	function kept(name) {
		try {
			var v = localStorage.getItem(name);
			if (v !== null) { return v; }
		} catch (e) { return memory[name] || null; }
		return null;
	}

	function loadUnsent() {
		try {
			var q = JSON.parse(kept('chat.unsent') || '[]');
			return Array.isArray(q) ? q.filter(function (m) { return m && typeof m.id === 'string' && typeof m.kind === 'string'; }) : [];
		} catch (e) { return []; }
	}
	function saveUnsent(q) { keep('chat.unsent', q.length ? JSON.stringify(q) : null); }

	function random(bytes) {
		var b = new Uint8Array(bytes), s = '';
		window.crypto.getRandomValues(b);
		for (var i = 0; i < bytes; i++) { s += String.fromCharCode(b[i]); }
		return btoa(s).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
	}

	var key = kept('chat.key');
	function ensureKey() {
		key = kept('chat.key') || key; // another tab may have begun
		if (!key) {
			key = random(16);
			keep('chat.key', key);
			ready = true; // there is nothing older to read
		}
	}

	// --- words of the page itself ---

	var locale = 'en';
	function known(tag) {
		if (!tag) { return null; }
		tag = String(tag).replace('_', '-');
		if (/^(fa|prs)\b/i.test(tag)) { return 'fa-AF'; }
		if (WORDS.hasOwnProperty(tag)) { return tag; }
		tag = tag.split('-')[0].toLowerCase();
		return WORDS.hasOwnProperty(tag) ? tag : null;
	}
	function word(name) { return (WORDS[locale] || WORDS.en)[name] || WORDS.en[name] || ''; }
	function speak(to) {
		locale = to;
		var rtl = !!RTL[to], i, els;
		document.documentElement.lang = to;
		document.documentElement.dir = rtl ? 'rtl' : 'ltr';
		els = document.querySelectorAll('[data-word]');
		for (i = 0; i < els.length; i++) { els[i].textContent = word(els[i].getAttribute('data-word')); }
		els = document.querySelectorAll('[data-label]');
		for (i = 0; i < els.length; i++) { els[i].setAttribute('aria-label', word(els[i].getAttribute('data-label'))); }
		$('text').placeholder = word('write');
		grow();
		$('phone').setAttribute('aria-label', word('phone'));
		els = document.querySelectorAll('.by span, .unseen');
		for (i = 0; i < els.length; i++) { els[i].textContent = word(els[i].getAttribute('data-by')); }
		drawUnsent();
		drawStatus();
		if (files) { files.speak(); }
	}
	function firstLocale() {
		var tags = [kept('chat.locale')].concat(navigator.languages || [navigator.language]);
		for (var i = 0; i < tags.length; i++) {
			if (known(tags[i])) { return known(tags[i]); }
		}
		return 'en';
	}

	// --- asking the server ---

	// ask calls back with the status (0: no connection), the answer and after how
	// many seconds to try again.
	function ask(method, path, body, seconds, done) {
		var x = new XMLHttpRequest();
		x.open(method, API + path, true);
		x.timeout = seconds * 1000;
		if (key) { x.setRequestHeader('Authorization', 'Bearer ' + key); }
		if (body) { x.setRequestHeader('Content-Type', 'application/json'); }
		x.onreadystatechange = function () {
			if (x.readyState !== 4) { return; }
			x.onreadystatechange = null;
			var a = {};
			try { a = JSON.parse(x.responseText) || {}; } catch (e) { a = {}; }
			var status = x.status;
			// A gateway that answers for the chat, or a hotel's sign-in page, is no
			// answer of the chat.
			if (status === 200 && !a.ok && !a.letters && !a.words && !a.key || status >= 400 && !a.error) { status = 0; }
			done(status, a, parseInt(x.getResponseHeader('Retry-After'), 10) || 0);
		};
		x.send(body ? JSON.stringify(body) : null);
		return x;
	}

	// --- the talk ---

	var seq = 0, cleared = 0, shown = {};   // shown: seq of each letter on the page
	var unsent = loadUnsent();              // in order; the first is the next to go
	var sent = [];                          // taken by the server, not yet read from it
	var failed = [];                        // never will be taken
	var last = null;                        // the last letter
	var lastDay = '';
	var ready = false;                      // the talk was read for the first time
	var problem = '';                       // 'offline', 'slow' or ''
	var sending = null, tries = 0, sendTimer = 0, sentTimer = 0;

	function say(kind, text, choice) {
		if (!window.crypto || !window.crypto.getRandomValues) { return; }
		ensureKey();
		var m = { id: random(12), kind: kind, text: text, at: Date.now() };
		if (choice) { m.choice = choice; }
		// Another tab may have put something in: add to what is kept now.
		saveUnsent(loadUnsent().concat([m]));
		unsent.push(m);
		drawAll();
		toEnd();
		pump();
	}

	function done(m) {
		function other(o) { return o.id !== m.id; }
		unsent = unsent.filter(other);
		saveUnsent(loadUnsent().filter(other));
	}

	// pump sends what is unsent, one after the other, each until there is an
	// answer. The id makes a second copy the same message.
	function pump() {
		clearTimeout(sendTimer);
		if (sending || !unsent.length) { return; }
		var m = sending = unsent[0];
		var campaign = /[?&]c=([A-Za-z0-9_-]{1,64})(&|$)/.exec(location.search);
		drawStatus();
		ask('POST', 'messages', {
			id: m.id, kind: m.kind, text: m.text || '', choice: m.choice || '',
			age_ms: Math.max(0, Math.round(Date.now() - m.at) || 0), language: navigator.language || '', campaign: campaign ? campaign[1] : ''
		}, 30, function (status, a, after) {
			sending = null;
			if (status === 200) {
				tries = 0;
				problem = '';
				if (unsent.some(function (o) { return o.id === m.id; })) { sent.push(m); }
				done(m);
				clearTimeout(sentTimer);
				sentTimer = setTimeout(function () { sentTimer = 0; drawStatus(); }, 4000);
				drawAll();
				pollNow();
				pump();
				if (files) { files.pump(); }
			} else if (status === 404 && a.error === 'no-talk') {
				// The talk of a code is gone: what is typed now begins a new one.
				begin(random(16));
			} else if (status >= 400 && status < 500 && status !== 429) {
				done(m);
				m.why = status === 413 ? 'toolong' : 'failed';
				failed.push(m);
				if (m.kind === 'text' && !$('text').value) { $('text').value = m.text; grow(); }
				drawAll();
				pump();
			} else {
				tries++;
				problem = status === 429 ? 'slow' : 'offline';
				sendTimer = setTimeout(pump, pause(tries, after));
				drawAll();
			}
		});
	}

	// pause grows from one second to half a minute, with some chance in it so
	// that after an outage not everybody comes at once.
	function pause(n, after) {
		return Math.max(after * 1000, Math.min(30000, 1000 * Math.pow(2, n - 1))) * (0.8 + 0.4 * Math.random());
	}

	var polling = null, pollTimer = 0, pollTries = 0, quick = false;
	// check reads the talk at once.
	function check() {
		hang();
		quick = true;
		poll();
	}
	function hang() {
		if (polling) { polling.onreadystatechange = null; polling.abort(); polling = null; }
		clearTimeout(pollTimer);
	}
	function pollNow() {
		if (polling) { return; }
		clearTimeout(pollTimer);
		poll();
	}
	function poll() {
		if (!key || polling) { return; }
		var began = Date.now(), asked = key;
		polling = ask('GET', 'messages?after=' + seq + '&cleared=' + cleared + '&wait=' + (ready && !pollTries && !quick ? WAIT : 0), null, WAIT + 20, function (status, a, after) {
			polling = null;
			if (asked !== key) { return; }
			if (status === 200) {
				var more = a.letters.length > 0 || a.cleared > cleared;
				pollTries = 0;
				quick = false;
				if (!sending && problem === 'offline') {
					problem = '';
					tries = 0;
					pump();
				}
				apply(a);
				// A server that is about to stop answers at once: be gentle.
				pollTimer = setTimeout(poll, more || Date.now() - began > 2000 || !ready ? 0 : 1500);
				ready = true;
				if (files && a.letters.length < 100) { files.heard(); }
			} else if (status === 404 && a.error === 'no-talk') {
				// Nobody has written yet, or the talk was erased.
				if (last || cleared) { forget(); }
				if (!unsent.length && !sending && !sent.length) { key = null; keep('chat.key', null); }
				ready = true;
				drawAll();
				if (files) { files.heard(); }
			} else {
				pollTries++;
				if (files) { files.unheard(); }
				if (status !== 429) { problem = 'offline'; }
				pollTimer = setTimeout(poll, pause(pollTries, after));
			}
			drawStatus();
		});
	}

	function apply(a) {
		var near = atEnd(), first = null, mine = false, letters = $('letters'), i;
		if (a.cleared > cleared) {
			cleared = a.cleared;
			for (i = letters.children.length - 1; i >= 0; i--) {
				if (Number(letters.children[i].getAttribute('data-seq')) <= cleared) { letters.removeChild(letters.children[i]); }
			}
			if (last && last.seq <= cleared) { last = null; }
			if (!last) { lastDay = ''; }
			// What was taken before is behind the place; what is unsent is not.
			sent = [];
			failed = [];
			late = late.filter(function (x) { return x[1].seq > cleared; });
			if (files) { files.cleared(cleared, ready); }
			drawAll();
		}
		for (i = 0; i < a.letters.length; i++) {
			var l = a.letters[i];
			if (!l || l.seq <= cleared || shown[l.seq]) { continue; }
			shown[l.seq] = true;
			if (l.from === 'me' && l.id) {
				sent = sent.filter(other(l.id));
				if (unsent.some(function (m) { return m.id === l.id; })) { done({ id: l.id }); }
				if (files) { files.arrived(l.id); }
			}
			if (l.seq > seq) { seq = l.seq; }
			var el = drawLetter(l);
			if (!el) { continue; }
			day(l.at, l.seq);
			el.setAttribute('data-seq', l.seq);
			letters.appendChild(el);
			if (ready && l.from !== 'me') { el.className += ' arrives'; first = first || el; }
			if (l.from === 'me') { mine = true; }
			last = l;
			if (l.from === 'program' && known(l.locale) && known(l.locale) !== locale) {
				keep('chat.locale', known(l.locale));
				speak(known(l.locale));
			}
		}
		if (a.seq > seq) { seq = a.seq; }
		if (!a.letters.length) { return; }
		drawAll();
		if (!ready) { toEnd(); } else if (near || mine) { toLetter(first); } else if (first) { $('new').hidden = false; }
	}
	function other(id) { return function (m) { return m.id !== id; }; }

	// forget takes the talk off the page.
	function forget() {
		seq = cleared = 0;
		shown = {};
		last = null;
		lastDay = '';
		sent = [];
		failed = [];
		late = [];
		$('letters').textContent = '';
		if (files) { files.forget(); }
		drawAll();
	}

	// begin goes on with another key.
	function begin(with_) {
		key = with_;
		keep('chat.key', key);
		hang();
		pollTries = 0;
		ready = false;
		forget();
		poll();
		pump();
	}

	// --- drawing ---

	function make(tag, className, text) {
		var el = document.createElement(tag);
		if (className) { el.className = className; }
		if (text !== undefined) { el.textContent = text; }
		return el;
	}

	// safe says whether an address may be a link: https and telephone numbers only.
	function safe(link) { return /^https:\/\/[^\s\/]/i.test(link) || /^tel:\+?[0-9*#(). -]+$/i.test(link); }

	function anchor(href, text) {
		var a = make('a', /^tel:/i.test(href) ? 'call' : '', text);
		a.href = href;
		a.rel = 'noopener noreferrer nofollow';
		if (!/^tel:/i.test(href)) { a.target = '_blank'; }
		return a;
	}

	// fill puts a block's words into el, with links where they are written out.
	function fill(el, block, links) {
		if (links && block.link && safe(block.link)) {
			el.appendChild(anchor(block.link, block.text || block.link));
			return;
		}
		var text = String(block.text || ''), at = 0, m, re = /https:\/\/[^\s<>"'()\u2066-\u2069\u200e\u200f]+/g;
		while (links && (m = re.exec(text))) {
			var url = m[0].replace(/[.,;:!?\u060c\u061b\u06d4\u0964]+$/, '');
			el.appendChild(document.createTextNode(text.slice(at, m.index)));
			el.appendChild(anchor(url, url));
			el.lastChild.dir = 'ltr';
			at = m.index + url.length;
		}
		el.appendChild(document.createTextNode(text.slice(at)));
	}

	function drawLetter(l) {
		var blocks = l.blocks || [], by = l.from === 'me' || l.from === 'staff' ? l.from : 'program';
		var li = make('li', 'said ' + by), bubble = make('div', 'bubble'), list = null, words = l.files && l.files.length > 0;
		if (l.locale && /^[A-Za-z0-9-]+$/.test(l.locale) && by !== 'me') { bubble.lang = l.locale; }
		bubble.dir = 'auto';
		bubble.appendChild(author(by));
		if (words) {
			var box = make('div', 'files');
			bubble.appendChild(box);
			if (files) { files.draw(box, l); } else { late.push([box, l]); }
		}
		for (var i = 0; i < blocks.length; i++) {
			var b = blocks[i] || {}, el;
			if (!b.text && !b.link) { continue; }
			words = true;
			if (b.kind === 'item') {
				if (!list) { list = make('ul'); bubble.appendChild(list); }
				el = make('li');
				list.appendChild(el);
			} else {
				list = null;
				el = make(b.kind === 'heading' ? 'h3' : 'p', b.kind === 'quiet' ? 'quiet' : '');
				bubble.appendChild(el);
			}
			// The program knows the direction of its words, also where a line begins
			// with a name in other letters; of people's words it is seen.
			el.dir = by === 'program' && l.locale ? (l.rtl ? 'rtl' : 'ltr') : 'auto';
			if (list) { list.dir = el.dir; }
			fill(el, b, by !== 'me');
		}
		if (!words) { return null; } // "start" has no words
		li.appendChild(bubble);
		li.appendChild(make('div', 'when clock', clock(new Date(l.at))));
		return li;
	}

	// author says who wrote: in words to a screen reader always, to everybody
	// where it was a person of the staff.
	function author(by) {
		if (by !== 'staff') {
			var unseen = make('span', 'unseen', word(by));
			unseen.setAttribute('data-by', by);
			return unseen;
		}
		var el = make('div', 'by'), s = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), p = document.createElementNS('http://www.w3.org/2000/svg', 'path');
		s.setAttribute('viewBox', '0 0 20 20');
		s.setAttribute('aria-hidden', 'true');
		p.setAttribute('d', 'M10 9.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 18c0-4 3-6 7-6s7 2 7 6');
		s.appendChild(p);
		el.appendChild(s);
		el.appendChild(make('span', '', word('staff')));
		el.lastChild.setAttribute('data-by', 'staff');
		el.dir = document.documentElement.dir;
		el.lang = locale;
		return el;
	}

	function clock(t) {
		if (isNaN(t)) { return ''; }
		function two(n) { return (n < 10 ? '0' : '') + n; }
		return two(t.getHours()) + ':' + two(t.getMinutes());
	}

	function day(at, seq) {
		var t = new Date(at), today = new Date();
		if (isNaN(t) || t.toDateString() === lastDay) { return; }
		lastDay = t.toDateString();
		if (lastDay === today.toDateString()) { return; }
		var text = t.toDateString();
		try { text = t.toLocaleDateString(locale, { day: 'numeric', month: 'long', year: 'numeric' }); } catch (e) { /* as above */ }
		var li = make('li', 'day', text);
		li.setAttribute('data-seq', seq);
		$('letters').appendChild(li);
	}

	function drawUnsent() {
		var ol = $('unsent');
		ol.textContent = '';
		function draw(m, cls, when) {
			if (!m.text) { return; }
			var li = make('li', 'said me ' + cls), bubble = make('div', 'bubble'), p = make('p', '', m.text);
			bubble.dir = p.dir = 'auto';
			bubble.appendChild(p);
			li.appendChild(bubble);
			li.appendChild(make('div', cls ? 'when' : 'when clock', when));
			ol.appendChild(li);
		}
		sent.forEach(function (m) { draw(m, '', clock(new Date(m.at))); });
		failed.forEach(function (m) { draw(m, 'failed', word(m.why)); });
		unsent.forEach(function (m) { draw(m, 'waits', word(problem ? 'kept' : 'sending')); });
	}

	function drawChoices() {
		var box = $('choices'), options = last && last.from !== 'me' && !unsent.length && !sent.length && !(files && files.waiting()) && last.options || [];
		if (box.getAttribute('data-of') === String(options.length && last.seq)) { return; }
		box.setAttribute('data-of', String(options.length && last.seq));
		box.textContent = '';
		if (last && last.locale && /^[A-Za-z0-9-]+$/.test(last.locale)) { box.lang = last.locale; }
		options.forEach(function (o) {
			var b = make('button', '', o.label);
			b.type = 'button';
			b.dir = 'auto';
			b.onclick = function () {
				say('choice', o.label, o.key);
				$('main').focus();
			};
			box.appendChild(b);
		});
	}

	function drawStatus() {
		var text = '', bad = false;
		if (problem === 'slow') {
			text = word('slow');
		} else if (problem === 'offline') {
			text = word(unsent.length ? 'waiting' : 'offline');
			bad = true;
		} else if (unsent.length) {
			text = word('sending');
		} else if (sentTimer) {
			text = word('sent');
		}
		if ($('status').textContent !== text) { $('status').textContent = text; }
		$('status').className = bad ? 'bad' : '';
	}

	function drawAll() {
		drawUnsent();
		drawChoices();
		drawStatus();
		welcome();
	}
	function welcome() {
		$('welcome').hidden = !(ready || !key) || !!last || unsent.length + sent.length + failed.length > 0 || !!files && files.waiting(1);
	}

	// --- scrolling ---

	function scroller() { return document.scrollingElement || document.documentElement; }
	function atEnd() {
		var s = scroller();
		return s.scrollHeight - s.scrollTop - window.innerHeight < 120;
	}
	function toEnd() {
		window.scrollTo(0, scroller().scrollHeight);
		$('new').hidden = true;
	}
	// toLetter shows the beginning of a letter that is longer than the screen.
	function toLetter(el) {
		toEnd();
		if (!el) { return; }
		var top = el.getBoundingClientRect().top, head = $('leave').getBoundingClientRect().bottom + 14;
		if (top < head) { window.scrollBy(0, top - head); }
	}

	// --- typing ---

	function touch() { return !!window.matchMedia && window.matchMedia('(pointer: coarse)').matches; }

	function grow() {
		var t = $('text');
		t.dir = t.value ? 'auto' : document.documentElement.dir; // of nothing, auto is left to right
		t.style.height = 'auto';
		t.style.height = t.scrollHeight + 'px';
		if (files) { files.typed(); }
	}

	$('form').onsubmit = function (e) {
		e.preventDefault();
		var t = $('text'), text = t.value;
		if (files && files.submit(/^\s*$/.test(text) ? '' : text)) {
			t.value = '';
			grow();
			toEnd();
			t.focus();
			return;
		}
		if (/^\s*$/.test(text)) { t.focus(); return; }
		t.value = '';
		grow();
		say('text', text);
		t.focus();
	};
	$('text').oninput = grow;
	$('text').onkeydown = function (e) {
		if (e.keyCode === 13 && !e.shiftKey && !e.isComposing && !touch()) {
			e.preventDefault();
			$('form').onsubmit(e);
		}
	};
	$('start').onclick = function () {
		say('start', '');
		$(touch() ? 'main' : 'text').focus(); // a phone's keyboard would hide the greeting
	};
	$('new').onclick = toEnd;
	window.addEventListener('scroll', function () {
		if (atEnd()) { $('new').hidden = true; }
	});

	// --- leaving ---

	$('leave').onclick = function () {
		if (files) { files.leave(); }
		document.title = '';
		document.documentElement.textContent = '';
		if (window.parent !== window) { window.parent.postMessage('chat: leave', '*'); }
		location.replace('about:blank');
	};

	// --- another phone ---

	var opener = null;
	function openDialog() {
		opener = document.activeElement;
		$('code').hidden = true;
		$('get').hidden = false;
		$('get-problem').textContent = $('enter-problem').textContent = '';
		$('typed').value = '';
		$('veil').hidden = false;
		$('close').focus();
	}
	function closeDialog() {
		$('veil').hidden = true;
		$('words').textContent = $('latin').textContent = $('typed').value = '';
		if (opener) { opener.focus(); }
	}
	$('phone').onclick = openDialog;
	$('close').onclick = closeDialog;
	$('veil').onclick = function (e) { if (e.target === $('veil')) { closeDialog(); } };
	document.addEventListener('keydown', function (e) {
		if ($('veil').hidden) { return; }
		if (e.keyCode === 27) { closeDialog(); }
		if (e.keyCode !== 9) { return; }
		// The focus goes round within the dialog.
		var all = [].filter.call($('dialog').querySelectorAll('button, textarea'), function (el) { return el.offsetParent; });
		var end = e.shiftKey ? all[0] : all[all.length - 1];
		if (document.activeElement === end) {
			e.preventDefault();
			(e.shiftKey ? all[all.length - 1] : all[0]).focus();
		}
	});

	function trouble(status, a) {
		if (a.error === 'not-a-code') { return word('notcode'); }
		if (a.error === 'no-talk') { return word('notalk'); }
		return word(status === 429 ? 'tries' : status === 0 ? 'offline' : 'error');
	}
	$('get').onclick = function () {
		$('get-problem').textContent = '';
		if (!key || !ready && !last) {
			$('get-problem').textContent = word('first');
			return;
		}
		ask('POST', 'code', null, 30, function (status, a) {
			if (status !== 200 || !a.words) {
				$('get-problem').textContent = a.error === 'no-talk' ? word('first') : status === 0 ? word('error') : trouble(status, a);
				return;
			}
			var script = SCRIPTS[locale] || 'latn';
			$('words').textContent = '';
			a.words[script].forEach(function (w) { $('words').appendChild(make('li', '', w)); });
			$('latin').hidden = script === 'latn';
			$('latin').textContent = a.words.latn.join(' ');
			$('get').hidden = true;
			$('code').hidden = false;
		});
	};
	$('enter').onsubmit = function (e) {
		e.preventDefault();
		$('enter-problem').textContent = '';
		ask('POST', 'enter', { code: $('typed').value }, 30, function (status, a) {
			if (status !== 200 || !a.key) {
				$('enter-problem').textContent = status === 0 ? word('error') : trouble(status, a);
				$('typed').focus();
				return;
			}
			closeDialog();
			begin(a.key);
		});
	};

	// --- files, of which files.js knows ---

	var late = []; // of letters that were drawn before it was there

	window.chatFiles = function (words, begin_) {
		for (var l in words) {
			for (var name in words[l]) { WORDS[l][name] = words[l][name]; }
		}
		files = begin_({
			$: $, make: make, word: word, random: random, touch: touch, pause: pause, check: check,
			key: function () { return key; },
			// ensure says whether a file can go now.
			ensure: function () {
				if (!window.crypto || !window.crypto.getRandomValues) { return false; }
				ensureKey();
				if (!ready || unsent.length || sending) { return false; }
				if (seq || cleared || sent.length) { return true; }
				say('start', '');
				return false;
			},
			anew: function () { begin(random(16)); },
			giveBack: function (text) {
				if (text && !$('text').value) { $('text').value = text; grow(); }
			},
			changed: function () { drawChoices(); welcome(); if (atEnd()) { toEnd(); } }
		});
		late.forEach(function (x) { files.draw(x[0], x[1]); });
		late = [];
		speak(locale);
		if (ready && key) { check(); }
	};

	// --- beginning ---

	window.addEventListener('online', function () {
		if (unsent.length && !sending) { pump(); }
		pollNow();
	});
	document.addEventListener('visibilitychange', function () {
		if (!document.hidden && pollTries) { pollNow(); }
	});
	window.addEventListener('storage', function (e) {
		if (e.key === 'chat.key' && kept('chat.key') !== key) { location.reload(); }
	});
	if (window.parent !== window) { document.documentElement.className = 'framed'; }
	speak(firstLocale());
	drawAll();
	if (key) { poll(); pump(); }
})();
