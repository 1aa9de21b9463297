// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/whatsappcloud"
	"sarai/standin/graph"
)

// Everything that a person does arrives as what it is, from one contact, whether
// ids come as numbers or as strings and whether the person has a username.
func TestAPersonTalks(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	who := p.api.Contact("491500000001", "A")
	me, mine := address("user:"+who.User()), address("phone:491500000001")
	say := func(want channels.Kind, do func() string) channels.Inbound {
		t.Helper()
		id := do()
		in := p.last()
		if in.Kind != want || id != "" && in.ID != id || in.From != me {
			t.Errorf("%s %s arrived as %s %s from %v", want, id, in.Kind, in.ID, ids(in))
		}
		return in
	}
	first := say(channels.Text, func() string { return who.Say("میرا پاسپورٹ") })
	if first.Text != "میرا پاسپورٹ" || !slices.Equal(first.Aliases, []channels.Address{mine}) {
		t.Errorf("%q, %v", first.Text, ids(first))
	}
	p.api.Numeric(true)
	say(channels.Text, func() string { return who.Say("as numbers") })
	p.api.Numeric(false)
	who.Username("@a_user")
	if in := say(channels.Text, func() string { return who.Say("hidden") }); len(in.Aliases) != 0 {
		t.Errorf("%v", ids(in))
	}
	who.Username("")
	if in := say(channels.Text, func() string { return who.FromAd("120200000000001", "from an ad") }); in.Campaign != "120200000000001" {
		t.Errorf("the campaign is %q", in.Campaign)
	}
	say(channels.Place, func() string { return who.Place(33.5, 73.1, "here") })
	say(channels.Contact, func() string { return who.Card("B", "+00 1") })
	say(channels.Edited, func() string { who.Edit(first.ID, "corrected"); return "" })
	say(channels.Reaction, func() string { who.React(first.ID, "👍"); return "" })
	say(channels.Deleted, func() string { who.Revoke(first.ID); return "" })
	say(channels.Unknown, who.Unsupported)
	say(channels.Unknown, who.Strange)
	if in := say(channels.Text, func() string { return who.Answer("come in tomorrow") }); in.Staff != channels.BusinessApp {
		t.Errorf("a colleague's words are %+v", in)
	}
	before := len(p.desk.in)
	who.InGroup("120363000000000000", "to all")
	p.settle()
	if len(p.desk.in) != before || p.ch.Counts().Groups != 1 {
		t.Errorf("words in a group arrived, or were not counted")
	}
	who.Reidentify("DE.2")
	p.settle()
	renamed := 0
	for _, in := range p.desk.in[before:] {
		if in.Kind == channels.Renamed && in.From == address("user:DE.2") && slices.Contains(in.Aliases, me) {
			renamed++
		}
	}
	if renamed != 2 { // by the system message, and by the field
		t.Errorf("another id arrived as %+v", p.desk.in[before:])
	}
	who.Renumber("491500000002")
	if in := p.last(); in.Kind != channels.Renamed || in.From != address("phone:491500000002") || !slices.Contains(in.Aliases, mine) {
		t.Errorf("another number arrived as %s, %v", in.Kind, ids(in))
	}
	if secret(p.logged()) {
		t.Errorf("the log holds too much: %s", p.logged())
	}
}

// Two people in one call of Meta's, with something unreadable between them.
func TestOneCallOfMany(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	p.api.Together(func() {
		p.api.Contact("491500000001", "").Say("one")
		if err := p.api.Event(graph.WhatsApp, []byte(`{"messages":[{"id":[],"type":"text"}]}`)); err != nil {
			t.Error(err)
		}
		p.api.Contact("491500000002", "").Say("two")
		p.api.Trouble(131042, "Business eligibility payment issue")
	})
	p.settle()
	var texts []string
	for _, in := range p.desk.in {
		texts = append(texts, in.Text)
	}
	slices.Sort(texts)
	if !slices.Equal(texts, []string{"", "one", "two"}) {
		t.Errorf("%q arrived", texts)
	}
	found := p.ch.Check(t.Context())
	if !slices.ContainsFunc(found, func(f channels.Finding) bool {
		return !f.OK && f.What == "whatsapp_cloud account" && strings.Contains(f.Advice, "payment")
	}) {
		t.Errorf("the trouble of the account is not told: %+v", found)
	}
}

