// SPDX-License-Identifier: GPL-3.0-or-later

package gateway

import (
	"sarai/channels"
	"sarai/dialog"
	"sarai/register"
)

// SetRegisters has later turns look firms up in other registers; nil: in none. A
// turn uses one shelf from its begin to its end.
func (g *Gateway) SetRegisters(s *register.Shelf) { g.shelf.Store(s) }

// registers gives dialog what the registers hold of what was said. What was said
// otherwise than in words is looked up nowhere; that a register is there is told
// always, so that looking up can be offered.
func (p *plan) registers(heard dialog.Heard) []dialog.Register {
	var out []dialog.Register
	for _, r := range p.shelf.Registers() {
		d := dialog.Register{Country: r.Country}
		for _, s := range r.Sources {
			d.Lists = append(d.Lists, list(s))
		}
		if heard.Form == dialog.Words {
			d.Named = register.Names(heard.Text)
			hits, more := r.Find(heard.Text, dialog.AsksForFirm(p.state, heard.Reading))
			d.More = more
			for _, h := range hits {
				d.Firms = append(d.Firms, dialog.Firm{
					Name: h.Entry.Name, Licence: h.Entry.Licence, Status: dialog.LicenceStatus(h.Entry.Status),
					Until: h.Entry.Until, City: h.Entry.City, Phone: h.Entry.Phone, List: list(h.Source),
					Sure: h.Sure >= register.Surely, Number: h.By == register.ByNumber,
				})
			}
		}
		out = append(out, d)
	}
	return out
}

func list(s register.Source) dialog.List { return dialog.List{Name: s.Name, URL: s.URL, AsOf: s.AsOf} }

// firm shows an entry of a register, each line as the register's word.
func (r *renderer) firm(p dialog.Part) {
	f := p.Firm
	day := f.List.AsOf.Format("02.01.2006")
	args := map[string]any{"Name": r.apart(f.Name), "Date": day, "Status": r.phrase("register-"+string(f.Status), nil)}
	if p.Piece == dialog.Head {
		r.block(channels.Paragraph, r.phrase("register-careful", args), "")
		return
	}
	r.block(channels.Heading, f.Name, "")
	r.block(channels.Item, r.phrase("register-status", args), "")
	r.block(channels.Item, r.phrase("register-number", map[string]any{"Number": r.apart(f.Licence)}), "")
	if !f.Until.IsZero() {
		id := "register-until"
		if p.Past {
			id = "register-past"
		}
		r.block(channels.Item, r.phrase(id, map[string]any{"Date": f.Until.Format("02.01.2006")}), "")
	}
	if f.City != "" {
		r.block(channels.Item, r.phrase("register-city", map[string]any{"City": r.apart(f.City)}), "")
	}
	if f.Phone != "" {
		r.block(channels.Item, r.phrase("register-phone", map[string]any{"Phone": r.apart(f.Phone)}), "")
	}
}

// list names where entries of a register are from.
func (r *renderer) list(l dialog.List) {
	r.block(channels.Quiet, r.phrase("register-source", map[string]any{"Source": r.apart(l.Name), "Date": l.AsOf.Format("02.01.2006")}), l.URL)
}

// apart keeps a name or number from another script in its own direction within a
// line that runs from right to left (Unicode Standard Annex 9, FSI and PDI).
func (r *renderer) apart(s string) string {
	if s == "" || !r.l.RTL() {
		return s
	}
	return "\u2068" + s + "\u2069"
}
