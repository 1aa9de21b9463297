// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"sarai/standin/botapi"
)

// A bench is what the scenarios share.
type bench struct {
	dir, bin string
	api      string // where the platform is
	platform *platform
	long     time.Duration // of one measurement
	n        int
}

// A scenario measures one thing and prints it.
type scenario struct {
	name, what string
	byName     bool // runs only when it is named
	run        func(*bench) error
}

var scenarios = []scenario{
	{"start", "from the start of the process to ready", false, starting},
	{"choices", "webhook to commit, choices and words that need no search, beside a server that only keeps", false, committing(choices)},
	{"texts", "webhook to commit, free text", false, committing(texts)},
	{"replies", "webhook to the reply at the platform, pacing off", false, replying},
	{"paced", "webhook to the reply at Telegram's real limits, 20 people a second", false, pacing},
	{"fair", "others' waiting while one person floods, and with 5,000 slow connections", false, fair},
	{"fetched", "the same where Sarai fetches: to the reply, pacing off", false, fairFetching},
	{"memory", "memory at rest and with 100,000 threads", true, remembering},
	{"grow", "time for a message with 1,000 to 1,000,000 kept", true, growing},
}

func main() {
	which := flag.String("run", "", "only scenarios whose name matches")
	list := flag.Bool("list", false, "print the scenarios")
	long := flag.Duration("long", 6*time.Second, "how long one measurement lasts")
	isPlain := flag.String("plain", "", "")
	flag.Parse()
	if *isPlain != "" {
		fail(plain(*isPlain, flag.Arg(0)))
		return
	}
	if *list {
		for _, s := range scenarios {
			fmt.Printf("%-8s  %s\n", s.name, s.what)
		}
		return
	}
	dir, err := os.MkdirTemp("", "sarai-load-")
	fail(err)
	defer os.RemoveAll(dir)
	bin, err := build(dir)
	fail(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	b := &bench{dir: dir, bin: bin, api: "http://" + l.Addr().String(), platform: &platform{}, long: *long}
	go http.Serve(l, b.platform)
	fmt.Printf("%s, %d processors, %s\n\n", runtime.Version(), runtime.NumCPU(), processor())
	name, err := regexp.Compile(*which)
	fail(err)
	for _, s := range scenarios {
		if *which == "" && s.byName || !name.MatchString(s.name) {
			continue
		}
		fmt.Printf("%s: %s\n", s.name, s.what)
		if err := s.run(b); err != nil {
			fmt.Fprintf(os.Stderr, "load: %s: %v\n", s.name, err)
			os.RemoveAll(dir)
			os.Exit(1)
		}
		fmt.Println()
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func processor() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	if m := regexp.MustCompile(`model name\s*: (.*)`).FindSubmatch(b); m != nil {
		return strings.TrimSpace(string(m[1]))
	}
	return "a processor without a name"
}

// folder gives a new empty folder.
func (b *bench) folder() string {
	b.n++
	dir := filepath.Join(b.dir, fmt.Sprint("run", b.n))
	fail(os.MkdirAll(dir, 0o700))
	return dir
}

// sarai starts Sarai and waits until it has nothing else to do.
func (b *bench) sarai(paced bool) (*server, error) {
	s, err := start(b.bin, b.folder(), b.api, paced)
	if err != nil {
		return nil, err
	}
	if err := s.fitted(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// plain starts the server that only keeps.
func (b *bench) plain() (*server, error) {
	listen, err := free()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &server{addr: listen, path: "/hook/telegram", secret: secret}
	s.cmd = exec.Command(self, "-plain", listen, filepath.Join(b.folder(), "log"))
	return s, s.begin("/readyz")
}

func starting(b *bench) error {
	dir := b.folder()
	var took []time.Duration
	for range 5 {
		s, err := start(b.bin, dir, b.api, true)
		if err != nil {
			return err
		}
		took = append(took, s.ready)
		s.stop()
	}
	slices.Sort(took)
	fmt.Printf("  median %s, longest %s of %d\n", round(took[len(took)/2]), round(took[len(took)-1]), len(took))
	return nil
}

// committing measures with as many people at one time as Telegram lets wait.
func committing(k kind) func(*bench) error {
	return func(b *bench) error {
		for _, people := range []int{1, 64, 1024} {
			s, err := b.sarai(true)
			if err != nil {
				return err
			}
			if _, err := storm(s, people, k, time.Second, 0, nil); err != nil { // warm
				return err
			}
			r, err := storm(s, people, k, b.long, 0, nil)
			s.stop()
			if err != nil {
				return err
			}
			fmt.Printf("  %5d at one time %s", people, r)
			if k == choices {
				p, err := b.plain()
				if err != nil {
					return err
				}
				least, err := storm(p, people, k, b.long, 0, nil)
				p.stop()
				if err != nil {
					return err
				}
				fmt.Printf("   only keeping %8.0f/s (%s), ratio %.2f", least.perSecond(), least.cpu.Round(time.Microsecond), r.perSecond()/least.perSecond())
			}
			fmt.Println()
		}
		return nil
	}
}

// A watch takes the time from a message to the reply.
type watch struct {
	mu    sync.Mutex
	wrote map[string][]time.Time
	took  []time.Duration
}

func (w *watch) sent(who int64, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := fmt.Sprint(who)
	w.wrote[key] = append(w.wrote[key], at)
}

func (w *watch) came(who string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if q := w.wrote[who]; len(q) > 0 {
		w.took = append(w.took, at.Sub(q[0]))
		w.wrote[who] = q[1:]
	}
}

func (w *watch) waiting() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, q := range w.wrote {
		n += len(q)
	}
	return n
}

// reply measures to the reply, and waits at most a minute for those that are
// still under way.
func (b *bench) reply(paced bool, connections int, long, every time.Duration) error {
	s, err := b.sarai(paced)
	if err != nil {
		return err
	}
	defer s.stop()
	w := &watch{wrote: map[string][]time.Time{}}
	b.platform.tell(w.came)
	defer b.platform.tell(nil)
	begun := time.Now()
	r, err := storm(s, connections, choices, long, every, w.sent)
	if err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); w.waiting() > 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.took)
	all := result{done: len(w.took), took: time.Since(begun), each: w.took}
	fmt.Printf("  %5d at one time %s   (to the commit %s)\n", connections, all, r)
	if n := r.done - all.done; n > 0 {
		return fmt.Errorf("%d messages have no reply after a minute", n)
	}
	return nil
}

func replying(b *bench) error {
	for _, people := range []int{1, 64} {
		if err := b.reply(false, people, b.long, 0); err != nil {
			return err
		}
	}
	return nil
}

func pacing(b *bench) error { return b.reply(true, 20, 2*b.long, time.Second) }

// fair measures what others wait while somebody takes more than a share.
func fair(b *bench) error {
	s, err := b.sarai(true)
	if err != nil {
		return err
	}
	defer s.stop()
	quiet := func() (result, error) { return storm(s, 32, texts, b.long, 200*time.Millisecond, nil) }
	if _, err := quiet(); err != nil { // warm
		return err
	}
	alone, err := quiet()
	if err != nil {
		return err
	}
	fmt.Printf("  32 people, 5 a second each        %s\n", alone)

	flooding := make(chan error, 1)
	end := make(chan struct{})
	rate := make(chan float64, 1)
	go func() {
		n, begun := 0, time.Now()
		flooding <- flood(s, end, &n)
		rate <- float64(n) / time.Since(begun).Seconds()
	}()
	beside, err := quiet()
	close(end)
	if err := errors.Join(err, <-flooding); err != nil {
		return err
	}
	fmt.Printf("  beside one who sends %6.0f/s      %s   p99 %.2f times\n", <-rate, beside, ratio(beside, alone))

	slow, err := slowly(s, 5000)
	if err != nil {
		return err
	}
	beside, err = quiet()
	for _, c := range slow {
		c.Close()
	}
	if err != nil {
		return err
	}
	fmt.Printf("  beside %d slow connections      %s   p99 %.2f times\n", len(slow), beside, ratio(beside, alone))
	return nil
}

// fairFetching measures from what somebody writes to the reply, with a platform
// that hands out updates in one row for everybody.
func fairFetching(b *bench) error {
	api := botapi.New(botapi.Options{Token: token, Keep: -1})
	w := &watch{wrote: map[string][]time.Time{}}
	srv := httptest.NewServer(telling{api.Handler(), w.came})
	defer srv.Close()
	defer api.Close()
	s, err := startFetching(b.bin, b.folder(), srv.URL)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.fitted(); err != nil {
		return err
	}
	quiet := func() result {
		w.mu.Lock()
		w.wrote, w.took = map[string][]time.Time{}, nil
		w.mu.Unlock()
		begun := time.Now()
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				var who *botapi.Person
				tick := time.NewTicker(200 * time.Millisecond)
				defer tick.Stop()
				time.Sleep(time.Duration(i) * 6 * time.Millisecond)
				for n := 0; time.Since(begun) < b.long; n++ {
					if n%each == 0 {
						who = api.Person(1_000_000+people.Add(1), "en")
					}
					w.sent(who.ID(), time.Now())
					who.Say("what is a migrant resource centre")
					<-tick.C
				}
			})
		}
		wg.Wait()
		took := time.Since(begun)
		for end := time.Now().Add(time.Minute); w.waiting() > 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		slices.Sort(w.took)
		return result{done: len(w.took), took: took, each: slices.Clone(w.took)}
	}
	quiet() // warm
	alone := quiet()
	fmt.Printf("  32 people, 5 a second each        %s\n", alone)
	end := make(chan struct{})
	done := make(chan int)
	go func() {
		who := api.Person(1_000_000+people.Add(1), "en")
		n := 0
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				done <- n
				return
			case <-tick.C:
				who.Say("my employer does not pay my wages since three months")
				n++
			}
		}
	}()
	begun := time.Now()
	beside := quiet()
	close(end)
	rate := float64(<-done) / time.Since(begun).Seconds()
	fmt.Printf("  beside one who sends %6.0f/s      %s   p99 %.2f times\n", rate, beside, ratio(beside, alone))
	return nil
}

