// SPDX-License-Identifier: GPL-3.0-or-later

package messenger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"sarai/channels"
	"sarai/channels/messenger"
	"sarai/standin/graph"
)

const somebody = "900001"

// talking is a place where somebody has written just now.
func talking(t *testing.T, o graph.Options) (*place, *graph.Person) {
	t.Helper()
	p := open(t, o, messenger.Options{Comments: true, AppID: graph.AppID}).serve()
	who := p.meta.Person(somebody, "A")
	who.Say("salam")
	p.settle()
	return p, who
}

func program(who *graph.Person) []graph.Message {
	return slices.DeleteFunc(who.Screen(), func(m graph.Message) bool { return m.By != "program" })
}

func staff(out channels.Outbound) channels.Outbound {
	out.Author = channels.Staff
	return out
}

// What a message is on the wire: its kind, the key, choices under it.
func TestAMessageOnTheWire(t *testing.T) {
	p, who := talking(t, graph.Options{})
	out := p.say(somebody, "talk/1/0", "Choose")
	for i := range 13 {
		out.Options = append(out.Options, channels.Option{Key: fmt.Sprintf("a:article-%d", i), Label: fmt.Sprintf("A label of twenty and more characters %d", i)})
	}
	r := p.send(out)
	m := who.Last()
	if r.ID != m.ID || m.Key != "sarai:talk/1/0" || m.Tag != "" || len(m.Buttons) != 13 {
		t.Fatalf("it arrived as %+v, the receipt is %+v", m, r)
	}
	for i, b := range m.Buttons {
		if b.Kind != "quick" || b.Payload != out.Options[i].Key || utf8.RuneCountInString(b.Title) > 20 || !strings.HasSuffix(b.Title, "…") {
			t.Errorf("choice %d is %+v", i, b)
		}
	}
	who.Tap("a:article-3")
	p.settle()
	all := p.kept.all()
	if in := all[len(all)-1]; in.Kind != channels.Choice || in.Choice != "a:article-3" {
		t.Errorf("the tap arrived as %s %q", in.Kind, in.Choice)
	}
	few := p.say(somebody, "talk/1/4", "Choose")
	few.Options = out.Options[:3]
	p.send(few)
	if m := who.Last(); m.Text != "Choose" || m.Key != "sarai:talk/1/4" || len(m.Buttons) != 3 || m.Buttons[2].Kind != "postback" {
		t.Errorf("three choices under a short text: %+v", m)
	}
	who.Say("and?") // a quick reply would be gone
	who.Press(who.Screen()[len(who.Screen())-2].ID, "a:article-2")
	p.settle()
	all = p.kept.all()
	if in := all[len(all)-1]; in.Kind != channels.Choice || in.Choice != "a:article-2" {
		t.Errorf("the button arrived as %s %q", in.Kind, in.Choice)
	}
	few.Key, few.Blocks[0].Text = "talk/1/5", strings.Repeat("x", 641)
	p.send(few)
	if m := who.Last(); len(m.Buttons) != 3 || m.Buttons[0].Kind != "quick" {
		t.Errorf("three choices under a long text: %+v", m)
	}
	out.Key = "talk/1/1"
	out.Options = append(out.Options, channels.Option{Key: "one-more", Label: "x"})
	if e := p.refused(out); e.Problem != channels.Rejected {
		t.Errorf("fourteen choices: %v", e)
	}
	if e := p.refused(p.say("no person:1", "talk/1/2", "x")); e.Problem != channels.Rejected {
		t.Errorf("an address that is none: %v", e)
	}
	if e := p.refused(p.say(somebody, "talk/1/3", " ")); e.Problem != channels.Rejected {
		t.Errorf("no words: %v", e)
	}
}

