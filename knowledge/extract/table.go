package extract

import (
	"fmt"
	"strings"

	"frontdesk/knowledge"
)

// tableText gathers the cells of a table of an office file.
type tableText struct {
	rows    [][]string
	columns int
	size    int
}

// row adds a row; columns past maxColumns are dropped.
func (t *tableText) row(cells []string) error {
	cells = cells[:min(len(cells), maxColumns)]
	if len(t.rows) >= MaxRows {
		return fmt.Errorf("%w: a table has more than %d rows", knowledge.ErrTooLarge, MaxRows)
	}
	blank := true
	for i, c := range cells {
		c = squeeze(c)
		cells[i] = c
		t.size += len(c) + 3
		blank = blank && c == ""
	}
	if t.size > MaxText {
		return errTextTooLarge
	}
	if !blank {
		for len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		t.rows = append(t.rows, cells)
		t.columns = max(t.columns, len(cells))
	}
	return nil
}

// markdown writes the table with its first row as the header. One of a single
// column is a way to lay out a page: its cells are paragraphs.
func (t *tableText) markdown() (string, error) {
	var out strings.Builder
	if t.columns < 2 {
		for _, r := range t.rows {
			out.WriteString(strings.Join(r, " ") + "\n\n")
		}
		return out.String(), nil
	}
	for i, cells := range t.rows {
		out.WriteByte('|')
		for c := range t.columns {
			text := ""
			if c < len(cells) {
				text = strings.ReplaceAll(cells[c], "|", "\\|")
			}
			out.WriteString(" " + text + " |")
		}
		out.WriteByte('\n')
		if i == 0 {
			out.WriteString("|" + strings.Repeat(" --- |", t.columns) + "\n")
		}
		if out.Len() > MaxText {
			return "", errTextTooLarge
		}
	}
	return out.String(), nil
}

// listText gathers the items of a list, one a line.
type listText struct {
	out     strings.Builder
	numbers map[string][]int // of each numbered list, by its id: the last number of each level
}

// maxListLevel is the deepest level a list item is indented to; Word knows nine.
const maxListLevel = 9

// item adds an item of a level from 0; numbered ones go on counting in the
// list called id.
func (l *listText) item(id string, level int, numbered bool, text string) {
	level = min(max(level, 0), maxListLevel)
	mark := "- "
	if numbered {
		if l.numbers == nil {
			l.numbers = map[string][]int{}
		}
		n := l.numbers[id]
		for len(n) <= level {
			n = append(n, 0)
		}
		n = n[:level+1]
		n[level]++
		l.numbers[id] = n
		mark = fmt.Sprintf("%d. ", n[level])
	}
	indent := strings.Repeat("  ", level)
	l.out.WriteString(indent + mark + strings.ReplaceAll(text, "\n", "\n"+indent+strings.Repeat(" ", len(mark))) + "\n")
}

// take returns the items gathered so far and forgets them.
func (l *listText) take() string {
	s := l.out.String()
	l.out.Reset()
	return s
}
