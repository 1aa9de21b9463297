// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"sarai/content"
	"sarai/desk"
	"sarai/report"
	"sarai/store"
)

// countWords are the phrases for what is counted.
var countWords = map[store.CountName]string{
	store.CountPeople: "desk.count.people", store.CountMessages: "desk.count.messages", store.CountReplies: "desk.count.replies",
	store.CountQuestions: "desk.count.questions", store.CountAnswers: "desk.count.answers", store.CountHelped: "desk.count.helped",
	store.CountSignals: "desk.count.signals", store.CountCases: "desk.count.cases", store.CountFirst: "desk.count.first",
	store.CountClosed: "desk.count.closed", store.CountReferrals: "desk.count.referrals", store.CountRatings: "desk.count.ratings",
	store.CountBilled: "desk.count.billed",
}

// dimensionWords are the phrases for the ways in which it is told apart.
var dimensionWords = map[store.Dimension]string{
	store.ByCentre: "desk.case.centre", store.ByChannel: "desk.by.channel", store.ByLocale: "desk.by.locale", store.ByScript: "desk.by.script",
	store.ByForm: "desk.by.form", store.ByOrigin: "desk.by.origin", store.ByDestination: "desk.by.destination", store.ByStage: "desk.by.stage",
	store.ByGender: "desk.by.gender", store.ByAge: "desk.by.age", store.ByTopic: "desk.field.topic", store.ByArticle: "desk.by.article",
	store.BySection: "desk.by.section", store.ByBand: "desk.by.band", store.ByWhom: "desk.by.by", store.ByHelp: "desk.by.helped",
	store.BySignal: "desk.reason.signal", store.ByReason: "desk.by.reason", store.ByWait: "desk.by.wait", store.ByOutcome: "desk.case.outcome",
	store.ByPartner: "desk.by.referral", store.ByCampaign: "desk.by.campaign", store.ByRating: "desk.by.rating", store.ByVisit: "desk.by.visit",
	store.ByPrice: "desk.by.price",
}

// valueWords are the phrases for values that are the program's own.
var valueWords = map[store.Dimension]map[string]string{
	store.ByScript: {"native": "desk.script.native", "latin": "desk.script.latin"},
	store.ByForm: {
		"words": "desk.form.words", "choice": "desk.form.choice", "voice": "desk.kind.voice", "file": "desk.form.file", "other": "desk.report.other",
	},
	store.ByStage: {
		string(desk.Deciding): "desk.stage.deciding", string(desk.Leaving): "desk.stage.leaving",
		string(desk.Abroad): "desk.stage.abroad", string(desk.Returned): "desk.stage.returned",
	},
	store.ByGender: {string(desk.Woman): "desk.gender.woman", string(desk.Man): "desk.gender.man", string(desk.OtherGender): "desk.report.other"},
	store.ByBand:   {"answer": "desk.band.answer", "choose": "desk.band.choose", "unknown": "desk.band.unknown"},
	store.ByWhom:   {"program": "desk.author.program", "human": "desk.role.counsellor"},
	store.ByHelp:   {"yes": "desk.report.yes", "no": "desk.report.no"},
	store.ByVisit:  {"new": "desk.visit.new", "returning": "desk.visit.returning"},
	store.ByWait:   {"longer": "desk.report.longer"},
	store.ByPrice: {
		"service": "desk.price.service", "utility": "desk.price.utility", "marketing": "desk.price.marketing",
		"authentication": "desk.price.authentication", "other": "desk.report.other",
	},
}

// waits are the steps of waiting: a phrase and its number.
var waits = map[string][2]string{
	"5m": {"desk.time.minutes", "5"}, "30m": {"desk.time.minutes", "30"},
	"2h": {"desk.time.hours", "2"}, "8h": {"desk.time.hours", "8"}, "24h": {"desk.time.hours", "24"},
}

