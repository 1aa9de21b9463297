// SPDX-License-Identifier: GPL-3.0-or-later

package whatsappcloud_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/meta"
	"sarai/channels/whatsappcloud"
)

const (
	numberID    = "200000000000023"
	accountID   = "300000000000029"
	token       = "the-secret-of-the-system-user"
	appSecret   = "the-secret-of-the-app-0123456789"
	verifyToken = "the-secret-of-the-handshake-0123456789"

	user  = "user:DE.13491208655302741918"
	phone = "phone:491500000000"
)

func address(id string) channels.Address {
	return channels.Address{Channel: "whatsapp-cloud", ID: id}
}

func addresses(ids ...string) []channels.Address {
	var all []channels.Address
	for _, id := range ids {
		all = append(all, address(id))
	}
	return all
}

// A desk takes what a channel receives.
type desk struct {
	mu      sync.Mutex
	in      []channels.Inbound
	reports []channels.Report
	fail    error // of the sink
	failRep error // of the reports
}

func (d *desk) sink(_ context.Context, in ...channels.Inbound) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return d.fail
	}
	d.in = append(d.in, in...)
	return nil
}

func (d *desk) report(_ context.Context, rs ...channels.Report) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failRep != nil {
		return d.failRep
	}
	d.reports = append(d.reports, rs...)
	return nil
}

func (d *desk) clear() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.in, d.reports = nil, nil
}

