// SPDX-License-Identifier: GPL-3.0-or-later

package search

import (
	"fmt"
	"strings"
	"testing"

	"sarai/content"
)

func heardSignals(w *watch, message string) string {
	var ids []string
	for _, r := range w.listen(message) {
		ids = append(ids, string(r.Signal))
	}
	return strings.Join(ids, " ")
}

func watchFor(rules ...string) *watch {
	return newWatch([]*content.Signal{{ID: "s", Priority: content.Urgent, Texts: map[content.Locale]content.SignalText{content.English: {Rules: rules}}}})
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		rule  string
		yes   []string
		never []string
	}{
		{"locked me in", []string{"they locked me in", "LOCKED me in!!", "he has loccked meee in a room", "locked me up in a house"},
			[]string{"i locked the door, come in", "me locked in", "locked"}},
		{"they|he|she kidnap*", []string{"he kidnapped her", "they have kidnapped us", "she kidnaps"}, []string{"kidnapped", "we kidnap"}},
		{"agent … ransom", []string{"the agent keeps my brother and wants a very big ransom"}, []string{"ransom for the agent"}},
		{"want to die !film", []string{"i want to die", "i dont want to live i want to just die"}, []string{"a film in which all want to die"}},
		{"don't let me leave", []string{"they dont let me leave", "they don’t let me leave"}, []string{"they let me leave"}},
		{"قید کر", []string{"مجھے قيد کر لیا ہے", "مجھے قید  کر، رکھا"}, []string{"قید میں کوئی بات کر"}},
		{"qaid kar*", []string{"mujhe qaid karke rakha hai", "mujhe qaaid kar liya"}, []string{"qaid mein log kar"}},
		{"call 100", []string{"call 100", "call ١٠٠"}, []string{"call 10", "call 1000"}},
		{"запер*|закрыл* меня|нас", []string{"они заперли нас", "закрыли тут меня"}, []string{"нас закрыли"}},
		{"صاحب کار نمیگذارد", []string{"صاحب کار نمیگذارد", "صاحب\u200cکار نمی\u200cگذارد"}, []string{"کار نمی\u200cگذارد"}},
		{"আটকে", []string{"আমাকে আটকে রেখেছে"}, []string{"আটক"}},
	} {
		w := watchFor(c.rule)
		if len(w.rules) != 1 {
			t.Errorf("%q cannot be read", c.rule)
			continue
		}
		for _, m := range c.yes {
			if heardSignals(w, m) != "s" {
				t.Errorf("%q is not raised by %q", c.rule, m)
			}
		}
		for _, m := range c.never {
			if heardSignals(w, m) != "" {
				t.Errorf("%q is raised by %q", c.rule, m)
			}
		}
	}
}

// Central Asia writes on Russian keyboards, and in Latin letters where there is
// no other keyboard, each in a way of one's own.
func TestRulesInCyrillicAreHeardAsTheyAreTyped(t *testing.T) {
	for _, c := range []struct {
		rule  string
		yes   []string
		never []string
	}{
		{"меня похит* !фильм", []string{"меня похитили", "menya pohitili", "Menya pokhitili!!", "меня поxитили pohitili, menya pohityat"},
			[]string{"menya nashli", "film kak menya pohitili"}},
		{"зӯр* кор", []string{"бо зӯрӣ кор мекунем", "бо зури кор мекунем", "bo zuri kor mekunem"}, []string{"кор зурӣ"}},
		{"ёрдам керак", []string{"ёрдам керак", "yordam kerak", "YORDAM  KERAAK"}, []string{"yordam berdi"}},
		{"муж бьет", []string{"муж бьет", "muzh biet", "muj byet"}, []string{"muzh berut"}},
		{"мени қамап", []string{"мени қамап қойды", "мени камап койды", "meni qamap qoydi", "meni kamap koydy"}, []string{"meni kaplan"}},
		{"o'g'irlab ketdi", []string{"o‘g‘irlab ketdi", "ogirlab ketdi"}, []string{"ogil ketdi"}},
	} {
		w := watchFor(c.rule)
		for _, m := range c.yes {
			if got := w.listen(m); len(got) != 1 || got[0].Rule != c.rule {
				t.Errorf("%q is not raised by %q", c.rule, m)
			}
		}
		for _, m := range c.never {
			if heardSignals(w, m) != "" {
				t.Errorf("%q is raised by %q", c.rule, m)
			}
		}
	}
}

func TestRulesThatCannotBeRead(t *testing.T) {
	for _, line := range []string{"", "…", "!never", "help |", "a*", "ok ?!", "x !no-way", strings.Repeat("word ", 33)} {
		if _, err := parseRule(line); err == nil {
			t.Errorf("the rule %q is taken", line)
		}
	}
}

var signals = []*content.Signal{
	{ID: "pay", Priority: content.SameDay, Texts: map[content.Locale]content.SignalText{
		content.English: {Rules: []string{"pay tonight", "pay today"}},
	}},
	{ID: "held", Priority: content.Urgent, Texts: map[content.Locale]content.SignalText{
		content.English: {Rules: []string{"kidnapped", "kidnapped him"}, Not: []string{"What does kidnapped mean?"}},
		content.Russian: {Rules: []string{"похитили"}},
	}},
}

func TestUrgentSignalsComeFirstAndEachOnce(t *testing.T) {
	w := newWatch(signals)
	found := w.listen("i must pay today they kidnapped him and want me to pay tonight")
	if got := fmt.Sprint(found); got != "[{held kidnapped en} {pay pay tonight en}]" {
		t.Error(got)
	}
}

// Who mends a rule must find it: the line, and the table that it stands in.
func TestASignalNamesItsRule(t *testing.T) {
	found := newWatch(signals).listen("my brother, похитили его")
	if len(found) != 1 || found[0] != (Raised{"held", "похитили", content.Russian}) {
		t.Errorf("%+v", found)
	}
}

func TestAWholeMessageThatMustNotRaise(t *testing.T) {
	w := newWatch(signals)
	if got := heardSignals(w, "what does KIDNAPPED mean"); got != "" {
		t.Error(got)
	}
	if got := heardSignals(w, "what does kidnapped mean, they kidnapped me"); got != "held" {
		t.Errorf("%q: only the whole message is let through", got)
	}
}

func TestASignalIsSeenAtBothEndsOfALongMessage(t *testing.T) {
	w := newWatch(signals)
	story := strings.Repeat("and then we walked over the hills ", 1000)
	for _, m := range []string{"they kidnapped us " + story, story + " they kidnapped us", story + " похитили", "كиднап " + story + "pay tonight"} {
		if heardSignals(w, m) == "" {
			t.Errorf("nothing in %.20q…%q", m, m[len(m)-20:])
		}
	}
}

// BenchmarkSignals has a hundred rules and a message of twenty words that
// raises none. Measured: 3.5 µs on two cores of a cloud machine.
func BenchmarkSignals(b *testing.B) {
	var rules []string
	for i := range 100 {
		rules = append(rules, fmt.Sprintf("word%d|other%d me in", i, i))
	}
	w := watchFor(rules...)
	m := "i went to the agent last week and he said that the visa will come in word12 two months me"
	for b.Loop() {
		w.listen(m)
	}
}