// Meta's window, at each border: who may write, and under which tag. A program's
// message never has one, and what comes too late never reaches Meta.
func TestTheWindow(t *testing.T) {
	p, who := talking(t, graph.Options{})
	acted := p.clock.Now()
	number := 0
	for _, x := range []struct {
		after   time.Duration
		author  channels.Author
		tag     string
		problem channels.SendProblem
	}{
		{0, channels.Program, "", ""},
		{0, channels.Staff, "", ""},
		{24*time.Hour - time.Second, channels.Program, "", ""},
		{24*time.Hour - time.Second, channels.Staff, "", ""},
		{24*time.Hour + time.Second, channels.Program, "", channels.Expired},
		{24*time.Hour + time.Second, "", "", channels.Expired},
		{24*time.Hour + time.Second, channels.Staff, "HUMAN_AGENT", ""},
		{7*24*time.Hour - time.Second, channels.Program, "", channels.Expired},
		{7*24*time.Hour - time.Second, channels.Staff, "HUMAN_AGENT", ""},
		{7*24*time.Hour + time.Second, channels.Program, "", channels.Expired},
		{7*24*time.Hour + time.Second, channels.Staff, "", channels.Expired},
	} {
		p.clock.pass(acted.Add(x.after).Sub(p.clock.Now()))
		number++
		out := p.say(somebody, fmt.Sprint("talk/", number, "/0"), "hello")
		out.LastActed, out.Author = acted, x.author
		before := p.meta.Calls("POST /*/messages")
		_, err := p.ch.Send(t.Context(), out)
		asked := p.meta.Calls("POST /*/messages") > before
		if x.problem == "" {
			if m := who.Last(); err != nil || m.Tag != x.tag || m.Key != "sarai:"+out.Key {
				t.Errorf("%s after %v: %v, tag %q", x.author, x.after, err, m.Tag)
			}
			continue
		}
		if e := p.problem(err); e.Problem != x.problem || asked {
			t.Errorf("%s after %v: %v, Meta was asked: %v", x.author, x.after, e, asked)
		}
	}
	out := p.say(somebody, "talk/never/0", "hello")
	out.LastActed = time.Time{}
	if e := p.refused(out); e.Problem != channels.Expired {
		t.Errorf("who never acted: %v", e)
	}
}

// Meta counts the day otherwise than we do: what staff wrote goes under the tag,
// what the program wrote does not go.
func TestMetaCountsTheDayOtherwise(t *testing.T) {
	p, who := talking(t, graph.Options{})
	p.clock.pass(25 * time.Hour) // and a comment of an hour ago counts for us, not for Meta
	out := p.say(somebody, "talk/1/0", "hello")
	out.LastActed = p.clock.Now().Add(-time.Hour)
	if e := p.refused(out); e.Problem != channels.Expired {
		t.Errorf("the program: %v", e)
	}
	if n := len(program(who)); n != 0 {
		t.Errorf("the program's message arrived %d times", n)
	}
	out.Key = "talk/1/1"
	p.send(staff(out))
	if m := who.Last(); m.Tag != "HUMAN_AGENT" {
		t.Errorf("the counsellor's went under the tag %q", m.Tag)
	}
}

func TestWithoutTheHumanAgentFeature(t *testing.T) {
	p, _ := talking(t, graph.Options{Denied: []string{"human_agent"}})
	acted := p.clock.Now()
	p.clock.pass(25 * time.Hour)
	out := staff(p.say(somebody, "talk/1/0", "hello"))
	out.LastActed = acted
	if e := p.refused(out); e.Problem != channels.Expired {
		t.Errorf("without the feature: %v", e)
	}
}

