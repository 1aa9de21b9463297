// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/whatsappcloud"
)

// What is sent is what Meta's documentation shows.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 205) // more than stands above buttons
	var eleven []string
	for i := range 11 {
		eleven = append(eleven, fmt.Sprintf("Choice %d", i+1))
	}
	rtl := to(user, "کہاں جانا ہے؟", eleven...)
	rtl.RTL, rtl.Locale = true, "ur"
	for name, x := range map[string]struct {
		out  channels.Outbound
		want []string
	}{
		"text":         {to(user, "hello"), []string{`{"text":{"body":"hello","preview_url":false},"type":"text"}`}},
		"buttons":      {to(user, "Which?", "Visa", "Wages", "Menu"), []string{`{"interactive":{"action":{"buttons":[{"reply":{"id":"key-1","title":"Visa"},"type":"reply"},{"reply":{"id":"key-2","title":"Wages"},"type":"reply"},{"reply":{"id":"key-3","title":"Menu"},"type":"reply"}]},"body":{"text":"Which?"},"type":"button"},"type":"interactive"}`}},
		"list":         {to(user, "Which?", "A", "B", "C", "D"), []string{`{"interactive":{"action":{"button":"Menu in en","sections":[{"rows":[{"id":"key-1","title":"A"},{"id":"key-2","title":"B"},{"id":"key-3","title":"C"},{"id":"key-4","title":"D"}]}]},"body":{"text":"Which?"},"type":"list"},"type":"interactive"}`}},
		"long words":   {to(user, long, "A"), []string{`{"interactive":{"action":{"button":"Menu in en","sections":[{"rows":[{"id":"key-1","title":"A"}]}]},"body":{"text":"` + strings.TrimSpace(long) + `"},"type":"list"},"type":"interactive"}`}},
		"same labels":  {to(user, "Which?", "A", "A"), []string{`{"interactive":{"action":{"button":"Menu in en","sections":[{"rows":[{"id":"key-1","title":"A"},{"id":"key-2","title":"A"}]}]},"body":{"text":"Which?"},"type":"list"},"type":"interactive"}`}},
		"long label":   {to(user, "Which?", "a label of 21 letters"), []string{`{"interactive":{"action":{"button":"Menu in en","sections":[{"rows":[{"id":"key-1","title":"a label of 21 letters"}]}]},"body":{"text":"Which?"},"type":"list"},"type":"interactive"}`}},
		"longer label": {to(user, "Which?", "a label of more than 24 letters", "B"), []string{`{"text":{"body":"Which?\n\n1. a label of more than 24 letters\n2. B","preview_url":false},"type":"text"}`}},
		"eleven":       {to(user, "Which?", eleven...), []string{`{"text":{"body":"Which?\n\n1. Choice 1\n2. Choice 2\n3. Choice 3\n4. Choice 4\n5. Choice 5\n6. Choice 6\n7. Choice 7\n8. Choice 8\n9. Choice 9\n10. Choice 10\n11. Choice 11","preview_url":false},"type":"text"}`}},
		"eleven, rtl":  {rtl, []string{`{"text":{"body":"کہاں جانا ہے؟\n\n` + "\u200f1. Choice 1" + `\n` + "\u200f2. Choice 2" + `\n` + "\u200f3. Choice 3" + `\n` + "\u200f4. Choice 4" + `\n` + "\u200f5. Choice 5" + `\n` + "\u200f6. Choice 6" + `\n` + "\u200f7. Choice 7" + `\n` + "\u200f8. Choice 8" + `\n` + "\u200f9. Choice 9" + `\n` + "\u200f10. Choice 10" + `\n` + "\u200f11. Choice 11" + `","preview_url":false},"type":"text"}`}},
		"no room": {to(user, strings.Repeat("x", 4090), eleven...), []string{
			`{"text":{"body":"` + strings.Repeat("x", 4090) + `","preview_url":false},"type":"text"}`,
			`{"text":{"body":"1. Choice 1\n2. Choice 2\n3. Choice 3\n4. Choice 4\n5. Choice 5\n6. Choice 6\n7. Choice 7\n8. Choice 8\n9. Choice 9\n10. Choice 10\n11. Choice 11","preview_url":false},"type":"text"}`,
		}},
	} {
		g := newWire(t)
		ch, _ := g.channel(func(o *whatsappcloud.Options) { o.Opener = func(l string) string { return "Menu in " + l } })
		receipt, err := ch.Send(t.Context(), x.out)
		if err != nil || receipt.ID != "wamid.OUT1" || !reflect.DeepEqual(receipt.Learned, addresses(phone)) {
			t.Errorf("%s: %+v, %v", name, receipt, err)
			continue
		}
		sent := g.sent()
		if len(sent) != len(x.want) {
			t.Errorf("%s: %d messages", name, len(sent))
			continue
		}
		for i, m := range sent {
			if m["messaging_product"] != "whatsapp" || m["recipient_type"] != "individual" || m["recipient"] != "DE.13491208655302741918" || m["to"] != nil || m["biz_opaque_callback_data"] != "thread/3/0" {
				t.Errorf("%s: to whom? %v", name, m)
			}
			if got := plain(t, m); got != x.want[i] {
				t.Errorf("%s was sent as\n%s, not\n%s", name, got, x.want[i])
			}
		}
	}
}

