// SPDX-License-Identifier: GPL-3.0-or-later

package meta_test

import (
	"encoding/json"
	"testing"
	"time"

	"sarai/channels/meta"
)

func TestID(t *testing.T) {
	for in, want := range map[string]meta.ID{
		`"123"`: "123", `123`: "123", `12345678901234567890123`: "12345678901234567890123", `9007199254740993`: "9007199254740993",
		`"m_abc"`: "m_abc", `-5`: "-5", `null`: "", `true`: "", `{}`: "", `[1]`: "", `""`: "", `"\u0031"`: "1",
	} {
		var x struct{ ID, Next meta.ID }
		if err := json.Unmarshal([]byte(`{"id":`+in+`,"next":7}`), &x); err != nil || x.ID != want || x.Next != "7" {
			t.Errorf("%s is %q, %v", in, x.ID, err)
		}
	}
}

func TestTime(t *testing.T) {
	want := time.Date(2025, 11, 22, 0, 0, 19, 0, time.UTC)
	for in, off := range map[string]time.Duration{
		`1763769619`: 0, `"1763769619"`: 0, `1763769619000`: 0, `"1763769619042"`: 42 * time.Millisecond,
		`"2025-11-22T00:00:19+0000"`: 0, `"2025-11-22T05:00:19+0500"`: 0, `"2025-11-22T00:00:19Z"`: 0,
	} {
		var x meta.Time
		if err := json.Unmarshal([]byte(in), &x); err != nil || !x.Equal(want.Add(off)) || x.Location() != time.UTC {
			t.Errorf("%s is %v, %v", in, x, err)
		}
	}
	for _, in := range []string{`0`, `-1`, `null`, `"soon"`, `{}`, `[]`, `true`, `1e9`, `1763769619.5`} {
		x := meta.Time{Time: want}
		if err := json.Unmarshal([]byte(in), &x); err != nil || !x.IsZero() {
			t.Errorf("%s is %v, %v", in, x, err)
		}
	}
}

func FuzzIDAndTime(f *testing.F) {
	f.Add([]byte(`123`))
	f.Add([]byte(`"2025-11-22T00:00:19+0000"`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if !json.Valid(b) {
			return
		}
		var x struct {
			ID meta.ID
			At meta.Time
		}
		if err := json.Unmarshal([]byte(`{"id":`+string(b)+`,"at":`+string(b)+`}`), &x); err != nil {
			t.Errorf("%s fails the whole: %v", b, err)
		}
	})
}
