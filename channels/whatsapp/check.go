// SPDX-License-Identifier: GPL-3.0-or-later

package whatsapp

import (
	"context"
	"fmt"
	"time"

	"sarai/channels"
)

// LibraryDate is the day of whatsmeow's version that this is built with. It is
// changed together with the version in go.mod; a test compares the two.
const LibraryDate = "2026-08-21"

const (
	// old is after how many days a version should be replaced. One of 17 December 2025
	// was refused two days later, and most live for months: there is no rule.
	old = 90 * 24 * time.Hour
	// away is how long a phone may be without its devices before somebody should look;
	// after 14 days WhatsApp throws away what waits.
	away = 24 * time.Hour
)

// Check says how the device stands with WhatsApp and what is to be done. It opens
// no connection, and disturbs no server that runs.
func (c *Channel) Check(ctx context.Context) []channels.Finding {
	_, _ = c.open(ctx) // another process may be gone by now
	c.mu.Lock()
	st, last := c.standing, c.last
	c.mu.Unlock()
	found := []channels.Finding{judge(st)}
	if st.Code != channels.Joined && st.Code != channels.Unlinked && st.Code != channels.Locked && !last.IsZero() {
		ago := c.now().Sub(last).Round(time.Minute)
		f := channels.Finding{OK: ago < away, What: "whatsapp connection", Advice: fmt.Sprintf("the last was made %v ago", ago)}
		if !f.OK {
			f.Advice += ": what people write waits at WhatsApp for 14 days and is thrown away then. Start 'sarai serve'"
		}
		found = append(found, f)
	}
	if made, err := time.Parse(time.DateOnly, LibraryDate); err == nil {
		days := int(c.now().Sub(made).Hours() / 24)
		f := channels.Finding{OK: c.now().Sub(made) < old, What: "whatsapp version", Advice: fmt.Sprintf("of %s, %d days old", LibraryDate, days)}
		if !f.OK {
			f.Advice += ": WhatsApp refuses old ones without warning. Look for a newer Sarai; docs/channels/whatsapp.md, \"When WhatsApp refuses the version\""
		}
		found = append(found, f)
	}
	return found
}

// judge says a standing in words, with what to do.
func judge(st channels.Standing) channels.Finding {
	f := channels.Finding{What: "whatsapp link"}
	since := st.Since.UTC().Format("2006-01-02 15:04 UTC")
	switch st.Code {
	case channels.Joined:
		f.OK, f.Advice = true, "connected since "+since
	case channels.Joining:
		f.OK, f.Advice = true, "linked, and not connected at this moment"
	case channels.Linking:
		f.OK, f.Advice = true, "somebody is linking a phone now"
	case channels.Unlinked:
		f.Advice = "no phone is linked: 'sarai whatsapp link', or at the desk"
	case channels.LoggedOut:
		f.Advice = "the phone or WhatsApp ended the link on " + since + ". Look at the phone: if it says that the number is banned, see docs/channels/whatsapp.md; else link it again with 'sarai whatsapp link'"
	case channels.Replaced:
		f.Advice = "another program took over this link on " + since + ", and Sarai stopped. Find it, a second Sarai with a copy of this data folder for instance, end it, and restart Sarai"
	case channels.Banned:
		f.Advice = "WhatsApp has banned the number since " + since
		if !st.Until.IsZero() {
			f.Advice += ", until " + st.Until.UTC().Format("2006-01-02 15:04 UTC")
		}
		f.Advice += ". Do nothing until then, and read docs/channels/whatsapp.md, \"What it risks\""
	case channels.Outdated:
		f.Advice = "WhatsApp refuses this version since " + since + ": update Sarai; docs/channels/whatsapp.md, \"When WhatsApp refuses the version\""
	case channels.Passkey:
		f.Advice = "the phone asked for a passkey when it was to be linked, which cannot be given here: take it off the phone's WhatsApp account, or link another number"
	case channels.Locked:
		f.Advice = "another process has the device's file: a 'sarai serve' on this data folder? Only one may run"
	default:
		f.Advice = "unknown"
	}
	return f
}