// A number is asked for by its own field; what is no person's address, or has no
// words, is sent to nobody.
func TestWhomItGoesTo(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	ch, _ := g.channel(nil)
	receipt, err := ch.Send(t.Context(), to(phone, "hello"))
	if err != nil || !reflect.DeepEqual(receipt.Learned, addresses(user)) {
		t.Errorf("%+v, %v", receipt, err)
	}
	if m := g.sent()[0]; m["to"] != "491500000000" || m["recipient"] != nil {
		t.Errorf("it went to %v", m)
	}
	for _, out := range []channels.Outbound{
		to("nobody", "x"), to("", "x"), to("phone:+49", "x"), to("phone:", "x"), to("user:x/../y", "x"), to("DE.1", "x"),
		{To: channels.Address{Channel: "telegram", ID: user}, Blocks: to(user, "x").Blocks, LastActed: time.Now()},
		to(user, ""), to(user, " \n"), to(user, "x", " "),
	} {
		_, err := ch.Send(t.Context(), out)
		var problem *channels.SendError
		if !errors.As(err, &problem) || problem.Problem != channels.Rejected {
			t.Errorf("%v: %v", out.To.ID, err)
		}
	}
	if len(g.sent()) != 1 {
		t.Errorf("%d were sent", len(g.sent()))
	}
}

func TestHowItIsSet(t *testing.T) {
	t.Parallel()
	block := func(k channels.BlockKind, text, link string) channels.Block {
		return channels.Block{Kind: k, Text: text, Link: link}
	}
	out := channels.Outbound{Blocks: []channels.Block{
		block(channels.Heading, "Fees", ""),
		block(channels.Paragraph, "Two lines\nof words.", ""),
		block(channels.Item, "Visa", "https://example.org/a_b"),
		block(channels.Item, "Call", "tel:+92511234567"),
		block(channels.Item, "Call 051 111 234", "tel:051111234"),
		block(channels.Quiet, "Source, 1 May", ""),
		block(channels.Quiet, "with_a_mark", "javascript:alert(1)"),
	}}
	if got, want := whatsappcloud.Compose(out, 4096), "*Fees*\n\nTwo lines\nof words.\n\n• Visa\nhttps://example.org/a_b\n• Call: +92511234567\n• Call 051 111 234\n\n_Source, 1 May_\n\nwith_a_mark"; got != want {
		t.Errorf("%q", got)
	}
	rtl := channels.Outbound{RTL: true, Blocks: []channels.Block{
		block(channels.Heading, "فیس", ""),
		block(channels.Item, "ویزا", "https://example.org"),
		block(channels.Item, "WhatsApp پر", ""),
		block(channels.Paragraph, "12 دن\nاور", ""),
	}}
	if got, want := whatsappcloud.Compose(rtl, 4096), "*فیس*\n\n• ویزا\nhttps://example.org\n\u200f• WhatsApp پر\n\n\u200f12 دن\nاور"; got != want {
		t.Errorf("%q", got)
	}
	// Where there is no room the dress goes, then the links, never the words.
	many := channels.Outbound{}
	for range 100 {
		many.Blocks = append(many.Blocks, block(channels.Item, strings.Repeat("x", 39), "https://example.org/somewhere"))
	}
	for _, limit := range []int{4096, 4200, 7000, 8000} {
		s := whatsappcloud.Compose(many, limit)
		links := strings.Count(s, "https://")
		if channels.UTF16(s) > limit || strings.Count(s, strings.Repeat("x", 39)) != 100 || limit-channels.UTF16(s) > 30 && links < 100 {
			t.Errorf("within %d: %d units, %d links", limit, channels.UTF16(s), links)
		}
	}
}

