// SPDX-License-Identifier: GPL-3.0-or-later

package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sarai/channels"
	"sarai/channels/channeltest"
	"sarai/desk"
	"sarai/gateway"
	"sarai/store"
)

// A wall is a platform with posts under which people write.
type wall struct {
	*channeltest.Fake
	mu     sync.Mutex
	public []string // what was said under comments: "c1: We have answered you"
	hidden []string
	fail   *channels.SendError
}

func (w *wall) Comment(_ context.Context, under, _, text string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return "", w.fail
	}
	w.public = append(w.public, under+": "+text)
	return fmt.Sprint("reply-", len(w.public)), nil
}

func (w *wall) Hide(_ context.Context, comment string, hide bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hidden = append(w.hidden, fmt.Sprint(comment, " ", hide))
	return nil
}

// newWall is a rig on a platform with posts, which carries so much in one message.
func newWall(t *testing.T, limit int) (*rig, *wall) {
	r := newRig(t)
	w := &wall{Fake: channeltest.NewFake("fake", channels.Limits{Text: limit, Window: 24 * time.Hour, Human: 7 * 24 * time.Hour})}
	r.fake = w.Fake
	r.g.Attach(w)
	return r, w
}

// comments is somebody writing under the post.
func (r *rig) comments(id, text string, more ...func(*channels.Inbound)) {
	r.t.Helper()
	in := r.message("comment:"+id, "add/"+id, text)
	in.Kind, in.Comment = channels.Comment, &channels.Commented{ID: id, Post: "post", Person: "someone"}
	for _, m := range more {
		m(&in)
	}
	r.must(r.g.Accept(context.Background(), in))
}

func (r *rig) commented(id string) store.Comment {
	r.t.Helper()
	c := r.thread("comment:" + id).Comment
	if c == nil {
		r.t.Fatal("the thread is no comment")
	}
	return *c
}

func TestAQuestionUnderAPostGetsOnePrivateReplyAndThenALineInPublic(t *testing.T) {
	r, w := newWall(t, 2000)
	r.fake.Learn(address("amira"))
	r.comments("c1", "how is a visa checked?")
	r.work()
	sent := r.fake.Sent()
	if len(sent) != 1 || sent[0].To != address("comment:c1") {
		t.Fatalf("%d private replies: %+v", len(sent), sent)
	}
	text := fmt.Sprint(sent[0].Blocks)
	if !strings.Contains(text, "under our post") || !strings.HasSuffix(sent[0].Blocks[len(sent[0].Blocks)-1].Text, "not see it.") || len(sent[0].Options) == 0 {
		t.Errorf("%s %v", text, sent[0].Options)
	}
	if len(w.public) != 1 || strings.Contains(w.public[0], "visa") {
		t.Errorf("in public: %q", w.public)
	}
	c := r.commented("c1")
	if c.State != store.CommentAnswered || c.Private.State != store.ReplyAccepted || c.Public.State != store.ReplyAccepted || c.Public.ID == "" {
		t.Errorf("%+v", c)
	}
	// The person answers where the reply came: the same talk goes on, with its choices.
	r.hear("amira", "m1", "1")
	if a, b := r.thread("amira").ID, r.thread("comment:c1").ID; a != b {
		t.Error("the talk does not go on")
	}
	r.work()
	if n := len(r.fake.Sent()); n != 2 || r.fake.Sent()[1].To != address("amira") {
		t.Errorf("%d messages", n)
	}
	// The program has nothing further for a comment itself.
	r.comments("c1", "how is a visa checked?")
	r.work()
	if n := len(r.fake.Tried()); n != 2 {
		t.Errorf("a second delivery sent %d", n-2)
	}
}

func TestNothingIsSaidInPublicBeforeThePrivateReplyWasTaken(t *testing.T) {
	r, w := newWall(t, 2000)
	r.fake.Fail(&channels.SendError{Problem: channels.Unavailable}, &channels.SendError{Problem: channels.Rejected})
	r.comments("c1", "how is a visa checked?")
	r.work()
	if len(w.public) != 0 {
		t.Fatalf("in public: %q", w.public)
	}
	r.wait(time.Minute)
	c := r.commented("c1")
	if len(w.public) != 0 || c.State != store.CommentTask || c.Private.State != store.ReplyRefused || c.Private.Why != "rejected" {
		t.Errorf("%q %+v", w.public, c)
	}
	rows, err := r.db.OpenComments(context.Background(), morning.Add(-time.Hour), 10)
	r.must(err)
	if len(rows) != 1 || rows[0].Text != "how is a visa checked?" {
		t.Errorf("the desk sees %+v", rows)
	}
}

