package extract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"frontdesk/knowledge"
)

const (
	// MaxSheets is how many sheets of a workbook are read.
	MaxSheets = 200
	// maxXMLInMemory is up to where excelize keeps a sheet or the shared texts
	// in memory, at some ten times their size; larger ones go to a temporary file.
	maxXMLInMemory = 8 << 20
	// maxStyles is how many bytes the parts may have that excelize always reads
	// whole: the styles and the list of sheets. Excel's own limit of 65,490 cell
	// formats makes some 10 MB.
	maxStyles = 16 << 20
	// headerWithin is among how many first rows the names of columns are looked
	// for: above them stand the title and date of the list.
	headerWithin = 10
	// maxBlankRows is after how many empty rows a sheet is over: formatting
	// often reaches down to the last of a million rows.
	maxBlankRows = 10_000
)

// fromXLSX reads a workbook. A sheet with columns for question and answer (or
// title and text) becomes entries like a CSV file; any other becomes a table
// under the sheet's name. Hidden sheets are left out.
func fromXLSX(ctx context.Context, data []byte, sus *suspicions) (knowledge.Text, error) {
	a, err := openArchive(ctx, data)
	if err != nil {
		return knowledge.Text{}, err
	}
	for name, f := range a.files { // excelize expands every part
		if err := a.check(f); err != nil {
			return knowledge.Text{}, err
		}
		a.left -= int64(f.UncompressedSize64)
		if strings.HasSuffix(name, ".xml") && !strings.Contains(name, "worksheets/") && !strings.HasSuffix(name, "sharedstrings.xml") && f.UncompressedSize64 > maxStyles {
			return knowledge.Text{}, fmt.Errorf("%w: a part of the workbook besides its sheets has more than %d MB", knowledge.ErrTooLarge, maxStyles>>20)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: MaxExpanded, UnzipXMLSizeLimit: maxXMLInMemory, ShortDatePattern: "yyyy-mm-dd",
	})
	if err != nil {
		return knowledge.Text{}, fmt.Errorf("%w: the workbook cannot be read: %w", knowledge.ErrCorrupt, err)
	}
	defer f.Close() // removes the temporary files
	x := xlsx{f: f, b: builder{ctx: ctx}, rs: rows{ctx: ctx, unit: "row"}, sus: sus}
	for i, sheet := range f.GetSheetList() {
		if i >= MaxSheets {
			return knowledge.Text{}, fmt.Errorf("%w: more than %d sheets", knowledge.ErrTooLarge, MaxSheets)
		}
		if visible, err := f.GetSheetVisible(sheet); err == nil && !visible {
			sus.add("Sheet “"+clip(sheet, 60)+"”", "it is hidden and was left out", "")
			continue
		}
		if err := x.sheet(sheet); err != nil {
			return knowledge.Text{}, err
		}
	}
	text, err := x.b.text("")
	if err != nil {
		return knowledge.Text{}, err
	}
	text.Title = ""
	if title, err := coreTitle(a); err == nil {
		text.Title = title
	}
	text.Entries, text.Warnings = x.rs.text.Entries, x.rs.text.Warnings
	text.Sections = append(text.Sections, x.rs.text.Sections...)
	return text, nil
}

// xlsx reads the sheets of one workbook.
type xlsx struct {
	f   *excelize.File
	b   builder
	rs  rows
	sus *suspicions
}

// sheet reads one sheet row by row.
func (x *xlsx) sheet(name string) error {
	it, err := x.f.Rows(name)
	if errors.As(err, &excelize.ErrSheetNotExist{}) {
		return nil // a chart on a sheet of its own
	}
	if err != nil {
		return fmt.Errorf("%w: sheet %q cannot be read: %w", knowledge.ErrCorrupt, clip(name, 60), err)
	}
	defer it.Close()
	title, err := clean(name)
	if err != nil {
		return err
	}
	if squeeze(title) == "" {
		title = "Sheet"
	}
	x.rs.unit = fmt.Sprintf("sheet “%s”, row", clip(squeeze(title), 60))
	var table tableText
	var names []string // of columns, once this sheet is known to be a list of entries
	seen, blank, number := 0, 0, 0
	for it.Next() {
		if err := x.b.ctx.Err(); err != nil {
			return err
		}
		number++
		cells, err := it.Columns()
		if err != nil {
			return fmt.Errorf("%w: sheet %q, row %d: %w", knowledge.ErrCorrupt, clip(name, 60), number, err)
		}
		if cells, err = x.tidy(name, cells); err != nil {
			return err
		}
		if len(cells) == 0 {
			if blank++; blank > maxBlankRows {
				break
			}
			continue
		}
		blank = 0
		if seen++; names == nil && seen <= headerWithin {
			if names = entryHeader(cells); names != nil {
				continue
			}
		}
		if names != nil {
			err = x.entry(number, names, cells)
		} else {
			err = table.row(cells)
		}
		if err != nil {
			return err
		}
	}
	text, err := table.markdown()
	if err != nil {
		return err
	}
	x.b.rise()
	x.b.heading(1, title, "")
	x.b.block(text)
	return x.b.err
}

// tidy cleans the cells of a row and drops the empty ones at its end.
func (x *xlsx) tidy(sheet string, cells []string) ([]string, error) {
	cells = cells[:min(len(cells), maxColumns)]
	for i, c := range cells {
		if c == "" {
			continue
		}
		x.sus.smuggled("Sheet “"+clip(sheet, 60)+"”", c)
		var err error
		if cells[i], err = clean(strings.ToValidUTF8(c, "\uFFFD")); err != nil {
			return nil, err
		}
	}
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells, nil
}

// entryHeader maps the columns of a list of entries to their meaning, and is
// nil for any other row. In a workbook a table is no mistake, so more is asked
// than of a CSV file: question and answer, or title and text.
func entryHeader(cells []string) []string {
	has := map[string]bool{}
	for _, c := range cells {
		has[columns[fold(c)]] = true
	}
	if !(has[colQuestion] && has[colAnswer]) && !(has[colTitle] && has[colText] && !has[""]) {
		return nil
	}
	names, err := header(cells)
	if err != nil {
		return nil
	}
	return names
}

func (x *xlsx) entry(number int, names, cells []string) error {
	r := row{number: number, cells: make(map[string]string, len(names))}
	for i, n := range names {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		if n == "" {
			continue
		}
		if old := r.cells[n]; old != "" {
			cell = old + "\n" + cell
		}
		r.cells[n] = cell
	}
	return x.rs.add(r)
}
