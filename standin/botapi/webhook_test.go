// SPDX-License-Identifier: GPL-3.0-or-later

package botapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/standin/botapi"
)

// A hooked bot notes what is delivered to it and answers as it is told.
type hooked struct {
	*httptest.Server
	mu     sync.Mutex
	got    []event
	secret []string
	answer func(e event, nth int) int // status; nth delivery of all, from 1
	header http.Header
	busy   int
	most   int // requests at once
}

func newHooked(t *testing.T) *hooked {
	h := &hooked{header: http.Header{}}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	var e event
	if json.Unmarshal(b, &e) != nil || r.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	h.got = append(h.got, e)
	h.secret = append(h.secret, r.Header.Get("X-Telegram-Bot-Api-Secret-Token"))
	n := len(h.got)
	h.busy++
	h.most = max(h.most, h.busy)
	answer := h.answer
	h.mu.Unlock()
	status := http.StatusOK
	if answer != nil {
		status = answer(e, n)
	}
	h.mu.Lock()
	h.busy--
	for k, v := range h.header {
		w.Header()[k] = v
	}
	h.mu.Unlock()
	w.WriteHeader(status)
}

func (h *hooked) deliveries() []event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

func TestAWebhookGetsWhatPeopleDo(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	asif := p.Person(1, "ur")
	asif.Say("before") // it waits for the webhook
	p.taken("setWebhook", args{"url": h.URL, "secret_token": "a-Secret_1"})
	asif.Say("after")
	p.await(func() bool { return p.Pending() == 0 })
	if got := texts(h.deliveries()); got != "before after" {
		t.Errorf("delivered %q", got)
	}
	if h.secret[0] != "a-Secret_1" || p.Confirmed() != 2 {
		t.Errorf("secrets %q, confirmed %d", h.secret, p.Confirmed())
	}
}

func TestWhatIsNotTakenIsDeliveredAgain(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	h.answer = func(_ event, nth int) int {
		return []int{500, 302, 404, 503, 200, 200}[min(nth, 6)-1]
	}
	p.taken("setWebhook", args{"url": h.URL})
	asif := p.Person(1, "")
	asif.Say("one")
	asif.Say("two")
	p.await(func() bool { return p.Pending() == 0 })
	if got := texts(h.deliveries()); got != "one one one one one two" {
		t.Errorf("delivered %q", got)
	}
	var info struct {
		URL   string `json:"url"`
		Error string `json:"last_error_message"`
		Date  int64  `json:"last_error_date"`
	}
	if err := json.Unmarshal(p.taken("getWebhookInfo", args{}), &info); err != nil {
		t.Fatal(err)
	}
	if info.Error != "Wrong response from the webhook: 503 Service Unavailable" || info.Date != p.clock.Now().Unix() || info.URL != h.URL {
		t.Errorf("getWebhookInfo says %+v", info)
	}
}

// A second is a millisecond here.
func TestPausesBetweenDeliveriesDouble(t *testing.T) {
	t.Parallel()
	p, h := serve(t, func(o *botapi.Options) { o.Second = 10 * time.Millisecond }), newHooked(t)
	var mu sync.Mutex
	var at []time.Time
	h.answer = func(_ event, nth int) int {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, time.Now())
		if nth < 5 {
			return 500
		}
		return 200
	}
	p.taken("setWebhook", args{"url": h.URL})
	p.Person(1, "").Say("x")
	p.await(func() bool { return p.Pending() == 0 })
	for i, seconds := range []int{0, 2, 4, 8} {
		if d := at[i+1].Sub(at[i]); d < time.Duration(seconds)*10*time.Millisecond {
			t.Errorf("pause %d was %v, at least %d seconds of 10 ms were due", i+1, d, seconds)
		}
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	var mu sync.Mutex
	var at []time.Time
	h.header.Set("Retry-After", "40") // 40 ms here
	h.answer = func(_ event, nth int) int {
		mu.Lock()
		defer mu.Unlock()
		at = append(at, time.Now())
		if nth == 1 {
			return 503
		}
		return 200
	}
	p.taken("setWebhook", args{"url": h.URL})
	p.Person(1, "").Say("x")
	p.await(func() bool { return p.Pending() == 0 })
	if d := at[1].Sub(at[0]); d < 40*time.Millisecond {
		t.Errorf("delivered again after %v", d)
	}
}