// A page of the report shows the tables that most are asked for; the download has
// all.
var shownTables = map[store.CountName][]store.Dimension{
	store.CountPeople:    {store.ByVisit, store.ByChannel, store.ByLocale, store.ByOrigin, store.ByCampaign},
	store.CountMessages:  {store.ByForm, store.ByScript},
	store.CountReplies:   {store.ByWhom},
	store.CountQuestions: {store.ByBand},
	store.CountAnswers:   {store.ByTopic, store.ByArticle, store.ByStage, store.ByDestination},
	store.CountHelped:    {store.ByHelp},
	store.CountSignals:   {store.BySignal},
	store.CountCases:     {store.ByReason},
	store.CountFirst:     {store.ByWait},
	store.CountClosed:    {store.ByOutcome, store.ByTopic, store.ByStage, store.ByGender, store.ByAge},
	store.CountReferrals: {store.ByPartner},
	store.CountRatings:   {store.ByRating},
	store.CountBilled:    {store.ByPrice},
}

// maxBars is how many lines a table of the page has at most.
const maxBars = 15

type reportView struct {
	frame
	From, To string // months
	Centre   string
	Centres  []choice
	Apart    []choice  // by which the download can tell apart
	By       [2]string // chosen of Apart
	Counts   []countView
}

type countView struct {
	Name   string
	Total  string
	Tables []tableView
}

type tableView struct {
	By   string
	Rows []barView
	More bool
}

// A barView is a line of a table; Bar is its length of a hundred.
type barView struct {
	Word, Number string
	Bar          uint64
}

// query reads what is asked for: of the own centres only. Without months it is the
// last that is over, because one that is not says from day to day what came.
func (v *visit) query() report.Query {
	q := v.r.URL.Query()
	today := v.c.Now().In(v.zone(""))
	last := today.AddDate(0, 0, -today.Day()).Format("2006-01")
	from := cmp.Or(short(q.Get("from"), 7), last)
	to := cmp.Or(short(q.Get("to"), 7), max(from, last))
	x := report.Query{From: store.Day(from + "-01"), To: report.LastOf(to), Centres: v.me.Centres}
	if centre := content.CentreID(q.Get("centre")); centre != "" && mayRead(v.me, centre) {
		x.Centres = []content.CentreID{centre}
	}
	for _, d := range q["by"] {
		if d != "" && !slices.Contains(x.By, store.Dimension(d)) {
			x.By = append(x.By, store.Dimension(d))
		}
	}
	return x
}

func (c *Console) reportPage(v *visit) error {
	q := v.query()
	by := q.By
	q.By = nil // the page has its own tables
	p := reportView{frame: v.frame("desk.report.title"), From: q.From.Month(), To: q.To.Month()}
	p.Here = "report"
	copy(p.By[:], dims(by))
	if len(q.Centres) == 1 && v.r.URL.Query().Get("centre") != "" {
		p.Centre = string(q.Centres[0])
	}
	for _, x := range c.Gateway.Catalogue().Centres() {
		if mayRead(v.me, x.ID) {
			p.Centres = append(p.Centres, choice{string(x.ID), v.centre(x.ID)})
		}
	}
	for _, d := range report.Dimensions() {
		p.Apart = append(p.Apart, choice{string(d), v.t(dimensionWords[d])})
	}
	r, err := report.Make(v.r.Context(), c.Store, q)
	if errors.Is(err, report.ErrQuery) {
		p.Problem = v.t("desk.report.wrong")
		return v.show(http.StatusUnprocessableEntity, "report", p)
	}
	if err != nil {
		return err
	}
	for _, t := range r.Tables {
		if len(t.By) == 0 {
			p.Counts = append(p.Counts, countView{Name: v.t(countWords[t.Name]), Total: t.Total.String()})
			continue
		}
		of := &p.Counts[len(p.Counts)-1]
		if len(t.By) == 1 && slices.Contains(shownTables[t.Name], t.By[0]) && !t.Total.Hidden() {
			of.Tables = append(of.Tables, v.tableView(t))
		}
	}
	return v.show(http.StatusOK, "report", p)
}

func dims(by []store.Dimension) (words []string) {
	for _, d := range by {
		words = append(words, string(d))
	}
	return words
}

