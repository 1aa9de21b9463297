// SPDX-License-Identifier: GPL-3.0-or-later

package messenger_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/messenger"
	"sarai/standin/graph"
)

// keep has the channel look after its subscriptions until the test ends.
func (p *place) keep() (stop func()) {
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { p.ch.Keep(ctx, p.kept.sink); close(done) }()
	stop = sync.OnceFunc(func() { end(); <-done })
	p.t.Cleanup(stop)
	return stop
}

// unsubscribe takes the subscriptions away, as Meta does where a webhook is silent.
func (p *place) unsubscribe() {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodDelete, p.url+"/"+graph.PageID+"/subscribed_apps", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+graph.PageToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatal("it cannot be taken away:", err)
	}
	resp.Body.Close()
}

// A notebook is one that outlives its channel.
type notebook struct {
	mu    sync.Mutex
	notes map[string]string
}

func (n *notebook) Note(_ context.Context, name string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.notes[name], nil
}

func (n *notebook) SetNote(_ context.Context, name, value string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.notes == nil {
		n.notes = map[string]string{}
	}
	n.notes[name] = value
	return nil
}

var wanted = []string{
	"feed", "message_deliveries", "message_echoes", "message_edits", "message_reactions", "message_reads", "messages",
	"messaging_handovers", "messaging_optins", "messaging_policy_enforcement", "messaging_postbacks", "messaging_referrals", "standby",
}

// Meta takes the subscriptions away: they are set again. What others need stays.
func TestSubscriptionsAreKept(t *testing.T) {
	for _, app := range []string{"", graph.AppID} {
		p := open(t, graph.Options{Fields: []string{"messages", "mention"}}, messenger.Options{Comments: true, AppID: app}).serve()
		p.ch.LookEvery(5 * time.Millisecond)
		p.meta.Fail("GET /*/subscribed_apps", graph.Fault{Status: 500, Code: 2, Times: 2})
		p.keep()
		all := slices.Sorted(slices.Values(append([]string{"mention"}, wanted...)))
		until(t, "they are set", func() bool { return slices.Equal(p.meta.Fields(graph.Messenger), all) })
		sets := p.meta.Calls("POST /*/subscribed_apps")
		looks := p.meta.Calls("GET /*/subscribed_apps")
		until(t, "it looks on", func() bool { return p.meta.Calls("GET /*/subscribed_apps") > looks+3 })
		if n := p.meta.Calls("POST /*/subscribed_apps"); n != sets {
			t.Errorf("what was right was set again %d times", n-sets)
		}
		p.unsubscribe()
		until(t, "they are set again", func() bool { return slices.Equal(p.meta.Fields(graph.Messenger), wanted) })
		if !strings.Contains(p.logged(), "subscriptions had gone") {
			t.Error("the operator is not told")
		}
	}
	p := open(t, graph.Options{Fields: []string{}}, messenger.Options{}).serve()
	p.keep()
	until(t, "they are set", func() bool { return len(p.meta.Fields(graph.Messenger)) == len(wanted)-1 })
	if slices.Contains(p.meta.Fields(graph.Messenger), "feed") {
		t.Error("without comments the feed is not asked for")
	}
}

// The webhook was away: what was written meanwhile is fetched, once, as what the
// webhook would have told, and nothing from before the first start.
func TestWhatWasMissed(t *testing.T) {
	notes := &notebook{}
	p := open(t, graph.Options{}, messenger.Options{Comments: true, Notebook: notes})
	who := p.meta.Person(somebody, "A")
	post := p.meta.Publish("Safe ways to work abroad")
	who.Say("before there was Sarai")
	who.Comment(post, graph.Remark{Text: "a comment before there was Sarai"})
	p.clock.pass(time.Hour)
	stop := p.keep()
	until(t, "the start is noted", func() bool { v, _ := notes.Note(t.Context(), "messenger-comments"); return v != "" })
	stop()
	if n := p.kept.tried(); n != 0 {
		t.Fatalf("%d old things arrived", n)
	}

	p.clock.pass(time.Minute)
	for i := range 60 { // more than one answer of Graph holds
		p.meta.Person(fmt.Sprint(910000+i), "B").Say(fmt.Sprint("missed ", i))
	}
	who.Say("my agent wants more money")
	who.Attach("image", graph.File{Type: "image/jpeg", Data: []byte("picture")})
	who.Attach("audio", graph.File{Type: "audio/mp4", Data: []byte("voice")})
	who.Attach("file", graph.File{Name: "contract.pdf", Type: "application/pdf", Data: []byte("%PDF")})
	comment := who.Comment(post, graph.Remark{Text: "Is this visa real?"})
	other := p.meta.Person("900002", "C")
	other.Comment(comment, graph.Remark{Text: "No"})
	p.meta.PageComment(post, "Please write to us")
	who.Answer(graph.Inbox, "said by a colleague")
	p.clock.pass(time.Hour)
	p.keep()
	until(t, "everything arrives", func() bool { return len(p.kept.all()) >= 66 })
	kinds := map[channels.Kind]int{}
	var told channels.Inbound
	for _, in := range p.kept.all() {
		kinds[in.Kind]++
		if in.Text == "Is this visa real?" {
			told = in
		}
		if in.Staff != "" {
			t.Errorf("%q is said to be staff's", in.Text)
		}
	}
	if got := fmt.Sprint(kinds); got != "map[comment:2 document:1 picture:1 text:61 voice:1]" {
		t.Errorf("what arrived is %s", got)
	}
	if told.Comment == nil || told.From != address("comment:"+comment) || told.Comment.Parent != "" || told.Comment.Post != post || told.Comment.Person != who.Public() {
		t.Errorf("the comment arrived as %+v, %+v", told, told.Comment)
	}

	// Now the webhook tells the same: nothing of it is new.
	before := len(p.kept.all())
	p.serve()
	p.settle()
	for _, in := range p.kept.all()[before:] {
		if in.Staff == "" && in.At.After(p.clock.Now().Add(-90*time.Minute)) {
			t.Errorf("%s %q arrived twice", in.Kind, in.Text)
		}
	}
}

