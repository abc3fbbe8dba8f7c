package extract

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

// mustExtract fails the test when data cannot be read.
func mustExtract(t *testing.T, name, data string) knowledge.Text {
	t.Helper()
	text, err := Extract(t.Context(), name, "", []byte(data))
	if err != nil {
		t.Fatalf("Extract(%q) = %v, want a text", name, err)
	}
	return text
}

func TestFilesAreToldApartByBytesAndName(t *testing.T) {
	for _, c := range []struct{ name, mediaType, data, want string }{
		{"a.md", "", "hello", Markdown},
		{"a.MARKDOWN", "text/plain", "hello", Markdown},
		{"a", "text/markdown; charset=utf-8", "hello", Markdown},
		{"a", "", "# Title\n\ntext", Markdown},
		{"a.txt", "", "# not a title", Plain},
		{"notes", "", "hello", Plain},
		{"notes", "text/plain", "<!doctype html><p>x", HTML},
		{"page.txt", "", " \n<!-- saved -->\n<HTML><p>x", HTML},
		{"a.htm", "", "<p>x", HTML},
		{"a.csv", "", "question,answer\nx,y", CSV},
		{"a.tsv", "", "question\tanswer\nx\ty", TSV},
		{"a.ndjson", "", `{"text":"x"}`, JSONL},
		{"a.json", "", `[{"text":"x"}]`, JSON},
		{"", "", `{"question":"x","answer":"y"}`, JSONL},
		{"x.unknown", "application/json", `[]`, JSON},
		{"a.pdf", "", "%PDF-1.4\n", PDF},
		{"scan", "", "\x00\x01junk %PDF-1.4\n", PDF},
		{"a.docx", "", docxFile(""), DOCX},
		{"old.doc", "", docxFile(""), DOCX},
		{"", "", odtFile("", ""), ODT},
		{"a.pptx", "", pptxFile(""), PPTX},
		{"a.xlsx", "", xlsxFile([]string{"A", "x"}), XLSX},
		{"a.zip", "", zipped("a.txt", "x"), ZIP},
	} {
		got, err := Detect(c.name, c.mediaType, []byte(c.data))
		if err != nil || got != c.want {
			t.Errorf("Detect(%q, %q, %q) = %q, %v; want %q", c.name, c.mediaType, c.data, got, err, c.want)
		}
	}
}