// After the window nothing is asked of Meta, unless it is a template.
func TestTheWindow(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	now := time.Now()
	ch, _ := g.channel(func(o *whatsappcloud.Options) { o.Now = func() time.Time { return now } })
	for _, author := range []channels.Author{channels.Program, channels.Staff} {
		for ago, open := range map[time.Duration]bool{time.Minute: true, 24 * time.Hour: true, 24*time.Hour + time.Second: false, 1 << 62: false} {
			before := g.calls()
			out := to(user, "hello")
			out.Author, out.LastActed = author, now.Add(-ago)
			if ago == 1<<62 {
				out.LastActed = time.Time{}
			}
			_, err := ch.Send(t.Context(), out)
			var problem *channels.SendError
			switch {
			case open && err != nil:
				t.Errorf("%s, %v: %v", author, ago, err)
			case !open && (!errors.As(err, &problem) || problem.Problem != channels.Expired || g.calls() != before):
				t.Errorf("%s, %v: %v, and Meta was asked %d times", author, ago, err, g.calls()-before)
			}
		}
	}
	if l := ch.Limits(); l.Window != 24*time.Hour || l.Human != 24*time.Hour {
		t.Errorf("%+v", l)
	}
}

func attachment(kind channels.Kind, mime, name, content string) *channels.Attachment {
	return &channels.Attachment{
		ID: "f", Kind: kind, Type: mime, Name: name, Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

func TestFilesThatAreSent(t *testing.T) {
	t.Parallel()
	big := attachment(channels.Picture, "image/jpeg", "big.jpg", "x")
	big.Size = 6 << 20
	big.Open = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, 6<<20))), nil }
	huge := attachment(channels.Document, "application/pdf", "a.pdf", "x")
	huge.Size = 21 << 20
	for name, x := range map[string]struct {
		file    *channels.Attachment
		words   string
		options []string
		upload  string // "" is refused
		want    []string
	}{
		"voice":    {attachment(channels.Voice, "audio/ogg", "", "OggS"), "", nil, "audio/ogg; codecs=opus", []string{`{"audio":{"id":"900000000000001","voice":true},"type":"audio"}`}},
		"mp3":      {attachment(channels.Voice, "audio/mpeg", "", "x"), "", nil, "audio/mpeg", []string{`{"audio":{"id":"900000000000001"},"type":"audio"}`}},
		"wav":      {attachment(channels.Voice, "audio/wav", "n.wav", "x"), "", nil, "audio/wav", []string{`{"document":{"filename":"n.wav","id":"900000000000001"},"type":"document"}`}},
		"picture":  {attachment(channels.Picture, "image/png", "p.png", "x"), "the form", nil, "image/png", []string{`{"image":{"caption":"the form","id":"900000000000001"},"type":"image"}`}},
		"webp":     {attachment(channels.Picture, "image/webp", "p.webp", "x"), "", nil, "image/webp", []string{`{"document":{"filename":"p.webp","id":"900000000000001"},"type":"document"}`}},
		"large":    {big, "", nil, "image/jpeg", []string{`{"document":{"filename":"big.jpg","id":"900000000000001"},"type":"document"}`}},
		"document": {attachment(channels.Document, "application/pdf", "../a/b\\\u202efdp.exe", "x"), "sign it", nil, "application/pdf", []string{`{"document":{"caption":"sign it","filename":"fdp.exe","id":"900000000000001"},"type":"document"}`}},
		"nameless": {attachment(channels.Document, "application/pdf", "", "x"), "", nil, "application/pdf", []string{`{"document":{"filename":"file","id":"900000000000001"},"type":"document"}`}},
		"long words": {attachment(channels.Picture, "image/png", "p.png", "x"), strings.Repeat("x", 1025), nil, "image/png", []string{
			`{"image":{"id":"900000000000001"},"type":"image"}`, `{"text":{"body":"` + strings.Repeat("x", 1025) + `","preview_url":false},"type":"text"}`,
		}},
		"words with a voice": {attachment(channels.Voice, "audio/ogg", "", "OggS"), "listen", nil, "audio/ogg; codecs=opus", []string{
			`{"audio":{"id":"900000000000001","voice":true},"type":"audio"}`, `{"text":{"body":"listen","preview_url":false},"type":"text"}`,
		}},
		"choices": {attachment(channels.Picture, "image/png", "p.png", "x"), "Which?", []string{"A"}, "image/png", []string{
			`{"image":{"id":"900000000000001"},"type":"image"}`,
			`{"interactive":{"action":{"buttons":[{"reply":{"id":"key-1","title":"A"},"type":"reply"}]},"body":{"text":"Which?"},"type":"button"},"type":"interactive"}`,
		}},
		"huge":      {huge, "", nil, "", nil},
		"not there": {&channels.Attachment{Kind: channels.Document, Type: "application/pdf"}, "", nil, "", nil},
	} {
		g := newWire(t)
		ch, _ := g.channel(nil)
		out := to(user, x.words, x.options...)
		out.Attachment = x.file
		_, err := ch.Send(t.Context(), out)
		if x.upload == "" {
			if err == nil || g.calls() != 0 {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		up := g.uploads()
		if len(up) != 1 || up[0].form["messaging_product"] != "whatsapp" || up[0].form["type"] != x.upload || up[0].fileType != x.upload || int64(len(up[0].file)) != x.file.Size {
			t.Errorf("%s was uploaded as %+v", name, up)
		}
		var sent []string
		for _, m := range g.sent() {
			sent = append(sent, plain(t, m))
		}
		if !reflect.DeepEqual(sent, x.want) {
			t.Errorf("%s was sent as\n%s", name, strings.Join(sent, "\n"))
		}
	}
}

// Where an upload is lost nothing was sent, and it can be tried again.
func TestALostUploadIsNoMessage(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	ch, _ := g.channel(nil)
	out := to(user, "")
	out.Attachment = attachment(channels.Document, "application/pdf", "a.pdf", "x")
	for answer, want := range map[string]channels.SendProblem{
		"504 <html>":                  channels.Unavailable,
		"{}":                          channels.Unavailable,
		refusal(400, 131053, ""):      channels.Unavailable,
		refusal(401, 190, ""):         channels.Misset,
		refusal(400, 100, ""):         channels.Rejected,
		refusal(429, 130429, ""):      channels.Throttled,
		`200 {"id":`:                  channels.Unavailable,
		refusal(500, 1, ""):           channels.Unavailable,
		refusal(413, 0, ``):           channels.Rejected,
		`413 <html>`:                  channels.Rejected,
		refusal(400, 131031, ``):      channels.Misset,
		refusal(400, 100, `,"x":"y"`): channels.Rejected,
	} {
		g.answer("POST /"+numberID+"/media", answer)
		_, err := ch.Send(t.Context(), out)
		var problem *channels.SendError
		if !errors.As(err, &problem) || problem.Problem != want {
			t.Errorf("%s: %v", answer, err)
		}
	}
	if len(g.sent()) != 0 {
		t.Error("something was sent")
	}
}

// Each code that Meta refuses a message with says what is to be done, and the
// error holds nothing of anybody.
func TestCodesOfRefusals(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	ch, log := g.channel(nil)
	want := map[int]channels.SendProblem{
		4: channels.Throttled, 80007: channels.Throttled, 130429: channels.Throttled, 131048: channels.Throttled,
		131056: channels.Throttled, 133016: channels.Throttled, 131064: channels.Throttled,
		131000: channels.Unavailable, 131016: channels.Unavailable, 131053: channels.Unavailable, 131057: channels.Unavailable,
		1: channels.Unavailable, 2: channels.Unavailable,
		131047: channels.Expired, 131026: channels.Rejected, 131049: channels.Rejected, 131050: channels.Rejected,
		130472: channels.Rejected, 131021: channels.Rejected, 131008: channels.Rejected, 131009: channels.Rejected,
		100: channels.Rejected, 131051: channels.Rejected, 131052: channels.Rejected, 132000: channels.Rejected,
		132001: channels.Rejected, 132005: channels.Rejected, 132007: channels.Rejected, 132012: channels.Rejected,
		132015: channels.Rejected, 132016: channels.Rejected, 131062: channels.Rejected, 130497: channels.Rejected,
		131030: channels.Misset, 131042: channels.Misset, 131031: channels.Misset, 368: channels.Misset, 3: channels.Misset,
		10: channels.Misset, 190: channels.Misset, 200: channels.Misset, 299: channels.Misset, 131005: channels.Misset,
		131045: channels.Misset, 131037: channels.Misset, 133010: channels.Misset, 133015: channels.Misset, 0: channels.Misset,
		139999: channels.Rejected, // a code that came later
	}
	for code := range whatsappcloud.Verdicts() {
		if _, ok := want[code]; !ok {
			t.Errorf("nobody looks at %d", code)
		}
	}
	for code, problem := range want {
		status := 400
		if code == 0 {
			status = 401
		}
		g.answer("POST /"+numberID+"/messages", refusal(status, code, `,"error_data":{"details":"to +491500000000"}`))
		_, err := ch.Send(t.Context(), to(user, "the secret word"))
		var got *channels.SendError
		if !errors.As(err, &got) || got.Problem != problem {
			t.Errorf("%d: %v, not %s", code, err, problem)
			continue
		}
		if (got.Problem == channels.Throttled) != (got.After > 0) {
			t.Errorf("%d: after %v", code, got.After)
		}
		for _, bad := range []string{"4915", "DE.1", "the secret", token} {
			if strings.Contains(err.Error(), bad) || strings.Contains(log.String(), bad) {
				t.Errorf("%d: %q stands in %v, log %s", code, bad, err, log)
			}
		}
	}
	g.answer("POST /"+numberID+"/messages", refusal(400, 100, `,"error_subcode":33`))
	var got *channels.SendError
	if _, err := ch.Send(t.Context(), to(user, "x")); !errors.As(err, &got) || got.Problem != channels.Misset {
		t.Errorf("a number that Meta does not know: %v", err)
	}
}

// Too many to one person: four times as long each time in a row, for them alone.
func TestThePairRate(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	now := time.Now()
	ch, _ := g.channel(func(o *whatsappcloud.Options) { o.Unpaced, o.Now = false, func() time.Time { return now } })
	good := `{"messages":[{"id":"wamid.OUT2"}]}`
	g.answer("POST /"+numberID+"/messages", refusal(400, 131056, ""))
	send := func(id string) (time.Duration, error) {
		_, err := ch.Send(t.Context(), to(id, "x"))
		var problem *channels.SendError
		if errors.As(err, &problem) {
			return problem.After, err
		}
		return 0, err
	}
	for _, want := range []time.Duration{4, 16, 64, 256, 1024, 3600, 3600} {
		after, err := send(user)
		if after != want*time.Second {
			t.Errorf("it says %v (%v), not %d s", after, err, want)
		}
		calls := g.calls()
		if again, _ := send(user); again <= 0 || g.calls() != calls {
			t.Errorf("it is tried again at once: %v", again)
		}
		now = now.Add(after)
	}
	g.answer("POST /"+numberID+"/messages", good)
	if _, err := send(user); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	g.answer("POST /"+numberID+"/messages", refusal(400, 131056, ""), good)
	if after, _ := send(user); after != 4*time.Second {
		t.Errorf("after one that was taken it begins with %v", after)
	}
	if _, err := send(phone); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

// One person gets 45 at once, then one in six seconds; another is not kept waiting.
func TestHowFastItSends(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	now := time.Now()
	ch, _ := g.channel(func(o *whatsappcloud.Options) { o.Unpaced, o.Now = false, func() time.Time { return now } })
	taken := 0
	var last error
	for range 50 {
		if _, last = ch.Send(t.Context(), to(user, "x")); last == nil {
			taken++
		}
	}
	var problem *channels.SendError
	if taken != 45 || !errors.As(last, &problem) || problem.Problem != channels.Throttled || problem.After <= 0 || problem.After > 6*time.Second {
		t.Errorf("%d were taken, then %v", taken, last)
	}
	if _, err := ch.Send(t.Context(), to(phone, "x")); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	now = now.Add(6 * time.Second)
	if _, err := ch.Send(t.Context(), to(user, "x")); err != nil {
		t.Errorf("six seconds later: %v", err)
	}
}

// What cannot go to a user id goes to the number, where it is known.
func TestTheNumberWhereTheUserIDIsNotTaken(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	ch, _ := g.channel(nil)
	g.answer("POST /"+numberID+"/messages", refusal(400, 131062, ""), `{"messages":[{"id":"wamid.OUT2"}]}`)
	body := payload(t, "text")
	if status, _ := call(ch.Handler((&desk{}).sink), body, sign(body)); status != 200 {
		t.Fatal(status)
	}
	receipt, err := ch.Send(t.Context(), to(user, "x"))
	if err != nil || receipt.ID != "wamid.OUT2" {
		t.Errorf("%+v, %v", receipt, err)
	}
	if sent := g.sent(); len(sent) != 2 || sent[1]["to"] != "491500000000" || sent[1]["recipient"] != nil {
		t.Errorf("%v", sent)
	}
}

// An answer that is lost says so, with how long to wait for Meta's own word of it.
func TestALostAnswer(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	ch, _ := g.channel(nil)
	for _, answer := range []string{"502 <html>", `200 {"messages":[`} {
		g.answer("POST /"+numberID+"/messages", answer)
		_, err := ch.Send(t.Context(), to(user, "x"))
		var problem *channels.SendError
		if !errors.As(err, &problem) || problem.Problem != channels.NoAnswer || problem.After <= 0 {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

// Typing marks the newest message of the person as read; without one nothing is asked.
func TestTyping(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	ch, _ := g.channel(nil)
	g.answer("POST /"+numberID+"/messages", `{"success":true}`)
	if err := ch.Typing(t.Context(), address(user)); err != nil || g.calls() != 0 {
		t.Errorf("%v, %d calls", err, g.calls())
	}
	if err := ch.Typing(t.Context(), address("nobody")); err == nil {
		t.Error("to nobody it works")
	}
	h := ch.Handler((&desk{}).sink)
	for _, name := range []string{"text", "voice", "echo", "standby"} {
		if status, _ := call(h, payload(t, name), sign(payload(t, name))); status != 200 {
			t.Fatal(status)
		}
	}
	_, want, _ := told(t, payload(t, "voice"))
	for _, id := range []string{user, phone} {
		if err := ch.Typing(t.Context(), address(id)); err != nil {
			t.Errorf("%v", err)
		}
	}
	sent := g.sent()
	if len(sent) != 2 || sent[0]["message_id"] != want || sent[0]["status"] != "read" || !reflect.DeepEqual(sent[0]["typing_indicator"], map[string]any{"type": "text"}) {
		t.Errorf("%v, want %s", sent, want)
	}
}

// However many write, not more than so many are kept in mind.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	ch, h, _, _ := receiver(t)
	for i := range 60 {
		var all []string
		for j := range 200 {
			n := i*200 + j
			all = append(all, fmt.Sprintf(`{"from":"49%09d","id":"wamid.%d","timestamp":"1","type":"text","text":{"body":"x"}}`, n, n))
		}
		body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[` + strings.Join(all, ",") + `]}}]}]}`)
		if status, _ := call(h, body, sign(body)); status != 200 {
			t.Fatal(status)
		}
	}
	if n := ch.Heard(); n != 10_000 {
		t.Errorf("%d are kept in mind", n)
	}
}
