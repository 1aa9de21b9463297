// SPDX-License-Identifier: GPL-3.0-or-later

package messenger_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/standin/graph"
)

// commented is a place where somebody has written a comment, which has arrived.
func commented(t *testing.T, o graph.Options) (*place, *graph.Person, channels.Inbound) {
	t.Helper()
	p, who := talking(t, o)
	post := p.meta.Publish("Safe ways to work abroad")
	if who.Comment(post, graph.Remark{Text: "How much is the visa?"}) == "" {
		t.Fatal("there is no post")
	}
	p.settle()
	all := p.kept.all()
	in := all[len(all)-1]
	if in.Kind != channels.Comment || in.Comment == nil {
		t.Fatalf("the comment arrived as %+v", in)
	}
	return p, who, in
}

// The life of a comment, and what of a Page's feed is nobody's business.
func TestComments(t *testing.T) {
	p, who, in := commented(t, graph.Options{})
	id, post := in.Comment.ID, in.Comment.Post
	if in.From != address("comment:"+id) || in.Text != "How much is the visa?" || in.Comment.Parent != "" || in.Comment.Person != who.Public() || in.Comment.Tags || !strings.HasPrefix(in.Comment.Link, "https://www.facebook.com/") {
		t.Errorf("it arrived as %+v, %+v", in, in.Comment)
	}
	next := func(what string) channels.Inbound {
		t.Helper()
		before := len(p.kept.all())
		p.settle()
		all := p.kept.all()
		if len(all) == 0 || what == "" {
			return channels.Inbound{}
		}
		if len(all) < before {
			t.Fatal(what)
		}
		return all[len(all)-1]
	}
	who.Recomment(id, "How much is the visa for Oman?")
	if e := next("edited"); e.Kind != channels.Edited || e.Of != in.ID || e.Text != "How much is the visa for Oman?" || e.From != in.From {
		t.Errorf("the edit arrived as %+v", e)
	}
	p.clock.pass(time.Second)
	for i, hidden := range []bool{true, false, true} {
		p.meta.Hide(id, hidden)
		if e := next("hidden"); e.Kind != channels.Hidden || e.Of != in.ID || (e.Text == "shown") == hidden {
			t.Errorf("hiding arrived as %+v", e)
		}
		p.clock.pass(time.Second)
		if n := len(slices.DeleteFunc(p.kept.all(), func(e channels.Inbound) bool { return e.Kind != channels.Hidden })); n != i+1 {
			t.Errorf("after hiding and showing %d times there are %d events", i+1, n)
		}
	}
	other := p.meta.Person("900002", "B")
	reply := other.Comment(id, graph.Remark{Text: "Mine too"})
	if e := next("a reply"); e.Comment == nil || e.Comment.ID != reply || e.Comment.Parent != id || e.Comment.Post != post {
		t.Errorf("the reply arrived as %+v, %+v", e, e.Comment)
	}
	other.Comment(post, graph.Remark{Photo: true}) // it does not lie with Meta
	if e := next("a photo"); e.Kind != channels.Comment || e.Text != "" || len(e.Media) != 0 || e.Comment == nil {
		t.Errorf("a photo arrived as %+v", e)
	}
	other.Comment(post, graph.Remark{Text: "who am I", Nameless: true})
	if e := next("nameless"); e.Comment == nil || e.Comment.Person != "" {
		t.Errorf("a comment without a name arrived as %+v", e)
	}
	who.Uncomment(id)
	p.settle()
	if !slices.ContainsFunc(p.kept.all(), func(e channels.Inbound) bool { return e.Kind == channels.Deleted && e.Of == in.ID && e.From == in.From }) {
		t.Error("that it was removed did not arrive")
	}
	before := len(p.kept.all())
	p.meta.PageComment(post, "We are open on Monday")
	p.meta.Publish("Another post")
	p.settle()
	if got := p.kept.all(); len(got) != before {
		t.Errorf("what the Page itself did arrived: %v", summaries(got[before:]))
	}
}

