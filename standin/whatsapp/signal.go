// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/libsignal/groups"
	groupRecord "go.mau.fi/libsignal/groups/state/record"
	"go.mau.fi/libsignal/keys/identity"
	"go.mau.fi/libsignal/keys/prekey"
	"go.mau.fi/libsignal/logger"
	"go.mau.fi/libsignal/protocol"
	"go.mau.fi/libsignal/session"
	"go.mau.fi/libsignal/state/record"
	"go.mau.fi/libsignal/util/keyhelper"
	"go.mau.fi/libsignal/util/optional"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// quiet takes what libsignal would print to the standard output.
type quiet struct{}

func (quiet) Debug(string, string)   {}
func (quiet) Info(string, string)    {}
func (quiet) Warning(string, string) {}
func (quiet) Error(string, string)   {}
func (quiet) Configure(string)       {}

// hush silences libsignal unless the program has given it a logger of its own. The
// logger is one for the process, so it is looked at once only.
var hush = sync.OnceFunc(func() {
	if logger.Logger == nil {
		var l logger.Loggable = quiet{}
		logger.Setup(&l)
	}
})

// serial is how sessions are written down; it holds nothing.
var serial = store.SignalProtobufSerializer

// keyring is what Signal on a simulated phone knows. It is not for concurrent use:
// sessions are read, changed and written back, so the server's lock is held.
type keyring struct {
	own          *identity.KeyPair
	registration uint32
	signed       *record.SignedPreKey
	once         map[uint32]*record.PreKey
	nextOnce     uint32
	sessions     map[string][]byte
	senders      map[string][]byte
}

func newKeyring() (*keyring, error) {
	own, err := keyhelper.GenerateIdentityKeyPair()
	if err != nil {
		return nil, err
	}
	signed, err := keyhelper.GenerateSignedPreKey(own, 1, serial.SignedPreKeyRecord)
	if err != nil {
		return nil, err
	}
	return &keyring{
		own: own, registration: keyhelper.GenerateRegistrationID() & 0x3fff, signed: signed,
		once: map[uint32]*record.PreKey{}, nextOnce: 1,
		sessions: map[string][]byte{}, senders: map[string][]byte{},
	}, nil
}

func (k *keyring) public() []byte {
	b := k.own.PublicKey().PublicKey().PublicKey()
	return b[:]
}

// sign signs with the identity.
func (k *keyring) sign(message []byte) []byte {
	s := ecc.CalculateSignature(k.own.PrivateKey(), message)
	return s[:]
}

// pair is the identity as a pair of X25519.
func (k *keyring) pair() (keyPair, error) { return newKeyPair(k.own.PrivateKey().Serialize()) }

// bundle is what somebody needs to write to the phone for the first time, as the
// children of a node: with a one-time key that is made for them.
func (k *keyring) bundle() ([]waBinary.Node, error) {
	pair, err := ecc.GenerateKeyPair()
	if err != nil {
		return nil, err
	}
	id := k.nextOnce
	k.nextOnce++
	k.once[id] = record.NewPreKey(id, pair, serial.PreKeyRecord)
	signature := k.signed.Signature()
	one, signed := pair.PublicKey().PublicKey(), k.signed.KeyPair().PublicKey().PublicKey()
	return []waBinary.Node{
		{Tag: "registration", Content: binary.BigEndian.AppendUint32(nil, k.registration)},
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: k.public()},
		{Tag: "key", Content: []waBinary.Node{{Tag: "id", Content: id24(id)}, {Tag: "value", Content: one[:]}}},
		{Tag: "skey", Content: []waBinary.Node{
			{Tag: "id", Content: id24(k.signed.ID())}, {Tag: "value", Content: signed[:]}, {Tag: "signature", Content: signature[:]},
		}},
	}, nil
}

func id24(id uint32) []byte { return binary.BigEndian.AppendUint32(nil, id)[1:] }

// knows says whether there is a session with that device.
func (k *keyring) knows(to types.JID) bool { return k.sessions[to.SignalAddress().String()] != nil }

// forget ends the session with that device.
func (k *keyring) forget(of types.JID) { delete(k.sessions, of.SignalAddress().String()) }

// seal encrypts for a device; b is needed where there is no session. It gives the
// type of the message, "pkmsg" or "msg".
func (k *keyring) seal(to types.JID, b *prekey.Bundle, plain []byte) (string, []byte, error) {
	ctx := context.Background()
	address := to.SignalAddress()
	builder := session.NewBuilderFromSignal(k, address, serial)
	if !k.knows(to) {
		if b == nil {
			return "", nil, errors.New("the device has no keys")
		}
		if err := builder.ProcessBundle(ctx, b); err != nil {
			return "", nil, err
		}
	}
	m, err := session.NewCipher(builder, address).Encrypt(ctx, pad(plain))
	if err != nil {
		return "", nil, err
	}
	if m.Type() == protocol.PREKEY_TYPE {
		return "pkmsg", m.Serialize(), nil
	}
	return "msg", m.Serialize(), nil
}

