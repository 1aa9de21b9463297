// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package web_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	imagepng "image/png"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sarai/channels"
	"sarai/channels/web"
	"sarai/gateway"
	"sarai/internal/browser"
	"sarai/store"
)

// painting is a picture that a browser can draw.
func painting(t *testing.T, width, height int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height {
			m.Set(x, y, color.RGBA{uint8(40 + x*120/width), uint8(90 + y*100/height), 120, 255})
		}
	}
	var b bytes.Buffer
	if err := imagepng.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// chooses chooses files, and waits until all of them are to go with the next words: a
// photo of a camera is drawn anew first.
func (p *phone) chooses(files ...browser.File) {
	p.T.Helper()
	p.Choose("#file", files...)
	p.Is(fmt.Sprintf(`document.querySelectorAll('#chosen li').length === %d`, len(files)))
}

// visits opens the page of a chat that carries files.
func (p *phone) visits(s *whole) {
	p.T.Helper()
	p.Open(s.url + "/chat")
	p.Is(`document.getElementById('attach') && !document.getElementById('attach').hidden`)
}

// key is that of the talk on a phone.
func (p *phone) key() string { return p.Value(`localStorage.getItem('chat.key')`) }

// looksAt brings a picture of the talk into sight, since none is loaded that nobody looks
// at, and waits until it is there.
func (p *phone) looksAt(photo string) {
	p.T.Helper()
	p.Is(`(function (photo) { photo.scrollIntoView(); var i = photo.querySelector('img'); return i && i.complete && i.naturalWidth > 0; })(document.querySelector('` + photo + `'))`)
}

func TestFilesOnThePage(t *testing.T) {
	chromium := browser.Start(t)
	for _, part := range []struct {
		name string
		run  func(*testing.T, *browser.Browser)
	}{
		{"a photo both ways", photoBothWays},
		{"a photo of a camera becomes small and says nothing of the place", leanPhoto},
		{"a voice message is recorded, heard, thrown away and sent", voiceMessage},
		{"the microphone is refused", microphoneRefused},
		{"the line breaks in the middle", lineBreaks},
		{"what is refused is said at once, and no word is lost", refusedFiles},
		{"what strangers send runs nothing", hostileFiles},
		{"hidden, erased, and after a reload", hiddenFiles},
		{"on small screens and from right to left", smallWithFiles},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, chromium) })
	}
}

func photoBothWays(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{})
	photo := painting(t, 640, 420)
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	// The first that somebody does is to send a photo: the talk begins by itself.
	p.chooses(browser.File{Name: "passport.png", Type: "image/png", Content: photo}, browser.File{Name: "contract.pdf", Type: "application/pdf", Content: pdf})
	p.Shot("files-chosen-360")
	p.types("Are these real?")
	p.Is(`document.querySelectorAll('#letters .me').length === 2 && document.querySelectorAll('#files li').length === 0`)
	p.looksAt(".me .photo")
	var kinds []string
	for _, e := range s.entries(p.key()) {
		if e.Author == store.Person {
			kinds = append(kinds, string(e.Kind)+" "+e.Text)
		}
	}
	if got := strings.Join(kinds, ", "); got != "start , picture Are these real?, document " {
		t.Errorf("the centre has %s", got)
	}
	id := s.handed(p.key())
	s.must(s.g.SayFile(context.Background(), id, "amina", "k1", "It looks like this one", gateway.Upload{Name: "real.png", Content: strings.NewReader(photo)}))
	s.must(s.g.SayFile(context.Background(), id, "amina", "k2", "", gateway.Upload{Name: "list.pdf", Content: strings.NewReader(pdf)}))
	webm, err := os.ReadFile("../../internal/ogg/testdata/live.webm")
	s.must(err)
	s.must(s.g.SayFile(context.Background(), id, "amina", "k3", "", gateway.Upload{Name: "voice.webm", Content: bytes.NewReader(webm)}))
	s.work()
	p.looksAt(".staff .photo")
	p.Is(`document.querySelector('.staff .doc .name').textContent === 'list.pdf'`)
	p.Press(".staff .play")
	p.Is(`document.querySelector('.staff audio').currentTime > 0`)
	p.Shot("files-both-360")
	// A document is saved, under its name and as bytes.
	p.Value(`HTMLAnchorElement.prototype.click = function () { window.saved = this.download + ' ' + this.href.slice(0, 5); }, document.querySelector('.staff .doc').click()`)
	p.Is(`window.saved === 'list.pdf blob:'`)
	p.Do(chromedp.Reload())
	p.Is(`document.querySelectorAll('#letters .photo').length === 2`)
	if n := p.Value(`document.querySelectorAll('#letters .me .photo img').length`); n != "0" {
		t.Error("a picture is loaded that nobody looks at")
	}
	p.looksAt("#letters .me .photo")
	p.Press("#letters .photo")
	p.Is(`document.querySelector('#letters .photo').className === 'photo shown large'`)
	p.Shot("files-large-360")
}

