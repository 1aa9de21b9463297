// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"net/http"
	"time"

	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// A Server is WhatsApp with one account that devices are linked to, and all the
// people who may write to it. Make one with New. Its methods and those of what it
// hands out are safe for concurrent use.
type Server struct{}

// New makes a Server. Close it. Serve its Handler, e.g. by httptest.NewServer.
func New(o Options) *Server { panic("draft") }

// Handler serves the websocket, the media and the page.
func (s *Server) Handler() http.Handler { panic("draft") }

// RootKey is the public key to put into whatsmeow.WACertPubKey.
func (s *Server) RootKey() [32]byte { panic("draft") }

// Close drops all connections and ends what waits.
func (s *Server) Close() { panic("draft") }

// Await returns once holds says true. It asks again after every change of the
// server, so nobody has to sleep; what happens elsewhere does not wake it. The
// error is that of ctx.
func (s *Server) Await(ctx context.Context, holds func() bool) error { panic("draft") }

// Online says whether a linked device is connected and takes messages.
func (s *Server) Online() bool { panic("draft") }

// Acked says whether the linked device has acknowledged that message: by a receipt,
// or by an ack where it gave the message up.
func (s *Server) Acked(id string) bool { panic("draft") }

// Pending is how many stanzas (messages, receipts, notifications) the linked device
// has still to acknowledge.
func (s *Server) Pending() int { panic("draft") }

// Unknown are the requests that the server did not understand, as XML.
func (s *Server) Unknown() []string { panic("draft") }

// Fail makes the next sends of a linked device go wrong.
func (s *Server) Fail(f Fault) { panic("draft") }

// Refuse makes the next logins fail. The device that is connected stays so: Cut it.
func (s *Server) Refuse(f Refusal) { panic("draft") }

// Heal takes back every Fault and Refusal.
func (s *Server) Heal() { panic("draft") }

// Cut drops all connections without a word.
func (s *Server) Cut() { panic("draft") }

// Replace tells the connected device that another program has taken its place
// (stream error, conflict replaced).
func (s *Server) Replace() { panic("draft") }

// Break tells the connected device of a stream error with that code, such as "503",
// and drops it.
func (s *Server) Break(code string) { panic("draft") }

// Ban drops the device and refuses its logins (402) until Heal, saying the code of
// the ban (101 to 106, see types/events) and how long it lasts.
func (s *Server) Ban(code int, lasts time.Duration) { panic("draft") }

// A Fault is what goes wrong with sends of a linked device.
type Fault struct {
	Nack   int           // the error code of the ack, such as 463; the person gets nothing
	Silent bool          // no ack ever
	Cut    bool          // the connection drops instead of an ack
	Delay  time.Duration // the ack comes late
	Done   bool          // with Silent or Cut: the person gets the message all the same
	To     *Person       // only what goes to them; nil is everybody
	Times  int           // 0 is once, below 0 until Heal
}

// A Refusal is how a login fails: 401, 403 and 406 end the link, 402 is a ban for a
// while, 405 an outdated client, 503 a server that is down (observed).
type Refusal struct {
	Reason int
	Code   int           // of a ban
	Expire time.Duration // of a ban
	Times  int           // 0 is once, below 0 until Heal
}

// Person gives the person with that number, digits with the country's code, and
// makes them up where there is none.
func (s *Server) Person(phone string) *Person { panic("draft") }

// A Person is somebody with WhatsApp on their phone. Methods that send something to
// the owner's number give the id of the message. It is kept until a device is
// linked, and in any case told to the owner's phone.
type Person struct{}

func (p *Person) Phone() string  { panic("draft") }
func (p *Person) LID() types.JID { panic("draft") } // the address that messages come from
func (p *Person) JID() types.JID { panic("draft") } // the address by number

// Name sets what the person calls themselves; it goes with each message.
func (p *Person) Name(name string) { panic("draft") }

// Hidden makes the person's messages come without their number.
func (p *Person) Hidden(bool) { panic("draft") }

func (p *Person) Send(m *waE2E.Message) string               { panic("draft") }
func (p *Person) Write(text string) string                   { panic("draft") }
func (p *Person) Reply(to, text string) string               { panic("draft") } // quoting the message with that id
func (p *Person) Voice(ogg []byte, seconds int) string       { panic("draft") }
func (p *Person) Picture(jpeg []byte, caption string) string { panic("draft") }
func (p *Person) Video(mp4 []byte, caption string) string    { panic("draft") }
func (p *Person) Document(name, mime string, data []byte, caption string) string {
	panic("draft")
}
func (p *Person) Sticker(webp []byte) string                     { panic("draft") }
func (p *Person) Place(lat, lon float64, name string) string     { panic("draft") }
func (p *Person) Contact(name, phone string) string              { panic("draft") }
func (p *Person) React(id, emoji string) string                  { panic("draft") } // "" takes it back
func (p *Person) Edit(id, text string) string                    { panic("draft") }
func (p *Person) Revoke(id string) string                        { panic("draft") }
func (p *Person) Vote(poll string, options ...string) string     { panic("draft") }
func (p *Person) Poll(question string, options ...string) string { panic("draft") }
func (p *Person) ViewOnce(jpeg []byte) string                    { panic("draft") }

// Garbled sends a text that the device cannot read at first; asked again (retry
// receipt), the phone sends it so that it can.
func (p *Person) Garbled(text string) string { panic("draft") }

