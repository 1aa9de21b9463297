// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/desk"
	"sarai/gateway"
	"sarai/locales"
	"sarai/store"
)

var (
	png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"
	jpg = "\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
	pdf = "%PDF-1.7\n1 0 obj\n"
)

// sends is somebody sending files; each is given to the platform, too.
func (r *rig) sends(who, id string, kind channels.Kind, files map[string]string) {
	r.t.Helper()
	in := r.message(who, id, "")
	in.Kind = kind
	for _, ref := range slices.Sorted(func(yield func(string) bool) {
		for k := range files {
			if !yield(k) {
				return
			}
		}
	}) {
		r.fake.Hold(ref, []byte(files[ref]))
		in.Media = append(in.Media, channels.Media{Ref: ref, Type: "image/jpeg", Name: ref, Size: int64(len(files[ref]))})
	}
	r.must(r.g.Accept(context.Background(), in))
}

// files gives what became of somebody's files, by the name that the phone gave.
func (r *rig) files(who string) map[string]store.File {
	r.t.Helper()
	th := r.thread(who)
	all, err := r.db.Files(context.Background(), th.ID)
	r.must(err)
	out := map[string]store.File{}
	for _, e := range r.entries(who) {
		for _, m := range e.Media {
			if f, ok := all[m.ID]; ok {
				out[m.Ref] = f
				delete(all, m.ID)
			}
		}
	}
	for id := range all {
		r.t.Errorf("the file %s is no entry's", id)
	}
	return out
}

func (r *rig) content(who string, f store.File) string {
	r.t.Helper()
	_, c, err := r.db.OpenFile(context.Background(), r.thread(who).ID, f.ID)
	r.must(err)
	defer c.Close()
	b, err := io.ReadAll(c)
	r.must(err)
	return string(b)
}

// Who sends a file that is too large to be kept is told so, and not that it is kept.
func TestATooLargeFileIsNotSaidToBeKept(t *testing.T) {
	r := newRig(t)
	send := func(id string) channels.Outbound {
		in := r.message("zahra", id, "")
		in.Kind, in.Media = channels.Video, []channels.Media{{Ref: "film", Size: gateway.MaxFile + 1}}
		r.must(r.g.Accept(context.Background(), in))
		r.work()
		sent := r.fake.Sent()
		return sent[len(sent)-1]
	}
	says := func(out channels.Outbound) string {
		return out.Blocks[len(out.Blocks)-1].Text
	}
	if out := send("1"); !strings.Contains(says(out), "too large") || len(out.Options) != 2 {
		t.Errorf("to somebody without a case: %q", out.Blocks)
	}
	r.hear("zahra", "2", "counsellor")
	r.hear("zahra", "3", "yes")
	r.hear("zahra", "4", "skip")
	for _, id := range []string{"5", "6"} { // the second stands for an album's
		if out := send(id); len(out.Blocks) != 1 || !strings.Contains(says(out), "too large") || len(out.Options) != 0 {
			t.Errorf("to somebody who waits: %q", out.Blocks)
		}
	}
}

