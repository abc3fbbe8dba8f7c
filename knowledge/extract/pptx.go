package extract

import (
	"context"
	"encoding/xml"
	"fmt"
	"strings"

	"frontdesk/knowledge"
)

// MaxPages is how many pages or slides one document may have.
const MaxPages = 5_000

// fromPPTX reads a presentation: each slide is a page under its title, with
// its lists, tables and the speaker's notes. Hidden slides are left out.
func fromPPTX(ctx context.Context, data []byte, sus *suspicions) (knowledge.Text, error) {
	a, err := openArchive(ctx, data)
	if err != nil {
		return knowledge.Text{}, err
	}
	part, err := mainPart(a, "ppt/presentation.xml")
	if err != nil {
		return knowledge.Text{}, err
	}
	slides, err := slidesOf(a, part)
	if err != nil {
		return knowledge.Text{}, err
	}
	p := pptx{a: a, b: builder{ctx: ctx}, sus: sus}
	for i, slide := range slides {
		if err := p.slide(i+1, slide); err != nil {
			return knowledge.Text{}, err
		}
	}
	title, err := coreTitle(a)
	if err != nil || strings.EqualFold(title, "PowerPoint Presentation") {
		title = ""
	}
	text, buildErr := p.b.text(title)
	if err == nil {
		err = buildErr
	}
	return text, err
}

// slidesOf are the parts of the slides, in the order they are shown.
func slidesOf(a *archive, part string) ([]string, error) {
	relations, err := a.relations(part)
	if err != nil {
		return nil, err
	}
	var out []string
	err = a.xml(part, func(x *xmlReader, _ xml.StartElement) error {
		return x.children(func(e xml.StartElement) error {
			if e.Name.Local != "sldIdLst" {
				return x.skip()
			}
			return x.children(func(e xml.StartElement) error {
				for _, at := range e.Attr { // two attributes are called id: only the relation's has a namespace
					if at.Name.Local == "id" && at.Name.Space != "" && relations[at.Value].kind == "slide" {
						out = append(out, relations[at.Value].target)
					}
				}
				if len(out) > MaxPages {
					return fmt.Errorf("%w: more than %d slides", knowledge.ErrTooLarge, MaxPages)
				}
				return x.skip()
			})
		})
	})
	return out, err
}

// pptx walks slides and feeds the builder.
type pptx struct {
	a     *archive
	x     *xmlReader
	b     builder
	sus   *suspicions
	at    int // the slide being read
	rels  map[string]relation
	title string
	body  []string // blocks of the slide being read
}

func (p *pptx) slide(number int, part string) error {
	var err error
	if p.rels, err = p.a.relations(part); err != nil {
		return err
	}
	p.at, p.title, p.body = number, "", nil
	if err := p.shapes(part); err != nil {
		return err
	}
	if p.at == 0 { // hidden
		p.sus.add(fmt.Sprintf("Slide %d", number), "it is hidden and was left out", "")
		return nil
	}
	title, body := p.title, p.body
	p.title, p.body = "", nil
	for _, r := range p.rels {
		if r.kind == "notesSlide" {
			if err := p.shapes(r.target); err != nil {
				return err
			}
			if len(p.body) > 0 {
				body = append(body, "Notes: "+strings.Join(p.body, "\n\n"))
			}
			break
		}
	}
	p.b.rise()
	p.b.turn(number)
	if len(body) == 0 && title != "" { // a title slide is still something to find
		body = []string{title}
	}
	p.b.heading(1, title, "")
	for _, s := range body {
		p.b.block(s)
	}
	return p.b.err
}

// shapes reads the shapes of a slide or of its notes into title and body.
func (p *pptx) shapes(part string) error {
	return p.a.xml(part, func(x *xmlReader, root xml.StartElement) error {
		p.x = x
		if show := value(root, "show"); show == "0" || show == "false" {
			p.at = 0
			return nil
		}
		return p.walk()
	})
}

func (p *pptx) walk() error {
	return p.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "sp", "cxnSp":
			return p.shape()
		case "tbl":
			return p.table()
		case "cSld", "spTree", "grpSp", "graphicFrame", "graphic", "graphicData", "AlternateContent", "Choice":
			return p.walk()
		}
		return p.x.skip()
	})
}