// What Meta says when it refuses, and what is to be done.
func TestWhatMetaRefuses(t *testing.T) {
	p, who := talking(t, graph.Options{})
	for i, x := range []struct {
		fault graph.Fault
		want  channels.SendProblem
	}{
		{graph.Fault{Code: 1}, channels.Unavailable},
		{graph.Fault{Code: 2}, channels.Unavailable},
		{graph.Fault{Code: 1200}, channels.Unavailable},
		{graph.Fault{Code: 100, Transient: true}, channels.Unavailable},
		{graph.Fault{Code: 551, Subcode: 1545041}, channels.Blocked},
		{graph.Fault{Code: 200, Subcode: 1545041}, channels.Blocked},
		{graph.Fault{Code: 10, Subcode: 2018108}, channels.Blocked},
		{graph.Fault{Code: 100, Subcode: 2018001}, channels.Blocked},
		{graph.Fault{Status: 403, Code: 10, Subcode: 2018278}, channels.Expired},
		{graph.Fault{Code: 10, Subcode: 2534022}, channels.Expired},
		{graph.Fault{Code: 10, Subcode: 2018065}, channels.Expired},
		{graph.Fault{Code: 10, Subcode: 2018300}, channels.Rejected},
		{graph.Fault{Status: 401, Code: 190, Subcode: 458}, channels.Misset},
		{graph.Fault{Status: 401, Code: 190, Subcode: 460}, channels.Misset},
		{graph.Fault{Code: 200}, channels.Misset},
		{graph.Fault{Code: 230}, channels.Misset},
		{graph.Fault{Code: 10}, channels.Misset},
		{graph.Fault{Code: 3}, channels.Misset},
		{graph.Fault{Code: 368}, channels.Misset},
		{graph.Fault{Code: 10904}, channels.Misset},
		{graph.Fault{Code: 10903}, channels.Rejected},
		{graph.Fault{Code: 100}, channels.Rejected},
		{graph.Fault{Code: 100, Subcode: 33}, channels.Rejected},
		{graph.Fault{Code: 987654}, channels.Rejected},
		{graph.Fault{Status: 500, Code: 987654}, channels.Unavailable},
		{graph.Fault{Status: 502, Body: "<html>bad gateway</html>"}, channels.NoAnswer},
		{graph.Fault{Status: 404, Body: "<html>not found</html>"}, channels.Unavailable},
		{graph.Fault{Status: 200, Body: "<html>please log in</html>"}, channels.NoAnswer},
		{graph.Fault{Cut: true}, channels.NoAnswer},
		{graph.Fault{Done: true, Status: 504, Body: "<html>timed out</html>"}, channels.NoAnswer},
	} {
		x.fault.Message = "about confidential words"
		p.meta.Fail("POST /*/messages", x.fault)
		before := len(program(who))
		e := p.refused(p.say(somebody, fmt.Sprintf("talk/%d/0", i), "confidential words"))
		if e.Problem != x.want {
			t.Errorf("%+v: %v, want %s", x.fault, e, x.want)
		}
		if x.fault.Code != 0 && (!strings.Contains(e.Cause, fmt.Sprint(x.fault.Code)) || !strings.Contains(e.Cause, "fbtrace_id")) {
			t.Errorf("%+v: the operator reads %q", x.fault, e.Cause)
		}
		if n := len(program(who)); n != before && !x.fault.Done {
			t.Errorf("%+v: it arrived all the same", x.fault)
		}
	}
}

// Meta asks for a pause: nothing goes out before it is over.
func TestAPause(t *testing.T) {
	p, who := talking(t, graph.Options{})
	p.meta.Fail("POST /*/messages", graph.Fault{Status: 403, Code: 80006, Regain: 3})
	if e := p.refused(p.say(somebody, "talk/1/0", "one")); e.Problem != channels.Throttled || e.After != 3*time.Minute {
		t.Fatalf("%v after %v", e, e.After)
	}
	calls := p.meta.Calls("")
	if e := p.refused(p.say("900002", "talk/2/0", "two")); e.Problem != channels.Throttled || e.After <= 2*time.Minute || p.meta.Calls("") != calls {
		t.Errorf("within the pause: %v after %v", e, e.After)
	}
	p.clock.pass(3*time.Minute + time.Second)
	p.send(p.say(somebody, "talk/1/0", "one"))
	if n := len(program(who)); n != 1 {
		t.Errorf("it arrived %d times", n)
	}
	p.meta.Fail("POST /*/messages", graph.Fault{Status: 429, Body: "slow"})
	if e := p.refused(p.say(somebody, "talk/1/1", "one")); e.Problem != channels.Throttled || e.After != time.Minute {
		t.Errorf("without a length: %v after %v", e, e.After)
	}
}

