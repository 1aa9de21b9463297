// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	token  = "7000000:load"
	secret = "load-secret-token-of-a-stand-in"
)

// A server is what is measured: a process of its own.
type server struct {
	addr, path, secret string
	cmd                *exec.Cmd
	log                bytes.Buffer
	ready              time.Duration // from start to the first good /readyz
}

// build makes the binary as the Makefile does.
func build(dir string) (string, error) {
	bin := filepath.Join(dir, "sarai")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "sarai/cmd/sarai")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the program does not build: %w\n%s", err, out)
	}
	return bin, nil
}

// start starts Sarai in a folder, with its bot on the platform at api.
func start(bin, dir, api string, paced bool) (*server, error) {
	listen, err := free()
	if err != nil {
		return nil, err
	}
	return begun(bin, dir, listen, fmt.Sprintf("listen = %q\npublic_url = %q\n[telegram]\ntoken = %q\napi_url = %q\nmode = \"webhook\"\nsecret_token = %q\npaced = %v\n",
		listen, "http://"+listen, token, api, secret, paced))
}

// startFetching starts Sarai so that it fetches, without pace.
func startFetching(bin, dir, api string) (*server, error) {
	listen, err := free()
	if err != nil {
		return nil, err
	}
	return begun(bin, dir, listen, fmt.Sprintf("listen = %q\n[telegram]\ntoken = %q\napi_url = %q\npaced = false\n", listen, token, api))
}

func begun(bin, dir, listen, conf string) (*server, error) {
	file := filepath.Join(dir, "sarai.toml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		return nil, err
	}
	s := &server{addr: listen, path: "/hook/telegram", secret: secret}
	s.cmd = exec.Command(bin, "serve", "--config", file)
	s.cmd.Stderr = &s.log
	return s, s.begin("/readyz")
}

// begin starts the process and waits until it answers at path.
func (s *server) begin(path string) error {
	begun := time.Now()
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for time.Since(begun) < 30*time.Second {
		if resp, err := http.Get("http://" + s.addr + path); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				s.ready = time.Since(begun)
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	s.stop()
	return fmt.Errorf("it is never ready:\n%s", &s.log)
}

// fitted waits until the full model of the articles answers: fitting takes a
// processor for some seconds after each start.
func (s *server) fitted() error {
	for begun := time.Now(); time.Since(begun) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get("http://" + s.addr + "/metrics")
		if err != nil {
			return err
		}
		b, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return err
		}
		if bytes.Contains(b, []byte("\nsarai_search_fitted 1\n")) {
			return nil
		}
	}
	return errors.New("the model is never fitted")
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// memory is what the process holds, in MB, after its garbage was collected by
// itself.
func (s *server) memory() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		return 0, errors.New("the kernel does not say how much memory it has")
	}
	kb, err := strconv.Atoi(string(m[1]))
	return float64(kb) / 1024, err
}

// ticks is how many a second the kernel counts a process's time in (sysconf
// _SC_CLK_TCK, 100 on Linux).
const ticks = 100

// spent is the processor time that the process has used.
func (s *server) spent() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // from the third field on
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * time.Second / ticks
}

func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// A platform takes whatever is sent and tells when something was sent to whom.
type platform struct {
	mu   sync.Mutex
	sent func(who string, at time.Time)
	n    int
}

var chatID = regexp.MustCompile(`name="chat_id"\r\n\r\n(\d+)`)

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, _ := io.ReadAll(bufio.NewReader(r.Body))
	method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	w.Header().Set("Content-Type", "application/json")
	switch method {
	case "sendMessage":
		who := ""
		if m := chatID.FindSubmatch(body); m != nil {
			who = string(m[1])
		}
		p.mu.Lock()
		p.n++
		n, sent := p.n, p.sent
		p.mu.Unlock()
		if sent != nil {
			sent(who, at)
		}
		fmt.Fprintf(w, `{"ok":true,"result":{"message_id":%d,"date":%d,"chat":{"id":1,"type":"private"}}}`, n, at.Unix())
	case "getMe":
		io.WriteString(w, `{"ok":true,"result":{"id":7000000,"is_bot":true,"first_name":"B","username":"load_bot"}}`)
	case "getWebhookInfo":
		io.WriteString(w, `{"ok":true,"result":{"url":"","pending_update_count":0}}`)
	case "getMyCommands":
		io.WriteString(w, `{"ok":true,"result":[]}`)
	case "getMyDescription", "getMyShortDescription":
		io.WriteString(w, `{"ok":true,"result":{}}`)
	default:
		io.WriteString(w, `{"ok":true,"result":true}`)
	}
}

func (p *platform) tell(sent func(who string, at time.Time)) {
	p.mu.Lock()
	p.sent = sent
	p.mu.Unlock()
}
