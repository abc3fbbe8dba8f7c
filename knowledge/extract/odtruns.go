package extract

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
)

// maxSpaces bounds the spaces one element may stand for.
const maxSpaces = 200

// odtPara is a paragraph as it is read.
type odtPara struct {
	text        bytes.Buffer
	bold, plain bool
}

// read reads a paragraph or heading to its end: its text, and whether all of it
// is bold.
func (o *odt) read(e xml.StartElement) (text string, bold bool, err error) {
	var p odtPara
	err = o.inline(&p, o.look(odtStyle{}, value(e, "style-name")))
	if p.text.Len() > MaxText {
		err = errTextTooLarge
	}
	return lines(p.text.String()), p.bold && !p.plain, err
}

// look adds to how text looks what a style, and those it stands on, say.
func (o *odt) look(now odtStyle, style string) odtStyle {
	for range maxBased {
		s, ok := o.styles[style]
		if !ok {
			break
		}
		now.bold, now.vanish, now.shade = now.bold || s.bold, now.vanish || s.vanish, now.shade || s.shade
		now.white, now.tiny = now.white || s.white, now.tiny || s.tiny
		style = s.parent
	}
	return now
}

func (o *odt) inline(p *odtPara, look odtStyle) error {
	return o.x.mixed(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "span":
			return o.inline(p, o.look(look, value(e, "style-name")))
		case "a":
			return o.link(p, look, value(e, "href"))
		case "s":
			n, _ := strconv.Atoi(value(e, "c"))
			p.text.WriteString(strings.Repeat(" ", min(max(n, 1), maxSpaces)))
		case "tab":
			p.text.WriteByte(' ')
		case "line-break":
			p.text.WriteByte('\n')
		case "note":
			return o.note(p)
		case "frame", "g":
			return o.drawing()
		case "meta", "meta-field", "ruby", "ruby-base", "bookmark-ref", "reference-ref", "sequence", "sequence-ref", "text-input",
			"date", "time", "user-field-get", "variable-get", "variable-set", "expression", "title", "placeholder", "page-number", "page-count":
			return o.inline(p, look)
		}
		return o.x.skip() // hidden-text, annotation, change marks
	}, func(s string) error { return o.text(p, look, s) })
}

func (o *odt) text(p *odtPara, look odtStyle, s string) error {
	o.sus.smuggled("", s)
	s, err := clean(strings.Map(func(r rune) rune { // the end of a source line is a space
		if r == '\n' || r == '\r' || r == '\t' {
			return ' '
		}
		return r
	}, s))
	if err != nil {
		return err
	}
	hidden := &o.unseen
	if look.vanish {
		hidden = &o.vanished
	}
	if (look.vanish || look.tiny || look.white && !look.shade && o.nested == 0) && hidden.Len() < 10*quoted {
		hidden.WriteString(s)
	}
	if look.vanish {
		return nil
	}
	if strings.TrimSpace(s) != "" {
		p.bold, p.plain = p.bold || look.bold, p.plain || !look.bold
	}
	if p.text.WriteString(s); p.text.Len() > MaxText {
		return errTextTooLarge
	}
	return nil
}

func (o *odt) link(p *odtPara, look odtStyle, url string) error {
	from := p.text.Len()
	if err := o.inline(p, look); err != nil {
		return err
	}
	if label := squeeze(string(p.text.Bytes()[from:])); webLink(label, url) {
		p.text.Truncate(from)
		fmt.Fprintf(&p.text, "[%s](%s)", label, url)
	}
	return nil
}

// note marks the place of a footnote and has it put below the block.
func (o *odt) note(p *odtPara) error {
	return o.x.children(func(e xml.StartElement) error {
		if e.Name.Local != "note-body" || o.noted >= maxNotes {
			return o.x.skip()
		}
		text, err := o.inside()
		if text != "" {
			o.noted++
			fmt.Fprintf(&p.text, "[^%d]", o.noted)
			o.pending = append(o.pending, fmt.Sprintf("[^%d]: %s", o.noted, text))
		}
		return err
	})
}

// drawing reads the text boxes of a frame.
func (o *odt) drawing() error {
	o.nested++
	defer func() { o.nested-- }()
	return o.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "text-box":
			text, err := o.inside()
			if text != "" {
				o.boxes = append(o.boxes, text)
			}
			return err
		case "g", "frame":
			return o.drawing()
		}
		return o.x.skip()
	})
}
