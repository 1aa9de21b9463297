// SPDX-License-Identifier: GPL-3.0-or-later

package messenger_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sarai/channels/messenger"
	"sarai/standin/graph"
)

// checked is a place whose webhook answers, but for what is without.
func checked(t *testing.T, o graph.Options, without string) *place {
	t.Helper()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	c := messenger.Options{Comments: true, WebhookURL: srv.URL + messenger.Path}
	switch without {
	case "address":
		c.WebhookURL = ""
	case "server":
		srv.Close()
	}
	p := open(t, o, c)
	switch without {
	case "path":
	case "word":
		mux.HandleFunc(messenger.Path, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) })
	default:
		mux.Handle(messenger.Path, p.ch.Handler(p.kept.sink))
	}
	return p
}

func TestOptions(t *testing.T) {
	good := messenger.Options{PageID: "100", PageToken: "token", AppSecret: "secret", VerifyToken: "word"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*messenger.Options){
		"page_id":      func(o *messenger.Options) { o.PageID = "The Centre" },
		"page_token":   func(o *messenger.Options) { o.PageToken = "" },
		"app_secret":   func(o *messenger.Options) { o.AppSecret = "two words hidden-secret" },
		"verify_token": func(o *messenger.Options) { o.VerifyToken = "" },
		"app_id":       func(o *messenger.Options) { o.AppID = "Sarai" },
		"graph_url":    func(o *messenger.Options) { o.GraphURL = "http://graph.example.org/v25.0" },
	} {
		o := good
		change(&o)
		err := o.Check()
		if err == nil || !strings.HasPrefix(err.Error(), want+" ") || strings.Contains(err.Error(), "hidden-secret") {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := messenger.New(o); err == nil {
			t.Errorf("%s: New takes it", want)
		}
	}
}