func TestWhatAPersonSendsIsFetchedAndKeptForWhatItIs(t *testing.T) {
	r := newRig(t)
	r.sends("zahra", "1", channels.Picture, map[string]string{"passport.jpg": png, "virus.jpg": "MZ\x90\x00", "empty": "", "note.exe": "hello\n"})
	entries := r.entries("zahra")
	if len(r.files("zahra")) != 0 {
		t.Error("something is known of files that nobody has fetched")
	}
	for _, m := range entries[0].Media {
		if len(m.ID) != 26 {
			t.Errorf("a file has the ID %q", m.ID)
		}
	}
	watch := r.g.Watch(t.Context())
	r.work()
	files := r.files("zahra")
	for ref, want := range map[string]store.File{
		"passport.jpg": {State: store.Kept, Type: "image/png", Name: "passport.png", Size: int64(len(png))},
		"virus.jpg":    {State: store.Harmful, Name: "virus.jpg"},
		"empty":        {State: store.Unreadable, Name: "empty"},
		"note.exe":     {State: store.Kept, Type: "text/plain", Name: "note.txt", Size: 6},
	} {
		got := files[ref]
		want.ID, want.At = got.ID, morning
		if got.At = got.At.UTC(); got != want {
			t.Errorf("%s is kept as %+v, want %+v", ref, got, want)
		}
	}
	if got := r.content("zahra", files["passport.jpg"]); got != png {
		t.Errorf("%q was kept", got)
	}
	if len(watch) == 0 {
		t.Error("nobody is told that the files are there")
	}
	if n := len(r.fake.Fetched()); n != 4 {
		t.Errorf("fetched %d times", n)
	}
	// The same event once more.
	before := len(r.entries("zahra"))
	r.sends("zahra", "1", channels.Picture, map[string]string{"passport.jpg": png})
	r.wait(time.Hour)
	if n := len(r.fake.Fetched()); n != 4 || len(r.entries("zahra")) != before {
		t.Errorf("fetched %d times after the event came again", n)
	}
}

func TestAFileThatIsTooLarge(t *testing.T) {
	r := newRig(t)
	in := r.message("zahra", "1", "")
	in.Kind = channels.Video
	in.Media = []channels.Media{{Ref: "says so", Size: gateway.MaxFile + 1}, {Ref: "does not", Size: 10}, {Ref: "just"}}
	r.fake.HoldReader("says so", func() io.Reader { t.Error("it was fetched"); return nil })
	endless := 0
	r.fake.HoldReader("does not", func() io.Reader {
		return io.MultiReader(strings.NewReader(jpg), readerFunc(func(b []byte) (int, error) { endless += len(b); clear(b); return len(b), nil }))
	})
	r.fake.HoldReader("just", func() io.Reader {
		return io.LimitReader(io.MultiReader(strings.NewReader(jpg), readerFunc(func(b []byte) (int, error) { clear(b); return len(b), nil })), gateway.MaxFile)
	})
	r.must(r.g.Accept(context.Background(), in))
	r.work()
	files := r.files("zahra")
	if files["says so"].State != store.TooLarge || files["does not"].State != store.TooLarge || files["just"].State != store.Kept {
		t.Errorf("%+v", files)
	}
	if endless > gateway.MaxFile+1<<20 {
		t.Errorf("%d bytes were read of a file without end", endless)
	}
	if names, err := os.ReadDir(filepath.Join(filepath.Dir(r.path), "media")); err != nil || len(names) != 1 {
		t.Errorf("the folder holds %v, %v", names, err)
	}
}

func TestNobodyFillsTheDiskAlone(t *testing.T) {
	r := newRig(t)
	r.g = gateway.New(gateway.Options{
		Store: r.db, Phrases: phrasesOf(t), Now: r.clock, Files: 20,
		Edition: gateway.Edition{Catalogue: r.g.Catalogue(), Read: plainly},
	})
	r.g.Attach(r.fake)
	for i, want := range []store.FileState{store.Kept, store.Kept, store.TooMany} {
		ref := fmt.Sprint("file ", i)
		r.sends("zahra", ref, channels.Picture, map[string]string{ref: jpg})
		r.work()
		if got := r.files("zahra")[ref]; got.State != want {
			t.Errorf("%s is %+v, want %s", ref, got, want)
		}
	}
	r.sends("omar", "o", channels.Picture, map[string]string{"o": jpg})
	r.work()
	if got := r.files("omar")["o"]; got.State != store.Kept {
		t.Errorf("somebody else's is %+v", got)
	}
	// Who erases makes room.
	r.must(func() error {
		_, err := r.db.EraseFile(context.Background(), r.thread("zahra").ID, r.files("zahra")["file 0"].ID, morning)
		return err
	}())
	r.sends("zahra", "again", channels.Picture, map[string]string{"again": jpg})
	r.work()
	if got := r.files("zahra")["again"]; got.State != store.Kept {
		t.Errorf("after erasing it is %+v", got)
	}
}

