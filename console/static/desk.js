// SPDX-License-Identifier: GPL-3.0-or-later

// What the desk's pages do by themselves: they listen for talks that changed,
// go on counting waiting times, and keep what somebody types. Everything else
// is a form or a link, and works without this file.
(() => {
  "use strict";
  const body = document.body;
  const one = (selector) => document.querySelector(selector);
  const each = (selector, f) => document.querySelectorAll(selector).forEach(f);

  // Time. The server says it in the same way; see ago in pages.go.
  const ago = (ms) => {
    const minutes = Math.floor(ms / 60000);
    if (minutes < 1) return body.dataset.now;
    if (minutes < 60) return body.dataset.minutes.replace("#", minutes);
    if (minutes < 48 * 60) return body.dataset.hours.replace("#", Math.floor(minutes / 60));
    return body.dataset.days.replace("#", Math.floor(minutes / 1440));
  };
  // The browser's clock may be wrong by hours; the server's is not.
  const skew = Number(body.dataset.clock) - Date.now();
  const over = new Set(); // times that have passed, each told once
  const count = () => {
    each("time[data-ago]", (t) => {
      const words = ago(Date.now() + skew - Date.parse(t.dateTime));
      if (t.textContent !== words) t.textContent = words;
    });
    each("time[data-left]", (t) => { // to a time when something ends: then the page is another
      const ms = Date.parse(t.dateTime) - Date.now() - skew;
      const words = ago(Math.max(0, ms));
      if (t.textContent !== words) t.textContent = words;
      if (ms > 0 || over.has(t.dateTime)) return;
      over.add(t.dateTime);
      htmx.trigger(body, "desk-here");
      htmx.trigger(body, "desk-any");
    });
  };
  setInterval(count, 15000);

  // The title says how many wait, so that a tab in the background says it too.
  const title = () => {
    const n = Number(one("#count")?.dataset.waiting || 0);
    const back = one(".back");
    if (back) {
      back.dataset.n = n || "";
      back.classList.toggle("urgent", !!one("#count")?.classList.contains("urgent"));
    }
    document.title = (n > 0 ? "(" + n + ") " : "") + body.dataset.title;
  };

  // Live. The stream names talks; what changed is asked for by htmx. Many
  // changes at once are one question.
  let missed = new Set(), timer = 0;
  const changed = (id) => {
    missed.add(id);
    timer ||= setTimeout(() => {
      const here = missed.has("") || missed.has(body.dataset.thread);
      missed = new Set();
      timer = 0;
      htmx.trigger(body, "desk-any");
      if (here) htmx.trigger(body, "desk-here");
    }, 250);
  };
  let pause = 2000, stalled = 0;
  const lost = () => { stalled ||= setTimeout(() => { one("#stalled").hidden = false; }, 5000); };
  const listen = () => {
    const stream = new EventSource("/desk/events");
    let broken = true; // at first, too: what changed after the page was made and before this is told to nobody
    stream.onopen = () => {
      clearTimeout(stalled);
      stalled = 0;
      pause = 2000;
      one("#stalled").hidden = true;
      if (broken) changed(""); // whatever happened meanwhile
      broken = false;
    };
    stream.onmessage = (e) => changed(e.data);
    stream.addEventListener("over", () => { // signed out: the next question says so
      stream.close();
      changed("");
      lost();
    });
    stream.onerror = () => {
      broken = true;
      lost();
      if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again
      pause = Math.min(pause * 2, 60000);
      setTimeout(listen, pause * (0.5 + Math.random() / 2));
    };
    addEventListener("pagehide", () => stream.close(), { once: true });
  };

  // The answer box.
  const box = () => one("#text");
  const kept = new WeakMap(); // what the server has of a box; at first what it sent
  const keep = (again) => { // what was typed since the last time it was kept
    const t = box();
    if (!t || t.readOnly || t.value === (kept.get(t) ?? t.defaultValue)) return Promise.resolve();
    kept.set(t, t.value);
    const words = new URLSearchParams({ key: t.form.elements.key.value, text: t.value });
    return fetch(t.dataset.draft, { method: "POST", body: words, keepalive: !again }).catch(() => {});
  };
  addEventListener("pagehide", () => keep(false));
  addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || !(e.ctrlKey || e.metaKey) || e.isComposing) return;
    const form = e.target.closest?.("form[data-send]");
    if (!form || e.target.readOnly) return;
    e.preventDefault();
    form.requestSubmit();
  });
  const grow = () => {
    const t = box();
    if (t) t.rows = Math.max(2, Math.min(10, t.value.split("\n").length + Math.floor(t.value.length / 80)));
  };
  document.addEventListener("input", (e) => { if (e.target === box()) grow(); });

  // A file that goes with the answer. The browser forgets it with the box, so it
  // is held here until it is sent; a recording is one too.
  let held = null, recorder = null;
  const attach = () => one(".attach");
  const part = (name) => one(".attach [data-" + name + "]");
  const say = (words) => { if (part("said")) part("said").textContent = words; };
  const sound = (f) => f && f.type.startsWith("audio/");
  const drawn = () => { // the box shows what is held, and whether it records
    if (!attach()) return;
    const on = recorder?.state === "recording";
    const input = one("#file"), listen = part("listen");
    if (held) {
      const files = new DataTransfer();
      files.items.add(held);
      input.files = files.files;
    } else if (input.value) input.value = "";
    if (listen.src) URL.revokeObjectURL(listen.src);
    if (sound(held)) listen.src = URL.createObjectURL(held); else listen.removeAttribute("src");
    listen.hidden = !sound(held) || on;
    part("drop").hidden = !held || on;
    part("record").hidden = on || !!held || !navigator.mediaDevices?.getUserMedia || !window.MediaRecorder;
    part("stop").hidden = part("clock").hidden = !on;
  };
  const hold = (f) => {
    // The server looks at what a file is; its ending is all that is known here.
    const endings = one("#file")?.accept.split(",") || [];
    const refused = !f ? "" : f.size > Number(attach()?.dataset.max || 0) ? "toobig" :
      endings.some((e) => f.name.toLowerCase().endsWith(e)) ? "" : "harmful";
    held = refused ? null : f;
    drawn();
    say(refused ? attach()?.dataset[refused] || "" : sound(f) ? attach()?.dataset.ready || "" : "");
  };
  const record = async () => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      say(attach()?.dataset.denied || "");
      return;
    }
    const kind = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"].find((k) => MediaRecorder.isTypeSupported(k));
    const pieces = [], begun = Date.now();
    const own = recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: 32000 });
    const clock = setInterval(() => {
      const s = Math.floor((Date.now() - begun) / 1000);
      if (part("clock")) part("clock").textContent = Math.floor(s / 60) + ":" + String(s % 60).padStart(2, "0");
    }, 500);
    own.ondataavailable = (e) => { if (e.data.size > 0) pieces.push(e.data); };
    own.onstop = () => {
      clearInterval(clock);
      stream.getTracks().forEach((t) => t.stop()); // the light goes out
      recorder = null;
      const type = (own.mimeType || "audio/webm").split(";")[0];
      hold(pieces.length ? new File(pieces, "voice." + type.split("/")[1], { type }) : null);
      part("listen")?.focus(); // the button that had the focus is gone
    };
    own.start(1000);
    drawn();
    say(attach()?.dataset.busy || "");
    part("stop")?.focus();
  };
  document.addEventListener("change", (e) => { if (e.target.id === "file") hold(e.target.files[0] || null); });
  document.addEventListener("click", (e) => {
    if (e.target.closest?.("[data-record]")) record();
    if (e.target.closest?.("[data-stop]")) recorder?.stop();
    if (e.target.closest?.("[data-drop]")) {
      hold(null);
      (part("record")?.hidden ? one("#file") : part("record"))?.focus();
    }
  });
  document.addEventListener("submit", (e) => { // what is being recorded is not sent half
    if (recorder && e.target === box()?.form) {
      e.preventDefault();
      e.stopImmediatePropagation();
      part("stop")?.focus();
    }
  }, true);
  addEventListener("pagehide", () => recorder?.stop());
  document.addEventListener("htmx:xhr:progress", (e) => {
    const bar = part("progress");
    if (!bar || !held || !e.detail.lengthComputable) return;
    bar.hidden = false;
    bar.value = e.detail.loaded / e.detail.total;
  });

  // An article's words go where the cursor is.
  document.addEventListener("click", (e) => {
    const link = e.target.closest?.("[data-insert]");
    if (link) {
      const t = box();
      if (!t || t.readOnly) return; // the link leads to a page that says why
      e.preventDefault();
      const words = document.getElementById(link.dataset.insert).textContent;
      const before = t.value.slice(0, t.selectionStart), after = t.value.slice(t.selectionEnd);
      const gap = before.trim() === "" ? "" : before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
      t.setRangeText(gap + words + (after.trim() === "" ? "" : "\n\n"), t.selectionStart, t.selectionEnd, "end");
      t.dispatchEvent(new Event("input", { bubbles: true }));
      const sheet = one("#tools");
      if (sheet?.matches(":popover-open")) sheet.hidePopover();
      t.focus();
    }
    if (e.target.id === "fresh") down();
  });

  // The transcript stays at its end while its reader does.
  const bottom = () => { const d = document.scrollingElement; return d.scrollHeight - d.clientHeight - d.scrollTop < 80; };
  const down = () => {
    document.scrollingElement.scrollTop = document.scrollingElement.scrollHeight;
    if (one("#fresh")) one("#fresh").hidden = true;
  };
  addEventListener("scroll", () => { if (one("#fresh") && bottom()) one("#fresh").hidden = true; }, { passive: true });

  // The head of a talk grows with its warnings; what sticks below must know.
  const measure = new ResizeObserver(() => {
    const head = one("#head");
    if (head) document.documentElement.style.setProperty("--head", head.offsetHeight + "px");
  });
  const headed = () => {
    measure.disconnect();
    if (one("#head")) measure.observe(one("#head"));
  };

  const toast = (words) => {
    const t = one("#toast");
    t.textContent = words;
    t.hidden = false;
  };

  let atEnd = true, last = 0;
  const lastSeen = () => [...document.querySelectorAll("#log .bubble, #log .event")].at(-1)?.id;
  document.addEventListener("htmx:beforeRequest", (e) => {
    const t = box();
    if (t && e.detail.elt === t.form) t.readOnly = true; // else words typed now would be lost with the box
  });
  document.addEventListener("htmx:beforeSwap", (e) => {
    const d = e.detail;
    if (d.xhr.status >= 400) d.shouldSwap = d.xhr.getResponseHeader("Desk-Part") === "1";
    if (d.target?.id === "newest") { atEnd = bottom(); last = lastSeen(); }
    const t = box();
    if (t && d.requestConfig.elt === t.form && (!d.shouldSwap || d.xhr.getResponseHeader("HX-Reswap") === "none")) t.readOnly = false;
  });
  document.addEventListener("htmx:afterSettle", (e) => {
    const d = e.detail;
    count();
    title();
    headed();
    const path = d.requestConfig?.path || "";
    if (path.includes("/entries?after=") && lastSeen() !== last) {
      if (atEnd) down(); else one("#fresh").hidden = false;
    }
    if (path.includes("/look/")) {
      one("#look").open = true;
      one("#words").scrollIntoView({ block: "nearest" });
    }
    if (path.endsWith("/say") && e.target.id === "answer") {
      if (d.xhr.status < 300) { held = null; one("#toast").hidden = true; box()?.focus(); down(); }
      drawn();
      grow();
    }
    // The case stands otherwise than the answer box knows: first keep what was
    // typed, then ask for the box anew.
    const answer = one("#answer"), state = one("#case")?.dataset.state;
    if (path.endsWith("/case") && answer && answer.dataset.state !== state) {
      keep(true).then(() => htmx.ajax("GET", answer.dataset.href, { target: "#answer", swap: "outerHTML" }));
    }
    if (path.endsWith("/answer")) { grow(); drawn(); }
  });
  // How far a message came is told again and again; what is as it was stays, and
  // is not read aloud anew.
  document.addEventListener("htmx:oobBeforeSwap", (e) => {
    const state = e.detail.target.dataset.state;
    if (state !== undefined && e.detail.target.matches(".sent > *") && state === e.detail.fragment.firstElementChild?.dataset.state) e.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:oobAfterSwap", (e) => { if (e.target.id === "toast" || e.detail.target?.id === "toast") one("#toast").hidden = false; });
  const unreachable = (e) => {
    const t = box();
    if (t && e.detail.elt === t.form) t.readOnly = false;
    if (part("progress")) part("progress").hidden = true;
    if (e.detail.requestConfig?.verb === "post") toast(body.dataset.offline);
  };
  document.addEventListener("htmx:sendError", unreachable);
  document.addEventListener("htmx:timeout", unreachable);

  count();
  title();
  headed();
  grow();
  drawn();
  if (one("#log") && one("#newest")) {
    if (location.hash === "" || location.hash === "#newest" || location.hash === "#answer") down();
  }
  if (body.hasAttribute("data-live")) listen();
})();
