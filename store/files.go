// SPDX-License-Identifier: GPL-3.0-or-later

package store

import (
	"context"
	"io"
	"time"
)

// A FileState says what became of a file. It is stored: a word never changes
// its meaning.
type FileState string

// What can become of a file. All but Kept have no content.
const (
	Kept       FileState = "kept"
	TooLarge   FileState = "too-large"  // more than is kept of one file
	TooMany    FileState = "too-many"   // the talk holds as much as is kept of one
	Harmful    FileState = "harmful"    // of a kind that can do harm
	Gone       FileState = "gone"       // the platform does not have it, or did not give it for too long
	Unreadable FileState = "unreadable" // nobody can say what it is, or its channel cannot fetch
	Erased     FileState = "erased"     // somebody had it removed
)

// A File is what is known of something that somebody sent or was sent. ID is
// that of the channels.Media in an entry of the thread's transcript. Type was
// found in the content. The zero State is a file of which nothing is known yet;
// no store keeps one.
type File struct {
	ID      string    `json:"id"`
	State   FileState `json:"state"`
	Type    string    `json:"type,omitempty"` // media type
	Name    string    `json:"name,omitempty"` // without a path
	Size    int64     `json:"size,omitempty"` // bytes, of the content that is kept
	Seconds int       `json:"seconds,omitempty"`
	At      time.Time `json:"at"` // when it was kept or given up
}

// Content is what a file holds. It is read from any place, by one reader at a
// time but for ReadAt, and closed at the end.
type Content interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// StagedFor is how long a staged file waits for the entry that names it.
const StagedFor = time.Hour

// A Judge looks at what was read of a file and says what it is: its State, Type,
// Name, Seconds and At. size is its length in bytes; content is good until the
// Judge returns. Of a file that is not Kept no content remains. If the Judge
// fails, nothing remains at all.
type Judge func(content io.ReaderAt, size int64) (File, error)

// Files keeps the files of talks. It is safe for concurrent use. No error of it
// holds a path or a name.
type Files interface {
	// KeepFile reads r to its end, has it judged, and keeps what the judge says
	// under the ID of the thread's file; it returns once that is durable. If there
	// is a record of that ID already, nothing is kept and that record is returned,
	// mostly without reading. It fails with ErrNotFound if the thread does not
	// exist, and with r's error if r fails; then nothing remains.
	KeepFile(ctx context.Context, id ThreadID, file string, r io.Reader, judge Judge) (File, error)
	// StageFile is KeepFile for a file that an entry is still to name: if no turn
	// is committed of which an entry of Staff or Person has it among its Media, it
	// is removed when the store is opened the next time, or swept StagedFor after
	// its At. It fails with ErrNoRoom where only room for messages is left.
	StageFile(ctx context.Context, id ThreadID, file string, r io.Reader, judge Judge) (File, error)
	// NoteFile keeps what became of a file without content. If there is a record
	// of that ID already it stays, and is returned. It fails with ErrNotFound if
	// the thread does not exist.
	NoteFile(ctx context.Context, id ThreadID, f File) (File, error)
	// OpenFile gives what is known of a file and, if it is Kept, its content, else
	// nil. It fails with ErrNotFound where there is no record, and with
	// ErrNoContent where the record says that there is content and there is none.
	OpenFile(ctx context.Context, id ThreadID, file string) (File, Content, error)
	// Files gives what is known of all files of a thread, by ID.
	Files(ctx context.Context, id ThreadID) (map[string]File, error)
	// EraseFile removes the content of a file and what is known of it, but for
	// that it was Erased. It says whether there was content. It fails with
	// ErrNotFound where there is no record. Who has the content open may read it
	// to its end.
	EraseFile(ctx context.Context, id ThreadID, file string, at time.Time) (bool, error)
	// DropFile removes a file and its record, as if it had never been; it is for
	// what was staged and will not be used. One that is not there is no error.
	DropFile(ctx context.Context, id ThreadID, file string) error
}
