// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rsc.io/qr"

	"sarai/channels"
	"sarai/console"
	"sarai/content"
	"sarai/store"
)

// A handset is a phone that can be linked, with chats that were there before.
type handset struct {
	channels.Channel
	mu       sync.Mutex
	standing channels.Standing
	steps    chan channels.LinkStep
	asked    string // the number that was given, of the linking under way
	chats    []channels.Chat
	broken   error
}

func (p *handset) Standing() channels.Standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.standing
}

func (p *handset) stands(code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.standing = channels.Standing{Code: code, Since: noon}
}

func (p *handset) Link(ctx context.Context, phone string) (<-chan channels.LinkStep, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	if p.standing.Code == channels.Linking || p.standing.Code == channels.Joined {
		return nil, errors.New("there is a phone already")
	}
	p.asked, p.standing, p.steps = phone, channels.Standing{Code: channels.Linking, Since: noon}, make(chan channels.LinkStep)
	out := make(chan channels.LinkStep)
	go func(in chan channels.LinkStep) {
		defer close(out)
		for {
			select {
			case <-ctx.Done():
				p.stands(channels.Unlinked)
				return
			case s := <-in:
				switch {
				case s.Done:
					p.stands(channels.Joined)
				case s.Failed != "":
					p.stands(channels.Unlinked)
				}
				select {
				case out <- s:
				case <-ctx.Done():
				}
				if s.Done || s.Failed != "" {
					return
				}
			}
		}
	}(p.steps)
	return out, nil
}

func (p *handset) gives(s channels.LinkStep) {
	p.mu.Lock()
	steps := p.steps
	p.mu.Unlock()
	steps <- s
}

func (p *handset) Unlink(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken == nil {
		p.standing = channels.Standing{Code: channels.Unlinked, Since: noon}
	}
	return p.broken
}

func (p *handset) Chats(context.Context) ([]channels.Chat, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.chats), nil
}

func (p *handset) SetPrivate(_ context.Context, id string, private bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.chats {
		if p.chats[i].ID == id && !p.chats[i].Group {
			p.chats[i].Private = private
			return nil
		}
	}
	return store.ErrNotFound
}

// aHandset is one with a few chats, of which none is anybody's.
func aHandset() *handset {
	return &handset{standing: channels.Standing{Code: channels.Unlinked, Since: noon.Add(-time.Hour)}, chats: []channels.Chat{
		{ID: "100000000001@chat", Name: "Aunt", Private: true},
		{ID: "100000000002@chat", Name: "<b>Plumber</b>", Private: true},
		{ID: "100000000003@chat", Private: true},
		{ID: "100000000004@group", Name: "Cricket on Fridays", Group: true, Private: true},
	}}
}

// until asks again and again for a page, until it says something.
func (b *browser) until(path, words string) answer {
	b.h.t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		a := b.part(path)
		if strings.Contains(a.text(), words) {
			return a
		}
		if time.Now().After(end) {
			b.h.t.Fatalf("%s never says %q: %s", path, words, a.text())
		}
	}
}

