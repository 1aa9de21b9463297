// SPDX-License-Identifier: GPL-3.0-or-later

package channels

import "context"

// A Template is a message that the platform approved beforehand: the only thing
// that may be sent once its window is closed.
type Template struct {
	Name     string   `json:"name"`
	Language string   `json:"language"` // as the platform writes it: "ur", "en_US"
	Header   string   `json:"header,omitempty"`
	Body     string   `json:"body"` // with {{1}}, {{2}} … where something is filled in
	Footer   string   `json:"footer,omitempty"`
	Category string   `json:"category,omitempty"` // what it is billed as: "UTILITY"
	Fields   []string `json:"fields,omitempty"`   // an example for each place of Body, in their order
}

// A Filled is a Template with what stands in its places.
type Filled struct {
	Name     string   `json:"name"`
	Language string   `json:"language"`
	Values   []string `json:"values,omitempty"`
}

// A Templater has templates.
type Templater interface {
	// Templates gives those that may be sent now, by name and language. It fails
	// only with a *SendError.
	Templates(ctx context.Context) ([]Template, error)
}
