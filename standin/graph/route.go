// SPDX-License-Identifier: GPL-3.0-or-later

package graph

import (
	"net/http"
	"strings"
)

// A handler answers a call; id is the object whose edge is called. The lock is held.
type handler func(c *call, id string) (any, *refusal)

// route finds what a call is about and answers it. The lock is held.
func (s *Server) route(c *call) (any, *refusal) {
	id, edge, _ := strings.Cut(strings.TrimPrefix(c.path, "/"), "/")
	page := same(c.token, s.o.PageToken)
	if id == "me" && page {
		id = s.o.PageID
	}
	var do handler
	switch {
	case id == "debug_token" && edge == "":
		do = on(c, handlers{"GET": s.debugToken})
	case (id == "app" || id == s.o.AppID) && edge == "":
		do = on(c, handlers{"GET": func(c *call, _ string) (any, *refusal) {
			return pick(obj{"id": s.o.AppID, "name": appName, "link": "https://www.facebook.com/games/?app_id=" + s.o.AppID}, c.args.text("fields"), "name", "link"), nil
		}})
	case page && id == s.o.PageID:
		do = s.pageEdge(c, edge)
	case page:
		do = s.ownedEdge(c, id, edge)
	default:
		do = s.whatsAppEdge(c, id, edge)
	}
	if do == nil {
		return nil, gone(c.method, id)
	}
	return do(c, id)
}

type handlers map[string]handler

func on(c *call, by handlers) handler {
	method := c.method
	if m := strings.ToUpper(c.args.text("method")); method == http.MethodPost && m == http.MethodDelete {
		method = m // as Graph takes it from those who cannot say DELETE
	}
	return by[method]
}

func (s *Server) pageEdge(c *call, edge string) handler {
	switch edge {
	case "":
		return on(c, handlers{"GET": s.getPage})
	case "permissions":
		return on(c, handlers{"GET": s.permissions})
	case "messages":
		return on(c, handlers{"POST": s.sendToPerson})
	case "message_attachments":
		return on(c, handlers{"POST": s.uploadAttachment})
	case "subscribed_apps":
		return on(c, handlers{"GET": s.pageApps, "POST": s.subscribePage, "DELETE": s.unsubscribePage})
	case "messenger_profile":
		return on(c, handlers{"GET": s.getProfile, "POST": s.setProfile, "DELETE": s.deleteProfile})
	case "conversations":
		return on(c, handlers{"GET": s.conversations})
	case "feed", "posts", "published_posts":
		return on(c, handlers{"GET": s.getFeed, "POST": s.publishThroughAPI})
	case "pass_thread_control", "take_thread_control", "release_thread_control":
		return on(c, handlers{"POST": s.control(edge)})
	}
	return nil
}

// ownedEdge is about what belongs to the Page.
func (s *Server) ownedEdge(c *call, id, edge string) handler {
	switch {
	case s.comments[id] != nil && !s.comments[id].gone:
		switch edge {
		case "":
			return on(c, handlers{"GET": s.getComment, "POST": s.hideComment, "DELETE": s.deleteComment})
		case "comments":
			return on(c, handlers{"GET": s.getReplies, "POST": s.replyPublicly})
		}
	case s.postOf(id) != nil:
		switch edge {
		case "":
			return on(c, handlers{"GET": s.getPost})
		case "comments":
			return on(c, handlers{"GET": s.getReplies, "POST": s.replyPublicly})
		}
	case strings.HasPrefix(id, "t_"):
		switch edge {
		case "":
			return on(c, handlers{"GET": s.getConversation})
		case "messages":
			return on(c, handlers{"GET": s.conversationMessages})
		}
	case strings.HasPrefix(id, "m_") && edge == "":
		return on(c, handlers{"GET": s.getMessage})
	case s.people[id] != nil && edge == "":
		return on(c, handlers{"GET": s.getPerson})
	}
	return nil
}

func (s *Server) whatsAppEdge(c *call, id, edge string) handler {
	switch id {
	case "me":
		switch edge {
		case "":
			return on(c, handlers{"GET": func(c *call, _ string) (any, *refusal) {
				return obj{"id": systemUser, "name": "Stand-in system user"}, nil
			}})
		case "permissions":
			return on(c, handlers{"GET": s.permissions})
		}
	case s.o.NumberID:
		switch edge {
		case "":
			return on(c, handlers{"GET": s.getNumber})
		case "messages":
			return on(c, handlers{"POST": s.sendToContact})
		case "media":
			return on(c, handlers{"POST": s.uploadMedia})
		}
	case s.o.AccountID:
		switch edge {
		case "":
			return on(c, handlers{"GET": s.getAccount})
		case "message_templates":
			return on(c, handlers{"GET": s.getTemplates})
		case "phone_numbers":
			return on(c, handlers{"GET": s.getNumbers})
		case "subscribed_apps":
			return on(c, handlers{"GET": s.accountApps, "POST": s.subscribeAccount, "DELETE": s.unsubscribeAccount})
		}
	default:
		if f := s.files.byID[id]; f != nil && f.cloud && edge == "" {
			return on(c, handlers{"GET": s.getMedia, "DELETE": s.deleteMedia})
		}
	}
	return nil
}
