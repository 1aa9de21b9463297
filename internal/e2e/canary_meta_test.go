// SPDX-License-Identifier: GPL-3.0-or-later

//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sarai/standin/graph"
)

// A metaAviary is an aviary with a Page and a WhatsApp number.
type metaAviary struct {
	*aviary
	*metaCentre
	secret string
	word   string // of the handshake
}

func newMetaAviary(t *testing.T) *metaAviary {
	m := &marks{}
	a := &metaAviary{secret: m.latin("secret of the app", ""), word: m.latin("word of the handshake", "")}
	a.metaCentre = newMetaCentre(t, graph.Options{
		PageToken: m.latin("token of the Page", ""), Token: m.latin("token of the number", ""),
		AppSecret: a.secret, VerifyToken: a.word, Second: 10 * time.Millisecond,
	})
	a.aviary = &aviary{botCentre: &botCentre{centre: a.metaCentre.centre}, m: m}
	return a
}

// settled waits until the program has taken all that Meta had to tell.
func (a *metaAviary) settled() {
	a.t.Helper()
	a.await("all is taken", func() bool { return a.meta.Waiting(graph.Messenger)+a.meta.Waiting(graph.WhatsApp) == 0 })
}

// event has Meta tell of something that the stand-in does not play.
func (a *metaAviary) event(p graph.Product, field string, content any) {
	a.t.Helper()
	b, err := json.Marshal(content)
	if err == nil && field == "" {
		err = a.meta.Event(p, b)
	} else if err == nil {
		err = a.meta.Change(p, field, b)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// spot draws a place.
func (m *marks) spot(of string) (latitude, longitude float64) {
	for i, to := range []*float64{&latitude, &longitude} {
		s := strconv.Itoa(31+i) + "." + strconv.Itoa(1_000_001+rand.IntN(8_000_000)|1)
		*to, _ = strconv.ParseFloat(m.known("half of a place", s), 64)
	}
	return latitude, longitude
}

func TestWhatPeopleSayOnMetaIsNowhereInTheClear(t *testing.T) {
	a := newMetaAviary(t)
	temporary := filepath.Join(a.dir, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temporary)
	a.few = testing.Short()
	a.start()
	a.signsUp()
	if said := a.prints("messenger", "setup"); !strings.Contains(said, "are set") {
		t.Errorf("the Page is not set up: %s", said)
	}
	a.onThePage()
	comment := a.underAPost()
	a.onTheNumber()
	a.forges()
	zahras, bilals := a.answers()
	a.metaFails()
	a.metaCommands()
	a.asks()
	a.nowhere("while it runs")
	if n := len(a.m.all); n < 100 {
		t.Errorf("only %d marks were sent", n)
	}
	a.holds("zahra's export", a.exports(zahras), zahra)
	a.holds("bilal's export", a.exports(bilals), bilal)

	if err := a.end(syscall.SIGABRT); err == nil || !strings.Contains(a.log.String(), "goroutine ") {
		t.Errorf("a crash ends with %v, without a dump", err)
	}
	a.prints("report")
	for _, channel := range []string{"messenger", "messenger:comment", "whatsapp-cloud:user"} {
		a.prints("erase", "--address", channel+":"+a.m.latin("address that is not there", ""), "--yes")
	}
	a.whole("the data folder", filepath.Join(a.dir, "data"), zahras, bilals)
	if said := a.prints("erase", "--address", "messenger:comment:"+comment, "--yes"); !strings.Contains(said, "Erased.") {
		t.Errorf("the comment is not erased: %s", said)
	}
	a.nowhere("after a crash")

	a.start()
	if page := a.posts(http.StatusOK, zahras+"/erase", "sure", "1"); !strings.Contains(page, "rased") {
		t.Error("the desk does not say that it is erased")
	}
	a.until("zahra is erased", func() bool { status, _ := a.gets(zahras); return status == http.StatusNotFound })
	for _, path := range append(lists, "/desk/comments?list=all") {
		_, page := a.gets(path)
		a.gone("the page "+path, []byte(page))
	}
	if err := a.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v", err)
	}
	a.nowhere("after erasing")
	a.opened("the data folder", filepath.Join(a.dir, "data"), zahras, bilals)
}

// wants has somebody ask for a counsellor.
func (a *metaAviary) wants(say func(string) string) {
	a.t.Helper()
	for _, word := range []string{"counsellor", "yes"} {
		say(word)
		a.settled()
	}
}

// onThePage does everything that zahra can do on Messenger, with a case.
func (a *metaAviary) onThePage() {
	a.t.Helper()
	m := a.m
	p := a.meta.Person(m.digits("id on Messenger", unshown, 16), m.awkwardName("name on Facebook"))
	m.known("id in public", p.Public())
	if p.Start(m.latin("ref of a link", "")) == "" {
		a.t.Fatal("the Page has no button to start")
	}
	p.Say(m.awkward("first text", zahra))
	a.wants(p.Say)
	first := p.Say(m.awkward("text", zahra))
	p.Edit(first, m.awkward("edited text", zahra))
	p.Reply(first, m.urdu("reply", zahra))
	p.React(first, m.urdu("reaction", unshown))
	p.Unsend(p.Say(m.awkward("text that is taken back", unshown)))
	p.Attach("image", graph.File{Name: m.latin("name of a picture", unshown) + ".jpg", Type: "image/jpeg", Data: jpeg(m.latin("comment in a picture", zahra))})
	p.Attach("file", graph.File{Name: m.latin("name of a file", unshown) + m.cyrillic("name of a file in Cyrillic", unshown) + ".txt", Type: "text/plain", Data: []byte("note\n" + m.awkward("content of a file", zahra))})
	p.Attach("audio", graph.File{Name: "a.ogg", Type: "audio/ogg", Data: append([]byte("OggS\x00\x02"), m.latin("content of a voice note", unshown)...)})
	p.Place(m.spot(""))
	p.Share(m.awkward("title of a page", unshown), "https://example.org/"+m.latin("address of a page", unshown))
	p.Refer(m.latin("ref of another link", ""))
	p.FromAd(m.digits("number of an advertisement", "", 15), m.awkward("text after an advertisement", zahra))
	p.Strange()
	sender := map[string]any{"id": p.ID(), "name": m.latin("name of a sender", unshown) + " " + m.urdu("name of a sender", unshown)}
	at := time.Now().UnixMilli()
	who := func(more map[string]any) map[string]any {
		more["sender"], more["recipient"], more["timestamp"] = sender, map[string]any{"id": graph.PageID}, at
		return more
	}
	a.event(graph.Messenger, "", who(map[string]any{"message": map[string]any{"mid": "m_hologram", "hologram": m.awkward("message of no known kind", unshown)}}))
	a.event(graph.Messenger, "", who(map[string]any{"hologram": m.awkward("event of no known kind", unshown)}))
	a.event(graph.Messenger, "", who(map[string]any{"postback": map[string]any{"mid": "m_old", "title": m.awkward("label of an old button", unshown), "payload": m.latin("payload of an old button", unshown)}}))
	a.event(graph.Messenger, "mention", map[string]any{"item": "post", "sender_name": m.awkwardName("name of somebody who mentions"), "message": m.awkward("text of a mention", "")})
	p.Say(m.awkward("last text", zahra))

	carol := a.meta.Person(m.digits("id of somebody who is answered elsewhere", "", 16), m.latin("name of somebody who is answered elsewhere", ""))
	carol.Say(m.awkward("text that is answered elsewhere", ""))
	a.settled()
	carol.Answer(graph.Inbox, m.awkward("answer in the inbox", ""))
	carol.Answer(m.digits("number of another app", "", 15), m.awkward("answer by another app", ""))
	carol.Standby(true)
	carol.Say(m.awkward("text to another app", ""))
	carol.Standby(false)
	a.settled()
}

// underAPost has people comment, change it and remove it, and gives the comment of
// somebody who is erased.
func (a *metaAviary) underAPost() (comment string) {
	a.t.Helper()
	m := a.m
	post := a.meta.Publish("Thinking of work abroad? Ask us.")
	a.meta.Publish(m.awkward("post of the Page", ""))
	who := func(what, of string) *graph.Person {
		p := a.meta.Person(m.digits("id of "+what, of, 16), m.latin("name of "+what, of)+" <i>&\"'"+m.cyrillic("name of "+what, of))
		m.known("public id of "+what, p.Public())
		return p
	}
	p := who("somebody who comments", unshown)
	comment = p.Comment(post, graph.Remark{Text: "What is a Migrant Resource Centre? " + m.awkward("comment", unshown), Tags: []string{m.latin("name of a friend", unshown)}})
	a.await("a private reply", func() bool { return len(p.Screen()) > 0 })
	p.Recomment(comment, m.awkward("edited comment", unshown))
	p.Say(m.awkward("text after a private reply", ""))
	a.meta.Hide(comment, true)
	a.meta.Hide(comment, false)
	p.Uncomment(p.Comment(comment, graph.Remark{Text: m.awkward("comment that is removed", ""), Photo: true}))
	a.meta.PageComment(comment, m.awkward("line of a colleague", ""))
	who("somebody without a name", "").Comment(post, graph.Remark{Text: m.urdu("nameless comment", ""), Nameless: true})
	private := who("somebody who is answered in the inbox", "").Comment(post, graph.Remark{Text: m.urdu("comment that the inbox answers", "")})
	a.meta.AnswerPrivately(private, m.awkward("private reply in the inbox", ""))
	a.event(graph.Messenger, "feed", map[string]any{"item": "hologram", "verb": "add", "from": map[string]any{"id": p.Public(), "name": m.latin("name in the feed", unshown)}, "message": m.awkward("what is new in the feed", "")})
	for what, answer := range map[string][]string{
		"a comment that staff answer privately": {"how", "private", "text", m.awkward("staff's private reply", "")},
		"a comment that staff answer in public": {"how", "public", "text", m.latin("staff's public line", "")},
	} {
		who("somebody with "+what, "").Comment(post, graph.Remark{Text: m.urdu(what, "")})
		a.settled()
		at := a.commentPage(what)
		a.posts(http.StatusOK, at+"/answer", append(answer, "key", formKey())...)
		a.posts(http.StatusOK, at+"/hide", "hide", "1")
		a.posts(http.StatusUnprocessableEntity, at+"/answer", "how", "public", "key", m.latin("bad key under a comment", ""), "text", m.latin("line that is not said", ""))
	}
	a.settled()
	a.gets("/desk/comments/" + m.latin("comment that staff ask for", ""))
	return comment
}

// commentPage finds the page of a comment by what it says.
func (a *metaAviary) commentPage(what string) string {
	a.t.Helper()
	_, page := a.gets("/desk/comments?list=all")
	for _, path := range regexp.MustCompile(`/desk/comments/[a-z2-7]{26}`).FindAllString(page, -1) {
		if _, one := a.gets(path); strings.Contains(one, a.core(what)) {
			return path
		}
	}
	a.t.Fatalf("%s is not at the desk\n%s", what, a.log)
	return ""
}

// onTheNumber does everything that bilal can do on WhatsApp, with a case.
func (a *metaAviary) onTheNumber() {
	a.t.Helper()
	m := a.m
	p := a.meta.Contact(m.digits("telephone number", "", 13), m.latin("name on WhatsApp", "")+" <i>&\"'"+m.cyrillic("name on WhatsApp", ""))
	m.known("id on WhatsApp", strings.TrimPrefix(p.User(), "DE."))
	p.Say(m.awkward("another's first text", bilal))
	a.wants(p.Say)
	first := p.Say(m.awkward("another's text", bilal))
	p.Edit(first, m.awkward("another's edited text", bilal))
	p.Reply(first, m.urdu("another's reply", bilal))
	p.React(first, m.urdu("another's reaction", ""))
	p.Revoke(p.Say(m.awkward("another's text that is taken back", "")))
	p.Attach("image", graph.File{Name: "a.jpg", Type: "image/jpeg", Data: jpeg(m.latin("comment in another's picture", bilal))}, m.awkward("another's caption", bilal))
	p.Attach("document", graph.File{Name: m.latin("another's name of a file", bilal) + ".txt", Type: "text/plain", Data: []byte("note\n" + m.awkward("another's content of a file", bilal))}, "")
	p.Attach("audio", graph.File{Name: "a.ogg", Type: "audio/ogg", Voice: true, Data: append([]byte("OggS\x00\x02"), m.latin("another's voice note", "")...)}, "")
	lat, lon := m.spot("")
	p.Place(lat, lon, m.awkward("another's place", bilal))
	p.Card(m.latin("name of a friend of another", bilal)+" "+m.urdu("name of a friend of another", bilal), "+"+m.digits("number of a friend", bilal, 12))
	p.FromAd(m.digits("number of another advertisement", "", 15), m.awkward("another's text after an advertisement", bilal))
	p.InGroup(m.digits("number of a group", "", 15), m.awkward("text in a group on WhatsApp", ""))
	p.Strange()
	p.Unsupported()
	p.Username("@" + m.latin("user name on WhatsApp", ""))
	p.Say(m.awkward("text under a user name", bilal))
	p.Username("")
	p.Renumber(m.digits("new telephone number", "", 13))
	p.Reidentify("DE." + m.digits("new id on WhatsApp", "", 16))
	p.Say(m.awkward("text from a new number", bilal))
	a.settled()
	p.Reanswer(p.Answer(m.awkward("answer in the app", bilal)), m.awkward("answer in the app, changed", bilal))
	p.Unanswer(p.Answer(m.awkward("answer in the app, deleted", "")))
	p.Read()
	p.Block()

	number := map[string]any{"display_phone_number": graph.Number, "phone_number_id": graph.NumberID}
	profile := map[string]any{"wa_id": p.Phone(), "user_id": p.User(), "profile": map[string]any{"name": m.awkwardName("name of a profile"), "hologram": m.latin("something new of a profile", "")}}
	message := func(kind string, content any) map[string]any {
		return map[string]any{"messaging_product": "whatsapp", "metadata": number, "contacts": []any{profile}, "messages": []any{map[string]any{
			"id": "wamid." + formKey(), "from": p.Phone(), "from_user_id": p.User(), "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "type": kind, kind: content}}}
	}
	a.event(graph.WhatsApp, "", message("hologram", map[string]any{"body": m.awkward("message of no known kind on WhatsApp", "")}))
	a.event(graph.WhatsApp, "", message("contacts", []any{map[string]any{
		"name": map[string]any{"formatted_name": m.awkward("name in an address book", bilal)}, "phones": []any{map[string]any{"phone": "+" + m.digits("number in an address book", bilal, 12)}},
		"org": map[string]any{"company": m.latin("employer in an address book", "")}, "emails": []any{map[string]any{"email": m.latin("mail address in an address book", "") + "@example.org"}}}}))
	a.event(graph.WhatsApp, "", message("interactive", map[string]any{"type": "nfm_reply", "nfm_reply": map[string]any{"response_json": `{"x":"` + m.latin("answer of a flow", "") + `"}`}}))
	a.event(graph.WhatsApp, "", map[string]any{"messaging_product": "whatsapp", "metadata": number, "statuses": []any{map[string]any{
		"id": "wamid." + m.latin("id of a message that nobody sent", ""), "status": "failed", "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "recipient_id": p.Phone(),
		"biz_opaque_callback_data": m.latin("data of a status", ""), "errors": []any{map[string]any{
			"code": 131026, "title": m.awkward("title of a failed status", ""), "message": m.awkward("message of a failed status", ""), "error_data": map[string]any{"details": m.awkward("details of a failed status", "")}}}}}})
	a.event(graph.WhatsApp, "history", map[string]any{"messaging_product": "whatsapp", "metadata": number, "history": []any{map[string]any{"threads": []any{map[string]any{"id": p.Phone(), "messages": []any{map[string]any{"text": map[string]any{"body": m.awkward("text from before", "")}}}}}}}})
	a.event(graph.WhatsApp, "smb_app_state_sync", map[string]any{"messaging_product": "whatsapp", "metadata": number, "state_sync": []any{map[string]any{"type": "contact", "contact": map[string]any{"full_name": m.awkwardName("name in the phone's book"), "phone_number": m.digits("number in the phone's book", "", 13)}}}})
	a.event(graph.WhatsApp, "account_update", map[string]any{"event": "DISABLED_UPDATE", "message": m.awkward("text about an account", ""), "phone_number": m.digits("number of an account", "", 13)})
	a.meta.Trouble(131042, m.awkward("trouble of the account", ""))
	a.meta.Policy("warning", m.awkward("reason of a warning", ""))
	a.settled()
	p.Unblock()
}

// forges has strangers call the webhooks.
func (a *metaAviary) forges() {
	a.t.Helper()
	m := a.m
	for _, path := range []string{"/hook/messenger", "/hook/whatsapp"} {
		signed := func(body string) int {
			return a.stranger("POST", path, body, "X-Hub-Signature-256", graph.Sign(a.secret, []byte(body)))
		}
		if s := signed(`{"object":"` + m.latin("broken JSON of Meta", "")); s/100 == 5 {
			a.t.Errorf("broken JSON is answered %d", s)
		}
		signed(`{"object":"` + m.latin("object that is none", "") + `","entry":[{"id":"` + m.latin("entry that is none", "") + `"}]}`)
		if s := a.stranger("POST", path, `{"text":"`+m.awkward("forged text of Meta", "")+`"}`, "X-Hub-Signature-256", "sha256="+m.latin("forged signature", "")); s != http.StatusUnauthorized && s != http.StatusForbidden {
			a.t.Errorf("a forged signature is answered %d", s)
		}
		a.stranger("POST", path, `{"text":"`+m.awkward("unsigned text of Meta", "")+`"}`)
		for _, word := range []string{a.word, m.latin("forged word of the handshake", "")} {
			a.stranger("GET", path+"?"+url.Values{"hub.mode": {"subscribe"}, "hub.verify_token": {word}, "hub.challenge": {m.digits("challenge", "", 12)}}.Encode(), "")
		}
	}
}

// answers does what staff do on the cases of two people.
func (a *metaAviary) answers() (zahras, bilals string) {
	a.t.Helper()
	m := a.m
	a.meta.Template(graph.Template{Name: "reminder", Language: "en", Body: "Hello {{1}}, your appointment is {{2}}."})
	zahras, bilals = a.talk(zahra), a.talk(bilal)
	for talk, of := range map[string]string{zahras: zahra, bilals: bilal} {
		a.posts(http.StatusOK, talk+"/take")
		a.posts(http.StatusOK, talk+"/say", "key", formKey(), "text", m.awkward("answer", of))
		a.posts(http.StatusOK, talk+"/note", "key", formKey(), "text", m.awkward("note", of))
		a.posts(http.StatusOK, talk+"/safety", "hours", m.urdu("safe hours", of), "word", m.cyrillic("check word", of))
		a.posts(http.StatusNoContent, talk+"/draft", "key", formKey(), "text", m.awkward("draft", ""))
		a.attaches(talk+"/say", m.latin("words with a file", of), m.latin("name of staff's file", of)+".pdf", []byte("%PDF-1.7\n"+m.latin("content of staff's file", of)))
		a.until("files are fetched", func() bool {
			_, page := a.gets(talk)
			return strings.Contains(page, "/media/")
		})
	}
	a.posts(http.StatusOK, bilals+"/template", "name", "reminder", "language", "en", "key", formKey(), "do", "send",
		"value", m.latin("name in a template", bilal), "value", m.urdu("day in a template", bilal))
	a.posts(http.StatusUnprocessableEntity, bilals+"/template", "name", m.latin("template that is none", ""), "language", "en", "key", formKey(), "do", "send", "value", m.latin("value that is not sent", ""))
	return zahras, bilals
}

// metaFails lets each kind of trouble meet an answer to somebody.
func (a *metaAviary) metaFails() {
	a.t.Helper()
	m := a.m
	for n, f := range []graph.Fault{
		{Status: 400, Code: 551, Subcode: 1545041, Message: m.awkward("message of a block", ""), Details: m.latin("details of a block", "")},
		{Status: 400, Code: 100, Message: m.awkward("message of a 400", ""), Details: m.latin("details of a 400", "")},
		{Status: 403, Code: 131026, Message: m.awkward("message of a refusal", ""), Details: m.urdu("details of a refusal", "")},
		{Status: 500, Message: m.latin("message of a 500 of Meta", "")},
		{Status: 502, Body: "<html>" + m.latin("page of a proxy before Meta", "") + m.urdu("page of a proxy before Meta in Urdu", "")},
		{Status: 200, Body: `{"message_id":["` + m.latin("answer that is none", "") + `"]}`},
		{Cut: true},
	} {
		p := a.meta.Person(m.digits("id of somebody in trouble", "", 16), m.latin("name of somebody in trouble", ""))
		c := a.meta.Contact(m.digits("number of somebody in trouble", "", 13), m.latin("name on WhatsApp of somebody in trouble", ""))
		for to, say := range map[string]func(string) string{p.ID(): p.Say, c.User(): c.Say} {
			f.To = to
			a.meta.Fail("POST /*/messages", f)
			say(m.awkward(fmt.Sprint("text in trouble ", n), ""))
		}
	}
	a.meta.Fail("/media/*", graph.Fault{Status: 404, Body: "<html>" + m.latin("page instead of a picture", "")})
	late := a.meta.Contact(m.digits("number of somebody whom nothing reaches", "", 13), "")
	late.Say("menu")
	a.await("an answer", func() bool { return answered(late.Screen()) })
	for _, code := range []int{131026, 131047, 131049} {
		late.Fails(late.Last().ID, code)
	}
	a.meta.Person(m.digits("id of somebody whose file is not to be had", "", 16), "").Attach("image", graph.File{Name: m.latin("name of a picture that is not to be had", "") + ".jpg", Type: "image/jpeg", Data: jpeg("x")})
	a.await("every fault has met somebody", func() bool { return a.meta.Faults() == 0 })
	a.settled()
}

// metaCommands runs what an operator runs for Meta, while Meta answers wrongly.
func (a *metaAviary) metaCommands() {
	a.t.Helper()
	a.meta.Fail("", graph.Fault{Status: 400, Code: 190, Times: 4, Message: a.m.latin("message for the doctor", ""), Details: a.m.latin("details for the doctor", "")})
	a.meta.Fail("", graph.Fault{Status: 502, Times: -1, Body: a.m.awkward("page of a proxy for the doctor", "")})
	if said := a.prints("doctor"); !strings.Contains(said, "messenger token") || !strings.Contains(said, "whatsapp_cloud token") {
		a.t.Errorf("doctor does not look at Meta: %s", said)
	}
	a.prints("messenger", "setup")
	a.meta.Heal()
}
