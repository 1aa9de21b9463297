// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"slices"
	"strconv"
	"strings"

	"sarai/content"
)

// key finds what was chosen: the pressed option, or one named by its number or
// label. A number is not a choice when nothing was offered.
func (t *turn) key(ev Heard) (string, bool) {
	if ev.Form == Pressed {
		return ev.Key, true
	}
	if ev.Form != Words || ev.Together {
		return "", false
	}
	return t.s.offered(ev.Text)
}

// greet is first contact without a question, or a greeting later on.
func (t *turn) greet() {
	if t.s.Locale == "" {
		t.say(phrase("language-ask"))
		t.offerLanguages()
		return
	}
	if t.s.Met {
		t.say(phrase("menu-ask"))
		t.menu()
		return
	}
	t.welcome()
}

func (t *turn) welcome() {
	t.s.Met = true
	t.say(parts("welcome-who", "welcome-free")...)
	if centre, ok := t.c.Centre(t.desk.Centre); ok && len(centre.Confirmed) > 0 {
		t.say(Part{Confirmed: centre.ID})
	}
	t.say(parts("welcome-delete", "welcome-ask")...)
	t.menu()
}

func (t *turn) menu() {
	t.offer(AskMenu)
	for _, topic := range t.c.Topics() {
		for range t.listed(topic) { // one is enough
			t.add("t:" + string(topic.ID))
			break
		}
	}
	t.add("counsellor", "language")
}

func (t *turn) offerLanguages() {
	t.offer(AskLanguage)
	for _, l := range t.c.Locales() {
		t.add("lang:" + string(l))
	}
}

func (t *turn) command(w word) {
	switch w {
	case wordHide:
		t.hide()
	case wordDelete:
		t.say(phrase("delete-ask"))
		t.offer(AskDelete, "delete:yes", "delete:no")
	case wordKeep:
		t.keep()
	case wordStop:
		t.s.Stopped = true
		t.ask(NoQuestion)
		t.say(phrase("stopped"))
	case wordCounsellor:
		t.counsellor()
	case wordLanguage:
		t.say(phrase("language-ask"))
		t.offerLanguages()
	case wordMenu:
		t.introduce()
		t.say(phrase("menu-ask"))
		t.menu()
	case wordBack:
		if t.s.Topic != "" && t.s.Asked == AskMore {
			t.topic(t.s.Topic)
			return
		}
		t.say(phrase("menu-ask"))
		t.menu()
	case wordList:
		t.myList()
	case wordGreeting:
		t.greet()
	case wordThanks:
		t.ask(NoQuestion)
		t.say(phrase("thanks"))
	case wordYes, wordNo, wordSkip:
		t.yesNo(w)
	}
}

// yesNo answers the open question, if it is one of yes and no.
func (t *turn) yesNo(w word) {
	yes := w == wordYes
	switch t.s.Asked {
	case AskConsent:
		t.pressed(map[bool]string{true: "consent:yes", false: "consent:no"}[yes])
	case AskDelete:
		t.pressed(map[bool]string{true: "delete:yes", false: "delete:no"}[yes])
	case AskSecondVoice:
		t.pressed(map[bool]string{true: "consent:yes", false: "consent:no"}[yes])
	case AskAbout:
		if yes {
			t.say(phrase("about-write"))
			return
		}
		t.pressed("skip")
	case AskWhich:
		if !yes {
			t.pressed("none")
			return
		}
		t.unsure()
	case AskMenu:
		if yes {
			t.counsellor()
			return
		}
		t.ask(NoQuestion)
		t.say(phrase("ok"))
	default:
		if t.desk.Standing == Waiting {
			t.keptForStaff()
			return
		}
		t.say(phrase("ok"))
	}
}

// stale answers a button from a list that is no longer there.
func (t *turn) stale() {
	t.say(phrase("stale-choice"))
	t.menu()
}

// pressed acts on a chosen option. Keys say what they mean, so that a button
// pressed days later still does; where it needs the question that was open
// (consent, deleting, a rating) it counts only while that is open.
func (t *turn) pressed(key string) {
	kind, rest := split(key)
	switch kind {
	case "lang":
		l := content.Locale(rest)
		if !slices.Contains(content.Locales(), l) {
			t.stale()
			return
		}
		t.setLocale(l)
		if !t.s.Met {
			t.welcome()
			return
		}
		t.say(Part{Phrase: "language-set", Args: Args{Locale: l}})
		t.menu()
	case "a":
		if _, ok := t.c.Article(content.ArticleID(rest)); !ok {
			t.stale()
			return
		}
		t.s.Unsure = 0
		t.answer(content.ArticleID(rest))
	case "s":
		id, sec, _ := strings.Cut(rest, "#")
		t.section(content.ArticleID(id), sec)
	case "t":
		t.topic(content.TopicID(rest))
	case "check":
		t.checkName(content.ArticleID(rest))
	case "walk":
		t.walk(content.ArticleID(rest))
	case "dn", "lt", "wh", "st":
		id, sec, _ := strings.Cut(rest, "#")
		t.ticked(kind, content.ArticleID(id), sec)
	case "list":
		t.command(wordList)
	case "menu":
		t.command(wordMenu)
	case "language":
		t.command(wordLanguage)
	case "counsellor":
		t.counsellor()
	case "none":
		t.s.Unsure++
		t.say(phrase("none-sorry"))
		t.askConsent()
	case "o":
		t.origin(content.Country(rest))
	case "w":
		t.where(content.Country(rest))
	case "h":
		yes, id, _ := strings.Cut(rest, ":")
		if _, ok := t.c.Article(content.ArticleID(id)); ok && (yes == "yes" || yes == "no") {
			t.do(Helped{Article: content.ArticleID(id), Yes: yes == "yes"})
		}
		if yes == "no" {
			t.say(phrase("helped-no"))
			t.offer(AskMenu, "counsellor", "menu")
			return
		}
		t.ask(NoQuestion)
		t.say(phrase("thanks"))
	case "consent":
		t.consent(rest == "yes")
	case "skip":
		if t.s.Asked != AskAbout {
			t.stale()
			return
		}
		t.ask(NoQuestion)
		t.say(phrase("about-skipped"))
	case "refuse":
		if t.desk.Standing == NoCase {
			t.stale()
			return
		}
		t.ask(NoQuestion)
		t.do(Refuse{})
		t.say(phrase("refused"))
	case "r":
		t.rate(rest)
	case "delete":
		t.deleteAll(rest == "yes")
	default:
		t.stale()
	}
}

// rate takes a rating while it is open.
func (t *turn) rate(stars string) {
	n, err := strconv.Atoi(stars)
	if err != nil || n < 1 || n > 5 || t.s.Asked != AskRating {
		t.stale()
		return
	}
	t.ask(NoQuestion)
	t.do(Rate{Stars: n})
	t.say(phrase("rating-thanks"))
}