// The store fails while what was missed is taken in: it is fetched again.
func TestTheStoreFailsWhileCatchingUp(t *testing.T) {
	notes := &notebook{}
	p := open(t, graph.Options{}, messenger.Options{Notebook: notes})
	stop := p.keep()
	until(t, "the start is noted", func() bool { v, _ := notes.Note(t.Context(), "messenger-messages"); return v != "" })
	stop()
	p.clock.pass(time.Minute)
	p.meta.Person(somebody, "A").Say("do not lose this")
	p.clock.pass(time.Hour)
	p.kept.failing(func(channels.Inbound) error { return errFull })
	p.keep()
	until(t, "it is tried again", func() bool { return p.kept.tried() >= 3 })
	p.kept.failing(nil)
	until(t, "it arrives", func() bool { return len(p.kept.all()) == 1 })
}

// A message of this moment is left to the webhook, which tells more of it.
func TestWhatIsNewIsLeftToTheWebhook(t *testing.T) {
	p := open(t, graph.Options{}, messenger.Options{})
	p.ch.LookEvery(time.Millisecond)
	p.clock.pass(time.Hour)
	p.keep()
	until(t, "it has looked", func() bool { return p.meta.Calls("GET /*/subscribed_apps") > 2 })
	p.clock.pass(time.Hour)
	p.meta.Person(somebody, "A").Say("just now")
	looks := p.meta.Calls("GET /*/conversations")
	until(t, "it looks on", func() bool { return p.meta.Calls("GET /*/conversations") > looks+3 })
	if n := len(p.kept.all()); n != 0 {
		t.Error("what was said just now was fetched already")
	}
	p.clock.pass(3 * time.Minute)
	until(t, "it is fetched after a while", func() bool { return len(p.kept.all()) == 1 })
}

// The store fails under the webhook: Meta calls again, and nothing is lost.
func TestTheStoreFails(t *testing.T) {
	p := open(t, graph.Options{}, messenger.Options{}).serve()
	p.kept.failing(func(channels.Inbound) error { return errFull })
	who := p.meta.Person(somebody, "A")
	for i := range 5 {
		who.Say(fmt.Sprint(i))
	}
	until(t, "it is called again", func() bool { return p.kept.tried() >= 3 })
	p.kept.failing(nil)
	p.settle()
	got := summaries(p.kept.all())
	slices.Sort(got)
	if fmt.Sprint(got) != `[text "0" text "1" text "2" text "3" text "4"]` {
		t.Errorf("%v arrived", got)
	}
}

func words() []messenger.Words {
	w := func(language, mark string) messenger.Words {
		return messenger.Words{
			Language: language, Greeting: "Greeting " + mark,
			Questions: []messenger.Item{{Title: "Question " + mark, Choice: "a:recruitment-fees"}, {Title: "A person " + mark, Say: "/counsellor"}},
			Menu:      []messenger.Item{{Title: "Menu " + mark, Say: "/menu"}, {Title: "Hide " + mark, Say: "/hide"}},
		}
	}
	return []messenger.Words{w("en", "E"), w("ur", "U"), w("fa-AF", "F"), w("xx", "X")}
}