// done gives what is in the audit of some deeds, oldest first.
func (h *house) done(deeds ...store.Deed) (done []string) {
	h.t.Helper()
	records, err := h.db.Records(context.Background(), store.RecordFilter{}, 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range slices.Backward(records) {
		if slices.Contains(deeds, r.What) {
			done = append(done, strings.TrimSpace(string(r.What)+" "+r.Why+" "+r.On))
		}
	}
	return done
}

// squares draws a QR code square by square, four from the edge.
func squares(t *testing.T, text string) string {
	t.Helper()
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for y := range code.Size {
		row := ""
		for x := range code.Size {
			row += map[bool]string{true: "#", false: " "}[code.Black(x, y)]
		}
		for _, run := range regexp.MustCompile("#+").FindAllStringIndex(row, -1) {
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", run[0]+4, y+4, run[1]-run[0], run[1]-run[0])
		}
	}
	return b.String()
}

func TestAPhoneIsLinked(t *testing.T) {
	phone := aHandset()
	h := build(t, func(o *console.Options) { o.Linked = phone })
	h.hires("amina", "Amina", store.Administrator)
	h.hires("nadia", "Nadia", store.Administrator)
	h.hires("bilal", "Bilal", store.Counsellor)
	a, n := h.signsIn("amina"), h.signsIn("nadia")
	if got := h.signsIn("bilal").get("/desk/whatsapp"); got.status != http.StatusForbidden {
		t.Errorf("a counsellor is answered %d", got.status)
	}
	page := a.get("/desk/whatsapp")
	page.has(t, "No phone is linked", "Show the QR code")
	page.lacks(t, "not connected", "Aunt")

	// It begins, and the code changes while others look on.
	a.follow(a.post("/desk/whatsapp/link", url.Values{"by": {"qr"}})).has(t, "One moment", "Begun by Amina")
	drawn := regexp.MustCompile(`<path fill="#000000" d="([^"]+)"/>`)
	code := func(b *browser) string {
		if m := drawn.FindStringSubmatch(b.part("/desk/whatsapp/part?on").body); m != nil {
			return m[1]
		}
		return ""
	}
	phone.gives(channels.LinkStep{QR: "2@first"})
	a.until("/desk/whatsapp/part?on", "Point the camera")
	first := code(a)
	if first == "" || code(n) != first {
		t.Errorf("the two see %q and %q", first, code(n))
	}
	if want := squares(t, "2@first"); first != want {
		t.Errorf("the code is drawn as %s, not %s", first, want)
	}
	phone.gives(channels.LinkStep{QR: "2@second"})
	for end := time.Now().Add(5 * time.Second); code(n) == first; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the code does not change")
		}
	}
	if got := a.part("/desk/whatsapp/part?on"); got.header.Get("Hx-Refresh") != "" || strings.Contains(got.body, "2@second") {
		t.Error("the page is left while a phone is linked, or says the code in words")
	}
	if got := n.post("/desk/whatsapp/link", url.Values{"by": {"qr"}}); got.status != http.StatusConflict {
		t.Errorf("a second linking is answered %d", got.status)
	}
	n.get("/desk/whatsapp").lacks(t, "Show the QR code")

	phone.gives(channels.LinkStep{Done: true})
	a.until("/desk/whatsapp/part?on", "messages arrive")
	if got := a.part("/desk/whatsapp/part?on"); got.header.Get("Hx-Refresh") != "true" {
		t.Error("the page does not go on")
	}
	page = a.get("/desk/whatsapp")
	page.has(t, "A phone is linked", "Which chats are private?", "Aunt", "<b>Plumber</b>", "Without a name", "Groups cannot be opened", "Cricket on Fridays")
	page.lacks(t, "10000000000", "Show the QR code", "<b>")
	marks := regexp.MustCompile(`name="private" value="(\w+)" checked`).FindAllStringSubmatch(page.body, -1)
	if len(marks) != 3 {
		t.Fatalf("%d chats are private", len(marks))
	}

	// One is opened; one that was not shown stays as it is.
	form := url.Values{"chat": {marks[0][1], marks[1][1]}, "private": {marks[0][1]}}
	a.follow(a.post("/desk/whatsapp/chats", form)).has(t, "Done.")
	a.post("/desk/whatsapp/chats", form)
	if c := phone.chats; !c[0].Private || c[1].Private || !c[2].Private || !c[3].Private {
		t.Errorf("the chats are %v", c)
	}
	form.Add("private", marks[1][1])
	a.post("/desk/whatsapp/chats", form)

	if got := a.post("/desk/whatsapp/unlink", nil); got.status != http.StatusUnprocessableEntity || phone.Standing().Code != channels.Joined {
		t.Errorf("unlinking without being sure is answered %d", got.status)
	}
	phone.broken = errors.New("no line")
	if got := a.post("/desk/whatsapp/unlink", url.Values{"sure": {"1"}}); got.status != http.StatusConflict {
		t.Errorf("unlinking that fails is answered %d", got.status)
	}
	phone.broken = nil
	a.follow(a.post("/desk/whatsapp/unlink", url.Values{"sure": {"1"}})).has(t, "Done.", "No phone is linked")

	want := []string{"link-begun qr", "link-begun qr", "not-done link-begun", "phone-linked", "chat-opened", "chat-closed", "phone-unlinked", "not-done phone-unlinked", "phone-unlinked"}
	if got := h.done("link-begun", "phone-linked", "phone-unlinked", "chat-opened", "chat-closed", store.DidNotDone); !slices.Equal(got, want) {
		t.Errorf("the audit holds %v", got)
	}
	a.get("/desk/audit?what=link-begun").has(t, "Began to link a phone", "QR code", "Nadia")
}

