// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"go.mau.fi/libsignal/keys/prekey"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/socket"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"sarai/standin/page"
)

// A Server is WhatsApp with one account that devices are linked to, and all the
// people who may write to it. Make one with New. Its methods and those of what it
// hands out are safe for concurrent use; none of them waits for a device unless it
// takes a context.
type Server struct {
	o            Options
	log          *slog.Logger
	root, static keyPair
	chain        []byte
	ctx          context.Context // of all connections
	cancel       context.CancelFunc

	mu      sync.Mutex // also of every phone's keys and every chat
	changes page.Changes
	number  int // of requests to devices

	owner    *Owner
	people   map[string]*Person // by number
	lids     map[string]*Person // by the user of their LID
	order    []*Person
	groups   map[string]*Group // by the user of their address
	devices  []*device         // removed ones too
	pairings []*pairing        // connected, not yet linked
	media    map[string][]byte // encrypted, by path
	lost     map[string]bool   // paths of media that the server no longer has
	said     map[string]*said  // by the message's id
	unknown  []string
	faults   []*Fault
	refusals []*Refusal
	calls    map[string]*call
	loses    int  // receipts, still to be lost
	frozen   bool // nothing is taken or sent
}

// A device is one that is linked to the owner's number.
type device struct {
	jid, lid  types.JID
	noise     [32]byte // the key by which it is known
	keys      deviceKeys
	line      *line // nil: not connected
	uploaded  bool  // it has uploaded one-time keys
	active    bool  // it takes messages
	available bool  // it is in the foreground
	removed   bool
	queue     []*stanza // what it has not acknowledged, in order
	asked     map[string]int
	acked     map[string]bool
	nacked    map[string]string
}

// A stanza is something that a device has to acknowledge.
type stanza struct {
	node waBinary.Node
	key  string
}

// New makes a Server and its keys. Close it. Serve its Handler, on the loopback
// interface only.
func New(o Options) *Server {
	hush()
	if o.Phone == "" {
		o.Phone = Phone
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Prekeys == 0 {
		o.Prekeys = 50
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		o: o, log: log,
		people: map[string]*Person{}, lids: map[string]*Person{}, groups: map[string]*Group{},
		media: map[string][]byte{}, lost: map[string]bool{}, calls: map[string]*call{}, said: map[string]*said{},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if o.Root == [32]byte{} {
		o.Root = sha256.Sum256([]byte("the stand-in for WhatsApp"))
	}
	s.root, s.static = must(newKeyPair(o.Root)), must(newKeyPair([32]byte{}))
	s.chain = must(certificates(s.root, s.static, time.Now()))
	s.owner = &Owner{s: s, phone: o.Phone, name: "Owner", keys: must(newKeyring()), settings: newSettings(), nextDevice: 1}
	s.owner.settings.setName(s.owner.name, o.Now().UnixMilli())
	return s
}

// must is for what fails only where the machine has no randomness or a key is not
// one of X25519, and a stand-in cannot go on.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("standin/whatsapp: %v", err))
	}
	return v
}

// RootKey is the public key to put into whatsmeow.WACertPubKey.
func (s *Server) RootKey() [32]byte { return s.root.public }

// Close drops all connections and ends what waits for a device. It may be called
// more than once, and comes before the end of the HTTP server.
func (s *Server) Close() {
	s.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touch()
}

// Handler serves the websocket, the media and the page. Whatever host is asked for,
// it is this.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/chat", s.serveSocket)
	mux.HandleFunc("POST /mms/{kind}/{token}", s.serveUpload)
	mux.HandleFunc("DELETE /mms/{kind}/{token}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /v/{name}", s.serveDownload)
	mux.Handle("/", s.page())
	return mux
}

// Await returns once holds says true. It asks again after every change of the
// server, so nobody has to sleep; what happens elsewhere does not wake it, and
// what holds itself changes wakes it for ever. The error is that of ctx.
func (s *Server) Await(ctx context.Context, holds func() bool) error {
	return s.changes.Await(ctx, holds)
}

// touch wakes who waits for a change. The lock is held.
func (s *Server) touch() { s.changes.Add() }

