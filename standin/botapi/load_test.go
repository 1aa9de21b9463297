// SPDX-License-Identifier: GPL-3.0-or-later

package botapi_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"sarai/standin/botapi"
)

const crowd = 1024

// loaded is a stand-in with a crowd, on the machine's clock.
func loaded(b *testing.B, keep int) (*botapi.Server, []*botapi.Person, string) {
	s := botapi.New(botapi.Options{Token: token, Keep: keep})
	web := httptest.NewServer(s.Handler())
	b.Cleanup(func() { s.Close(); web.Close() })
	var people []*botapi.Person
	for id := range int64(crowd) {
		people = append(people, s.Person(id+1, "ur"))
	}
	return s, people, web.URL
}

func post(b *testing.B, url string, body string) []byte {
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		b.Fatal(resp.StatusCode, err, string(out))
	}
	return out
}

// BenchmarkWebhook is one update that somebody makes and the bot takes: how
// many a second the stand-in can deliver to a bot that does nothing.
func BenchmarkWebhook(b *testing.B) {
	s, people, url := loaded(b, -1)
	bot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(bot.Close)
	post(b, url+"/bot"+token+"/setWebhook", `{"url":"`+bot.URL+`","max_connections":100}`)
	b.ResetTimer()
	for i := range b.N {
		people[i%crowd].Say("protector ki fees kitni hai")
	}
	if err := s.Await(context.Background(), func() bool { return s.Confirmed() == b.N }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

// BenchmarkPolling is the same for a bot that asks.
func BenchmarkPolling(b *testing.B) {
	s, people, url := loaded(b, -1)
	go func() {
		for i := range b.N {
			people[i%crowd].Say("protector ki fees kitni hai")
		}
	}()
	offset := "0"
	for s.Confirmed() < b.N {
		var answer struct {
			Result []struct {
				ID json.Number `json:"update_id"`
			} `json:"result"`
		}
		if err := json.Unmarshal(post(b, url+"/bot"+token+"/getUpdates", `{"timeout":1,"offset":`+offset+`}`), &answer); err != nil {
			b.Fatal(err)
		}
		if n := len(answer.Result); n > 0 {
			last, err := answer.Result[n-1].ID.Int64()
			if err != nil {
				b.Fatal(err)
			}
			out, _ := json.Marshal(last + 1)
			offset = string(out)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

// BenchmarkSend is one message of the bot's, from 64 callers.
func BenchmarkSend(b *testing.B) {
	_, people, url := loaded(b, 0)
	for _, p := range people {
		p.Start("")
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var wg sync.WaitGroup
	work := make(chan int)
	b.ResetTimer()
	for range 64 {
		wg.Go(func() {
			for i := range work {
				id, _ := json.Marshal(people[i%crowd].ID())
				resp, err := client.Post(url+"/bot"+token+"/sendMessage", "application/json",
					strings.NewReader(`{"chat_id":`+string(id)+`,"parse_mode":"HTML","text":"<b>Answer</b> with some words","reply_markup":{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}}`))
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	for i := range b.N {
		work <- i
	}
	close(work)
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// What a crowd has said is forgotten: of 100 MB of messages less than 40 MB
// are held, where 10 MB are on the screens.
func TestMemoryIsBounded(t *testing.T) {
	s := botapi.New(botapi.Options{Token: token, Keep: 10})
	t.Cleanup(s.Close)
	words := strings.Repeat("x", 1000)
	web := httptest.NewServer(s.Handler())
	t.Cleanup(web.Close)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 100_000 {
		s.Person(int64(i%crowd)+1, "").Say(string([]byte(words)))
		if i%10_000 == 0 {
			resp, err := http.Get(web.URL + "/bot" + token + "/getUpdates?offset=-1")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
	}
	resp, err := http.Get(web.URL + "/bot" + token + "/getUpdates?offset=-1")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if after := heap(); after > before+40<<20 {
		t.Errorf("%d MB are held", (after-before)>>20)
	}
}
