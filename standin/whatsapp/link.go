// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"go.mau.fi/libsignal/ecc"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waAdv"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// A pairing is a device that wants to be linked.
type pairing struct {
	line *line
	refs []string
	keys deviceKeys

	hello  []byte // of linking by code: the device's key, encrypted by the code
	ref    string
	bundle []byte         // what it answered
	signed *waBinary.Node // what it answered to being linked
	asked  string         // id of that
}

// refs is how many QR codes a device gets to show one after the other (observed).
const refs = 6

// pair begins to link a device. The lock is held.
func (s *Server) pair(l *line) func(*waBinary.Node) {
	data := l.payload.GetDevicePairingData()
	p := &pairing{line: l}
	p.keys.registration = uint32From(data.GetERegid())
	p.keys.signedID = uint32From(data.GetESkeyID())
	if len(data.GetEIdent()) != 32 || len(data.GetESkeyVal()) != 32 || len(data.GetESkeySig()) != 64 {
		l.put(waBinary.Node{Tag: "failure", Attrs: waBinary.Attrs{"reason": "400"}})
		l.end()
		return nil
	}
	p.keys.identity, p.keys.signed, p.keys.signature = [32]byte(data.GetEIdent()), [32]byte(data.GetESkeyVal()), [64]byte(data.GetESkeySig())
	ask := waBinary.Node{Tag: "pair-device"}
	var list []waBinary.Node
	for range refs {
		ref := "2@" + newID()
		p.refs = append(p.refs, ref)
		list = append(list, waBinary.Node{Tag: "ref", Content: []byte(ref)})
	}
	ask.Content = list
	s.pairings = append(s.pairings, p)
	l.put(waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"type": "set", "from": types.ServerJID, "id": s.request()}, Content: []waBinary.Node{ask}})
	s.touch()
	return func(n *waBinary.Node) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fromPairing(p, n)
		s.touch()
	}
}

func uint32From(b []byte) uint32 {
	if len(b) > 4 {
		return 0
	}
	return binary.BigEndian.Uint32(append(make([]byte, 4-len(b)), b...))
}

// fromPairing handles a node of a device that is being linked. The lock is held.
func (s *Server) fromPairing(p *pairing, n *waBinary.Node) {
	if n.Tag == "ack" || n.Tag == "ib" {
		return
	}
	kind, _ := n.Attrs["type"].(string)
	id, _ := n.Attrs["id"].(string)
	if n.Tag == "iq" && (kind == "result" || kind == "error") {
		if id == p.asked && p.asked != "" {
			p.signed = n
		}
		return
	}
	reg, ok := n.GetOptionalChildByTag("link_code_companion_reg")
	if n.Tag != "iq" || !ok {
		s.strange(n)
		return
	}
	answer := waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"type": "result", "from": types.ServerJID, "id": id}}
	child := func(tag string) []byte {
		c := reg.GetChildByTag(tag)
		b, _ := c.Content.([]byte)
		return b
	}
	switch reg.Attrs["stage"] {
	case "companion_hello":
		to, _ := reg.Attrs["jid"].(types.JID)
		if hello := child("link_code_pairing_wrapped_companion_ephemeral_pub"); len(hello) == 80 && s.owner.is(to) {
			p.hello, p.ref = hello, newID()
			answer.Content = []waBinary.Node{{Tag: "link_code_companion_reg", Content: []waBinary.Node{{Tag: "link_code_pairing_ref", Content: []byte(p.ref)}}}}
		} else {
			answer.Attrs["type"] = "error"
			answer.Content = []waBinary.Node{{Tag: "error", Attrs: waBinary.Attrs{"code": "400", "text": "bad-request"}}}
		}
	case "companion_finish":
		p.bundle = child("link_code_pairing_wrapped_key_bundle")
	}
	p.line.put(answer)
}

// Codes says how many devices wait for somebody to type the code that they show.
func (o *Owner) Codes() int {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	n := 0
	for _, p := range o.s.pairings {
		if p.hello != nil {
			n++
		}
	}
	return n
}

// Linked says whether there is a linked device.
func (o *Owner) Linked() bool {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return len(o.s.live()) > 0
}

// sign makes the account's signature of a device (ADV: prefix 06 00, observed).
func (o *Owner) sign(identity [32]byte, index uint16, s *Server) *waAdv.ADVSignedDeviceIdentity {
	details := must(proto.Marshal(&waAdv.ADVDeviceIdentity{
		RawID: proto.Uint32(1), Timestamp: proto.Uint64(uint64(s.o.Now().Unix())), KeyIndex: proto.Uint32(uint32(index)),
	}))
	return &waAdv.ADVSignedDeviceIdentity{
		Details: details, AccountSignatureKey: o.keys.public(),
		AccountSignature: o.keys.sign(bytes.Join([][]byte{{6, 0}, details, identity[:]}, nil)),
	}
}