// What becomes of a message is told by its key, what it costs too, and whoever
// pressed a choice under it is understood.
func TestAMessageAndWhatBecomesOfIt(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	who := p.api.Contact("491500000001", "")
	who.Say("salam")
	me := p.last().From
	out := to(me.ID, "Which?", "Visa", "Wages")
	receipt, err := p.ch.Send(t.Context(), out)
	if err != nil || receipt.ID == "" {
		t.Fatalf("%+v, %v", receipt, err)
	}
	who.Read()
	states := map[channels.Delivery]bool{}
	for _, r := range p.reports() {
		if r.To != me || r.ID != receipt.ID || r.Key != "thread/3/0" || r.Price == "" && r.State != channels.Read || r.At.IsZero() {
			t.Errorf("a report is %+v", r)
		}
		states[r.State] = true
	}
	if len(states) != 3 || !states[channels.Sent] || !states[channels.Delivered] || !states[channels.Read] {
		t.Errorf("reported were %v", states)
	}
	who.Press(receipt.ID, "key-2")
	if in := p.last(); in.Kind != channels.Choice || in.Choice != "key-2" || in.Text != "Wages" {
		t.Errorf("the press arrived as %+v", in)
	}
	p.desk.clear()
	who.Fails(receipt.ID, 131026)
	if all := p.reports(); len(all) != 1 || all[0].State != channels.Failed || all[0].Problem != channels.Rejected {
		t.Errorf("a failure was told as %+v", all)
	}
	who.Block()
	var problem *channels.SendError
	if _, err := p.ch.Send(t.Context(), out); !errors.As(err, &problem) || problem.Problem != channels.Rejected {
		t.Errorf("to whom has blocked the number: %v", err)
	}
}

// A message whose answer was lost is told of by Meta, under its key.
func TestALostAnswerIsSettled(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	who := p.api.Contact("491500000001", "")
	who.Say("salam")
	me := p.last().From
	p.api.Fail("POST /*/messages", graph.Fault{Done: true, Cut: true})
	out := to(me.ID, "hello")
	out.Key = "thread/9/1"
	_, err := p.ch.Send(t.Context(), out)
	var problem *channels.SendError
	if !errors.As(err, &problem) || problem.Problem != channels.NoAnswer || problem.After <= 0 {
		t.Fatalf("%v", err)
	}
	if all := p.reports(); len(all) == 0 || all[0].Key != "thread/9/1" || all[0].ID == "" {
		t.Errorf("%+v", all)
	}
}

