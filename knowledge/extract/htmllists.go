package extract

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"frontdesk/knowledge"
)

// inside is the text of what n holds, as blocks of Markdown without sections.
func (w *htmlWriter) inside(n *html.Node) string {
	sub := htmlWriter{b: builder{ctx: w.b.ctx}, main: w.main, holds: w.holds, depth: w.depth + 1}
	sub.children(n)
	sub.paragraph()
	if w.b.err == nil {
		w.b.err = sub.b.err
	}
	sub.b.flush()
	var out []string
	for _, s := range sub.b.sections {
		out = append(out, s.Body)
	}
	return strings.Join(out, "\n\n")
}

func holdsHeading(n *html.Node) bool {
	return find(n, func(c *html.Node) bool {
		switch c.DataAtom {
		case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Summary:
			return true
		}
		return false
	}) != nil
}

// list writes a list as Markdown. One whose items hold headings is a way to
// lay out a page, not a list.
func (w *htmlWriter) list(n *html.Node) {
	if w.depth == 0 && holdsHeading(n) {
		w.children(n)
		w.paragraph()
		return
	}
	var out strings.Builder
	number := 0
	for c := n.FirstChild; c != nil && w.b.err == nil; c = c.NextSibling {
		if c.Type != html.ElementNode || w.frame(c) {
			continue
		}
		if id := attr(c, "id"); id != "" {
			w.anchor = id
		}
		text := strings.ReplaceAll(w.inside(c), "\n\n", "\n")
		if text == "" {
			continue
		}
		number++
		mark := "- "
		if n.DataAtom == atom.Ol {
			mark = fmt.Sprintf("%d. ", number)
		}
		if c.DataAtom != atom.Li { // a list straight inside a list
			mark = "  "
		}
		out.WriteString(mark)
		if w.depth < MaxDepth {
			text = strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(mark)))
		}
		out.WriteString(text + "\n")
		w.bounded(&out)
	}
	w.b.block(out.String())
}

// bounded ends the reading when one block outgrows the whole document's limit.
func (w *htmlWriter) bounded(out *strings.Builder) {
	if out.Len() > MaxText && w.b.err == nil {
		w.b.err = fmt.Errorf("%w: the text has more than %d MB", knowledge.ErrTooLarge, MaxText>>20)
	}
}

// definitions writes a definition list: questions begin sections of their own,
// as FAQ pages have them; other terms stand bold before their text.
func (w *htmlWriter) definitions(dl *html.Node) {
	level := w.level
	term := ""
	for n := range items(dl) {
		if w.frame(n) {
			continue
		}
		if n.DataAtom == atom.Dt {
			w.b.block(bold(term)) // one without a text of its own
			if id := attr(n, "id"); id != "" {
				w.anchor = id
			}
			if term = textOf(n); w.depth == 0 && knowledge.IsQuestion(term) {
				w.heading(min(level+1, 7), term, n)
				term = ""
			}
			continue
		}
		if term == "" || holdsHeading(n) {
			w.b.block(bold(term))
			w.children(n)
			w.paragraph()
		} else {
			w.b.block(bold(term) + "\n" + w.inside(n))
		}
		term = ""
	}
	w.b.block(bold(term))
	w.level = level
}

func bold(term string) string {
	if term = strings.ReplaceAll(term, "*", ""); term == "" {
		return ""
	}
	return "**" + term + "**"
}

// items yields the dt and dd elements of a list, those in grouping divs included.
func items(dl *html.Node) func(func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		for c := dl.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom == atom.Dt || c.DataAtom == atom.Dd {
				if !yield(c) {
					return
				}
			} else if c.DataAtom == atom.Div {
				for d := c.FirstChild; d != nil; d = d.NextSibling {
					if (d.DataAtom == atom.Dt || d.DataAtom == atom.Dd) && !yield(d) {
						return
					}
				}
			}
		}
	}
}
