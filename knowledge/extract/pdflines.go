package extract

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

const (
	// tinyPoints is the size of letters, in points, that nobody can read.
	tinyPoints = 2
	// maxObjects is how many objects of a page are looked at for what stands
	// behind white text.
	maxObjects = 2_000
)

// pdfPageReader asks where the lines of a page stand and how they look.
type pdfPageReader struct {
	in    pdfium.Pdfium
	page  requests.Page
	text  references.FPDF_TEXTPAGE
	chars int

	white []pdfLine
	tiny  strings.Builder
}

// lines cuts the text of a page, as pdfium gives it, into its lines.
func (p *pdfPageReader) lines(s string) []pdfLine {
	var out []pdfLine
	at := 0 // the index of the character, as UTF-16 counts
	for raw := range strings.SplitAfterSeq(s, "\n") {
		begin := at
		at += units(raw)
		text := strings.TrimRight(raw, "\r\n ")
		first := strings.TrimLeftFunc(text, unicode.IsSpace)
		if first == "" {
			continue
		}
		line := pdfLine{text: hyphen(first)}
		if len(out) < maxPageLines {
			from := begin + units(text[:len(text)-len(first)])
			_, n := utf8.DecodeLastRuneInString(text)
			p.look(&line, from, begin+units(text)-units(text[len(text)-n:]))
		}
		out = append(out, line)
	}
	return out
}

// units is how many characters of pdfium a text has.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// hyphen drops the sign pdfium puts for a hyphen at the end of a line, with
// which the word goes on, and cleans the line.
func hyphen(s string) string {
	s = strings.ReplaceAll(s, "\x02\r\n", "")
	s, _ = clean(s)
	return s
}

// look finds the size, the place and the colour of a line by its first and
// last characters.
func (p *pdfPageReader) look(line *pdfLine, first, last int) {
	if first >= p.chars {
		return
	}
	if box, err := p.in.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: p.text, Index: first}); err == nil {
		line.left, line.right, line.top, line.bottom = box.Rect.Left, box.Rect.Right, box.Rect.Top, box.Rect.Bottom
	}
	if box, err := p.in.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: p.text, Index: min(last, p.chars-1)}); err == nil {
		line.left, line.right = min(line.left, box.Rect.Left), max(line.right, box.Rect.Right)
		line.bottom = min(line.bottom, box.Rect.Bottom) // pdfium takes some pairs of lines for one
	}
	size, err := p.in.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: p.text, Index: first})
	if err != nil {
		return
	}
	m, err := p.in.FPDFText_GetMatrix(&requests.FPDFText_GetMatrix{TextPage: p.text, Index: first})
	if err != nil {
		return
	}
	line.size = float32(size.FontSize * math.Hypot(float64(m.Matrix.C), float64(m.Matrix.D)))
	if math.IsNaN(float64(line.size)) || line.size < 0 || line.size > 10_000 {
		line.size = 0
	}
	if line.size > 0 && line.size < tinyPoints && line.top-line.bottom < tinyPoints {
		if p.tiny.Len() < 10*quoted {
			p.tiny.WriteString(line.text + " ")
		}
		return
	}
	if p.isWhite(first) && p.isWhite(last) && p.isWhite((first+last)/2) {
		p.white = append(p.white, *line)
	}
}

func (p *pdfPageReader) isWhite(at int) bool {
	const nearly = 250 // of 255: nobody sees the difference
	c, err := p.in.FPDFText_GetFillColor(&requests.FPDFText_GetFillColor{TextPage: p.text, Index: at})
	return err == nil && c.R > nearly && c.G > nearly && c.B > nearly && c.A > 0
}

// told makes warnings of text that is too small to be read, or white without
// anything behind it.
func (p *pdfPageReader) told(where string, sus *suspicions) {
	sus.hidden(where, "it holds text too small to be read, which was kept", p.tiny.String())
	if len(p.white) == 0 {
		return
	}
	behind := p.grounds()
	var out strings.Builder
	for _, line := range p.white {
		x, y := (line.left+line.right)/2, (line.top+line.bottom)/2
		covered := false
		for _, g := range behind {
			covered = covered || g.left <= x && x <= g.right && g.bottom <= y && y <= g.top
		}
		if !covered && out.Len() < 10*quoted {
			out.WriteString(line.text + " ")
		}
	}
	sus.hidden(where, "it holds text in white on nothing, which was kept", out.String())
}

// grounds are the places of what is painted on the page besides text. Where
// that cannot be told the whole page counts as painted.
func (p *pdfPageReader) grounds() []pdfLine {
	everywhere := []pdfLine{{left: -math.MaxFloat32, right: math.MaxFloat32, bottom: -math.MaxFloat32, top: math.MaxFloat32}}
	n, err := p.in.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: p.page})
	if err != nil || n.Count > maxObjects {
		return everywhere
	}
	var out []pdfLine
	for i := range n.Count {
		object, err := p.in.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: p.page, Index: i})
		if err != nil {
			return everywhere
		}
		kind, err := p.in.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object.PageObject})
		if err != nil {
			return everywhere
		}
		if kind.Type == enums.FPDF_PAGEOBJ_TEXT {
			continue
		}
		if b, err := p.in.FPDFPageObj_GetBounds(&requests.FPDFPageObj_GetBounds{PageObject: object.PageObject}); err == nil {
			out = append(out, pdfLine{left: b.Left, right: b.Right, bottom: b.Bottom, top: b.Top})
		}
	}
	return out
}
