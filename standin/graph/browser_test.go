// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package graph_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sarai/internal/browser"
	"sarai/standin/graph"
	"sarai/standin/page/pagetest"
)

// says waits for a word in the small line below a message.
func says(b *pagetest.Tab, word string) {
	b.Is("[...document.querySelectorAll('.when')].some((e) => e.textContent.includes(" + browser.Quote(word) + "))")
}

func TestSomebodyPlaysPeopleOfMeta(t *testing.T) {
	p := serve(t, func(o *graph.Options) { o.Now, o.Second = nil, time.Hour }) // a talk of today
	p.page("POST", "/me/messenger_profile", args{
		"get_started":     args{"payload": "GET_STARTED"},
		"greeting":        []args{{"locale": "default", "text": "یہاں ایک پروگرام جواب دیتا ہے"}},
		"ice_breakers":    []args{{"locale": "default", "call_to_actions": []args{{"question": "کیا میں کام بدل سکتا ہوں؟", "payload": "t:employer"}}}},
		"persistent_menu": []args{{"locale": "default", "call_to_actions": []args{{"type": "postback", "title": "فہرست", "payload": "menu"}}}},
	}).taken(t)
	b := pagetest.Open(t, p.url+"/", 360, 740)
	b.Shows("Messenger: webhook")
	b.Click("#add summary")
	b.Fill("#add-id", "5001")
	b.Fill("#add-name", "Asif Example")
	b.Click("#add-form button")
	b.Shows("پروگرام جواب دیتا ہے")
	b.Is(`!document.getElementById('start').hidden && document.querySelectorAll('#breakers button').length === 1`)
	b.Shot("messenger-empty-360")
	b.Click("#start")
	asif := p.Person("5001", "")
	p.await(func() bool { return len(asif.Screen()) == 1 })
	b.Is(`document.getElementById('start').hidden && document.getElementById('breakers').hidden`)

	// An answer with quick replies, in Urdu, from right to left.
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5001"}, "sender_action": "typing_on"}).taken(t)
	b.Shows("They: typing")
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5001"}, "message": args{"text": "السلام علیکم\nفیس \u206812,500\u2069 روپے ہے۔",
		"quick_replies": []args{{"content_type": "text", "title": "کام", "payload": "t:work"}, {"content_type": "text", "title": "ویزا", "payload": "t:visa"}}}}).taken(t)
	b.Shows("السلام علیکم")
	b.Is(`getComputedStyle(document.querySelector('.program .words')).direction === 'rtl' && document.querySelectorAll('.quick button').length === 2`)
	b.Press(".quick button")
	p.await(func() bool { return len(asif.Screen()) == 3 })
	b.Is(`document.querySelectorAll('.quick button').length === 0`)
	if m := asif.Screen()[2]; m.Text != "کام" {
		t.Errorf("the tap: %+v", m)
	}
	p.page("POST", "/me/messages", args{"recipient": args{"id": "5001"}, "message": args{"attachment": args{"type": "template", "payload": args{
		"template_type": "button", "text": "What next?", "buttons": []args{{"type": "postback", "title": "A counsellor", "payload": "human"}, {"type": "web_url", "title": "Site", "url": "https://example.org/"}}}}}}).taken(t)
	b.Shows("A counsellor")
	b.Press(".buttons button")
	p.await(func() bool { return asif.Screen()[len(asif.Screen())-1].Type == "postback" })
	b.Press("#menu button")
	p.await(func() bool { return len(asif.Screen()) == 6 })

	// Whatever anybody writes is only text; the keyboard alone is enough to write it.
	evil := `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`
	b.Fill("#text", evil)
	b.Do(chromedp.Focus(chromedp.CSS("#text")), chromedp.KeyEvent("\r"))
	b.Shows(evil)
	if title := b.Value("document.title"); title != "Meta, played" {
		t.Errorf("the title is %q", title)
	}
	b.Press("li.me:last-child .tools button")
	b.Shows("Changing a message")
	b.Fill("#text", "میں نے بدل دیا")
	b.Click("#form button")
	says(b, "changed")
	if s := asif.Screen(); s[len(s)-1].Text != "میں نے بدل دیا" || !s[len(s)-1].Edited {
		t.Errorf("the message that was changed: %+v", s[len(s)-1])
	}
	b.Click("#more summary")
	b.SendPicture(`input[data-kind=image]`)
	b.Click("#place button")
	b.Shows("33.69, 73.06")
	b.Fill("#answer-text", "I am a counsellor")
	b.Click("#answer button")
	says(b, "a colleague")
	b.Shot("messenger-more-360")
	b.Click("#more summary")
	b.Click("#block")
	b.Is(`document.getElementById('block').textContent === 'Unblock'`)
	p.say("5001", "x").refused(t, "551", "1545041")
	b.Click("#block")
	b.Is(`document.getElementById('block').textContent === 'Block'`)

	// Trouble.
	b.Click("#trouble summary")
	b.Click("[data-fault=throttle]")
	b.Is(`document.getElementById('faults').textContent === '(1)'`)
	p.say("5001", "x").refused(t, "4", "")
	b.Is(`document.getElementById('faults').textContent === ''`)
	b.Click("#trouble summary")
	b.Shot("messenger-talk-360")

	// WhatsApp.
	b.Click("#add summary")
	b.Value(`document.getElementById('add-kind').value = 'contact'`)
	b.Fill("#add-id", "15550000101")
	b.Fill("#add-name", "Bina Example")
	b.Click("#add-form button")
	bina := p.Contact("15550000101", "")
	b.Is(`document.getElementById('who').value === 'w:15550000101'`)
	b.Fill("#text", "salam")
	b.Click("#form button")
	p.await(func() bool { return len(bina.Screen()) == 1 })
	b.Is(`document.querySelectorAll('#messages li').length === 1`)
	p.number("POST", "/"+graph.NumberID+"/messages", args{"messaging_product": "whatsapp", "to": "15550000101", "type": "interactive", "interactive": args{
		"type": "list", "body": args{"text": "کون سا موضوع؟"}, "action": args{"button": "موضوع", "sections": []args{{"title": "x", "rows": []args{{"id": "t:fam", "title": "خاندان", "description": "بیوی، بچے"}}}}}}}).taken(t)
	b.Shows("☰ موضوع")
	b.Press(".buttons button")
	p.await(func() bool { return len(bina.Screen()) == 3 })
	says(b, "delivered")
	b.Click("#more summary")
	b.Click("[data-do=read]")
	says(b, "read")
	b.Shot("whatsapp-more-360")
	b.Click("#more summary")

	// Under a post.
	b.Click("#add summary")
	b.Fill("#publish-text", "Ask us")
	b.Click("#publish button")
	p.await(func() bool { return len(p.Posts()) == 1 })
	post := p.Posts()[0]
	b.Is("document.querySelector('#who option[value=\"p:" + post + "\"]')")
	b.Value("(document.getElementById('who').value = 'p:" + post + "', document.getElementById('who').dispatchEvent(new Event('change')))")
	b.Is(`!document.getElementById('as').hidden && document.getElementById('as').value === 'm:5001'`)
	b.Fill("#text", "میں ویزا کیسے بڑھاؤں؟")
	b.Click("#form button")
	p.await(func() bool { return len(p.Comments(post)) == 1 })
	b.Shows("Asif Example")
	id := p.Comments(post)[0].ID
	p.page("POST", "/"+id+"/comments", args{"message": "See your messages"}).taken(t)
	b.Shows("See your messages")
	b.Is(`document.querySelector('li.program.under')`)
	b.Press("li.me .tools button:nth-child(3)") // hide
	p.await(func() bool { return p.Comments(post)[0].Hidden })
	says(b, "hidden")
	b.Shot("post-360")

	// What a webhook did not take is said, and can be delivered at once.
	p.hook.mu.Lock()
	p.hook.answer = func(got, int) int { return 503 }
	p.hook.mu.Unlock()
	asif.Say("hello")
	b.Shows("it answered 503")
	b.Is(`!document.getElementById('deliver').hidden`)
	p.hook.mu.Lock()
	p.hook.answer = nil
	p.hook.mu.Unlock()
	b.Click("#deliver")
	b.Is(`document.getElementById('deliver').hidden`)

	b.Show(browser.Screen{Width: 1000, Height: 900})
	b.Shot("post-1000")
	for _, whom := range []string{"m:5001", "w:15550000101", "p:" + post} {
		b.Value("(document.getElementById('who').value = '" + whom + "', document.getElementById('who').dispatchEvent(new Event('change')))")
		b.Is("document.getElementById('who').value === '" + whom + "' && document.querySelectorAll('#messages li').length > 0")
		b.Fits()
	}
}
