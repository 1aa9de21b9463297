// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"sarai/content"
	"sarai/search"
)

type aboutCmd struct {
	Check  checkCmd  `cmd:"" help:"Name problems by file and line."`
	Status statusCmd `cmd:"" help:"A table of article by locale."`
	Stamp  stampCmd  `cmd:"" help:"Vouch that translations say what the English text says now."`
	Export exportCmd `cmd:"" help:"Write the articles into a folder, to edit them there."`
	Import importCmd `cmd:"" help:"Take changed articles from a folder, after checking them."`
}

type checkCmd struct {
	Numbers bool `help:"List the numbers of English texts that no source's facts hold, too."`
}

func (k checkCmd) Run(c *cli, w world) error {
	fsys, err := contentFS(c.Content)
	if err != nil {
		return err
	}
	if k.Numbers {
		notices, err := content.Numbers(fsys)
		if err != nil {
			return err
		}
		for _, p := range notices {
			fmt.Fprintf(w.out, "%s:%d: notice: %s\n", p.File, p.Line, p.Message)
		}
	}
	problems := content.Check(fsys, time.Now())
	severe := list(w, problems)
	if cat, err := content.Load(fsys); err == nil {
		for _, p := range search.CheckSignals(cat) {
			fmt.Fprintf(w.out, "signals: %s\n", p)
			severe++
		}
		if severe == 0 {
			fmt.Fprintf(w.out, "%d articles in %d languages, edition %s: nothing wrong, %d warnings\n", len(cat.Articles()), len(cat.Locales()), cat.Edition(), len(problems))
			return nil
		}
	}
	fmt.Fprintf(w.err, "sarai: the articles have problems (%d): the lines without \"warning\" name them\n", severe)
	return errFailed
}

// list prints problems by file and line, and counts the severe ones.
func list(w world, problems []content.Problem) (severe int) {
	for _, p := range problems {
		mark := "warning: "
		if p.Severe {
			mark = ""
			severe++
		}
		fmt.Fprintf(w.out, "%s:%d: %s%s\n", p.File, p.Line, mark, p.Message)
	}
	return severe
}

type statusCmd struct{}

func (statusCmd) Run(c *cli, w world) error {
	cat, err := loadContent(c.Content)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w.out, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "article")
	for _, l := range content.Locales() {
		fmt.Fprintf(t, "\t%s", l)
	}
	fmt.Fprintln(t)
	for _, row := range cat.Status(time.Now()) {
		fmt.Fprint(t, row.Article)
		for _, l := range content.Locales() {
			fmt.Fprintf(t, "\t%s", row.In[l])
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

type stampCmd struct {
	Articles []string `arg:"" optional:"" help:"Articles whose translations are stamped; none: all."`
}

func (s stampCmd) Run(c *cli, w world) error {
	if c.Content == "" {
		return usageError{errors.New("stamping changes files: name their folder with --content DIR")}
	}
	var ids []content.ArticleID
	for _, a := range s.Articles {
		ids = append(ids, content.ArticleID(a))
	}
	n, err := content.Stamp(c.Content, ids...)
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%d translations stamped\n", n)
	return nil
}

type exportCmd struct {
	Dir string `arg:"" type:"path" help:"An empty folder, or one to be made."`
}

func (e exportCmd) Run(c *cli, w world) error {
	cat, err := loadContent(c.Content)
	if err != nil {
		return err
	}
	if err := content.Export(cat, e.Dir); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%d articles written; after editing, look with 'sarai content check --content %s'\n", len(cat.Articles()), e.Dir)
	return nil
}

type importCmd struct {
	Dir string `arg:"" type:"path" help:"The folder that was edited."`
}

func (i importCmd) Run(c *cli, w world) error {
	if c.Content == "" {
		return usageError{errors.New("importing changes files: name the folder to change with --content DIR")}
	}
	from, err := contentFS(i.Dir)
	if err != nil {
		return err
	}
	n, problems, err := content.Import(from, c.Content, time.Now())
	severe := list(w, problems)
	if severe > 0 {
		return fmt.Errorf("nothing was taken over, the articles would have problems (%d): the lines without \"warning\" name them", severe)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%d files taken over\n", n)
	return nil
}
