// SPDX-License-Identifier: GPL-3.0-or-later

package console

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"sarai/content"
	"sarai/desk"
	"sarai/store"
)

// errLast protects an installation from locking everybody out.
var errLast = errors.New("console: the last administrator, or oneself")

type staffView struct {
	frame
	Members []memberView
	Centres []choice
	Roles   []choice
	Link    string // of a new or reset member, shown once
	LinkFor string
	Form    memberForm // what was typed for a new member, where it was refused
}

type memberForm struct{ Login, Name string }

type memberView struct {
	store.Member
	Self   bool
	SeenAt moment
	In     map[string]bool
	Names  []string // of the centres
}

func (c *Console) staffPage(v *visit) error {
	return c.showStaff(v, http.StatusOK, func(*staffView) {})
}

func (c *Console) showStaff(v *visit, status int, more func(*staffView)) error {
	ctx := v.r.Context()
	p := staffView{frame: v.frame("desk.staff.title"), Roles: []choice{
		{string(store.Counsellor), v.t("desk.role.counsellor")}, {string(store.Administrator), v.t("desk.role.administrator")},
	}}
	p.Here = "staff"
	open, err := c.open(ctx, v.me)
	if err != nil {
		return err
	}
	p.Waiting = counts(open, v.me.ID)
	for _, x := range c.Gateway.Catalogue().Centres() {
		p.Centres = append(p.Centres, choice{string(x.ID), v.centre(x.ID)})
	}
	members, err := c.Store.Members(ctx)
	if err != nil {
		return err
	}
	slices.SortStableFunc(members, func(a, b store.Member) int { // who has left, last
		switch {
		case a.Active == b.Active:
			return 0
		case a.Active:
			return -1
		default:
			return 1
		}
	})
	for _, m := range members {
		x := memberView{Member: m, Self: m.ID == v.me.ID, SeenAt: v.moment(m.Seen, v.zone("")), In: map[string]bool{}}
		for _, id := range m.Centres {
			x.In[string(id)] = true
			x.Names = append(x.Names, v.centre(id))
		}
		p.Members = append(p.Members, x)
	}
	more(&p)
	return v.show(status, "staff", p)
}

// refuseStaff shows the staff page with what is wrong with a form.
func (c *Console) refuseStaff(v *visit, err error) error {
	words, err := v.formProblem(err)
	if err != nil {
		return err
	}
	return c.showStaff(v, http.StatusUnprocessableEntity, func(p *staffView) {
		p.Problem = words
		p.Form = memberForm{Login: short(v.r.PostForm.Get("login"), 64), Name: short(v.r.PostForm.Get("name"), 80)}
	})
}

// asked gives the role and the centres that a form asks for, of those that exist.
func (c *Console) asked(v *visit) (store.Role, []content.CentreID) {
	role := store.Counsellor
	if v.r.PostForm.Get("role") == string(store.Administrator) {
		role = store.Administrator
	}
	var centres []content.CentreID
	for _, id := range v.r.PostForm["centre"] {
		if x, ok := c.Gateway.Catalogue().Centre(content.CentreID(id)); ok && !slices.Contains(centres, x.ID) {
			centres = append(centres, x.ID)
		}
	}
	return role, centres
}

func (c *Console) addMember(v *visit) error {
	ctx := v.r.Context()
	role, centres := c.asked(v)
	m, err := NewMember(v.r.PostForm.Get("login"), v.r.PostForm.Get("name"), role, c.Now())
	if err != nil {
		return c.refuseStaff(v, err)
	}
	m.Centres, m.Locale = centres, v.l
	a := store.Act{By: v.me.ID, What: store.DidAdd, On: string(m.ID), Why: string(role)}
	if err := c.writing(ctx, a, func() error { return c.Store.PutMember(ctx, m) }); err != nil {
		return c.refuseStaff(v, err)
	}
	return c.showLink(v, m)
}

func (c *Console) resetMember(v *visit) error {
	m, err := c.Store.Member(v.r.Context(), desk.StaffID(v.r.PathValue("member")))
	if err != nil {
		return err
	}
	a := store.Act{By: v.me.ID, What: store.DidReset, On: string(m.ID)}
	return c.writing(v.r.Context(), a, func() error { return c.showLink(v, m) })
}