func TestWhatCannotBeReadIsRefusedInWords(t *testing.T) {
	zip := "PK\x03\x04\x14\x00\x00\x00"
	for _, c := range []struct {
		name, data string
		want       error
		says       string
	}{
		{"a.pdf", "%PDF-1.7\n\x00\x01", knowledge.ErrCorrupt, "PDF is damaged"},
		{"a.docx", zip + "word/document.xml", knowledge.ErrCorrupt, "damaged"},
		{"a.docx", oldOffice + "\x00\x00", knowledge.ErrCorrupt, "protected by a password"},
		{"a.doc", oldOffice + "\x00\x00", knowledge.ErrUnsupported, "What can be read: PDF, DOCX"},
		{"a.docx", docxFile(""), knowledge.ErrEmpty, "Word document"},
		{"a.docx", zipped("[Content_Types].xml", "", "word/document.xml", "<w:document><w:body><w:p>"), knowledge.ErrCorrupt, "XML"},
		{"a.docx", zipped("a.txt", "x"), knowledge.ErrCorrupt, "something else"},
		{"a.odt", odtFile("", ""), knowledge.ErrEmpty, "OpenDocument"},
		{"a.ods", zipped("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), knowledge.ErrUnsupported, "ODS"},
		{"a.md", docxFile(""), knowledge.ErrCorrupt, "name ends in .md but the content is DOCX"},
		{"a.zip", zip, knowledge.ErrUnsupported, "archive"},
		{"a.xml", "<a/>", knowledge.ErrUnsupported, "XML"},
		{"a.md", "%PDF-1.7\n\x00", knowledge.ErrCorrupt, "name ends in .md but the content is PDF"},
		{"a.csv", "\x89PNG\r\n\x1a\n\x00", knowledge.ErrCorrupt, "an image"},
		{"a.txt", "abc\x00\x01\x02def", knowledge.ErrCorrupt, "not text"},
		{"a.pdf", "plain words", knowledge.ErrCorrupt, "something else"},
		{"a.csv", "<!doctype html><p>login", knowledge.ErrCorrupt, "HTML page"},
		{"a.md", " \n\t ", knowledge.ErrEmpty, "empty"},
		{"a.html", "<html><script>x()</script><nav>Home</nav>", knowledge.ErrEmpty, "HTML page"},
		{"a.md", "# Only a title", knowledge.ErrEmpty, "Markdown"},
		{"a.txt", strings.Repeat("x", MaxBytes+1), knowledge.ErrTooLarge, "20 MB"},
		{"a.pdf", "%PDF-1.7" + strings.Repeat("x", MaxFile), knowledge.ErrTooLarge, "64 MB"},
		{"a.html", strings.Repeat("<p>", MaxTags+1), knowledge.ErrTooLarge, "tags"},
		{"a.html", strings.Repeat("<div>", 600), knowledge.ErrTooLarge, "512"},
		{"a.md", strings.Repeat("> ", 200) + "x", knowledge.ErrTooLarge, "deeper"},
		{"a.json", strings.Repeat("[", 101), knowledge.ErrTooLarge, "deeper"},
		{"a.jsonl", `{"text":` + strings.Repeat("[", 101) + "}", knowledge.ErrTooLarge, "line 1"},
	} {
		_, err := Extract(t.Context(), c.name, "", []byte(c.data))
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("Extract(%q, %.20q) = %v, want %v that says %q", c.name, c.data, err, c.want, c.says)
		}
	}
}

func TestExtractionEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, name := range []string{"a.md", "a.txt", "a.html", "a.csv", "a.jsonl"} {
		if _, err := Extract(ctx, name, "", []byte("question,answer\nx,y\n")); !errors.Is(err, context.Canceled) {
			t.Errorf("Extract(%q) with an ended context = %v, want context.Canceled", name, err)
		}
	}
	for name, read := range map[string]func(context.Context, []byte, *suspicions) (knowledge.Text, error){
		docxFile(wordPara("Normal", "x")): fromDOCX, odtFile("", "<text:p>x</text:p>"): fromODT, pptxFile("", slideShape("", "x")): fromPPTX,
		xlsxFile([]string{"A", "x"}): fromXLSX, pdfFile(article(1, "", "x")): fromPDF,
	} {
		if _, err := read(ctx, []byte(name), &suspicions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%.8q with an ended context = %v, want context.Canceled", name, err)
		}
	}
}

func TestMarkdownIsCutAtItsHeadings(t *testing.T) {
	text := mustExtract(t, "a.md", "---\ntitle: \"The guide\"\nlanguage: en_GB\n---\n"+
		"Before.\n\n# Guide\n\nIntro with ![a map](m.png) and [a link](https://x.example/y).\n\n"+
		"Prices\n------\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\n# no heading\n<b>\n```\n\n"+
		"### How *much* is `it`? {#much}\n\n- one\n- two <b>bold</b><!-- gone -->\n\n## Empty\n\n## Last\n<div>Tom &amp; Ann</div>\n")
	want := knowledge.Text{Title: "The guide", Sections: []knowledge.Section{
		{Lang: "en-gb", Body: "Before."},
		{Lang: "en-gb", Heading: []string{"Guide"}, Body: "Intro with a map and [a link](https://x.example/y)."},
		{Lang: "en-gb", Heading: []string{"Guide", "Prices"}, Body: "| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\n# no heading\n<b>\n```"},
		{Lang: "en-gb", Heading: []string{"Guide", "Prices", "How *much* is it?"}, Body: "- one\n- two bold"},
		{Lang: "en-gb", Heading: []string{"Guide", "Last"}, Body: "Tom & Ann"},
	}}
	if !reflect.DeepEqual(text, want) {
		t.Errorf("Extract = %+v\nwant %+v", text, want)
	}
}

