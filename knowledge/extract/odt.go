package extract

import (
	"context"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/knowledge"
)

// fromODT reads an OpenDocument text: headings, paragraphs, lists, tables,
// text boxes and notes. Tracked changes, comments, tables of contents and
// hidden text are left out.
func fromODT(ctx context.Context, data []byte, sus *suspicions) (knowledge.Text, error) {
	a, err := openArchive(ctx, data)
	if err != nil {
		return knowledge.Text{}, err
	}
	if !a.has("content.xml") {
		return knowledge.Text{}, fmt.Errorf("%w: the file has no content.xml", knowledge.ErrCorrupt)
	}
	o := odt{b: builder{ctx: ctx}, sus: sus, styles: map[string]odtStyle{}, numbered: map[string]map[int]bool{}}
	if err := a.xml("styles.xml", o.root); err != nil {
		return knowledge.Text{}, err
	}
	if err := a.xml("content.xml", o.root); err != nil {
		return knowledge.Text{}, err
	}
	o.endList()
	o.sus.hidden("", "it holds text formatted as hidden, which was left out", o.vanished.String())
	o.sus.hidden("", "it holds text in white or too small to be seen, which was kept", o.unseen.String())
	text, err := o.b.text(o.title)
	if err == nil && text.Title == "" {
		text.Title, err = odtTitle(a)
	}
	return text, err
}

func odtTitle(a *archive) (title string, err error) {
	err = a.xml("meta.xml", func(x *xmlReader, _ xml.StartElement) error {
		var walk func(e xml.StartElement) error
		walk = func(e xml.StartElement) error {
			switch e.Name.Local {
			case "meta":
				return x.children(walk)
			case "title":
				s, err := x.text()
				if err != nil {
					return err
				}
				s, err = clean(clip(s, MaxQuestion))
				title = clip(squeeze(s), maxHeading)
				return err
			}
			return x.skip()
		}
		return x.children(walk)
	})
	return title, err
}

// odt walks a document and feeds the builder.
type odt struct {
	x        *xmlReader
	b        builder
	sus      *suspicions
	styles   map[string]odtStyle
	numbered map[string]map[int]bool // list styles: whether a level, from 1, is numbered
	list     listText
	lists    int // begun so far; names the numbering of each
	title    string
	level    int // of the last heading
	pending  []string
	noted    int
	boxes    []string
	nested   int // of tables and frames
	vanished strings.Builder
	unseen   strings.Builder
}

// odtStyle is what matters of a style.
type odtStyle struct {
	parent                    string
	bold, vanish, white, tiny bool
	shade                     bool
}

func (o *odt) root(x *xmlReader, _ xml.StartElement) error {
	o.x = x
	return x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "styles", "automatic-styles":
			return o.readStyles()
		case "body":
			return x.children(func(e xml.StartElement) error {
				if e.Name.Local != "text" {
					return x.skip()
				}
				return o.blocks()
			})
		}
		return x.skip()
	})
}

func (o *odt) readStyles() error {
	return o.x.children(func(e xml.StartElement) error {
		name := value(e, "name")
		switch e.Name.Local {
		case "style":
			s := odtStyle{parent: value(e, "parent-style-name")}
			err := o.x.children(func(e xml.StartElement) error {
				switch e.Name.Local {
				case "text-properties":
					s.bold = value(e, "font-weight") == "bold"
					s.vanish = value(e, "display") == "none"
					s.white = strings.EqualFold(value(e, "color"), "#ffffff")
					size, err := strconv.ParseFloat(strings.TrimSuffix(value(e, "font-size"), "pt"), 64)
					s.tiny = err == nil && size <= tinyHalfPoints/2
					s.shade = s.shade || coloured(value(e, "background-color"))
				case "paragraph-properties":
					s.shade = s.shade || coloured(value(e, "background-color"))
				}
				return o.x.skip()
			})
			o.styles[name] = s
			return err
		case "list-style":
			levels := map[int]bool{}
			o.numbered[name] = levels
			return o.x.children(func(e xml.StartElement) error {
				level, _ := strconv.Atoi(value(e, "level"))
				levels[level] = e.Name.Local == "list-level-style-number" && value(e, "num-format") != ""
				return o.x.skip()
			})
		}
		return o.x.skip()
	})
}

func coloured(s string) bool {
	return s != "" && s != "transparent" && !strings.EqualFold(s, "#ffffff")
}

// blocks reads what holds paragraphs, lists and tables, to its end.
func (o *odt) blocks() error {
	return o.x.children(func(e xml.StartElement) error {
		switch e.Name.Local {
		case "h":
			return o.heading(e)
		case "p":
			text, bold, err := o.read(e)
			switch {
			case text == "":
			case o.is(value(e, "style-name"), "Title") && o.title == "":
				o.title = squeeze(text)
			case bold && knowledge.IsQuestion(text):
				o.b.heading(min(o.level+1, 11), text, "")
			default:
				o.b.block(text)
			}
			return o.after(err)
		case "list":
			o.lists++
			if err := o.items(value(e, "style-name"), strconv.Itoa(o.lists), 0); err != nil {
				return err
			}
			o.endList()
			return o.b.err
		case "table":
			t, err := o.table()
			if err != nil {
				return err
			}
			text, err := t.markdown()
			o.b.block(text)
			return o.after(err)
		case "section":
			if value(e, "display") == "none" {
				return o.x.skip()
			}
			return o.blocks()
		case "frame", "text-box", "a":
			o.nested++
			defer func() { o.nested-- }()
			return o.blocks()
		}
		return o.x.skip()
	})
}

func (o *odt) heading(e xml.StartElement) error {
	level, _ := strconv.Atoi(value(e, "outline-level"))
	text, _, err := o.read(e)
	if text != "" {
		o.level = min(max(level, 1), 10)
		o.b.heading(o.level, text, "")
	}
	return o.after(err)
}

// after puts text boxes and notes below the block that held them.
func (o *odt) after(err error) error {
	for _, box := range o.boxes {
		o.b.block(box)
	}
	for _, n := range o.pending {
		o.b.block(n)
	}
	o.boxes, o.pending = nil, nil
	if err == nil {
		err = o.b.err
	}
	return err
}

func (o *odt) endList() {
	o.b.block(o.list.take())
	o.after(nil)
}

// is reports whether a style is, or stands on, one called name.
func (o *odt) is(style, name string) bool {
	for range maxBased {
		if style == name {
			return true
		}
		style = o.styles[style].parent
	}
	return false
}
