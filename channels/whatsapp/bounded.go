// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"io"
	"net/http"
)

// maxBody is how much of any file is read: the library holds it in memory. What a
// phone tells a new device of its talks is larger than a file of somebody's.
const maxBody = 64 << 20

// A bounded cuts off answers that are longer than any file that is wanted.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	limit := int64(maxBody)
	if n, ok := r.Context().Value(limitKey{}).(int64); ok {
		limit = n
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, limit), resp.Body}
	return resp, nil
}

// limitKey is under what a request's context has another limit, in bytes.
type limitKey struct{}
