// SPDX-License-Identifier: GPL-3.0-or-later

package graph

// A Person has a Facebook account: they write on Messenger and comment under the
// Page's posts. Get one from Server.Person.
type Person struct {
	s        *Server
	psid     string
	public   string
	language string
}

// Person makes somebody, or gives who has this id on Messenger (PSID), digits. Their id under
// posts is another, Public. name is what they are called there; "" keeps the name or invents none.
func (s *Server) Person(psid, name string) *Person { return &Person{s: s, psid: psid} }

// ID is the person's id on Messenger, their PSID for this Page.
func (p *Person) ID() string { return p.psid }

// Public is the person's id in comments. It is not the PSID, as with Meta.
func (p *Person) Public() string { return p.public }

// Speak sets the locale of the person's Messenger, such as "ur_PK", by which
// ice breakers and the menu are chosen.
func (p *Person) Speak(locale string) {}

// Say writes a text. It returns the message's id (mid), and "" where the person has blocked the Page.
func (p *Person) Say(text string) string { return "" }

// Reply writes a text in answer to a message.
func (p *Person) Reply(mid, text string) string { return "" }

// Tap taps the quick reply with this payload under the newest message. It returns
// the new message's id, and "" where there is no such quick reply any more.
func (p *Person) Tap(payload string) string { return "" }

// Press presses a button of a template: a postback. It returns its mid, and "" where the
// message has no such button.
func (p *Person) Press(mid, payload string) string { return "" }

// Start presses Get Started, with the ref of the link that led here or "". It returns
// the postback's mid, and "" where the Page has set no Get Started button.
func (p *Person) Start(ref string) string { return "" }

// Break taps the ice breaker with this payload, in the person's locale. It returns
// the postback's mid, and "" where there is none, or the person has written already.
func (p *Person) Break(payload string) string { return "" }

// Menu taps the item of the persistent menu with this payload, in the person's
// locale. It returns the postback's mid, and "" where there is none.
func (p *Person) Menu(payload string) string { return "" }

// Refer follows a link m.me with a ref into an open talk: a referral.
func (p *Person) Refer(ref string) {}

// FromAd follows an advertisement and writes: the message carries its referral.
func (p *Person) FromAd(ad, text string) string { return "" }

// Attach sends a file. kind is "image", "audio" (voice notes too), "video", "file" or "sticker";
// f.ID is ignored. The event has a signed address below /media, which expires after an hour of the server's clock.
func (p *Person) Attach(kind string, f File) string { return "" }

// Place sends a place, in the shape of old clients.
func (p *Person) Place(latitude, longitude float64) string { return "" }

// Share shares a page of the web: an attachment "fallback" without payload.
func (p *Person) Share(title, url string) string { return "" }

// Edit changes one of the person's own messages; at most 5 times
// (developers.facebook.com). It says whether it did.
func (p *Person) Edit(mid, text string) bool { return false }

// Unsend takes one of the person's own messages back. It says whether it did.
func (p *Person) Unsend(mid string) bool { return false }

// React puts an emoji to a message, "" takes it off. It says whether there is such a message.
func (p *Person) React(mid, emoji string) bool { return false }

// Read sees everything up to now.
func (p *Person) Read() {}

// Block blocks the Page: what is sent is refused by 551/1545041. Nothing tells the program.
func (p *Person) Block() {}

// Unblock takes that back.
func (p *Person) Unblock() {}

// Answer is a colleague in the Page's inbox writing to the person: an echo that is
// not the program's. app is the inbox's app id; "" leaves app_id out, as Meta sometimes does.
func (p *Person) Answer(app, text string) string { return "" }

// Standby gives the talk to another app, the Page's inbox, or takes it back: what
// the person does comes in standby meanwhile. The program is told by pass_thread_control or take_thread_control.
func (p *Person) Standby(on bool) {}

// Strange sends a message with content that no program knows yet.
func (p *Person) Strange() string { return "" }

// Screen is what the person sees on Messenger now, oldest first; at most 300 messages.
func (p *Person) Screen() []Message { return nil }

// Last is the newest message that is not the person's; without one its ID is "".
func (p *Person) Last() Message { return Message{} }

// Action is what the Page seems to do: "typing" or "". Typing is over after 20
// seconds (developers.facebook.com) or with the next message.
func (p *Person) Action() string { return "" }

// Seen says whether the Page has marked the talk as seen since the person's last message.
func (p *Person) Seen() bool { return false }

// Policy tells the program that Meta acts against the Page: action is "warning", "block" or "unblock".
func (s *Server) Policy(action, reason string) {}
