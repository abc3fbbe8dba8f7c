package extract

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// pptxShape is a shape as it is read.
type pptxShape struct {
	kind       string // of placeholder: "title", "body", …; empty for a text box
	hidden     bool
	paragraphs []pptxPara
}

type pptxPara struct {
	text  strings.Builder
	level int
	mark  byte // 'b' for a bullet, 'n' for a number, '-' for none, 0 where the layout decides
}

func (p *pptx) shape() error {
	s := pptxShape{}
	var walk func(e xml.StartElement) error
	walk = func(e xml.StartElement) error {
		switch e.Name.Local {
		case "nvSpPr", "nvPr":
			return p.x.children(walk)
		case "cNvPr":
			s.hidden = value(e, "hidden") == "1" || value(e, "hidden") == "true"
		case "ph":
			if s.kind = value(e, "type"); s.kind == "" {
				s.kind = "body"
			}
		case "txBody":
			var err error
			s.paragraphs, err = p.paragraphs()
			return err
		}
		return p.x.skip()
	}
	if err := p.x.children(walk); err != nil {
		return err
	}
	switch {
	case s.hidden:
		p.sus.hidden(fmt.Sprintf("Slide %d", p.at), "it holds a hidden text box, which was left out", joined(s.paragraphs))
		return nil
	case s.kind == "dt" || s.kind == "ftr" || s.kind == "sldNum" || s.kind == "hdr" || s.kind == "sldImg":
		return nil
	case (s.kind == "title" || s.kind == "ctrTitle") && p.title == "":
		p.title = squeeze(joined(s.paragraphs))
		return nil
	}
	var list listText
	listed := false
	flush := func() {
		if text := list.take(); text != "" {
			p.body = append(p.body, text)
		}
	}
	many := len(s.paragraphs) > 1
	for i := range s.paragraphs {
		para := &s.paragraphs[i]
		text := lines(para.text.String())
		listed = para.mark == 'b' || para.mark == 'n' || para.mark == 0 && many && (s.kind == "body" || s.kind == "obj")
		switch {
		case text == "":
		case listed:
			list.item("", para.level, para.mark == 'n', text)
		default:
			flush()
			p.body = append(p.body, text)
		}
	}
	flush()
	return nil
}

func joined(paragraphs []pptxPara) string {
	var out []string
	for i := range paragraphs {
		out = append(out, lines(paragraphs[i].text.String()))
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// paragraphs reads the text of a shape or cell.
func (p *pptx) paragraphs() ([]pptxPara, error) {
	var out []pptxPara
	err := p.x.children(func(e xml.StartElement) error {
		if e.Name.Local != "p" {
			return p.x.skip()
		}
		out = append(out, pptxPara{})
		return p.paragraph(&out[len(out)-1])
	})
	return out, err
}

func (p *pptx) paragraph(para *pptxPara) error {
	return p.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "pPr":
			para.level, _ = strconv.Atoi(value(e, "lvl"))
			return p.x.children(func(e xml.StartElement) error {
				switch e.Name.Local {
				case "buChar", "buBlip":
					para.mark = 'b'
				case "buAutoNum":
					para.mark = 'n'
				case "buNone":
					para.mark = '-'
				}
				return p.x.skip()
			})
		case "r", "fld":
			return p.run(para)
		case "br":
			para.text.WriteByte('\n')
		}
		return p.x.skip()
	})
}

// run adds the text of a run, and where it leads when that is on the web.
func (p *pptx) run(para *pptxPara) error {
	url, text := "", ""
	err := p.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "rPr":
			return p.x.children(func(e xml.StartElement) error {
				if e.Name.Local == "hlinkClick" {
					url = p.rels[value(e, "id")].target
				}
				return p.x.skip()
			})
		case "t":
			s, err := p.x.text()
			if err != nil {
				return err
			}
			p.sus.smuggled(fmt.Sprintf("Slide %d", p.at), s)
			text, err = clean(s)
			return err
		}
		return p.x.skip()
	})
	if webLink(squeeze(text), url) {
		text = "[" + squeeze(text) + "](" + url + ")"
	}
	if para.text.WriteString(text); para.text.Len() > MaxText {
		return errTextTooLarge
	}
	return err
}

func (p *pptx) table() error {
	var t tableText
	err := p.x.children(func(e xml.StartElement) error {
		if e.Name.Local != "tr" {
			return p.x.skip()
		}
		var cells []string
		if err := p.x.children(func(e xml.StartElement) error {
			if e.Name.Local != "tc" {
				return p.x.skip()
			}
			cells = append(cells, "")
			return p.x.children(func(e xml.StartElement) error {
				if e.Name.Local != "txBody" {
					return p.x.skip()
				}
				paragraphs, err := p.paragraphs()
				cells[len(cells)-1] = joined(paragraphs)
				return err
			})
		}); err != nil {
			return err
		}
		return t.row(cells)
	})
	if err != nil {
		return err
	}
	text, err := t.markdown()
	if text != "" {
		p.body = append(p.body, text)
	}
	return err
}
