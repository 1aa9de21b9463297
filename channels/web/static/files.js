// SPDX-License-Identifier: GPL-3.0-or-later

// What the page of the website chat does with files: pictures, recordings and
// documents, both ways. It comes after chat.js, so that nobody on a slow line
// waits for it before the first word. Nothing of a file is ever kept on the phone,
// and whatever is shown of one is a picture, a sound or a film, never a page.
(function () {
	'use strict';
	var script = document.currentScript;
	if (!script || !window.chatFiles || !window.FormData || !window.Blob || !window.URL || !URL.createObjectURL) { return; }
	var style = document.createElement('link');
	style.rel = 'stylesheet';
	style.href = script.getAttribute('data-style');
	style.onload = function () { window.chatFiles({{filewords.json}}, begin); };
	document.head.appendChild(style);

	function begin(chat) {
		var SIDE = 2560; // pixels of a photo's longer side: the small print of a contract can be read
		var MOST = Number(script.getAttribute('data-upload')) || 0; // bytes of one file; 0: none are carried
		var SELF = 1500000;   // pictures up to this size load by themselves
		var LONGEST = 600;    // seconds of a recording
		var $ = chat.$, make = chat.make, word = chat.word;

		// --- small things ---

		function icon(d) {
			var s = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), p = document.createElementNS('http://www.w3.org/2000/svg', 'path');
			s.setAttribute('viewBox', '0 0 20 20');
			s.setAttribute('aria-hidden', 'true');
			p.setAttribute('d', d);
			s.appendChild(p);
			return s;
		}
		var CLIP = 'M14 6l-6.500 6.500a1.500 1.500 0 0 0 2.100 2.100l6.200-6.200a3.400 3.400 0 0 0-4.800-4.800l-6.300 6.300a5.200 5.200 0 0 0 7.300 7.300L16 13';
		var MICROPHONE = 'M10 12a2.500 2.500 0 0 0 2.500-2.500v-5a2.500 2.500 0 0 0-5 0v5A2.500 2.500 0 0 0 10 12zM5 9.500a5 5 0 0 0 10 0M10 14.500V18M7 18h6';
		var CAMERA = 'M2 6h4l1.500-2h5L14 6h4v10H2zM10 14a3 3 0 1 0 0-6 3 3 0 0 0 0 6z', STOP = 'M5 5h10v10H5z';
		var BIN = 'M3 5h14M8 5V3h4v2M5 5l1 12h8l1-12M8.500 8.500v5M11.500 8.500v5', SAVE = 'M10 3v10M6 9l4 4 4-4M4 17h12';
		var PHOTO = 'M3 4h14v12H3zM3 13l4-4 4 4 2-2 4 4M13 7.500h.01', PLAY = 'M6 4l10 6-10 6z', PAPER = 'M5 2h7l4 4v12H5zM12 2v4h4', CROSS = 'M5 5l10 10M15 5L5 15';

		function worded(tag, className, name) {
			var el = make(tag, className, word(name));
			el.setAttribute('data-word', name);
			return el;
		}
		function button(className, d, name) {
			var b = make('button', className);
			b.type = 'button';
			if (d) { b.appendChild(icon(d)); }
			if (name) { b.appendChild(worded('span', '', name)); }
			return b;
		}
		function size(n) {
			var text = n >= 1048576 ? (n / 1048576).toFixed(n % 1048576 ? 1 : 0) + ' MB' : Math.ceil(n / 1024) + ' kB';
			var el = make('bdi', 'size', text);
			el.dir = 'ltr';
			return el;
		}
		function length(s) { return Math.floor(s / 60) + ':' + (s % 60 < 10 ? '0' : '') + s % 60; }
		function name_(text) {
			var el = make('bdi', 'name', text);
			el.dir = 'auto';
			return el;
		}

		// safe is a type under which the browser only shows or plays. All else is
		// bytes to be saved.
		function safe(type) { return /^(image\/(jpeg|png|gif|webp)|(audio|video)\/[a-z0-9.-]+)$/.test(type) ? type : 'application/octet-stream'; }

		var urls = []; // what is shown from memory: its place in the talk, to let go of it
		function url(seq, blob) {
			var u = URL.createObjectURL(blob);
			urls.push({ seq: seq, url: u });
			return u;
		}
		function letGo(upTo) {
			urls = urls.filter(function (u) {
				if (u.seq > upTo) { return true; }
				URL.revokeObjectURL(u.url);
				return false;
			});
		}

		// --- what is added to the page ---

		function put(el, id, into, before) {
			el.id = id;
			into.insertBefore(el, before || null);
			return el;
		}
		function labelled(el, name) {
			el.setAttribute('data-label', name);
			el.setAttribute('aria-label', word(name));
			return el;
		}
		function field(id) {
			var f = put(make('input', 'unseen'), id, $('form').parentNode, $('form'));
			f.type = 'file';
			f.tabIndex = -1;
			f.setAttribute('aria-hidden', 'true');
			return f;
		}
		(function () {
			var form = $('form'), foot = form.parentNode, box;
			put(make('ol'), 'files', $('unsent').parentNode, $('unsent'));
			box = put(make('div'), 'papers', foot, form);
			put(make('ul'), 'chosen', box);
			put(make('p', 'problem'), 'papers-said', box).setAttribute('role', 'alert');
			box.hidden = true;
			box = put(make('div'), 'pick', foot, form);
			put(button('', CAMERA, 'shoot'), 'shoot', box);
			put(button('', PHOTO, 'browse'), 'browse', box);
			box.hidden = true;
			box = labelled(put(make('div'), 'voice', foot, form), 'record');
			box.setAttribute('role', 'group');
			labelled(put(button('plain', BIN), 'throw', box), 'drop');
			box.appendChild(make('span', 'live'));
			box.appendChild(worded('span', '', 'recording'));
			var clock = put(make('bdi', '', '0:00'), 'clock', box);
			clock.dir = 'ltr';
			clock.setAttribute('role', 'timer');
			labelled(put(button('', STOP), 'stop', box), 'stop');
			box.hidden = true;
			box = field('photo');
			box.accept = 'image/*';
			box.setAttribute('capture', 'environment');
			field('file').multiple = true;
			labelled(put(button('plain', CLIP), 'attach', form, $('text')), 'attach').hidden = !MOST;
			labelled(put(button('plain', MICROPHONE), 'record', form, $('send')), 'record').hidden = true;
		})();

		// --- showing what is in the talk ---

		var mine = {}; // files that were sent from here, by the message's id: they need not be loaded again

		function load(paper, seq, done) {
			if (paper.local) { done(paper.local); return; }
			var x = new XMLHttpRequest();
			x.open('GET', '/chat/api/files/' + seq + '/' + encodeURIComponent(paper.id), true);
			x.responseType = 'blob';
			x.timeout = 900000;
			x.setRequestHeader('Authorization', 'Bearer ' + chat.key());
			x.onloadend = function () {
				done(x.status === 200 && x.response && x.response.size === paper.size ? x.response : null, x.status);
			};
			x.send();
		}

		// Pictures are loaded one after the other: two at once are slower than one.
		var waits = [], busy = false;
		function next() {
			if (busy || !waits.length) { return; }
			busy = true;
			waits.shift()(function () { busy = false; next(); });
		}

		var seen = window.IntersectionObserver ? new IntersectionObserver(function (entries) {
			entries.forEach(function (e) {
				if (!e.isIntersecting) { return; }
				seen.unobserve(e.target);
				if (e.target.show) { e.target.show(); }
			});
		}, { rootMargin: '200px' }) : null;
		function sparing() { return !!(navigator.connection && navigator.connection.saveData); }

		function draw(box, l) {
			(l.files || []).forEach(function (p, i) {
				p.local = l.from === 'me' && i === 0 && mine[l.id] && mine[l.id].size === p.size ? mine[l.id] : null;
				box.appendChild(p.gone ? worded('p', 'quiet', 'gone') : p.kind === 'picture' ? picture(p, l) : p.kind === 'document' ? paper(p, l) : player(p, l));
			});
			delete mine[l.id];
		}

		// trouble says that something could not be loaded, under what it was.
		function trouble(el, status) {
			var old = el.parentNode.querySelector('.problem');
			if (old) { old.parentNode.removeChild(old); }
			if (status === undefined) { return; }
			var p = worded('p', 'problem', status === 404 ? 'gone' : 'noload');
			p.setAttribute('role', 'alert');
			el.parentNode.insertBefore(p, el.nextSibling);
		}

		function picture(p, l) {
			var div = make('div', 'paper'), b = button('photo', PHOTO, 'photo'), shown = false, asked = false;
			b.appendChild(size(p.size));
			div.appendChild(b);
			if (l.from === 'staff') { div.appendChild(saver(p, l)); }
			function show(done) {
				trouble(b);
				b.setAttribute('aria-busy', 'true');
				load(p, l.seq, function (blob, status) {
					b.removeAttribute('aria-busy');
					if (done) { done(); }
					if (!blob) { trouble(b, status || 0); asked = false; return; }
					var img = make('img');
					img.alt = word('photo') + ', ' + word(l.from === 'me' ? 'me' : 'staff');
					img.onerror = function () { trouble(b, 0); };
					img.onload = function () {
						shown = true;
						b.textContent = '';
						b.className = 'photo shown';
						b.setAttribute('aria-expanded', 'false');
						b.appendChild(img);
					};
					img.src = url(l.seq, blob.slice(0, blob.size, safe(p.type)));
				});
			}
			function ask() {
				if (asked) { return; }
				asked = true;
				waits.push(show);
				next();
			}
			b.onclick = function () {
				if (!shown) { ask(); return; }
				var large = b.className === 'photo shown';
				b.className = large ? 'photo shown large' : 'photo shown';
				b.setAttribute('aria-expanded', large ? 'true' : 'false');
			};
			if (p.local) {
				asked = true;
				show();
			} else if (seen && p.size <= SELF && !sparing()) {
				b.show = ask;
				seen.observe(b);
			}
			return div;
		}

		function player(p, l) {
			var div = make('div', 'paper'), b = button('play', PLAY, p.kind === 'video' ? 'video' : p.kind === 'voice' ? 'voice' : 'sound');
			if (p.seconds) {
				var time = make('bdi', 'size', length(p.seconds));
				time.dir = 'ltr';
				b.appendChild(time);
			}
			b.appendChild(size(p.size));
			div.appendChild(b);
			b.onclick = function () {
				if (b.getAttribute('aria-busy')) { return; }
				trouble(b);
				b.setAttribute('aria-busy', 'true');
				load(p, l.seq, function (blob, status) {
					b.removeAttribute('aria-busy');
					if (!blob) { trouble(b, status || 0); return; }
					var el = make(p.kind === 'video' ? 'video' : 'audio');
					el.controls = true;
					el.setAttribute('playsinline', '');
					el.setAttribute('aria-label', b.textContent);
					el.onerror = function () {
						if (!el.parentNode) { return; }
						div.replaceChild(worded('p', 'quiet', 'noplay'), el);
						div.appendChild(saver(p, l));
					};
					el.src = url(l.seq, blob.slice(0, blob.size, safe(p.type)));
					div.replaceChild(el, b);
					el.focus();
					var played = el.play();
					if (played && played.catch) { played.catch(function () { /* the person presses play */ }); }
				});
			};
			return div;
		}

		function paper(p, l) {
			var div = make('div', 'paper'), b = button('doc', PAPER);
			b.appendChild(name_(p.name));
			b.appendChild(size(p.size));
			b.setAttribute('aria-label', word('save') + ': ' + p.name);
			saves(b, p, l);
			div.appendChild(b);
			return div;
		}
		function saver(p, l) {
			var b = button('saves', SAVE, 'save');
			saves(b, p, l);
			return b;
		}
		function saves(b, p, l) {
			b.onclick = function () {
				if (b.getAttribute('aria-busy')) { return; }
				trouble(b);
				b.setAttribute('aria-busy', 'true');
				load(p, l.seq, function (blob, status) {
					b.removeAttribute('aria-busy');
					if (!blob) { trouble(b, status || 0); return; }
					var a = make('a'), u = URL.createObjectURL(blob.slice(0, blob.size, 'application/octet-stream'));
					a.href = u;
					a.download = p.name;
					a.className = 'unseen';
					document.body.appendChild(a);
					a.click();
					document.body.removeChild(a);
					setTimeout(function () { URL.revokeObjectURL(u); }, 60000);
				});
			};
		}

		// --- sending ---

		var queue = [];      // in order; the first is the next to go
		var failed = [];
		var sending = null, timer = 0, tries = 0, notBefore = 0, doubt = false, doubted = false;

		// What is on its way is noted for as long as the tab lives, without its
		// content: after a reload it can be said what was not sent.
		function note() {
			try {
				var all = queue.map(function (m) { return { id: m.id, name: m.name, text: m.text }; });
				if (all.length) { sessionStorage.setItem('chat.files', JSON.stringify(all)); } else { sessionStorage.removeItem('chat.files'); }
			} catch (e) { /* full or forbidden */ }
		}
		var lost = [];
		try { lost = JSON.parse(sessionStorage.getItem('chat.files') || '[]').filter(function (m) { return m && typeof m.id === 'string'; }); } catch (e) { lost = []; }

		function other(id) { return function (m) { return m.id !== id; }; }

		function add(file, text, voice, seconds) {
			var m = { id: chat.random(12), file: file, name: voice ? '' : file.name || '', text: text, voice: voice, seconds: seconds, at: Date.now(), part: 0 };
			if (/^image\/(jpeg|png|gif|webp)$/.test(file.type)) { m.thumb = URL.createObjectURL(file); }
			queue.push(m);
			note();
		}

		function over(m) {
			queue = queue.filter(other(m.id));
			if (sending === m) {
				sending = null;
				if (m.x) { m.x.onloadend = null; m.x.abort(); }
				clearInterval(m.watch);
			}
			if (m.thumb) { URL.revokeObjectURL(m.thumb); m.thumb = null; }
			note();
		}

		// pump sends one file after the other. Words do not wait behind a file, a file
		// waits for the words before it, and the first of a talk for its begin.
		function pump() {
			clearTimeout(timer);
			if (sending || !queue.length) { return; }
			if (Date.now() < notBefore) {
				timer = setTimeout(pump, notBefore - Date.now());
				return;
			}
			if (!chat.ensure()) { return; } // it is called again once the talk was read and the words are gone
			if (doubt) {
				// Nobody knows whether it arrived: the talk tells, before it is sent again.
				if (!doubted) { doubted = true; chat.check(); }
				return;
			}
			send(queue[0]);
		}

		function send(m) {
			var x = m.x = new XMLHttpRequest(), form = new FormData(), moved = Date.now();
			sending = m;
			m.part = 0;
			m.waits = '';
			form.append('message', JSON.stringify({
				id: m.id, kind: m.voice ? 'voice' : 'document', text: m.text, name: m.name, seconds: m.seconds || 0,
				age_ms: Math.max(0, Date.now() - m.at), language: navigator.language || ''
			}));
			form.append('file', m.file, 'file');
			x.open('POST', '/chat/api/files', true);
			x.timeout = 900000;
			x.setRequestHeader('Authorization', 'Bearer ' + chat.key());
			x.upload.onprogress = function (e) {
				moved = Date.now();
				if (e.lengthComputable) { m.part = e.loaded / e.total; }
				progress(m);
			};
			x.onloadend = function () {
				clearInterval(m.watch);
				if (sending !== m) { return; }
				sending = null;
				var a = {};
				try { a = JSON.parse(x.responseText) || {}; } catch (e) { a = {}; }
				answered(m, a.ok || a.error ? x.status : 0, a, parseInt(x.getResponseHeader('Retry-After'), 10) || 0);
			};
			// A line that died says nothing.
			m.watch = setInterval(function () {
				if (Date.now() - moved > 45000) { x.abort(); }
			}, 5000);
			x.send(form);
			redraw();
		}

		var WHY = { 'too-large': 'toobig', harmful: 'harmful', 'no-bytes': 'nobytes', full: 'full', 'no-room': 'noroom' };
		function answered(m, status, a, after) {
			if (status === 200) {
				tries = 0;
				mine[m.id] = m.file;
				m.sent = true; // it stays until it is read in the talk
				queue = queue.filter(other(m.id));
				done.push(m);
				note();
				chat.check();
			} else if (status === 404 && a.error === 'no-talk') {
				chat.anew(); // the talk is gone: this begins a new one
			} else if (status >= 400 && status < 500 && status !== 429 && a.error !== 'cut-off') {
				fail(m, WHY[a.error] || 'failed');
			} else {
				tries++;
				m.waits = status === 429 ? 'slow' : 'filewaits';
				doubt = doubt || status !== 429;
				doubted = false;
				notBefore = Date.now() + chat.pause(tries, after);
			}
			redraw();
			pump();
		}
		var done = []; // taken by the server, not yet read from it

		function fail(m, why) {
			over(m);
			m.why = why;
			failed.push(m);
			chat.giveBack(m.text);
		}

		function text_(name) { return word(name).replace('{n}', '\u2066' + Math.floor(MOST / 1048576) + ' MB\u2069'); }

		function redraw() {
			var ol = $('files');
			ol.textContent = '';
			done.concat(failed, queue).forEach(function (m) {
				var li = make('li', 'said me ' + (m.why ? 'failed' : m.sent ? '' : 'waits')), bubble = make('div', 'bubble'), row = make('div', 'paper');
				if (m.thumb) {
					var img = make('img', 'thumb');
					img.src = m.thumb;
					img.alt = word('photo');
					row.appendChild(img);
				} else {
					var doc = make('div', 'doc');
					doc.appendChild(icon(m.voice ? PLAY : PAPER));
					doc.appendChild(m.voice ? make('span', '', word('voice')) : name_(m.name || word('photo')));
					if (m.file) { doc.appendChild(size(m.file.size)); }
					row.appendChild(doc);
				}
				bubble.appendChild(row);
				if (m.text) {
					var p = make('p', '', m.text);
					p.dir = 'auto';
					bubble.appendChild(p);
				}
				li.appendChild(bubble);
				if (m.sent) { ol.appendChild(li); return; }
				var foot = make('div', 'foot'), state = make('span', 'when');
				if (m.why) {
					state.textContent = text_(m.why);
					state.setAttribute('role', 'alert');
				} else {
					m.state = state;
					m.bar = make('progress');
					m.bar.max = 1;
					m.bar.setAttribute('aria-label', word('sending'));
					bubble.appendChild(m.bar);
				}
				foot.appendChild(state);
				if (m.why === 'noroom') {
					var again = worded('button', 'plain', 'again');
					again.type = 'button';
					again.onclick = function () {
						failed = failed.filter(other(m.id));
						m.why = '';
						queue.push(m);
						note();
						redraw();
						pump();
					};
					foot.appendChild(again);
				}
				var drop = button('plain', CROSS, m.why ? 'drop' : 'cancel');
				drop.onclick = function () {
					failed = failed.filter(other(m.id));
					if (!m.why) { chat.giveBack(m.text); }
					over(m);
					redraw();
					$('text').focus();
					pump();
				};
				foot.appendChild(drop);
				li.appendChild(foot);
				ol.appendChild(li);
				if (!m.why) { progress(m); }
			});
			chat.changed();
		}

		function progress(m) {
			if (!m.bar) { return; }
			m.bar.hidden = sending !== m;
			if (m.part > 0 && m.part < 1) { m.bar.value = m.part; } else { m.bar.removeAttribute('value'); }
			var t = m.waits ? word(m.waits) : sending === m ? word('sending') + (m.part ? ' \u2066' + Math.round(m.part * 100) + ' %\u2069' : '') : word('kept');
			if (m.state.textContent !== t) { m.state.textContent = t; }
		}

		// --- choosing ---

		var chosen = []; // {file, voice, seconds, url}

		function say(name) {
			$('papers-said').textContent = name ? text_(name) : '';
			$('papers').hidden = !chosen.length && !name;
		}
		function choose(list, voice, seconds) {
			var wrong = '';
			(function next(i) {
				if (i < list.length) {
					lean(list[i], function (file) {
						if (file.size > MOST) { wrong = 'toobig';
						} else if (file.size === 0) { wrong = 'nobytes';
						} else { chosen.push({ file: file, voice: !!voice, seconds: seconds || 0 }); }
						next(i + 1);
					});
					return;
				}
				drawChosen();
				say(wrong);
				if (chosen.length) { $('send').focus(); }
			})(0);
		}
		// lean makes a camera's photo smaller, for a poor line, and takes out what the
		// camera wrote into it: where and when it was taken. The browser draws it anew,
		// upright; one that would lay it on its side, or cannot, leaves it as it is.
		function lean(file, done) {
			if (file.type !== 'image/jpeg' || !window.CSS || !CSS.supports || !CSS.supports('image-orientation', 'from-image') || !HTMLCanvasElement.prototype.toBlob) {
				done(file);
				return;
			}
			var u = URL.createObjectURL(file), img = new Image();
			function end(f) { URL.revokeObjectURL(u); done(f); }
			img.onerror = function () { end(file); };
			img.onload = function () {
				var k = Math.min(1, SIDE / Math.max(img.naturalWidth, img.naturalHeight)), c = make('canvas');
				c.width = Math.round(img.naturalWidth * k) || 1;
				c.height = Math.round(img.naturalHeight * k) || 1;
				try {
					c.getContext('2d').drawImage(img, 0, 0, c.width, c.height);
					c.toBlob(function (b) {
						if (b) { b.name = file.name; }
						end(b || file);
					}, 'image/jpeg', 0.85);
				} catch (e) { end(file); }
			};
			img.src = u;
		}
		function unchoose(c) {
			if (c.url) { URL.revokeObjectURL(c.url); c.url = ''; }
			chosen = chosen.filter(function (o) { return o !== c; });
		}
		function drawChosen() {
			var ul = $('chosen');
			ul.textContent = '';
			chosen.forEach(function (c) {
				var li = make('li'), drop = button('plain', CROSS);
				c.url = c.url || URL.createObjectURL(c.file);
				if (c.voice) {
					var a = make('audio');
					a.controls = true;
					a.src = c.url;
					a.setAttribute('aria-label', word('voice'));
					li.appendChild(a);
				} else if (/^image\/(jpeg|png|gif|webp)$/.test(c.file.type)) {
					var img = make('img');
					img.src = c.url;
					img.alt = '';
					li.appendChild(img);
				} else {
					li.appendChild(icon(PAPER));
				}
				if (!c.voice) {
					var about = make('span', 'about');
					about.appendChild(name_(c.file.name || word('photo')));
					about.appendChild(size(c.file.size));
					li.appendChild(about);
				}
				drop.setAttribute('aria-label', word('drop') + (c.file.name && !c.voice ? ': ' + c.file.name : ''));
				drop.onclick = function () {
					unchoose(c);
					drawChosen();
					say('');
					$('attach').focus();
				};
				li.appendChild(drop);
				ul.appendChild(li);
			});
			$('papers').hidden = !chosen.length;
			chat.changed();
		}

		function menu(open) {
			$('pick').hidden = !open;
			$('attach').setAttribute('aria-expanded', open ? 'true' : 'false');
		}
		var camera = 'capture' in document.createElement('input') && chat.touch();
		$('attach').onclick = function () {
			if (!camera) { $('file').click(); return; }
			menu($('pick').hidden);
			if (!$('pick').hidden) { $('shoot').focus(); }
		};
		$('shoot').onclick = function () { menu(false); $('photo').click(); };
		$('browse').onclick = function () { menu(false); $('file').click(); };
		$('photo').onchange = $('file').onchange = function () {
			// The list empties with the field, which must be empty so that the same
			// file can be chosen once more.
			choose([].slice.call(this.files || []));
			this.value = '';
		};
		$('text').addEventListener('paste', function (e) {
			var list = e.clipboardData && e.clipboardData.files;
			if (list && list.length) {
				e.preventDefault();
				choose([].slice.call(list));
			}
		});
		document.addEventListener('keydown', function (e) {
			if (e.keyCode === 27 && !$('pick').hidden) {
				menu(false);
				$('attach').focus();
			}
		});

		// --- recording ---

		var recorder = null;
		function kindOf() {
			var kinds = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];
			for (var i = 0; i < kinds.length; i++) {
				if (MediaRecorder.isTypeSupported(kinds[i])) { return kinds[i]; }
			}
			return '';
		}
		function canRecord() {
			var policy = document.permissionsPolicy || document.featurePolicy;
			return window.isSecureContext !== false && navigator.mediaDevices && navigator.mediaDevices.getUserMedia &&
				window.MediaRecorder && MediaRecorder.isTypeSupported && kindOf() && !(policy && policy.allowsFeature && !policy.allowsFeature('microphone'));
		}
		function recording(on) {
			$('voice').hidden = !on;
			$('form').hidden = !!on;
			if (!on) { $('clock').textContent = '0:00'; }
		}
		function record() {
			say('');
			menu(false);
			$('record').disabled = true;
			navigator.mediaDevices.getUserMedia({ audio: true }).then(function (stream) {
				$('record').disabled = false;
				var own, pieces = [], begun = Date.now(), seconds = 0;
				try {
					own = new MediaRecorder(stream, { mimeType: kindOf(), audioBitsPerSecond: 24000 });
				} catch (e) {
					stream.getTracks().forEach(function (t) { t.stop(); });
					say('nomic');
					return;
				}
				recorder = own;
				var tick = setInterval(function () {
					seconds = Math.floor((Date.now() - begun) / 1000);
					$('clock').textContent = length(seconds);
					if (seconds >= LONGEST) { own.stop(); }
				}, 250);
				own.ondataavailable = function (e) { if (e.data && e.data.size) { pieces.push(e.data); } };
				own.onstop = own.onerror = function () {
					clearInterval(tick);
					stream.getTracks().forEach(function (t) { t.stop(); }); // the sign of the microphone goes out
					if (recorder !== own) { return; }
					recorder = null;
					recording(false);
					if (own.thrown) {
						$('record').focus();
					} else {
						choose([new Blob(pieces, { type: (own.mimeType || kindOf()).split(';')[0] })], true, Math.max(1, Math.round((Date.now() - begun) / 1000)));
					}
				};
				own.start(1000);
				recording(true);
				$('stop').focus();
			}, function (e) {
				$('record').disabled = false;
				say(e && (e.name === 'NotFoundError' || e.name === 'NotReadableError') ? 'nomic' : 'denied');
			});
		}
		$('record').onclick = record;
		$('stop').onclick = function () { if (recorder) { recorder.stop(); } };
		$('throw').onclick = function () {
			if (recorder) {
				recorder.thrown = true;
				recorder.stop();
			}
		};
		function quiet() {
			if (recorder) {
				recorder.thrown = true;
				recorder.stop();
			}
		}
		window.addEventListener('pagehide', quiet);
		window.addEventListener('online', function () {
			notBefore = 0;
			pump();
		});

		// On a narrow screen there is no room for the microphone beside words.
		var records = MOST > 0 && !!canRecord();
		function typed() { $('record').hidden = !records || !!$('text').value; }
		typed();

		return {
			draw: draw,
			typed: typed,
			speak: function () { drawChosen(); redraw(); },
			pump: pump,
			// submit takes what was chosen, with the words, and says whether there was
			// something.
			submit: function (text) {
				if (!chosen.length) { return false; }
				chosen.forEach(function (c, i) {
					add(c.file, i ? '' : text, c.voice, c.seconds);
					unchoose(c);
				});
				drawChosen();
				say('');
				redraw();
				pump();
				return true;
			},
			waiting: function (all) { return queue.length + done.length + (all ? failed.length : 0) > 0; },
			// arrived says that a message is in the talk.
			arrived: function (id) {
				lost = lost.filter(other(id));
				var was = queue.concat(done).filter(function (m) { return m.id === id; })[0];
				if (!was) { return; }
				mine[id] = was.file;
				over(was);
				done = done.filter(other(id));
				redraw();
			},
			// heard says that the talk was read up to now.
			heard: function () {
				doubt = doubted = false;
				if (lost.length) {
					lost.forEach(function (m) { fail({ id: m.id, name: String(m.name || ''), text: String(m.text || ''), file: null }, 'lost'); });
					lost = [];
					redraw();
				}
				pump();
			},
			unheard: function () { doubted = false; },
			// cleared takes away what was to be seen up to a place, and what is still to
			// be sent: who has the talk hidden has somebody beside them.
			cleared: function (upTo, before) {
				letGo(upTo);
				if (!before) { return; }
				queue.concat(done, failed).forEach(over);
				failed = [];
				done = [];
				mine = {};
				chosen.forEach(unchoose);
				quiet();
				drawChosen();
				redraw();
			},
			forget: function () {
				letGo(Infinity);
				done.concat(failed).forEach(over);
				done = [];
				failed = [];
				redraw();
			},
			leave: function () {
				queue.concat(done).forEach(over);
				chosen.forEach(unchoose);
				letGo(Infinity);
				quiet();
			}
		};
	}
})();
