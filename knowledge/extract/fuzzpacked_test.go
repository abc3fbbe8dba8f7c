package extract

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"frontdesk/knowledge"
)

// packedLimit is the text a small office file may become: a cell may span all
// columns, and headings are repeated below them.
const packedLimit = 1 << 22

// The parts of office files are fuzzed as they are before they are packed:
// what changes in compressed bytes only damages them.

func FuzzDOCX(f *testing.F) {
	f.Add(wordPara("Titel", "a")+wordPara("berschrift1", "b")+wordPara("Liste", "c")+`<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="3"/></w:tcPr><w:p><w:r><w:t>d</w:t></w:r></w:p><w:tbl><w:tr><w:tc/></w:tr></w:tbl></w:tc></w:tr></w:tbl>`, "")
	f.Add(`<w:p><w:hyperlink r:id="l1"><w:r><w:rPr><w:vanish/><w:sz w:val="1"/></w:rPr><w:t>e</w:t><w:footnoteReference w:id="2"/></w:r></w:hyperlink></w:p>`,
		`<w:styles `+wordNS+`><w:style w:type="paragraph" w:styleId="a"><w:basedOn w:val="b"/></w:style><w:style w:type="paragraph" w:styleId="b"><w:basedOn w:val="a"/></w:style></w:styles>`)
	f.Fuzz(func(t *testing.T, body, styles string) {
		promised(t, "a.docx", []byte(docxFile(body, "word/styles.xml", styles)), packedLimit+700*len(body))
		promised(t, "a.docx", []byte(zipped("[Content_Types].xml", "", "word/styles.xml", styles, "word/document.xml", body)), packedLimit+700*len(body))
	})
}

func FuzzODT(f *testing.F) {
	f.Add(`<style:style style:name="a" style:parent-style-name="a"><style:text-properties text:display="none"/></style:style>`,
		`<text:h text:outline-level="2">a</text:h><text:p text:style-name="a">b<text:s text:c="99999"/></text:p><text:list><text:list-item><text:p>c</text:p></text:list-item></text:list>`)
	f.Add("", `<table:table><table:table-row><table:table-cell table:number-columns-repeated="99999999"><text:p>d</text:p></table:table-cell></table:table-row></table:table><text:p>e<draw:frame><draw:text-box><text:p>f<text:note><text:note-body><text:p>g</text:p></text:note-body></text:note></text:p></draw:text-box></draw:frame></text:p>`)
	f.Fuzz(func(t *testing.T, styles, body string) {
		promised(t, "a.odt", []byte(odtFile(styles, body)), packedLimit+2000*len(body))
	})
}

func FuzzPPTX(f *testing.F) {
	f.Add(slideShape("title", "a")+slideShape("body", "b", ">c"), "d")
	f.Add(`<p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>x</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></p:graphicFrame>`, "")
	f.Fuzz(func(t *testing.T, shapes, notes string) {
		promised(t, "a.pptx", []byte(pptxFile(notes, shapes, shapes)), packedLimit+700*len(shapes))
	})
}

func FuzzXLSX(f *testing.F) {
	book := []byte(xlsxFile([]string{"FAQ", "question|answer", "a|b"}))
	f.Add(`<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="C1" s="1"><v>45000.5</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>`, `<sst><si><t>a</t></si></sst>`)
	f.Add(`<row><c t="s"><v>0</v></c><c t="s"><v>99999999</v></c><c t="b"><v>1</v></c><c><f>A1</f></c></row>`, `<sst><si><r><t>x</t></r></si></sst>`)
	f.Fuzz(func(t *testing.T, sheet, shared string) {
		a, err := openArchive(t.Context(), book)
		if err != nil {
			t.Fatal(err)
		}
		var parts []string
		for _, file := range a.order {
			content, err := a.read(file)
			if err != nil {
				t.Fatal(err)
			}
			switch partName(file.Name) {
			case "xl/worksheets/sheet1.xml":
				content = []byte(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + sheet + `</sheetData></worksheet>`)
			case "xl/sharedstrings.xml":
				content = []byte(shared)
			}
			parts = append(parts, file.Name, string(content))
		}
		promised(t, "a.xlsx", []byte(zipped(parts...)), packedLimit+100_000*(len(sheet)+len(shared)))
	})
}

func FuzzPDF(f *testing.F) {
	f.Add([]byte(pdfFile(article(1, "Heading", "Some text.", "", "- a", "- b"), article(2, "", "More."))))
	f.Add([]byte(pdfFile("BT /F1 0.5 Tf 1 1 1 rg 12 0 0 12 60 300 Tm (x) Tj T* (y) ' ET q 1 0 0 1 0 0 cm 0 0 9 9 re f Q")))
	f.Fuzz(func(t *testing.T, data []byte) { promised(t, "a.pdf", data, packedLimit+700*len(data)) })
}

func FuzzMembers(f *testing.F) {
	f.Add([]byte(zipped("a.txt", "b", "c/d.md", "e")))
	f.Add([]byte(zipped("a.zip", zipped("../b.txt", "c"))))
	f.Add([]byte(encrypted()))
	f.Fuzz(func(t *testing.T, data []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		uploads, err := Members(ctx, data)
		if err != nil {
			for _, known := range []error{knowledge.ErrCorrupt, knowledge.ErrEmpty, knowledge.ErrTooLarge} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("Members = %v, want one of the domain's errors", err)
		}
		total := 0
		for _, u := range uploads {
			check(t, u.Name)
			if total += len(u.Data); u.Name == "" || len(u.Data) == 0 || bytes.ContainsAny([]byte(u.Name), "/\\") {
				t.Fatalf("upload %q of %d bytes, want a plain name and content", u.Name, len(u.Data))
			}
		}
		if total > MaxExpanded {
			t.Fatalf("%d bytes became %d", len(data), total)
		}
	})
}
