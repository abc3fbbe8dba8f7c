package extract

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"frontdesk/knowledge"
)

// maxNotes is how many footnotes and endnotes are kept.
const maxNotes = 10_000

// fromDOCX reads a Word document: paragraphs by their styles, lists, tables,
// text boxes and footnotes. Deleted, hidden and repeated text (headers,
// footers, the table of contents) is left out.
func fromDOCX(ctx context.Context, data []byte, sus *suspicions) (knowledge.Text, error) {
	a, err := openArchive(ctx, data)
	if err != nil {
		return knowledge.Text{}, err
	}
	part, err := mainPart(a, "word/document.xml")
	if err != nil {
		return knowledge.Text{}, err
	}
	d := docx{b: builder{ctx: ctx}, sus: sus, notes: map[string]string{}}
	if d.relations, err = a.relations(part); err != nil {
		return knowledge.Text{}, err
	}
	if err := d.survey(a); err != nil {
		return knowledge.Text{}, err
	}
	err = a.xml(part, func(x *xmlReader, _ xml.StartElement) error {
		d.x = x
		return x.children(func(e xml.StartElement) error {
			if e.Name.Local != "body" {
				return x.skip()
			}
			return d.blocks()
		})
	})
	if err != nil {
		return knowledge.Text{}, err
	}
	d.endList()
	d.told()
	text, err := d.b.text(d.title)
	if err == nil && text.Title == "" {
		text.Title, err = coreTitle(a)
	}
	return text, err
}

// mainPart is the part an office file begins with.
func mainPart(a *archive, usual string) (string, error) {
	root, err := a.relations("")
	if err != nil {
		return "", err
	}
	for _, r := range root {
		if r.kind == "officeDocument" && a.has(r.target) {
			return r.target, nil
		}
	}
	if !a.has(usual) {
		return "", fmt.Errorf("%w: the file has no %s", knowledge.ErrCorrupt, usual)
	}
	return usual, nil
}

// coreTitle is the title among the properties of an office file.
func coreTitle(a *archive) (title string, err error) {
	err = a.xml("docProps/core.xml", func(x *xmlReader, _ xml.StartElement) error {
		return x.children(func(e xml.StartElement) error {
			if e.Name.Local != "title" {
				return x.skip()
			}
			s, err := x.text()
			if err != nil {
				return err
			}
			s, err = clean(clip(s, MaxQuestion))
			title = clip(squeeze(s), maxHeading)
			return err
		})
	})
	return title, err
}

// docx walks the body of a document and feeds the builder.
type docx struct {
	x         *xmlReader
	b         builder
	sus       *suspicions
	relations map[string]relation
	styles    map[string]docxStyle
	lists     map[string]map[int]bool // by number id and level: whether it is numbered
	notes     map[string]string       // footnotes and endnotes, by kind and id
	list      listText
	title     string
	level     int      // of the last heading
	pending   []string // notes to put below the block being read
	noted     int
	boxes     []string // text boxes anchored in the paragraph being read
	nested    int      // of tables and drawings, which bring a background of their own
	vanished  strings.Builder
	unseen    strings.Builder
}

// docxPara is a paragraph as it is read.
type docxPara struct {
	text    bytes.Buffer
	style   string
	numID   string
	level   int
	outline int  // 1-based heading level of its own; 0 for none
	bold    bool // some text is bold
	plain   bool // some text is not
	shade   bool // it has a colour behind it
}

// blocks reads what holds paragraphs and tables, to its end.
func (d *docx) blocks() error {
	return d.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "p":
			return d.paragraph()
		case "tbl":
			d.endList()
			t, err := d.table()
			if err != nil {
				return err
			}
			text, err := t.markdown()
			if err != nil {
				return err
			}
			d.b.block(text)
			d.footnotes()
			return d.b.err
		case "sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "txbxContent", "AlternateContent", "Choice":
			return d.blocks()
		}
		return d.x.skip()
	})
}

// paragraph reads one and gives it to the builder.
func (d *docx) paragraph() error {
	of := len(d.pending) // notes of the list before
	p, err := d.read()
	if err != nil {
		return err
	}
	own := slices.Clone(d.pending[of:])
	d.pending = d.pending[:of]
	text := lines(p.text.String())
	style := d.styles[p.style]
	outline := p.outline
	if outline == 0 {
		outline = style.outline
	}
	numID, level := p.numID, p.level
	if numID == "" {
		numID, level = style.numID, style.level
	}
	switch {
	case text == "" || style.contents:
	case style.title && d.title == "":
		d.endList()
		d.title = squeeze(text)
	case style.title:
		d.endList()
		d.b.heading(1, text, "")
		d.level = 1
	case outline > 0:
		d.endList()
		d.level = outline
		d.b.heading(outline, text, "")
	case numID != "" && numID != "0":
		d.list.item(numID, level, d.lists[numID][level], text)
		if d.list.out.Len() > MaxText {
			return errTextTooLarge
		}
	case p.bold && !p.plain && knowledge.IsQuestion(text):
		d.endList()
		d.b.heading(min(d.level+1, 10), text, "")
	default:
		d.endList()
		d.b.block(text)
	}
	boxes := d.boxes
	d.boxes = nil
	for _, box := range boxes {
		d.endList()
		d.b.block(box)
	}
	if d.pending = append(d.pending, own...); d.list.out.Len() == 0 {
		d.footnotes()
	}
	return d.b.err
}

func (d *docx) endList() {
	d.b.block(d.list.take())
	d.footnotes()
}

// footnotes puts the notes referred to below the block that did.
func (d *docx) footnotes() {
	for _, n := range d.pending {
		d.b.block(n)
	}
	d.pending = nil
}
