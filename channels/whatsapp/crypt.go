// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	waStore "go.mau.fi/whatsmeow/store"
	"go.mau.fi/whatsmeow/types"
	"modernc.org/sqlite"
)

// A crypt lets one message at a time be encrypted or decrypted. Both read the
// session with a person, change it and write it back, and the library keeps only
// encryptions apart from one another: somebody who is answered while they still
// write would get answers that no phone can read (whatsmeow, issue 1095).
type crypt struct {
	sync.Mutex
	broke atomic.Pointer[func()] // called when the file failed while a message was decrypted
}

// A buffer is the library's, with decryptions under the lock. The lock is taken when
// the library looks whether it has decrypted a message before, and goes on from there
// to the decryption, which it begins next and nothing else. Between the two, a
// message that comes on a new connection while it is still under way on the old one
// would find its key used up: the library takes that for a copy and acknowledges it,
// and if the sink has failed meanwhile the message would be lost.
//
// The library takes a failing file for a message that cannot be decrypted, asks the
// phone for it a few times and acknowledges it: with a full disk it would be lost. An
// ended context is the one error after which it leaves a message as it is, so a failure
// of the file is told as that, and whoever runs the connection makes a new one.
type buffer struct {
	waStore.EventBuffer
	crypt *crypt
	freed *atomic.Bool
}

func (b buffer) ClearBufferedEventPlaintext(ctx context.Context, hash [32]byte) error {
	err := b.EventBuffer.ClearBufferedEventPlaintext(ctx, hash)
	b.freed.Store(true)
	return err
}

func (b buffer) DoDecryptionTxn(ctx context.Context, do func(context.Context) error) error {
	defer b.crypt.Unlock() // locked by GetBufferedEvent
	var inner error
	err := b.EventBuffer.DoDecryptionTxn(ctx, func(ctx context.Context) error {
		inner = do(ctx)
		return inner
	})
	if err != nil && (inner == nil || ofFile(inner)) {
		return b.left()
	}
	return err
}

func (b buffer) GetBufferedEvent(ctx context.Context, hash [32]byte) (*waStore.BufferedEvent, error) {
	b.crypt.Lock()
	e, err := b.EventBuffer.GetBufferedEvent(ctx, hash)
	switch {
	case err != nil:
		b.crypt.Unlock()
		return nil, b.left()
	case e != nil:
		b.crypt.Unlock()
	}
	return e, nil // without one DoDecryptionTxn follows, and unlocks
}

func (b buffer) left() error {
	if f := b.crypt.broke.Load(); f != nil {
		(*f)()
	}
	return errLeft
}

var errLeft = fmt.Errorf("whatsapp: the device's file failed: %w", context.Canceled)

// ofFile says whether an error is the file's, and not one of the encryption.
func ofFile(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
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
	d.EventBuffer = buffer{d.EventBuffer, f.crypt, &f.freed}
	d.Contacts = nameless{d.Contacts}
}