// receiver is a channel that only receives, with its desk and its log.
func receiver(t testing.TB) (*whatsappcloud.Channel, http.Handler, *desk, *bytes.Buffer) {
	t.Helper()
	d, log := &desk{}, &bytes.Buffer{}
	ch, err := whatsappcloud.New(whatsappcloud.Options{
		PhoneNumberID: numberID, AccountID: accountID, Token: token, AppSecret: appSecret, VerifyToken: verifyToken,
		GraphURL: "http://127.0.0.1:1/v25.0", Reports: d.report, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return ch, ch.Handler(d.sink), d, log
}

func sign(body []byte) string {
	m := hmac.New(sha256.New, []byte(appSecret))
	m.Write(body)
	return "sha256=" + hex.EncodeToString(m.Sum(nil))
}

// call is what Meta does, without a network.
func call(h http.Handler, body []byte, signature string) (status int, answer string) {
	r := httptest.NewRequest("POST", whatsappcloud.Path, bytes.NewReader(body))
	if signature != "" {
		r.Header.Set("X-Hub-Signature-256", signature)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b, _ := io.ReadAll(w.Body)
	return w.Code, string(b)
}

func payload(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func payloads(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	files, _ := filepath.Glob(filepath.Join("testdata", "events", "*.json"))
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		all[name] = payload(t, name)
	}
	if len(all) < 70 {
		t.Fatalf("there are %d payloads", len(all))
	}
	return all
}

// told is the one message of a payload, as it stands there.
func told(t testing.TB, body []byte) (raw json.RawMessage, id string, at time.Time) {
	t.Helper()
	var c struct {
		Entry []struct {
			Changes []struct {
				Value struct {
					Messages []json.RawMessage `json:"messages"`
					Echoes   []json.RawMessage `json:"message_echoes"`
					Calls    []json.RawMessage `json:"calls"`
				} `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	v := c.Entry[0].Changes[0].Value
	all := slices.Concat(v.Messages, v.Echoes, v.Calls)
	if len(all) == 0 {
		return nil, "", time.Time{}
	}
	var m struct {
		ID string    `json:"id"`
		At meta.Time `json:"timestamp"`
	}
	if err := json.Unmarshal(all[0], &m); err != nil {
		t.Fatal(err)
	}
	return all[0], m.ID, m.At.Time
}

func TestWhatPeopleSend(t *testing.T) {
	t.Parallel()
	type in = channels.Inbound
	file := func(id, kind, name string) []channels.Media {
		return []channels.Media{{Ref: id, Type: kind, Name: name}}
	}
	text := func(s string) in { return in{Kind: channels.Text, Text: s} }
	nowhere := []channels.Address{}
	// What is not said is: from the user id with the number as alias, ID and time
	// of the message, and, where it is not understood, the message as it came.
	seen := map[string]in{
		"text":                text("میرا پاسپورٹ ایجنٹ کے پاس ہے"),
		"text-forwarded":      text("Pay 300 today"),
		"text-reply":          text("the second"),
		"text-referral":       {Kind: channels.Text, Text: "from an ad", Campaign: "120200000000001"},
		"text-referral-click": {Kind: channels.Text, Text: "from somewhere", Campaign: "ctwa"},
		"text-username":       {Kind: channels.Text, Text: "no number", Aliases: nowhere},
		"text-contact-only":   {Kind: channels.Text, Text: "only the contact says who", Aliases: nowhere},
		"text-user-in-from":   {Kind: channels.Text, Text: "a user id where the number is due", Aliases: nowhere},
		"text-number-only":    {Kind: channels.Text, Text: "as before 2026", From: address(phone), Aliases: nowhere},
		"text-numeric":        text("ids as numbers"),
		"text-parent": {
			Kind: channels.Text, Text: "of a group of businesses",
			Aliases: addresses("user:DE.ENT.11815799212886844830", phone),
		},
		"button-reply":          {Kind: channels.Choice, Choice: "a:visa-check", Text: "Visa"},
		"list-reply":            {Kind: channels.Choice, Choice: "menu", Text: "Menu"},
		"template-button":       {Kind: channels.Choice, Choice: "a:wages", Text: "Wages"},
		"template-button-label": text("Yes"),
		"form":                  text("age: 30\ncity: Lahore"),
		"form-no-object":        {Kind: channels.Unknown},
		"image":                 {Kind: channels.Picture, Text: "my letter", Media: file("900000000000001", "image/jpeg", "")},
		"image-numeric":         {Kind: channels.Picture, Media: file("900000000000002", "image/jpeg", "")},
		"voice":                 {Kind: channels.Voice, Media: file("900000000000003", "audio/ogg; codecs=opus", "")},
		"voice-old":             {Kind: channels.Voice, Media: file("900000000000004", "audio/ogg; codecs=opus", "")},
		"audio":                 {Kind: channels.Audio, Media: file("900000000000005", "audio/mpeg", "")},
		"video":                 {Kind: channels.Video, Text: "the room", Media: file("900000000000006", "video/mp4", "")},
		"document":              {Kind: channels.Document, Text: "contract", Media: file("900000000000007", "application/pdf", "scan.pdf")},
		"sticker":               {Kind: channels.Sticker, Media: file("900000000000008", "image/webp", "")},
		"location":              {Kind: channels.Place, Text: "33.6844, -0.5\nThe hostel\nSecond street 4"},
		"location-zero":         {Kind: channels.Place, Text: "0, 0"},
		"contacts":              {Kind: channels.Contact, Text: "+00 150 1\nB C\n+00 150 2\nD"},
		"contacts-own":          {Kind: channels.Contact, Text: "+49 150 0000000\nA\n(the sender's own number, says WhatsApp)"},
		"reaction":              {Kind: channels.Reaction, Of: "wamid.OUT1", Text: "👍"},
		"reaction-off":          {Kind: channels.Reaction, Of: "wamid.OUT1"},
		"unreaction":            {Kind: channels.Reaction, Of: "wamid.OUT1"},
		"edit":                  {Kind: channels.Edited, Of: "wamid.001", Text: "corrected"},
		"edit-caption":          {Kind: channels.Edited, Of: "wamid.019", Text: "my other letter", Media: file("900000000000009", "image/jpeg", "")},
		"edit-same-id":          {Kind: channels.Edited, Of: "wamid.001", Text: "the same id", ID: "wamid.001/edit/1763770035"},
		"revoke":                {Kind: channels.Deleted, Of: "wamid.001"},
		"order":                 text("is this still there?"),
		"order-wordless":        {Kind: channels.Unknown},
		"unsupported":           {Kind: channels.Unknown},
		"welcome":               {Kind: channels.Start},
		"hologram":              {Kind: channels.Unknown},
		"changed-form":          {Kind: channels.Unknown},
		"standby":               {Kind: channels.Text, Text: "the agent answers", Standby: true},
		"nobodys":               {Kind: channels.Text, Text: "from whom?", From: address("nobody"), Aliases: nowhere},

		"changed-number":          {Kind: channels.Renamed, From: address("phone:491509999999"), Aliases: addresses(phone)},
		"changed-number-old":      {Kind: channels.Renamed, From: address("phone:491509999999"), Aliases: addresses(phone)},
		"changed-number-and-user": {Kind: channels.Renamed, From: address("user:DE.2"), Aliases: addresses(user, phone)},
		"changed-user":            {Kind: channels.Renamed, From: address("user:DE.2"), Aliases: addresses(user)},
		"changed-nothing":         {Kind: channels.Unknown, From: address(phone), Aliases: nowhere},
		"user-id-update":          {Kind: channels.Renamed, From: address("user:DE.2"), Aliases: addresses(user, phone), ID: "content/", At: time.Unix(1763770100, 0).UTC()},
		"user-id-update-flat":     {Kind: channels.Renamed, From: address("user:DE.2"), Aliases: addresses(user), ID: "content/", At: time.Unix(1763770101, 0).UTC()},

		"call": {Kind: channels.Call},

		"echo":        {Kind: channels.Text, Text: "this is Sara, come in tomorrow", Staff: channels.BusinessApp},
		"echo-image":  {Kind: channels.Picture, Text: "the form", Staff: channels.BusinessApp, Media: file("900000000000010", "image/jpeg", "")},
		"echo-edit":   {Kind: channels.Edited, Of: "wamid.E1", Text: "come in on Monday", Staff: channels.BusinessApp},
		"echo-revoke": {Kind: channels.Deleted, Of: "wamid.E1", Staff: channels.BusinessApp},

		"new-field":             {Kind: channels.Unknown, From: address("nobody"), Aliases: nowhere, ID: "content/"},
		"new-field-of-somebody": {Kind: channels.Unknown, ID: "content/"},
	}
	for name, want := range seen {
		body := payload(t, name)
		raw, id, at := told(t, body)
		if want.From.IsZero() {
			want.From = address(user)
		}
		switch {
		case want.Aliases == nil:
			want.Aliases = addresses(phone)
		case len(want.Aliases) == 0:
			want.Aliases = nil
		}
		if want.ID == "" {
			want.ID = id
		}
		if want.At.IsZero() {
			want.At = at
		}
		_, h, d, log := receiver(t)
		for range 2 { // the second is a redelivery, and looks the same
			if status, answer := call(h, body, sign(body)); status != 200 {
				t.Errorf("%s: %d %s", name, status, answer)
			}
		}
		if len(d.in) != 2 || len(d.reports) != 0 || !reflect.DeepEqual(d.in[0], d.in[1]) {
			t.Errorf("%s: it gave %+v, %+v", name, d.in, d.reports)
			continue
		}
		got := d.in[0]
		if want.ID == "content/" && strings.HasPrefix(got.ID, "content/") {
			got.ID = want.ID
		}
		if want.Kind == channels.Unknown {
			if raw != nil && !bytes.Equal(got.Raw, raw) || !json.Valid(got.Raw) {
				t.Errorf("%s: it was kept as %s", name, got.Raw)
			}
			got.Raw = nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s arrived as\n%+v %v, not as\n%+v %v", name, got, ids(got), want, ids(want))
		}
		for _, bad := range []string{"491500000000", "DE.1349", "Sara", got.Text} {
			if bad != "" && strings.Contains(log.String(), bad) {
				t.Errorf("%s: %q stands in the log: %s", name, bad, log)
			}
		}
	}
	// Every payload is looked at somewhere.
	others := []string{
		"group", "another-number", "call-over", "changed-phone", "history", "address-book", "preferences", "batch",
		"account-error", "template-status", "quality", "account",
	}
	for name := range payloads(t) {
		if _, ok := seen[name]; !ok && !slices.Contains(others, name) && !strings.HasPrefix(name, "status-") {
			t.Errorf("nobody looks at %s", name)
		}
	}
}

// ids are the addresses of an event, which do not print themselves.
func ids(in channels.Inbound) []string {
	all := []string{in.From.ID}
	for _, a := range in.Aliases {
		all = append(all, a.ID)
	}
	return all
}

// However Meta writes the ids of a person, every event of theirs has an address
// in common with every other that has the same id.
func TestOnePersonIsOneContact(t *testing.T) {
	t.Parallel()
	_, h, d, _ := receiver(t)
	for _, name := range []string{
		"text", "text-numeric", "text-username", "text-contact-only", "text-user-in-from", "text-number-only", "text-parent",
		"echo", "button-reply", "reaction",
	} {
		body := payload(t, name)
		if status, _ := call(h, body, sign(body)); status != 200 {
			t.Fatalf("%s: %d", name, status)
		}
	}
	known := map[channels.Address]bool{address(user): true}
	for _, in := range d.in {
		all := append([]channels.Address{in.From}, in.Aliases...)
		if !slices.ContainsFunc(all, func(a channels.Address) bool { return known[a] }) {
			t.Errorf("%v is somebody else", ids(in))
		}
		for _, a := range all {
			known[a] = true
		}
	}
}

func TestReportsOfMessages(t *testing.T) {
	t.Parallel()
	type report = channels.Report
	for name, want := range map[string]report{
		"status-sent":           {State: channels.Sent, Price: "service"},
		"status-delivered":      {State: channels.Delivered, Price: "service"},
		"status-free":           {State: channels.Delivered},
		"status-read":           {State: channels.Read},
		"status-played":         {State: channels.Played},
		"status-deleted":        {State: channels.Delivered},
		"status-failed":         {State: channels.Failed, Problem: channels.Expired},
		"status-failed-unknown": {State: channels.Failed, Problem: channels.Rejected},
		"status-numeric":        {State: channels.Delivered, To: address(phone), Key: "-"},
	} {
		want.ID, want.At = "wamid.OUT1", time.Unix(1763770200, 0).UTC()
		if want.To.IsZero() {
			want.To = address(user)
		}
		switch want.Key {
		case "":
			want.Key = "t/3/0"
		case "-":
			want.Key = ""
		}
		_, h, d, _ := receiver(t)
		body := payload(t, name)
		if status, _ := call(h, body, sign(body)); status != 200 || len(d.in) != 0 || len(d.reports) != 1 || d.reports[0] != want {
			t.Errorf("%s: %d, %+v, %+v, want %+v", name, status, d.in, d.reports, want)
		}
	}
}

// What nobody waits for is counted and acknowledged, and nothing of it is kept.
func TestWhatIsLeft(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ ignored, groups, foreign, unread uint64 }{
		"group":          {1, 1, 0, 0},
		"another-number": {1, 0, 1, 0},
		"status-group":   {1, 1, 0, 0},
		"call-over":      {1, 0, 0, 0},
		"changed-phone":  {1, 0, 0, 0},
		"history":        {1, 0, 0, 0},
		"address-book":   {1, 0, 0, 0},
		"preferences":    {1, 0, 0, 0},
		"status-new":     {0, 0, 0, 1},
	} {
		ch, h, d, log := receiver(t)
		body := payload(t, name)
		status, _ := call(h, body, sign(body))
		n := ch.Counts()
		if status != 200 || len(d.in)+len(d.reports) != 0 || n.Ignored.Load() != want.ignored || n.Groups != want.groups || n.Foreign != want.foreign || n.Unread.Load() != want.unread {
			t.Errorf("%s: %d, %+v, %+v; ignored %d, of groups %d, of others %d, not read %d", name, status, d.in, d.reports, n.Ignored.Load(), n.Groups, n.Foreign, n.Unread.Load())
		}
		for _, bad := range []string{"4915", "from before", "colleague", "DE.1"} {
			if strings.Contains(log.String(), bad) {
				t.Errorf("%s: %q stands in the log", name, bad)
			}
		}
	}
}

// What Meta tells of the account stands in the log, without anything of anybody.
func TestTheOperatorIsTold(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"template-status": `level=WARN msg="whatsapp-cloud: Meta tells of the account" field=message_template_status_update event=REJECTED message_template_language=ur message_template_name=case_update reason=INVALID_FORMAT`,
		"quality":         `field=phone_number_quality_update current_limit=TIER_1K event=FLAGGED`,
		"account":         `field=account_update event=DISABLED_UPDATE waba_ban_date=2026-11-30 waba_ban_state=SCHEDULE_FOR_DISABLE`,
		"account-error":   `level=WARN msg="whatsapp-cloud: Meta tells of an error of the account" code=131031 cause="Meta has locked the account`,
	} {
		_, h, d, log := receiver(t)
		body := payload(t, name)
		if status, _ := call(h, body, sign(body)); status != 200 || len(d.in)+len(d.reports) != 0 {
			t.Errorf("%s: %d, %+v", name, status, d.in)
		}
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s: the log has\n%s, not\n%s", name, log, want)
		}
		if strings.Contains(log.String(), "1555") || strings.Contains(log.String(), "example.org") {
			t.Errorf("%s: too much stands in the log: %s", name, log)
		}
	}
}

// One thing that nobody can read holds back nobody else, and is kept where it can
// be; a store that fails has everything come again.
func TestABatchWithPoison(t *testing.T) {
	t.Parallel()
	ch, h, d, _ := receiver(t)
	body := payload(t, "batch")
	d.fail = errors.New("the disk is full")
	if status, answer := call(h, body, sign(body)); status != 503 {
		t.Fatalf("it was not kept, and the answer is %d %s", status, answer)
	}
	d.fail = nil
	if status, _ := call(h, body, sign(body)); status != 200 {
		t.Fatalf("%d", status)
	}
	var texts []string
	unknown := 0
	for _, in := range d.in {
		if in.Kind == channels.Unknown {
			unknown++
			if in.ID == "" || in.From.IsZero() || len(in.Raw) == 0 {
				t.Errorf("it was kept as %+v", in)
			}
			continue
		}
		texts = append(texts, in.Text)
	}
	slices.Sort(texts)
	if !slices.Equal(texts, []string{"first", "second", "third"}) || unknown != 2 {
		t.Errorf("what arrived is %q and %d that nobody understands", texts, unknown)
	}
	if n := ch.Counts().Unread.Load(); n == 0 {
		t.Error("what cannot be kept was not counted")
	}
}

// What becomes of messages is acknowledged only once it was kept.
func TestReportsThatWereNotKeptComeAgain(t *testing.T) {
	t.Parallel()
	_, h, d, _ := receiver(t)
	body := payload(t, "status-read")
	d.failRep = errors.New("the disk is full")
	if status, _ := call(h, body, sign(body)); status != 503 {
		t.Fatalf("the answer is %d", status)
	}
	d.failRep = nil
	if status, _ := call(h, body, sign(body)); status != 200 || len(d.reports) != 1 {
		t.Fatalf("%d, %+v", status, d.reports)
	}
}
