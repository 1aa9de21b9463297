// SPDX-License-Identifier: GPL-3.0-or-later

package messenger

import (
	"bytes"
	"cmp"
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
	case "messaging", "standby":
		return r.messaging(e, now)
	case "feed":
		return r.feed(e, now)
	}
	return unread
}

func (r reader) messaging(e meta.Event, now time.Time) reading {
	var m messaging
	err := json.Unmarshal(e.Body, &m)
	if p := cmp.Or(m.Policy, m.Policy2); p != nil {
		return p.reading()
	}
	if m.routing.any() {
		return ignored
	}
	person, ours := r.whose(m)
	if person == "" {
		return unread
	}
	in := channels.Inbound{From: address(person), At: m.Timestamp.Time, Standby: e.Field == "standby"}
	if in.At.IsZero() {
		in.At = e.Time.Time
	}
	if in.At.IsZero() {
		in.At = now.UTC()
	}
	if m.Message != nil {
		in.ID = string(m.Message.MID)
		ours = ours || m.Message.Echo
	}
	if ours {
		// Before anything else: an own message in an unknown form is not staff's.
		if own := r.own(m.Message, in); own != nil {
			return *own
		}
		if m.Message == nil && m.Edit == nil {
			return ignored // what a colleague has seen, or likes
		}
		in.Staff = channels.PageInbox
	}
	switch {
	case err != nil:
	case m.Delivery != nil:
		return reach(in.From, channels.Delivered, m.Delivery)
	case m.Seen != nil:
		return reach(in.From, channels.Read, m.Seen)
	case m.Optin != nil && m.Optin.Type != "": // to advertising, which we do not have
		return ignored
	case m.event(&in):
		return one(in)
	}
	in.Kind, in.Of, in.Text, in.Media, in.Raw = channels.Unknown, "", "", nil, bytes.Clone(e.Body)
	if in.ID == "" {
		in.ID = m.key(in, "strange", hash(string(e.Body)))
	}
	return one(in)
}

// whose gives the person that an event is about, "" for nobody, and whether the
// Page did it.
func (r reader) whose(m messaging) (person meta.ID, ours bool) {
	person = m.Sender.ID
	if person == r.page || person == "" {
		person, ours = m.Recipient.ID, person == r.page
	}
	if person == r.page || !personID.MatchString(string(person)) {
		return "", false
	}
	return person, ours
}

// key names an event that has no number of its own, the same however often it is told.
func (m messaging) key(in channels.Inbound, parts ...string) string {
	at := strconv.FormatInt(max(0, m.Timestamp.UnixMilli()), 10)
	return in.From.ID + "/" + at + "/" + strings.Join(parts, "/")
}

// event puts into in what somebody did, and reports whether it is something that is
// known.
func (m messaging) event(in *channels.Inbound) bool {
	switch {
	case m.Message != nil:
		x := m.Message
		if in.ID == "" {
			in.ID = m.key(*in, "message", hash(x.Text))
		}
		if x.Deleted {
			in.Kind, in.Of, in.ID = channels.Deleted, string(x.MID), in.ID+"/deleted"
			return true
		}
		return x.event(in)
	case m.Postback != nil:
		x := m.Postback
		if in.ID = string(x.MID); in.ID == "" {
			in.ID = m.key(*in, "postback", hash(x.Payload))
		}
		in.Campaign = x.Referral.campaign()
		pressed(in, x.Payload, x.Title)
	case m.Referral != nil:
		in.Kind, in.Campaign = channels.Start, m.Referral.campaign()
		in.ID = m.key(*in, "referral", hash(in.Campaign))
	case m.Optin != nil:
		in.Kind, in.Campaign = channels.Start, code(m.Optin.Ref)
		in.ID = m.key(*in, "optin", hash(m.Optin.Ref))
	case m.Reaction != nil:
		x := m.Reaction
		in.Kind, in.Of = channels.Reaction, string(x.MID)
		if x.Action != "unreact" {
			in.Text = x.Emoji
		}
		in.ID = m.key(*in, "reaction", in.Of, x.Action, hash(x.Emoji))
	case m.Edit != nil && m.Edit.MID != "":
		x := m.Edit
		in.Kind, in.Of, in.Text = channels.Edited, string(x.MID), x.Text
		in.ID = in.Of + "/edited/" + string(x.Num)
	default:
		return false
	}
	return true
}

// reading is that Meta acts against the Page, in one of the words that are known.
func (p *policy) reading() reading {
	out := ignored
	out.policy = "other"
	if slices.Contains([]string{"block", "unblock", "warning"}, p.Action) {
		out.policy = p.Action
	}
	return out
}

// Metadata goes with each message and comes back with its echo.
const (
	metaWhole = "sarai:"      // and the key: the message's only or last part
	metaPart  = "sarai-part:" // and the number of an earlier part, a colon and the key
)

// own makes a report of an own message that came back, and gives nil for
// anything else.
func (r reader) own(x *message, in channels.Inbound) *reading {
	if x == nil || x.Deleted { // by a colleague, in the inbox
		return nil
	}
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
	if r.app != "" && x.App == r.app {
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
func reach(to channels.Address, state channels.Delivery, d *delivery) reading {
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
