// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
)

// A reader makes events of what Meta sends. It knows nothing but this, asks
// nobody and remembers nothing.
type reader struct {
	page, app meta.ID
	comments  bool
	ofMeta    func(address string) bool
}

// A reading is what an event means.
type reading struct {
	meta.Reading
	marks  []mark // own messages that came back
	policy string // what Meta did to the Page
}

// A mark is an own message that came back: which part of which.
type mark struct {
	key  string
	part int
	last bool
	mid  string
}

// The shapes of events, with only what is used of them. What changes its form
// fails alone: encoding/json goes on behind it.
type (
	party struct {
		ID meta.ID `json:"id"`
	}
	messaging struct {
		Sender    party     `json:"sender"`
		Recipient party     `json:"recipient"`
		Timestamp meta.Time `json:"timestamp"`

		Message  *message  `json:"message"`
		Postback *postback `json:"postback"`
		Referral *referral `json:"referral"`
		Optin    *optin    `json:"optin"`
		Delivery *delivery `json:"delivery"`
		Seen     *delivery `json:"read"`
		Reaction *reaction `json:"reaction"`
		Edit     *edit     `json:"message_edit"`
		Policy   *policy   `json:"policy_enforcement"`
		Policy2  *policy   `json:"policy-enforcement"` // observed

		routing
	}
	// routing is about which program a talk belongs to. What follows for the
	// person is said by where their next message comes: in standby or not.
	routing struct {
		Pass    json.RawMessage `json:"pass_thread_control"`
		Take    json.RawMessage `json:"take_thread_control"`
		Request json.RawMessage `json:"request_thread_control"`
		Roles   json.RawMessage `json:"app_roles"`
	}
	message struct {
		MID         meta.ID      `json:"mid"`
		Text        string       `json:"text"`
		QuickReply  *quickReply  `json:"quick_reply"`
		Attachments []attachment `json:"attachments"`
		Referral    *referral    `json:"referral"`
		Echo        bool         `json:"is_echo"`
		Deleted     bool         `json:"is_deleted"`
		App         meta.ID      `json:"app_id"`
		Metadata    string       `json:"metadata"`
	}
	quickReply struct {
		Payload string `json:"payload"`
	}
	postback struct {
		MID      meta.ID   `json:"mid"`
		Title    string    `json:"title"`
		Payload  string    `json:"payload"`
		Referral *referral `json:"referral"`
	}
	referral struct {
		Ref string  `json:"ref"`
		Ad  meta.ID `json:"ad_id"`
	}
	optin struct {
		Type    string `json:"type"`
		Ref     string `json:"ref"`
		Payload string `json:"payload"`
	}
	delivery struct {
		MIDs      []meta.ID `json:"mids"`
		Watermark meta.Time `json:"watermark"`
	}
	reaction struct {
		MID    meta.ID `json:"mid"`
		Action string  `json:"action"`
		Emoji  string  `json:"emoji"`
	}
	edit struct {
		MID  meta.ID `json:"mid"`
		Text string  `json:"text"`
		Num  meta.ID `json:"num_edit"`
	}
	policy struct {
		Action string `json:"action"`
	}
)

func (r routing) any() bool {
	for _, x := range []json.RawMessage{r.Pass, r.Take, r.Request, r.Roles} {
		if x != nil && string(x) != "null" {
			return true
		}
	}
	return false
}

func one(in channels.Inbound) reading {
	return reading{Reading: meta.Reading{In: []channels.Inbound{in}}}
}

func told(rs ...channels.Report) reading { return reading{Reading: meta.Reading{Reports: rs}} }

var (
	ignored = reading{Reading: meta.Reading{Ignored: 1}}
	unread  = reading{Reading: meta.Reading{Unread: 1}}
)

// read makes of an event what it means. It never fails: what it does not
// understand is channels.Unknown with its raw body where a person is named, and
// counted where none is.
func (r reader) read(e meta.Event, now time.Time) reading {
	if e.Owner != r.page { // another Page of the same app
		return ignored
	}
	switch e.Field {
	case "messaging":
		return r.messaging(e, false, now)
	case "standby":
		return r.messaging(e, true, now)
	case "feed":
		return r.feed(e, now)
	}
	return unread
}

