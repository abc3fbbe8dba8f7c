package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// maxBased is how far a style may stand on others; Word stops at eleven.
const maxBased = 11

// docxStyle is what matters of a paragraph's style.
type docxStyle struct {
	name     string
	based    string
	outline  int // 1-based heading level; 0 for none
	numID    string
	level    int
	title    bool
	contents bool // a line of a table of contents
}

// survey reads what paragraphs refer to: styles, list formats and notes.
func (d *docx) survey(a *archive) error {
	part := func(kind, usual string) string {
		for _, r := range d.relations {
			if r.kind == kind && a.has(r.target) {
				return r.target
			}
		}
		return usual
	}
	if err := a.xml(part("styles", "word/styles.xml"), d.readStyles); err != nil {
		return err
	}
	if err := a.xml(part("numbering", "word/numbering.xml"), d.readLists); err != nil {
		return err
	}
	if err := a.xml(part("footnotes", "word/footnotes.xml"), d.readNotes); err != nil {
		return err
	}
	return a.xml(part("endnotes", "word/endnotes.xml"), d.readNotes)
}

func (d *docx) readStyles(x *xmlReader, _ xml.StartElement) error {
	raw := map[string]docxStyle{}
	err := x.children(func(e xml.StartElement) error {
		if e.Name.Local != "style" || value(e, "type") != "paragraph" {
			return x.skip()
		}
		var s docxStyle
		id := value(e, "styleId")
		var walk func(e xml.StartElement) error
		walk = func(e xml.StartElement) error {
			switch e.Name.Local {
			case "name":
				s.name = strings.ToLower(value(e, "val"))
			case "basedOn":
				s.based = value(e, "val")
			case "outlineLvl":
				s.outline = outlineLevel(value(e, "val"))
			case "numId":
				s.numID = value(e, "val")
			case "ilvl":
				s.level, _ = strconv.Atoi(value(e, "val"))
			case "pPr", "numPr":
				return x.children(walk)
			}
			return x.skip()
		}
		err := x.children(walk)
		// The built-in names stay English in every language of Word.
		if n, ok := strings.CutPrefix(s.name, "heading "); ok && s.outline == 0 {
			if level, err := strconv.Atoi(n); err == nil && level > 0 && level < 10 {
				s.outline = level
			}
		}
		s.title = s.name == "title"
		s.contents = strings.HasPrefix(s.name, "toc ") || s.name == "toc heading" || s.name == "table of figures" || strings.HasPrefix(s.name, "index ")
		raw[id] = s
		return err
	})
	d.styles = make(map[string]docxStyle, len(raw))
	for id, s := range raw {
		for base, n := raw[s.based], 0; n < maxBased && s.based != ""; base, n = raw[base.based], n+1 {
			if s.outline == 0 && !s.title {
				s.outline = base.outline
			}
			if s.numID == "" {
				s.numID, s.level = base.numID, base.level
			}
			s.contents = s.contents || base.contents
			if base.based == "" {
				break
			}
		}
		d.styles[id] = s
	}
	return err
}

// readLists tells for each list and level whether its items are numbered.
func (d *docx) readLists(x *xmlReader, _ xml.StartElement) error {
	abstract := map[string]map[int]bool{}
	uses := map[string]string{}
	err := x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "abstractNum":
			levels := map[int]bool{}
			abstract[value(e, "abstractNumId")] = levels
			return x.children(func(e xml.StartElement) error {
				if e.Name.Local != "lvl" {
					return x.skip()
				}
				level, _ := strconv.Atoi(value(e, "ilvl"))
				return x.children(func(e xml.StartElement) error {
					if e.Name.Local == "numFmt" {
						format := value(e, "val")
						levels[level] = format != "bullet" && format != "none"
					}
					return x.skip()
				})
			})
		case "num":
			id := value(e, "numId")
			return x.children(func(e xml.StartElement) error {
				if e.Name.Local == "abstractNumId" {
					uses[id] = value(e, "val")
				}
				return x.skip()
			})
		}
		return x.skip()
	})
	d.lists = make(map[string]map[int]bool, len(uses))
	for id, of := range uses {
		d.lists[id] = abstract[of]
	}
	return err
}

// readNotes keeps the text of footnotes or endnotes.
func (d *docx) readNotes(x *xmlReader, _ xml.StartElement) error {
	outer := d.x
	defer func() { d.x = outer }()
	d.x = x
	return x.children(func(e xml.StartElement) error {
		kind := e.Name.Local
		if kind != "footnote" && kind != "endnote" || value(e, "type") != "" && value(e, "type") != "normal" || len(d.notes) >= maxNotes {
			return x.skip() // separators and the like
		}
		text, _, err := d.cell()
		d.notes[kind+value(e, "id")] = text
		return err
	})
}

// appearance reads how a run looks.
func (d *docx) appearance(look *docxLook) error {
	return d.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "b":
			look.bold = on(e)
		case "vanish", "webHidden":
			// webHidden is for web views only; tables of contents carry it.
			look.vanish = look.vanish || e.Name.Local == "vanish" && on(e)
		case "color":
			look.white = strings.EqualFold(value(e, "val"), "ffffff") || strings.EqualFold(value(e, "themeColor"), "background1")
		case "sz":
			size, err := strconv.ParseFloat(value(e, "val"), 64)
			look.tiny = err == nil && size <= tinyHalfPoints
		case "shd":
			look.shade = look.shade || shaded(e)
		case "highlight":
			look.shade = look.shade || on(e) && value(e, "val") != "white"
		}
		return d.x.skip()
	})
}
