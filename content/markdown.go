// SPDX-License-Identifier: GPL-3.0-or-later

package content

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// A body is an article's Markdown as blocks, with what is wrong with it.
type body struct {
	short    []Block
	sections []Section
	headings []heading // one for each section
	first    int       // line of the first words
	faults   []fault
}

type heading struct {
	id   string // as written, "" where there is none
	line int
}

// A fault is Markdown that an article may not hold, or does not need.
type fault struct {
	line    int
	message string
	severe  bool
}

// readBody reads Markdown into plain blocks. It takes any text: what an
// article may not hold becomes a paragraph where it has words, and is dropped
// where it is HTML. offset is added to all lines.
func readBody(src []byte, offset int) body {
	p := parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
		parser.WithAttribute(),
	)
	r := &bodyReader{src: src, offset: offset, line: offset + 1}
	words := len(src) - len(bytes.TrimLeft(src, " \t\n"))
	if words == len(src) {
		words = 0
	}
	r.first = r.lineAt(words)
	r.blocks(p.Parse(text.NewReader(src)))
	return r.body
}

type bodyReader struct {
	body
	src    []byte
	offset int
	line   int // of the block being read
	seen   int // bytes whose lines are counted
	count  int // lines in them
}

// lineAt is the line of a byte. Blocks come mostly in order, so that counting
// goes on from the last place.
func (r *bodyReader) lineAt(at int) int {
	if at < r.seen {
		r.seen, r.count = 0, 0
	}
	r.count += bytes.Count(r.src[r.seen:at], []byte("\n"))
	r.seen = at
	return r.offset + r.count + 1
}

func (r *bodyReader) faulty(line int, severe bool, format string, args ...any) {
	r.faults = append(r.faults, fault{line, fmt.Sprintf(format, args...), severe})
}

// add puts a block into the section that is being read.
func (r *bodyReader) add(kind BlockKind, words string) {
	if words = clean(words); words == "" {
		return
	}
	into := &r.short
	if n := len(r.sections); n > 0 {
		into = &r.sections[n-1].Blocks
	}
	*into = append(*into, Block{kind, words})
}

func (r *bodyReader) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		r.block(n)
	}
}

func (r *bodyReader) block(n ast.Node) {
	if n.Lines().Len() > 0 {
		r.line = r.lineAt(n.Lines().At(0).Start)
	}
	switch n := n.(type) {
	case *ast.Heading:
		r.heading(n)
	case *ast.Paragraph, *ast.TextBlock:
		r.add(Paragraph, r.words(n))
	case *ast.List:
		r.list(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		r.faulty(r.line, true, "an indented or fenced block is not allowed: write a paragraph")
		r.add(Paragraph, string(n.Lines().Value(r.src)))
	case *ast.HTMLBlock:
		r.faulty(r.line, true, "HTML is not allowed, and is not shown")
	case *ast.ThematicBreak:
		r.faulty(r.line, false, "a line across is not shown")
	case *ast.LinkReferenceDefinition: // its links carry the address
	default:
		// A container has no lines of its own: its first words do.
		before := len(r.faults)
		r.faulty(r.line, true, "only paragraphs, lists and headings are allowed")
		if first := n.FirstChild(); first != nil && first.Lines().Len() > 0 {
			r.faults[before].line = r.lineAt(first.Lines().At(0).Start)
		}
		r.blocks(n)
	}
}

func (r *bodyReader) heading(n *ast.Heading) {
	title := clean(r.words(n))
	if n.Level != 2 {
		r.faulty(r.line, true, "a heading is written with ##, not deeper and not higher")
		r.add(Paragraph, title)
		return
	}
	id := ""
	if v, ok := n.AttributeString("id"); ok {
		if b, ok := v.([]byte); ok {
			id = string(b)
		}
	}
	switch {
	case id == "":
		r.faulty(r.line, true, "the heading has no id: write {#documents} after it")
	case !validID(id):
		r.faulty(r.line, true, "the heading id %q may hold only a-z, 0-9 and hyphens", clean(id))
	}
	r.headings = append(r.headings, heading{id, r.line})
	if id = clean(id); id == "" {
		id = fmt.Sprintf("part-%d", len(r.headings)) // so that a choice of it still has a key
	}
	r.sections = append(r.sections, Section{ID: id, Title: title})
}

// validID says whether an id is of a form that can be a part of a choice's key.
func validID(id string) bool {
	return id != "" && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (r *bodyReader) list(list *ast.List) {
	number := list.Start
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		var parts []string
		var inner []ast.Node
		for n := item.FirstChild(); n != nil; n = n.NextSibling() {
			switch n.(type) {
			case *ast.Paragraph, *ast.TextBlock:
				if n.Lines().Len() > 0 {
					r.line = r.lineAt(n.Lines().At(0).Start)
				}
				parts = append(parts, r.words(n))
			default:
				inner = append(inner, n)
			}
		}
		words := strings.Join(parts, " ")
		if list.IsOrdered() {
			// The number is a part of the words: "see step 2" must stay true.
			words = fmt.Sprintf("%d. %s", number, words)
			number++
		}
		r.add(Item, words)
		for _, n := range inner {
			r.faulty(r.line, false, "what stands inside a list item is shown after it")
			r.block(n)
		}
	}
}

// words flattens the inline nodes of a block into plain text. A link becomes
// "words (address)".
func (r *bodyReader) words(block ast.Node) string {
	var b strings.Builder
	r.inline(&b, block)
	return b.String()
}

func (r *bodyReader) inline(b *strings.Builder, parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.WriteString(unescape(n.Value(r.src)))
			switch {
			case n.HardLineBreak():
				b.WriteByte('\n')
			case n.SoftLineBreak():
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.CodeSpan:
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if c, ok := c.(*ast.Text); ok {
					b.Write(c.Value(r.src))
				}
			}
		case *ast.AutoLink:
			r.link(b, n, "", string(n.URL(r.src)))
		case *ast.Link:
			var words strings.Builder
			r.inline(&words, n)
			r.link(b, n, words.String(), unescape(n.Destination))
		case *ast.Image:
			r.faulty(r.inlineLine(n), true, "a picture is not allowed: its words are shown instead")
			r.inline(b, n)
		case *ast.RawHTML:
			r.faulty(r.inlineLine(n), true, "HTML is not allowed, and is not shown")
		default:
			r.inline(b, n)
		}
	}
}

