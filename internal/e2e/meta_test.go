// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/messenger"
	"sarai/desk"
	"sarai/standin/graph"
	"sarai/store"
)

// A metaCentre is an installation with a Page and a WhatsApp number on a Meta of
// its own.
type metaCentre struct {
	*centre
	meta   *graph.Server
	url    string // of Meta
	listen string // the same at each start: Meta knows it
}

func newMetaCentre(t *testing.T, o graph.Options) *metaCentre {
	t.Helper()
	c := &metaCentre{centre: newCentre(t), meta: graph.New(o)}
	platform := httptest.NewServer(c.meta.Handler())
	t.Cleanup(func() { c.meta.Close(); platform.Close() })
	c.url = platform.URL
	c.meta.Address(c.url)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.listen = l.Addr().String()
	l.Close()
	secret, word := cmp.Or(o.AppSecret, graph.AppSecret), cmp.Or(o.VerifyToken, graph.VerifyToken)
	conf := fmt.Sprintf("listen = %q\n"+
		"[messenger]\npage_id = %q\npage_token = %q\napp_secret = %q\nverify_token = %q\ngraph_url = \"%s/%s\"\ncomments = true\npaced = false\n"+
		"[whatsapp_cloud]\nphone_number_id = %q\naccount_id = %q\ntoken = %q\napp_secret = %q\nverify_token = %q\ngraph_url = \"%s/%s\"\npaced = false\n",
		c.listen, graph.PageID, cmp.Or(o.PageToken, graph.PageToken), secret, word, c.url, graph.Version,
		graph.NumberID, graph.AccountID, cmp.Or(o.Token, graph.Token), secret, word, c.url, graph.Version)
	if err := os.WriteFile(filepath.Join(c.dir, "sarai.toml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	c.meta.Hook(graph.Messenger, "http://"+c.listen+"/hook/messenger")
	c.meta.Hook(graph.WhatsApp, "http://"+c.listen+"/hook/whatsapp")
	return c
}

func (c *metaCentre) await(what string, holds func() bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	if err := c.meta.Await(ctx, holds); err != nil {
		c.t.Fatalf("%s: %v\n%s", what, err, c.log)
	}
}

// answered says whether the newest on a screen is the program's.
func answered(screen []graph.Message) bool {
	return len(screen) > 0 && screen[len(screen)-1].By == "program"
}

func TestATalkOverMessengerACommentAndWhatsApp(t *testing.T) {
	c := newMetaCentre(t, graph.Options{Second: 10 * time.Millisecond})
	post := c.meta.Publish("Thinking of work abroad? Ask us.")
	c.start()

	sana := c.meta.Person("2401", "S.")
	sana.Say("what is a migrant resource centre")
	c.await("an answer on Messenger", func() bool { return answered(sana.Screen()) })
	last := sana.Last()
	if len(last.Buttons) == 0 || last.Tag != "" {
		t.Errorf("%+v", last)
	}
	if b := last.Buttons[0]; b.Kind == "quick" {
		sana.Tap(b.Payload)
	} else {
		sana.Press(last.ID, b.Payload)
	}
	c.await("an answer to what was tapped", func() bool { return len(sana.Screen()) >= 4 && answered(sana.Screen()) })

	omar := c.meta.Person("2402", "O.")
	comment := omar.Comment(post, graph.Remark{Text: "What is a Migrant Resource Centre?"})
	public := func() (n int) {
		for _, x := range c.meta.Comments(post) {
			if x.From == graph.PageID && x.Parent == comment {
				n++
			}
		}
		return n
	}
	c.await("a line in public", func() bool { return public() == 1 })
	if s := omar.Screen(); len(s) != 1 || s[0].Private != comment {
		t.Errorf("the private reply: %+v", s)
	}
	omar.Say("and is it free?")
	c.await("the talk goes on", func() bool { return len(omar.Screen()) >= 3 && answered(omar.Screen()) })

	amir := c.meta.Contact("15550100007", "A.")
	amir.Say("what is a migrant resource centre")
	c.await("an answer on WhatsApp", func() bool { return answered(amir.Screen()) })
	amir.Read()
	mina := c.meta.Contact("15550100008", "M.")
	mina.Username("@m_user")
	mina.Say("menu")
	c.await("an answer to somebody without a number", func() bool { return answered(mina.Screen()) })

	// Somebody of the centre answers in the inbox: the program is silent.
	sana.Answer(graph.Inbox, "Hello, I am a person.")
	c.await("the inbox is heard", func() bool { return c.meta.Waiting(graph.Messenger) == 0 })
	before := len(sana.Screen())
	sana.Say("what is a migrant resource centre")
	if err := c.meta.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v\n%s", err, c.log)
	}
	if n := len(sana.Screen()); n != before+1 {
		t.Errorf("the program said %d things beside a person", n-before-1)
	}

	db := c.open()
	of := func(id string) store.Thread {
		th, err := db.Thread(t.Context(), channels.Address{Channel: messenger.ChannelName, ID: id})
		if err != nil {
			t.Fatal(err)
		}
		return th
	}
	if th := of("2401"); th.Case == nil || th.Case.Holder != "page-inbox" || th.Case.Status != desk.Held {
		t.Errorf("who holds the case: %+v", th.Case)
	}
	if a, b := of("2402"), of("comment:"+comment); a.ID != b.ID || b.Comment == nil || b.Comment.Private.State != store.ReplyAccepted || b.Comment.Public.State != store.ReplyAccepted {
		t.Errorf("the comment: %+v", b.Comment)
	}
	wa, err := db.Thread(t.Context(), channels.Address{Channel: "whatsapp-cloud", ID: "user:" + amir.User()})
	if err != nil || wa.Version == 0 {
		t.Fatalf("WhatsApp: %v %v", wa.Version, err)
	}
	rs, err := db.Receipts(t.Context(), wa.ID)
	if err != nil || len(rs) == 0 {
		t.Fatal(err)
	}
	for _, r := range rs {
		if r.State != channels.Read || r.Price == "" {
			t.Errorf("the person has read it, and the desk shows %q, billed as %q", r.State, r.Price)
		}
	}
}

// After a campaign many comment at once: those in danger are answered first and
// within seconds, and nobody twice.
func TestACampaignsCommentsAreAnsweredSignalsFirst(t *testing.T) {
	many := 2000
	if testing.Short() {
		many = 200
	}
	c := newMetaCentre(t, graph.Options{Second: 10 * time.Millisecond})
	var posts []string
	for n := range 4 {
		posts = append(posts, c.meta.Publish(fmt.Sprint("Thinking of work abroad? Ask us. ", n)))
	}
	c.start()
	people := make([]*graph.Person, many)
	c.meta.Fail("POST /*/messages", graph.Fault{Times: -1, Only: true, Delay: 20 * time.Millisecond}) // Meta is far
	c.meta.Together(func() {
		for i := range people {
			people[i] = c.meta.Person(fmt.Sprint(500000+i), "P.")
			people[i].Comment(posts[i%4], graph.Remark{Text: "What is a Migrant Resource Centre?"})
		}
	})
	begun := time.Now()
	inDanger := make([]*graph.Person, 5)
	for i := range inDanger {
		inDanger[i] = c.meta.Person(fmt.Sprint(900000+i), "D.")
		inDanger[i].Comment(posts[i%4], graph.Remark{Text: "please help, they locked us in a house and took our passports"})
	}
	c.await("those in danger are answered", func() bool {
		return !slices.ContainsFunc(inDanger, func(p *graph.Person) bool { return len(p.Screen()) == 0 })
	})
	after := time.Since(begun)
	waiting := 0
	for _, p := range people {
		if len(p.Screen()) == 0 {
			waiting++
		}
	}
	t.Logf("danger answered after %v, while %d of %d questions waited", after, waiting, many)
	if after > 100*time.Second { // ten are aimed at, on a machine that does nothing else
		t.Errorf("it took %v", after)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := c.meta.Await(ctx, func() bool {
		return !slices.ContainsFunc(people, func(p *graph.Person) bool { return len(p.Screen()) == 0 })
	}); err != nil {
		t.Fatalf("some are never answered\n%s", c.log)
	}
	t.Logf("all %d answered after %v", many, time.Since(begun))
	for _, p := range append(people, inDanger...) {
		if n := len(p.Screen()); n != 1 {
			t.Errorf("somebody has %d private replies", n)
		}
	}
	if strings.Contains(c.log.String(), "panic") {
		t.Errorf("the log says\n%s", c.log)
	}
}

// The promise of the whole path, under Meta: what it was told is taken is in the
// store once, whenever the process dies.
func TestMetaLosesNothingWhenTheServerIsKilled(t *testing.T) {
	loops := 12
	if testing.Short() {
		loops = 3
	}
	c := newMetaCentre(t, graph.Options{Second: 10 * time.Millisecond})
	c.few = true
	post := c.meta.Publish("Ask us.")
	var people []*graph.Person
	var contacts []*graph.Contact
	for i := range 12 {
		people = append(people, c.meta.Person(fmt.Sprint(700000+i), "P."))
		contacts = append(contacts, c.meta.Contact(fmt.Sprint(15550200000+i), "C."))
	}
	said := map[string]int{} // texts by address
	var comments []string
	var mu sync.Mutex
	for range loops {
		c.start()
		var acting sync.WaitGroup
		for i := range people {
			acting.Go(func() {
				time.Sleep(rand.N(200 * time.Millisecond))
				people[i].Say(questions[rand.IntN(len(questions))])
				contacts[i].Say(questions[rand.IntN(len(questions))])
				mu.Lock()
				defer mu.Unlock()
				said["messenger/"+people[i].ID()]++
				said["whatsapp-cloud/user:"+contacts[i].User()]++
				if i%4 == 0 {
					comments = append(comments, people[i].Comment(post, graph.Remark{Text: "What is a Migrant Resource Centre?"}))
				}
			})
		}
		time.Sleep(rand.N(300 * time.Millisecond)) // a moment of no meaning
		_ = c.end(syscall.SIGKILL)
		acting.Wait()
	}
	c.start()
	if err := c.meta.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v\n%s", err, c.log)
	}
	db := c.open()
	for name, want := range said {
		channel, id, _ := strings.Cut(name, "/")
		th, err := db.Thread(t.Context(), channels.Address{Channel: channels.Name(channel), ID: id})
		if err != nil {
			t.Fatal(err)
		}
		entries, err := db.Entries(t.Context(), th.ID, 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		heard := map[string]int{}
		for _, e := range entries {
			if e.Author == store.Person && e.Kind == channels.Text {
				heard[e.ID]++
			}
		}
		for id, n := range heard {
			if n > 1 {
				t.Errorf("event %s changed a talk %d times", id, n)
			}
		}
		if len(heard) != want {
			t.Errorf("somebody on %s wrote %d times, %d are kept", channel, want, len(heard))
		}
	}
	for _, id := range comments {
		th, err := db.Thread(t.Context(), channels.Address{Channel: messenger.ChannelName, ID: "comment:" + id})
		if err != nil {
			t.Fatal(err)
		}
		if th.Comment == nil {
			t.Errorf("a comment is lost")
		}
	}
}
