package extract

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// tinyHalfPoints is the size, in half-points as Word counts, up to which text
// cannot be read on paper or screen.
const tinyHalfPoints = 4

// read reads a paragraph to its end.
func (d *docx) read() (*docxPara, error) {
	p := &docxPara{}
	err := d.inline(p, "")
	return p, err
}

// inline reads what stands in a paragraph: runs, and what is around runs. url
// is where a link around them leads.
func (d *docx) inline(p *docxPara, url string) error {
	return d.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "pPr":
			return d.properties(p)
		case "r":
			return d.run(p)
		case "hyperlink":
			return d.link(p, value(e, "id"))
		case "sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "fldSimple", "dir", "bdo", "oMathPara", "oMath",
			"AlternateContent", "Choice", "sSup", "sSub", "f", "num", "den", "e", "sup", "sub", "rad", "d", "nary":
			return d.inline(p, url)
		case "t": // of a formula
			return d.text(p)
		}
		return d.x.skip()
	})
}

// link keeps where its text leads when that is an address on the web.
func (d *docx) link(p *docxPara, id string) error {
	from := p.text.Len()
	if err := d.inline(p, ""); err != nil {
		return err
	}
	url := d.relations[id].target
	label := squeeze(string(p.text.Bytes()[from:]))
	if d.relations[id].kind != "hyperlink" || !webLink(label, url) {
		return nil
	}
	p.text.Truncate(from)
	fmt.Fprintf(&p.text, "[%s](%s)", label, url)
	return nil
}

// webLink reports whether a link says more than its label does.
func webLink(label, url string) bool {
	return (strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")) && len(url) < 500 && !strings.ContainsAny(url, " ()<>\n\t") &&
		label != "" && !strings.ContainsAny(label, "[]") && !strings.HasSuffix(strings.TrimSuffix(url, "/"), "//"+label) && strings.TrimSuffix(url, "/") != strings.TrimSuffix(label, "/")
}

// properties reads those of a paragraph.
func (d *docx) properties(p *docxPara) error {
	return d.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "pStyle":
			p.style = value(e, "val")
		case "outlineLvl":
			p.outline = outlineLevel(value(e, "val"))
		case "numPr":
			return d.properties(p)
		case "ilvl":
			p.level, _ = strconv.Atoi(value(e, "val"))
		case "numId":
			p.numID = value(e, "val")
		case "shd":
			p.shade = shaded(e)
		}
		return d.x.skip()
	})
}

// outlineLevel is a heading's level from 1; levels are counted from 0 in the
// file and 9 is body text (ISO/IEC 29500-1, 17.3.1.20).
func outlineLevel(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return n + 1
}

func shaded(e xml.StartElement) bool {
	fill := strings.ToLower(value(e, "fill"))
	return fill != "" && fill != "auto" && fill != "ffffff"
}

// docxLook is how a run looks.
type docxLook struct{ bold, vanish, white, tiny, shade bool }

func (d *docx) run(p *docxPara) error {
	look := docxLook{shade: p.shade || d.nested > 0}
	hidden := func() *strings.Builder {
		switch {
		case look.vanish:
			return &d.vanished
		case look.white && !look.shade || look.tiny:
			return &d.unseen
		}
		return nil
	}
	return d.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "rPr":
			return d.appearance(&look)
		case "t", "noBreakHyphen", "softHyphen", "tab", "ptab", "br", "cr", "sym":
			from := p.text.Len()
			if err := d.character(p, e); err != nil {
				return err
			}
			added := string(p.text.Bytes()[from:])
			if h := hidden(); h != nil && h.Len() < 10*quoted {
				h.WriteString(added)
			}
			if look.vanish {
				p.text.Truncate(from)
			} else if strings.TrimSpace(added) != "" {
				p.bold, p.plain = p.bold || look.bold, p.plain || !look.bold
			}
			return nil
		case "footnoteReference", "endnoteReference":
			d.refer(p, strings.TrimSuffix(e.Name.Local, "Reference")+value(e, "id"))
			return d.x.skip()
		case "drawing", "pict", "object", "AlternateContent", "Choice", "inline", "anchor", "graphic", "graphicData", "wsp", "wgp", "wpc", "grpSp", "group", "shape", "rect", "roundrect", "oval", "textbox", "txbx":
			return d.drawing()
		}
		return d.x.skip()
	})
}

// character adds one text or sign of a run.
func (d *docx) character(p *docxPara, e xml.StartElement) error {
	switch e.Name.Local {
	case "t":
		return d.text(p)
	case "noBreakHyphen":
		p.text.WriteByte('-')
	case "tab", "ptab":
		p.text.WriteByte(' ')
	case "br", "cr":
		p.text.WriteByte('\n')
	}
	return d.x.skip()
}

func (d *docx) text(p *docxPara) error {
	s, err := d.x.text()
	if err != nil {
		return err
	}
	d.sus.smuggled("", s)
	if s, err = clean(s); err != nil {
		return err
	}
	if p.text.WriteString(s); p.text.Len() > MaxText {
		return errTextTooLarge
	}
	return nil
}

// drawing reads the text boxes of a drawing.
func (d *docx) drawing() error {
	d.nested++
	defer func() { d.nested-- }()
	return d.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "Fallback", "binData":
			return d.x.skip()
		case "p":
			p, err := d.read()
			if text := lines(p.text.String()); text != "" {
				d.boxes = append(d.boxes, text)
			}
			return err
		}
		return d.drawing()
	})
}

// refer marks the place of a note and has it put below the block.
func (d *docx) refer(p *docxPara, id string) {
	note := d.notes[id]
	if note == "" || d.noted >= maxNotes {
		return
	}
	d.noted++
	fmt.Fprintf(&p.text, "[^%d]", d.noted)
	d.pending = append(d.pending, fmt.Sprintf("[^%d]: %s", d.noted, note))
}

// told makes warnings of the text nobody sees.
func (d *docx) told() {
	d.sus.hidden("", "it holds text formatted as hidden, which was left out", d.vanished.String())
	d.sus.hidden("", "it holds text in white or too small to be seen, which was kept", d.unseen.String())
}
