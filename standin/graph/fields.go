// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A field is an element of the argument fields: name, and what is asked for inside.
type field struct {
	name   string
	inside []field
}

// parseFields reads id,from{name},messages.limit(5){id,message}. Arguments in
// brackets are left out.
func parseFields(s string) []field {
	all, _ := parseField(s)
	return all
}

func parseField(s string) (all []field, rest string) {
	for s != "" {
		end := strings.IndexAny(s, ",{}.(")
		name := s
		if end >= 0 {
			name = s[:end]
		}
		f := field{name: strings.TrimSpace(name)}
		s = s[len(name):]
		for s != "" && (s[0] == '.' || s[0] == '(') {
			_, after, ok := strings.Cut(s, ")")
			if !ok {
				after = ""
			}
			s = after
		}
		if strings.HasPrefix(s, "{") {
			f.inside, s = parseField(s[1:])
		}
		if f.name != "" {
			all = append(all, f)
		}
		switch {
		case strings.HasPrefix(s, "}"):
			return all, s[1:]
		case s != "":
			s = s[1:]
		}
	}
	return all, ""
}

// pick gives of a node what fields asks for, and its id, as Graph does; without
// fields the usual ones. What is asked for and not there is left out.
func pick(node obj, fields string, usual ...string) obj {
	asked := parseFields(fields)
	if len(asked) == 0 {
		for _, u := range usual {
			asked = append(asked, field{name: u})
		}
	}
	return choose(node, asked)
}

func choose(node obj, asked []field) obj {
	out := obj{}
	if id, ok := node["id"]; ok {
		out["id"] = id
	}
	for _, f := range asked {
		v, ok := node[f.name]
		if !ok {
			continue
		}
		out[f.name] = inner(v, f.inside)
	}
	return out
}

// inner chooses in an object, a list, or the data of an edge.
func inner(v any, asked []field) any {
	if len(asked) == 0 {
		return v
	}
	switch v := v.(type) {
	case obj:
		if data, ok := v["data"]; ok {
			out := obj{"data": inner(data, asked)}
			if p, ok := v["paging"]; ok {
				out["paging"] = p
			}
			return out
		}
		return choose(v, asked)
	case []obj:
		out := make([]obj, len(v))
		for i := range v {
			out[i] = choose(v[i], asked)
		}
		return out
	}
	return v
}

// paged gives a part of a list as Graph does, with cursors and the address of what
// follows. Each node has an id.
func (c *call) paged(all []obj, fields string, usual ...string) obj {
	limit, err := strconv.Atoi(c.args.text("limit"))
	if err != nil || limit < 1 {
		limit = 25
	}
	limit = min(limit, 100)
	from := 0
	if after := c.args.text("after"); after != "" {
		id, _ := base64.RawURLEncoding.DecodeString(after)
		from = 1 + slices.IndexFunc(all, func(o obj) bool { return o["id"] == string(id) })
	}
	part := all[from:min(from+limit, len(all))]
	out := make([]obj, len(part))
	for i := range part {
		out[i] = pick(part[i], fields, usual...)
	}
	answer := obj{"data": out}
	if len(part) == 0 {
		return answer
	}
	cursor := func(o obj) string {
		id, _ := o["id"].(string)
		return base64.RawURLEncoding.EncodeToString([]byte(id))
	}
	after := cursor(part[len(part)-1])
	paging := obj{"cursors": obj{"before": cursor(part[0]), "after": after}}
	if from+limit < len(all) {
		q := url.Values{"after": {after}, "limit": {strconv.Itoa(limit)}}
		for _, name := range []string{"fields", "platform", "user_id", "order", "filter", "since", "until", "status", "name"} {
			if v := c.args.text(name); v != "" {
				q.Set(name, v)
			}
		}
		paging["next"] = c.base + "/" + Version + c.path + "?" + q.Encode()
	}
	answer["paging"] = paging
	return answer
}