// add makes a linked device. The lock is held.
func (o *Owner) add(noise [32]byte, keys deviceKeys) *device {
	d := &device{
		jid: o.JID(), lid: o.lid(), noise: noise, keys: keys,
		asked: map[string]int{}, acked: map[string]bool{}, nacked: map[string]string{},
	}
	d.jid.Device, d.lid.Device = o.nextDevice, o.nextDevice
	o.nextDevice++
	return d
}

// Provision makes of a new device of a whatsmeow store one that was linked before:
// its id, account and name. Save the device afterwards. Its LID comes with the first
// login.
func (o *Owner) Provision(d *store.Device) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	keys := deviceKeys{
		registration: d.RegistrationID, identity: *d.IdentityKey.Pub,
		signedID: d.SignedPreKey.KeyID, signed: *d.SignedPreKey.Pub, signature: *d.SignedPreKey.Signature,
	}
	have := o.add(*d.NoiseKey.Pub, keys)
	account := o.sign(keys.identity, have.jid.Device, o.s)
	signature := ecc.CalculateSignature(ecc.NewDjbECPrivateKey(*d.IdentityKey.Priv),
		bytes.Join([][]byte{{6, 1}, account.Details, keys.identity[:], account.AccountSignatureKey}, nil))
	account.DeviceSignature = signature[:]
	jid := have.jid
	d.ID, d.Account, d.PushName, d.Platform = &jid, account, o.name, "android"
	o.s.devices = append(o.s.devices, have)
	o.s.touch()
}

// Unlink removes all linked devices: "log out" on the phone. A device that is not
// connected hears of it at its next login.
func (o *Owner) Unlink() {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, d := range o.s.live() {
		d.removed = true
		d.leave()
		if d.line != nil {
			d.line.put(conflict("device_removed"))
			d.line.end()
		}
	}
	o.s.touch()
}

// AskPasskey makes WhatsApp want a passkey (WebAuthn) of the devices that are being
// linked, as it does of some accounts. None that a device could give is taken here.
func (o *Owner) AskPasskey() {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	for _, p := range o.s.pairings {
		p.line.put(waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
			"from": types.ServerJID, "type": "passkey_prologue_request", "id": o.s.request(), "t": o.s.stamp(),
		}, Content: []waBinary.Node{{
			Tag: "passkey_request_options", Content: []byte(`{"challenge":"c3RhbmQtaW4","timeout":60000,"rpId":"whatsapp.com","allowCredentials":[],"userVerification":"required"}`),
		}}})
	}
}

// Scan reads the text of a QR code and links the device that shows it. It returns
// once the device has signed, which then logs in by itself.
func (o *Owner) Scan(ctx context.Context, qr string) error {
	_, fields, _ := strings.Cut(strings.TrimSpace(qr), "#")
	if fields == "" {
		fields = strings.TrimSpace(qr) // as older clients show it, without an address
	}
	f := strings.Split(fields, ",")
	if len(f) < 4 {
		return errors.New("that is not the text of a QR code of WhatsApp's")
	}
	var parts [3][]byte
	for i := range parts {
		var err error
		if parts[i], err = base64.StdEncoding.DecodeString(f[i+1]); err != nil || len(parts[i]) != 32 {
			return errors.New("that is not the text of a QR code of WhatsApp's")
		}
	}
	o.s.mu.Lock()
	var p *pairing
	for _, have := range o.s.pairings {
		for _, ref := range have.refs {
			if ref == f[0] {
				p = have
			}
		}
	}
	if p == nil {
		o.s.mu.Unlock()
		return errors.New("no device shows this QR code now")
	}
	if p.line.static != [32]byte(parts[0]) || p.keys.identity != [32]byte(parts[1]) {
		o.s.mu.Unlock()
		return errors.New("the keys in the QR code are not those of the device that shows it")
	}
	return o.link(ctx, p, parts[2])
}