func TestAPhoneIsLinkedByItsNumber(t *testing.T) {
	phone := aHandset()
	h := build(t, func(o *console.Options) { o.Linked = phone })
	h.hires("amina", "Amina", store.Administrator)
	a := h.signsIn("amina")
	for _, odd := range []string{"", "12", "+", "0300 0000000", "+1 000 000 000 000 000 0", "call me", "<script>"} {
		if got := a.post("/desk/whatsapp/link", url.Values{"by": {"code"}, "phone": {odd}}); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%q is answered %d", odd, got.status)
		}
	}
	for _, number := range []string{"+999 (000) 000-0001", "00999 000 000 0001", "٩٩٩٠٠٠٠٠٠٠٠٠١", "۹۹۹۰۰۰۰۰۰۰۰۰۱", "৯৯৯০০০০০০০০০১"} {
		a.follow(a.post("/desk/whatsapp/link", url.Values{"by": {"code"}, "phone": {number}}))
		if phone.asked != "9990000000001" {
			t.Errorf("%q was asked for as %q", number, phone.asked)
		}
		phone.gives(channels.LinkStep{Code: "ABCD-2345"})
		a.until("/desk/whatsapp/part?on", "ABCD-2345")
		a.get("/desk/whatsapp").has(t, "Link with phone number instead", "ABCD-2345")
		a.follow(a.post("/desk/whatsapp/cancel", nil)).has(t, "No phone is linked", "Get a code to type")
	}
	a.post("/desk/whatsapp/cancel", nil) // of nothing
	h.console.Written()
	records, err := h.db.Records(context.Background(), store.RecordFilter{}, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if strings.Contains(r.On+r.Why, "999") {
			t.Errorf("the audit holds a number: %v", r)
		}
	}
	if h.log.Len() > 0 {
		t.Errorf("logged: %s", h.log)
	}
}

func TestWhyAPhoneWasNotLinked(t *testing.T) {
	phone := aHandset()
	h := build(t, func(o *console.Options) { o.Linked = phone })
	h.hires("amina", "Amina", store.Administrator)
	a := h.signsIn("amina")
	for code, words := range map[string]string{
		"timeout": "in time", "refused": "refused", channels.Passkey: "asks for a passkey", channels.Banned: "has banned this number",
		channels.Outdated: "refuses this version", "something-new": "something-new",
	} {
		a.post("/desk/whatsapp/link", url.Values{"by": {"qr"}})
		phone.gives(channels.LinkStep{Failed: code})
		a.until("/desk/whatsapp/part?on", words)
		a.get("/desk/whatsapp").has(t, words, "Show the QR code")
	}
	h.wait(time.Hour)
	a.get("/desk/whatsapp").lacks(t, "in time", "refuses this version", "something-new")
	phone.broken = errors.New("no line")
	if got := a.post("/desk/whatsapp/link", url.Values{"by": {"qr"}}); got.status != http.StatusConflict {
		t.Errorf("what cannot begin is answered %d", got.status)
	}
	phone.broken = nil
	a.post("/desk/whatsapp/link", url.Values{"by": {"qr"}}) // and is under way when the desk is closed
	h.console.Close()
	if phone.Standing().Code != channels.Unlinked {
		t.Error("the linking goes on without a desk")
	}
}

func TestHowAPhoneStandsIsSaidToWhoCanActOnIt(t *testing.T) {
	phone := aHandset()
	h := build(t, func(o *console.Options) { o.Linked = phone })
	h.hires("amina", "Amina", store.Administrator)
	h.hires("bilal", "Bilal", store.Counsellor)
	a, b := h.signsIn("amina"), h.signsIn("bilal")
	const warning = "WhatsApp is not connected"
	for code, x := range map[string]struct {
		words string
		warns bool
	}{
		channels.Unlinked: {"No phone is linked", false}, channels.Linking: {"is being linked now", false}, channels.Joining: {"is connecting", false},
		channels.Joined: {"messages arrive", false}, channels.LoggedOut: {"The link was ended", true}, channels.Replaced: {"Another program", true},
		channels.Banned: {"has banned", true}, channels.Outdated: {"update it", true}, channels.Passkey: {"passkey", true}, channels.Locked: {"Another copy", true}, "new-word": {"(new-word)", true},
	} {
		phone.stands(code)
		page := a.get("/desk/whatsapp")
		page.has(t, x.words, "2031-05-06 04:00 UTC")
		page.lacks(t, warning)
		if got := strings.Contains(a.get("/desk").text(), warning); got != x.warns {
			t.Errorf("%s: warned %v", code, got)
		}
		b.get("/desk").lacks(t, warning)
	}
	phone.standing = channels.Standing{Code: channels.Banned, Since: noon, Until: noon.Add(24 * time.Hour)}
	a.get("/desk/whatsapp").has(t, "The ban ends at 2031-05-07 04:00 UTC")
}

func TestWithoutALinkedPhone(t *testing.T) {
	h := build(t)
	m := h.hires("amina", "Amina", store.Administrator)
	a := h.signsIn("amina")
	for _, l := range content.Locales() {
		m.Locale = l
		if err := h.db.PutMember(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		a.get("/desk/whatsapp").has(t, "[whatsapp] enabled = true")
		a.get("/desk").lacks(t, `href="/desk/whatsapp"`)
	}
	for _, path := range []string{"link", "cancel", "unlink", "chats"} {
		if got := a.post("/desk/whatsapp/"+path, url.Values{"by": {"qr"}, "sure": {"1"}}); got.status != http.StatusSeeOther {
			t.Errorf("%s is answered %d", path, got.status)
		}
	}
}
