// SPDX-License-Identifier: GPL-3.0-or-later

package graph

// A Contact is somebody on WhatsApp. Get one from Server.Contact.
type Contact struct {
	s     *Server
	phone string
	user  string
}

// Contact makes somebody, or gives who has this phone number, digits only with the country's code.
// name is their profile's; "" keeps it. They also have a business-scoped id, User.
func (s *Server) Contact(phone, name string) *Contact { return &Contact{s: s, phone: phone} }

// Phone is the number (wa_id), digits only.
func (c *Contact) Phone() string { return c.phone }

// User is the business-scoped user id (BSUID), as in "DE.1349…".
func (c *Contact) User() string { return c.user }

// Username gives the person a username, "" takes it away. With one, events hold no
// phone number any more: no from, no wa_id.
func (c *Contact) Username(name string) {}

// Say writes a text. It returns the message's id (wamid), and "" where the person has blocked the number.
func (c *Contact) Say(text string) string { return "" }

// Reply writes a text in answer to a message.
func (c *Contact) Reply(wamid, text string) string { return "" }

// Press presses a reply button, a row of a list or a button of a template. It
// returns the new message's id, and "" where the message has no such button.
func (c *Contact) Press(wamid, id string) string { return "" }

// Attach sends a file. kind is "image", "audio", "video", "document" or "sticker"; f.ID is ignored.
func (c *Contact) Attach(kind string, f File, caption string) string { return "" }

// Place sends a place.
func (c *Contact) Place(latitude, longitude float64, name string) string { return "" }

// Card sends somebody's name and number.
func (c *Contact) Card(name, number string) string { return "" }

// FromAd writes after an advertisement: the message carries a referral.
func (c *Contact) FromAd(ad, text string) string { return "" }

// React puts an emoji to a message, "" takes it off. It says whether there is such a message.
func (c *Contact) React(wamid, emoji string) bool { return false }

// Edit changes one of the person's own messages. It says whether it did.
func (c *Contact) Edit(wamid, text string) bool { return false }

// Revoke deletes one of the person's own messages for everyone. It says whether it did.
func (c *Contact) Revoke(wamid string) bool { return false }

// Read sees everything up to now: status read for what was sent.
func (c *Contact) Read() {}

// Play listens to a voice note of the program's: status played. It says whether it is one.
func (c *Contact) Play(wamid string) bool { return false }

// Fails reports that a message which was taken did not arrive: status failed with
// this error code. It says whether there is such a message.
func (c *Contact) Fails(wamid string, code int) bool { return false }

// Renumber gives the person another number: system message user_changed_number.
func (c *Contact) Renumber(phone string) {}

// Reidentify gives the person another BSUID: field user_id_update, and a system message user_changed_user_id.
func (c *Contact) Reidentify(user string) {}

// Block blocks the number: what is sent fails with 131026. Nothing tells the program.
func (c *Contact) Block() {}

// Unblock takes that back.
func (c *Contact) Unblock() {}

// Answer is a colleague writing to the person in the WhatsApp Business app: smb_message_echoes.
func (c *Contact) Answer(text string) string { return "" }

// InGroup writes in a group that the number is in.
func (c *Contact) InGroup(group, text string) string { return "" }

// Unsupported sends what WhatsApp itself does not hand on: type unsupported, error 131051.
func (c *Contact) Unsupported() string { return "" }

// Strange sends a message of a type that no program knows yet.
func (c *Contact) Strange() string { return "" }

// Screen is what the person sees now, oldest first; at most 300 messages.
func (c *Contact) Screen() []Message { return nil }

// Last is the newest message that is not the person's; without one its ID is "".
func (c *Contact) Last() Message { return Message{} }

// Action is what the number seems to do: "typing" or "". It is over after 25 seconds or with the next message.
func (c *Contact) Action() string { return "" }

// Seen says whether the person's newest message was marked as read.
func (c *Contact) Seen() bool { return false }

// A Template is a message that WhatsApp has looked at, for use outside the window.
type Template struct {
	Name     string
	Language string // such as "fa" or "en_US"
	Status   string // "" is APPROVED; PENDING, REJECTED, PAUSED, DISABLED
	Category string // "" is UTILITY
	Header   string
	Body     string // with {{1}}, {{2}} … for what varies
	Footer   string
	Buttons  []string // labels of quick replies
}

// Template adds or replaces a template of the account. The fields below it change
// what the program is told by message_template_status_update where Status changes.
func (s *Server) Template(t Template) {}

// Trouble tells the program of an error of the account: value.errors without messages.
func (s *Server) Trouble(code int, title string) {}
