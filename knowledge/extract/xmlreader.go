package extract

import (
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"

	"frontdesk/knowledge"
)

// MaxTokens is how many tags and texts one part of an office file may have:
// ten million are read in some ten seconds, and a novel has a tenth of it.
const MaxTokens = 10_000_000

// MaxXMLDepth is how deep elements may be nested; Word's own tables in tables
// in text boxes stay below a hundred.
const MaxXMLDepth = 300

// xmlReader walks a part of an office file element by element. No more than
// the elements around the current one is held, and nothing outside the part is
// ever read: encoding/xml knows neither external nor declared entities.
type xmlReader struct {
	ctx    context.Context
	d      *xml.Decoder
	tokens int
	depth  int
}

func newXML(ctx context.Context, r io.Reader) (*xmlReader, error) {
	in := bufio.NewReader(r)
	var src io.Reader = in
	if head, _ := in.Peek(4); utf16Of(append(head[:len(head):len(head)], make([]byte, 64)...)) != 0 {
		src = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(in)
	}
	x := &xmlReader{ctx: ctx, d: xml.NewDecoder(src)}
	x.d.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return input, nil // decoded by its mark already
		}
		return charset.NewReaderLabel(label, input)
	}
	return x, nil
}

// next returns a start, an end or a text.
func (x *xmlReader) next() (xml.Token, error) {
	for {
		if x.tokens++; x.tokens > MaxTokens {
			return nil, fmt.Errorf("%w: the file has more than %d elements", knowledge.ErrTooLarge, MaxTokens)
		}
		t, err := x.d.Token()
		if x.ctx.Err() != nil {
			return nil, x.ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: the file's XML is broken: %w", knowledge.ErrCorrupt, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > MaxXMLDepth {
				return nil, fmt.Errorf("%w: nested deeper than %d elements", knowledge.ErrTooLarge, MaxXMLDepth)
			}
			return t, nil
		case xml.EndElement:
			x.depth--
			return t, nil
		case xml.CharData:
			return t, nil
		}
	}
}

// root calls f with the outermost element.
func (x *xmlReader) root(f func(x *xmlReader, root xml.StartElement) error) error {
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			return f(x, e)
		}
	}
}

// children calls f with each element inside the one begun last, whose end it
// reads. f must read the element to its end, by children, skip or text.
func (x *xmlReader) children(f func(xml.StartElement) error) error {
	return x.mixed(f, func(string) error { return nil })
}

// mixed is children that calls text with what stands between the elements.
func (x *xmlReader) mixed(f func(xml.StartElement) error, text func(string) error) error {
	for {
		t, err := x.next()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := f(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if err := text(string(t)); err != nil {
				return err
			}
		}
	}
}

// skip reads the element begun last to its end.
func (x *xmlReader) skip() error {
	for depth := x.depth; x.depth >= depth; {
		if _, err := x.next(); err != nil {
			return err
		}
	}
	return nil
}

// text is all text inside the element begun last, whose end it reads.
func (x *xmlReader) text() (string, error) {
	var out strings.Builder
	for depth := x.depth; x.depth >= depth; {
		t, err := x.next()
		if err != nil {
			return "", err
		}
		if s, ok := t.(xml.CharData); ok {
			if out.Write(s); out.Len() > MaxText {
				return "", errTextTooLarge
			}
		}
	}
	return out.String(), nil
}

var errTextTooLarge = fmt.Errorf("%w: the text has more than %d MB", knowledge.ErrTooLarge, MaxText>>20)

// value is an attribute by its name, whatever its namespace.
func value(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// on reads a switch of Office Open XML: an element that is there is on unless
// its value says otherwise (ISO/IEC 29500-1, 17.17.4).
func on(e xml.StartElement) bool {
	switch value(e, "val") {
	case "0", "false", "off", "none":
		return false
	}
	return true
}
