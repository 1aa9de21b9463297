// SPDX-License-Identifier: GPL-3.0-or-later

package graph_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sarai/standin/graph"
)

func TestWhatHappensUnderPosts(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif, bina := p.Person("5678", "Asif Example"), p.Person("5679", "Bina Example")
	if asif.Public() == asif.ID() || asif.Public() == bina.Public() {
		t.Fatal("the id in comments is another one")
	}
	post := p.Publish("Ask us")
	p.like(p.told()[0], `{"id":"`+graph.PageID+`","time":1793610000,"changes":[{"field":"feed","value":{"item":"status","verb":"add","post_id":"`+post+`","from":{"id":"`+graph.PageID+`"}}}]}`)
	_, number, _ := strings.Cut(post, "_")

	id := asif.Comment(post, graph.Remark{Text: "How do I extend my visa?"})
	if !strings.HasPrefix(id, number+"_") {
		t.Errorf("a comment's id is %q under %q", id, post)
	}
	same := fmt.Sprintf(`"from":{"id":"%s","name":"Asif Example"},"post_id":"%s","comment_id":"%s","created_time":1793610000,"item":"comment","parent_id":"%s"`, asif.Public(), post, id, post)
	p.like(p.event(), `{`+same+`,"verb":"add","message":"How do I extend my visa?","post":{"id":"`+post+`","status_type":"mobile_status_update","is_published":true,"promotion_status":"inactive","updated_time":"2026-11-02T09:00:00+0000","permalink_url":"https://www.facebook.com/`+graph.PageID+`/posts/`+number+`"}}`)
	p.clock.pass(time.Minute)
	if !asif.Recomment(id, "How do I extend my student visa?") || bina.Recomment(id, "x") {
		t.Error("changing a comment")
	}
	p.like(p.event(), `{`+same+`,"verb":"edited","message":"How do I extend my student visa?","post":null}`)

	reply := bina.Comment(id, graph.Remark{Text: "Me too"})
	p.like(p.event(), `{"from":{"name":"Bina Example"},"comment_id":"`+reply+`","parent_id":"`+id+`","post_id":"`+post+`","verb":"add"}`)
	under := asif.Comment(reply, graph.Remark{Text: "Thanks"})
	p.like(p.event(), `{"comment_id":"`+under+`","parent_id":"`+reply+`","post_id":"`+post+`","verb":"add"}`)

	asif.Comment(post, graph.Remark{Tags: []string{"Bina Example", "Chand Example"}})
	p.like(p.event(), `{"verb":"add","message":"Bina Example Chand Example"}`)
	asif.Comment(post, graph.Remark{Photo: true, Nameless: true})
	p.like(p.event(), `{"verb":"add","message":null,"from":null,"photo":"*"}`)

	own := p.PageComment(id, "We sent you a message")
	p.like(p.event(), `{"from":{"id":"`+graph.PageID+`","name":"`+graph.PageName+`"},"comment_id":"`+own+`","parent_id":"`+id+`","verb":"add","message":"We sent you a message"}`)
	p.Hide(id, true)
	p.like(p.event(), `{`+same+`,"verb":"hide","message":null}`)
	p.Hide(id, true) // it is
	p.Hide(id, false)
	p.like(p.event(), `{`+same+`,"verb":"unhide"}`)
	if c := p.Comments(post); len(c) != 6 || c[0].ID != id || !c[0].Edited || c[2].Parent != reply || c[5].From != graph.PageID {
		t.Errorf("under the post: %+v", c)
	}
	if !asif.Uncomment(id) || asif.Uncomment(id) || p.Remove(id) || p.Hide(id, true) || p.Remove("1_1") {
		t.Error("removing")
	}
	p.like(p.event(), `{`+same+`,"verb":"remove","message":null}`)
	if c := p.Comments(post); len(c) != 2 {
		t.Errorf("with the comment its replies go: %+v", c)
	}
	if asif.Comment(id, graph.Remark{Text: "x"}) != "" || asif.Comment("nowhere", graph.Remark{Text: "x"}) != "" || p.PageComment("nowhere", "x") != "" {
		t.Error("comments under nothing")
	}
	if posts := p.Posts(); len(posts) != 1 || posts[0] != post || p.Comments("nowhere") != nil {
		t.Errorf("posts %v", posts)
	}
}