// camera is a photo as a phone makes it: large, lying on its side (orientation 6 of
// Exif), and with a place, which stands here as a maker's note.
func camera(t *testing.T, width, height int) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		for y := range height { // noise, as of a cheap lens: it packs badly
			n := uint32(x*2654435761) ^ uint32(y*40503) ^ uint32(x*y)
			m.Set(x, y, color.RGBA{uint8(x*255/width) ^ uint8(n>>24)&31, uint8(n>>16)&63 + 90, 120, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 98}); err != nil {
		t.Fatal(err)
	}
	place := "33.6844 N 73.0479 E"
	tiff := "II*\x00\x08\x00\x00\x00\x02\x00" +
		"\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00" + // orientation
		"\x0e\x01\x02\x00" + string(rune(len(place))) + "\x00\x00\x00\x26\x00\x00\x00" + // image description
		"\x00\x00\x00\x00" + place
	head := "Exif\x00\x00" + tiff
	return "\xff\xd8\xff\xe1" + string([]byte{byte((len(head) + 2) >> 8), byte(len(head) + 2)}) + head + b.String()[2:]
}

func leanPhoto(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{})
	photo := camera(t, 4000, 1500)
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	p.chooses(browser.File{Name: "IMG_0001.jpg", Type: "image/jpeg", Content: photo})
	p.types("My contract")
	p.Is(`document.querySelectorAll('#letters .me').length === 1 && document.querySelectorAll('#files li').length === 0`)
	files := s.files(p.key())
	if len(files) != 1 {
		t.Fatalf("the centre has %d files", len(files))
	}
	for id, f := range files {
		_, c, err := s.db.OpenFile(context.Background(), s.thread(p.key()).ID, id)
		s.must(err)
		kept, err := io.ReadAll(c)
		s.must(err)
		c.Close()
		if bytes.Contains(kept, []byte("Exif")) || bytes.Contains(kept, []byte("33.6844")) {
			t.Error("the photo still says where it was taken")
		}
		if len(kept) > len(photo)/2 {
			t.Errorf("%d bytes became %d", len(photo), len(kept))
		}
		drawn, err := jpeg.DecodeConfig(bytes.NewReader(kept))
		s.must(err)
		if drawn.Width != 960 || drawn.Height != 2560 {
			t.Errorf("the photo is %d by %d, want it upright and 960 by 2560", drawn.Width, drawn.Height)
		}
		if f.Name != "IMG_0001.jpg" {
			t.Errorf("it is called %q", f.Name)
		}
	}
}

