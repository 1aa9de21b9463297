// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"strconv"

	"go.mau.fi/whatsmeow/appstate/lthash"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/proto/waServerSync"
	"go.mau.fi/whatsmeow/proto/waSyncAction"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"
)

// The one collection of settings that is kept here, of those that an account's
// devices have in common.
const ownSettings = "critical_block"

// settings are what the owner's phone has set, as patches that devices fetch. Each
// is encrypted with a key that the phone gives to its devices, and sums of all that
// is set guard against a server that leaves some out (observed).
type settings struct {
	id, key []byte
	sum     [128]byte
	last    []byte // the code of the value that is set now
	patches [][]byte
}

func newSettings() settings {
	s := settings{id: []byte{0, 0, 0, 1, 0, 1}, key: make([]byte, 32)}
	_, _ = rand.Read(s.key) // it never fails
	return s
}

func code(alg func() hash.Hash, key []byte, parts ...[]byte) []byte {
	h := hmac.New(alg, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// setName adds a patch by which the owner has that name.
func (s *settings) setName(name string, millis int64) {
	keys := must(hkdf.Key(sha256.New, s.key, nil, "WhatsApp Mutation Keys", 160))
	indexKey, cipherKey, valueKey, snapshotKey, patchKey := keys[:32], keys[32:64], keys[64:96], keys[96:128], keys[128:]
	index := []byte(`["setting_pushName"]`)
	plain := must(proto.Marshal(&waSyncAction.SyncActionData{
		Index: index, Version: proto.Int32(1), Padding: []byte{},
		Value: &waSyncAction.SyncActionValue{Timestamp: &millis, PushNameSetting: &waSyncAction.PushNameSetting{Name: &name}},
	}))
	sealed := make([]byte, aes.BlockSize)
	_, _ = rand.Read(sealed) // it never fails
	body := padBlock(plain)
	cipher.NewCBCEncrypter(must(aes.NewCipher(cipherKey)), sealed).CryptBlocks(body, body)
	sealed = append(sealed, body...)
	set := []byte{byte(waServerSync.SyncdMutation_SET) + 1}
	value := code(sha512.New, valueKey, set, s.id, sealed, binary.BigEndian.AppendUint64(nil, uint64(len(s.id)+1)))[:32]

	var before [][]byte
	if s.last != nil {
		before = [][]byte{s.last}
	}
	s.last = value
	lthash.WAPatchIntegrity.SubtractThenAddInPlace(s.sum[:], before, [][]byte{value})
	version := uint64(len(s.patches) + 1)
	stamp := binary.BigEndian.AppendUint64(nil, version)
	snapshot := code(sha256.New, snapshotKey, s.sum[:], stamp, []byte(ownSettings))
	s.patches = append(s.patches, must(proto.Marshal(&waServerSync.SyncdPatch{
		Version: &waServerSync.SyncdVersion{Version: &version}, KeyID: &waServerSync.KeyId{ID: s.id},
		SnapshotMAC: snapshot, PatchMAC: code(sha256.New, patchKey, snapshot, value, stamp, []byte(ownSettings)),
		Mutations: []*waServerSync.SyncdMutation{{
			Operation: waServerSync.SyncdMutation_SET.Enum(),
			Record: &waServerSync.SyncdRecord{
				Index: &waServerSync.SyncdIndex{Blob: code(sha256.New, indexKey, index)},
				Value: &waServerSync.SyncdValue{Blob: append(sealed, value...)}, KeyID: &waServerSync.KeyId{ID: s.id},
			},
		}},
	})))
}

// answer is what a device gets that asks for a collection: what was set since the
// version that it has.
func (s *settings) answer(asked waBinary.Node) waBinary.Node {
	name, _ := asked.Attrs["name"].(string)
	have, _ := strconv.Atoi(fmt.Sprint(asked.Attrs["version"])) // none where it asks for all
	out := waBinary.Node{Tag: "collection", Attrs: waBinary.Attrs{"name": name, "version": "0"}}
	if name != ownSettings {
		return out
	}
	out.Attrs["version"] = strconv.Itoa(len(s.patches))
	var patches []waBinary.Node
	for _, p := range s.patches[min(max(have, 0), len(s.patches)):] {
		patches = append(patches, waBinary.Node{Tag: "patch", Content: p})
	}
	out.Content = []waBinary.Node{{Tag: "patches", Content: patches}}
	return out
}

// Name sets what the owner calls themselves. Devices are told that a setting has
// changed, and fetch it.
func (o *Owner) Name(name string) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.name = name
	o.settings.setName(name, o.s.o.Now().UnixMilli())
	for _, d := range o.s.live() {
		o.s.deliver(d, waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
			"from": types.ServerJID, "type": "server_sync", "id": o.s.request(), "t": o.s.stamp(),
		}, Content: []waBinary.Node{{Tag: "collection", Attrs: waBinary.Attrs{
			"name": ownSettings, "version": strconv.Itoa(len(o.settings.patches)),
		}}}})
	}
	o.s.touch()
}

// share gives a device the key to the settings. The lock is held.
func (o *Owner) share(d *device) {
	now := o.s.o.Now().UnixMilli()
	o.toDevice(d, &waE2E.ProtocolMessage{
		Type: waE2E.ProtocolMessage_APP_STATE_SYNC_KEY_SHARE.Enum(),
		AppStateSyncKeyShare: &waE2E.AppStateSyncKeyShare{Keys: []*waE2E.AppStateSyncKey{{
			KeyID:   &waE2E.AppStateSyncKeyId{KeyID: o.settings.id},
			KeyData: &waE2E.AppStateSyncKeyData{KeyData: o.settings.key, Timestamp: &now, Fingerprint: &waE2E.AppStateSyncKeyFingerprint{}},
		}}},
	})
}