func TestPrivateReplies(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "")
	post := p.Publish("Ask us")
	private := func(comment string) answer {
		return p.page("POST", "/"+graph.PageID+"/messages", args{"recipient": args{"comment_id": comment}, "message": args{
			"text": "You can ask me here.", "metadata": "out:1", "quick_replies": []args{{"content_type": "text", "title": "Start", "payload": "from_comment:" + comment}}}})
	}
	one := asif.Comment(post, graph.Remark{Text: "one"})
	p.told()
	a := private(one).taken(t)
	if a["recipient_id"] != "5678" || a["message_id"] == "" {
		t.Errorf("answered %v", a)
	}
	if m := asif.Last(); m.Private != one || m.Text != "You can ask me here." {
		t.Errorf("on the screen: %+v", m)
	}
	p.like(p.told()[0], `{"messaging":[{"recipient":{"id":"5678"},"message":{"is_echo":true,"metadata":"out:1"}}]}`)
	private(one).refused(t, "10900", "")
	p.say("5678", "more").refused(t, "10", "2018278") // a comment does not open the window
	if asif.Tap("from_comment:"+one) == "" {
		t.Fatal("no quick reply")
	}
	p.say("5678", "more").taken(t) // their answer does

	two := asif.Comment(post, graph.Remark{Text: "two"})
	if p.AnswerPrivately(two, "from the inbox") == "" || p.AnswerPrivately(two, "again") != "" {
		t.Error("a colleague answers privately once")
	}
	private(two).refused(t, "10900", "")

	three := asif.Comment(post, graph.Remark{Text: "three"})
	p.clock.pass(7 * 24 * time.Hour)
	four := asif.Comment(post, graph.Remark{Text: "four"})
	p.clock.pass(time.Second)
	private(three).refused(t, "10903", "")
	asif.Block()
	private(four).refused(t, "551", "1545041")
	asif.Unblock()
	asif.Uncomment(four)
	private(four).refused(t, "100", "33")
	private("17_901").refused(t, "100", "33")
	private(p.PageComment(post, "ours")).refused(t, "10903", "")
}