// live are the devices that are linked. The lock is held.
func (s *Server) live() []*device {
	var out []*device
	for _, d := range s.devices {
		if !d.removed {
			out = append(out, d)
		}
	}
	return out
}

// Online says whether a linked device is connected and takes messages.
func (s *Server) Online() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.live(), func(d *device) bool { return d.active })
}

// Available says whether a linked device shows itself as being looked at, as
// SendPresence says. Only such a device is told who is typing (observed).
func (s *Server) Available() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.live(), func(d *device) bool { return d.available })
}

// Acked says whether a linked device has acknowledged that message: by a receipt, or
// by an ack where it gave the message up.
func (s *Server) Acked(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.live(), func(d *device) bool { return d.acked[id] })
}

// Nacked is the error code with which a linked device gave that message up; "" for none.
func (s *Server) Nacked(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.live() {
		if d.nacked[id] != "" {
			return d.nacked[id]
		}
	}
	return ""
}

// Asked is how often a linked device has asked to have that message once more, for
// it could not decrypt it (retry receipts).
func (s *Server) Asked(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, d := range s.live() {
		n += d.asked[id]
	}
	return n
}

// Pending is how many stanzas (messages, receipts, notifications, calls) linked
// devices have still to acknowledge.
func (s *Server) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, d := range s.live() {
		n += len(d.queue)
	}
	return n
}

// Unknown are the requests that the server did not understand, as XML.
func (s *Server) Unknown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.unknown)
}

// serveSocket is one connection of a device.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	// The origin is that of WhatsApp's page, whose host this is not.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // it is answered
	}
	ws.SetReadLimit(socket.FrameMaxSize + 16)
	ctx, cancel := context.WithTimeout(s.ctx, 20*time.Second) // as long as the client waits (observed)
	l, err := answer(ctx, s.ctx, ws, s.static, s.chain)
	cancel()
	if err != nil {
		_ = ws.CloseNow() // the other side may have been first
		s.log.Warn("a connection ended in the handshake", "err", err)
		return
	}
	defer l.drop()
	serve := s.login(l)
	if serve == nil {
		<-l.ctx.Done()
		return
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone(l)
	}()
	for {
		n, err := l.next()
		if err != nil {
			return
		}
		serve(n)
	}
}

// leave is the end of what a device is sent, although its connection may still be
// there. The lock is held.
func (d *device) leave() { d.active, d.available = false, false }

// gone forgets a connection. The lock is held.
func (s *Server) gone(l *line) {
	for _, d := range s.devices {
		if d.line == l {
			d.line = nil
			d.leave()
			for _, p := range s.people {
				p.typing = ""
			}
		}
	}
	s.pairings = slices.DeleteFunc(s.pairings, func(p *pairing) bool { return p.line == l })
	s.touch()
}

// login lets a device in, or begins to link one, or says why not; it gives what
// handles the nodes that come, nil for nothing.
func (s *Server) login(l *line) func(*waBinary.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(f Refusal) func(*waBinary.Node) {
		attrs := waBinary.Attrs{"reason": strconv.Itoa(f.Reason)}
		if f.Code != 0 {
			attrs["code"] = strconv.Itoa(f.Code)
		}
		if f.Expire != 0 {
			attrs["expire"] = strconv.Itoa(int(f.Expire / time.Second))
		}
		l.put(waBinary.Node{Tag: "failure", Attrs: attrs})
		l.end()
		return nil
	}
	if len(s.refusals) > 0 {
		f := s.refusals[0]
		if f.Times--; f.Times == 0 {
			s.refusals = s.refusals[1:]
		}
		s.touch()
		return refuse(*f)
	}
	if l.payload.Username == nil {
		return s.pair(l)
	}
	var d *device
	for _, have := range s.live() {
		if have.noise == l.static && have.jid.Device == uint16(l.payload.GetDevice()) && have.jid.User == strconv.FormatUint(l.payload.GetUsername(), 10) {
			d = have
		}
	}
	if d == nil {
		return refuse(Refusal{Reason: 401})
	}
	if d.line != nil { // only one program is a device at a time
		d.line.put(conflict("replaced"))
		d.line.end()
	}
	d.line = l
	d.leave()
	s.touch()
	l.put(waBinary.Node{Tag: "success", Attrs: waBinary.Attrs{"t": s.stamp(), "lid": d.lid}})
	return func(n *waBinary.Node) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.line == l && !s.frozen && !s.loss(n) {
			s.from(d, n)
			s.touch()
		}
	}
}

