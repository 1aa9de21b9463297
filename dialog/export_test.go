// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import "strings"

// Names says whether a text shows the word in a spelling that is understood when
// it is typed.
func Names(text, w string) bool {
	ws := strings.Fields(fold(text))
	for i := range ws {
		for n := 1; n <= 3 && i+n <= len(ws); n++ {
			if got, ok := command(strings.Join(ws[i:i+n], " ")); ok && got == word(w) {
				return true
			}
		}
	}
	return false
}
