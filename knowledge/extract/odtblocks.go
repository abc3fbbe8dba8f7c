package extract

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
)

// items reads a list; one inside it goes a level deeper.
func (o *odt) items(style, id string, level int) error {
	return o.x.children(func(e xml.StartElement) error {
		if e.Name.Local != "list-item" && e.Name.Local != "list-header" {
			return o.x.skip()
		}
		var parts []string
		flush := func() {
			if len(parts) > 0 {
				o.list.item(id, level, o.numbered[style][level+1], strings.Join(parts, "\n"))
			}
			parts = nil
		}
		err := o.x.children(func(e xml.StartElement) error {
			switch e.Name.Local {
			case "h": // numbered headings stand in lists
				flush()
				o.endList()
				return o.heading(e)
			case "p":
				text, _, err := o.read(e)
				if text != "" {
					parts = append(parts, text)
				}
				return err
			case "list":
				flush()
				if own := value(e, "style-name"); own != "" {
					return o.items(own, id, level+1)
				}
				return o.items(style, id, level+1)
			}
			return o.x.skip()
		})
		flush()
		if o.list.out.Len() > MaxText {
			return errTextTooLarge
		}
		return err
	})
}

// table reads rows and cells.
func (o *odt) table() (*tableText, error) {
	t := &tableText{}
	o.nested++
	defer func() { o.nested-- }()
	var rows func(e xml.StartElement) error
	rows = func(e xml.StartElement) error {
		switch e.Name.Local {
		case "table-header-rows", "table-rows", "table-row-group":
			return o.x.children(rows)
		case "table-row":
			cells, err := o.cells()
			if err != nil {
				return err
			}
			return t.row(cells)
		}
		return o.x.skip()
	}
	return t, o.x.children(rows)
}

func (o *odt) cells() ([]string, error) {
	var out []string
	err := o.x.children(func(e xml.StartElement) error {
		if e.Name.Local != "table-cell" && e.Name.Local != "covered-table-cell" {
			return o.x.skip()
		}
		text, err := o.inside()
		repeat, _ := strconv.Atoi(value(e, "number-columns-repeated"))
		for out = append(out, text); repeat > 1 && len(out) < maxColumns; repeat-- {
			out = append(out, text)
		}
		return err
	})
	return out, err
}

// inside is all text of a cell, box or note in one line.
func (o *odt) inside() (string, error) {
	var out bytes.Buffer
	var walk func(e xml.StartElement) error
	walk = func(e xml.StartElement) error {
		switch e.Name.Local {
		case "p", "h":
			text, _, err := o.read(e)
			out.WriteString(text + " ")
			return err
		case "annotation", "tracked-changes":
			return o.x.skip()
		}
		return o.x.children(walk)
	}
	err := o.x.children(walk)
	if out.Len() > MaxText {
		err = errTextTooLarge
	}
	return squeeze(out.String()), err
}