// The answer is lost and Meta has taken the message: its echo tells so, by the key,
// and another try sends nothing.
func TestALostAnswerIsSettledByTheEcho(t *testing.T) {
	p, who := talking(t, graph.Options{})
	p.meta.Fail("POST /*/messages", graph.Fault{Done: true, Cut: true})
	if e := p.refused(p.say(somebody, "talk/1/0", "once only")); e.Problem != channels.NoAnswer {
		t.Fatal(e)
	}
	p.settle()
	m := who.Last()
	if !slices.ContainsFunc(p.reports(), func(r channels.Report) bool {
		return r.Key == "talk/1/0" && r.ID == m.ID && r.State == channels.Sent && r.To == address(somebody)
	}) {
		t.Fatalf("the echo was not reported: %+v", p.reports())
	}
	if !slices.ContainsFunc(p.reports(), func(r channels.Report) bool { return r.ID == m.ID && r.State == channels.Delivered }) {
		t.Error("the delivery was not reported")
	}
	if r := p.send(p.say(somebody, "talk/1/0", "once only")); r.ID != m.ID || len(program(who)) != 1 {
		t.Errorf("the second try gives %+v, and %d arrived", r, len(program(who)))
	}
	if got := p.kept.all(); len(got) != 1 {
		t.Errorf("the echo is an event too: %v", summaries(got))
	}
	who.Read()
	p.settle()
	if !slices.ContainsFunc(p.reports(), func(r channels.Report) bool {
		return r.State == channels.Read && !r.Before.Before(m.At.Truncate(time.Millisecond))
	}) {
		t.Error("that it was read was not reported")
	}
}

// Staff answer in the Page's own inbox.
func TestStaffInTheInbox(t *testing.T) {
	p, who := talking(t, graph.Options{})
	who.Answer(graph.Inbox, "Come tomorrow at nine")
	who.Answer("", "Bring your passport")
	p.settle()
	all := p.kept.all()
	if len(all) != 3 {
		t.Fatalf("%v arrived", summaries(all))
	}
	for _, in := range all[1:] {
		if in.Staff != channels.PageInbox || in.From != address(somebody) || in.Kind != channels.Text {
			t.Errorf("%+v is not staff's word to the person", in)
		}
	}
	who.Standby(true)
	who.Say("thank you")
	p.settle()
	all = p.kept.all()
	if in := all[len(all)-1]; !in.Standby || in.Staff != "" || in.Text != "thank you" {
		t.Errorf("in standby arrived %+v", in)
	}
}