func voiceMessage(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{})
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	p.Click("#record")
	p.Is(`!document.getElementById('voice').hidden && document.getElementById('clock').textContent >= '0:01'`)
	p.Shot("files-recording-360")
	p.Click("#throw")
	p.Is(`document.getElementById('voice').hidden && !document.getElementById('form').hidden && document.querySelectorAll('#chosen li').length === 0`)
	p.Click("#record")
	p.Is(`document.getElementById('clock').textContent >= '0:02'`)
	p.Click("#stop")
	p.Is(`document.querySelectorAll('#chosen audio').length === 1`)
	p.Plays("#chosen audio")
	p.Shot("files-recorded-360")
	p.Click("#send")
	p.Is(`document.querySelectorAll('#letters .me .play').length === 1 && document.querySelectorAll('#files li').length === 0`)
	var note *store.Entry
	for _, e := range s.entries(p.key()) {
		if len(e.Media) > 0 {
			note = &e
		}
	}
	if note == nil || note.Kind != channels.Voice || note.Media[0].Type != "audio/ogg" || note.Media[0].Seconds < 2 || note.Media[0].Seconds > 20 {
		t.Fatalf("the centre has %+v", note)
	}
	p.Do(chromedp.Reload())
	p.Is(`document.querySelectorAll('#letters .me .play').length === 1`)
	p.Press("#letters .play")
	p.Is(`document.querySelector('#letters audio').currentTime > 0`)
}

func microphoneRefused(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{})
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	p.Value(`navigator.mediaDevices.getUserMedia = function () { return Promise.reject(new DOMException('', 'NotAllowedError')); }, 0`)
	p.Click("#record")
	p.Shows("The microphone is not allowed.")
	p.Value(`navigator.mediaDevices.getUserMedia = function () { return Promise.reject(new DOMException('', 'NotFoundError')); }, 0`)
	p.Click("#record")
	p.Shows("No microphone works here.")
	p.types("then I write")
	p.Shows("then I write")
}

