package extract

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

func TestAnArchiveBecomesItsDocuments(t *testing.T) {
	inner := zipped("deep/b.md", "# B")
	data := zipped("faq.csv", "question,answer\nx,y", "en/index.html", "<p>x", "de/index.html", "<p>y", "empty.txt", "",
		"__MACOSX/._faq.csv", "junk", ".DS_Store", "junk", "en/.git/config", "junk", "~$draft.docx", "junk", "Thumbs.db", "junk",
		"../../etc/passwd", "rooted", "C:\\temp\\notes.txt", "windows", "/abs.txt", "absolute", "more.zip", inner, "guide.docx", docxFile(""))
	got, err := Members(t.Context(), []byte(data))
	if err != nil {
		t.Fatalf("Members = %v, want uploads", err)
	}
	var names []string
	for _, u := range got {
		names = append(names, u.Name)
	}
	want := []string{"faq.csv", "en › index.html", "de › index.html", "passwd", "notes.txt", "abs.txt", "b.md", "guide.docx"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("names = %q, want %q", names, want)
	}
	if string(got[0].Data) != "question,answer\nx,y" {
		t.Errorf("data = %q, want the member's", got[0].Data)
	}
}

func TestArchivesThatGoTooFarAreRefused(t *testing.T) {
	nested := zipped("a.md", "# A")
	for range 2 {
		nested = zipped("a.zip", nested)
	}
	many := make([]string, 0, 2*(MaxMembers+1))
	for i := range MaxMembers + 1 {
		many = append(many, fmt.Sprint(i, ".txt"), "x")
	}
	bomb := zipped("a.txt", strings.Repeat("\x00", MaxPart))
	big := strings.Repeat("0123456789abcdef", MaxPart/16-1)
	for name, c := range map[string]struct {
		data string
		want error
		says string
	}{
		"nested twice":  {nested, knowledge.ErrTooLarge, "nested deeper than 2"},
		"many members":  {zipped(many...), knowledge.ErrTooLarge, "more than 2000 documents"},
		"ratio":         {bomb, knowledge.ErrTooLarge, "times its size"},
		"nested ratio":  {zipped("inner.zip", bomb), knowledge.ErrTooLarge, "times its size"},
		"large member":  {zipped("a.txt", strings.Repeat("a", MaxPart+1)), knowledge.ErrTooLarge, "64 MB"},
		"large sum":     {stored("a", big, "b", big, "c", big, "d", big), knowledge.ErrTooLarge, "192 MB"},
		"nothing":       {zipped("__MACOSX/a", "x"), knowledge.ErrEmpty, "no files"},
		"damaged":       {zipped("a.txt", "x")[:60], knowledge.ErrCorrupt, "damaged"},
		"a false size":  {lying(zipped("a.txt", strings.Repeat("x", 1000))), knowledge.ErrCorrupt, "a.txt"},
		"with password": {encrypted(), knowledge.ErrCorrupt, "password"},
	} {
		if _, err := Members(t.Context(), []byte(c.data)); !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: Members = %v, want %v that says %q", name, err, c.want, c.says)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Members(ctx, []byte(zipped("a.txt", "x"))); !errors.Is(err, context.Canceled) {
		t.Errorf("Members with an ended context = %v, want context.Canceled", err)
	}
}

// stored makes an archive that is not compressed.
func stored(parts ...string) string {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: parts[i], Method: zip.Store})
		if err != nil {
			panic(err)
		}
		w.Write([]byte(parts[i+1]))
	}
	z.Close()
	return out.String()
}

// lying makes the directory say the only member expands to ten bytes.
func lying(archive string) string {
	at := strings.LastIndex(archive, directoryEntry)
	return archive[:at+24] + "\x0a\x00\x00\x00" + archive[at+28:]
}

func encrypted() string {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, _ := z.CreateRaw(&zip.FileHeader{Name: "a.txt", Flags: 1, CompressedSize64: 3, UncompressedSize64: 3})
	w.Write([]byte("abc"))
	z.Close()
	return out.String()
}

func TestOfficeFilesThatExpandTooFarAreRefused(t *testing.T) {
	text := strings.Repeat(" ", 32<<20)
	book := xlsxFile([]string{"A", "x"})
	for name, data := range map[string]string{
		"a.docx": docxFile(wordPara("Normal", text)),
		"a.odt":  odtFile("", "<text:p>"+text+"</text:p>"),
		"a.pptx": pptxFile("", slideShape("", text)),
		"a.xlsx": with(book, "xl/extra.bin", text),
	} {
		if _, err := Extract(t.Context(), name, "", []byte(data)); !errors.Is(err, knowledge.ErrTooLarge) {
			t.Errorf("%s: Extract = %v, want ErrTooLarge", name, err)
		}
	}
	deep := strings.Repeat("<w:sdt><w:sdtContent>", MaxXMLDepth) + strings.Repeat("</w:sdtContent></w:sdt>", MaxXMLDepth)
	if _, err := Extract(t.Context(), "a.docx", "", []byte(docxFile(deep))); !errors.Is(err, knowledge.ErrTooLarge) {
		t.Errorf("Extract of a deep document = %v, want ErrTooLarge", err)
	}
}

// with adds a member to an archive.
func with(archive, name, content string) string {
	r, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range r.File {
		z.Copy(f)
	}
	w, _ := z.Create(name)
	w.Write([]byte(content))
	z.Close()
	return out.String()
}

func TestEntitiesOfOfficeFilesAreNotFollowed(t *testing.T) {
	const doc = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "yyyyyyyyyy">]>`
	for _, entity := range []string{"&x;", "&y;"} {
		data := zipped("[Content_Types].xml", wordTypes, "word/document.xml", doc+`<w:document `+wordNS+`><w:body><w:p><w:r><w:t>`+entity+`</w:t></w:r></w:p></w:body></w:document>`)
		if _, err := Extract(t.Context(), "a.docx", "", []byte(data)); !errors.Is(err, knowledge.ErrCorrupt) {
			t.Errorf("Extract with %s = %v, want ErrCorrupt", entity, err)
		}
	}
}
