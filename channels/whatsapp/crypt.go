// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"sync"

	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
)

// A crypt lets one message at a time be encrypted or decrypted. Both read the
// session with a person, change it and write it back, and the library keeps only
// encryptions apart from one another: somebody who is answered while they still
// write would get answers that no phone can read (whatsmeow, issue 1095).
type crypt struct{ sync.Mutex }

// A buffer is the library's, with decryptions under the lock.
type buffer struct {
	waStore.EventBuffer
	crypt *crypt
}

func (b buffer) DoDecryptionTxn(ctx context.Context, do func(context.Context) error) error {
	b.crypt.Lock()
	defer b.crypt.Unlock()
	return b.EventBuffer.DoDecryptionTxn(ctx, do)
}

// nameless keeps no name that people give themselves: nothing here needs it.
type nameless struct{ waStore.ContactStore }

func (nameless) PutPushName(context.Context, types.JID, string) (bool, string, error) {
	return false, "", nil
}

func (nameless) PutBusinessName(context.Context, types.JID, string) (bool, string, error) {
	return false, "", nil
}

// dress puts the lock around what a device that is linked already decrypts.
func (f *file) dress(d *waStore.Device) {
	d.EventBuffer = buffer{d.EventBuffer, f.crypt}
	d.Contacts = nameless{d.Contacts}
}