// Reinstall gives the phone new keys; the device is told of it.
func (p *Person) Reinstall() { panic("draft") }

// Type shows the device that the person is writing, or with recording true that
// they record a voice note; Stop that they no longer do.
func (p *Person) Type(recording bool) { panic("draft") }
func (p *Person) Stop()               { panic("draft") }

// See marks messages as read, all where none is named.
func (p *Person) See(ids ...string) { panic("draft") }

// Silent makes the phone send no receipts: it is off. What arrives is read all the same.
func (p *Person) Silent(bool) { panic("draft") }

// Call rings; it gives the id of the call. HangUp ends it.
func (p *Person) Call(video bool) string { panic("draft") }
func (p *Person) HangUp(call string)     { panic("draft") }

// Rejected says whether the device has rejected that call.
func (p *Person) Rejected(call string) bool { panic("draft") }

// Read is every text that the phone could decrypt, in order of arrival, as it is
// now (edits applied, revoked ones gone).
func (p *Person) Read() []string { panic("draft") }

// Messages is the person's chat with the owner: both sides.
func (p *Person) Messages() []Message { panic("draft") }

// Unreadable are the ids of what the phone could not decrypt.
func (p *Person) Unreadable() []string { panic("draft") }

// SeesTyping is what the phone shows of the other side: "", "composing" or "recording".
func (p *Person) SeesTyping() string { panic("draft") }

// Ticks of the person's own message: 0 sent, 1 on the device in background
// ("inactive": shows as one tick), 2 delivered, 3 read.
func (p *Person) Ticks(id string) int { panic("draft") }

// Await returns the texts that the phone has read once there are n of them.
func (p *Person) Await(ctx context.Context, n int) ([]string, error) { panic("draft") }

// A Message is one as it stands in a chat.
type Message struct {
	ID       string
	From     types.JID // LID of who wrote it
	FromMe   bool      // the owner's number wrote it: by a device, or by hand
	ByHand   bool      // the owner wrote it on the phone itself
	At       time.Time
	Kind     string // "text", "image", "voice", "audio", "video", "document", "sticker", "location", "contact", "poll", "call", "other"
	Text     string // of a text, a caption, a question
	Quoted   string // id of the message that it answers
	Name     string // of a file, a place or a contact
	Mime     string
	Media    []byte   // decrypted; nil where it could not be had
	Options  []string // of a poll
	Edited   bool
	Revoked  bool
	Reaction string // the last from the other side
	Raw      *waE2E.Message
}

// Owner is the phone that devices are linked to.
func (s *Server) Owner() *Owner { panic("draft") }

// An Owner is the account's own phone.
type Owner struct{}

func (o *Owner) Phone() string  { panic("draft") }
func (o *Owner) JID() types.JID { panic("draft") }
func (o *Owner) LID() types.JID { panic("draft") }

// Provision makes of a new device of a whatsmeow store one that was linked before:
// id, account, name. Save the device afterwards.
func (o *Owner) Provision(d *store.Device) { panic("draft") }

// Scan reads the text of a QR code and links the device that shows it. It returns
// once the device has signed.
func (o *Owner) Scan(ctx context.Context, qr string) error { panic("draft") }

// Enter types the code that a device shows (with or without the dash) and links it.
func (o *Owner) Enter(ctx context.Context, code string) error { panic("draft") }

// Linked says whether there is a linked device.
func (o *Owner) Linked() bool { panic("draft") }

// Unlink removes the linked device: "log out" on the phone.
func (o *Owner) Unlink() { panic("draft") }

// Write writes to a person by hand; the device gets its copy. Send is the same for
// any message, Voice and others as those of a Person.
func (o *Owner) Write(to *Person, text string) string                   { panic("draft") }
func (o *Owner) Send(to *Person, m *waE2E.Message) string               { panic("draft") }
func (o *Owner) Voice(to *Person, ogg []byte, seconds int) string       { panic("draft") }
func (o *Owner) Picture(to *Person, jpeg []byte, caption string) string { panic("draft") }
func (o *Owner) Edit(to *Person, id, text string) string                { panic("draft") }
func (o *Owner) Revoke(to *Person, id string) string                    { panic("draft") }
func (o *Owner) React(to *Person, id, emoji string) string              { panic("draft") }

// See opens the chat on the phone: what the person wrote is read, and the device is told.
func (o *Owner) See(p *Person) { panic("draft") }

// Unreadable are the ids of what the phone could not decrypt of the device's copies.
func (o *Owner) Unreadable() []string { panic("draft") }

// SendHistory tells the device of all chats so far, as a phone does after linking.
// Scan and Enter do it by themselves.
func (o *Owner) SendHistory() { panic("draft") }

// Group makes a group of the owner and those people.
func (s *Server) Group(subject string, members ...*Person) *Group { panic("draft") }

// A Group is a chat of several.
type Group struct{}

func (g *Group) JID() types.JID { panic("draft") }

// Write and Send send to the group as one of its members.
func (g *Group) Write(by *Person, text string) string     { panic("draft") }
func (g *Group) Send(by *Person, m *waE2E.Message) string { panic("draft") }

// Read is every text of the device that the member could decrypt.
func (g *Group) Read(by *Person) []string { panic("draft") }

// Status posts a status update of the person's (status@broadcast).
func (p *Person) Status(text string) string { panic("draft") }
