// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sarai/content"
	"sarai/store"
)

//go:embed templates/*.html
var templates embed.FS

// pages are the templates in one locale.
type pages struct{ all *template.Template }

// parse makes the templates once for each locale, with the phrases bound to it.
func (c *Console) parse() (map[content.Locale]*pages, error) {
	sets := map[content.Locale]*pages{}
	for _, l := range content.Locales() {
		t, err := template.New("desk").Funcs(template.FuncMap{
			"t":     func(id string, args ...any) (string, error) { return c.phrase(l, id, args...) },
			"lang":  func() string { return string(l) },
			"dir":   func() string { return direction(l) },
			"add":   func(a, b int) int { return a + b },
			"https": func(link string) bool { return strings.HasPrefix(link, "https://") },
		}).ParseFS(templates, "templates/*.html")
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		sets[l] = &pages{t}
	}
	return sets, nil
}

// phrase gives the words for a phrase id. args are names and values in turn.
func (c *Console) phrase(l content.Locale, id string, args ...any) (string, error) {
	if len(args)%2 != 0 {
		return "", fmt.Errorf("console: phrase %s: a name without a value", id)
	}
	m := make(map[string]any, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return "", fmt.Errorf("console: phrase %s: a name that is no word", id)
		}
		m[name] = args[i+1]
	}
	words, _ := c.Phrases.Say(l, id, m)
	return words, nil
}

// t gives the words for a phrase id in the locale of the desk.
func (v *visit) t(id string, args ...any) string {
	words, err := v.c.phrase(v.l, id, args...)
	if err != nil { // unreachable: the names are written in this package
		return id
	}
	return words
}

func direction(l content.Locale) string {
	if l.RTL() {
		return "rtl"
	}
	return "ltr"
}

// A frame is what every page has.
type frame struct {
	Title   string
	Me      store.Member
	Admin   bool
	Here    string // which part of the navigation: "queue", "staff", "profile"
	Thread  store.ThreadID
	Waiting counted
	// Comments are those that wait, and Public says that there is a page for them.
	Comments commented
	Public   bool
	Notice   string // what was just done, in words
	Problem  string // what was refused, in words
	Phone    bool   // there is a page for a linked phone
	Units    units
	Clock    int64 // the server's, in milliseconds: browsers' are often wrong
	// Warnings are what is wrong, for administrators.
	Warnings []warning
}

// units are the patterns in which pages go on counting time: # is the number.
type units struct{ Now, Minutes, Hours, Days string }

func (v *visit) frame(title string) frame {
	words := ""
	if title != "" {
		words = v.t(title)
	}
	f := frame{
		Title: words, Me: v.me, Admin: v.me.Role == store.Administrator,
		Units:  units{v.t("desk.time.now"), v.t("desk.time.minutes", "N", "#"), v.t("desk.time.hours", "N", "#"), v.t("desk.time.days", "N", "#")},
		Notice: v.notice(), Clock: v.c.Now().UnixMilli(), Phone: v.c.Linked != nil, Public: v.c.Comments,
	}
	return f.warned(v)
}

// notices are what can be said after a form was carried out; a word in the
// address chooses one, so that nothing has to be kept for it.
var notices = map[string]string{"done": "desk.did.done", "erased": "desk.did.erased", "backup": "desk.backup.begun", "key": "desk.backup.kept"}

func (v *visit) notice() string {
	if id, ok := notices[v.r.URL.Query().Get("did")]; ok {
		return v.t(id)
	}
	return ""
}