// The one private reply: it reaches the person, whose address the receipt tells,
// and their answer comes from there.
func TestAPrivateReply(t *testing.T) {
	p, who, in := commented(t, graph.Options{})
	p.clock.pass(6 * 24 * time.Hour)
	out := p.say(in.From.ID, "talk/1/0", "You can ask us here, in private.")
	out.LastActed = in.At
	out.Options = []channels.Option{{Key: "menu", Label: "Start"}}
	r := p.send(out)
	m := who.Last()
	if r.ID != m.ID || m.Private != in.Comment.ID || m.Tag != "" || len(m.Buttons) != 1 {
		t.Errorf("it arrived as %+v", m)
	}
	if len(r.Learned) != 1 || r.Learned[0] != address(somebody) {
		t.Errorf("the receipt tells %d addresses", len(r.Learned))
	}
	if who.Tap("menu") == "" {
		t.Fatal("there is nothing to tap")
	}
	p.settle()
	all := p.kept.all()
	if e := all[len(all)-1]; e.From != r.Learned[0] || e.Choice != "menu" {
		t.Errorf("the answer arrived as %+v", e)
	}
	out.Key = "talk/1/1"
	if e := p.refused(out); e.Problem != channels.Rejected || !strings.Contains(e.Cause, "already") {
		t.Errorf("a second reply: %v", e)
	}
}

func TestWhatIsNoPrivateReply(t *testing.T) {
	p, _, in := commented(t, graph.Options{})
	out := p.say(in.From.ID, "talk/1/0", strings.Repeat("a word ", 300))
	if e := p.refused(out); e.Problem != channels.Rejected {
		t.Errorf("too long: %v", e)
	}
	if e := p.refused(attached(p.say(in.From.ID, "talk/1/1", "x"), channels.Document, "application/pdf", []byte("x"))); e.Problem != channels.Rejected {
		t.Errorf("with a file: %v", e)
	}
	p.clock.pass(7*24*time.Hour + time.Minute)
	out = staff(p.say(in.From.ID, "talk/1/2", "x"))
	out.LastActed = in.At
	before := p.meta.Calls("")
	if e := p.refused(out); e.Problem != channels.Expired || p.meta.Calls("") != before {
		t.Errorf("after seven days: %v", e)
	}
}

// A private reply whose answer was lost: another try is refused by Meta, and it is
// known that it was this very message.
func TestAPrivateReplyWithoutAnAnswer(t *testing.T) {
	p, who, in := commented(t, graph.Options{})
	p.meta.Hook(graph.Messenger, "") // the echo does not come either
	p.meta.Fail("POST /*/messages", graph.Fault{Done: true, Cut: true})
	out := p.say(in.From.ID, "talk/1/0", "You can ask us here.")
	if e := p.refused(out); e.Problem != channels.NoAnswer {
		t.Fatal(e)
	}
	if r := p.send(out); len(r.Learned) != 0 {
		t.Errorf("the receipt is %+v", r)
	}
	if n := len(program(who)); n != 1 {
		t.Errorf("it arrived %d times", n)
	}
}

// With the echo, which names the person, the report carries the key.
func TestAPrivateReplyIsEchoed(t *testing.T) {
	p, _, in := commented(t, graph.Options{})
	p.meta.Fail("POST /*/messages", graph.Fault{Done: true, Cut: true})
	p.refused(p.say(in.From.ID, "talk/1/0", "You can ask us here."))
	p.settle()
	if !slices.ContainsFunc(p.reports(), func(r channels.Report) bool { return r.Key == "talk/1/0" && r.To == address(somebody) }) {
		t.Errorf("the reports are %+v", p.reports())
	}
}

// A colleague was faster.
func TestAColleagueRepliedPrivately(t *testing.T) {
	p, _, in := commented(t, graph.Options{})
	p.meta.AnswerPrivately(in.Comment.ID, "I have answered you")
	if e := p.refused(p.say(in.From.ID, "talk/1/0", "You can ask us here.")); e.Problem != channels.Rejected || !strings.Contains(e.Cause, "already") {
		t.Errorf("%v", e)
	}
}

