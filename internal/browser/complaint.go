// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package browser

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// hear notes what no page should cause. It is called by chromedp with one event after
// the other, and before what was asked later is answered.
func (b *Tab) hear(ev any) {
	switch ev := ev.(type) {
	case *cdplog.EventEntryAdded:
		// That a request was refused, or not answered, is what some stories are about.
		if ev.Entry.Source != cdplog.EntrySourceNetwork {
			b.complain("log: " + ev.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.complain("exception: " + thrown(ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		said := "console:"
		for _, a := range ev.Args {
			said += " " + cmp.Or(a.Description, string(a.Value))
		}
		b.complain(said)
	case *page.EventJavascriptDialogOpening:
		b.complain("a dialog: " + ev.Message)
		go func() { // else nothing of the page goes on; what became of it is seen there
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *network.EventRequestWillBeSent:
		b.mu.Lock()
		u, err := url.Parse(ev.Request.URL)
		ours := err == nil && (b.hosts[u.Host] && u.Scheme == "http" || u.Scheme == "about" || u.Scheme == "blob" || u.Scheme == "data")
		b.mu.Unlock()
		if !ours {
			b.complain("asked " + ev.Request.URL)
		}
	}
}

func (b *Tab) complain(what string) {
	if slices.ContainsFunc(b.tolerates, func(part string) bool { return strings.Contains(what, part) }) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.done {
		b.complaints = append(b.complaints, what)
	}
}

// Quiet fails the test if the browser complained of anything so far, and forgets it. Its
// complaints are what its log says except of requests that failed, whatever a page writes
// to the console, exceptions that nobody caught, what a policy of the page refused,
// dialogs (which are agreed to), and requests to where Open did not go.
func (b *Tab) Quiet() {
	b.T.Helper()
	b.report(b.T)
}

// Done is Quiet for the last time: what the browser complains of later, as of a server that
// was stopped, is no matter.
func (b *Tab) Done() {
	b.T.Helper()
	b.report(b.T)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = true
}

// report fails t.
func (b *Tab) report(t testing.TB) {
	t.Helper()
	b.settle()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.complaints {
		t.Errorf("%sthe browser complains: %s", b.who, c)
	}
	b.complaints = nil
}

// settle waits for an answer: what the browser said before it has been heard then.
func (b *Tab) settle() {
	ctx, cancel := context.WithTimeout(b.ctx, b.patience)
	defer cancel()
	_, _ = chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "0"})
}

// Complains waits until the browser complains of something with part in it, and forgives
// that.
func (b *Tab) Complains(part string) {
	b.T.Helper()
	b.settle()
	pause := time.NewTicker(beat)
	defer pause.Stop()
	for end := time.Now().Add(b.patience); ; <-pause.C {
		b.mu.Lock()
		n := len(b.complaints)
		b.complaints = slices.DeleteFunc(b.complaints, func(c string) bool { return strings.Contains(c, part) })
		found, rest := len(b.complaints) < n, b.complaints
		b.mu.Unlock()
		if found {
			return
		}
		if time.Now().After(end) {
			b.fail("the browser never complained of %q, but of %q", part, rest)
		}
	}
}

// thrown is an exception in a line.
func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception == nil || d.Exception.Description == "" {
		return d.Text
	}
	line, _, _ := strings.Cut(d.Exception.Description, "\n    at ")
	return line
}

// Call gives a tab a command of the browser's protocol, and what it answers; the test
// ends where it does not do it.
func Call[P, R any](b *Tab, c cdp.Command[P, R], params P) R {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	r, err := chromedp.Call(ctx, c, params)
	if err != nil {
		b.fail("%v", err)
	}
	return r
}
