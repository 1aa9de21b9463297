// SPDX-License-Identifier: GPL-3.0-or-later

package console_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sarai/channels"
	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// order gives which comments a page shows, in its order.
func order(a answer) (ids []string) {
	for _, m := range regexp.MustCompile(`<article class="comment[^"]*" id="c-(\w+)"`).FindAllStringSubmatch(a.body, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

func TestCommentsStandUnderTheirPostsAndWhoNeedsSomebodyFirst(t *testing.T) {
	s := onASquare(t)
	s.hires("bilal", "Bilal", store.Counsellor)
	b := s.signsIn("bilal")
	b.get("/desk/comments").has(t, "No comment waits for you.")
	first := s.comments("p1", "900_1", "how much is it all together?")
	s.wait(time.Hour)
	danger := s.comments("p2", "900_1", "they locked me in <b>here</b>")
	s.wait(time.Hour)
	known := s.comments("p3", "900_1", "protector kahan se hota hai?")
	s.comments("p4", "900_1", "nice")
	s.wait(time.Hour)
	other := s.comments("p5", "odd/../post", "is this true or is it not?")
	s.works()

	page := b.get("/desk/comments")
	if got, want := order(page), []string{string(other), string(danger), string(first)}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, not %v", got, want)
	}
	page.has(t, "Waiting 3", "Urgent", "they locked me in <b>here</b>", "3 h", "Private reply by Program was taken", "Open the post", "See it there", "Queue 1 Comments 3")
	if !strings.Contains(page.body, `href="https://www.facebook.com/900_1"`) || strings.Contains(page.body, "odd/") || !strings.Contains(page.body, `<article class="comment urgent" id="c-`+string(danger)) {
		t.Errorf("the posts or the urgent comment are not as they should be:\n%s", page.body)
	}
	if !strings.Contains(page.body, `href="/desk/talks/`+string(danger)+`#newest"`) || strings.Contains(page.body, `href="/desk/talks/`+string(first)) {
		t.Error("a case is not led to, or one is that there is not")
	}
	all := b.get("/desk/comments?list=all")
	if got := order(all); len(got) != 5 || got[3] != string(known) && got[4] != string(known) {
		t.Errorf("all of them are %v", got)
	}
	all.has(t, "Public answer by Program stands there")
	b.part("/desk/comments/rows?list=all").lacks(t, "<html")
	b.part("/desk/count").has(t, "1 3")
	if got := b.part("/desk/count").body; !strings.Contains(got, `<span id="talked" hx-swap-oob="true"><span class="count urgent">3</span></span>`) {
		t.Errorf("the count is %s", got)
	}
	b.get("/desk").has(t, "they locked me in", "Somebody keeps you locked in")
}

func TestACommentIsAnsweredInPrivateOnce(t *testing.T) {
	s := onASquare(t)
	amina := s.hires("amina", "Amina", store.Counsellor)
	s.hires("bilal", "Bilal", store.Counsellor)
	a, b := s.signsIn("amina"), s.signsIn("bilal")
	id := s.comments("p1", "900_1", "somebody please tell me about the fees there")
	path := "/desk/comments/" + string(id)
	page := a.get(path)
	page.has(t, "somebody please tell me", "Answer in private", "one private message", "Private reply: 7 d")
	if !strings.Contains(page.body, `maxlength="2000"`) {
		t.Error("the box does not know how much one message carries")
	}
	// What is typed is kept, though there is no case yet.
	if got := a.send("/desk/talks/"+string(id)+"/draft", url.Values{"key": {"aaaaaaaaaaaaaaaaaaaa"}, "text": {"half"}}); got.status != http.StatusNoContent {
		t.Errorf("a draft is answered %d", got.status)
	}
	if got := a.get(path).value(t, "text"); got != "half" {
		t.Errorf("the box holds %q", got)
	}
	form := url.Values{"key": page.keys(t)[:1], "how": {"private"}, "text": {"This is Amina of the centre."}}
	for range 2 {
		a.follow(a.post(path+"/answer", form)).has(t, "Done.")
	}
	s.works()
	if sent := s.fake.Sent(); len(sent) != 1 || sent[0].Blocks[0].Text != "This is Amina of the centre." || sent[0].Author != channels.Staff {
		t.Fatalf("sent %v", sent)
	}
	if k := s.thread(id).Case; k == nil || k.Holder != amina.ID || k.Reason != desk.Commented {
		t.Errorf("the case is %+v", k)
	}
	page = a.get(path)
	page.has(t, "Private reply by Amina was taken", "This is Amina of the centre.", "Sent", "Case")
	page.lacks(t, "Send in private")
	if got, err := s.db.Draft(context.Background(), id, amina.ID); err != nil || got != "" {
		t.Errorf("the draft is %q, %v", got, err)
	}

	// A colleague who was typing meanwhile loses nothing, and is told.
	late := b.post(path+"/answer", url.Values{"key": {"bbbbbbbbbbbbbbbbbbbb"}, "how": {"private"}, "text": {"long words of Bilal"}})
	if late.status != http.StatusConflict {
		t.Errorf("a second private reply is answered %d", late.status)
	}
	late.has(t, "The one private reply to this comment was used.", "What you typed is kept.")
	if got := late.value(t, "text"); got != "long words of Bilal" {
		t.Errorf("the box holds %q", got)
	}
	// At the case nothing can be written until the person does.
	talk := "/desk/talks/" + string(id)
	a.get(talk).has(t, "The one private reply to this comment was used.", "Answer in public", "In public, under a post")
	if got := a.send(talk+"/say", url.Values{"key": {"cccccccccccccccccccc"}, "text": {"and more"}}); got.status != http.StatusConflict || got.value(t, "text") != "and more" {
		t.Errorf("more words are answered %d", got.status)
	}
	for name, form := range map[string]url.Values{
		"nothing": {"key": {"dddddddddddddddddddd"}, "text": {" "}}, "without a key": {"text": {"x"}}, "too much": {"key": {"dddddddddddddddddddd"}, "text": {strings.Repeat("x", 5000)}},
	} {
		for _, how := range []string{"private", "public"} {
			form.Set("how", how)
			if got := a.post(path+"/answer", form); got.status != http.StatusUnprocessableEntity {
				t.Errorf("%s in %s is answered %d", name, how, got.status)
			}
		}
	}
}

// keys gives the keys of the forms of a page, in their order.
func (a answer) keys(t testing.TB) (keys []string) {
	t.Helper()
	for _, m := range hidden.FindAllStringSubmatch(a.body, -1) {
		if m[1] == "key" {
			keys = append(keys, m[2])
		}
	}
	if len(keys) == 0 {
		t.Fatal("there is no form")
	}
	return keys
}

func TestACommentIsAnsweredInPublicHiddenAndSkipped(t *testing.T) {
	s := onASquare(t)
	s.hires("amina", "Amina", store.Administrator)
	a := s.signsIn("amina")
	id, danger, dull := s.comments("p1", "900_1", "when do you open on Friday morning?"), s.comments("p2", "900_1", "I am locked in here"), s.comments("p3", "900_1", "what about my cousin there?")
	path := "/desk/comments/" + string(id)
	a.get(path).has(t, "Everybody reads this. Repeat nothing personal")
	a.get(path).lacks(t, "This may be about danger")
	a.get("/desk/comments/"+string(danger)).has(t, "This may be about danger", "Everybody reads this. Repeat nothing personal")
	page := a.get(path)
	form := url.Values{"key": {page.keys(t)[len(page.keys(t))-1]}, "how": {"public"}, "text": {"From nine, except on Fridays."}}
	for range 2 {
		a.follow(a.post(path+"/answer", form)).has(t, "Done.")
	}
	s.works()
	if got := s.fake.lines; !slices.Contains(got, "c1: From nine, except on Fridays.") {
		t.Errorf("under the comments stands %v", got)
	}
	a.get(path).has(t, "Public answer by Amina stands there", "From nine, except on Fridays.")

	// From the list, as a part of the page and without scripts.
	part := a.send("/desk/comments/"+string(danger)+"/hide", url.Values{"list": {"open"}, "hide": {"1"}})
	part.has(t, "Hidden", "Show in public again")
	part.lacks(t, "<html")
	s.works()
	if !s.fake.hidden["c2"] {
		t.Error("it is not hidden")
	}
	a.follow(a.post("/desk/comments/"+string(danger)+"/hide", url.Values{"list": {"open"}, "hide": {"0"}})).has(t, "Done.", "Hide from the public")
	s.works()
	if s.fake.hidden["c2"] {
		t.Error("it is hidden still")
	}
	a.send("/desk/comments/"+string(dull)+"/skip", url.Values{"list": {"open"}}).lacks(t, "my cousin")
	a.get("/desk/comments?list=all").has(t, "my cousin", "No answer needed")
	a.follow(a.post("/desk/comments/"+string(danger)+"/skip", nil)).has(t, "Done.", "left the comment without an answer")
	a.get("/desk/comments").has(t, "No comment waits for you.")
	if got, want := s.done("comment-hidden", "comment-shown", "comment-skipped"), []string{"comment-hidden", "comment-shown", "comment-skipped", "comment-skipped"}; !slices.Equal(got, want) {
		t.Errorf("the audit holds %v", got)
	}

	// Whoever wrote it takes it away: there is nothing to be done in public.
	s.hears(channels.Inbound{From: channels.Address{Channel: "messenger", ID: "comment:c1"}, Kind: channels.Deleted, Of: "c1"})
	page = a.get(path)
	page.has(t, "Removed", "The comment was removed")
	page.lacks(t, "Publish", "Hide from the public")
	if got := a.post(path+"/answer", url.Values{"key": {"eeeeeeeeeeeeeeeeeeee"}, "how": {"public"}, "text": {"x"}}); got.status != http.StatusConflict {
		t.Errorf("answering what is gone is answered %d", got.status)
	}
}

func TestARefusedPrivateReplyIsATask(t *testing.T) {
	s := onASquare(t)
	s.hires("amina", "Amina", store.Counsellor)
	a := s.signsIn("amina")
	s.fake.Fail(&channels.SendError{Problem: channels.Rejected, Cause: "10900"})
	id := s.comments("p1", "900_1", "protector kahan se hota hai?")
	s.works()
	page := a.get("/desk/comments")
	page.has(t, "Private reply refused", "Private reply was refused: the platform refused this message", "protector kahan")
	page.lacks(t, "Public answer by", "10900")
	a.get("/desk/comments/"+string(id)).has(t, "The private reply was not taken: the platform refused this message", "Answer in public")
	// The seven days end too.
	late := s.comments("p2", "900_1", "how can I come back to the country?")
	s.wait(8 * 24 * time.Hour)
	a = s.signsIn("amina")
	page = a.get("/desk/comments/" + string(late))
	page.lacks(t, "Send in private")
	if got := a.post("/desk/comments/"+string(late)+"/answer", url.Values{"key": {"eeeeeeeeeeeeeeeeeeee"}, "how": {"private"}, "text": {"x"}}); got.status != http.StatusConflict {
		t.Errorf("after seven days it is answered %d", got.status)
	}
}

func TestCommentsOfOtherCentresAreNotThere(t *testing.T) {
	s := onASquare(t)
	s.hires("lahori", "Lahori", store.Counsellor, "lahore")
	s.hires("dhaki", "Dhaki", store.Counsellor, "dhaka")
	id := s.comments("p1", "900_1", "how much is it there for me?")
	th := s.thread(id)
	th.Centre = "lahore"
	if err := s.db.Commit(context.Background(), store.Turn{Thread: th}); err != nil {
		t.Fatal(err)
	}
	l, d := s.signsIn("lahori"), s.signsIn("dhaki")
	l.get("/desk/comments").has(t, "how much is it")
	d.get("/desk/comments").lacks(t, "how much is it", `<span id="talked"><span`)
	d.part("/desk/count").lacks(t, `hx-swap-oob="true"><span`)
	l.part("/desk/count").has(t, "0 1")
	for _, path := range []string{"", "/part"} {
		if got := d.get("/desk/comments/" + string(id) + path); got.status != http.StatusNotFound {
			t.Errorf("it is answered %d", got.status)
		}
	}
	for _, path := range []string{"/answer", "/hide", "/skip"} {
		if got := d.post("/desk/comments/"+string(id)+path, url.Values{"key": {"eeeeeeeeeeeeeeeeeeee"}, "text": {"x"}, "how": {"public"}}); got.status != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, got.status)
		}
	}
	// A talk is no comment, and a comment without a case is no talk.
	talk := s.says("x", "hello")
	for _, path := range []string{"/desk/comments/" + string(talk), "/desk/talks/" + string(id)} {
		if got := l.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s is answered %d", path, got.status)
		}
	}
}