func TestCommentsThroughTheAPI(t *testing.T) {
	t.Parallel()
	p := serve(t)
	asif := p.Person("5678", "Asif Example")
	post := p.Publish("Ask us")
	id := asif.Comment(post, graph.Remark{Text: "How?"})
	p.told()
	get := func(path string) args { t.Helper(); return p.page("GET", path, nil).taken(t) }
	p.like(get("/"+id), `{"id":"`+id+`","message":"How?","created_time":"2026-11-02T09:00:00+0000","from":{"id":"`+asif.Public()+`","name":"Asif Example"},"is_hidden":null}`)
	p.like(get("/"+id+"?fields=can_reply_privately,is_hidden,parent,permalink_url"), `{"id":"`+id+`","can_reply_privately":true,"is_hidden":false,"parent":null,"permalink_url":"*","message":null}`)

	a := p.page("POST", "/"+id+"/comments", args{"message": "See your messages"}).taken(t)
	own := a["id"].(string)
	p.like(p.event(), `{"from":{"id":"`+graph.PageID+`"},"comment_id":"`+own+`","parent_id":"`+id+`","message":"See your messages"}`)
	p.like(get("/"+own+"?fields=parent,can_hide,can_reply_privately"), `{"id":"`+own+`","parent":{"id":"`+id+`"},"can_hide":false,"can_reply_privately":false}`)
	p.page("POST", "/"+id+"/comments", args{"message": " "}).refused(t, "100", "1366046")
	p.page("POST", "/"+id+"/comments", args{"message": strings.Repeat("x", 8001)}).refused(t, "100", "")
	p.page("POST", "/"+id+"/comments", args{"message": strings.Repeat("x", 8000)}).taken(t)
	p.told()

	p.page("POST", "/"+id, args{"is_hidden": true}).taken(t)
	p.like(p.event(), `{"comment_id":"`+id+`","verb":"hide"}`)
	p.page("POST", "/"+id, args{"is_hidden": "false"}).taken(t)
	p.like(p.event(), `{"comment_id":"`+id+`","verb":"unhide"}`)
	p.page("POST", "/"+id, args{"is_hidden": "perhaps"}).refused(t, "100", "")
	p.page("POST", "/"+id, args{"message": "not mine"}).refused(t, "200", "")
	p.page("POST", "/"+own, args{"is_hidden": true}).refused(t, "100", "")
	p.page("POST", "/"+own, args{"message": "Look into your messages"}).taken(t)
	p.like(p.event(), `{"comment_id":"`+own+`","verb":"edited","message":"Look into your messages"}`)

	p.clock.pass(time.Hour)
	late := asif.Comment(post, graph.Remark{Text: "Late"})
	ids := func(path string) string {
		t.Helper()
		out := ""
		for _, c := range get(path)["data"].([]any) {
			out += " " + c.(args)["id"].(string)
		}
		return out
	}
	if got := ids("/" + post + "/comments"); got != " "+id+" "+late {
		t.Errorf("right under the post: %s", got)
	}
	if got := ids("/" + post + "/comments?filter=stream&order=reverse_chronological&limit=2"); !strings.HasPrefix(got, " "+late+" ") {
		t.Errorf("the newest of all: %s", got)
	}
	if got := ids(fmt.Sprintf("/%s/comments?since=%d", post, p.clock.Now().Unix())); got != " "+late {
		t.Errorf("since now: %s", got)
	}
	if got := ids("/" + id + "/comments"); !strings.HasPrefix(got, " "+own+" ") {
		t.Errorf("under the comment: %s", got)
	}
	p.like(get("/me/feed?fields=id,message,comments{id,message}"), `{"data":[{"id":"`+post+`","message":"Ask us","comments":{"data":[{"id":"`+id+`","message":"How?"},{"id":"`+late+`","created_time":null}]}}]}`)
	p.like(get("/"+post), `{"id":"`+post+`","message":"Ask us"}`)
	p.told()
	b := p.page("POST", "/"+graph.PageID+"/feed", args{"message": "Another"}).taken(t)
	if posts := p.Posts(); len(posts) != 2 || posts[1] != b["id"] {
		t.Errorf("posts %v", posts)
	}
	p.page("POST", "/me/feed", args{}).refused(t, "100", "")

	p.page("DELETE", "/"+late, nil).taken(t)
	p.like(p.told()[1], `{"changes":[{"value":{"comment_id":"`+late+`","verb":"remove"}}]}`)
	for _, method := range []string{"GET", "POST", "DELETE"} {
		e := p.page(method, "/"+late, args{"is_hidden": true}).refused(t, "100", "33")
		if text, _ := e["message"].(string); !strings.Contains(text, "Object with ID '"+late+"' does not exist") {
			t.Errorf("%s: %s", method, text)
		}
	}
	p.page("POST", "/"+late+"/comments", args{"message": "x"}).refused(t, "100", "33")
}

func TestTheSameWordsUnderEveryCommentAreSpam(t *testing.T) {
	t.Parallel()
	p := serve(t, func(o *graph.Options) { o.Paced = true })
	post := p.Publish("Ask us")
	for range 3 {
		p.page("POST", "/"+post+"/comments", args{"message": "See your messages"}).taken(t)
	}
	p.page("POST", "/"+post+"/comments", args{"message": "See your messages"}).refused(t, "368", "1390008")
	p.page("POST", "/"+post+"/comments", args{"message": "Other words"}).taken(t)
	p.clock.pass(2 * time.Hour)
	p.page("POST", "/"+post+"/comments", args{"message": "See your messages"}).taken(t)
}
