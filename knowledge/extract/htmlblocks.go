package extract

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// blocks are the elements that begin a line of their own.
var blocks = map[atom.Atom]bool{
	atom.Address: true, atom.Article: true, atom.Blockquote: true, atom.Body: true, atom.Caption: true, atom.Center: true,
	atom.Dd: true, atom.Details: true, atom.Dir: true, atom.Div: true, atom.Dl: true, atom.Dt: true, atom.Fieldset: true,
	atom.Figcaption: true, atom.Figure: true, atom.Form: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true,
	atom.H5: true, atom.H6: true, atom.Header: true, atom.Hgroup: true, atom.Hr: true, atom.Html: true, atom.Legend: true,
	atom.Li: true, atom.Listing: true, atom.Main: true, atom.Menu: true, atom.Ol: true, atom.P: true, atom.Pre: true,
	atom.Search: true, atom.Section: true, atom.Summary: true, atom.Table: true, atom.Tbody: true, atom.Td: true, atom.Th: true,
	atom.Thead: true, atom.Tr: true, atom.Ul: true,
}

// inline appends the text of an element within a line. Links keep where they
// lead when that is an address on the web; emphasis is dropped, code is kept.
func inline(out *strings.Builder, n *html.Node) {
	switch n.Type {
	case html.TextNode:
		writeText(out, n.Data)
		return
	case html.ElementNode:
	default:
		return
	}
	var frameless htmlWriter
	if frameless.frame(n) {
		return
	}
	switch n.DataAtom {
	case atom.Br:
		out.WriteByte('\n')
	case atom.Img:
		// A short description or one in brackets is a picture's name, not its content.
		if alt := squeeze(attr(n, "alt")); len(alt) > 3 && alt[0] != '[' {
			out.WriteString(" " + alt + " ")
		}
	case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
		if s := squeeze(rawText(n)); s != "" && !strings.Contains(s, "`") {
			out.WriteString("`" + s + "`")
		} else {
			out.WriteString(s)
		}
	case atom.A:
		var label strings.Builder
		inlineAll(&label, n)
		text, href := squeeze(label.String()), attr(n, "href")
		if text == "¶" || text == "#" {
			return
		}
		if (strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "http://")) && !strings.ContainsAny(href, " ()<>\n") &&
			text != "" && !strings.ContainsAny(text, "[]") && !strings.HasSuffix(strings.TrimSuffix(href, "/"), "//"+text) && href != text && len(href) < 500 {
			fmt.Fprintf(out, "[%s](%s)", text, href)
			return
		}
		out.WriteString(label.String())
	default:
		inlineAll(out, n)
	}
}

func inlineAll(out *strings.Builder, n *html.Node) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		inline(out, c)
		if blocks[c.DataAtom] {
			out.WriteByte('\n')
		}
	}
}

// writeText appends text of a page, where the end of a source line is a space.
func writeText(out *strings.Builder, s string) {
	if !strings.ContainsAny(s, "\n\t") {
		out.WriteString(s)
		return
	}
	out.WriteString(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, s))
}

// textOf is the text of n as one line.
func textOf(n *html.Node) string {
	var out strings.Builder
	inlineAll(&out, n)
	return squeeze(out.String())
}

func rawText(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.DataAtom == atom.Br {
		return "\n"
	}
	var out strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		out.WriteString(rawText(c))
	}
	return out.String()
}

// lines folds white space within the lines of s and drops empty ones.
func lines(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if l = squeeze(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// boldOnly reports whether all of a paragraph's text is bold: in many FAQs that
// is what a question looks like.
func boldOnly(p *html.Node) bool {
	bold := false
	for c := p.FirstChild; c != nil; c = c.NextSibling {
		switch {
		case c.DataAtom == atom.B || c.DataAtom == atom.Strong:
			bold = true
		case c.DataAtom == atom.A && attr(c, "href") == "": // an anchor to link to
		case c.Type == html.TextNode && strings.TrimSpace(c.Data) == "", c.Type == html.CommentNode:
		default:
			return false
		}
	}
	return bold
}
