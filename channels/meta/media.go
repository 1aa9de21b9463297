// SPDX-License-Identifier: GPL-3.0-or-later

package meta

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"sarai/channels"
)

// mediaHosts are the domains from which Meta gives what people send (observed;
// lookaside.fbsbx.com is WhatsApp's).
var mediaHosts = []string{"fbcdn.net", "fbsbx.com", "facebook.com"}

// maxHops is how many redirects a file may be away.
const maxHops = 4

// OfMeta says whether an address is one of Meta's own from which files are
// fetched. Where the API is a stand-in on this machine, so are the files.
func (g *Graph) OfMeta(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if g.loopback && (u.Scheme == "http" || u.Scheme == "https") && loopback(u.Hostname()) {
		return true
	}
	if u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, d := range mediaHosts {
		if strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}

// Fetch opens a file at an address that Meta gave. It is fetched from Meta's own
// hosts only, over every redirect, and gives at most most bytes. With token, the token goes
// to the first host, as WhatsApp's files need it, and to no other. It fails as
// Rejected where the address is not Meta's or the file is larger or gone; an error
// while reading is a *channels.SendError too.
func (g *Graph) Fetch(ctx context.Context, address string, most int64, token bool) (io.ReadCloser, error) {
	for range maxHops {
		if !g.OfMeta(address) {
			return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file does not lie with Meta"}
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file has no valid address"}
		}
		if token {
			req.Header.Set("Authorization", "Bearer "+g.token)
			token = false
		}
		resp, err := g.client.Do(req)
		if err != nil { // its words hold the address
			return nil, &channels.SendError{Problem: channels.Unavailable, Cause: "Meta cannot be reached for a file"}
		}
		if resp.StatusCode == http.StatusOK {
			if resp.ContentLength > most {
				resp.Body.Close()
				return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than is kept"}
			}
			return &download{body: resp.Body, left: most}, nil
		}
		resp.Body.Close()
		switch s := resp.StatusCode; {
		case s >= 300 && s < 400:
			next, err := req.URL.Parse(resp.Header.Get("Location"))
			if err != nil || resp.Header.Get("Location") == "" {
				return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file has no valid address"}
			}
			address = next.String()
		case s == http.StatusTooManyRequests:
			return nil, &channels.SendError{Problem: channels.Throttled, After: pause(resp.Header), Cause: "Meta asks for a pause"}
		case s >= 400 && s < 500: // the signature of its address is over, or it was taken back
			return nil, &channels.SendError{Problem: channels.Rejected, Cause: "Meta does not have the file any more"}
		default:
			return nil, &channels.SendError{Problem: channels.Unavailable, Cause: "Meta did not give the file"}
		}
	}
	return nil, &channels.SendError{Problem: channels.Rejected, Cause: "the file has no end of addresses"}
}

// A download is the content of a file. What goes wrong is told without the
// address that it comes from.
type download struct {
	body io.ReadCloser
	left int64
}

func (d *download) Read(p []byte) (int, error) {
	if int64(len(p)) > d.left+1 { // one more, to see that there is more
		p = p[:d.left+1]
	}
	n, err := d.body.Read(p)
	if int64(n) > d.left {
		return int(d.left), &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than is kept"}
	}
	d.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &channels.SendError{Problem: channels.Unavailable, Cause: "the file broke off"}
	}
	return n, err
}

func (d *download) Close() error { return d.body.Close() }