// garble spoils the code at the end of a message by which its authenticity is known.
// In a first message that one is within, before other fields.
func garble(first bool, sealed []byte) {
	end := len(sealed)
	if first {
		m := must(protocol.NewPreKeySignalMessageFromBytes(sealed, serial.PreKeySignalMessage, serial.SignalMessage))
		inner := m.WhisperMessage().Serialize()
		end = bytes.LastIndex(sealed, inner) + len(inner)
	}
	sealed[end-1] ^= 1
}

// open decrypts what a device has sent.
func (k *keyring) open(from types.JID, kind string, sealed []byte) ([]byte, error) {
	ctx := context.Background()
	address := from.SignalAddress()
	c := session.NewCipher(session.NewBuilderFromSignal(k, address, serial), address)
	var plain []byte
	switch kind {
	case "pkmsg":
		m, err := protocol.NewPreKeySignalMessageFromBytes(sealed, serial.PreKeySignalMessage, serial.SignalMessage)
		if err != nil {
			return nil, err
		}
		if plain, err = c.DecryptMessage(ctx, m); err != nil {
			return nil, err
		}
	case "msg":
		m, err := protocol.NewSignalMessageFromBytes(sealed, serial.SignalMessage)
		if err != nil {
			return nil, err
		}
		if !k.knows(from) {
			return nil, errors.New("there is no session")
		}
		if plain, err = c.Decrypt(ctx, m); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("a message of type %q", kind)
	}
	return unpad(plain)
}

// senderKey is what others need to read what the phone writes to a group.
func (k *keyring) senderKey(group, own types.JID) ([]byte, error) {
	m, err := groups.NewGroupSessionBuilder(k, serial).Create(context.Background(), protocol.NewSenderKeyName(group.String(), own.SignalAddress()))
	if err != nil {
		return nil, err
	}
	return m.Serialize(), nil
}

// sealGroup encrypts for all who have the senderKey.
func (k *keyring) sealGroup(group, own types.JID, plain []byte) ([]byte, error) {
	name := protocol.NewSenderKeyName(group.String(), own.SignalAddress())
	m, err := groups.NewGroupCipher(groups.NewGroupSessionBuilder(k, serial), name, k).Encrypt(context.Background(), pad(plain))
	if err != nil {
		return nil, err
	}
	return m.SignedSerialize(), nil
}

// learn takes somebody's senderKey.
func (k *keyring) learn(group, from types.JID, key []byte) error {
	m, err := protocol.NewSenderKeyDistributionMessageFromBytes(key, serial.SenderKeyDistributionMessage)
	if err != nil {
		return err
	}
	return groups.NewGroupSessionBuilder(k, serial).Process(context.Background(), protocol.NewSenderKeyName(group.String(), from.SignalAddress()), m)
}

// openGroup decrypts what somebody wrote to a group.
func (k *keyring) openGroup(group, from types.JID, sealed []byte) ([]byte, error) {
	m, err := protocol.NewSenderKeyMessageFromBytes(sealed, serial.SenderKeyMessage)
	if err != nil {
		return nil, err
	}
	name := protocol.NewSenderKeyName(group.String(), from.SignalAddress())
	plain, err := groups.NewGroupCipher(groups.NewGroupSessionBuilder(k, serial), name, k).Decrypt(context.Background(), m)
	if err != nil {
		return nil, err
	}
	return unpad(plain)
}

// pad hides the length: 1 to 15 bytes that say how many they are (observed).
func pad(plain []byte) []byte {
	var n [1]byte
	_, _ = rand.Read(n[:]) // it never fails
	n[0] = n[0]%15 + 1
	return append(bytes.Clone(plain), bytes.Repeat(n[:], int(n[0]))...)
}

func unpad(padded []byte) ([]byte, error) {
	if len(padded) == 0 || int(padded[len(padded)-1]) > len(padded) {
		return nil, errors.New("the padding is wrong")
	}
	return padded[:len(padded)-int(padded[len(padded)-1])], nil
}

// What follows is the store that libsignal wants. A phone here trusts every key: a
// device that was linked anew has a new one.

