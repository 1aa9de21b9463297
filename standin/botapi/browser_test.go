// SPDX-License-Identifier: GPL-3.0-or-later

//go:build browser

package botapi_test

import (
	"testing"

	"sarai/internal/browser"
	"sarai/standin/botapi"
	"sarai/standin/page/pagetest"
)

func TestSomebodyPlaysAPerson(t *testing.T) {
	p := serve(t, func(o *botapi.Options) { o.Now = nil }) // a talk of today
	p.taken("setMyDescription", args{"description": "یہاں ایک پروگرام جواب دیتا ہے", "language_code": "ur"})
	p.taken("setMyCommands", args{"commands": []botapi.Command{{Command: "menu", Description: "فہرست"}}})
	b := pagetest.Open(t, p.url+"/", 360, 740)
	b.Shows("The bot is not asking")
	b.Click("#add summary")
	b.Fill("#add-id", "1002")
	b.Fill("#add-language", "ur")
	b.Click("#add-form button")
	b.Shows("پروگرام جواب دیتا ہے")
	b.Is(`!document.getElementById('start').hidden`)
	b.Shot("telegram-empty-360")
	b.Click("#start")
	asif := p.Person(1002, "")
	p.await(func() bool { return len(asif.Screen()) == 1 })

	p.taken("sendChatAction", args{"chat_id": 1002, "action": "typing"})
	b.Shows("The bot: typing")
	p.taken("sendMessage", args{"chat_id": 1002, "parse_mode": "HTML",
		"text": "<b>السلام علیکم</b>\nبیرون ملک جانے سے پہلے <a href=\"https://example.org/\">یہ پڑھیں</a>۔ فیس \u206812,500\u2069 روپے ہے۔\n<tg-spoiler>چھپا ہوا</tg-spoiler> <code>A-17</code>",
		"reply_markup": args{"inline_keyboard": []any{
			[]any{args{"text": "کام", "callback_data": "work"}, args{"text": "ویزا", "callback_data": "visa"}},
			[]any{args{"text": "دفتر", "url": "https://example.org/"}},
		}}})
	b.Shows("السلام علیکم")
	b.Is(`document.querySelector('.bold').textContent === 'السلام علیکم' && getComputedStyle(document.querySelector('.bot .words')).direction === 'rtl'`)
	b.Click(".buttons button")
	p.await(func() bool { return asif.Waiting() == 1 })
	var press event
	for _, e := range p.updates(args{}) {
		press = e
	}
	if press.Press == nil || press.Press.Data != "work" {
		t.Fatalf("the press arrived as %+v", press)
	}
	p.taken("answerCallbackQuery", args{"callback_query_id": press.Press.ID, "text": "ٹھیک ہے"})
	b.Shows("ٹھیک ہے")

	// Whatever anybody writes is only text.
	evil := `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`
	b.Fill("#text", evil)
	b.Click("#form button")
	b.Shows(evil)
	if title := b.Value("document.title"); title != "Telegram, played" {
		t.Errorf("the title is %q", title)
	}
	b.Click("li.me:last-child .tools button")
	b.Fill("#text", "میں نے بدل دیا")
	b.Click("#form button")
	b.Shows("changed")
	if s := asif.Screen(); s[len(s)-1].Text != "میں نے بدل دیا" || !s[len(s)-1].Edited {
		t.Errorf("the message that was changed: %+v", s[len(s)-1])
	}

	b.Click("#more summary")
	b.SendPicture(`input[data-kind=photo]`)
	b.Click("#place button")
	b.Shows("📍 33.69, 73.06")
	b.Click("#contact button")
	b.Shows("+92000000000")
	b.Shot("telegram-more-360")
	b.Click("#more summary")

	b.Click("#trouble summary")
	b.Click("[data-fault=throttle]")
	b.Is(`document.getElementById('faults').textContent === '(1)'`)
	p.refused(429, "Too Many Requests: retry after 5", "sendMessage", args{"chat_id": 1002, "text": "x"})
	b.Is(`document.getElementById('faults').textContent === ''`)
	b.Click("#trouble summary")
	b.Click("#block")
	b.Shows("1002 · ur · blocked")
	p.refused(403, "Forbidden: bot was blocked by the user", "sendMessage", args{"chat_id": 1002, "text": "x"})
	b.Shot("telegram-talk-360")
	b.Click("#start")
	b.Is(`document.getElementById('block').textContent === 'Block'`)
	b.Show(browser.Screen{Width: 1000, Height: 900})
	b.Shot("telegram-talk-1000")
	b.Fits()
}