func lineBreaks(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{})
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	p.types("hello")
	p.Is(`document.querySelectorAll('#letters .me').length === 1`)

	// The line is gone: what waits is said, words are not held up by it, and what is
	// cancelled never goes.
	s.gated(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/files") {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	p.chooses(browser.File{Name: "ticket.png", Type: "image/png", Content: painting(t, 64, 64)}, browser.File{Name: "wrong.pdf", Type: "application/pdf", Content: pdf})
	p.types("my ticket")
	p.Shows("The file will be sent by itself.")
	p.types("are you there?")
	p.Is(`document.querySelectorAll('#letters .me').length === 2`)
	p.Shot("files-waiting-360")
	p.Press("#files li:nth-child(2) .foot button")
	p.Is(`document.querySelectorAll('#files li').length === 1`)

	// The worst moment: all arrived, and the answer did not.
	s.gated(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/files") {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(nowhere{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	})
	p.Is(`document.querySelectorAll('#letters .me').length === 3 && document.querySelectorAll('#files li').length === 0`)
	s.gated(nil)
	p.chooses(browser.File{Name: "second.pdf", Type: "application/pdf", Content: pdf})
	p.types("and this")
	p.Is(`document.querySelectorAll('#letters .me').length === 4 && document.querySelectorAll('#files li').length === 0`)
	var names []string
	for _, e := range s.entries(p.key()) {
		for _, m := range e.Media {
			names = append(names, m.Name)
		}
	}
	if got := strings.Join(names, " "); got != "ticket.png second.pdf" || len(s.files(p.key())) != 2 {
		t.Errorf("the centre has %s", got)
	}

	// A reload while one waits: it cannot be sent any more, and that is said.
	s.gated(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/files") {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	p.chooses(browser.File{Name: "third.pdf", Type: "application/pdf", Content: pdf})
	p.types("the third")
	p.Shows("The file will be sent by itself.")
	p.Do(chromedp.Reload())
	p.Shows("This file was not sent. Please choose it again.")
	p.Is(`document.getElementById('text').value === 'the third'`)
	p.Shot("files-lost-360")
	p.Press("#files .foot button")
	p.Is(`document.querySelectorAll('#files li').length === 0`)
}

// nowhere takes an answer that nobody gets.
type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func refusedFiles(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{files: 300_000, web: web.Options{MaxFile: 1 << 20}})
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	p.types("hello")
	p.Is(`document.querySelectorAll('#letters .me').length === 1`)
	p.Choose("#file", browser.File{Name: "film.mp4", Type: "video/mp4", Content: strings.Repeat("x", 1<<20+1)})
	p.Shows("This file is larger than")
	p.Is(`document.querySelectorAll('#chosen li').length === 0`)
	p.chooses(browser.File{Name: "photo.jpg", Type: "image/jpeg", Content: "<html><script>document.title = 'ran'</script>"})
	p.types("look at my visa")
	p.Shows("This kind of file cannot be sent. Please send a photo or a PDF.")
	p.Is(`document.getElementById('text').value === 'look at my visa'`)
	p.Shot("files-refused-360")
	p.chooses(browser.File{Name: "visa.png", Type: "image/png", Content: png + strings.Repeat("x", 400_000)})
	p.Click("#send")
	p.Is(`document.querySelectorAll('#letters .me').length === 2 && document.getElementById('text').value === ''`)
	p.chooses(browser.File{Name: "more.png", Type: "image/png", Content: png})
	p.types("one more")
	p.Shows("No more files fit into this talk. You can still write.")
	p.Click("#send")
	p.Is(`[].some.call(document.querySelectorAll('#letters .me'), function (l) { return l.innerText.indexOf('one more') >= 0; })`)
	if title := p.Value("document.title"); title == "ran" {
		t.Error("it ran")
	}
}

func hostileFiles(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{})
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	p.types("hello")
	p.Is(`document.querySelectorAll('#letters .me').length === 1`)
	s.handed(p.key())
	id := s.thread(p.key()).ID
	// What is a picture and a page is a picture; what its name says is never asked.
	both := "GIF89a/*\x01\x00\x80\x00\x00*/=1;<script>document.title = 'ran'</script>"
	s.must(s.g.SayFile(context.Background(), id, "amina", "k1", "", gateway.Upload{Name: "<img src=x onerror=document.title='ran'>.html", Content: strings.NewReader(both)}))
	s.must(s.g.SayFile(context.Background(), id, "amina", "k2", "", gateway.Upload{Name: "\"><svg onload=document.title='ran'>.svg", Content: strings.NewReader("%PDF-1.7\n<script>document.title = 'ran'</script>")}))
	if err := s.g.SayFile(context.Background(), id, "amina", "k3", "", gateway.Upload{Name: "plan.png", Content: strings.NewReader(svg)}); err == nil {
		t.Error("a picture that runs was sent")
	}
	p.Is(`document.querySelectorAll('.staff').length === 2`)
	p.Press(".staff .photo")
	p.Press(".staff .doc")
	p.Is(`!document.querySelector('[aria-busy]')`)
	seqs, ps := s.papers(p.key())
	// By its address alone it is nothing, and where it is shown as a page of its own
	// it is no page.
	if status, _, _ := s.fetch("", seqs[0], ps[0].ID); status != http.StatusUnauthorized {
		t.Errorf("by its address: %d", status)
	}
	got := p.Value(fmt.Sprintf(`fetch('/chat/api/files/%d/%s', {headers: {Authorization: 'Bearer ' + localStorage.getItem('chat.key')}}).then(function (r) { window.kind = r.headers.get('content-type'); }), 0`, seqs[0], ps[0].ID))
	p.Is(`window.kind === 'image/gif'`)
	if n := p.Value(`document.querySelectorAll('#letters script, #letters iframe, #letters object, #letters embed, #letters svg[onload], #letters [onerror]').length`); n != "0" || p.Value("document.title") == "ran" {
		t.Errorf("%s elements are the stranger's %s", n, got)
	}
}

