package extract

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// zipped makes an archive of names and contents in turn.
func zipped(parts ...string) string {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			panic(err)
		}
		w.Write([]byte(parts[i+1]))
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.String()
}

const (
	wordNS    = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"`
	relNS     = `xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	relType   = `http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	odfNS     = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"`
	slideNS   = `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"`
	wordTypes = `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`
)

// docxFile makes a Word document with the body given.
func docxFile(body string, more ...string) string {
	return zipped(append([]string{
		"[Content_Types].xml", wordTypes,
		"_rels/.rels", `<Relationships ` + relNS + `><Relationship Id="rId1" Type="` + relType + `officeDocument" Target="word/document.xml"/></Relationships>`,
		"word/_rels/document.xml.rels", `<Relationships ` + relNS + `><Relationship Id="l1" Type="` + relType + `hyperlink" Target="https://shop.example/fees" TargetMode="External"/></Relationships>`,
		"word/styles.xml", `<w:styles ` + wordNS + `>
			<w:style w:type="paragraph" w:styleId="Titel"><w:name w:val="Title"/></w:style>
			<w:style w:type="paragraph" w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
			<w:style w:type="paragraph" w:styleId="berschrift2"><w:name w:val="heading 2"/><w:basedOn w:val="berschrift1"/></w:style>
			<w:style w:type="paragraph" w:styleId="Own"><w:name w:val="My heading"/><w:basedOn w:val="berschrift2"/></w:style>
			<w:style w:type="paragraph" w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style>
			<w:style w:type="paragraph" w:styleId="Liste"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>`,
		"word/numbering.xml", `<w:numbering ` + wordNS + `>
			<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
			<w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>
			<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num></w:numbering>`,
		"word/footnotes.xml", `<w:footnotes ` + wordNS + `><w:footnote w:id="0" w:type="separator"><w:p/></w:footnote>
			<w:footnote w:id="2"><w:p><w:r><w:t>Weekdays only.</w:t></w:r></w:p></w:footnote></w:footnotes>`,
		"word/document.xml", `<?xml version="1.0" encoding="UTF-8"?><w:document ` + wordNS + `><w:body>` + body + `</w:body></w:document>`,
	}, more...)...)
}

// wordPara is a paragraph of a style with one run; props is put into its properties.
func wordPara(style, text string, props ...string) string {
	return fmt.Sprintf(`<w:p><w:pPr><w:pStyle w:val="%s"/>%s</w:pPr><w:r><w:t xml:space="preserve">%s</w:t></w:r></w:p>`, style, strings.Join(props, ""), text)
}

func odtFile(styles, body string) string {
	return zipped("mimetype", ODT, "content.xml", `<?xml version="1.0"?><office:document-content `+odfNS+`><office:automatic-styles>`+styles+
		`</office:automatic-styles><office:body><office:text>`+body+`</office:text></office:body></office:document-content>`,
		"meta.xml", `<office:document-meta `+odfNS+`><office:meta><dc:title>From the properties</dc:title></office:meta></office:document-meta>`)
}

// pptxFile makes a presentation of slides, each the content of its shape tree;
// notes belong to the first.
func pptxFile(notes string, slides ...string) string {
	list, rels := "", ""
	parts := []string{"[Content_Types].xml", wordTypes,
		"_rels/.rels", `<Relationships ` + relNS + `><Relationship Id="a" Type="` + relType + `officeDocument" Target="/ppt/presentation.xml"/></Relationships>`}
	for i, s := range slides {
		// The order shown is not the order of the names.
		name := fmt.Sprintf("slide%d.xml", len(slides)-i)
		list += fmt.Sprintf(`<p:sldId id="%d" r:id="r%d"/>`, 256+i, i)
		rels += fmt.Sprintf(`<Relationship Id="r%d" Type="%sslide" Target="slides/%s"/>`, i, relType, name)
		show := ""
		if strings.HasPrefix(s, "HIDDEN") {
			s, show = strings.TrimPrefix(s, "HIDDEN"), ` show="0"`
		}
		parts = append(parts, "ppt/slides/"+name, `<p:sld `+slideNS+show+`><p:cSld><p:spTree>`+s+`</p:spTree></p:cSld></p:sld>`)
		if i == 0 {
			parts = append(parts, "ppt/slides/_rels/"+name+".rels", `<Relationships `+relNS+`><Relationship Id="n" Type="`+relType+`notesSlide" Target="../notesSlides/notesSlide1.xml"/></Relationships>`,
				"ppt/notesSlides/notesSlide1.xml", `<p:notes `+slideNS+`><p:cSld><p:spTree>`+slideShape("body", notes)+slideShape("sldNum", "1")+`</p:spTree></p:cSld></p:notes>`)
		}
	}
	return zipped(append(parts, "ppt/presentation.xml", `<p:presentation `+slideNS+`><p:sldIdLst>`+list+`</p:sldIdLst></p:presentation>`,
		"ppt/_rels/presentation.xml.rels", `<Relationships `+relNS+`>`+rels+`</Relationships>`)...)
}

func slideShape(kind string, paragraphs ...string) string {
	ph := ""
	if kind != "" {
		ph = `<p:ph type="` + kind + `"/>`
	}
	out := `<p:sp><p:nvSpPr><p:cNvPr id="1" name="x"/><p:cNvSpPr/><p:nvPr>` + ph + `</p:nvPr></p:nvSpPr><p:txBody><a:bodyPr/>`
	for _, text := range paragraphs {
		level := len(text) - len(strings.TrimLeft(text, ">"))
		out += fmt.Sprintf(`<a:p><a:pPr lvl="%d"/><a:r><a:rPr lang="en"/><a:t>%s</a:t></a:r></a:p>`, level, text[level:])
	}
	return out + `</p:txBody></p:sp>`
}

// xlsxFile makes a workbook of sheets: a name and rows of cells parted by "|".
func xlsxFile(sheets ...[]string) string {
	f := excelize.NewFile()
	for i, s := range sheets {
		if i == 0 {
			f.SetSheetName("Sheet1", s[0])
		} else {
			f.NewSheet(s[0])
		}
		for r, line := range s[1:] {
			for c, cell := range strings.Split(line, "|") {
				if cell == "" {
					continue
				}
				at, _ := excelize.CoordinatesToCellName(c+1, r+1)
				f.SetCellValue(s[0], at, cell)
			}
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		panic(err)
	}
	return out.String()
}

// pdfFile makes a PDF whose pages have the content streams given.
func pdfFile(pages ...string) string {
	var out bytes.Buffer
	var offsets []int
	object := func(s string) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(offsets), s)
	}
	out.WriteString("%PDF-1.4\n")
	kids := ""
	for i := range pages {
		kids += fmt.Sprintf("%d 0 R ", 4+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids, len(pages)))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	for i, content := range pages {
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", 5+2*i))
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	}
	at := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, at)
	return out.String()
}

// pdfText is a line of a content stream.
func pdfText(x, y int, size float64, text string) string {
	return fmt.Sprintf("BT /F1 %g Tf %d %d Td (%s) Tj ET\n", size, x, y, strings.NewReplacer("(", "\\(", ")", "\\)").Replace(text))
}

// sections writes what was read in short.
func sections(t *testing.T, name, data string) string {
	t.Helper()
	text := mustExtract(t, name, data)
	var out strings.Builder
	for _, s := range text.Sections {
		if s.Page > 0 {
			fmt.Fprintf(&out, "p%d ", s.Page)
		}
		fmt.Fprintf(&out, "[%s]\n%s\n", strings.Join(s.Heading, " / "), s.Body)
	}
	return out.String()
}
