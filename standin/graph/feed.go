// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import "time"

// A Remark is what somebody writes under a post.
type Remark struct {
	Text     string
	Tags     []string // names of people that are tagged; alone they are the text
	Photo    bool     // a picture, with or without text
	Nameless bool     // the event has no from, as where a permission is missing
}

// A Comment is one under a post.
type Comment struct {
	ID       string    `json:"id"`
	Post     string    `json:"post"`
	Parent   string    `json:"parent,omitempty"` // the comment that it answers, "" for one under the post
	From     string    `json:"from"`             // public id; the Page's own for its comments
	Name     string    `json:"name"`
	Text     string    `json:"text"`
	At       time.Time `json:"at"`
	Hidden   bool      `json:"hidden,omitempty"`
	Edited   bool      `json:"edited,omitempty"`
	Answered bool      `json:"answered,omitempty"` // privately, by whomever
}

// Publish makes a post of the Page and gives its id, PAGE_NUMBER. The feed tells the program of it.
func (s *Server) Publish(text string) string { return "" }

// Comment writes under a post or under a comment, whose id under is. It gives the
// comment's id, and "" where there is no such thing.
func (p *Person) Comment(under string, r Remark) string { return "" }

// Recomment changes one of the person's comments. It says whether it did.
func (p *Person) Recomment(id, text string) bool { return false }

// Uncomment removes one of the person's comments and all replies under it. It says whether it did.
func (p *Person) Uncomment(id string) bool { return false }

// PageComment is a colleague commenting as the Page, outside the program.
func (s *Server) PageComment(under, text string) string { return "" }

// Hide is a colleague hiding a comment, or showing it again.
func (s *Server) Hide(id string, hidden bool) bool { return false }

// Remove is a colleague removing a comment.
func (s *Server) Remove(id string) bool { return false }

// AnswerPrivately is a colleague answering a comment privately in the Page's inbox:
// the program's own private reply is then refused by 10900. It gives the mid.
func (s *Server) AnswerPrivately(comment, text string) string { return "" }

// Comments are those under a post, oldest first, hidden ones included, removed ones not.
func (s *Server) Comments(post string) []Comment { return nil }

// Posts are the ids of the Page's posts, oldest first.
func (s *Server) Posts() []string { return nil }
