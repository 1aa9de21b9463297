// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

// Package browser is the Chromium in which tests use our pages as people do: it opens
// them, acts, waits for what is to come, and hears whatever the browser complains of.
// Pages are live: an element may be exchanged at any moment. So whatever waits here takes
// an element that is not there for "not yet", and what finds an element and acts on it
// does both in one step, or begins again.
//
// Only tests import it.
package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A Browser is a Chromium without a window.
type Browser struct{ ctx context.Context }

// Start starts the Chromium of this machine for a test, and ends it with the test. It
// speaks English, and has a microphone that beeps and somebody who allows it. Flags are
// what a test needs beyond that.
func Start(t testing.TB, flags ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en"),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(options, flags...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	return &Browser{ctx}
}

// A Screen is what somebody looks at.
type Screen struct {
	Width, Height int64   // in CSS pixels
	Scale         float64 // device pixels to one of these; 0 is 1
	Phone         bool    // laid out as on a phone, and touched
	Dark          bool    // its owner likes it dark
}

// Options say what a tab is.
type Options struct {
	Who       string        // whose it is: failures begin with it; may be ""
	Screen    Screen        // which Show changes
	Patience  time.Duration // how long it waits for what is to come; 0 is 20 seconds
	Tolerates []string      // a complaint that has one of these in it is none
}

// Tab opens a tab that shares nothing with others: neither cookies nor what pages keep.
// It is closed at the end of the test t, which fails if the browser complained, see Quiet.
func (b *Browser) Tab(t testing.TB, o Options) *Tab {
	t.Helper()
	x := &Tab{T: t, who: o.Who, patience: o.Patience, tolerates: o.Tolerates, hosts: map[string]bool{}}
	if x.who != "" {
		x.who += ": "
	}
	if x.patience == 0 {
		x.patience = 20 * time.Second
	}
	var cancel context.CancelFunc
	x.ctx, cancel = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(x.hear))
	t.Cleanup(cancel)
	if err := chromedp.Do(x.ctx); err != nil {
		t.Fatalf("%sno tab opens: %v", x.who, err)
	}
	t.Cleanup(func() { x.report(t) })
	Call(x, cdplog.Enable, cdp.Empty{})
	// Whatever a policy refuses is an event of the page.
	Call(x, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener("securitypolicyviolation", function (e) { console.error("refused " + e.violatedDirective + " " + e.blockedURI + " " + e.sample); })`,
	})
	x.Show(o.Screen)
	return x
}

// Show has the tab be of that screen from now on.
func (b *Tab) Show(s Screen) {
	b.T.Helper()
	if s.Scale == 0 {
		s.Scale = 1
	}
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	Call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.Width, Height: s.Height, DeviceScaleFactor: s.Scale, Mobile: s.Phone})
	Call(b, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: s.Phone})
	Call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}