// link writes a link. Only an address of the web is passed on; of any other,
// the words alone.
func (r *bodyReader) link(b *strings.Builder, n ast.Node, words, address string) {
	if !https(address) {
		r.faulty(r.inlineLine(n), true, "the link %q is no https address", clean(address))
	}
	words, address = strings.TrimSpace(words), clean(address)
	switch u, err := url.Parse(address); {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		if words == "" {
			words = address
		}
		b.WriteString(words)
	case words == "" || words == address:
		b.WriteString(address)
	default:
		fmt.Fprintf(b, "%s (%s)", words, address)
	}
}

// https says whether an address is a whole address of the secure web.
func https(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && strings.Contains(u.Hostname(), ".") && u.User == nil &&
		!strings.ContainsFunc(address, unicode.IsSpace)
}

// inlineLine is the line on which an inline node begins, or its block's.
func (r *bodyReader) inlineLine(n ast.Node) int {
	switch n := n.(type) {
	case *ast.Text:
		return r.lineAt(n.Segment.Start)
	case *ast.RawHTML:
		if n.Segments.Len() > 0 {
			return r.lineAt(n.Segments.At(0).Start)
		}
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		return r.inlineLine(c)
	}
	if before, ok := n.PreviousSibling().(*ast.Text); ok {
		line := r.lineAt(before.Segment.Stop)
		if before.SoftLineBreak() || before.HardLineBreak() {
			line++
		}
		return line
	}
	return r.line
}

// unescape resolves backslashes and entities in one pass, so that an escaped
// entity stays what the editor wrote.
func unescape(src []byte) string {
	if bytes.IndexByte(src, '\\') < 0 && bytes.IndexByte(src, '&') < 0 {
		return string(src)
	}
	var b strings.Builder
	for i := 0; i < len(src); i++ {
		switch {
		case src[i] == '\\' && i+1 < len(src) && util.IsPunct(src[i+1]):
			i++
			b.WriteByte(src[i])
		case src[i] == '&':
			// The longest entity has 33 bytes.
			n := bytes.IndexByte(src[i:min(i+40, len(src))], ';')
			if n < 0 {
				b.WriteByte('&')
				continue
			}
			entity := src[i : i+n+1]
			b.Write(util.ResolveEntityNames(util.ResolveNumericReferences(entity)))
			i += n
		default:
			b.WriteByte(src[i])
		}
	}
	return b.String()
}

// clean makes words fit for any screen: no control characters, nothing that
// turns the direction of foreign text around, no needless space. A line break
// stays.
func clean(s string) string {
	if spotless(s) {
		return s
	}
	return slowClean(s)
}

func slowClean(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\r':
			return ' '
		case forbidden(r):
			return -1
		}
		return r
	}, s)
	lines := strings.Split(s, "\n")
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.Join(strings.FieldsFunc(line, plainSpace), " "); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// spotless says whether clean would change nothing, as with nearly all texts.
func spotless(s string) bool {
	before := ' '
	for i, r := range s {
		switch {
		case r == ' ' && before == ' ', r == '\n', r == '\t', r == '\r', forbidden(r):
			return false
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\ufffd"):
			return false
		}
		before = r
	}
	return before != ' ' || s == ""
}

// plainSpace is the space that may be gathered. A no-break space is there on purpose.
func plainSpace(r rune) bool { return r == ' ' || r == '\f' || r == '\v' }

// forbidden says whether a rune has no place in any text: controls but the line
// break and the tab, embeddings and overrides of direction, the byte order mark.
// Joiners, direction marks and isolates stay: our scripts need them.
func forbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || r >= 0x202a && r <= 0x202e || r == 0xfeff || r == 0x2028 || r == 0x2029
}