func hiddenFiles(t *testing.T, chromium *browser.Browser) {
	s := openWhole(t, wholeOptions{})
	p := newPhone(t, chromium, 360, 640)
	p.visits(s)
	p.chooses(browser.File{Name: "passport.png", Type: "image/png", Content: painting(t, 64, 64)})
	p.types("mine")
	p.looksAt("#letters .photo")
	id := s.handed(p.key())
	s.must(s.g.SayFile(context.Background(), id, "amina", "k1", "", gateway.Upload{Name: "list.pdf", Content: strings.NewReader(pdf)}))
	p.Is(`document.querySelectorAll('.staff .doc').length === 1`)
	// Erased at the desk while the page is open, and then seen anew.
	_, ps := s.papers(p.key())
	s.must(s.g.EraseFile(context.Background(), id, "amina", ps[1].ID))
	p.Press(".staff .doc")
	p.Shows("This file is no longer here.")
	p.Do(chromedp.Reload())
	p.Is(`document.querySelectorAll('.staff .quiet').length === 1 && document.querySelectorAll('.staff .doc').length === 0`)
	p.looksAt("#letters .photo")

	// Hidden: what was there goes, what waits is not sent any more, and no blob is left.
	s.gated(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/files") {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
	p.Value(`window.url = document.querySelector('#letters .photo img').src, 0`)
	p.chooses(browser.File{Name: "ticket.png", Type: "image/png", Content: painting(t, 64, 64)})
	p.types("my ticket")
	p.Shows("The file will be sent by itself.")
	p.types("hide")
	p.Is(`document.querySelectorAll('#letters img, #files li').length === 0`)
	s.gated(nil)
	p.Value(`(function () { var i = new Image(); i.onerror = function () { window.gone = true; }; i.src = window.url; })()`)
	p.Is(`window.gone === true`)
	p.Do(chromedp.Reload())
	p.Is(`document.querySelectorAll('#letters .said').length > 0`)
	if n := p.Value(`document.querySelectorAll('#letters img, #letters .doc').length`); n != "0" || len(s.files(p.key())) != 2 {
		t.Errorf("%s files are shown, %d are known", n, len(s.files(p.key())))
	}
}

func smallWithFiles(t *testing.T, chromium *browser.Browser) {
	photo := painting(t, 900, 600)
	for _, c := range []struct {
		name, locale  string
		width, height int64
	}{
		{"en-320", "en", 320, 568}, {"ur-360", "ur", 360, 740}, {"fa-AF-320", "fa-AF", 320, 568}, {"bn-320", "bn", 320, 568}, {"en-1280", "en", 1280, 800},
	} {
		s := openWhole(t, wholeOptions{})
		p := newPhone(t, chromium, c.width, c.height)
		p.visits(s)
		p.Value("localStorage.setItem('chat.locale', '" + c.locale + "'), 0")
		p.Do(chromedp.Reload())
		p.Is(fmt.Sprintf("document.documentElement.lang === '%s' && document.getElementById('attach') && !document.getElementById('attach').hidden", c.locale))
		p.fits(c.name)
		p.chooses(browser.File{Name: "a-very-long-name-of-a-contract-which-somebody-has-scanned-twice-and-called-so.pdf", Type: "application/pdf", Content: pdf}, browser.File{Name: "photo.png", Type: "image/png", Content: photo})
		p.fits(c.name + ", chosen")
		p.Shot("files-" + c.name + "-chosen")
		p.Click("#send")
		p.Is(`document.querySelectorAll('#letters .me').length === 2`)
		p.looksAt(".me .photo")
		id := s.handed(p.key())
		s.must(s.g.SayFile(context.Background(), id, "amina", "k1", "شکریہ", gateway.Upload{Name: "فہرست.pdf", Content: strings.NewReader(pdf)}))
		webm, err := os.ReadFile("../../internal/ogg/testdata/live.webm")
		s.must(err)
		s.must(s.g.SayFile(context.Background(), id, "amina", "k2", "", gateway.Upload{Name: "voice.webm", Content: bytes.NewReader(webm)}))
		s.must(s.g.SayFile(context.Background(), id, "amina", "k3", "", gateway.Upload{Name: "real.png", Content: strings.NewReader(photo)}))
		p.Is(`document.querySelectorAll('.staff .photo').length === 1`)
		p.Value("localStorage.setItem('chat.locale', '" + c.locale + "'), 0") // the test's program speaks English
		p.Do(chromedp.Reload())
		p.Is(`document.querySelectorAll('.staff').length === 3`)
		p.looksAt(".staff .photo")
		p.fits(c.name + ", in the talk")
		p.Shot("files-" + c.name)
		p.Click("#record")
		p.Is(`!document.getElementById('voice').hidden`)
		p.fits(c.name + ", recording")
		p.Shot("files-" + c.name + "-recording")
		p.Click("#throw")
		p.Is(`document.getElementById('voice').hidden`)
	}
}
