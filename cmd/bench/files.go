package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/xuri/excelize/v2"
)

// prose makes n paragraphs of some ninety words, the same for the same seed.
func prose(seed uint64, n int) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	words := make([]string, 6000)
	for i := range words {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteByte("bcdfghlmnprstvw"[r.IntN(15)])
			b.WriteByte("aeiou"[r.IntN(5)])
		}
		words[i] = b.String()
	}
	zipf := rand.NewZipf(r, 1.1, 8, uint64(len(words)-1))
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for w := range 90 {
			switch {
			case w == 0:
			case w%15 == 0:
				b.WriteString(". ")
			default:
				b.WriteByte(' ')
			}
			b.WriteString(words[zipf.Uint64()])
		}
		out[i] = b.String() + "."
	}
	return out
}

// format is a kind of file and how to write paragraphs as one.
type format struct {
	name  string
	write func(paragraphs []string) ([]byte, error)
}

// perHeading is how many paragraphs stand under one heading.
const perHeading = 8

var formats = []format{
	{"txt", func(ps []string) ([]byte, error) { return []byte(strings.Join(ps, "\n\n")), nil }},
	{"md", func(ps []string) ([]byte, error) {
		return sections(ps, func(n int) string { return fmt.Sprintf("\n## Part %d\n\n", n) }, "%s\n\n"), nil
	}},
	{"html", func(ps []string) ([]byte, error) {
		body := sections(ps, func(n int) string { return fmt.Sprintf("<h2>Part %d</h2>\n", n) }, "<p>%s</p>\n")
		return fmt.Appendf(nil, "<!doctype html><title>Handbook</title><main>%s</main>", body), nil
	}},
	{"csv", func(ps []string) ([]byte, error) {
		b := []byte("question,answer\n")
		for i, p := range ps {
			b = fmt.Appendf(b, "What about case %d?,%q\n", i, p)
		}
		return b, nil
	}},
	{"jsonl", func(ps []string) ([]byte, error) {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		for i, p := range ps {
			if err := enc.Encode(map[string]string{"question": fmt.Sprintf("What about case %d?", i), "answer": p}); err != nil {
				return nil, err
			}
		}
		return b.Bytes(), nil
	}},
	{"docx", docx},
	{"odt", odt},
	{"pptx", pptx},
	{"xlsx", xlsx},
	{"pdf", func(ps []string) ([]byte, error) { return pdf(ps, 0), nil }},
}

func sections(ps []string, heading func(n int) string, paragraph string) []byte {
	var b []byte
	for i, p := range ps {
		if i%perHeading == 0 {
			b = append(b, heading(i/perHeading+1)...)
		}
		b = fmt.Appendf(b, paragraph, p)
	}
	return b
}

func docx(ps []string) ([]byte, error) {
	body := sections(ps, func(n int) string {
		return fmt.Sprintf(`<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Part %d</w:t></w:r></w:p>`, n)
	}, `<w:p><w:r><w:t>%s</w:t></w:r></w:p>`)
	const w = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	return zipped(
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/styles.xml", `<w:styles `+w+`><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`,
		"word/document.xml", `<w:document `+w+`><w:body>`+string(body)+`</w:body></w:document>`)
}

func odt(ps []string) ([]byte, error) {
	body := sections(ps, func(n int) string { return fmt.Sprintf(`<text:h text:outline-level="1">Part %d</text:h>`, n) }, `<text:p>%s</text:p>`)
	return zipped("mimetype", "application/vnd.oasis.opendocument.text",
		"content.xml", `<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>`+
			string(body)+`</office:text></office:body></office:document-content>`)
}

// slideParagraphs is how many paragraphs a slide holds.
const slideParagraphs = 4