func attached(out channels.Outbound, kind channels.Kind, mime string, content []byte) channels.Outbound {
	out.Attachment = &channels.Attachment{
		ID: "f", Kind: kind, Name: `C:\letters\my letter.pdf`, Type: mime, Size: int64(len(content)),
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
	return out
}

// A file goes first, its words and choices after it.
func TestFiles(t *testing.T) {
	p, who := talking(t, graph.Options{})
	for i, x := range []struct {
		kind channels.Kind
		mime string
		want string
		size int
	}{
		{channels.Picture, "image/jpeg", "image", 1000},
		{channels.Picture, "image/png", "image", 8 << 20},
		{channels.Picture, "image/png", "file", 8<<20 + 1},
		{channels.Picture, "image/tiff", "file", 1000},
		{channels.Voice, "audio/ogg; codecs=opus", "audio", 1000},
		{channels.Voice, "audio/mp4", "audio", 1000},
		{channels.Document, "application/pdf", "file", 1000},
		{channels.Document, "image/jpeg", "file", 1000},
	} {
		content := bytes.Repeat([]byte{byte(i), 'x', 0}, x.size/3+1)[:x.size]
		out := attached(staff(p.say(somebody, fmt.Sprintf("talk/%d/0", i), "The letter")), x.kind, x.mime, content)
		out.Options = []channels.Option{{Key: "menu", Label: "Menu"}}
		before := len(program(who))
		p.send(out)
		all := program(who)[before:]
		if len(all) != 2 {
			t.Fatalf("%s arrived as %d messages", x.mime, len(all))
		}
		f, words := all[0], all[1]
		if f.Type != x.want || f.File == nil || f.File.Size != x.size || f.File.Name != "my letter.pdf" || len(f.Buttons) != 0 || f.Key != "sarai-part:0:"+out.Key {
			t.Errorf("%s of %d bytes arrived as %+v, %+v", x.mime, x.size, f, f.File)
		}
		if words.Text != "The letter" || len(words.Buttons) != 1 || words.Key != "sarai:"+out.Key {
			t.Errorf("its words arrived as %+v", words)
		}
	}
	out := attached(p.say(somebody, "talk/alone/0", ""), channels.Document, "application/pdf", []byte("x"))
	p.send(out)
	if m := who.Last(); m.File == nil || m.Key != "sarai:talk/alone/0" {
		t.Errorf("a file without words arrived as %+v", m)
	}
	out = attached(p.say(somebody, "talk/large/0", ""), channels.Document, "application/pdf", nil)
	out.Attachment.Size = 25<<20 + 1
	if e := p.refused(out); e.Problem != channels.Rejected {
		t.Errorf("too large: %v", e)
	}
	p.meta.Fail("POST /*/message_attachments", graph.Fault{Code: 100, Subcode: 2018047})
	p.send(attached(p.say(somebody, "talk/odd/0", ""), channels.Voice, "audio/ogg", []byte("no sound")))
	if m := who.Last(); m.Type != "file" {
		t.Errorf("what Meta does not take as sound went as %q", m.Type)
	}
}

// A message of two parts breaks off in the middle: the next try sends only what is
// missing, whatever broke.
func TestNothingIsSentTwice(t *testing.T) {
	for name, x := range map[string]struct {
		pattern string
		fault   graph.Fault
		skip    int // calls that go well before
	}{
		"the upload":                     {"POST /*/message_attachments", graph.Fault{Status: 500, Code: 2}, 0},
		"the answer to the upload":       {"POST /*/message_attachments", graph.Fault{Done: true, Cut: true}, 0},
		"the file":                       {"POST /*/messages", graph.Fault{Status: 500, Code: 2}, 0},
		"the words":                      {"POST /*/messages", graph.Fault{Status: 500, Code: 2}, 1},
		"the answer to the words":        {"POST /*/messages", graph.Fault{Done: true, Cut: true}, 1},
		"the answer to the file, echoed": {"POST /*/messages", graph.Fault{Done: true, Cut: true}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, who := talking(t, graph.Options{})
			for range x.skip {
				p.meta.Fail(x.pattern, graph.Fault{Only: true})
			}
			p.meta.Fail(x.pattern, x.fault)
			out := attached(p.say(somebody, "talk/1/0", "The letter"), channels.Document, "application/pdf", []byte("content"))
			p.refused(out)
			p.settle()
			p.send(out)
			p.settle()
			all := program(who)
			if len(all) != 2 || all[0].File == nil || all[1].Text != "The letter" {
				t.Errorf("%d messages arrived: %+v", len(all), all)
			}
			n := 0
			for _, r := range p.reports() {
				if r.Key != "" {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%d reports carry the key, and one part alone is the whole message", n)
			}
		})
	}
}

// What does not fit with its links goes in pieces, cut where people would, and all
// choices under the last.
func TestLongTexts(t *testing.T) {
	p, who := talking(t, graph.Options{})
	out := p.say(somebody, "talk/1/0", "")
	out.Blocks = nil
	for i := range 30 {
		out.Blocks = append(out.Blocks, channels.Block{
			Kind: channels.Item, Text: strings.Repeat("ক্ষ", 18) + fmt.Sprint(i), Link: "https://example.org/" + strings.Repeat("a", 60),
		})
	}
	out.Options = []channels.Option{{Key: "menu", Label: "Menu"}}
	p.send(out)
	all := program(who)
	if len(all) < 2 {
		t.Fatalf("it arrived as %d messages", len(all))
	}
	text := ""
	for i, m := range all {
		text += m.Text + "\n"
		if channels.UTF16(m.Text) > 1990 || len(m.Buttons) > 0 != (i == len(all)-1) && m.Key == "sarai:talk/1/0" {
			t.Errorf("piece %d has %d characters and %d choices", i, channels.UTF16(m.Text), len(m.Buttons))
		}
	}
	for i := range 30 {
		if !strings.Contains(text, fmt.Sprintf("ক্ষ%d\n", i)) {
			t.Errorf("item %d is not whole", i)
		}
	}
	if last := who.Last(); len(last.Buttons) != 1 {
		t.Error("the choices do not stand under the last piece")
	}
}

// Meta's "2000 characters, UTF-8" may mean bytes. Where it shows that it does,
// texts are cut by bytes from then on, and nobody loses an answer.
func TestMetaCountsBytes(t *testing.T) {
	var mu sync.Mutex
	var texts []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Message struct{ Text string } }
		_ = json.NewDecoder(r.Body).Decode(&in)
		if len(in.Message.Text) >= 2000 {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":{"code":100,"message":"(#100) Length of param message[text] must be less than or equal to 2000"}}`)
			return
		}
		mu.Lock()
		texts = append(texts, in.Message.Text)
		mu.Unlock()
		fmt.Fprintf(w, `{"recipient_id":"900001","message_id":"m_%d"}`, len(texts))
	}))
	defer srv.Close()
	ch, err := messenger.New(messenger.Options{PageID: "100", PageToken: "t", AppSecret: "s", VerifyToken: "v", GraphURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	words := strings.TrimSpace(strings.Repeat("বেতন না পেলে কী করবেন ", 80)) // 4400 bytes
	for range 2 {
		texts = nil
		out := channels.Outbound{To: address(somebody), Key: fmt.Sprint(time.Now()), LastActed: time.Now(), Blocks: []channels.Block{{Text: words}}}
		if _, err := ch.Send(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		if len(texts) != 3 || strings.Join(texts, " ") != words {
			t.Errorf("it arrived in %d pieces", len(texts))
		}
	}
}

func TestSplit(t *testing.T) {
	for _, x := range []struct {
		text string
		most int
		want []string
	}{
		{"short", 10, []string{"short"}},
		{"one two three", 8, []string{"one two", "three"}},
		{"para one\n\npara two", 12, []string{"para one", "para two"}},
		{"یہ پہلا جملہ ہے۔ یہ دوسرا ہے", 20, []string{"یہ پہلا جملہ ہے۔", "یہ دوسرا ہے"}},
		{strings.Repeat("a", 25), 10, []string{strings.Repeat("a", 10), strings.Repeat("a", 10), "aaaaa"}},
		{"", 10, []string{""}},
		{"🌙🌙🌙", 4, []string{"🌙🌙", "🌙"}},
	} {
		if got := messenger.Split(x.text, x.most); !slices.Equal(got, x.want) {
			t.Errorf("%q by %d is %q", x.text, x.most, got)
		}
	}
	for _, piece := range messenger.Split(strings.Repeat("ক্ষা", 100), 50) { // letters of several characters
		if r, _ := utf8.DecodeRuneInString(piece); r != 'ক' && r != 'ষ' {
			t.Errorf("a piece begins in the middle of a letter: %q", piece)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("one two\n\nthree. four", 5)
	f.Add(strings.Repeat("ক্ষ", 30), 7)
	f.Fuzz(func(t *testing.T, text string, most int) {
		if most < 2 || most > 4000 || !utf8.ValidString(text) {
			return
		}
		pieces := messenger.Split(text, most)
		for _, p := range pieces {
			if channels.UTF16(p) > most || !utf8.ValidString(p) {
				t.Fatalf("a piece has %d of %d", channels.UTF16(p), most)
			}
		}
		bare := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if bare(strings.Join(pieces, "")) != bare(text) {
			t.Fatal("something was lost or invented")
		}
	})
}

func TestHowAMessageLooks(t *testing.T) {
	out := channels.Outbound{RTL: true, Blocks: []channels.Block{
		{Kind: channels.Heading, Text: "عنوان"},
		{Kind: channels.Paragraph, Text: "15 دن کے اندر"},
		{Kind: channels.Item, Text: "BEOE", Link: "https://example.org/a?b=c"},
		{Kind: channels.Item, Text: "ہیلپ لائن", Link: "tel:+92511234567"},
		{Kind: channels.Paragraph, Text: "فون +92 51 1234567", Link: "tel:+92511234567"},
		{Kind: channels.Paragraph, Text: "  "},
		{Kind: channels.Quiet, Text: "دیکھا گیا", Link: "javascript:alert(1)"},
	}}
	want := "عنوان\n\n\u200f15 دن کے اندر\n\n\u200f• BEOE\nhttps://example.org/a?b=c\n• ہیلپ لائن\n\u200f+92511234567\n\nفون +92 51 1234567\n\nدیکھا گیا"
	if got := messenger.Compose(out); got != want {
		t.Errorf("it looks so:\n%q\nwant\n%q", got, want)
	}
}

func TestTyping(t *testing.T) {
	p, who := talking(t, graph.Options{})
	if err := p.ch.Typing(t.Context(), address(somebody)); err != nil || who.Action() != "typing" {
		t.Errorf("typing: %v, the person sees %q", err, who.Action())
	}
	if err := p.ch.Typing(t.Context(), address("comment:17_901")); err != nil {
		t.Errorf("under a comment: %v", err)
	}
	if err := p.ch.Typing(t.Context(), channels.Address{Channel: "telegram", ID: "1"}); p.problem(err).Problem != channels.Rejected {
		t.Error("to another channel")
	}
	who.Block()
	if err := p.ch.Typing(t.Context(), address(somebody)); p.problem(err).Problem != channels.Blocked {
		t.Error("to whom it is blocked")
	}
}

// What people send is fetched, and only from where Meta has it.
func TestFetch(t *testing.T) {
	p, who := talking(t, graph.Options{})
	p.send(p.say(somebody, "talk/1/0", "send it")) // from here on the stand-in knows where it is
	content := bytes.Repeat([]byte("voice"), 1000)
	who.Attach("audio", graph.File{Type: "audio/mp4", Data: content})
	p.settle()
	all := p.kept.all()
	in := all[len(all)-1]
	if in.Kind != channels.Voice || len(in.Media) != 1 {
		t.Fatalf("it arrived as %+v", in)
	}
	body, err := p.ch.Fetch(t.Context(), in.Media[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	body.Close()
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
	p.clock.pass(48 * time.Hour)
	if _, err := p.ch.Fetch(t.Context(), in.Media[0]); p.problem(err).Problem != channels.Rejected {
		t.Error("the address is over")
	}
	for _, address := range []string{"", "https://example.org/x", "file:///etc/passwd", "http://scontent.xx.fbcdn.net/x", "https://fbcdn.net.example.org/x"} {
		if _, err := p.ch.Fetch(t.Context(), channels.Media{Ref: address}); p.problem(err).Problem != channels.Rejected {
			t.Errorf("%q was fetched", address)
		}
	}
	if _, err := p.ch.Fetch(t.Context(), channels.Media{Ref: in.Media[0].Ref, Size: 26 << 20}); p.problem(err).Problem != channels.Rejected {
		t.Error("too large")
	}
}

// A context that ends before the request has left sends nothing; one that ends
// while Meta does not answer leaves it unknown.
func TestContextsEnd(t *testing.T) {
	p, _ := talking(t, graph.Options{})
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := p.ch.Send(ended, p.say(somebody, "talk/1/0", "x")); p.problem(err).Problem != channels.Unavailable {
		t.Errorf("%v", err)
	}
	p.meta.Fail("POST /*/messages", graph.Fault{Hang: true})
	soon, end := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer end()
	if _, err := p.ch.Send(soon, p.say(somebody, "talk/1/1", "x")); p.problem(err).Problem != channels.NoAnswer {
		t.Errorf("%v", err)
	}
}
