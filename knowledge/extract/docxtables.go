package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// table reads rows and cells; what is nested in a cell becomes its text.
func (d *docx) table() (*tableText, error) {
	t := &tableText{}
	d.nested++
	defer func() { d.nested-- }()
	var rows func() error
	rows = func() error {
		return d.x.children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "tr":
				cells, err := d.cells()
				if err != nil {
					return err
				}
				return t.row(cells)
			case "sdt", "sdtContent", "ins", "customXml":
				return rows()
			}
			return d.x.skip()
		})
	}
	return t, rows()
}

func (d *docx) cells() ([]string, error) {
	var out []string
	var walk func() error
	walk = func() error {
		return d.x.children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "tc":
				text, span, err := d.cell()
				if err != nil {
					return err
				}
				for out = append(out, text); span > 1 && len(out) < maxColumns; span-- {
					out = append(out, "")
				}
				return nil
			case "sdt", "sdtContent", "customXml":
				return walk()
			}
			return d.x.skip()
		})
	}
	return out, walk()
}

// cell is the text of a table's cell and how many columns it spans.
func (d *docx) cell() (text string, span int, err error) {
	var out strings.Builder
	var walk func() error
	walk = func() error {
		return d.x.children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "p":
				p, err := d.read()
				out.WriteString(p.text.String() + " ")
				for _, box := range d.boxes {
					out.WriteString(box + " ")
				}
				d.boxes = nil
				return err
			case "tbl":
				t, err := d.table()
				for _, r := range t.rows {
					out.WriteString(strings.Join(r, ", ") + "; ")
				}
				return err
			case "gridSpan":
				span, _ = strconv.Atoi(value(e, "val"))
				return d.x.skip()
			case "tcPr", "sdt", "sdtContent", "ins", "customXml", "AlternateContent", "Choice":
				return walk()
			}
			return d.x.skip()
		})
	}
	err = walk()
	if out.Len() > MaxText {
		err = errTextTooLarge
	}
	return squeeze(out.String()), span, err
}
