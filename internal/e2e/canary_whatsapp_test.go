// SPDX-License-Identifier: GPL-3.0-or-later

//go:build linux

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"sarai/standin/whatsapp"
)

// deviceFile is the one file that is not sealed.
var deviceFile = filepath.Join("data", "whatsapp.db")

// The beginnings of what marks are called that may be in the device's file while a
// talk lives: what was sent, for three days, and who there is.
const (
	sentOnce = "sent: "
	whoIs    = "who: "
)

// A phoneAviary is an aviary that is a linked device of a phone.
type phoneAviary struct {
	*aviary
	wa *whatsapp.Server
}

func newPhoneAviary(t *testing.T) *phoneAviary {
	m := &marks{}
	c := newCentre(t)
	a := &phoneAviary{
		aviary: &aviary{botCentre: &botCentre{centre: c}, m: m, spared: deviceFile},
		wa:     whatsapp.New(whatsapp.Options{Phone: m.digits(whoIs+"the phone", "", 13)}),
	}
	srv := httptest.NewServer(a.wa.Handler())
	t.Cleanup(func() { a.wa.Close(); srv.CloseClientConnections(); srv.Close() })
	conf := fmt.Sprintf("listen = \"127.0.0.1:0\"\n[whatsapp]\nenabled = true\nendpoint = %q\nroot_key = \"%x\"\npaced = false\n", srv.URL, a.wa.RootKey())
	if err := os.WriteFile(filepath.Join(a.dir, "sarai.toml"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *phoneAviary) await(what string, holds func() bool) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), time.Minute)
	defer cancel()
	if err := a.wa.Await(ctx, holds); err != nil {
		a.t.Fatalf("%s: %v\n%s", what, err, a.log)
	}
}

// taken waits until the device has taken all that was sent to it.
func (a *phoneAviary) taken() {
	a.t.Helper()
	a.await("all is taken", func() bool { return a.wa.Pending() == 0 })
}

