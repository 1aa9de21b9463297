// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import "sarai/channels"

// What tests look at by itself.
var (
	FileName = fileName
	TypeOf   = typeOf
)

// RestBetween is how long a flood is let gather.
const RestBetween = restBetween

// Script says in which letters a message is written.
var Script = script

// Behind says how many calls stand behind those that are taken in.
func (g *Gateway) Behind(a channels.Address) int { return g.order.behind(a) }