func TestABoldQuestionBeginsASection(t *testing.T) {
	for name, data := range map[string]string{
		"a.md":   "## Returns\n\nIntro.\n\n**How long?**\n\n60 days.\n\n__Is it free?__\nYes.\n\n**Note**\n\n- **Really?**\n",
		"a.html": "<h2>Returns</h2><p>Intro.<p><strong>How long?</strong></p><p>60 days.</p><p><a name=x></a><b>Is it free?</b></p><div>Yes.</div><p><b>Note</b></p><ul><li><p><b>Really?</b></p></ul>",
	} {
		var got []string
		for _, s := range mustExtract(t, name, data).Sections {
			got = append(got, strings.Join(s.Heading, "/")+": "+strings.Join(strings.Fields(strings.ReplaceAll(s.Body, "**", "")), " "))
		}
		want := []string{"Returns: Intro.", "Returns/How long?: 60 days.", "Returns/Is it free?: Yes. Note - Really?"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: sections = %q, want %q", name, got, want)
		}
	}
}

func TestInlineCodeIsLeftAsItIs(t *testing.T) {
	text := mustExtract(t, "a.md", "Write `<b>&amp;</b>` not <b>&amp;</b>, see ![x](y) and `![x](y)`.\n")
	if got, want := text.Sections[0].Body, "Write `<b>&amp;</b>` not &, see x and `![x](y)`."; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestQuotesInTabSeparatedValuesAreText(t *testing.T) {
	text := mustExtract(t, "a.tsv", "question\tanswer\nHow long is a 5\" peg?\tIt is \"5 inches\".\n")
	if e := text.Entries[0]; e.Question != `How long is a 5" peg?` || e.Answer != `It is "5 inches".` {
		t.Errorf("entry = %+v, want the quotes kept", e)
	}
}

func TestARuleIsNotFrontMatter(t *testing.T) {
	if text := mustExtract(t, "a.md", "---\nOne: this is a text.\nAnd it goes on.\n\n---\nEnd.\n"); !strings.Contains(text.Sections[0].Body, "goes on") {
		t.Errorf("Extract = %+v, want the text between two rules kept", text)
	}
	if text := mustExtract(t, "a.md", "+++\ntitle = 'T'\n[params]\n  a = 1\n+++\nBody.\n"); text.Title != "T" || text.Sections[0].Body != "Body." {
		t.Errorf("Extract = %+v, want TOML front matter read", text)
	}
	if text := mustExtract(t, "a.md", "---\ntitle: T\ntags:\n- a\n# note\n\n---\nBody.\n"); text.Title != "T" || text.Sections[0].Body != "Body." {
		t.Errorf("Extract = %+v, want YAML front matter read", text)
	}
	text := mustExtract(t, "a.md", "---\n\nA text about title: things.\n\n## Part\n\nMore.\n")
	if len(text.Sections) != 2 || !strings.Contains(text.Sections[0].Body, "A text about") {
		t.Errorf("Extract = %+v, want the text kept", text)
	}
}

func TestControlCharactersAreDropped(t *testing.T) {
	text := mustExtract(t, "a.txt", "a\u202eb\u00adc\x1b\u200dd\r\ne\u2028f\U000e0041\u00a0g")
	if got, want := text.Sections[0].Body, "abc\u200dd\ne\nf g"; got != want {
		t.Errorf("text = %q, want %q", got, want)
	}
}

func TestTablesBecomeEntries(t *testing.T) {
	want := []knowledge.Entry{
		{Question: "Where is it?", Alternatives: []string{"Which place?", "In what town?"}, Answer: "Here, \"now\".\nOr there.", Lang: "en", URL: "/w", Verbatim: true, Row: 2},
		{Question: "¿Dónde?", Answer: "Aquí", Row: 5},
	}
	for name, data := range map[string]string{
		"a.csv": "Question,ANSWER,Alternative Questions,language,url,verbatim,ignored\n" +
			"Where is it?,\"Here, \"\"now\"\".\nOr there.\",Which place?|In what town?|where is it?,EN,/w,yes,x\n,,,,,,\n¿Dónde?,Aquí,,,,,\n",
		"b.csv": "pregunta;respuesta;similar;idioma;enlace;verbatim\r\n" +
			"Where is it?;\"Here, \"\"now\"\".\r\nOr there.\";\"- Which place?\r\n- In what town?\";en;/w;TRUE\r\n¿Dónde?;Aquí;;;;0\r\n",
		"c.tsv": "问题\t答案\t相似问题\t语言\t链接\t原文\nWhere is it?\t\"Here, \"\"now\"\".\nOr there.\"\tWhich place?|In what town?\ten\t/w\t是\n\n¿Dónde?\tAquí\n",
	} {
		if got := mustExtract(t, name, data).Entries; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: entries = %+v\nwant %+v", name, got, want)
		}
	}
}