func phrasesOf(t *testing.T) *locales.Phrases {
	t.Helper()
	p, err := words()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestAPlatformThatDoesNotGiveAFile(t *testing.T) {
	for _, c := range []struct {
		problem channels.SendError
		within  time.Duration // it is kept within that; 0: gone at once
	}{
		{channels.SendError{Problem: channels.Unavailable}, 3 * time.Second},
		{channels.SendError{Problem: channels.NoAnswer}, 3 * time.Second},
		{channels.SendError{Problem: channels.Throttled, After: 7 * time.Minute}, 7 * time.Minute},
		{channels.SendError{Problem: channels.Misset}, 5 * time.Minute},
		{channels.SendError{Problem: channels.Rejected}, 0},
	} {
		t.Run(string(c.problem.Problem), func(t *testing.T) {
			r := newRig(t)
			r.fake.FailFetch(&c.problem)
			r.sends("zahra", "1", channels.Voice, map[string]string{"a": png})
			r.work()
			if c.within == 0 {
				if got := r.files("zahra")["a"]; got.State != store.Gone {
					t.Errorf("it is %+v", got)
				}
				r.wait(25 * time.Hour)
			} else {
				r.wait(c.within - time.Second)
				if got := r.files("zahra")["a"]; c.within > 3*time.Second && got.State != "" {
					t.Errorf("before the time it is %+v", got)
				}
				r.wait(2 * time.Second)
				if got := r.files("zahra")["a"]; got.State != store.Kept {
					t.Errorf("it is %+v", got)
				}
			}
			for _, said := range told(r.entries("zahra")) {
				if strings.HasPrefix(said, "event not-sent") {
					t.Errorf("the transcript says %q", said)
				}
			}
		})
	}
	t.Run("for a day", func(t *testing.T) {
		r := newRig(t)
		for range 500 {
			r.fake.FailFetch(&channels.SendError{Problem: channels.Unavailable})
		}
		r.sends("zahra", "1", channels.Voice, map[string]string{"a": png})
		r.wait(23 * time.Hour)
		if got := r.files("zahra")["a"]; got.State != "" {
			t.Fatalf("given up too early: %+v", got)
		}
		r.wait(3 * time.Hour)
		if got := r.files("zahra")["a"]; got.State != store.Gone {
			t.Fatalf("it is %+v", got)
		}
		n := len(r.fake.Fetched())
		if n < 10 || n > 60 {
			t.Errorf("tried %d times in a day", n)
		}
		if r.wait(24 * time.Hour); len(r.fake.Fetched()) != n {
			t.Error("tried after it was given up")
		}
	})
	t.Run("a line that breaks", func(t *testing.T) {
		r := newRig(t)
		r.sends("zahra", "1", channels.Voice, map[string]string{"a": png})
		r.fake.HoldReader("a", func() io.Reader {
			return io.MultiReader(strings.NewReader(png), iotest.ErrReader(errors.New("https://platform.example/token/zahra")))
		})
		r.work()
		r.fake.Hold("a", []byte(jpg))
		r.wait(time.Minute)
		if got := r.files("zahra")["a"]; got.Type != "image/jpeg" || r.content("zahra", got) != jpg {
			t.Errorf("it is %+v", got)
		}
	})
	t.Run("a channel that cannot", func(t *testing.T) {
		r := newRig(t)
		r.g.Attach(&phone{lost: map[string]int{}})
		r.sends("zahra", "1", channels.Voice, map[string]string{"a": png})
		r.work()
		if got := r.files("zahra")["a"]; got.State != store.Unreadable {
			t.Errorf("it is %+v", got)
		}
	})
}

// TestAProcessThatEndsBetweenFetchesOnce: the file was kept and the job not
// settled; and the other way round, the job was leased and nothing kept.
func TestAProcessThatEndsBetweenFetchesOnce(t *testing.T) {
	r := newRig(t)
	r.sends("zahra", "1", channels.Picture, map[string]string{"a": png, "b": jpg})
	var leased []store.Leased
	for range 10 {
		ls, err := r.db.Lease(context.Background(), r.clock(), r.clock().Add(time.Minute), 10)
		r.must(err)
		leased = append(leased, ls...)
	}
	th := r.thread("zahra")
	id := r.entries("zahra")[0].Media[0].ID
	_, err := r.db.KeepFile(context.Background(), th.ID, id, strings.NewReader(png), func(io.ReaderAt, int64) (store.File, error) {
		return store.File{State: store.Kept, Type: "image/png", At: r.clock()}, nil
	})
	r.must(err)
	r.reopen() // killed
	if len(leased) < 2 {
		t.Fatalf("%d jobs were leased", len(leased))
	}
	r.wait(2 * time.Minute)
	if got := r.fake.Fetched(); len(got) != 1 || got[0].Ref != "b" {
		t.Errorf("fetched %v", got)
	}
	files := r.files("zahra")
	if files["a"].State != store.Kept || files["b"].State != store.Kept {
		t.Errorf("%+v", files)
	}
	if names, err := os.ReadDir(filepath.Join(filepath.Dir(r.path), "media")); err != nil || len(names) != 2 {
		t.Errorf("the folder holds %v, %v", names, err)
	}
}

// TestAFetchThatOutlastsItsLease is leased again while it runs, and done once.
func TestAFetchThatOutlastsItsLease(t *testing.T) {
	r := newRig(t)
	r.sends("zahra", "1", channels.Picture, map[string]string{"a": png})
	reading, on := make(chan struct{}), make(chan struct{})
	r.fake.HoldReader("a", func() io.Reader {
		first := true
		return readerFunc(func(b []byte) (int, error) {
			if first {
				first = false
				close(reading)
				<-on
				return copy(b, png), nil
			}
			return 0, io.EOF
		})
	})
	both := make(chan int, 2)
	work := func() {
		n, err := r.g.Work(context.Background())
		if err != nil {
			t.Error(err)
		}
		both <- n
	}
	go work()
	<-reading
	r.pass(2 * time.Minute) // the lease is over
	go work()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // until it is leased again
		due, ok, err := r.db.NextDue(context.Background())
		r.must(err)
		if !ok || due.After(r.clock()) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("it is not leased again")
		}
	}
	close(on)
	<-both
	<-both
	if n := len(r.fake.Fetched()); n != 1 {
		t.Errorf("fetched %d times", n)
	}
	if got := r.files("zahra")["a"]; got.State != store.Kept {
		t.Errorf("it is %+v", got)
	}
	if n := r.work(); n != 0 {
		t.Errorf("%d jobs are left", n)
	}
}

