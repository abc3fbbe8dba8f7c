package extract

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"frontdesk/knowledge"
)

// maxColumns bounds the header of a table.
const maxColumns = 200

// fromTable reads a CSV or TSV file whose first line names its columns. A
// delimiter of 0 is told from that line.
func fromTable(ctx context.Context, src string, delimiter rune) (knowledge.Text, error) {
	rs := rows{ctx: ctx}
	if err := rs.table(src, delimiter); err != nil {
		return knowledge.Text{}, err
	}
	return rs.text, nil
}

// openTable begins to read a table and returns the names of its columns, and how many
// lines are not counted by the reader; a delimiter of 0 is found out.
func openTable(src string, delimiter rune) (r *csv.Reader, head []string, skipped int, err error) {
	if line, rest, ok := strings.Cut(src, "\n"); ok && len(line) == 5 && strings.HasPrefix(strings.ToLower(line), "sep=") {
		delimiter, src, skipped = rune(line[4]), rest, 1 // what Excel writes and honours
	}
	src, blank := trimBlankLines(src)
	skipped += blank
	if delimiter == 0 {
		delimiter = delimiterOf(src)
	}
	r = csv.NewReader(strings.NewReader(src))
	r.Comma, r.FieldsPerRecord = delimiter, -1
	r.LazyQuotes = delimiter == '\t' // most software writes a quote in a TSV file as it is
	if head, err = r.Read(); err != nil {
		return nil, nil, 0, csvError(err, skipped)
	}
	return r, head, skipped, nil
}

func (rs *rows) table(src string, delimiter rune) error {
	rs.unit = "line"
	r, head, skipped, err := openTable(src, delimiter)
	if err != nil {
		return err
	}
	names, err := header(head)
	if err == nil && rs.byRow && !slices.Contains(names, colQuestion) {
		err = fmt.Errorf("%w: the first line must name the columns question and answer", knowledge.ErrCorrupt)
	}
	if err != nil {
		return err
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var bad *csv.ParseError
		if rs.byRow && errors.As(err, &bad) {
			if err := rs.pass(rs.fail(row{number: bad.StartLine + skipped}, knowledge.ErrCorrupt, "%v", bad.Err)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return csvError(err, skipped)
		}
		line, _ := r.FieldPos(0)
		if err := rs.pass(rs.record(line+skipped, names, record)); err != nil {
			return err
		}
	}
}

// record adds one line of a table.
func (rs *rows) record(number int, names, record []string) error {
	row := row{number: number, cells: make(map[string]string, len(names))}
	for i, cell := range record {
		switch {
		case i >= len(names) && strings.TrimSpace(cell) != "":
			return rs.fail(row, knowledge.ErrCorrupt,
				"there are %d columns, but the first line names %d; text with the separator in it must stand in quotes", len(record), len(names))
		case i < len(names) && names[i] != "":
			if old := row.cells[names[i]]; old != "" {
				cell = old + "\n" + cell // two columns of one meaning, such as alternative and similar
			}
			row.cells[names[i]] = cell
		}
	}
	return rs.add(row)
}

// wide refuses a table with more columns than can be read.
func wide(names []string) error {
	if len(names) > maxColumns {
		return fmt.Errorf("%w: the first line names %d columns, at most %d can be read", knowledge.ErrTooLarge, len(names), maxColumns)
	}
	return nil
}

// header maps the columns of a table to their meaning; unknown ones are "".
func header(names []string) ([]string, error) {
	if err := wide(names); err != nil {
		return nil, err
	}
	out := make([]string, len(names))
	has := map[string]bool{}
	for i, n := range names {
		out[i] = columns[fold(n)]
		has[out[i]] = true
	}
	if has[colQuestion] && has[colAnswer] || has[colText] && !has[colQuestion] && !has[colAnswer] {
		return out, nil
	}
	return nil, fmt.Errorf("%w: the first line must name the columns question and answer (or title and text); it reads %q",
		knowledge.ErrCorrupt, clip(strings.Join(names, ", "), 200))
}

// delimiterOf is the separator that is commonest in the first line, outside quotes.
func delimiterOf(src string) rune {
	counts := map[rune]int{}
	quoted := false
	for _, c := range src[:min(len(src), sniffLen)] {
		if c == '"' {
			quoted = !quoted
		}
		if c == '\n' && !quoted {
			break
		}
		if !quoted && strings.ContainsRune(",;\t|", c) {
			counts[c]++
		}
	}
	best := ','
	for _, c := range ",;\t|" {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return best
}

func trimBlankLines(src string) (rest string, lines int) {
	for {
		line, after, ok := strings.Cut(src, "\n")
		if !ok || strings.TrimSpace(line) != "" {
			return src, lines
		}
		src, lines = after, lines+1
	}
}

func csvError(err error, skipped int) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: the table is empty", knowledge.ErrEmpty)
	}
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("%w: line %d: %w; nothing of this file was imported", knowledge.ErrCorrupt, p.StartLine+skipped, p.Err)
	}
	return fmt.Errorf("%w: %w", knowledge.ErrCorrupt, err)
}
