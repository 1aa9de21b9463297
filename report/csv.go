// SPDX-License-Identifier: GPL-3.0-or-later

package report

import (
	"encoding/csv"
	"io"
	"strings"

	"sarai/store"
)

// CSV writes the report as comma-separated values with a head line. With
// dimensions of its own each has a column; else one column says which dimension a
// line is by, and one its value. Values are ids, the same in every language of
// the desk.
func (r Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	write := func(cells ...string) {
		for i := range cells {
			cells[i] = plain(cells[i])
		}
		_ = out.Write(cells) // out.Error says it
	}
	head := []string{"from", "to", "counted"}
	if len(r.By) == 0 {
		head = append(head, "by", "value")
	}
	for _, d := range r.By {
		head = append(head, string(d))
	}
	write(append(head, "number")...)
	for _, t := range r.Tables {
		line := func(n Number, values ...string) {
			write(append(append([]string{string(r.From), string(r.To), string(t.Name)}, values...), n.String())...)
		}
		for _, row := range t.Rows {
			values := make([]string, len(row.Values))
			for i, v := range row.Values {
				values[i] = Word(t.By[i], v)
			}
			if len(r.By) == 0 {
				line(row.N, strings.ReplaceAll(join(t.By), ", ", "/"), strings.Join(values, "/"))
			} else {
				line(row.N, values...)
			}
		}
		switch {
		case len(r.By) > 0:
			all := make([]string, len(r.By))
			for i := range all {
				all[i] = "all"
			}
			line(t.Total, all...)
		case len(t.By) == 0:
			line(t.Total, "", "all")
		}
	}
	out.Flush()
	return out.Error()
}

// Word is a value as a table of ids says it.
func Word(d store.Dimension, v string) string {
	if v != NotKnown {
		return v
	}
	switch d {
	case store.ByGender, store.ByAge:
		return "not asked"
	case store.BySection:
		return "short answer"
	}
	return "not known"
}

// plain keeps a value from being read as a formula by the program in which
// somebody opens the table.
func plain(v string) string {
	if v != "" && strings.ContainsRune("=+-@\t\r\n", rune(v[0])) {
		return "'" + v
	}
	return v
}