func TestDangerInACommentIsAnUrgentCaseAndNothingInPublic(t *testing.T) {
	r, w := newWall(t, 2000)
	r.comments("c1", "danger, they locked us in")
	r.work()
	c, th := r.commented("c1"), r.thread("comment:c1")
	if !c.Urgent || c.State != store.CommentNew || th.Case == nil || th.Case.Rank != desk.Urgent {
		t.Fatalf("%+v %+v", c, th.Case)
	}
	sent := r.fake.Sent()
	if len(w.public) != 0 || len(sent) != 1 || len(sent[0].Options) != 0 {
		t.Fatalf("in public %q, in private %+v", w.public, sent)
	}
	text := fmt.Sprint(sent[0].Blocks)
	for _, want := range []string{"ever ask you for money", "Write here", "told the counsellors", "open"} {
		if !strings.Contains(text, want) {
			t.Errorf("the first help does not say %q: %s", want, text)
		}
	}
	// Who takes the case does not spend a message that there is not.
	r.must(r.g.Command(context.Background(), th.ID, "amina", desk.Take{}))
	r.wait(3 * time.Hour)
	if n := len(r.fake.Tried()); n != 1 {
		t.Errorf("%d messages were tried", n)
	}
	if err := r.g.Say(context.Background(), th.ID, "amina", "k", "are you there"); !errors.Is(err, gateway.ErrWindow) {
		t.Errorf("a second private reply: %v", err)
	}
	r.fake.Learn()
}

func TestTheFirstHelpFitsIntoOneMessage(t *testing.T) {
	for _, limit := range []int{200, 400, 640} {
		r, _ := newWall(t, limit)
		r.comments("c1", "danger, they locked us in")
		r.work()
		sent := r.fake.Sent()
		if len(sent) != 1 || channeltest.Beyond(channels.Limits{Text: limit}, sent[0]) != "" {
			t.Fatalf("%d: %d messages", limit, len(sent))
		}
		if last := sent[0].Blocks[len(sent[0].Blocks)-1].Text; !strings.HasPrefix(last, "Write here") {
			t.Errorf("%d: ends with %q", limit, last)
		}
	}
}

func TestWhatIsNoQuestionStartsNothing(t *testing.T) {
	r, w := newWall(t, 2000)
	r.comments("thanks", "thank you")
	r.comments("tags", "Sana Bilal", func(in *channels.Inbound) { in.Comment.Tags = true })
	r.comments("advert", "visa for all, see https://example.org/jobs")
	r.comments("sticker", "")
	r.comments("between", "no visa brother", func(in *channels.Inbound) { in.Comment.Parent = "c0" })
	r.comments("perhaps", "my cousin went there last year and never came back")
	r.comments("unknown", "and the thing?")
	r.work()
	want := map[string]store.CommentState{
		"thanks": store.CommentAside, "tags": store.CommentAside, "advert": store.CommentAside, "sticker": store.CommentAside,
		"between": store.CommentAside, "perhaps": store.CommentNew, "unknown": store.CommentNew,
	}
	for id, state := range want {
		if got := r.commented(id).State; got != state {
			t.Errorf("%s is %s, want %s", id, got, state)
		}
	}
	sent := r.fake.Sent()
	if len(sent) != 1 || sent[0].To != address("comment:unknown") || len(w.public) != 1 {
		t.Errorf("%d private, %q in public", len(sent), w.public)
	}
}

func TestWhatHappensToACommentLaterStartsNothingButForDanger(t *testing.T) {
	r, w := newWall(t, 2000)
	r.comments("c1", "thank you")
	later := func(kind channels.Kind, id, text string) {
		in := r.message("comment:c1", id, text)
		in.Kind, in.Of = kind, "c1"
		if kind == channels.Edited {
			in.Comment = &channels.Commented{ID: "c1", Post: "post"}
		}
		r.must(r.g.Accept(context.Background(), in))
		r.work()
	}
	later(channels.Edited, "e1", "how is a visa checked?")
	if c := r.commented("c1"); !c.Edited || c.State != store.CommentAside {
		t.Errorf("an edit: %+v", c)
	}
	later(channels.Hidden, "h1", "")
	if c := r.commented("c1"); !c.Hidden {
		t.Errorf("hidden: %+v", c)
	}
	later(channels.Hidden, "h2", "shown")
	if c := r.commented("c1"); c.Hidden {
		t.Errorf("shown: %+v", c)
	}
	if len(r.fake.Tried())+len(w.public) != 0 || r.thread("comment:c1").Case != nil {
		t.Fatalf("something was started: %q", told(r.entries("comment:c1")))
	}
	later(channels.Edited, "e2", "danger, they locked us in")
	th := r.thread("comment:c1")
	if len(r.fake.Tried())+len(w.public) != 0 || th.Case == nil || th.Case.Rank != desk.Urgent || !th.Comment.Urgent {
		t.Errorf("danger in an edit: %d messages, %+v", len(r.fake.Tried()), th.Case)
	}
	later(channels.Deleted, "d1", "")
	if c := r.commented("c1"); !c.Removed || c.State != store.CommentAside {
		t.Errorf("removed: %+v", c)
	}
	unknown := r.message("comment:c9", "x", "")
	unknown.Kind, unknown.Of = channels.Deleted, "c9"
	r.must(r.g.Accept(context.Background(), unknown))
	if r.thread("comment:c9").Version != 0 {
		t.Error("a comment that was never seen was kept when it went")
	}
}

