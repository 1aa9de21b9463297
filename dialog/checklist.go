// SPDX-License-Identifier: GPL-3.0-or-later

package dialog

import (
	"maps"
	"slices"

	"sarai/content"
)

// A Tick says how far a step of a checklist has come; one that nobody has spoken
// of has none.
type Tick string

// How far a step can have come.
const (
	Done  Tick = "done"
	Later Tick = "later"
)

// maxLeft is how many steps that are left are offered as choices at once.
const maxLeft = 8

// steps gives a checklist and its steps, which are the sections of the text that
// the person reads.
func (t *turn) steps(id content.ArticleID) ([]content.Section, bool) {
	a, ok := t.c.Article(id)
	if !ok || !a.Checklist {
		return nil, false
	}
	text := a.In(t.s.Locale)
	if text == nil || len(text.Sections) == 0 {
		return nil, false
	}
	return text.Sections, true
}

// walk goes to the first step of a checklist that is not done or put off.
func (t *turn) walk(id content.ArticleID) {
	steps, ok := t.steps(id)
	if !ok {
		t.stale()
		return
	}
	t.nextStep(id, steps, 0)
}

// nextStep shows the first step from a place on, and then from the begin, of
// which nothing was said; where there is none, what is left.
func (t *turn) nextStep(id content.ArticleID, steps []content.Section, from int) {
	for i := range steps {
		n := (from + i) % len(steps)
		if t.s.Lists[id][steps[n].ID] == "" {
			t.step(id, steps, n)
			return
		}
	}
	t.list(id)
}

// step asks about one step.
func (t *turn) step(id content.ArticleID, steps []content.Section, n int) {
	t.say(Part{Phrase: "list-step", Args: Args{Count: n + 1, Of: len(steps)}}, Part{Article: id, Section: steps[n].ID, Piece: Head})
	key := string(id) + "#" + steps[n].ID
	t.offer(AskStep, "dn:"+key, "lt:"+key, "wh:"+key, "list", "menu")
}

// ticked takes what somebody says of a step: done, later, or what is it.
func (t *turn) ticked(kind string, id content.ArticleID, sec string) {
	steps, ok := t.steps(id)
	n := slices.IndexFunc(steps, func(s content.Section) bool { return s.ID == sec })
	if !ok || n < 0 {
		t.stale()
		return
	}
	switch kind {
	case "st":
		t.step(id, steps, n)
		return
	case "wh":
		t.say(Part{Article: id, Section: sec, Source: true})
		key := string(id) + "#" + sec
		t.offer(AskStep, "dn:"+key, "lt:"+key, "list", "menu")
		return
	}
	tick := Done
	if kind == "lt" {
		tick = Later
	}
	t.tick(id, sec, tick)
	t.nextStep(id, steps, n+1)
}

// tick remembers a step. What Step was given is not changed.
func (t *turn) tick(id content.ArticleID, sec string, tick Tick) {
	lists := make(map[content.ArticleID]map[string]Tick, len(t.s.Lists)+1)
	maps.Copy(lists, t.s.Lists)
	lists[id] = maps.Clone(lists[id])
	if lists[id] == nil {
		lists[id] = map[string]Tick{}
	}
	lists[id][sec] = tick
	t.s.Lists = lists
}

// myList shows every checklist that the person has begun, and offers those they
// could begin where there is none.
func (t *turn) myList() {
	var begun []content.ArticleID
	for _, id := range slices.Sorted(maps.Keys(t.s.Lists)) {
		if _, ok := t.steps(id); ok {
			begun = append(begun, id)
		}
	}
	if len(begun) > 0 {
		t.list(begun...)
		return
	}
	t.introduce()
	t.say(phrase("list-none"))
	t.offer(AskMenu)
	for _, a := range t.c.Articles() {
		if a.Checklist && (len(a.Origin) == 0 || t.s.Origin == "" || slices.Contains(a.Origin, t.s.Origin)) {
			t.add("a:" + string(a.ID))
		}
	}
	t.add("menu")
}

// list shows checklists with how far each step has come, and offers the steps
// that are left.
func (t *turn) list(ids ...content.ArticleID) {
	t.offer(AskStep)
	left, offered := 0, 0
	for _, id := range ids {
		steps, _ := t.steps(id)
		t.say(Part{Article: id, Piece: Head})
		for _, s := range steps {
			tick := t.s.Lists[id][s.ID]
			t.say(Part{Article: id, Section: s.ID, Piece: Head, Listed: true, Tick: tick})
			if tick == Done {
				continue
			}
			if left++; offered < maxLeft {
				offered++
				t.add("st:" + string(id) + "#" + s.ID)
			}
		}
	}
	if left == 0 {
		t.say(phrase("list-done"))
	} else {
		t.say(phrase("list-again"))
	}
	t.add("menu")
}
