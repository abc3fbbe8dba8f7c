package extract

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// framing are the elements that never hold content of a page.
var framing = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Head: true,
	atom.Nav: true, atom.Footer: true, atom.Aside: true, atom.Iframe: true, atom.Object: true,
	atom.Embed: true, atom.Canvas: true, atom.Svg: true, atom.Math: false, atom.Video: true, atom.Audio: true,
	atom.Form: false, atom.Input: true, atom.Button: true, atom.Select: true, atom.Textarea: true,
	atom.Dialog: true, atom.Map: true, atom.Noframes: true, atom.Frameset: true,
}

// framingRoles are the ARIA roles of the same.
var framingRoles = []string{"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog", "menu", "menubar", "toolbar"}

// framingClasses mark, in the tools that documentation is mostly written
// with, what frames a page: DocBook's stylesheets (navheader, navfooter, toc),
// Sphinx (related, sphinxsidebar, headerlink), Doxygen, MkDocs, Hugo and
// Docusaurus themes, and the names hand-made sites share.
var framingClasses = map[string]bool{
	"navheader": true, "navfooter": true, "toc": true, "list-of-tables": true, "list-of-figures": true, "list-of-examples": true,
	"related": true, "sphinxsidebar": true, "headerlink": true, "toctree-wrapper": true, "wy-nav-side": true, "rst-versions": true,
	"breadcrumb": true, "breadcrumbs": true, "sidebar": true, "navbar": true, "pagination": true, "table-of-contents": true,
	"md-nav": true, "md-sidebar": true, "md-header": true, "md-footer": true, "hash-link": true, "anchor-link": true, "permalink": true,
	"skip-link": true, "skiplink": true, "cookie-banner": true, "cookie-consent": true, "cookie-notice": true,
	"site-header": true, "site-footer": true, "site-nav": true, "page-footer": true, "advertisement": true, "social-share": true, "share-buttons": true,
}

// frame reports whether n is left out with all it holds.
func (w *htmlWriter) frame(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	if framing[n.DataAtom] || hidden(n) {
		return true
	}
	if n.DataAtom == atom.Header && !within(n, atom.Article, atom.Section, atom.Main) {
		return n != w.main
	}
	if slices.Contains(framingRoles, strings.ToLower(attr(n, "role"))) {
		return true
	}
	for c := range strings.FieldsSeq(attr(n, "class")) {
		if framingClasses[strings.ToLower(c)] {
			// A manual made as one page has its chapters inside its table of contents.
			return find(n, isSection) == nil
		}
	}
	return framingClasses[strings.ToLower(attr(n, "id"))] || contents(n)
}

func isSection(n *html.Node) bool {
	return n.DataAtom == atom.Section || n.DataAtom == atom.Article || n.DataAtom == atom.H1 || n.DataAtom == atom.H2
}

func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return a.Val != "until-found" // what a page's own search may open
		case "aria-hidden":
			if a.Val == "true" {
				return true
			}
		case "style":
			s := strings.ToLower(strings.ReplaceAll(a.Val, " ", ""))
			if strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden") || disguised.MatchString(s) {
				return true
			}
		}
	}
	return false
}

// disguised finds, in a style without spaces, ways to keep text from readers
// that no page needs: no size, no colour, a place far off the screen.
var disguised = regexp.MustCompile(`(?:^|;)(?:font-size:0*\.?[01](?:\.0*)?(?:px|pt|em|rem|%)?|opacity:0*\.?0*|color:(?:transparent|rgba\([^)]*,0\))|(?:left|top|text-indent|margin-left):-\d{4,}[a-z]*)(?:!important)?(?:;|$)`)

// concealed tells of text readers do not see, which is left out: always where
// a style disguises it, elsewhere, as menus and dialogs are hidden with good
// reason, where it instructs a model.
func concealed(tree *html.Node, sus *suspicions) {
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.ElementNode && !framing[c.DataAtom] && hidden(c) {
				text := rawText(c)
				style := strings.ToLower(strings.ReplaceAll(attr(c, "style"), " ", ""))
				switch found := sus.instruction(text); {
				case found != "":
					sus.add("", "it holds hidden text that reads like an instruction to an assistant, which was left out", found)
				case disguised.MatchString(style):
					sus.hidden("", "it holds text made invisible, which was left out", text)
				}
				continue
			}
			walk(c)
		}
	}
	walk(tree)
}

// purify cleans what character references put into a tree, as clean does with
// what the bytes of the page hold.
func purify(tree *html.Node, sus *suspicions) {
	tidy := func(s string) string {
		sus.smuggled("", s)
		s, _ = clean(s) // no longer than the page
		return s
	}
	each(tree, func(n *html.Node) {
		if n.Type == html.TextNode {
			n.Data = tidy(n.Data)
		}
		for i := range n.Attr {
			n.Attr[i].Val = tidy(n.Attr[i].Val)
		}
	})
}

// contents reports whether a list is a table of contents: three or more links
// into this same page and no other text.
func contents(n *html.Node) bool {
	if n.DataAtom != atom.Ul && n.DataAtom != atom.Ol && n.DataAtom != atom.Dl {
		return false
	}
	links, own := 0, true
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil && own; c = c.NextSibling {
			switch {
			case c.DataAtom == atom.A:
				own = strings.HasPrefix(attr(c, "href"), "#")
				links++
			case c.Type == html.TextNode:
				own = strings.Trim(c.Data, " \t\n.0123456789–—-") == ""
			default:
				walk(c)
			}
		}
	}
	walk(n)
	return own && links >= 3
}

// mainOf is the element that holds the content: <main> or its role, the only
// <article>, the element that documentation tools name so, or the body. An
// element with little of the body's text is not believed.
func mainOf(tree *html.Node) *html.Node {
	body := find(tree, func(n *html.Node) bool { return n.DataAtom == atom.Body })
	if body == nil {
		return tree
	}
	total := textLen(body)
	var articles []*html.Node
	each(body, func(n *html.Node) {
		if n.DataAtom == atom.Article && !within(n, atom.Article) {
			articles = append(articles, n)
		}
	})
	candidates := []*html.Node{
		find(body, func(n *html.Node) bool { return n.DataAtom == atom.Main || attr(n, "role") == "main" }),
	}
	if len(articles) == 1 {
		candidates = append(candidates, articles[0])
	}
	for _, c := range candidates {
		if c != nil && !hidden(c) && textLen(c)*5 >= total {
			return c
		}
	}
	return body
}

// textLen is how many bytes of text stand in n, frames aside.
func textLen(n *html.Node) int {
	if n.Type == html.TextNode {
		return len(strings.TrimSpace(n.Data))
	}
	if framing[n.DataAtom] {
		return 0
	}
	total := 0
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		total += textLen(c)
	}
	return total
}

func within(n *html.Node, atoms ...atom.Atom) bool {
	for p := n.Parent; p != nil; p = p.Parent {
		if slices.Contains(atoms, p.DataAtom) {
			return true
		}
	}
	return false
}

// find is the first node, in document order, that matches.
func find(n *html.Node, match func(*html.Node) bool) *html.Node {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if match(c) {
			return c
		}
		if f := find(c, match); f != nil {
			return f
		}
	}
	return nil
}

func each(n *html.Node, f func(*html.Node)) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		f(c)
		each(c, f)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}