func TestManyFilesHoldUpNoAnswer(t *testing.T) {
	r := newRig(t)
	on := make(chan struct{})
	in := r.message("omar", "flood", "")
	in.Kind = channels.Picture
	for i := range 40 {
		ref := fmt.Sprint(i)
		r.fake.HoldReader(ref, func() io.Reader { <-on; return strings.NewReader(png) })
		in.Media = append(in.Media, channels.Media{Ref: ref})
	}
	r.must(r.g.Accept(context.Background(), in))
	if ids := r.entries("omar")[0].Media; ids[31].ID == "" || ids[32].ID != "" {
		t.Error("another number of files is fetched than 32")
	}
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.g.Run(ctx); close(done) }()
	for begun := time.Now(); ; time.Sleep(time.Millisecond) { // until as many are fetched as may be, and the rest was put off
		due, ok, err := r.db.NextDue(context.Background())
		r.must(err)
		if !ok || due.After(r.clock()) {
			break
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatal("the files are not begun")
		}
	}
	r.hear("zahra", "1", "visa")
	wait, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		sent, err := r.fake.Await(wait, 1)
		r.must(err)
		if slices.ContainsFunc(sent, func(o channels.Outbound) bool { return o.To == address("zahra") }) {
			break
		}
		_, err = r.fake.Await(wait, len(sent)+1)
		r.must(err)
	}
	close(on)
	end()
	<-done
	// A stop left what was under way: it is all fetched after the next start.
	r.reopen()
	r.wait(10 * time.Minute)
	if n := len(r.files("omar")); n != 32 {
		t.Errorf("%d files are kept", n)
	}
}