func TestJSONBecomesEntriesAndSections(t *testing.T) {
	entry := `{"question":"Where?","answer":"Here.","alternatives":["Which place?","where?"],"lang":"en","verbatim":true,"extra":{"a":[1]}}`
	row := `{"id":"t1","title":"A title","text":"A text.","url":"/t"}`
	wantEntry := knowledge.Entry{Question: "Where?", Alternatives: []string{"Which place?"}, Answer: "Here.", Lang: "en", Verbatim: true}
	wantSection := knowledge.Section{Heading: []string{"A title"}, Body: "A text.", URL: "/t"}
	for name, data := range map[string]string{
		"a.jsonl": "\n" + entry + "\n\n" + row + "\n",
		"a.json":  "[" + entry + ",\n" + row + "]",
		"b.json":  `{"version":2,"faqs":[` + entry + "," + row + "]}",
		"c.json":  entry + "\n" + row,
		"d.jsonl": "[" + entry + "," + row + "]",
	} {
		text := mustExtract(t, name, data)
		if len(text.Entries) != 1 || len(text.Sections) != 1 {
			t.Errorf("%s: %d entries and %d sections, want one each", name, len(text.Entries), len(text.Sections))
			continue
		}
		text.Entries[0].Row = 0
		if !reflect.DeepEqual(text.Entries[0], wantEntry) || !reflect.DeepEqual(text.Sections[0], wantSection) {
			t.Errorf("%s: %+v, want %+v and %+v", name, text, wantEntry, wantSection)
		}
	}
}

func TestABrokenRowIsNamedAndNothingImported(t *testing.T) {
	for _, c := range []struct{ name, data, says string }{
		{"a.csv", "question,answer\nx,y\nz,\n", "line 3: there is a question but no answer"},
		{"a.csv", "question,answer\nx,\"y\n", "line 2"},
		{"a.csv", "question,answer\nx,y, and more\n", "line 2: there are 3 columns"},
		{"a.csv", "name,phone\nx,y\n", `it reads "name, phone"`},
		{"a.csv", "question,answer,verbatim\nx,y,maybe\n", "line 2: verbatim"},
		{"a.csv", "question,answer\nx," + strings.Repeat("y", MaxAnswer+1) + "\n", "line 2: the answer has more"},
		{"a.jsonl", "{\"question\":\"x\",\"answer\":\"y\"}\n{\"question\":\"x\"\n", "line 2: this is not a JSON object"},
		{"a.jsonl", `{"question":"x","answer":["y"]}`, "line 1: answer must be a text"},
		{"a.jsonl", `{"answer":"y"}`, "line 1: there is an answer but no question"},
		{"a.jsonl", `{"title":"y"}`, "line 1: neither"},
		{"a.jsonl", `{"question":"x","answer":"y","alternatives":[1]}`, "line 1: alternatives"},
		{"a.json", `[{"text":"x"},7]`, "element 2"},
		{"a.json", `[{"text":"x"}`, "not JSON"},
	} {
		text, err := Extract(t.Context(), c.name, "", []byte(c.data))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Extract(%q, %.40q) = %v, want an error that says %q", c.name, c.data, err, c.says)
		}
		if len(text.Entries)+len(text.Sections) > 0 {
			t.Errorf("Extract(%q, %.40q) kept %+v, want nothing", c.name, c.data, text)
		}
	}
}

func TestAnEscapedControlCharacterIsDropped(t *testing.T) {
	text := mustExtract(t, "a.jsonl", `{"question":"a\u0000b?","answer":"c\u0007d\ud800"}`)
	if e := text.Entries[0]; e.Question != "ab?" || e.Answer != "cd\uFFFD" {
		t.Errorf("entry = %q, %q; want no control characters", e.Question, e.Answer)
	}
}
