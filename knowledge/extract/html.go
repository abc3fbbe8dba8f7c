package extract

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"frontdesk/knowledge"
)

// selfClosed finds elements that XHTML ends at once and HTML does not: to a
// browser's parser <a id="x"/> goes on to the end of the page.
var selfClosed = regexp.MustCompile(`<(a|span|div|p|i|b|em|strong|td|th|li|script|title|textarea|iframe)((?:\s+[a-zA-Z:_-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/>`)

// fromHTML takes the main content of a page: its headings become sections and
// its paragraphs, lists, tables and listings Markdown. What frames the content
// (navigation, headers, footers, scripts, hidden parts) is left out, images
// leave their description.
func fromHTML(ctx context.Context, src string, sus *suspicions) (knowledge.Text, error) {
	if strings.Count(src, "<") > MaxTags {
		return knowledge.Text{}, fmt.Errorf("%w: the page has more than %d tags", knowledge.ErrTooLarge, MaxTags)
	}
	src = selfClosed.ReplaceAllString(src, "<$1$2></$1>")
	tree, err := html.Parse(&interruptible{ctx: ctx, r: strings.NewReader(src)})
	if ctx.Err() != nil {
		return knowledge.Text{}, ctx.Err()
	}
	if err != nil {
		return knowledge.Text{}, fmt.Errorf("%w: the page is nested deeper than %d elements", knowledge.ErrTooLarge, MaxHTMLDepth)
	}
	w := htmlWriter{b: builder{ctx: ctx}, holds: map[*html.Node]bool{}}
	w.survey(tree)
	purify(tree, sus)
	concealed(tree, sus)
	title := ""
	if root := find(tree, func(n *html.Node) bool { return n.DataAtom == atom.Html }); root != nil {
		w.b.lang = tag(attr(root, "lang"))
		if w.b.lang == "" {
			w.b.lang = tag(attr(root, "xml:lang"))
		}
	}
	if t := find(tree, func(n *html.Node) bool { return n.DataAtom == atom.Title && n.Namespace == "" }); t != nil {
		title = textOf(t)
	}
	w.main = mainOf(tree)
	w.children(w.main)
	w.paragraph()
	return w.b.text(title)
}

// interruptible ends a parse when its context does: the parser reads a few
// kilobytes at a time.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// htmlWriter walks a page and feeds the builder.
type htmlWriter struct {
	b      builder
	main   *html.Node
	line   strings.Builder // the paragraph being gathered
	anchor string          // the last id seen before a heading: DocBook puts it there
	level  int             // of the last heading
	depth  int             // of lists around this writer
	// holds has the elements of a line that hold blocks nevertheless, as links
	// around paragraphs do; found once, so that depth costs nothing.
	holds map[*html.Node]bool
}

// survey fills holds and reports whether n is or holds a block.
func (w *htmlWriter) survey(n *html.Node) bool {
	found := false
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		found = w.survey(c) || found
	}
	if blocks[n.DataAtom] {
		return true
	}
	if found && n.Type == html.ElementNode {
		w.holds[n] = true
	}
	return found
}

func (w *htmlWriter) children(n *html.Node) {
	for c := n.FirstChild; c != nil && w.b.err == nil; c = c.NextSibling {
		w.node(c)
	}
}

func (w *htmlWriter) node(n *html.Node) {
	if n.Type == html.TextNode {
		writeText(&w.line, n.Data)
		return
	}
	if n.Type != html.ElementNode && n.Type != html.DocumentNode || w.frame(n) {
		return
	}
	if id := attr(n, "id"); id != "" {
		w.anchor = id
	}
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.paragraph()
		w.heading(int(n.Data[1]-'0'), textOf(n), n)
	case atom.Summary:
		w.paragraph()
		w.heading(min(w.level+1, 7), textOf(n), n)
	case atom.Details:
		w.paragraph()
		level := w.level
		w.children(n)
		w.paragraph()
		w.level = level
	case atom.Ul, atom.Ol, atom.Menu:
		w.paragraph()
		w.list(n)
	case atom.Dl:
		w.paragraph()
		w.definitions(n)
	case atom.Table:
		w.paragraph()
		w.table(n)
	case atom.Pre, atom.Listing:
		w.paragraph()
		w.b.block(listing(n))
	case atom.Blockquote:
		w.paragraph()
		w.children(n)
		w.paragraph()
	case atom.Br:
		w.line.WriteByte('\n')
	case atom.Hr:
		w.paragraph()
	case atom.P:
		w.paragraph()
		if w.depth == 0 && boldOnly(n) && knowledge.IsQuestion(textOf(n)) {
			level := w.level
			w.heading(min(level+1, 7), textOf(n), n)
			w.level = level
			return
		}
		w.children(n)
		w.paragraph()
	default:
		if !blocks[n.DataAtom] && !w.holds[n] {
			inline(&w.line, n)
			return
		}
		w.paragraph()
		w.children(n)
		w.paragraph()
	}
}

// paragraph ends the paragraph being gathered.
func (w *htmlWriter) paragraph() {
	if w.line.Len() > 0 {
		w.b.block(lines(w.line.String()))
		w.line.Reset()
	}
}

// heading begins a section that can be linked to by the nearest id: the
// heading's own, one inside it, or the last one before it.
func (w *htmlWriter) heading(level int, title string, n *html.Node) {
	id := attr(n, "id")
	if id == "" {
		if inner := find(n, func(m *html.Node) bool { return attr(m, "id") != "" || m.DataAtom == atom.A && attr(m, "name") != "" }); inner != nil {
			if id = attr(inner, "id"); id == "" {
				id = attr(inner, "name")
			}
		}
	}
	if id == "" {
		id = w.anchor
	}
	w.anchor = ""
	url := ""
	if id != "" && len(id) < 200 && !strings.ContainsAny(id, " \"<>") {
		url = "#" + id
	}
	w.level = level
	w.b.heading(level, title, url)
}
