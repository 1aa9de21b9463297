// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"testing"
	"time"
)

// What 'sarai content check' and 'sarai doctor' wait for.
func BenchmarkCheck(b *testing.B) {
	for b.Loop() {
		Check(Builtin(), time.Now())
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(Builtin()); err != nil {
			b.Fatal(err)
		}
	}
}