// conflict is the stream error of a device that has lost its place.
func conflict(kind string) waBinary.Node {
	return waBinary.Node{Tag: "stream:error", Attrs: waBinary.Attrs{"code": "401"}, Content: []waBinary.Node{{
		Tag: "conflict", Attrs: waBinary.Attrs{"type": kind},
	}}}
}

// stamp is the time as nodes have it, in seconds.
func (s *Server) stamp() string { return strconv.FormatInt(s.o.Now().Unix(), 10) }

// request gives the id of a request to a device. The lock is held.
func (s *Server) request() string {
	s.number++
	return "server-" + strconv.Itoa(s.number)
}

// newID makes the id of a message as a phone does: 32 hexadecimal digits (observed).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return strings.ToUpper(hex.EncodeToString(b[:]))
}

// deliver puts a node into the queue of a device, which has to acknowledge it. The
// lock is held.
func (s *Server) deliver(d *device, n waBinary.Node) {
	st := &stanza{node: n, key: ackKey(n.Tag, n.Attrs)}
	d.queue = append(d.queue, st)
	if d.active && !s.frozen {
		d.line.put(n)
	}
	s.touch()
}

// ackKey is by what an acknowledgement is matched with what it is for.
func ackKey(class string, attrs waBinary.Attrs) string {
	id, _ := attrs["id"].(string)
	if class == "message" {
		return class + " " + id
	}
	kind, _ := attrs["type"].(string)
	by := ""
	if j, ok := attrs["participant"].(types.JID); ok {
		by = j.User
	}
	return strings.Join([]string{class, id, kind, by}, " ")
}

// done takes the oldest stanza with that key out of the device's queue. The lock is held.
func (d *device) done(key string) bool {
	i := slices.IndexFunc(d.queue, func(st *stanza) bool { return st.key == key })
	if i < 0 {
		return false
	}
	d.queue = slices.Delete(d.queue, i, i+1)
	return true
}

// activate begins to send: first what was not acknowledged on an earlier connection,
// the same to the byte. The lock is held.
func (s *Server) activate(d *device) {
	d.active = true
	count := map[string]int{}
	for _, st := range d.queue {
		count[st.node.Tag]++
	}
	n := func(class string) string { return strconv.Itoa(count[class]) }
	total := strconv.Itoa(len(d.queue))
	d.line.put(waBinary.Node{Tag: "ib", Attrs: waBinary.Attrs{"from": types.ServerJID}, Content: []waBinary.Node{{
		Tag: "offline_preview", Attrs: waBinary.Attrs{
			"count": total, "message": n("message"), "receipt": n("receipt"), "notification": n("notification"), "appdata": "0",
		},
	}}})
	for _, st := range d.queue {
		again := st.node
		again.Attrs = waBinary.Attrs{"offline": "0"}
		for k, v := range st.node.Attrs {
			again.Attrs[k] = v
		}
		d.line.put(again)
	}
	d.line.put(waBinary.Node{Tag: "ib", Attrs: waBinary.Attrs{"from": types.ServerJID}, Content: []waBinary.Node{{
		Tag: "offline", Attrs: waBinary.Attrs{"count": total},
	}}})
	s.touch()
}

// loss says whether a node is one of the receipts that are to be lost. The lock is held.
func (s *Server) loss(n *waBinary.Node) bool {
	kind, _ := n.Attrs["type"].(string)
	receipt := n.Tag == "receipt" && slices.Contains([]string{"", "inactive", "sender"}, kind)
	if s.loses == 0 || !receipt && (n.Tag != "ack" || n.Attrs["class"] != "message") {
		return false
	}
	s.loses--
	s.touch()
	return true
}

