// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
	"go.mau.fi/libsignal/ecc"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waCert"
	"go.mau.fi/whatsmeow/proto/waWa6"
	"go.mau.fi/whatsmeow/socket"
	"google.golang.org/protobuf/proto"
)

// A keyPair is one of X25519.
type keyPair struct {
	private *ecdh.PrivateKey
	public  [32]byte
}

// newKeyPair makes a pair, or has the one of that private key.
func newKeyPair(private [32]byte) (keyPair, error) {
	var k *ecdh.PrivateKey
	var err error
	if private == [32]byte{} {
		k, err = ecdh.X25519().GenerateKey(rand.Reader)
	} else {
		k, err = ecdh.X25519().NewPrivateKey(private[:])
	}
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{k, [32]byte(k.PublicKey().Bytes())}, nil
}

// shared is the secret that the two have in common.
func (k keyPair) shared(public []byte) ([]byte, error) {
	p, err := ecdh.X25519().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return k.private.ECDH(p)
}

// sign signs as Signal does (XEdDSA).
func (k keyPair) sign(message []byte) []byte {
	s := ecc.CalculateSignature(ecc.NewDjbECPrivateKey([32]byte(k.private.Bytes())), message)
	return s[:]
}

// certificates vouch for the static key: the root for an intermediate, that for
// the static key (observed; serials as the client wants them).
func certificates(root, static keyPair, now time.Time) ([]byte, error) {
	middle, err := newKeyPair([32]byte{})
	if err != nil {
		return nil, err
	}
	cert := func(serial, issuer uint32, key [32]byte, by keyPair) (*waCert.CertChain_NoiseCertificate, error) {
		details, err := proto.Marshal(&waCert.CertChain_NoiseCertificate_Details{
			Serial: &serial, IssuerSerial: &issuer, Key: key[:],
			NotBefore: proto.Uint64(uint64(now.Add(-24 * time.Hour).Unix())),
			NotAfter:  proto.Uint64(uint64(now.Add(10 * 365 * 24 * time.Hour).Unix())),
		})
		if err != nil {
			return nil, err
		}
		return &waCert.CertChain_NoiseCertificate{Details: details, Signature: by.sign(details)}, nil
	}
	upper, err := cert(1, 0, middle.public, root)
	if err != nil {
		return nil, err
	}
	leaf, err := cert(2, 1, static.public, middle)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&waCert.CertChain{Intermediate: upper, Leaf: leaf})
}

// A handshake is Noise XX as the side that answers, with AES-GCM and SHA-256
// (noiseprotocol.org, revision 34). As WhatsApp has it, one counter is for both
// directions until the end (observed).
type handshake struct {
	hash    [32]byte
	salt    []byte
	aead    cipher.AEAD
	counter uint32
}