// link links a device and waits for it to sign. The lock is held when it is called,
// and not when it returns.
func (o *Owner) link(ctx context.Context, p *pairing, secret []byte) error {
	s := o.s
	d := o.add(p.line.static, p.keys)
	account := o.sign(p.keys.identity, d.jid.Device, s)
	signed := must(proto.Marshal(account))
	mac := hmac.New(sha256.New, secret)
	mac.Write(signed)
	p.signed, p.asked = nil, s.request()
	p.line.put(waBinary.Node{Tag: "iq", Attrs: waBinary.Attrs{"type": "set", "from": types.ServerJID, "id": p.asked, "t": s.stamp()}, Content: []waBinary.Node{{
		Tag: "pair-success", Content: []waBinary.Node{
			{Tag: "device-identity", Content: must(proto.Marshal(&waAdv.ADVSignedDeviceIdentityHMAC{Details: signed, HMAC: mac.Sum(nil)}))},
			{Tag: "device", Attrs: waBinary.Attrs{"jid": d.jid, "lid": d.lid}},
			{Tag: "platform", Attrs: waBinary.Attrs{"name": "android"}},
		},
	}}})
	s.mu.Unlock()
	var signature *waBinary.Node
	if err := s.Await(ctx, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		signature = p.signed
		return signature != nil || p.line.ctx.Err() != nil
	}); err != nil {
		return err
	}
	if signature == nil {
		return errors.New("the device went away before it was linked")
	}
	sign, ok := signature.GetOptionalChildByTag("pair-device-sign", "device-identity")
	if !ok {
		failed := signature.GetChildByTag("error")
		return fmt.Errorf("the device refused: %v", failed.Attrs["text"])
	}
	var theirs waAdv.ADVSignedDeviceIdentity
	b, _ := sign.Content.([]byte)
	if err := proto.Unmarshal(b, &theirs); err != nil || len(theirs.GetDeviceSignature()) != 64 {
		return errors.New("the device's signature cannot be read")
	}
	if !ecc.VerifySignature(ecc.NewDjbECPublicKey(p.keys.identity),
		bytes.Join([][]byte{{6, 1}, account.Details, p.keys.identity[:], account.AccountSignatureKey}, nil), [64]byte(theirs.GetDeviceSignature())) {
		return errors.New("the device's signature is wrong")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices = append(s.devices, d)
	o.share(d)
	o.history(d)
	p.line.put(waBinary.Node{Tag: "stream:error", Attrs: waBinary.Attrs{"code": "515"}}) // log in now
	p.line.end()
	s.touch()
	return nil
}

// stretched is how often the code is hashed (observed).
const stretched = 2 << 16

// Enter types the code that a device shows, with or without the dash, and links it.
// It returns once the device has signed; a wrong code is an error.
func (o *Owner) Enter(ctx context.Context, code string) error {
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	o.s.mu.Lock()
	var p *pairing
	for _, have := range o.s.pairings {
		if have.hello != nil {
			p = have // the last that has asked
		}
	}
	if p == nil {
		o.s.mu.Unlock()
		return errors.New("no device waits for a code")
	}
	hello, identity := p.hello, must(o.keys.pair())
	p.bundle = nil
	o.s.mu.Unlock()

	theirs, err := codeCipher(code, hello[:32], hello[32:48], hello[48:80])
	if err != nil {
		return err
	}
	ephemeral := must(newKeyPair([32]byte{}))
	head := make([]byte, 48)
	_, _ = rand.Read(head) // it never fails
	ours, err := codeCipher(code, head[:32], head[32:48], ephemeral.public[:])
	if err != nil {
		return err
	}
	o.s.mu.Lock()
	p.line.put(waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
		"from": types.ServerJID, "type": "link_code_companion_reg", "id": o.s.request(), "t": o.s.stamp(),
	}, Content: []waBinary.Node{{Tag: "link_code_companion_reg", Content: []waBinary.Node{
		{Tag: "link_code_pairing_ref", Content: []byte(p.ref)},
		{Tag: "link_code_pairing_wrapped_primary_ephemeral_pub", Content: append(head, ours...)},
		{Tag: "primary_identity_pub", Content: o.keys.public()},
	}}}})
	o.s.mu.Unlock()
	var bundle []byte
	if err := o.s.Await(ctx, func() bool {
		o.s.mu.Lock()
		defer o.s.mu.Unlock()
		bundle = p.bundle
		return bundle != nil || p.line.ctx.Err() != nil
	}); err != nil {
		return err
	}
	if bundle == nil {
		return errors.New("the device went away before it was linked")
	}
	secret, err := openBundle(bundle, ephemeral, identity, theirs, p.keys.identity)
	if err != nil {
		return err
	}
	o.s.mu.Lock()
	return o.link(ctx, p, secret)
}

// codeCipher encrypts or decrypts a key with what the code gives.
func codeCipher(code string, salt, iv, key []byte) ([]byte, error) {
	k, err := pbkdf2.Key(sha256.New, code, salt, stretched, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(key))
	cipher.NewCTR(block, iv).XORKeyStream(out, key)
	return out, nil
}

// openBundle reads a device's answer to the code: salt, nonce, and encrypted with
// what the two short-lived keys have in common: its identity, the phone's, and 32
// random bytes. It gives the secret for the account's signature (observed).
func openBundle(bundle []byte, ephemeral, identity keyPair, theirs []byte, device [32]byte) ([]byte, error) {
	wrong := errors.New("the code is wrong")
	shared, err := ephemeral.shared(theirs)
	if err != nil || len(bundle) < 44 {
		return nil, wrong
	}
	key, err := hkdf.Key(sha256.New, shared, bundle[:32], "link_code_pairing_key_bundle_encryption_key", 32)
	if err != nil {
		return nil, err
	}
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, bundle[32:44], bundle[44:], nil)
	if err != nil || len(plain) != 96 {
		return nil, wrong
	}
	if [32]byte(plain[:32]) != device || [32]byte(plain[32:64]) != identity.public {
		return nil, errors.New("the device speaks of other keys than its own and the phone's")
	}
	between, err := identity.shared(device[:])
	if err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, append(append(shared, between...), plain[64:]...), nil, "adv_secret", 32)
}
