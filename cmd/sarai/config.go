// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"sarai/channels/web"
	"sarai/content"
)

// A config is the configuration file. The zero value of a key is its default;
// defaults fills them in.
type config struct {
	Listen    string             `toml:"listen"`     // address to serve on
	PublicURL string             `toml:"public_url"` // how browsers reach it, where that differs
	Data      string             `toml:"data"`       // folder of everything that is kept
	Store     string             `toml:"store"`      // "bolt"
	KeyFile   string             `toml:"key_file"`   // where the installation key stands; "": in Data
	Centres   []content.CentreID `toml:"centres"`    // those served; empty: all that the content knows
	Patience  duration           `toml:"patience"`   // how long the holder of a case may be silent within hours
	KeepDays  int                `toml:"keep_days"`  // after so many quiet days a talk is erased; 0 is 90
	Proxies   []string           `toml:"proxies"`    // addresses whose X-Forwarded-For is believed
	Web       struct {
		Enabled *bool    `toml:"enabled"`
		Origins []string `toml:"origins"` // websites that may embed the chat
	} `toml:"web"`
	Telegram      telegramConf      `toml:"telegram"`
	Messenger     messengerConf     `toml:"messenger"`
	WhatsAppCloud whatsappCloudConf `toml:"whatsapp_cloud"`
	WhatsApp      whatsappConf      `toml:"whatsapp"`
	Backup        backupConf        `toml:"backup"`

	key string // the installation key as the environment has it
}

// A duration is a time.Duration in TOML: "30m".
type duration time.Duration

func (d *duration) UnmarshalText(b []byte) error {
	x, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a length of time; write it as \"30m\" or \"2h\"", b)
	}
	*d = duration(x)
	return nil
}

// readConfig reads a configuration file; "" is the default one. Secrets can also
// stand in env. Its errors name the file and say what to do.
func readConfig(path string, env func(string) string) (config, error) {
	var c config
	var b []byte
	if path != "" {
		var err error
		b, err = os.ReadFile(path)
		if err != nil {
			return c, fmt.Errorf("the configuration cannot be read: %w", short(err))
		}
		meta, err := toml.Decode(string(b), &c)
		var parse toml.ParseError
		switch {
		case errors.As(err, &parse):
			return c, fmt.Errorf("%s:%d: %s", path, parse.Position.Line, withoutSecret(b, parse))
		case err != nil:
			return c, wrongType(path, err)
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			key := unknown[0].String()
			return c, fmt.Errorf("%s:%d: unknown key %q; docs/operating.md lists all keys", path, lineOf(b, key), key)
		}
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8080"
	}
	if c.Data == "" {
		c.Data = "data"
		if path != "" {
			c.Data = filepath.Join(filepath.Dir(path), "data")
		}
	}
	if c.Store == "" {
		c.Store = "bolt"
	}
	if c.KeyFile != "" {
		c.KeyFile = within(filepath.Dir(path), c.KeyFile)
	}
	c.key = strings.TrimSpace(env(keyVariable))
	var err error
	if c.Telegram.inFile, err = fill("telegram", filepath.Dir(path), env, c.Telegram.all()); err != nil {
		return c, err
	}
	if c.Messenger.inFile, err = fill("messenger", filepath.Dir(path), env, c.Messenger.all()); err != nil {
		return c, err
	}
	if c.WhatsAppCloud.inFile, err = fill("whatsapp_cloud", filepath.Dir(path), env, c.WhatsAppCloud.all()); err != nil {
		return c, err
	}
	where := func(key string) string { return fmt.Sprintf("%s:%d", path, lineOf(b, key)) }
	return c, c.check(where)
}

// withoutSecret is what the decoder says of a line, unless that line holds a
// secret: it quotes what it does not understand.
func withoutSecret(b []byte, err toml.ParseError) string {
	lines := strings.Split(string(b), "\n")
	if n := err.Position.Line; n >= 1 && n <= len(lines) && (strings.Contains(lines[n-1], "token") || strings.Contains(lines[n-1], "secret")) {
		return "a text stands between quotes, as in token = \"…\""
	}
	return err.Message
}