func newHandshake(header []byte) (*handshake, error) {
	h := &handshake{hash: [32]byte([]byte(socket.NoiseStartPattern))}
	h.salt = append([]byte(nil), h.hash[:]...)
	aead, err := gcm(h.hash[:])
	h.aead = aead
	h.mix(header)
	return h, err
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func nonce(counter uint32) []byte {
	n := make([]byte, 12)
	binary.BigEndian.PutUint32(n[8:], counter)
	return n
}

func (h *handshake) mix(data []byte) {
	h.hash = sha256.Sum256(append(h.hash[:], data...))
}

func (h *handshake) mixKey(k keyPair, public []byte) error {
	secret, err := k.shared(public)
	if err != nil {
		return err
	}
	out, err := hkdf.Key(sha256.New, secret, h.salt, "", 64)
	if err != nil {
		return err
	}
	h.salt, h.counter = out[:32], 0
	h.aead, err = gcm(out[32:])
	return err
}

func (h *handshake) seal(plain []byte) []byte {
	out := h.aead.Seal(nil, nonce(h.counter), plain, h.hash[:])
	h.counter++
	h.mix(out)
	return out
}

func (h *handshake) open(sealed []byte) ([]byte, error) {
	out, err := h.aead.Open(nil, nonce(h.counter), sealed, h.hash[:])
	h.counter++
	h.mix(sealed)
	return out, err
}

// split gives the keys for after the handshake.
func (h *handshake) split() (read, write cipher.AEAD, err error) {
	out, err := hkdf.Key(sha256.New, nil, h.salt, "", 64)
	if err != nil {
		return nil, nil, err
	}
	if read, err = gcm(out[:32]); err != nil { // what the client writes with
		return nil, nil, err
	}
	write, err = gcm(out[32:])
	return read, write, err
}

// A stream is one websocket with frames in it: three bytes of length, then that
// many of content. A frame may be spread over several messages of the websocket.
type stream struct {
	ws  *websocket.Conn
	buf []byte
}

var errFrame = errors.New("not a frame of WhatsApp's")

// need reads until there are n bytes.
func (s *stream) need(ctx context.Context, n int) error {
	for len(s.buf) < n {
		_, b, err := s.ws.Read(ctx)
		if err != nil {
			return err
		}
		s.buf = append(s.buf, b...)
	}
	return nil
}

func (s *stream) take(n int) []byte {
	b := s.buf[:n:n]
	s.buf = s.buf[n:]
	return b
}

func (s *stream) read(ctx context.Context) ([]byte, error) {
	if err := s.need(ctx, 3); err != nil {
		return nil, err
	}
	l := s.take(3)
	n := int(l[0])<<16 | int(l[1])<<8 | int(l[2])
	if err := s.need(ctx, n); err != nil {
		return nil, err
	}
	return s.take(n), nil
}

func (s *stream) write(ctx context.Context, data []byte) error {
	if len(data) >= socket.FrameMaxSize {
		return errFrame
	}
	n := len(data)
	return s.ws.Write(ctx, websocket.MessageBinary, append([]byte{byte(n >> 16), byte(n >> 8), byte(n)}, data...))
}

// A line is an encrypted connection to one device. Nodes that are put are written
// in order by a goroutine of its own, so that nobody waits for the network.
type line struct {
	stream
	in, out   cipher.AEAD
	nIn, nOut uint32
	static    [32]byte // the device's
	payload   *waWa6.ClientPayload
	mu        sync.Mutex
	queue     []waBinary.Node
	wake      chan struct{} // holds one
	closing   bool          // after what is queued
	stop      context.CancelFunc
	ctx       context.Context
}

// answer does the handshake, within ctx; the line lasts as long as life. The first three bytes of a connection and the version
// of the dictionary come before the first frame (observed).
func answer(ctx, life context.Context, ws *websocket.Conn, static keyPair, chain []byte) (*line, error) {
	l := &line{stream: stream{ws: ws}, wake: make(chan struct{}, 1)}
	if err := l.need(ctx, len(socket.WAConnHeader)); err != nil {
		return nil, err
	}
	header := l.take(len(socket.WAConnHeader))
	if string(header) != string(socket.WAConnHeader) {
		return nil, fmt.Errorf("%w: it begins with % x", errFrame, header)
	}
	h, err := newHandshake(header)
	if err != nil {
		return nil, err
	}
	var hello, finish waWa6.HandshakeMessage
	if err := l.readInto(ctx, &hello); err != nil {
		return nil, err
	}
	theirs := hello.GetClientHello().GetEphemeral()
	h.mix(theirs)
	ephemeral, err := newKeyPair([32]byte{})
	if err != nil {
		return nil, err
	}
	h.mix(ephemeral.public[:])
	if err := h.mixKey(ephemeral, theirs); err != nil {
		return nil, err
	}
	sealedStatic := h.seal(static.public[:])
	if err := h.mixKey(static, theirs); err != nil {
		return nil, err
	}
	b, err := proto.Marshal(&waWa6.HandshakeMessage{ServerHello: &waWa6.HandshakeMessage_ServerHello{
		Ephemeral: ephemeral.public[:], Static: sealedStatic, Payload: h.seal(chain),
	}})
	if err != nil {
		return nil, err
	}
	if err := l.stream.write(ctx, b); err != nil {
		return nil, err
	}
	if err := l.readInto(ctx, &finish); err != nil {
		return nil, err
	}
	device, err := h.open(finish.GetClientFinish().GetStatic())
	if err != nil || len(device) != 32 {
		return nil, fmt.Errorf("%w: the device's key: %v", errFrame, err)
	}
	l.static = [32]byte(device)
	if err := h.mixKey(ephemeral, device); err != nil {
		return nil, err
	}
	b, err = h.open(finish.GetClientFinish().GetPayload())
	if err != nil {
		return nil, fmt.Errorf("%w: the payload: %v", errFrame, err)
	}
	l.payload = new(waWa6.ClientPayload)
	if err := proto.Unmarshal(b, l.payload); err != nil {
		return nil, err
	}
	l.in, l.out, err = h.split()
	if err != nil {
		return nil, err
	}
	l.ctx, l.stop = context.WithCancel(life)
	go l.run()
	return l, nil
}

func (l *line) readInto(ctx context.Context, m *waWa6.HandshakeMessage) error {
	b, err := l.stream.read(ctx)
	if err != nil {
		return err
	}
	return proto.Unmarshal(b, m)
}

// next reads a node.
func (l *line) next() (*waBinary.Node, error) {
	b, err := l.stream.read(l.ctx)
	if err != nil {
		return nil, err
	}
	b, err = l.in.Open(nil, nonce(l.nIn), b, nil)
	if err != nil {
		return nil, err
	}
	l.nIn++
	if b, err = waBinary.Unpack(b); err != nil {
		return nil, err
	}
	return waBinary.Unmarshal(b)
}

// put queues nodes to be written. What comes after the end is dropped.
func (l *line) put(nodes ...waBinary.Node) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return
	}
	l.queue = append(l.queue, nodes...)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// end drops the connection some time after all that is queued was written.
func (l *line) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// lastWords is how long a connection stays open after its last node: a client that
// sees the end at once may forget the node (observed).
const lastWords = 100 * time.Millisecond

func (l *line) run() {
	defer l.drop()
	for {
		l.mu.Lock()
		nodes, closing := l.queue, l.closing
		l.queue = nil
		l.mu.Unlock()
		for _, n := range nodes {
			b, err := waBinary.Marshal(n)
			if err != nil {
				return
			}
			b = l.out.Seal(nil, nonce(l.nOut), b, nil)
			l.nOut++
			if l.stream.write(l.ctx, b) != nil {
				return
			}
		}
		if closing {
			timer := time.NewTimer(lastWords)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-l.ctx.Done():
			}
			return
		}
		select {
		case <-l.wake:
		case <-l.ctx.Done():
			return
		}
	}
}

// drop ends the connection without a word.
func (l *line) drop() {
	l.stop()
	_ = l.ws.CloseNow() // the other side may have been first
}
