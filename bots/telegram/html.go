package telegram

import (
	"bufio"
	"bytes"
	"html"
	"net/url"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	renderer "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

var markdown = goldmark.New(goldmark.WithExtensions(extension.Strikethrough, extension.Table))

// format turns Markdown into the HTML that Telegram takes
// (core.telegram.org/bots/api#html-style), and into the same without any tags.
// The HTML is well-formed whatever the Markdown is: tags are written in pairs
// around what they hold, and everything else is escaped.
func format(md string) (rich, plain string) {
	source := []byte(strings.ToValidUTF8(md, "\uFFFD"))
	w := &writer{source: source}
	w.blocks(markdown.Parser().Parse(text.NewReader(source)))
	rich = strings.TrimSpace(w.out.String())
	return rich, w.plain(rich)
}

// writer writes a parsed text as Telegram's HTML. Code takes no other formatting
// inside it, and a quotation no other quotation.
type writer struct {
	source []byte
	out    strings.Builder
	quoted bool
	linked bool
}

// plain is rich without its tags; what was escaped is itself again.
func (w *writer) plain(rich string) string {
	var b strings.Builder
	for rich != "" {
		open := strings.IndexByte(rich, '<')
		if open < 0 {
			b.WriteString(rich)
			break
		}
		b.WriteString(rich[:open])
		close := strings.IndexByte(rich[open:], '>')
		rich = rich[open+close+1:]
	}
	return html.UnescapeString(b.String())
}

func (w *writer) tag(name string, inside func()) {
	w.out.WriteString("<" + name + ">")
	inside()
	w.out.WriteString("</" + name + ">")
}

func (w *writer) escape(s string) { w.out.WriteString(escape(s)) }

// escape makes s stand for itself in Telegram's HTML.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(strings.ToValidUTF8(s, "\uFFFD"))
}

// blocks writes the blocks inside n with an empty line between them.
func (w *writer) blocks(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.PreviousSibling() != nil {
			w.out.WriteString("\n\n")
		}
		w.block(c)
	}
}

func (w *writer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Heading:
		w.tag("b", func() { w.inlines(n) })
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		w.tag("pre", func() { w.escape(strings.TrimRight(w.lines(n), "\n")) })
	case *ast.HTMLBlock:
		w.escape(strings.TrimRight(w.lines(n), "\n"))
	case *ast.ThematicBreak:
		w.out.WriteString("———")
	case *ast.Blockquote:
		if w.quoted {
			w.blocks(n)
			return
		}
		w.quoted = true
		w.tag("blockquote", func() { w.blocks(n) })
		w.quoted = false
	case *ast.List:
		w.list(n)
	case *extast.Table:
		w.table(n)
	default:
		w.inlines(n)
	}
}

// lines is a block's text as it stands.
func (w *writer) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(w.source))
	}
	if h, ok := n.(*ast.HTMLBlock); ok && h.HasClosure() {
		b.Write(h.ClosureLine.Value(w.source))
	}
	return b.String()
}

// list writes one item a line; what is inside an item goes below it, further in.
func (w *writer) list(n *ast.List) {
	depth := 0
	for p := n.Parent(); p != nil; p = p.Parent() {
		if p.Kind() == ast.KindListItem {
			depth++
		}
	}
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		if item.PreviousSibling() != nil {
			w.out.WriteString("\n")
		}
		w.out.WriteString(strings.Repeat("  ", depth))
		if n.IsOrdered() {
			w.out.WriteString(strconv.Itoa(number) + ". ")
			number++
		} else {
			w.out.WriteString("• ")
		}
		for c := item.FirstChild(); c != nil; c = c.NextSibling() {
			if c.PreviousSibling() != nil {
				w.out.WriteString("\n")
			}
			w.block(c)
		}
	}
}

// table writes a row a line, as Telegram has no tables.
func (w *writer) table(n ast.Node) {
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		if row.PreviousSibling() != nil {
			w.out.WriteString("\n")
		}
		cells := func() {
			for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
				if cell.PreviousSibling() != nil {
					w.out.WriteString(" | ")
				}
				w.inlines(cell)
			}
		}
		if row.Kind() == extast.KindTableHeader {
			w.tag("b", cells)
		} else {
			cells()
		}
	}
}

func (w *writer) inlines(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.inline(c)
	}
}

func (w *writer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(n.Value(w.source), n.IsRaw())
		if n.SoftLineBreak() || n.HardLineBreak() {
			w.out.WriteString("\n")
		}
	case *ast.String:
		w.text(n.Value, n.IsRaw() || n.IsCode())
	case *ast.CodeSpan:
		w.tag("code", func() {
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					w.escape(strings.ReplaceAll(string(t.Value(w.source)), "\n", " "))
				}
			}
		})
	case *ast.Emphasis:
		name := "i"
		if n.Level > 1 {
			name = "b"
		}
		w.tag(name, func() { w.inlines(n) })
	case *extast.Strikethrough:
		w.tag("s", func() { w.inlines(n) })
	case *ast.Link:
		w.link(string(n.Destination), func() { w.inlines(n) })
	case *ast.AutoLink:
		w.escape(string(n.Label(w.source)))
	case *ast.RawHTML:
		for i := range n.Segments.Len() {
			s := n.Segments.At(i)
			w.escape(string(s.Value(w.source)))
		}
	default: // an image is its words
		w.inlines(n)
	}
}

// link writes a link where the address is one that Telegram opens in a browser;
// tg: addresses, which can call a user's name, are not.
func (w *writer) link(address string, inside func()) {
	u, err := url.Parse(address)
	if w.linked || err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		inside()
		return
	}
	w.linked = true
	w.out.WriteString(`<a href="` + escape(address) + `">`)
	inside()
	w.out.WriteString("</a>")
	w.linked = false
}

// text writes what Markdown's own escapes and entities stand for.
func (w *writer) text(value []byte, raw bool) {
	if raw {
		w.escape(string(value))
		return
	}
	var b bytes.Buffer
	buf := bufio.NewWriter(&b)
	renderer.DefaultWriter.Write(buf, value)
	buf.Flush() // a buffer in memory takes everything
	w.out.WriteString(b.String())
}
