// SPDX-License-Identifier: GPL-3.0-or-later

// Package whatsapp plays WhatsApp towards a linked device: a server that speaks
// the protocol of WhatsApp Web to an unmodified whatsmeow client (websocket,
// Noise, binary XML, Signal), and the phones of the people behind it. The people
// are played by a test, through Person and Owner, or by somebody at a desk,
// through the page at the server's root. Nothing leaves the machine: the server
// calls nobody.
//
// A test points all three HTTP clients of whatsmeow at it by Client, which dials
// one address in clear whatever the address asked for, and has
// whatsmeow.WACertPubKey be RootKey. That variable is one for the process: set it
// once, before the first connection, and give every Server of that process the
// same Options.Root, or none.
//
// What is said about WhatsApp here was learned by running whatsmeow of August 2026
// and by reading it ("observed"); nothing was compared with WhatsApp's own
// servers. It differs knowingly in this: everybody has one phone and no further
// devices; a message whose delivery was not acknowledged comes again on the next
// connection only; and of the settings that an account's devices have in common
// there is only the name.
package whatsapp

import (
	"context"
	"net"
	"net/http"
	"time"

	"log/slog"
)

// Options are what a Server is made of. The zero value is a server for the number
// Phone, on the machine's clock.
type Options struct {
	// Root is the private half of the key that vouches for the server (X25519). All
	// zeroes is one that everybody knows and that is the same each time: whoever
	// trusts it trusts every stand-in.
	Root [32]byte
	// Phone is the number of the account that devices are linked to, digits with
	// the country's code; "" is Phone.
	Phone string
	// Now is the clock of stamps on messages; nil is the machine's.
	Now func() time.Time
	// Prekeys is how many one-time keys the server says it holds of a device that
	// has uploaded none; 0 is 50. A client that hears 0 makes 812 (observed), which
	// takes it a while: below 0 is that.
	Prekeys int
	// Log is told what was not understood, without people or words; nil is nobody.
	Log *slog.Logger
}

// Phone is the number of the owner where Options name none. It is not in use
// anywhere: 555-01 is kept for fiction.
const Phone = "12025550100"

// Client is an HTTP client whose every connection goes in clear to one address
// such as "127.0.0.1:8083", whatever address is asked for and be it https. Give it
// to SetWebsocketHTTPClient, SetPreLoginHTTPClient and SetMediaHTTPClient.
func Client(addr string) *http.Client {
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	// What DialTLSContext returns is taken for the encrypted connection.
	return &http.Client{Transport: &http.Transport{DialContext: dial, DialTLSContext: dial}}
}