// show writes a page. It is rendered whole before the first byte leaves, so
// that a fault in a template is an error and not half a page.
func (v *visit) show(status int, name string, page any) error {
	var b bytes.Buffer
	if err := v.c.pages[v.l].all.ExecuteTemplate(&b, name, page); err != nil {
		v.c.Log.Error("desk: a page cannot be rendered", "page", name, "err", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return nil
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.partial() {
		// A page takes a refusal into itself only if it comes from here: what a
		// proxy says in between must not replace what somebody has typed.
		v.w.Header().Set("Desk-Part", "1")
	}
	v.w.WriteHeader(status)
	_, _ = b.WriteTo(v.w) // the reader has gone: there is nobody to tell
	return nil
}

// assetTag names this build's static files for caches.
var assetTag = func() string {
	h := sha256.New()
	_ = fs.WalkDir(static, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := static.ReadFile(path)
		h.Write(b)
		return err
	})
	return `"` + hex.EncodeToString(h.Sum(nil))[:16] + `"`
}()

// newKey makes the key under which a form is carried out once.
func newKey() string { return strings.ToLower(rand.Text()) }

// goodKey says whether a form's key can be one of ours.
func goodKey(key string) bool {
	if len(key) < 16 || len(key) > 64 {
		return false
	}
	for _, r := range key {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// A moment is a time as a page shows it.
type moment struct {
	ISO   string // for the browser, which goes on counting
	Clock string // the hour on the wall of the centre
	Exact string // day, hour and zone
	Ago   string // how long ago, shortly
}

func (v *visit) moment(t time.Time, zone *time.Location) moment {
	if t.IsZero() {
		return moment{}
	}
	local := t.In(zone)
	return moment{
		ISO: t.UTC().Format(time.RFC3339), Clock: local.Format("15:04"),
		Exact: local.Format("2006-01-02 15:04 MST"), Ago: v.ago(v.c.Now().Sub(t)),
	}
}

// ago says a length of time in its largest unit. The script of the page counts
// in the same way.
func (v *visit) ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return v.t("desk.time.now")
	case d < time.Hour:
		return v.t("desk.time.minutes", "N", strconv.Itoa(int(d/time.Minute)))
	case d < 48*time.Hour:
		return v.t("desk.time.hours", "N", strconv.Itoa(int(d/time.Hour)))
	default:
		return v.t("desk.time.days", "N", strconv.Itoa(int(d/(24*time.Hour))))
	}
}

// zone is the wall clock by which a talk is shown: that of its centre, else of
// the member's first centre, else of the only centre there is, else UTC. It is
// not the browser's, so that colleagues who speak of "the message of ten past
// two" mean the same.
func (v *visit) zone(centre content.CentreID) *time.Location {
	c := v.c.Gateway.Catalogue()
	ids := append([]content.CentreID{centre}, v.me.Centres...)
	if all := c.Centres(); len(all) == 1 {
		ids = append(ids, all[0].ID)
	}
	for _, id := range ids {
		if x, ok := c.Centre(id); ok && x.Hours.Zone != "" {
			if z, err := time.LoadLocation(x.Hours.Zone); err == nil {
				return z
			}
		}
	}
	return time.UTC
}

// nearest gives the words for who reads l, or "".
func nearest(words map[content.Locale]string, l content.Locale) string {
	for _, l := range append(append([]content.Locale{l}, l.Fallbacks()...), content.English) {
		if w := words[l]; w != "" {
			return w
		}
	}
	return ""
}

func (v *visit) country(cc content.Country) string {
	if land, ok := v.c.Gateway.Catalogue().Land(cc); ok {
		if name := nearest(land.Names, v.l); name != "" {
			return name
		}
	}
	return string(cc)
}

func (v *visit) centre(id content.CentreID) string {
	if x, ok := v.c.Gateway.Catalogue().Centre(id); ok {
		if name := nearest(x.Names, v.l); name != "" {
			return name
		}
	}
	return string(id)
}

// signal gives what a signal is called: the title of its article.
func (v *visit) signal(id string) string {
	c := v.c.Gateway.Catalogue()
	if s, ok := c.Signal(content.SignalID(id)); ok {
		if a, ok := c.Article(s.Article); ok {
			if t := a.In(v.l); t != nil {
				return t.Title
			}
		}
	}
	return id
}

// Names that the platforms have everywhere, whatever the language of the desk.
var channelNames = map[string]string{
	"telegram": "Telegram", "whatsapp": "WhatsApp", "whatsapp-cloud": "WhatsApp",
	"messenger": "Messenger", "facebook": "Facebook",
}

func (v *visit) channel(name string) string {
	if name == "web" {
		return v.t("desk.channel.web")
	}
	if n, ok := channelNames[name]; ok {
		return n
	}
	return name
}

// tongue gives the language tag for words of a locale. Many write Urdu, Dari or
// Bangla in Latin letters: then the tag says so, and a browser neither turns
// them round nor sets them in a type that they do not need.
func tongue(l content.Locale, words string) string {
	if !l.RTL() && l != content.Bangla {
		return string(l)
	}
	latin := false
	for _, r := range words {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.IsLetter(r):
			return string(l)
		}
	}
	if !latin {
		return string(l)
	}
	language, region, _ := strings.Cut(string(l), "-")
	if region != "" {
		region = "-" + region
	}
	return language + "-Latn" + region
}

// short gives the first n characters of a text as one line.
func short(s string, n int) string {
	var b strings.Builder
	count, space := 0, false
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\v' || r == '\f' || r == '\u2028' || r == '\u2029' || r == 0 {
			space = count > 0
			continue
		}
		if count >= n {
			b.WriteRune('…')
			break
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}