// wrongType says in an operator's words what the decoder says in Go's: where a
// value is of another kind than its key's.
func wrongType(path string, err error) error {
	var line int
	var key, is string
	words := err.Error()
	if _, e := fmt.Sscanf(words, "toml: line %d (last key %q):", &line, &key); e != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if _, after, ok := strings.Cut(words, "TOML value has type "); ok {
		is, _, _ = strings.Cut(after, ";")
	}
	kinds := map[string]string{"int64": "a number", "float64": "a number", "bool": "true or false", "string": "a text", "[]any": "a list", "[]interface {}": "a list", "map[string]interface {}": "a section", "map[string]any": "a section"}
	if kind, ok := kinds[is]; ok {
		return fmt.Errorf("%s:%d: %s cannot be %s; docs/operating.md shows how each key is written", path, line, key, kind)
	}
	return fmt.Errorf("%s:%d: the value of %s cannot be read; docs/operating.md shows how each key is written", path, line, key)
}

// lineOf finds the line of a key for an error message, 1 where it cannot.
func lineOf(b []byte, key string) int {
	last := key[strings.LastIndexByte(key, '.')+1:]
	for i, line := range strings.Split(string(b), "\n") {
		line = strings.TrimLeft(line, " \t[")
		if strings.HasPrefix(line, last) || strings.HasPrefix(line, key) {
			return i + 1
		}
	}
	return 1
}

// check looks at the values. where gives the place of a key in the file.
func (c config) check(where func(key string) string) error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return fmt.Errorf("%s: listen = %q is not an address; write it as \"127.0.0.1:8080\"", where("listen"), c.Listen)
	}
	if c.Store != "bolt" {
		return fmt.Errorf("%s: store = \"bolt\" is the only store of this version", where("store"))
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Host == "" || (u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname()))) {
			return fmt.Errorf("%s: public_url must be an https address, as \"https://chat.example.org\"", where("public_url"))
		}
	}
	for _, o := range c.Web.Origins {
		if err := web.CheckOrigin(o); err != nil {
			return fmt.Errorf("%s: [web] origins: %w", where("origins"), err)
		}
	}
	_, err := c.proxies()
	if err != nil {
		return fmt.Errorf("%s: %w", where("proxies"), err)
	}
	if c.Patience < 0 {
		return fmt.Errorf("%s: patience must not be negative", where("patience"))
	}
	if c.KeepDays < 0 {
		return fmt.Errorf("%s: keep_days must not be negative", where("keep_days"))
	}
	if _, err := c.backups(""); err != nil {
		key, _, _ := strings.Cut(err.Error(), " ") // its first word
		return fmt.Errorf("%s: [backup] %w", where(key), err)
	}
	for _, section := range []struct {
		name  string
		check func() error
	}{{"telegram", c.checkTelegram}, {"messenger", c.checkMessenger}, {"whatsapp_cloud", c.checkWhatsAppCloud}, {"whatsapp", c.checkWhatsApp}} {
		if err := section.check(); err != nil {
			at := where(section.name)
			key, _, _ := strings.Cut(err.Error(), " ") // its first word
			if w := where(key); !strings.HasSuffix(w, ":1") {
				at = w
			}
			return fmt.Errorf("%s: [%s] %w", at, section.name, err)
		}
	}
	return nil
}

func (c config) proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, s := range c.Proxies {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("proxies: %q is neither an address nor a range; write it as \"10.0.0.1\" or \"10.0.0.0/8\"", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p)
	}
	return out, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func (c config) web() bool { return c.Web.Enabled == nil || *c.Web.Enabled }

// base is how browsers reach the installation.
func (c config) base() string {
	if c.PublicURL != "" {
		return strings.TrimSuffix(c.PublicURL, "/")
	}
	return c.local()
}

// local is how this machine itself reaches the installation. Who listens on all
// addresses is reached by the loopback one.
func (c config) local() string {
	host, port, _ := net.SplitHostPort(c.Listen) // checked with the configuration
	if a, err := netip.ParseAddr(host); host == "" || err == nil && a.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// checkCentres says which configured centre the content does not know.
func (c config) checkCentres(cat *content.Catalogue) error {
	for _, id := range c.Centres {
		if _, ok := cat.Centre(id); !ok {
			var known []string
			for _, x := range cat.Centres() {
				known = append(known, string(x.ID))
			}
			slices.Sort(known)
			return fmt.Errorf("centres: %q is not known; known are %s", id, strings.Join(known, ", "))
		}
	}
	return nil
}

// contentFS is the folder of articles that was asked for, or the built-in one.
func contentFS(dir string) (fs.FS, error) {
	if dir == "" {
		return content.Builtin(), nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("the articles cannot be read: %w", short(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("the articles cannot be read: %s is not a folder", dir)
	}
	return os.DirFS(dir), nil
}

// short cuts an error of the operating system to the path and the reason.
func short(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Path, p.Err)
	}
	return err
}
