// SPDX-License-Identifier: GPL-3.0-or-later

// Puts a button into the corner of a website, which opens the chat in a frame.
// Nothing is asked of the chat's server before the button is pressed. Whether
// the frame may be shown here is decided by that server's frame-ancestors.
(function () {
	'use strict';
	var script = document.currentScript;
	if (!script || !/^https?:/.test(script.src)) { return; }
	var address = script.src.replace(/\/embed\.js.*$/, '');
	var frame, button, open = false;

	function style(el, rules) {
		for (var name in rules) { el.style.setProperty(name, rules[name], 'important'); }
	}

	function svg(d) {
		var s = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
		s.setAttribute('viewBox', '0 0 24 24');
		s.setAttribute('width', '28');
		s.setAttribute('height', '28');
		s.setAttribute('aria-hidden', 'true');
		var p = document.createElementNS('http://www.w3.org/2000/svg', 'path');
		p.setAttribute('d', d);
		p.setAttribute('fill', 'none');
		p.setAttribute('stroke', 'currentColor');
		p.setAttribute('stroke-width', '2');
		p.setAttribute('stroke-linecap', 'round');
		p.setAttribute('stroke-linejoin', 'round');
		s.appendChild(p);
		return s;
	}

	// fit gives the frame a corner of a large window and all of a small one, but
	// for the button that closes it.
	function fit() {
		if (!frame) { return; }
		var small = window.innerWidth < 520 || window.innerHeight < 520;
		style(frame, small ?
			{ left: '0', right: '0', top: '0', bottom: '0', width: '100%', height: 'calc(100% - 76px)', 'border-radius': '0' } :
			{ left: 'auto', right: 'auto', top: 'auto', bottom: '88px', width: '400px', height: 'min(640px, calc(100% - 108px))', 'border-radius': '18px' });
		if (!small) { frame.style.setProperty(side(), '18px', 'important'); }
	}

	function side() { return document.documentElement.dir === 'rtl' ? 'left' : 'right'; }

	function show(yes) {
		open = yes;
		if (yes && !frame) {
			frame = document.createElement('iframe');
			frame.title = 'Chat';
			frame.setAttribute('referrerpolicy', 'no-referrer');
			frame.setAttribute('allow', 'microphone; camera'); // where the person records a voice message or takes a photo
			frame.src = address + '?framed' + (script.getAttribute('data-campaign') ? '&c=' + encodeURIComponent(script.getAttribute('data-campaign')) : '');
			style(frame, { position: 'fixed', border: '0', 'z-index': '2147483646', background: '#f6eee0', 'box-shadow': '0 8px 32px rgba(0,0,0,.28)', 'color-scheme': 'light dark', 'max-width': '100%' });
			document.body.appendChild(frame);
		}
		fit();
		if (frame) { style(frame, { display: yes ? 'block' : 'none' }); }
		button.setAttribute('aria-expanded', yes ? 'true' : 'false');
		button.replaceChild(svg(yes ? 'M6 6l12 12M18 6L6 18' : 'M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-6l-5 4v-4H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3zM8 10.500h.01M12 10.500h.01M16 10.500h.01'), button.firstChild);
		if (yes) { frame.focus(); }
	}

	function begin() {
		button = document.createElement('button');
		button.type = 'button';
		button.setAttribute('aria-label', script.getAttribute('data-label') || 'Chat');
		button.appendChild(document.createTextNode(''));
		style(button, {
			position: 'fixed', bottom: '16px', width: '60px', height: '60px', padding: '0', margin: '0', border: '0', 'border-radius': '50%',
			background: '#0f4f52', color: '#fbf4e6', cursor: 'pointer', 'z-index': '2147483647', 'box-shadow': '0 3px 12px rgba(0,0,0,.3)',
			display: 'flex', 'align-items': 'center', 'justify-content': 'center'
		});
		button.style.setProperty(side(), '18px', 'important');
		button.onclick = function () { show(!open); };
		document.body.appendChild(button);
		show(false);
		window.addEventListener('resize', fit);
		document.addEventListener('keydown', function (e) {
			if (open && e.key === 'Escape') { show(false); button.focus(); }
		});
		// The only message that the frame sends: leave this website as well.
		window.addEventListener('message', function (e) {
			if (frame && e.source === frame.contentWindow && e.data === 'chat: leave') {
				document.documentElement.style.display = 'none';
				location.replace('about:blank');
			}
		});
	}

	if (document.body) { begin(); } else { document.addEventListener('DOMContentLoaded', begin); }
})();