// A line in public, and nobody reads it twice.
func TestAPublicReply(t *testing.T) {
	p, _, in := commented(t, graph.Options{})
	lines := func() (n int) {
		for _, c := range p.meta.Comments(in.Comment.Post) {
			if c.Text == "We have written to you in private." {
				n++
			}
		}
		return n
	}
	id, err := p.ch.Comment(t.Context(), in.Comment.ID, "talk/1/0", "We have written to you in private.")
	if err != nil || id == "" || lines() != 1 {
		t.Fatalf("%q, %v, %d lines", id, err, lines())
	}
	if again, err := p.ch.Comment(t.Context(), in.Comment.ID, "talk/1/0", "We have written to you in private."); err != nil || again != id || lines() != 1 {
		t.Errorf("again: %q, %v, %d lines", again, err, lines())
	}
	p.settle()
	if got := p.kept.all(); got[len(got)-1].Kind != channels.Comment || got[len(got)-1].ID != in.ID {
		t.Error("the own line came back as an event")
	}
	nameless := `{"item":"comment","verb":"add","comment_id":"` + id + `","post_id":"` + in.Comment.Post + `","parent_id":"` + in.Comment.ID + `","created_time":1763770018,"message":"We have written to you in private."}`
	if err := p.meta.Change(graph.Messenger, "feed", []byte(nameless)); err != nil {
		t.Fatal(err)
	}
	p.settle()
	if got := p.kept.all(); got[len(got)-1].ID != in.ID {
		t.Error("the own line came back without a name, as an event")
	}
	if _, err := p.ch.Comment(t.Context(), "../me", "k", "x"); p.problem(err).Problem != channels.Rejected {
		t.Error("a comment that is none")
	}
	if _, err := p.ch.Comment(t.Context(), "17_404", "k", "x"); p.problem(err).Problem != channels.Rejected {
		t.Error("a comment that is not there")
	}
	if _, err := p.ch.Comment(t.Context(), in.Comment.ID, "k", " "); p.problem(err).Problem != channels.Rejected {
		t.Error("no words")
	}
}

// The answer to a public line was lost: the next try finds it, also in another
// process.
func TestAPublicReplyWithoutAnAnswer(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		p, _, in := commented(t, graph.Options{})
		p.meta.Fail("POST /*/comments", graph.Fault{Done: true, Cut: true})
		if _, err := p.ch.Comment(t.Context(), in.Comment.ID, "talk/1/0", "Please look into your messages."); p.problem(err).Problem != channels.NoAnswer {
			t.Fatal(err)
		}
		key := "talk/1/0"
		if restarted {
			key = "talk/1/as-if-never-tried"
		} else { // what cannot be looked up is not sent again
			p.meta.Fail("GET /*/comments", graph.Fault{Status: 500, Code: 2})
			if _, err := p.ch.Comment(t.Context(), in.Comment.ID, key, "Please look into your messages."); p.problem(err).Problem != channels.Unavailable {
				t.Error(err)
			}
		}
		id, err := p.ch.Comment(t.Context(), in.Comment.ID, key, "Please look into your messages.")
		if err != nil || id == "" {
			t.Error(err)
		}
		n := 0
		for _, c := range p.meta.Comments(in.Comment.Post) {
			if c.Text == "Please look into your messages." {
				n++
			}
		}
		if n != 1 {
			t.Errorf("restarted %v: the line stands there %d times", restarted, n)
		}
	}
}

func TestHide(t *testing.T) {
	p, _, in := commented(t, graph.Options{})
	for _, hide := range []bool{true, true, false} {
		if err := p.ch.Hide(t.Context(), in.Comment.ID, hide); err != nil {
			t.Fatal(err)
		}
		if got := p.meta.Comments(in.Comment.Post)[0].Hidden; got != hide {
			t.Errorf("hidden is %v, not %v", got, hide)
		}
	}
	if err := p.ch.Hide(t.Context(), "17_404", true); p.problem(err).Problem != channels.Rejected {
		t.Error("a comment that is not there")
	}
	p, _, in = commented(t, graph.Options{Denied: []string{"pages_manage_engagement"}})
	if err := p.ch.Hide(t.Context(), in.Comment.ID, true); p.problem(err).Problem != channels.Misset {
		t.Errorf("without the permission: %v", err)
	}
}