func pptx(ps []string) ([]byte, error) {
	const ns = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
	const rel = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	var types, list, rels strings.Builder
	var slides []string
	for at := 0; at < len(ps); at += slideParagraphs {
		n := at/slideParagraphs + 1
		fmt.Fprintf(&types, `<Override PartName="/ppt/slides/slide%d.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.slide+xml"/>`, n)
		fmt.Fprintf(&list, `<p:sldId id="%d" r:id="r%d"/>`, 255+n, n)
		fmt.Fprintf(&rels, `<Relationship Id="r%[1]d" Type="%[2]sslide" Target="slides/slide%[1]d.xml"/>`, n, rel)
		var text strings.Builder
		for _, p := range ps[at:min(at+slideParagraphs, len(ps))] {
			text.WriteString(`<a:p><a:r><a:t>` + p + `</a:t></a:r></a:p>`)
		}
		slides = append(slides, fmt.Sprintf("ppt/slides/slide%d.xml", n),
			`<p:sld `+ns+`><p:cSld><p:spTree><p:sp><p:txBody>`+text.String()+`</p:txBody></p:sp></p:spTree></p:cSld></p:sld>`)
	}
	return zipped(append([]string{
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/>` + types.String() + `</Types>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + rel + `officeDocument" Target="ppt/presentation.xml"/></Relationships>`,
		"ppt/presentation.xml", `<p:presentation ` + ns + `><p:sldIdLst>` + list.String() + `</p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` + rels.String() + `</Relationships>`,
	}, slides...)...)
}

func xlsx(ps []string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return nil, err
	}
	for i, p := range append([]string{""}, ps...) {
		row := []any{fmt.Sprintf("Case %d", i), p}
		if i == 0 {
			row = []any{"Case", "Text"}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), row); err != nil {
			return nil, err
		}
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// zipped packs pairs of name and content; the first is stored as it is, as a file's
// mimetype has to be.
func zipped(pairs ...string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		h := &zip.FileHeader{Name: pairs[i], Method: zip.Deflate}
		if pairs[i] == "mimetype" {
			h.Method = zip.Store
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(pairs[i], ".xml") || strings.HasSuffix(pairs[i], ".rels") {
			fmt.Fprint(w, xml.Header)
		}
		if _, err := w.Write([]byte(pairs[i+1])); err != nil {
			return nil, err
		}
	}
	err := z.Close() // which writes the directory
	return b.Bytes(), err
}

const (
	pdfParagraphs = 4  // on a page
	pdfLine       = 90 // characters of a line
)

// pdf writes paragraphs as pages of text, and on each page, when picture is not 0, a
// picture of so many bytes that no compression makes smaller.
func pdf(ps []string, picture int) []byte {
	var b bytes.Buffer
	var at []int
	object := func(format string, args ...any) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(at))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	pages := (len(ps) + pdfParagraphs - 1) / pdfParagraphs
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 4+3*i)
	}
	b.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), pages)
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	r := rand.New(rand.NewPCG(5, 5))
	noise := make([]byte, max(picture, 1))
	for i := range pages {
		page := 4 + 3*i
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F 3 0 R >> /XObject << /I %d 0 R >> >> >>", page+1, page+2)
		text := pageText(ps[i*pdfParagraphs : min((i+1)*pdfParagraphs, len(ps))])
		object("<< /Length %d >>\nstream\n%s\nendstream", len(text), text)
		for k := range noise {
			noise[k] = byte(r.Uint32())
		}
		object("<< /Type /XObject /Subtype /Image /Width %d /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length %d >>\nstream\n%s\nendstream", len(noise), len(noise), noise)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

func pageText(ps []string) string {
	var b strings.Builder
	b.WriteString("q 200 0 0 20 40 20 cm /I Do Q BT /F 10 Tf 12 TL 40 800 Td ")
	for _, p := range ps {
		line := ""
		for w := range strings.FieldsSeq(p) {
			if len(line)+len(w) > pdfLine {
				b.WriteString("(" + line + ") Tj T* ")
				line = ""
			}
			line += w + " "
		}
		b.WriteString("(" + line + ") Tj T* T* ")
	}
	b.WriteString("ET")
	return b.String()
}