// from handles a node of a device. The lock is held.
func (s *Server) from(d *device, n *waBinary.Node) {
	switch n.Tag {
	case "iq":
		s.iq(d, n)
	case "receipt":
		s.receipt(d, n)
	case "ack":
		class, _ := n.Attrs["class"].(string)
		attrs := waBinary.Attrs{"id": n.Attrs["id"], "type": n.Attrs["type"], "participant": n.Attrs["participant"]}
		d.done(ackKey(class, attrs))
		if id, _ := n.Attrs["id"].(string); class == "message" {
			d.acked[id] = true
			if code := fmt.Sprint(n.Attrs["error"]); n.Attrs["error"] != nil {
				d.nacked[id] = code
			}
		}
	case "message":
		s.message(d, n)
	case "chatstate":
		s.chatstate(n)
	case "presence":
		if kind, _ := n.Attrs["type"].(string); kind == "available" || kind == "unavailable" {
			d.available = kind == "available"
		}
	case "call":
		s.called(n)
	case "ib":
	default:
		s.strange(n)
	}
}

// strange remembers what was not understood. The lock is held.
func (s *Server) strange(n *waBinary.Node) {
	s.unknown = append(s.unknown, n.String())
	s.log.Warn("not understood", "tag", n.Tag, "xmlns", n.Attrs["xmlns"], "type", n.Attrs["type"])
}

// receipt handles a device's receipt: it is the acknowledgement of a message, and
// what the sender is told (observed). The lock is held.
func (s *Server) receipt(d *device, n *waBinary.Node) {
	id, _ := n.Attrs["id"].(string)
	kind, _ := n.Attrs["type"].(string)
	to, _ := n.Attrs["to"].(types.JID)
	ack := waBinary.Node{Tag: "ack", Attrs: waBinary.Attrs{"class": "receipt", "id": id, "from": to}}
	if kind != "" {
		ack.Attrs["type"] = kind
	}
	d.line.put(ack)
	p := s.who(to)
	if by, ok := n.Attrs["participant"].(types.JID); ok {
		p = s.who(by)
	}
	switch kind {
	case "", "inactive", "sender", "peer_msg":
		if d.done("message " + id) {
			d.acked[id] = true
		}
		ticks := 2
		if kind == "inactive" {
			ticks = 1
		}
		if p != nil {
			p.tick(id, ticks)
		}
	case "read", "played":
		if p == nil {
			return
		}
		p.tick(id, 3)
		list := n.GetChildByTag("list")
		for _, item := range list.GetChildren() {
			more, _ := item.Attrs["id"].(string)
			p.tick(more, 3)
		}
	case "retry":
		d.asked[id]++
		s.again(d, n, id)
	case "server-error":
		s.upload(d, n, id)
	case "read-self", "hist_sync":
	default:
		s.strange(n)
	}
}

// who is the person of an address; nil for the owner and for nobody. The lock is held.
func (s *Server) who(j types.JID) *Person {
	switch j.Server {
	case types.HiddenUserServer:
		return s.lids[j.User]
	case types.DefaultUserServer:
		return s.people[j.User]
	}
	return nil
}

// fewKeys is with how many one-time keys left a device is asked for more: a client
// makes more where it hears of fewer than 5 (observed).
const fewKeys = 4

// seal encrypts a message of a simulated phone for a device. The lock is held.
func (s *Server) seal(k *keyring, d *device, m *waE2E.Message) waBinary.Node {
	var b *prekey.Bundle
	if !k.knows(d.lid) {
		b = d.keys.bundle(d.lid.Device)
		if len(d.keys.once) == fewKeys && d.uploaded {
			s.deliver(d, waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
				"from": types.ServerJID, "type": "encrypt", "id": s.request(), "t": s.stamp(),
			}, Content: []waBinary.Node{{Tag: "count", Attrs: waBinary.Attrs{"value": strconv.Itoa(fewKeys)}}}})
		}
	}
	kind, sealed, err := k.seal(d.lid, b, must(proto.Marshal(m)))
	must(kind, err)
	return waBinary.Node{Tag: "enc", Attrs: waBinary.Attrs{"v": "2", "type": kind}, Content: sealed}
}
