package extract

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"frontdesk/knowledge"
)

// fuzz holds one extractor to what the package promises of every input.
func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	for _, s := range samples {
		if data, err := s.enc.NewEncoder().String(s.text); err == nil {
			f.Add([]byte(data))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// Headings are repeated below them, deep lists are indented; nothing else grows.
		promised(t, name, data, 4096+700*len(data))
	})
}

// promised holds one file to the promises; its text may have limit bytes.
func promised(t *testing.T, name string, data []byte, limit int) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	text, err := Extract(ctx, name, "", data)
	if err != nil {
		for _, known := range []error{knowledge.ErrCorrupt, knowledge.ErrEmpty, knowledge.ErrTooLarge, knowledge.ErrUnsupported} {
			if errors.Is(err, known) {
				return
			}
		}
		t.Fatalf("Extract = %v, want one of the domain's errors", err)
	}
	total := 0
	for _, s := range text.Sections {
		for _, part := range append(s.Heading, s.Body, s.URL, s.Lang) {
			total += check(t, part)
		}
		if strings.TrimSpace(s.Body) == "" {
			t.Fatalf("an empty section was kept: %+v", s)
		}
	}
	for _, e := range text.Entries {
		for _, part := range append(e.Alternatives, e.Question, e.Answer, e.Lang) {
			total += check(t, part)
		}
		if e.Question == "" || e.Answer == "" || e.Row < 1 {
			t.Fatalf("an incomplete entry was kept: %+v", e)
		}
	}
	for _, w := range append(text.Warnings, text.Title) {
		total += check(t, w)
	}
	if len(text.Warnings) > maxWarnings {
		t.Fatalf("%d warnings, want %d at most", len(text.Warnings), maxWarnings)
	}
	if total > limit {
		t.Fatalf("%d bytes became %d of text", len(data), total)
	}
}

func check(t *testing.T, s string) int {
	if !utf8.ValidString(s) {
		t.Fatalf("the text is not UTF-8: %q", s)
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			t.Fatalf("the text has control character %U: %q", r, s)
		}
	}
	return len(s)
}

func FuzzMarkdown(f *testing.F) {
	fuzz(f, "a.md", "# a\n\nb\n", "a\n=\n\n- b\n\n  ```\n  # c\n  ```\n## d #\n", "---\ntitle: x\n---\n<div>\n# y\n</div>\nz", "> # q\n\n\ta\n* * *\n#\n#\tb\r\nc\n-")
}

func FuzzHTML(f *testing.F) {
	fuzz(f, "a.html", "<h1>a<p>b<ul><li>c<ol><li>d</ul><table><tr><td>e<td>f</table><pre>g</pre><dl><dt>h?<dd>i</dl>",
		"<html><main><details><summary>a</summary><table><tr><td><table><tr><td>b<td>c</table><td>d</table>", "<svg><title>x</title><p>y<math><mi><h2>z", "&#1<img alt='abc&#xe0041;d'>")
}

func FuzzCSV(f *testing.F) {
	fuzz(f, "a.csv", "question,answer\na,b\n", "sep=;\nq;a;similar\n\"x\ny\";z;1|2\n", "title\ttext\na\tb\n", "text\n\"a\"\"b\"\n")
}

func FuzzJSON(f *testing.F) {
	fuzz(f, "a.json", `[{"question":"a","answer":"b","alternatives":["c"]}]`, `{"x":[{"text":"a"}]}`, "{\"text\":\"a\"}\n{\"text\":\"b\"}", `{"title":1,"text":true}`, "\a")
}

func FuzzJSONL(f *testing.F) {
	fuzz(f, "a.jsonl", "{\"question\":\"a\",\"answer\":\"b\"}\n\n{\"title\":\"a\\u0000\",\"text\":\"b\"}")
}

func FuzzPlain(f *testing.F) {
	fuzz(f, "a.txt", "a\r\n\r\nb", "\xef\xbb\xbfa\x00")
}