func TestACounsellorAnswersAComment(t *testing.T) {
	r, w := newWall(t, 2000)
	ctx := context.Background()
	r.comments("c1", "my cousin went there last year and never came back")
	id := r.thread("comment:c1").ID
	r.must(r.g.AnswerComment(ctx, id, "amina", "k1", "We are sorry to read this.", true))
	r.must(r.g.AnswerComment(ctx, id, "amina", "k1", "We are sorry to read this.", true)) // the browser sends it again
	r.work()
	if len(w.public) != 1 || r.commented("c1").Public.State != store.ReplyAccepted || r.commented("c1").State != store.CommentAnswered {
		t.Fatalf("%q %+v", w.public, r.commented("c1"))
	}
	r.fake.Learn(address("amira"))
	r.must(r.g.AnswerComment(ctx, id, "amina", "k2", "Tell me here what happened.", false))
	r.must(r.g.AnswerComment(ctx, id, "amina", "k2", "Tell me here what happened.", false))
	r.work()
	th := r.thread("comment:c1")
	if len(r.fake.Sent()) != 1 || r.fake.Sent()[0].Author != channels.Staff || th.Case == nil || th.Case.Holder != "amina" || th.Case.Reason != desk.Commented {
		t.Fatalf("%+v %+v", r.fake.Sent(), th.Case)
	}
	if err := r.g.AnswerComment(ctx, id, "amina", "k3", "And another thing.", false); !errors.Is(err, gateway.ErrReplied) {
		t.Errorf("a second private reply: %v", err)
	}
	r.hear("amira", "m1", "he is in Libya")
	r.work()
	if n := len(r.fake.Sent()); n != 1 { // the counsellor holds the case
		t.Errorf("the program broke in: %d messages", n)
	}
	r.must(r.g.Say(ctx, id, "amina", "k4", "Thank you."))
	r.work()
	if sent := r.fake.Sent(); len(sent) != 2 || sent[1].To != address("amira") {
		t.Errorf("%+v", sent)
	}
	if err := r.g.AnswerComment(ctx, id, "amina", "k5", " ", true); !errors.Is(err, gateway.ErrEmpty) {
		t.Errorf("nothing was written: %v", err)
	}
	r.hear("omar", "o1", "hello")
	if err := r.g.AnswerComment(ctx, r.thread("omar").ID, "amina", "k6", "x", true); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a talk is no comment: %v", err)
	}
}

func TestAfterSevenDaysThereIsNoPrivateReply(t *testing.T) {
	r, _ := newWall(t, 2000)
	r.comments("c1", "my cousin went there last year and never came back")
	r.pass(7 * 24 * time.Hour)
	if err := r.g.AnswerComment(context.Background(), r.thread("comment:c1").ID, "amina", "k", "Hello", false); !errors.Is(err, gateway.ErrLate) {
		t.Errorf("%v", err)
	}
	old := func(in *channels.Inbound) { in.At = r.clock().Add(-8 * 24 * time.Hour) }
	r.comments("c2", "how is a visa checked?", old)
	r.work()
	if n := len(r.fake.Tried()); n != 0 {
		t.Errorf("%d private replies to a comment of last week", n)
	}
	if w := r.g.Window(r.thread("comment:c1")); w.Open {
		t.Errorf("the desk shows %+v", w)
	}
}

func TestACommentIsHiddenShownAndSkipped(t *testing.T) {
	r, w := newWall(t, 2000)
	ctx := context.Background()
	r.comments("c1", "call me at once on this number please now")
	id := r.thread("comment:c1").ID
	r.must(r.g.HideComment(ctx, id, "amina", true))
	r.must(r.g.HideComment(ctx, id, "bilal", true))
	r.work()
	r.must(r.g.HideComment(ctx, id, "amina", false))
	r.work()
	if !slices.Equal(w.hidden, []string{"c1 true", "c1 false"}) {
		t.Errorf("%q", w.hidden)
	}
	r.must(r.g.SkipComment(ctx, id, "amina"))
	if c := r.commented("c1"); c.State != store.CommentSkipped || c.Hidden {
		t.Errorf("%+v", c)
	}
	if got := told(r.entries("comment:c1")); !slices.Equal(got, []string{"person call me at once on this number please now", "event comment-hidden", "event comment-shown", "event comment-skipped"}) {
		t.Errorf("%q", got)
	}
}

// After a campaign many comments come at once: signals go first.
func TestDangerGoesBeforeTwoThousandQuestions(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of turns")
	}
	r, _ := newWall(t, 2000)
	for n := range 2000 {
		r.comments(fmt.Sprint("c", n), "how is a visa checked?")
	}
	r.comments("help", "danger, they locked us in")
	leased, err := r.db.Lease(context.Background(), r.clock(), r.clock().Add(time.Minute), 1)
	r.must(err)
	if len(leased) != 1 || leased[0].Thread != r.thread("comment:help").ID {
		t.Error("somebody in danger waits behind questions")
	}
}
