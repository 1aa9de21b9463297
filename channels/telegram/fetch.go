// SPDX-License-Identifier: GPL-3.0-or-later

package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-telegram/bot"

	"sarai/channels"
)

// Fetch opens a file that a person sent. It comes from the configured address
// only and has at most 20 MB, which is what Telegram gives. It fails as Rejected
// where the file is larger or gone. An error while reading is a *SendError that
// says Unavailable.
func (c *Channel) Fetch(ctx context.Context, m channels.Media) (io.ReadCloser, error) {
	if m.Ref == "" {
		return nil, &channels.SendError{Problem: channels.Rejected, Cause: "there is no file"}
	}
	if m.Size > maxDownload {
		return nil, tooLarge()
	}
	var where string
	r := c.try(ctx, func(ctx context.Context) error {
		f, err := c.api.GetFile(ctx, &bot.GetFileParams{FileID: m.Ref})
		if err != nil {
			return err
		}
		if f != nil && f.FileSize <= maxDownload {
			where = f.FilePath
		}
		return nil
	})
	if r != nil {
		return nil, r.err()
	}
	at, ok := c.fileURL(where)
	if !ok {
		return nil, tooLarge()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, tooLarge()
	}
	resp, err := c.client.Do(req)
	if err != nil { // its words hold the address, and the address the token
		return nil, &channels.SendError{Problem: channels.Unavailable, Cause: "Telegram cannot be reached for a file"}
	}
	problem := channels.Unavailable
	switch {
	case resp.StatusCode == http.StatusOK && resp.ContentLength <= maxDownload:
		return &download{body: resp.Body, left: maxDownload}, nil
	case resp.StatusCode == http.StatusOK:
		problem = channels.Rejected
	case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone, resp.StatusCode == http.StatusBadRequest:
		problem = channels.Rejected // the token was right a moment ago
	}
	resp.Body.Close()
	return nil, &channels.SendError{Problem: problem, Cause: "Telegram did not give the file"}
}

func tooLarge() *channels.SendError {
	return &channels.SendError{Problem: channels.Rejected, Cause: "the file is larger than Telegram gives, or gone"}
}

// fileURL is where a file lies, below the configured address and nowhere else.
func (c *Channel) fileURL(path string) (string, bool) {
	if path == "" {
		return "", false
	}
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if p == "" || p == "." || p == ".." {
			return "", false
		}
		parts[i] = url.PathEscape(p)
	}
	return c.url + "/file/bot" + c.token + "/" + strings.Join(parts, "/"), true
}

// A download is the content of a file. What goes wrong is told without the
// address that it comes from.
type download struct {
	body io.ReadCloser
	left int64
}

func (d *download) Read(p []byte) (int, error) {
	if d.left <= 0 {
		return 0, tooLarge()
	}
	n, err := d.body.Read(p)
	d.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &channels.SendError{Problem: channels.Unavailable, Cause: "the file broke off"}
	} else if errors.Is(err, io.EOF) {
		err = io.EOF
	}
	return n, err
}

func (d *download) Close() error { return d.body.Close() }