func TestOneChatDoesNotWaitForAnother(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	stuck := make(chan struct{})
	h.answer = func(e event, _ int) int {
		if e.Message != nil && e.Message.Text == "slow" {
			<-stuck
		}
		return 200
	}
	p.taken("setWebhook", args{"url": h.URL})
	slow, quick := p.Person(1, ""), p.Person(2, "")
	slow.Say("slow")
	slow.Say("behind")
	slow.Press(1, "k") // presses have a queue of their own
	quick.Say("quick")
	p.await(func() bool { return p.Pending() == 2 })
	got := texts(h.deliveries())
	if strings.Contains(got, "behind") || !strings.Contains(got, "quick") || !strings.Contains(got, "press k") {
		t.Errorf("delivered %q", got)
	}
	close(stuck)
	p.await(func() bool { return p.Pending() == 0 })
	if got := texts(h.deliveries()); !strings.HasSuffix(got, "behind") {
		t.Errorf("delivered %q", got)
	}
}

func TestAtMostSoManyDeliveriesAtOnce(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	h.answer = func(event, int) int { time.Sleep(time.Millisecond); return 200 } // so that they overlap
	p.taken("setWebhook", args{"url": h.URL, "max_connections": 3})
	for id := range int64(30) {
		for n := range 3 {
			p.Person(id+1, "").Say(strconv.FormatInt(id, 10) + ":" + strconv.Itoa(n))
		}
	}
	p.await(func() bool { return p.Pending() == 0 })
	if h.most != 3 {
		t.Errorf("%d at once, 3 are allowed", h.most)
	}
	last := map[string]string{}
	for _, e := range h.deliveries() {
		who, n, _ := strings.Cut(e.Message.Text, ":")
		if n <= last[who] && last[who] != "" {
			t.Errorf("%s of %s came after %s", n, who, last[who])
		}
		last[who] = n
	}
}

func TestWhatIsTooOldIsNotDelivered(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	h.answer = func(event, int) int { p.clock.pass(100 * time.Second); return 500 }
	p.taken("setWebhook", args{"url": h.URL})
	asif := p.Person(1, "")
	asif.Press(1, "late")
	p.await(func() bool { return p.Pending() == 0 })
	if n := len(h.deliveries()); n != 2 {
		t.Errorf("%d deliveries, the second is the last before 150 seconds are over", n)
	}
}

func TestWithoutAWebhookItIsPolledAgain(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	h.answer = func(event, int) int { return 500 }
	p.taken("setWebhook", args{"url": h.URL})
	asif := p.Person(1, "")
	asif.Say("kept")
	p.await(func() bool { return len(h.deliveries()) > 1 })
	p.taken("deleteWebhook", args{})
	if got := texts(p.updates(args{})); got != "kept" {
		t.Errorf("polled %q", got)
	}
	p.taken("setWebhook", args{"url": h.URL, "drop_pending_updates": true})
	if p.Pending() != 0 {
		t.Error("the pending updates were to be dropped")
	}
}

func TestAWebhookThatIsGoneForADayIsRemoved(t *testing.T) {
	t.Parallel()
	p, h := serve(t), newHooked(t)
	h.answer = func(_ event, nth int) int {
		if nth > 1 {
			p.clock.pass(23*time.Hour + time.Minute)
		}
		return http.StatusGone
	}
	p.taken("setWebhook", args{"url": h.URL})
	p.Person(1, "").Say("x")
	p.await(func() bool { return p.call("getUpdates", args{}).OK })
}

func TestAWebhookThatCannotBe(t *testing.T) {
	t.Parallel()
	p := serve(t)
	for url, why := range map[string]string{
		"http://desk.example.org/":       "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
		"https://desk.example.org:8080/": "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
		"ftp://desk.example.org/":        "Bad Request: invalid webhook URL specified",
		"https://":                       "Bad Request: invalid webhook URL specified",
	} {
		p.refused(400, why, "setWebhook", args{"url": url})
	}
	here := "http://127.0.0.1:1/"
	p.refused(400, "Bad Request: secret token is too long", "setWebhook", args{"url": here, "secret_token": strings.Repeat("a", 257)})
	p.refused(400, "Bad Request: secret token contains unallowed characters", "setWebhook", args{"url": here, "secret_token": "a b"})
	if a := p.call("deleteWebhook", args{}); a.Description != "Webhook is already deleted" {
		t.Errorf("deleting what is not there says %q", a.Description)
	}
	for _, want := range []string{"Webhook was set", "Webhook is already set"} {
		if a := p.call("setWebhook", args{"url": here}); a.Description != want {
			t.Errorf("said %q, expected %q", a.Description, want)
		}
	}
	p.Person(1, "").Say("x")
	p.await(func() bool {
		return strings.Contains(string(p.taken("getWebhookInfo", args{})), `"last_error_message":"Connection refused"`)
	})
}