// A voice note goes both ways as one, byte for byte.
func TestVoiceNotes(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	who := p.api.Contact("491500000001", "")
	sound := append([]byte("OggS"), bytes.Repeat([]byte{1, 2, 3}, 5000)...)
	who.Attach("audio", graph.File{Type: "audio/ogg; codecs=opus", Voice: true, Data: sound}, "")
	in := p.last()
	if in.Kind != channels.Voice || len(in.Media) != 1 {
		t.Fatalf("%+v", in)
	}
	content, err := p.ch.Fetch(t.Context(), in.Media[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(content)
	if err != nil || !bytes.Equal(got, sound) {
		t.Errorf("%d of %d bytes, %v", len(got), len(sound), err)
	}
	content.Close()

	out := to(in.From.ID, "")
	out.Attachment = &channels.Attachment{
		Kind: channels.Voice, Type: "audio/ogg", Size: int64(len(sound)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(sound)), nil },
	}
	receipt, err := p.ch.Send(t.Context(), out)
	if err != nil {
		t.Fatal(err)
	}
	m := who.Last()
	if m.Type != "audio" || m.File == nil || !m.File.Voice || !bytes.Equal(m.File.Data, sound) {
		t.Errorf("it arrived as %+v", m)
	}
	who.Play(receipt.ID)
	if all := p.reports(); all[len(all)-1].State != channels.Played {
		t.Errorf("%+v", all)
	}
}

// A file comes from Meta's own hosts, with the token to nobody else.
func TestFilesThatCannotBeHad(t *testing.T) {
	t.Parallel()
	g := newWire(t)
	ch, _ := g.channel(nil)
	for name, x := range map[string]struct {
		ref, answer string
		want        channels.SendProblem
	}{
		"elsewhere":       {"900000000000001", `{"url":"https://example.org/x","file_size":3}`, channels.Rejected},
		"like Meta's":     {"900000000000001", `{"url":"https://lookaside.fbsbx.com.example.org/x"}`, channels.Rejected},
		"with a user":     {"900000000000001", `{"url":"https://a@lookaside.fbsbx.com/x"}`, channels.Rejected},
		"nowhere":         {"900000000000001", `{}`, channels.Rejected},
		"too large":       {"900000000000001", `{"url":"HERE/x","file_size":99999999}`, channels.Rejected},
		"over":            {"900000000000001", refusal(400, 100, `,"error_subcode":33`), channels.Rejected},
		"a wrong token":   {"900000000000001", refusal(401, 190, ""), channels.Misset},
		"Meta is away":    {"900000000000001", "502 <html>", channels.Unavailable},
		"a path":          {"../../x", "{}", channels.Rejected},
		"no ref":          {"", "{}", channels.Rejected},
		"a question mark": {"1?x=y", "{}", channels.Rejected},
	} {
		g.answer("GET /900000000000001", x.answer)
		_, err := ch.Fetch(t.Context(), channels.Media{Ref: x.ref})
		var problem *channels.SendError
		if !errors.As(err, &problem) || problem.Problem != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Typing is shown to the person, and their message is marked as read.
func TestTypingIsSeen(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	who := p.api.Contact("491500000001", "")
	who.Say("salam")
	me := p.last().From
	if err := p.ch.Typing(t.Context(), me); err != nil || who.Action() != "typing" || !who.Seen() {
		t.Errorf("%v, %q, seen %v", err, who.Action(), who.Seen())
	}
}

// Templates: the approved ones, their places counted, and sent after the window.
func TestTemplates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := open(t, graph.Options{Now: func() time.Time { return now }}, func(o *whatsappcloud.Options) { o.Now = func() time.Time { return now } })
	p.api.Template(graph.Template{Name: "case_update", Language: "ur", Header: "News", Body: "Your case {{1}} is at {{2}}.", Footer: "The centre", Buttons: []string{"Stop"}})
	p.api.Template(graph.Template{Name: "case_update", Language: "fa", Body: "{{case}}: {{day}}"})
	p.api.Template(graph.Template{Name: "waits", Language: "en", Body: "x", Status: "PENDING"})
	p.api.Template(graph.Template{Name: "bare", Language: "en", Body: "Please write to us."})
	p.api.Template(graph.Template{Name: "headed", Language: "en", Header: "For {{1}}", Body: "x"})
	p.api.Template(graph.Template{Name: "code", Language: "en", Category: "AUTHENTICATION", Body: "{{1}}"})
	all, err := p.ch.Templates(t.Context())
	var names []string
	for _, x := range all {
		names = append(names, x.Name+"/"+x.Language)
	}
	if err != nil || !slices.Equal(names, []string{"bare/en", "case_update/fa", "case_update/ur"}) {
		t.Fatalf("%v, %v", names, err)
	}
	if x := all[2]; x.Header != "News" || x.Body != "Your case {{1}} is at {{2}}." || x.Footer != "The centre" || x.Category != "UTILITY" || len(x.Fields) != 2 {
		t.Errorf("%+v", x)
	}
	if x := all[1]; x.Body != "{{1}}: {{2}}" || len(x.Fields) != 2 {
		t.Errorf("places with names are %+v", x)
	}
	asked := p.api.Calls("GET /*/message_templates")
	if _, err := p.ch.Templates(t.Context()); err != nil || p.api.Calls("GET /*/message_templates") != asked {
		t.Error("they are asked for each time")
	}

	who := p.api.Contact("491500000001", "")
	who.Say("salam")
	me := p.last().From
	now = now.Add(48 * time.Hour)
	send := func(name, language string, values ...string) error {
		out := to(me.ID, "as the desk shows it")
		out.LastActed = now.Add(-48 * time.Hour)
		out.Template = &channels.Filled{Name: name, Language: language, Values: values}
		_, err := p.ch.Send(t.Context(), out)
		return err
	}
	for _, x := range []struct {
		name, language string
		values         []string
		text           string // "" is refused
	}{
		{"case_update", "ur", []string{"A-17", "Lahore"}, "News\nYour case A-17 is at Lahore.\nThe centre"},
		{"case_update", "fa", []string{"A-17", "Monday"}, "A-17: Monday"},
		{"bare", "en", nil, "Please write to us."},
		{"case_update", "ur", []string{"A-17"}, ""},
		{"case_update", "ur", []string{"A-17", "x", "y"}, ""},
		{"case_update", "ur", []string{"A-17", ""}, ""},
		{"case_update", "ur", []string{"A-17", "two\nlines"}, ""},
		{"case_update", "ur", []string{"A-17", "a\ttab"}, ""},
		{"case_update", "ur", []string{"A-17", "four    spaces"}, ""},
		{"case_update", "ur", []string{"A-17", strings.Repeat("x", 1100)}, ""},
		{"case_update", "en", []string{"A-17", "x"}, ""},
		{"waits", "en", nil, ""},
		{"", "", nil, ""},
	} {
		calls := p.api.Calls("POST /*/messages")
		err := send(x.name, x.language, x.values...)
		if x.text == "" {
			var problem *channels.SendError
			if !errors.As(err, &problem) || problem.Problem != channels.Rejected || p.api.Calls("POST /*/messages") != calls {
				t.Errorf("%s %q: %v", x.name, x.values, err)
			}
			continue
		}
		if m := who.Last(); err != nil || m.Template != x.name || m.Text != x.text || m.Key != "thread/3/0" {
			t.Errorf("%s: %v, %+v", x.name, err, m)
		}
	}

	// What Meta tells of a template is known at once.
	p.api.Template(graph.Template{Name: "bare", Language: "en", Body: "Please write to us.", Status: "PAUSED"})
	p.settle()
	var problem *channels.SendError
	if err := send("bare", "en"); !errors.As(err, &problem) || problem.Problem != channels.Rejected {
		t.Errorf("one that is paused: %v", err)
	}
	if !strings.Contains(p.logged(), "event=PAUSED") {
		t.Errorf("the operator is not told: %s", p.logged())
	}
	// Where the list cannot be had, Meta itself says what is wrong.
	now = now.Add(time.Hour)
	p.api.Fail("GET /*/message_templates", graph.Fault{Times: -1})
	if err := send("case_update", "ur", "A-17", "Karachi"); err != nil {
		t.Errorf("without the list: %v", err)
	}
	if err := send("case_update", "ur", "A-17"); !errors.As(err, &problem) || problem.Problem != channels.Rejected {
		t.Errorf("without the list, a place too few: %v", err)
	}
	if _, err := p.ch.Templates(t.Context()); !errors.As(err, &problem) || problem.Problem != channels.Unavailable {
		t.Errorf("the list: %v", err)
	}
}

// A file that is larger than WhatsApp takes of its kind is refused for good, and a
// fault of Meta's while it is taken in is not.
func TestFilesThatAreTooLarge(t *testing.T) {
	t.Parallel()
	p := open(t, graph.Options{}, nil)
	who := p.api.Contact("491500000001", "")
	who.Say("salam")
	me := p.last().From
	send := func(mime string, size int) channels.SendProblem {
		out := to(me.ID, "")
		out.Attachment = &channels.Attachment{
			Kind: channels.Document, Type: mime, Name: "f", Size: int64(size),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, size))), nil },
		}
		_, err := p.ch.Send(t.Context(), out)
		var problem *channels.SendError
		if errors.As(err, &problem) {
			return problem.Problem
		}
		return ""
	}
	for _, x := range []struct {
		mime string
		size int
		want channels.SendProblem
	}{
		{"image/jpeg", 6 << 20, channels.Rejected},
		{"image/webp", 600 << 10, channels.Rejected},
		{"audio/mpeg", 17 << 20, channels.Rejected},
		{"application/zip", 10, channels.Rejected},
		{"application/pdf", 6 << 20, ""},
		{"image/jpeg", 4 << 20, ""},
	} {
		if got := send(x.mime, x.size); got != x.want {
			t.Errorf("%s of %d bytes: %q", x.mime, x.size, got)
		}
	}
	p.api.Fail("POST /*/media", graph.Fault{Code: 131053})
	if got := send("image/jpeg", 10); got != channels.Unavailable {
		t.Errorf("a fault: %q", got)
	}
}
