// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

const (
	// fresh is how long the list of templates is used before it is asked for
	// again. What Meta tells of templates meanwhile ends it.
	fresh = 5 * time.Minute
	// maxPages is how many pages of 100 templates are read. An account may have
	// 250, verified ones 6000 (developers.facebook.com, templates, read 2026-11).
	maxPages = 20
)

// A form is a template that may be sent, with what its places are called where
// they have names.
type form struct {
	channels.Template
	names []string // nil: the places are counted
}

// templates are those of the account, for a while.
type templates struct {
	mu    sync.Mutex
	forms []form
	until time.Time
}

func (t *templates) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.until = time.Time{}
}

// Templates gives the approved templates that this program can fill in, by name
// and language: those whose only places are in the body. It asks Meta at most
// every five minutes. It fails only with a *SendError.
func (c *Channel) Templates(ctx context.Context) ([]channels.Template, error) {
	forms, bad := c.forms(ctx)
	if bad != nil {
		return nil, bad
	}
	all := make([]channels.Template, 0, len(forms))
	for _, f := range forms {
		t := f.Template
		t.Fields = slices.Clone(t.Fields)
		all = append(all, t)
	}
	return all, nil
}

func (c *Channel) forms(ctx context.Context) ([]form, *channels.SendError) {
	c.templates.mu.Lock()
	defer c.templates.mu.Unlock()
	if c.now().Before(c.templates.until) {
		return c.templates.forms, nil
	}
	account, bad := c.accountID(ctx)
	if bad != nil {
		return nil, bad
	}
	var forms []form
	ask := url.Values{"fields": {"name,language,status,category,parameter_format,components"}, "limit": {"100"}}
	for range maxPages {
		var page struct {
			Data   []wireTemplate `json:"data"`
			Paging struct {
				Next    string `json:"next"`
				Cursors struct {
					After string `json:"after"`
				} `json:"cursors"`
			} `json:"paging"`
		}
		if err := c.graph.Do(ctx, http.MethodGet, "/"+account+"/message_templates", ask, &page); err != nil {
			return nil, judge(err)
		}
		for _, w := range page.Data {
			if f, ok := w.form(); ok {
				forms = append(forms, f)
			}
		}
		after := page.Paging.Cursors.After
		if page.Paging.Next == "" || after == "" || after == ask.Get("after") {
			break
		}
		ask.Set("after", after)
	}
	slices.SortStableFunc(forms, func(a, b form) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Language, b.Language))
	})
	c.templates.forms, c.templates.until = forms, c.now().Add(fresh)
	return forms, nil
}

// wireTemplate is a template as Meta tells of it.
type wireTemplate struct {
	Name       string `json:"name"`
	Language   string `json:"language"`
	Status     string `json:"status"`
	Category   string `json:"category"`
	Components []struct {
		Type    string `json:"type"`
		Format  string `json:"format"` // of a header: TEXT, IMAGE …
		Text    string `json:"text"`
		Buttons []struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"buttons"`
		Example struct {
			Counted [][]string `json:"body_text"`
			Named   []struct {
				Name string `json:"param_name"`
				Text string `json:"example"`
			} `json:"body_text_named_params"`
		} `json:"example"`
	} `json:"components"`
}

// placeForm is where something is filled in.
var placeForm = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]{1,64})\s*\}\}`)

// form is the template where it may be sent and can be filled in: approved, no
// file in its header, and nothing to fill in but in its body.
func (w wireTemplate) form() (form, bool) {
	f := form{Template: channels.Template{Name: w.Name, Language: w.Language, Category: w.Category}}
	if w.Status != "APPROVED" || w.Category == "AUTHENTICATION" || w.Name == "" || w.Language == "" {
		return f, false
	}
	for _, c := range w.Components {
		switch c.Type {
		case "HEADER":
			if c.Format != "TEXT" || placeForm.MatchString(c.Text) {
				return f, false
			}
			f.Header = c.Text
		case "FOOTER":
			f.Footer = c.Text
		case "BODY":
			var names []string
			f.Body, names = counted(c.Text)
			examples := map[string]string{}
			for _, x := range c.Example.Named {
				examples[x.Name] = x.Text
			}
			if len(c.Example.Counted) > 0 {
				for i, x := range c.Example.Counted[0] {
					examples[strconv.Itoa(i+1)] = x
				}
			}
			for _, n := range names {
				f.Fields = append(f.Fields, examples[n])
				if _, err := strconv.Atoi(n); err != nil {
					f.names = names
				}
			}
		case "BUTTONS":
			for _, b := range c.Buttons {
				if b.Type != "QUICK_REPLY" && b.Type != "PHONE_NUMBER" && !(b.Type == "URL" && !placeForm.MatchString(b.URL)) {
					return f, false
				}
			}
		default: // carousels, offers and what comes later need more than words
			return f, false
		}
	}
	return f, f.Body != ""
}

// counted writes the places of a body as {{1}}, {{2}} …, and gives what they were
// called: numbers in their order, names in that in which they come.
func counted(body string) (string, []string) {
	var names []string
	for _, m := range placeForm.FindAllStringSubmatch(body, -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		x, _ := strconv.Atoi(a) // a name is 0: it keeps its place
		y, _ := strconv.Atoi(b)
		return x - y
	})
	return placeForm.ReplaceAllStringFunc(body, func(s string) string {
		name := placeForm.FindStringSubmatch(s)[1]
		return "{{" + strconv.Itoa(slices.Index(names, name)+1) + "}}"
	}), names
}