// links links the phone by a code, as somebody at a terminal does. The code is
// printed, and nothing else that is a mark.
func (a *phoneAviary) links() {
	a.t.Helper()
	cmd := exec.Command(binary, "whatsapp", "link", "--phone", a.wa.Owner().Phone(), "--config", "sarai.toml")
	cmd.Dir = a.dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	cmd.Stderr = &a.printed
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		code := regexp.MustCompile(`^ +([0-9A-Z]{4}-[0-9A-Z]{4})$`).FindStringSubmatch(lines.Text())
		if code == nil {
			a.printed.WriteString(lines.Text() + "\n")
			continue
		}
		a.m.known("code of the link", code[1])
		a.m.known("code of the link in one", strings.ReplaceAll(code[1], "-", ""))
		if err := a.wa.Owner().Enter(a.t.Context(), code[1]); err != nil {
			a.t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err != nil {
		a.t.Fatalf("no phone is linked: %v\n%s", err, a.printed.String())
	}
	a.await("it is connected", a.wa.Online)
}

// person makes somebody. by is whoIs where the phone told what they are called.
func (a *phoneAviary) person(by, what, of string) *whatsapp.Person {
	p := a.wa.Person(a.m.digits(whoIs+"number of "+what, of, 13))
	a.m.all = append(a.m.all, mark{whoIs + "id of " + what, p.LID().User, of})
	p.Name(a.m.latin(by+"name of "+what, of) + " <i>&\"'" + a.m.urdu(by+"name of "+what, of))
	return p
}

// device gives all bytes of the device's file and those beside it.
func (a *phoneAviary) device() (all []byte) {
	a.t.Helper()
	names, err := filepath.Glob(filepath.Join(a.dir, deviceFile) + "*")
	if err != nil || len(names) == 0 {
		a.t.Fatalf("the device has no file: %v", err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			a.t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// keeps looks at what the device's file holds beside what it may hold.
func (a *phoneAviary) keeps(when string, may func(mark) bool) {
	a.t.Helper()
	f := a.m.finder()
	for i, form := range f.in(a.device()) {
		if !may(f.marks[i]) {
			a.t.Errorf("%s the device's file holds a mark: %s (%s)", when, f.marks[i].what, form)
		}
	}
}

// clears waits until the device's file holds nothing beside what it may hold.
func (a *phoneAviary) clears(when string, may func(mark) bool) {
	a.t.Helper()
	f := a.m.finder()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		held := false
		for i := range f.in(a.device()) {
			held = held || !may(f.marks[i])
		}
		if !held {
			return
		}
	}
	a.keeps(when, may)
}

func TestWhatPeopleSayToALinkedPhoneIsNowhereInTheClear(t *testing.T) {
	a := newPhoneAviary(t)
	temporary := filepath.Join(a.dir, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temporary)
	a.few = testing.Short()
	old := a.person(whoIs, "somebody from before", "")
	old.Write(a.m.awkward("text from before", ""))
	a.wa.Owner().Name(a.m.latin(whoIs+"name of the phone", ""))
	friends := a.wa.Group(a.m.latin(whoIs+"name of a group", ""), old)
	a.start()
	a.signsUp()
	a.links()

	z, s := a.person("", zahra, unshown), a.person("", "samira", unshown)
	a.writes(z, "", zahra)
	a.writes(a.person("", bilal, ""), "another's ", bilal)
	s.Write(a.m.awkward("samira's text", unshown))
	a.apart(old, friends)
	zahras, bilals := a.staffAndPhone(z)
	a.phoneFails()
	a.asks()
	a.prints("whatsapp", "state")
	a.prints("doctor")
	a.nowhere("while it runs")
	// What people wrote is in the file for moments only, and in the log beside it for
	// a few seconds.
	alive := func(x mark) bool { return strings.HasPrefix(x.what, whoIs) || strings.HasPrefix(x.what, sentOnce) }
	a.clears("while it runs", alive)
	a.holds("zahra's export", a.exports(zahras), zahra)
	a.holds("bilal's export", a.exports(bilals), bilal)
	if n := len(a.m.all); n < 100 {
		t.Errorf("only %d marks were sent", n)
	}

	if err := a.end(syscall.SIGABRT); err == nil || !strings.Contains(a.log.String(), "goroutine ") {
		t.Errorf("a crash ends with %v, without a dump", err)
	}
	a.nowhere("after a crash")
	a.keeps("after a crash", alive)
	a.whole("the data folder", filepath.Join(a.dir, "data"), zahras, bilals)
	a.holdsOnDevice("before erasing", z, s)

	// Samira is erased while nothing runs, zahra at the desk.
	if said := a.prints("erase", "--address", "whatsapp:"+s.LID().String(), "--yes"); !strings.Contains(said, "Erased.") {
		t.Errorf("samira is not erased: %s", said)
	}
	a.start()
	a.await("it is connected again", a.wa.Online)
	a.posts(http.StatusOK, zahras+"/erase", "sure", "1")
	erased := func(x mark) bool { return x.of == zahra || x.of == unshown }
	wordless := func(x mark) bool { return alive(x) && (!erased(x) || strings.HasPrefix(x.what, whoIs)) }
	a.clears("after erasing", wordless)
	for _, path := range append(lists, "/desk/whatsapp") {
		_, page := a.gets(path)
		a.gone("the page "+path, []byte(page))
	}
	a.taken()
	if err := a.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v", err)
	}
	a.nowhere("after erasing")
	a.keeps("after erasing", wordless)
	a.opened("the data folder", filepath.Join(a.dir, "data"), zahras, bilals)

	// A day later the file knows nothing of them either.
	a.dayPasses()
	a.start()
	a.clears("a day later", func(x mark) bool { return alive(x) && !erased(x) })
	if err := a.end(syscall.SIGTERM); err != nil {
		t.Errorf("a clean stop ended with %v", err)
	}
	a.keeps("a day later", func(x mark) bool { return alive(x) && !erased(x) })
	a.nowhere("a day later")
}

// holdsOnDevice makes sure that the device's file says who people are as long as it
// should: else it proves nothing that they are not found there later.
func (a *phoneAviary) holdsOnDevice(when string, people ...*whatsapp.Person) {
	a.t.Helper()
	all := a.device()
	for _, p := range people {
		if !bytes.Contains(all, []byte(p.LID().User)) || !bytes.Contains(all, []byte(p.Phone())) {
			a.t.Errorf("%s the device's file does not know somebody", when)
		}
	}
}

// dayPasses puts forward what waits a day in the device's file.
func (a *phoneAviary) dayPasses() {
	a.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(a.dir, deviceFile))
	if err != nil {
		a.t.Fatal(err)
	}
	defer db.Close()
	r, err := db.ExecContext(a.t.Context(), `UPDATE sarai_leaving SET due = due - 26*60*60*1000`)
	if err != nil {
		a.t.Fatal(err)
	}
	if n, err := r.RowsAffected(); n != 4 || err != nil {
		a.t.Errorf("%d addresses of two people wait for a day: %v", n, err)
	}
}

// writes does everything that somebody can do on WhatsApp, with a case.
func (a *phoneAviary) writes(p *whatsapp.Person, whose, of string) {
	a.t.Helper()
	m := a.m
	hidden := ""
	if of == zahra {
		hidden = unshown
	}
	p.Write(m.awkward(whose+"first text", of))
	for _, word := range []string{"counsellor", "yes"} {
		p.Write(word)
		a.taken()
	}
	first := p.Write(m.awkward(whose+"text", of))
	p.Edit(first, m.awkward(whose+"edited text", of))
	p.Reply(first, m.urdu(whose+"reply", of))
	p.React(first, m.urdu(whose+"reaction", hidden))
	p.Revoke(p.Write(m.awkward(whose+"text that is taken back", hidden)))
	p.Garbled(m.awkward(whose+"text that comes a second time", of), 1)
	p.Picture(jpeg(m.latin("comment in a picture, "+whose, of)), m.awkward(whose+"caption", of))
	p.Document(m.latin(whose+"name of a file", of)+m.cyrillic(whose+"name of a file in Cyrillic", of)+".txt", "text/plain", []byte("note\n"+m.awkward(whose+"content of a file", of)), m.urdu(whose+"words with a file", of))
	p.Voice(append([]byte("OggS\x00\x02"), m.latin(whose+"content of a voice note", hidden)...), 3)
	p.Video([]byte("\x00\x00\x00\x18ftypmp42"+m.latin(whose+"content of a film", hidden)), m.awkward(whose+"words with a film", of))
	p.Sticker([]byte("RIFF\x00\x00\x00\x00WEBP" + m.latin(whose+"content of a sticker", hidden)))
	p.ViewOnce(jpeg(m.latin(whose+"picture to be seen once", hidden)))
	lat, lon := m.spot("")
	p.Place(lat, lon, m.awkward(whose+"place", of))
	p.Contact(m.latin(whose+"name of a friend", of)+" "+m.urdu(whose+"name of a friend", of), "+"+m.digits(whose+"number of a friend", of, 12))
	p.Poll(m.awkward(whose+"question of a poll", hidden), m.latin(whose+"answer of a poll", hidden), m.urdu(whose+"answer of a poll", hidden))
	p.HangUp(p.Call(false))
	p.Type()
	p.Status(m.awkward(whose+"status", ""))
	p.Write(m.awkward(whose+"last text", of))
	a.taken()
}

// apart is what is none of the centre's: talks from before, groups, people to whom
// the phone writes first.
func (a *phoneAviary) apart(old *whatsapp.Person, g *whatsapp.Group) {
	a.t.Helper()
	m := a.m
	old.Write(m.awkward("private text", ""))
	a.wa.Owner().Write(old, m.awkward("private answer", ""))
	old.Picture(jpeg(m.latin("private picture", "")), m.urdu("private caption", ""))
	g.Write(old, m.awkward("text in a group", ""))
	g.Rename(m.latin(whoIs+"new name of a group", ""))
	a.wa.Group(m.latin(whoIs+"name of another group", ""), old).Write(old, m.urdu("text in another group", ""))
	a.wa.Owner().Write(a.person("", "somebody to whom the phone writes first", ""), m.awkward("first word of the phone", ""))
	a.taken()
}

// staffAndPhone has staff answer two people at the desk, and one from the phone.
func (a *phoneAviary) staffAndPhone(z *whatsapp.Person) (zahras, bilals string) {
	a.t.Helper()
	m, o := a.m, a.wa.Owner()
	zahras, bilals = a.talk(zahra), a.talk(bilal)
	for talk, of := range map[string]string{zahras: zahra, bilals: bilal} {
		a.posts(http.StatusOK, talk+"/take")
		a.posts(http.StatusOK, talk+"/say", "key", formKey(), "text", m.awkward(sentOnce+"answer", of))
		a.posts(http.StatusOK, talk+"/note", "key", formKey(), "text", m.awkward("note", of))
		a.posts(http.StatusNoContent, talk+"/draft", "key", formKey(), "text", m.awkward("draft", ""))
		a.attaches(talk+"/say", m.latin(sentOnce+"words with a file", of), m.latin(sentOnce+"name of staff's file", of)+".pdf", []byte("%PDF-1.7\n"+m.latin("content of staff's file", of)))
		a.until("files are fetched", func() bool {
			_, page := a.gets(talk)
			return strings.Contains(page, "/media/")
		})
	}
	a.posts(http.StatusOK, zahras+"/release")
	said := o.Write(z, m.awkward("answer from the phone", zahra))
	o.Edit(z, said, m.awkward("answer from the phone, changed", zahra))
	o.Picture(z, jpeg(m.latin("picture from the phone", unshown)), m.awkward("caption from the phone", zahra))
	o.Voice(z, append([]byte("OggS\x00\x02"), m.latin("voice note from the phone", unshown)...), 3)
	o.Revoke(z, o.Write(z, m.awkward("answer from the phone, taken back", unshown)))
	o.React(z, said, m.urdu("reaction from the phone", unshown))
	o.See(z)
	a.taken()
	_, page := a.gets("/desk/whatsapp")
	if !strings.Contains(page, a.core(whoIs+"new name of a group")) {
		a.t.Error("the desk does not list the groups")
	}
	a.fills("/desk/whatsapp/chats", "id", m.latin("talk that is not on the phone", ""), "private", "0")
	return zahras, bilals
}

// phoneFails lets each kind of trouble meet an answer to somebody.
func (a *phoneAviary) phoneFails() {
	a.t.Helper()
	for what, f := range map[string]whatsapp.Fault{"a refusal": {Nack: 479}, "a late answer": {Delay: 500 * time.Millisecond}, "a cut": {Cut: true}} {
		f.To = a.person("", "somebody with "+what, "")
		a.wa.Fail(f)
		f.To.Write(a.m.awkward("text of somebody with "+what, ""))
	}
	a.await("every fault has met somebody", func() bool { return a.wa.Faults() == 0 })
	lost := a.person("", "somebody whose picture is not to be had", "")
	a.wa.ForgetMedia(lost.Picture(jpeg("x"), a.m.awkward("caption of a picture that is not to be had", "")))
	a.wa.Cut()
	lost.Write(a.m.awkward("text while the line is cut", ""))
	a.wa.Break(503)
	a.await("it is connected again", func() bool { return a.wa.Online() && a.wa.Pending() == 0 })
}