// telling tells of each message that is sent.
type telling struct {
	http.Handler
	sent func(who string, at time.Time)
}

func (t telling) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	if strings.HasSuffix(r.URL.Path, "/sendMessage") {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			if m := chatID.FindSubmatch(body); m != nil {
				t.sent(string(m[1]), at)
			}
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	t.Handler.ServeHTTP(w, r)
}

func ratio(a, b result) float64 { return float64(a.at(.99)) / float64(b.at(.99)) }

// flood is one person who sends a thousand messages a second until end, on as
// many connections as Telegram is told to open.
func flood(s *server, end chan struct{}, n *int) error {
	who := 1_000_000 + people.Add(1)
	var mu sync.Mutex
	var wg sync.WaitGroup
	errs := make([]error, 40)
	for i := range errs {
		l, err := dial(s.addr, s.path, s.secret)
		if err != nil {
			return err
		}
		defer l.conn.Close()
		wg.Go(func() {
			tick := time.NewTicker(time.Second / 25)
			defer tick.Stop()
			for nth := 1; ; nth++ {
				select {
				case <-end:
					return
				case <-tick.C:
				}
				if errs[i] = l.post(update(who, texts, nth)); errs[i] != nil {
					return
				}
				mu.Lock()
				*n++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// slowly opens connections that send the begin of a request and no more.
func slowly(s *server, n int) ([]net.Conn, error) {
	var cs []net.Conn
	for range n {
		c, err := net.Dial("tcp", s.addr)
		if err == nil {
			_, err = c.Write([]byte("POST " + s.path + " HTTP/1.1\r\nHost: " + s.addr + "\r\nContent-Le"))
		}
		if err != nil {
			for _, c := range cs {
				c.Close()
			}
			return nil, fmt.Errorf("%d slow connections: %w (ulimit -n must allow them)", n, err)
		}
		cs = append(cs, c)
	}
	return cs, nil
}

func remembering(b *bench) error {
	s, err := b.sarai(true)
	if err != nil {
		return err
	}
	defer s.stop()
	time.Sleep(time.Second)
	rest, err := s.memory()
	if err != nil {
		return err
	}
	fmt.Printf("  at rest                 %6.0f MB\n", rest)
	for first := people.Load(); people.Load()-first < 100_000; {
		if _, err := storm(s, 64, choices, 10*time.Second, 0, nil); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "  %d threads\r", people.Load()-first)
	}
	busy, err := s.memory()
	if err != nil {
		return err
	}
	time.Sleep(5 * time.Second)
	after, err := s.memory()
	if err != nil {
		return err
	}
	fmt.Printf("  with 100,000 threads    %6.0f MB while they write, %.0f MB after\n", busy, after)
	return nil
}

func growing(b *bench) error {
	s, err := b.sarai(true)
	if err != nil {
		return err
	}
	defer s.stop()
	kept, first := 0, 0.0
	for _, mark := range []int{1_000, 10_000, 100_000, 300_000, 1_000_000} {
		for kept < mark-1 {
			r, err := storm(s, 64, choices, min(20*time.Second, max(200*time.Millisecond, time.Duration(mark-kept)*time.Second/6000)), 0, nil)
			if err != nil {
				return err
			}
			kept += r.done
			fmt.Fprintf(os.Stderr, "  %d kept\r", kept)
		}
		r, err := storm(s, 64, choices, b.long, 0, nil)
		if err != nil {
			return err
		}
		kept += r.done
		if first == 0 {
			first = r.perSecond()
		}
		fmt.Printf("  from %8d messages %s   %.2f of the first\n", mark, r, r.perSecond()/first)
	}
	return nil
}
