// SPDX-License-Identifier: GPL-3.0-or-later

package keys

import (
	"fmt"
	"testing"
)

// TestAForgottenKeyIsInNoMemory: whoever read a key from the file just before it
// was destroyed does not leave it behind for others.
func TestAForgottenKeyIsInNoMemory(t *testing.T) {
	var c cache
	_, since := c.get("ayesha")
	c.drop("ayesha")
	c.put("ayesha", New(), since)
	if k, _ := c.get("ayesha"); k != nil {
		t.Fatal("a destroyed key is back")
	}
	k, since := c.get("bilal")
	if k != nil {
		t.Fatal("a key out of nothing")
	}
	k = New()
	c.put("bilal", k, since)
	c.drop("ayesha")
	if got, _ := c.get("bilal"); got != k {
		t.Fatal("another's key was dropped")
	}
	for i := range 3 * cacheSize {
		_, since := c.get("x")
		c.put(fmt.Sprint(i), k, since)
		if i%1000 == 0 {
			c.get("bilal") // somebody who writes often
		}
	}
	if len(c.young)+len(c.old) > cacheSize {
		t.Fatalf("%d keys are in memory", len(c.young)+len(c.old))
	}
	if got, _ := c.get("bilal"); got != k {
		t.Fatal("the key of somebody who writes often was thrown away")
	}
	c.drop("bilal")
	if got, _ := c.get("bilal"); got != nil {
		t.Fatal("a destroyed key is in memory")
	}
}