// What people see before they write is set once, and again only where it differs.
func TestSetup(t *testing.T) {
	p := open(t, graph.Options{}, messenger.Options{Words: words()}).serve()
	if n, err := p.ch.Setup(t.Context()); err != nil || n != 4 {
		t.Fatalf("%d were set, %v", n, err)
	}
	calls := p.meta.Calls("/*/messenger_profile")
	if n, err := p.ch.Setup(t.Context()); err != nil || n != 0 {
		t.Errorf("again: %d were set, %v", n, err)
	}
	if n := p.meta.Calls("/*/messenger_profile") - calls; n != 1 || calls != 2 {
		t.Errorf("it took %d calls at first and %d then", calls, n)
	}
	who := p.meta.Person(somebody, "A")
	who.Speak("ur_PK")
	if who.Start("leaflet-7") == "" || who.Menu("say:/hide") == "" {
		t.Error("there is no button to begin with, or no menu")
	}
	stranger := p.meta.Person("900002", "B")
	stranger.Speak("sw_KE")
	if stranger.Break("a:recruitment-fees") == "" {
		t.Error("there are no first questions for who speaks another language")
	}
	p.settle()
	want := []string{`choice "Question E"`, `start ""`, `text "/hide"`}
	got := summaries(p.kept.all())
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the taps arrived as %q", got)
	}
	if !slices.ContainsFunc(p.kept.all(), func(in channels.Inbound) bool { return in.Kind == channels.Start && in.Campaign == "leaflet-7" }) {
		t.Error("the code of the link did not arrive")
	}
	long := words()
	long[1].Greeting = strings.Repeat("x", 161)
	p = open(t, graph.Options{}, messenger.Options{Words: long})
	if _, err := p.ch.Setup(t.Context()); p.problem(err).Problem != channels.Rejected || p.meta.Calls("") != 0 {
		t.Errorf("words that are too long: %v", err)
	}
	p.meta.Fail("", graph.Fault{Status: 401, Code: 190})
	p = open(t, graph.Options{}, messenger.Options{Words: words()})
	p.meta.Fail("GET /*/messenger_profile", graph.Fault{Code: 613})
	if _, err := p.ch.Setup(t.Context()); p.problem(err).Problem != channels.Throttled {
		t.Errorf("after too many changes: %v", err)
	}
}

// What doctor says, of everything that can be wrong.
func TestCheck(t *testing.T) {
	findings := func(p *place) (good, bad string) {
		for _, f := range p.ch.Check(t.Context()) {
			line := f.What + ": " + f.Advice + "\n"
			p.clean("a finding", line)
			if f.OK {
				good += line
			} else {
				bad += line
			}
		}
		return good, bad
	}
	// The address of the webhook must be known before the channel is made.
	for name, x := range map[string]struct {
		o       graph.Options
		fault   string
		without string // of the options
		bad     string
	}{
		"all is well":         {},
		"no permission":       {o: graph.Options{Denied: []string{"pages_messaging"}}, bad: "pages_messaging"},
		"no comments":         {o: graph.Options{Denied: []string{"pages_read_engagement"}}, bad: "pages_read_user_content"},
		"no words of others":  {o: graph.Options{Denied: []string{"pages_read_user_content"}}, bad: "pages_read_user_content"},
		"no metadata":         {o: graph.Options{Denied: []string{"pages_manage_metadata"}}, bad: "pages_manage_metadata"},
		"not subscribed":      {o: graph.Options{Fields: []string{"messages"}}, bad: "message_echoes"},
		"the token":           {o: graph.Options{PageToken: "another"}, bad: "messenger token"},
		"another Page":        {o: graph.Options{PageID: "100000000000099"}, bad: "messenger token"},
		"Meta is away":        {fault: "", bad: "messenger token"},
		"no public address":   {without: "address", bad: "public_url"},
		"another verify word": {without: "word", bad: "verify_token"},
		"nobody answers":      {without: "server", bad: "public_url does not answer"},
		"something else":      {without: "path", bad: "look at the proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			p := checked(t, x.o, x.without)
			p.meta.Publish("Safe ways to work abroad")
			if name == "Meta is away" {
				p.meta.Fail("", graph.Fault{Status: 503, Body: "<html>", Times: -1})
			}
			good, bad := findings(p)
			if x.bad == "" && bad != "" || x.bad != "" && !strings.Contains(bad, x.bad) {
				t.Errorf("bad is:\n%sgood is:\n%s", bad, good)
			}
			if x.bad == "" && (!strings.Contains(good, "Human Agent") || !strings.Contains(good, "Stand-in Centre") || !strings.Contains(good, "pages_manage_engagement")) {
				t.Errorf("good is:\n%s", good)
			}
			if n := p.meta.Calls("POST /*") + p.meta.Calls("POST /*/*"); n != 0 {
				t.Errorf("it changed %d things", n)
			}
		})
	}
}