func (v *visit) tableView(t report.Table) tableView {
	x := tableView{By: v.t(dimensionWords[t.By[0]])}
	longest := uint64(1)
	for _, r := range t.Rows {
		longest = max(longest, r.N.Shown)
	}
	for _, r := range t.Rows {
		if len(x.Rows) == maxBars {
			x.More = true
			break
		}
		x.Rows = append(x.Rows, barView{v.value(t.By[0], r.Values[0]), r.N.String(), r.N.Shown * 100 / longest})
	}
	return x
}

// value says a value of a table in words.
func (v *visit) value(d store.Dimension, value string) string {
	if id, ok := valueWords[d][value]; ok {
		return v.t(id)
	}
	switch value {
	case report.Several:
		return v.t("desk.report.several")
	case store.Other:
		return v.t("desk.report.other")
	case report.NotKnown:
		if d == store.ByGender || d == store.ByAge {
			return v.t("desk.report.notasked")
		}
		return v.t("desk.report.unknown")
	}
	c := v.c.Gateway.Catalogue()
	switch d {
	case store.ByCentre:
		return v.centre(content.CentreID(value))
	case store.ByChannel:
		return v.channel(value)
	case store.ByLocale:
		return content.Locale(value).Name()
	case store.ByOrigin, store.ByDestination:
		return v.country(content.Country(value))
	case store.ByTopic:
		if t, ok := c.Topic(content.TopicID(value)); ok {
			return cmp.Or(nearest(t.Titles, v.l), value)
		}
	case store.ByArticle:
		if a, ok := c.Article(content.ArticleID(value)); ok {
			if t := a.In(v.l); t != nil {
				return t.Title
			}
		}
	case store.BySignal:
		return v.signal(value)
	case store.ByReason:
		return v.reasonWord(desk.Reason(value))
	case store.ByOutcome:
		return v.outcome(desk.Outcome(value))
	case store.ByPartner:
		return v.partner(value)
	case store.ByAge:
		return "\u2066" + value + "\u2069" // a range is not turned round
	case store.ByWait:
		if w, ok := waits[value]; ok {
			return "≤ " + v.t(w[0], "N", w[1])
		}
	}
	return value
}

func (v *visit) partner(id string) string {
	if x, ok := v.c.Gateway.Catalogue().Partner(content.PartnerID(id)); ok {
		return cmp.Or(nearest(x.Names, v.l), id)
	}
	return id
}

// reportTable is the report as a file.
func (c *Console) reportTable(v *visit) error {
	q := v.query()
	r, err := report.Make(v.r.Context(), c.Store, q)
	if errors.Is(err, report.ErrQuery) {
		phrase := "desk.report.wrong"
		if strings.Contains(err.Error(), "counted by") || len(q.By) > report.MaxBy {
			phrase = "desk.report.apartwrong"
		}
		v.fail(http.StatusUnprocessableEntity, phrase)
		return nil
	}
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := r.CSV(&b); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `attachment; filename="sarai-`+q.From.Month()+"-"+q.To.Month()+`.csv"`)
	_, _ = b.WriteTo(v.w) // the reader has gone: there is nobody to tell
	return nil
}

// toldChoices are the choices of what somebody told, for the form that closes a case.
func (v *visit) toldChoices() (genders, ages, stages, partners []choice) {
	for _, g := range desk.Genders() {
		genders = append(genders, choice{string(g), v.value(store.ByGender, string(g))})
	}
	for _, a := range desk.Ages() {
		ages = append(ages, choice{string(a), v.value(store.ByAge, string(a))})
	}
	for _, s := range desk.Stages() {
		stages = append(stages, choice{string(s), v.value(store.ByStage, string(s))})
	}
	for _, p := range v.c.Gateway.Catalogue().Partners() {
		partners = append(partners, choice{string(p.ID), cmp.Or(nearest(p.Names, v.l), string(p.ID))})
	}
	slices.SortFunc(partners, func(a, b choice) int { return cmp.Compare(a.Word, b.Word) })
	return genders, ages, stages, partners
}