// showLink makes a link for a member and shows it, this once: only its hash is kept.
func (c *Console) showLink(v *visit, m store.Member) error {
	c.staff.Lock()
	token, err := ResetLink(v.r.Context(), c.Store, m.ID, c.Now())
	c.staff.Unlock()
	if err != nil {
		return err
	}
	if m.ID == v.me.ID { // the own password has just ended, and this session with it
		v.redirect(PasswordPath + token)
		return nil
	}
	scheme := "http://"
	if c.Secure {
		scheme = "https://"
	}
	return c.showStaff(v, http.StatusOK, func(p *staffView) {
		p.Link, p.LinkFor = scheme+v.r.Host+PasswordPath+token, m.Name
	})
}

func (c *Console) editMember(v *visit) error {
	name, err := goodName(v.r.PostForm.Get("name"))
	if err != nil {
		return c.refuseStaff(v, err)
	}
	role, centres := c.asked(v)
	ctx := v.r.Context()
	_, err = c.changeStaff(ctx, desk.StaffID(v.r.PathValue("member")), func(m *store.Member) ([]store.Act, error) {
		if m.Role == store.Administrator && role != store.Administrator {
			if err := c.another(ctx, m.ID); err != nil {
				return nil, err
			}
		}
		acts := []store.Act{{By: v.me.ID, What: store.DidChange, On: string(m.ID)}}
		if m.Role != role {
			acts = append(acts, store.Act{By: v.me.ID, What: store.DidRole, On: string(m.ID), Why: string(role)})
		}
		m.Name, m.Role, m.Centres = name, role, centres
		return acts, nil
	})
	if err != nil {
		return c.refuseStaff(v, err)
	}
	v.redirect("/desk/staff?did=done")
	return nil
}

// changeStaff is change for what the audit must hold, which f gives: it is
// written down before the member is put.
func (c *Console) changeStaff(ctx context.Context, id desk.StaffID, f func(*store.Member) ([]store.Act, error)) (store.Member, error) {
	var acts []store.Act
	m, err := c.change(ctx, id, func(m *store.Member) error {
		wanted, err := f(m)
		if err != nil {
			return err
		}
		for i := range wanted {
			wanted[i].At = c.Now()
		}
		if err := c.Store.AppendActs(ctx, wanted...); err != nil {
			return err
		}
		acts = wanted
		return nil
	})
	if err != nil {
		for _, a := range acts {
			c.notDone(ctx, a)
		}
	}
	return m, err
}

// another says that there is an active administrator besides id.
func (c *Console) another(ctx context.Context, id desk.StaffID) error {
	members, err := c.Store.Members(ctx)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.ID != id && m.Active && m.Role == store.Administrator {
			return nil
		}
	}
	return errLast
}

// activateMember lets a member in or out. What somebody who has left still held
// goes back to the queue, at its old place.
func (c *Console) activateMember(v *visit) error {
	ctx, id := v.r.Context(), desk.StaffID(v.r.PathValue("member"))
	active := v.r.PostForm.Get("on") == "1"
	if id == v.me.ID && !active {
		return c.refuseStaff(v, errLast)
	}
	_, err := c.changeStaff(ctx, id, func(m *store.Member) ([]store.Act, error) {
		what := store.DidActivate
		m.Active = active
		if !active {
			m.OnDuty, what = false, store.DidDeactivate
		}
		return []store.Act{{By: v.me.ID, What: what, On: string(m.ID)}}, nil
	})
	if err != nil {
		return c.refuseStaff(v, err)
	}
	if !active {
		if err := c.releaseAll(ctx, id); err != nil {
			return err
		}
	}
	v.redirect("/desk/staff?did=done")
	return nil
}

func (c *Console) releaseAll(ctx context.Context, id desk.StaffID) error {
	rows, err := c.Store.OpenCases(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, r := range rows {
		if r.Case.Status != desk.Held || r.Case.Holder != id {
			continue
		}
		err := c.Gateway.Command(ctx, r.Thread, desk.Program, desk.Release{})
		if err != nil && !errors.Is(err, desk.ErrNotHeld) && !errors.Is(err, desk.ErrClosed) && !errors.Is(err, store.ErrNotFound) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