// filled is the message of a template that was filled in. forms are those that
// are known to be approved; nil where that could not be asked: then Meta says so.
func filled(t *channels.Filled, forms []form) (message, *channels.SendError) {
	reject := func(cause string) (message, *channels.SendError) {
		return message{}, &channels.SendError{Problem: channels.Rejected, Cause: cause}
	}
	if t.Name == "" || t.Language == "" {
		return reject("the template has no name or no language")
	}
	for _, v := range t.Values {
		switch {
		case strings.TrimSpace(v) == "":
			return reject("a place of the template is empty")
		case strings.ContainsAny(v, "\n\r\t"), strings.Contains(v, "    "):
			return reject("what is filled into a template must have no line breaks, no tabs and no four spaces in a row")
		}
	}
	var names []string
	if forms != nil {
		i := slices.IndexFunc(forms, func(f form) bool { return f.Name == t.Name && f.Language == t.Language })
		if i < 0 {
			return reject("there is no such template in this language, or it is not approved")
		}
		f := forms[i]
		if len(f.Fields) != len(t.Values) {
			return reject("the template has " + strconv.Itoa(len(f.Fields)) + " places, and " + strconv.Itoa(len(t.Values)) + " were filled in")
		}
		names = f.names
		if channels.UTF16(fillIn(f.Body, t.Values)) > maxBody {
			return reject("with what was filled in the template is too long")
		}
	}
	out := &outTemplate{Name: t.Name, Language: outLanguage{t.Language}}
	if len(t.Values) > 0 {
		body := outComponent{Type: "body"}
		for i, v := range t.Values {
			value := outValue{Type: "text", Text: v}
			if i < len(names) {
				value.Name = names[i]
			}
			body.Values = append(body.Values, value)
		}
		out.Components = []outComponent{body}
	}
	return message{Type: "template", Template: out}, nil
}

// fillIn is a body with values in its places.
func fillIn(body string, values []string) string {
	return placeForm.ReplaceAllStringFunc(body, func(s string) string {
		n, err := strconv.Atoi(placeForm.FindStringSubmatch(s)[1])
		if err != nil || n < 1 || n > len(values) {
			return s
		}
		return values[n-1]
	})
}

// accountID is the WhatsApp Business account: as configured, else the only one
// that the token is for.
func (c *Channel) accountID(ctx context.Context) (string, *channels.SendError) {
	c.mu.Lock()
	id := c.account
	c.mu.Unlock()
	if id != "" {
		return id, nil
	}
	t, bad := c.aboutToken(ctx)
	if bad != nil {
		return "", bad
	}
	ids := t.accounts()
	if len(ids) != 1 {
		return "", &channels.SendError{Problem: channels.Misset, Cause: "Meta does not say which WhatsApp Business account it is: put account_id into the configuration"}
	}
	c.mu.Lock()
	c.account = ids[0]
	c.mu.Unlock()
	return ids[0], nil
}

// A tokenInfo is what Meta says of a token.
type tokenInfo struct {
	App     meta.ID   `json:"app_id"`
	Valid   bool      `json:"is_valid"`
	Expires meta.Time `json:"expires_at"` // none where it never does
	Data    meta.Time `json:"data_access_expires_at"`
	Scopes  []string  `json:"scopes"`
	Targets []struct {
		Scope string    `json:"scope"`
		IDs   []meta.ID `json:"target_ids"`
	} `json:"granular_scopes"`
}

func (c *Channel) aboutToken(ctx context.Context) (tokenInfo, *channels.SendError) {
	var answer struct {
		Data tokenInfo `json:"data"`
	}
	if err := c.graph.Do(ctx, http.MethodGet, "/debug_token", url.Values{"input_token": {c.o.Token}}, &answer); err != nil {
		return tokenInfo{}, judge(err)
	}
	return answer.Data, nil
}

// accounts are the WhatsApp Business accounts that a token may manage.
func (t tokenInfo) accounts() []string {
	var ids []string
	for _, x := range t.Targets {
		if x.Scope != "whatsapp_business_management" {
			continue
		}
		for _, id := range x.IDs {
			if s := string(id); idForm.MatchString(s) && !slices.Contains(ids, s) {
				ids = append(ids, s)
			}
		}
	}
	return ids
}
