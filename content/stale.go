// SPDX-License-Identifier: GPL-3.0-or-later

package content

// markStale sets Stale on the translations whose English text has changed
// since they were made. A translation that does not say of which text it is
// cannot be judged.
func markStale(a *Article) {
	en := a.Texts[English]
	if en == nil {
		return
	}
	for l, t := range a.Texts {
		if l != English && t.Of != "" && t.Of != en.Hash {
			t.Stale = &Stale{Since: en.changed}
		}
	}
}