func (r reader) messaging(e meta.Event, standby bool, now time.Time) reading {
	var m messaging
	err := json.Unmarshal(e.Body, &m)
	person, ours := m.Sender.ID, false
	if person == r.page || person == "" {
		person, ours = m.Recipient.ID, m.Sender.ID == r.page
	}
	if p := m.Policy; p != nil || m.Policy2 != nil {
		if p == nil {
			p = m.Policy2
		}
		out := ignored
		out.policy = "other"
		if slices.Contains([]string{"block", "unblock", "warning"}, p.Action) {
			out.policy = p.Action
		}
		return out
	}
	if m.routing.any() {
		return ignored
	}
	if !personID.MatchString(string(person)) || person == r.page {
		return unread
	}
	in := channels.Inbound{From: address(person), At: m.Timestamp.Time, Standby: standby}
	if in.At.IsZero() {
		in.At = e.Time.Time
	}
	if in.At.IsZero() {
		in.At = now.UTC()
	}
	if ours {
		in.Staff = channels.PageInbox
	}
	unique := func(parts ...string) string { // for events that have no number of their own
		return string(person) + "/" + strconv.FormatInt(max(0, m.Timestamp.UnixMilli()), 10) + "/" + strings.Join(parts, "/")
	}
	strange := func() reading {
		in.Kind, in.Text, in.Media, in.Raw = channels.Unknown, "", nil, bytes.Clone(e.Body)
		if in.ID == "" {
			in.ID = unique("strange", hash(string(e.Body)))
		}
		return one(in)
	}
	if m.Message != nil && m.Message.MID != "" {
		in.ID = string(m.Message.MID)
	}
	if err != nil {
		return strange()
	}
	switch {
	case m.Message != nil:
		x := m.Message
		if x.Echo || ours {
			if own := r.own(x, in); own != nil {
				return *own
			}
			in.Staff = channels.PageInbox
		}
		switch {
		case x.Deleted && x.MID != "":
			in.Kind, in.Of, in.ID = channels.Deleted, in.ID, in.ID+"/deleted"
		case !x.event(&in):
			return strange()
		}
		if in.ID == "" {
			in.ID = unique("message", hash(string(e.Body)))
		}
	case m.Postback != nil:
		x := m.Postback
		in.ID = string(x.MID)
		if in.ID == "" {
			in.ID = unique("postback", hash(x.Payload))
		}
		pressed(&in, x.Payload, x.Title)
		in.Campaign = x.Referral.campaign()
	case m.Referral != nil:
		in.Kind, in.Campaign = channels.Start, m.Referral.campaign()
		in.ID = unique("referral", hash(in.Campaign))
	case m.Optin != nil:
		if m.Optin.Type != "" { // a subscription to advertising, which we do not have
			return ignored
		}
		in.Kind, in.Campaign = channels.Start, code(m.Optin.Ref)
		in.ID = unique("optin", hash(m.Optin.Ref))
	case m.Delivery != nil:
		return reach(in.From, channels.Delivered, m.Delivery, ours)
	case m.Seen != nil:
		return reach(in.From, channels.Read, m.Seen, ours)
	case m.Reaction != nil:
		if ours { // a colleague's, in the inbox
			return ignored
		}
		x := m.Reaction
		in.Kind, in.Of = channels.Reaction, string(x.MID)
		if x.Action != "unreact" {
			in.Text = x.Emoji
		}
		in.ID = unique("reaction", in.Of, x.Action, hash(x.Emoji))
	case m.Edit != nil && m.Edit.MID != "":
		x := m.Edit
		in.Kind, in.Of, in.Text = channels.Edited, string(x.MID), x.Text
		in.ID = in.Of + "/edited/" + string(x.Num)
	default:
		return strange()
	}
	return one(in)
}

// Metadata goes with each message and comes back with its echo.
const (
	metaWhole = "sarai:"      // and the key: the message's only or last part
	metaPart  = "sarai-part:" // and the number of an earlier part, a colon and the key
)

// own makes a report of an own message that came back, and gives nil for
// anybody else's.
func (r reader) own(x *message, in channels.Inbound) *reading {
	report := channels.Report{To: in.From, ID: in.ID, State: channels.Sent, At: in.At}
	if key, ok := strings.CutPrefix(x.Metadata, metaWhole); ok && key != "" {
		report.Key = key
		out := told(report)
		out.marks = []mark{{key: key, last: true, mid: in.ID}}
		return &out
	}
	if rest, ok := strings.CutPrefix(x.Metadata, metaPart); ok {
		number, key, _ := strings.Cut(rest, ":")
		n, err := strconv.Atoi(number)
		if err != nil || key == "" {
			return &ignored
		}
		out := ignored
		out.marks = []mark{{key: key, part: n, mid: in.ID}}
		return &out
	}
	if r.app != "" && x.App == r.app && !x.Deleted {
		if in.ID == "" {
			return &ignored
		}
		out := told(report)
		return &out
	}
	return nil
}

// reach makes reports of how far messages came. A watermark stands for all that
// were sent up to then.
func reach(to channels.Address, state channels.Delivery, d *delivery, ours bool) reading {
	if ours {
		return ignored // what the Page itself has read
	}
	var all []channels.Report
	for _, mid := range d.MIDs {
		if mid != "" {
			all = append(all, channels.Report{To: to, ID: string(mid), State: state, At: d.Watermark.Time})
		}
	}
	if len(all) == 0 {
		if d.Watermark.IsZero() {
			return ignored
		}
		all = []channels.Report{{To: to, Before: d.Watermark.Time, State: state, At: d.Watermark.Time}}
	}
	return told(all...)
}

// getStarted is the payload of the button with which a talk begins, and said what
// stands before words that a press stands for: those of the menu and the ice breakers.
const (
	getStarted = "GET_STARTED"
	said       = "say:"
)

// pressed makes an event of a pressed button.
func pressed(in *channels.Inbound, payload, title string) {
	words, ok := strings.CutPrefix(payload, said)
	switch {
	case payload == getStarted:
		in.Kind = channels.Start
	case ok && words != "":
		in.Kind, in.Text = channels.Text, words
	case payload != "":
		in.Kind, in.Choice, in.Text = channels.Choice, payload, title
	default: // in standby Meta leaves it out
		in.Kind, in.Text = channels.Text, title
	}
}

func (r *referral) campaign() string {
	if r == nil {
		return ""
	}
	if r.Ref == "" && r.Ad != "" {
		return code("ad-" + string(r.Ad))
	}
	return code(r.Ref)
}

// code is the code of a link, "" where it is none. A stranger can put anything
// into a link.
func code(s string) string {
	if len(s) > 100 || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return ""
	}
	return s
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}
