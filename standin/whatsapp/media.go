// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/proto/waMmsRetry"
	"google.golang.org/protobuf/proto"
)

// mediaHost is where devices fetch and put media. It is the name that WhatsApp has;
// here it leads to this server.
const mediaHost = "mmg.whatsapp.net"

// mostMedia is what is taken of one file. WhatsApp takes documents of 2 GB.
const mostMedia = 64 << 20

// What the keys of each kind of media are derived with (observed).
const (
	imageKeys    = "WhatsApp Image Keys" // stickers too
	videoKeys    = "WhatsApp Video Keys"
	audioKeys    = "WhatsApp Audio Keys"
	documentKeys = "WhatsApp Document Keys"
	historyKeys  = "WhatsApp History Keys"
)

// A blob is what a message says of its media.
type blob struct {
	URL, DirectPath     *string
	Key, Sum, SumSealed []byte
	Length              *uint64
	At                  *int64
}

// keep encrypts media and puts it where devices fetch it: AES-CBC, then the first
// ten bytes of an HMAC (observed). The lock is held.
func (s *Server) keep(data []byte, info string) blob {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	iv, cipherKey, macKey := mediaSecrets(key, info)
	sealed := padBlock(data)
	cipher.NewCBCEncrypter(must(aes.NewCipher(cipherKey)), iv).CryptBlocks(sealed, sealed)
	sealed = append(sealed, mediaMAC(macKey, iv, sealed)...)
	sum, sumSealed := sha256.Sum256(data), sha256.Sum256(sealed)
	path := s.put(sealed)
	return blob{
		URL: proto.String("https://" + mediaHost + path), DirectPath: proto.String(path),
		Key: key, Sum: sum[:], SumSealed: sumSealed[:], Length: proto.Uint64(uint64(len(data))), At: proto.Int64(s.o.Now().Unix()),
	}
}

// padBlock fills the last block for AES-CBC (PKCS #7).
func padBlock(data []byte) []byte {
	n := aes.BlockSize - len(data)%aes.BlockSize
	return append(bytes.Clone(data), bytes.Repeat([]byte{byte(n)}, n)...)
}

// put stores sealed media and gives the path to it. Clients append further
// parameters with "&", so the path has a first one. The lock is held.
func (s *Server) put(sealed []byte) string {
	path := "/v/" + strings.ToLower(newID()) + ".enc"
	s.media[path] = sealed
	return path + "?ccb=11-4"
}

func mediaSecrets(key []byte, info string) (iv, cipherKey, macKey []byte) {
	k := must(hkdf.Key(sha256.New, key, nil, info, 112))
	return k[:16], k[16:48], k[48:80]
}

func mediaMAC(macKey, iv, sealed []byte) []byte {
	h := hmac.New(sha256.New, macKey)
	h.Write(iv)
	h.Write(sealed)
	return h.Sum(nil)[:10]
}

// fetch decrypts media that is on the server. The lock is held.
func (s *Server) fetch(directPath string, key []byte, info string) ([]byte, error) {
	path, _, _ := strings.Cut(directPath, "?")
	sealed := s.media[path]
	if s.lost[path] || len(sealed) < 10+aes.BlockSize || (len(sealed)-10)%aes.BlockSize != 0 {
		return nil, errors.New("there is no such media")
	}
	iv, cipherKey, macKey := mediaSecrets(key, info)
	sealed, mac := bytes.Clone(sealed[:len(sealed)-10]), sealed[len(sealed)-10:]
	if !hmac.Equal(mac, mediaMAC(macKey, iv, sealed)) {
		return nil, errors.New("the media is not what was put there")
	}
	cipher.NewCBCDecrypter(must(aes.NewCipher(cipherKey)), iv).CryptBlocks(sealed, sealed)
	pad := int(sealed[len(sealed)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, errors.New("the padding of the media is wrong")
	}
	return sealed[:len(sealed)-pad], nil
}

// LoseMedia makes the media of a message no longer be on the server, as WhatsApp
// does after some weeks: devices get 410. The owner's phone has it still, and puts
// it there again where a device asks.
func (s *Server) LoseMedia(id string) { s.loseMedia(id, false) }

// ForgetMedia makes the media of a message be nowhere, not on the owner's phone either.
func (s *Server) ForgetMedia(id string) { s.loseMedia(id, true) }

func (s *Server) loseMedia(id string, forgotten bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sd := s.said[id]
	if sd == nil {
		return
	}
	if _, at := content(sd.m); at != nil {
		path, _, _ := strings.Cut(at.GetDirectPath(), "?")
		s.lost[path] = true
		if forgotten {
			delete(s.media, path)
		}
	}
}

// upload puts media on the server again, from the owner's phone. What the phone says
// of it is encrypted with the key of the media (observed). The lock is held.
func (s *Server) upload(d *device, n *waBinary.Node, id string) {
	where, ok := n.GetOptionalChildByTag("rmr")
	if !ok {
		return // of a history: the phone could send it again, this one does not
	}
	answer := waBinary.Node{Tag: "notification", Attrs: waBinary.Attrs{
		"from": s.owner.lid(), "type": "mediaretry", "id": id, "t": s.stamp(),
	}}
	failed := []waBinary.Node{{Tag: "error", Attrs: waBinary.Attrs{"code": "2"}}, where} // the phone does not have it
	answer.Content = failed
	if sd := s.said[id]; sd != nil {
		if _, at := content(sd.m); at != nil {
			path, _, _ := strings.Cut(at.GetDirectPath(), "?")
			if sealed := s.media[path]; sealed != nil {
				now := s.put(sealed)
				iv := make([]byte, 12)
				_, _ = rand.Read(iv) // it never fails
				key := must(hkdf.Key(sha256.New, at.GetMediaKey(), nil, "WhatsApp Media Retry Notification", 32))
				plain := must(proto.Marshal(&waMmsRetry.MediaRetryNotification{
					StanzaID: &id, DirectPath: &now, Result: waMmsRetry.MediaRetryNotification_SUCCESS.Enum(),
				}))
				answer.Content = []waBinary.Node{{Tag: "encrypt", Content: []waBinary.Node{
					{Tag: "enc_p", Content: must(gcm(key)).Seal(nil, iv, plain, []byte(id))}, {Tag: "enc_iv", Content: iv},
				}}, where}
			}
		}
	}
	s.deliver(d, answer)
}

func (s *Server) serveDownload(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	data, ok := s.media[r.URL.Path]
	lost := s.lost[r.URL.Path]
	s.mu.Unlock()
	switch {
	case lost:
		w.WriteHeader(http.StatusGone)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostMedia))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	s.mu.Lock()
	path := s.put(data)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"url": "https://" + mediaHost + path, "direct_path": path}) // the client is gone where this fails
}