func TestAPoisonMessagesFilesAreFetchedToo(t *testing.T) {
	r := newRig(t)
	in := r.message("zahra", "1", "poison")
	in.Media = []channels.Media{{Ref: "a"}}
	r.fake.Hold("a", []byte(png))
	r.must(r.g.Accept(context.Background(), in))
	r.work()
	if got := r.files("zahra")["a"]; got.State != store.Kept {
		t.Errorf("it is %+v", got)
	}
}

func TestAnErasedTalkKeepsNoFile(t *testing.T) {
	r := newRig(t)
	r.sends("zahra", "1", channels.Picture, map[string]string{"a": png, "b": png})
	r.fake.FailFetch(&channels.SendError{Problem: channels.Unavailable}) // one is still to be fetched
	r.work()
	id := r.thread("zahra").ID
	r.must(r.db.Erase(context.Background(), id))
	r.wait(time.Hour)
	names, err := os.ReadDir(filepath.Join(filepath.Dir(r.path), "media"))
	if err != nil || len(names) != 0 {
		t.Errorf("the folder holds %v, %v", names, err)
	}
}

func TestNamesOfFilesAreCleaned(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "",
		"..":                               "",
		"/etc/passwd":                      "passwd",
		`C:\Users\ali\visa.pdf`:            "visa.pdf",
		"../../../sarai.db":                "sarai.db",
		"photo\u202egpj.exe":               "photogpj.exe",
		"a\nb\tc\x00d\x7f.jpg":             "abcd.jpg",
		" .hidden ":                        "hidden",
		`x"; filename="evil.html`:          "x; filename=evil.html",
		"نیا\u200cپاسپورٹ.jpg":             "نیا\u200cپاسپورٹ.jpg",
		"a\u2067b\u2069\u200f.png":         "ab.png",
		"\xff\xfebad.txt":                  "bad.txt",
		"<script>alert(1)<":                "scriptalert(1)",
		"a\u00a0b  c.txt":                  "a b  c.txt",
		strings.Repeat("ن", 400) + ".docx": strings.Repeat("ن", 100) + "…" + strings.Repeat("ن", 14) + ".docx",
	} {
		if got := gateway.FileName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// carries makes a rig whose platform takes files.
func carries(t *testing.T, l channels.Limits) (*rig, store.ThreadID) {
	r := newRig(t)
	r.fake = channeltest.NewFake("fake", l)
	r.g.Attach(r.fake)
	return r, r.held("zahra")
}

func (r *rig) sayFile(id store.ThreadID, key, text, name, content string) error {
	return r.g.SayFile(context.Background(), id, "amina", key, text, gateway.Upload{Name: name, Content: strings.NewReader(content)})
}

func TestACounsellorSendsAFile(t *testing.T) {
	r, id := carries(t, channels.Limits{Upload: 1000, Caption: 20})
	r.must(r.sayFile(id, "k1", "look\nhere", "../map\u202e.exe", png))
	r.must(r.sayFile(id, "k2", "", "list", pdf))
	r.must(r.sayFile(id, "k3", "these words are longer than twenty", "b.jpg", jpg))
	r.must(r.g.Say(context.Background(), id, "amina", "k4", "after"))
	r.work()
	sent := r.fake.Sent()
	if len(sent) != 5 {
		t.Fatalf("%d messages were sent", len(sent))
	}
	for i, want := range []struct {
		attachment channels.Attachment
		blocks     int
		content    string
	}{
		{channels.Attachment{Kind: channels.Picture, Name: "map.png", Type: "image/png", Size: int64(len(png))}, 2, png},
		{channels.Attachment{Kind: channels.Document, Name: "list.pdf", Type: "application/pdf", Size: int64(len(pdf))}, 0, pdf},
		{channels.Attachment{Kind: channels.Picture, Name: "b.jpg", Type: "image/jpeg", Size: int64(len(jpg))}, 0, jpg},
		{channels.Attachment{}, 1, ""},
		{channels.Attachment{}, 1, ""},
	} {
		got := channels.Attachment{}
		if a := sent[i].Attachment; a != nil {
			got = *a
			got.ID, got.Open = "", nil
		}
		if fmt.Sprint(got) != fmt.Sprint(want.attachment) || len(sent[i].Blocks) != want.blocks || string(r.fake.Carried(sent[i].Key)) != want.content || sent[i].Author != channels.Staff {
			t.Errorf("message %d is %+v with %q", i, sent[i], r.fake.Carried(sent[i].Key))
		}
	}
	if first(sent[3]) != "these words are longer than twenty" || first(sent[4]) != "after" {
		t.Errorf("the words came as %q, %q", first(sent[3]), first(sent[4]))
	}
	var staff []store.Entry
	for _, e := range r.entries("zahra") {
		if e.Author == store.Staff {
			staff = append(staff, e)
		}
	}
	if len(staff) != 4 || staff[0].Kind != channels.Picture || staff[0].Text != "look\nhere" || staff[0].Media[0].Name != "map.png" || staff[2].Text == "" || staff[0].By != "amina" {
		t.Errorf("the transcript has %+v", staff)
	}
	r.reopen() // what was used stays
	if files, err := r.db.Files(context.Background(), id); err != nil || len(files) != 3 {
		t.Errorf("%d files are kept: %v", len(files), err)
	}
}

func TestAFileFormThatIsSentTwiceSaysItOnce(t *testing.T) {
	r, id := carries(t, channels.Limits{Upload: 1000})
	for range 3 {
		r.must(r.sayFile(id, "k", "here", "a.png", png))
	}
	// Both at once: the second finds out at its commit.
	both := make(chan error, 2)
	begun, on := make(chan struct{}, 2), make(chan struct{})
	for range 2 {
		go func() {
			content := io.MultiReader(strings.NewReader(png), readerFunc(func([]byte) (int, error) { begun <- struct{}{}; <-on; return 0, io.EOF }))
			both <- r.g.SayFile(context.Background(), id, "amina", "k2", "", gateway.Upload{Content: content})
		}()
	}
	<-begun
	<-begun
	close(on)
	r.must(errors.Join(<-both, <-both))
	r.work()
	if n := len(r.fake.Sent()); n != 2 {
		t.Errorf("%d messages were sent", n)
	}
	if files, err := r.db.Files(context.Background(), id); err != nil || len(files) != 2 {
		t.Errorf("%d files are kept: %v", len(files), err)
	}
}

func TestAFileThatIsNotSentLeavesNothing(t *testing.T) {
	r, id := carries(t, channels.Limits{Upload: 1000})
	broken := errors.New("the browser hung up")
	for name, c := range map[string]struct {
		by   desk.StaffID
		up   io.Reader
		want error
	}{
		"too large":        {"amina", strings.NewReader(png + strings.Repeat("x", 1000)), gateway.ErrTooLarge},
		"harmful":          {"amina", strings.NewReader("<html><script>alert(1)</script>"), gateway.ErrHarmful},
		"a program":        {"amina", strings.NewReader("\x7fELF\x02\x01\x01"), gateway.ErrHarmful},
		"empty":            {"amina", strings.NewReader(""), gateway.ErrEmpty},
		"a broken upload":  {"amina", io.MultiReader(strings.NewReader(png), iotest.ErrReader(broken)), broken},
		"not the holder's": {"bilal", iotest.ErrReader(errors.New("it was read")), desk.ErrNotHeld},
	} {
		if err := r.g.SayFile(context.Background(), id, c.by, "k", "words", gateway.Upload{Content: c.up}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	r.fake = channeltest.NewFake("fake", channels.Limits{})
	r.g.Attach(r.fake)
	if err := r.sayFile(id, "k", "words", "a", png); !errors.Is(err, gateway.ErrNoFiles) {
		t.Errorf("a channel without files: %v", err)
	}
	r.work()
	if n := count(r.entries("zahra"), store.Staff); n != 0 || len(r.fake.Sent()) != 0 {
		t.Errorf("%d entries", n)
	}
	if files, err := r.db.Files(context.Background(), id); err != nil || len(files) != 0 {
		t.Errorf("%v is kept: %v", files, err)
	}
}

func TestARecordingIsSentAsAVoiceNote(t *testing.T) {
	webm, err := os.ReadFile("../internal/ogg/testdata/live.webm")
	if err != nil {
		t.Fatal(err)
	}
	r, id := carries(t, channels.Limits{Upload: 1 << 20})
	r.must(r.sayFile(id, "k1", "listen", "voice.webm", string(webm)))
	r.must(r.sayFile(id, "k2", "", "", string(webm[:400]))) // no sound in it: it goes as it is
	r.work()
	sent := r.fake.Sent()
	if len(sent) != 3 {
		t.Fatalf("%d messages", len(sent))
	}
	a := sent[0].Attachment
	note := r.fake.Carried(sent[0].Key)
	if a.Kind != channels.Voice || a.Type != "audio/ogg" || a.Name != "voice.ogg" || a.Seconds != 3 || !bytes.HasPrefix(note, []byte("OggS")) || len(sent[0].Blocks) != 0 {
		t.Errorf("sent %+v", a)
	}
	if first(sent[1]) != "listen" {
		t.Errorf("then %q", first(sent[1]))
	}
	if a := sent[2].Attachment; a.Kind != channels.Document || a.Type != "audio/webm" {
		t.Errorf("sent %+v", a)
	}
	// A voice note that is one already goes as it is.
	r.must(r.sayFile(id, "k3", "", "mine.ogg", string(note)))
	r.work()
	if a := r.fake.Sent()[3].Attachment; a.Kind != channels.Voice || !bytes.Equal(r.fake.Carried(r.fake.Sent()[3].Key), note) {
		t.Errorf("sent %+v", a)
	}
	if files, err := r.db.Files(context.Background(), id); err != nil || len(files) != 3 {
		t.Errorf("%d files are kept: %v", len(files), err)
	}
}

func TestOneFileIsErased(t *testing.T) {
	r, id := carries(t, channels.Limits{Upload: 1000})
	r.sends("zahra", "p", channels.Picture, map[string]string{"a": png})
	r.work()
	file := r.files("zahra")["a"]
	ctx := context.Background()
	if err := r.g.EraseFile(ctx, id, "bilal", file.ID); !errors.Is(err, desk.ErrNotHeld) {
		t.Errorf("a colleague: %v", err)
	}
	if err := r.g.EraseFile(ctx, id, "amina", "nothing"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no such file: %v", err)
	}
	r.must(r.g.EraseFile(ctx, id, "amina", file.ID))
	r.must(r.g.EraseFile(ctx, id, "amina", file.ID))
	if got := r.files("zahra")["a"]; got.State != store.Erased || got.Name != "" {
		t.Errorf("it is %+v", got)
	}
	said := told(r.entries("zahra"))
	if n := len(slices.DeleteFunc(said, func(s string) bool { return s != "event "+gateway.EventFileErased })); n != 1 {
		t.Errorf("the transcript says so %d times", n)
	}

	// One that is erased before it left is not sent; what comes after it is.
	r.fake.Forget()
	r.must(r.sayFile(id, "k", "", "b.png", png))
	for _, e := range r.entries("zahra") {
		if e.Author == store.Staff {
			r.must(r.g.EraseFile(ctx, id, "amina", e.Media[0].ID))
		}
	}
	r.must(r.g.Say(ctx, id, "amina", "k5", "never mind"))
	r.work()
	if sent := r.fake.Sent(); len(sent) != 1 || first(sent[0]) != "never mind" {
		t.Errorf("sent %+v", sent)
	}
	if said := told(r.entries("zahra")); !slices.Contains(said, "event not-sent erased") {
		t.Errorf("staff do not see it: %q", said)
	}
}
