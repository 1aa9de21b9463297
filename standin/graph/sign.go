// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// obj is a JSON object of an event or an answer.
type obj = map[string]any

// Sign gives the header X-Hub-Signature-256 of a body, which is sent as it is given here.
func Sign(secret string, body []byte) string {
	return "sha256=" + hash(secret, body)
}

// hash is also an appsecret_proof, over a token.
func hash(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Escape writes JSON as Meta sends it: without spaces, non-ASCII as lower-case
// \uXXXX (UTF-16), and / as \/. What is not JSON is given back as it is.
func Escape(body []byte) []byte {
	var tight bytes.Buffer
	if json.Compact(&tight, body) != nil {
		return body
	}
	in := tight.Bytes()
	out := make([]byte, 0, len(in)+len(in)/4)
	for i := 0; i < len(in); {
		switch b := in[i]; {
		case b == '\\' && in[i+1] == 'u':
			out = append(out, bytes.ToLower(in[i:i+6])...)
			i += 6
		case b == '\\':
			out = append(out, in[i], in[i+1])
			i += 2
		case b == '/':
			out = append(out, '\\', '/')
			i++
		case b < utf8.RuneSelf:
			out = append(out, b)
			i++
		default:
			r, n := utf8.DecodeRune(in[i:])
			for _, u := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, u)
			}
			i += n
		}
	}
	return out
}

// marshal writes what this package made itself.
func marshal(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("graph: what cannot be written: " + err.Error()) // its types are this package's
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// usualNumbers are keys whose values Meta's documentation shows as numbers though
// they are ids or counts.
var usualNumbers = map[string]bool{"app_id": true, "num_edit": true, "sticker_id": true, "new_owner_app_id": true, "previous_owner_app_id": true}

// swap turns ids into numbers and the usual numbers into strings.
func swap(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch x := x.(type) {
			case string:
				if (k == "id" || k == "ad_id") && digits(x) && x[0] != '0' {
					v[k] = json.Number(x)
				}
			case json.Number:
				if usualNumbers[k] {
					v[k] = x.String()
				}
			default:
				v[k] = swap(x)
			}
		}
	case []any:
		for i := range v {
			v[i] = swap(v[i])
		}
	}
	return v
}

// swapped is a body after swap.
func swapped(body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return body
	}
	return marshal(swap(v))
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