func (k *keyring) GetIdentityKeyPair() *identity.KeyPair { return k.own }
func (k *keyring) GetLocalRegistrationID() uint32        { return k.registration }
func (k *keyring) SaveIdentity(context.Context, *protocol.SignalAddress, *identity.Key) error {
	return nil
}
func (k *keyring) IsTrustedIdentity(context.Context, *protocol.SignalAddress, *identity.Key) (bool, error) {
	return true, nil
}
func (k *keyring) LoadPreKey(_ context.Context, id uint32) (*record.PreKey, error) {
	return k.once[id], nil
}
func (k *keyring) StorePreKey(_ context.Context, id uint32, r *record.PreKey) error {
	k.once[id] = r
	return nil
}
func (k *keyring) ContainsPreKey(_ context.Context, id uint32) (bool, error) {
	return k.once[id] != nil, nil
}
func (k *keyring) RemovePreKey(_ context.Context, id uint32) error {
	delete(k.once, id)
	return nil
}
func (k *keyring) LoadSession(_ context.Context, a *protocol.SignalAddress) (*record.Session, error) {
	b := k.sessions[a.String()]
	if b == nil {
		return record.NewSession(serial.Session, serial.State), nil
	}
	return record.NewSessionFromBytes(b, serial.Session, serial.State)
}
func (k *keyring) GetSubDeviceSessions(context.Context, string) ([]uint32, error) { return nil, nil }
func (k *keyring) StoreSession(_ context.Context, a *protocol.SignalAddress, r *record.Session) error {
	k.sessions[a.String()] = r.Serialize()
	return nil
}
func (k *keyring) ContainsSession(_ context.Context, a *protocol.SignalAddress) (bool, error) {
	return k.sessions[a.String()] != nil, nil
}
func (k *keyring) DeleteSession(_ context.Context, a *protocol.SignalAddress) error {
	delete(k.sessions, a.String())
	return nil
}
func (k *keyring) DeleteAllSessions(context.Context) error {
	clear(k.sessions)
	return nil
}
func (k *keyring) LoadSignedPreKey(_ context.Context, id uint32) (*record.SignedPreKey, error) {
	if id != k.signed.ID() {
		return nil, nil
	}
	return k.signed, nil
}
func (k *keyring) LoadSignedPreKeys(context.Context) ([]*record.SignedPreKey, error) {
	return []*record.SignedPreKey{k.signed}, nil
}
func (k *keyring) StoreSignedPreKey(context.Context, uint32, *record.SignedPreKey) error { return nil }
func (k *keyring) ContainsSignedPreKey(_ context.Context, id uint32) (bool, error) {
	return id == k.signed.ID(), nil
}
func (k *keyring) RemoveSignedPreKey(context.Context, uint32) error { return nil }
func (k *keyring) StoreSenderKey(_ context.Context, n *protocol.SenderKeyName, r *groupRecord.SenderKey) error {
	k.senders[senderName(n)] = r.Serialize()
	return nil
}
func (k *keyring) LoadSenderKey(_ context.Context, n *protocol.SenderKeyName) (*groupRecord.SenderKey, error) {
	b := k.senders[senderName(n)]
	if b == nil {
		return groupRecord.NewSenderKey(serial.SenderKeyRecord, serial.SenderKeyState), nil
	}
	return groupRecord.NewSenderKeyFromBytes(b, serial.SenderKeyRecord, serial.SenderKeyState)
}

func senderName(n *protocol.SenderKeyName) string { return n.GroupID() + " " + n.Sender().String() }

// deviceKeys is what the server holds of a linked device's keys.
type deviceKeys struct {
	registration uint32
	identity     [32]byte
	signedID     uint32
	signed       [32]byte
	signature    [64]byte
	once         []onceKey // those that nobody has used
}

type onceKey struct {
	id  uint32
	key [32]byte
}

// bundle hands out the keys, and a one-time key where one is left.
func (d *deviceKeys) bundle(device uint16) *prekey.Bundle {
	id, key := optional.NewEmptyUint32(), ecc.ECPublicKeyable(nil)
	if len(d.once) > 0 {
		id, key = optional.NewOptionalUint32(d.once[0].id), ecc.NewDjbECPublicKey(d.once[0].key)
		d.once = d.once[1:]
	}
	return prekey.NewBundle(d.registration, uint32(device), id, d.signedID, key,
		ecc.NewDjbECPublicKey(d.signed), d.signature, identity.NewKey(ecc.NewDjbECPublicKey(d.identity)))
}

// readKeys reads what a device uploads, or sends with a retry receipt.
func readKeys(n *waBinary.Node) (deviceKeys, error) {
	var d deviceKeys
	bad := errors.New("keys that cannot be read")
	bytesOf := func(n *waBinary.Node, tag string, size int) []byte {
		c := n.GetChildByTag(tag)
		b, _ := c.Content.([]byte)
		if len(b) != size {
			return nil
		}
		return b
	}
	if b := bytesOf(n, "registration", 4); b != nil {
		d.registration = binary.BigEndian.Uint32(b)
	}
	skey := n.GetChildByTag("skey")
	own, id, value, signature := bytesOf(n, "identity", 32), bytesOf(&skey, "id", 3), bytesOf(&skey, "value", 32), bytesOf(&skey, "signature", 64)
	if own == nil || id == nil || value == nil || signature == nil {
		return d, bad
	}
	d.identity, d.signed, d.signature = [32]byte(own), [32]byte(value), [64]byte(signature)
	d.signedID = binary.BigEndian.Uint32(append([]byte{0}, id...))
	var keys []waBinary.Node
	if list, ok := n.GetOptionalChildByTag("list"); ok { // without ok it is n
		keys = list.GetChildren()
	}
	if one, ok := n.GetOptionalChildByTag("key"); ok {
		keys = append(keys, one)
	}
	for _, c := range keys {
		id, value := bytesOf(&c, "id", 3), bytesOf(&c, "value", 32)
		if id == nil || value == nil {
			return d, bad
		}
		d.once = append(d.once, onceKey{binary.BigEndian.Uint32(append([]byte{0}, id...)), [32]byte(value)})
	}
	return d, nil
}
