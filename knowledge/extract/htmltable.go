package extract

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// table writes a table as Markdown, its first row as the header. One that lays
// out a page (a single column, headings, listings or tables inside) is read as
// what it holds.
func (w *htmlWriter) table(n *html.Node) {
	rows, caption, columns := rowsOf(n)
	if attr(n, "role") == "presentation" || columns < 2 || len(rows) == 0 || laidOut(n) {
		w.children(n)
		w.paragraph()
		return
	}
	var out strings.Builder
	for i, cells := range rows {
		out.WriteByte('|')
		for c := range columns {
			text := ""
			if c < len(cells) && !w.frame(cells[c]) {
				text = strings.ReplaceAll(textOf(cells[c]), "|", "\\|")
			}
			out.WriteString(" " + text + " |")
		}
		out.WriteByte('\n')
		if i == 0 {
			out.WriteString("|" + strings.Repeat(" --- |", columns) + "\n")
		}
		if w.bounded(&out); w.b.err != nil {
			return
		}
	}
	w.b.block(caption)
	w.b.block(out.String())
}

// rowsOf are the cells of a table, its caption and how many columns it has.
func rowsOf(table *html.Node) (rows [][]*html.Node, caption string, columns int) {
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch c.DataAtom {
			case atom.Caption:
				caption = textOf(c)
			case atom.Tr:
				var cells []*html.Node
				for d := c.FirstChild; d != nil && len(cells) < maxColumns; d = d.NextSibling {
					if d.DataAtom == atom.Td || d.DataAtom == atom.Th {
						cells = append(cells, d)
					}
				}
				if len(cells) > 0 {
					rows = append(rows, cells)
					columns = max(columns, len(cells))
				}
			case atom.Thead, atom.Tbody, atom.Tfoot:
				walk(c)
			}
		}
	}
	walk(table)
	return rows, caption, columns
}

// admonitions are the classes of the boxes DocBook draws with a table.
var admonitions = map[string]bool{"note": true, "tip": true, "warning": true, "caution": true, "important": true}

func laidOut(table *html.Node) bool {
	if table.Parent != nil && admonitions[attr(table.Parent, "class")] {
		return true
	}
	return find(table, func(n *html.Node) bool {
		return n.DataAtom == atom.Table || n.DataAtom == atom.Pre
	}) != nil || holdsHeading(table)
}

// listing writes preformatted text as a fenced block.
func listing(n *html.Node) string {
	text := strings.Trim(rawText(n), "\n")
	if strings.TrimSpace(text) == "" {
		return ""
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + text + "\n" + fence
}