func TestCommentsInEveryLocale(t *testing.T) {
	s := onASquare(t)
	m := s.hires("amina", "Amina", store.Administrator)
	a := s.signsIn("amina")
	id := s.comments("p1", "900_1", "they locked me in")
	s.fake.Fail(&channels.SendError{Problem: channels.Blocked})
	refused := s.comments("p2", "900_1", "protector?")
	s.works()
	for _, l := range content.Locales() {
		m.Locale = l
		if err := s.db.PutMember(context.Background(), m); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"/desk/comments", "/desk/comments?list=all", "/desk/comments/" + string(id), "/desk/comments/" + string(refused), "/desk/count", "/desk/talks/" + string(id)} {
			if got := a.get(p); got.status != http.StatusOK || strings.Contains(got.body, "<no value>") || strings.Contains(got.body, "ZgotmplZ") || strings.Contains(got.text(), "desk.") {
				t.Errorf("%s in %s: %d %s", p, l, got.status, got.text())
			}
		}
	}
}

// BenchmarkComments shows as many comments as a page has at most.
func BenchmarkComments(b *testing.B) {
	s := onASquare(b)
	s.hires("amina", "Amina", store.Counsellor)
	for i := range 300 {
		s.comments(fmt.Sprint("p", i), fmt.Sprint("900_", i%10), "how much is it all together?")
	}
	page := s.signsIn("amina")
	for b.Loop() {
		if a := page.part("/desk/comments/rows"); a.status != http.StatusOK {
			b.Fatal(a.status)
		}
	}
}
