package telegram

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"frontdesk/conversation"
)

func TestFormatMakesTelegramsHTML(t *testing.T) {
	for _, c := range []struct{ md, rich, plain string }{
		{"plain", "plain", "plain"},
		{"a < b & c > d", "a &lt; b &amp; c &gt; d", "a < b & c > d"},
		{"**bold** and *it* and ~~gone~~", "<b>bold</b> and <i>it</i> and <s>gone</s>", "bold and it and gone"},
		{"# Title\n\ntext\nnext line", "<b>Title</b>\n\ntext\nnext line", "Title\n\ntext\nnext line"},
		{"- one\n- two\n  - in\n\n3. three\n4. four", "• one\n• two\n  • in\n\n3. three\n4. four", "• one\n• two\n  • in\n\n3. three\n4. four"},
		{"`a<b`", "<code>a&lt;b</code>", "a<b"},
		{"```go\nif a < b {\n}\n```", "<pre>if a &lt; b {\n}</pre>", "if a < b {\n}"},
		{"[us](https://example.com/?a=1&b=\"2\")", "<a href=\"https://example.com/?a=1&amp;b=&quot;2&quot;\">us</a>", "us"},
		{"[x](javascript:alert(1)) [y](tg://user?id=1)", "x y", "x y"},
		{"> said\n> > twice", "<blockquote>said\n\ntwice</blockquote>", "said\n\ntwice"},
		{"| a | b |\n|---|---|\n| 1 | **2** |", "<b>a | b</b>\n1 | <b>2</b>", "a | b\n1 | 2"},
		{"<b>raw</b> <script>", "&lt;b&gt;raw&lt;/b&gt; &lt;script&gt;", "<b>raw</b> <script>"},
		{"![alt words](https://example.com/p.png)", "alt words", "alt words"},
		{"1 \\* 2 &amp; 3", "1 * 2 &amp; 3", "1 * 2 & 3"},
		{"Price [1] and [2].", "Price [1] and [2].", "Price [1] and [2]."},
	} {
		if rich, plain := format(c.md); rich != c.rich || plain != c.plain {
			t.Errorf("format(%q) = %q, %q, want %q, %q", c.md, rich, plain, c.rich, c.plain)
		}
	}
}

// allowed are the tags that Telegram takes of ours, and what each may not be in.
var allowed = map[string]string{"b": "", "i": "", "s": "", "a": "a", "code": "", "pre": "", "blockquote": "blockquote"}

// wellFormed reports what is wrong with rich as Telegram would see it.
func wellFormed(rich string) string {
	d := xml.NewDecoder(strings.NewReader("<x>" + xmlSafe(rich) + "</x>"))
	var open []string
	for {
		token, err := d.Token()
		if err == io.EOF {
			return ""
		}
		if err != nil {
			return err.Error()
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			if len(open) > 0 {
				if not, ok := allowed[name]; !ok {
					return "tag " + name
				} else if not != "" && strings.Contains(strings.Join(open, " ")+" ", not+" ") {
					return name + " inside " + not
				}
				if last := open[len(open)-1]; last == "code" || last == "pre" {
					return name + " inside " + last
				}
			}
			open = append(open, name)
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// xmlSafe replaces characters that HTML takes and XML does not.
func xmlSafe(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF {
			return '.'
		}
		return r
	}, s)
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{
		"**a *b** c*", "[a **b](http://x) c**", "> - 1. `x\n```\n<a", "| a |\n|-|\n| `|` |", "a<!-- <b> -->", "<b><i>x</b></i>", "[[a](http://b)](http://c)",
		"[a <http://b.c>](http://d.e)", "***~~`", "&lt;b&gt;", "\x00\xff", "<div>\n*x*\n</div>", "![a[b](http://c)](http://d)", "http://x.y/<\">",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, md string) {
		if len(md) > 4000 {
			return
		}
		rich, plain := format(md)
		if wrong := wellFormed(rich); wrong != "" {
			t.Errorf("format(%q) = %q: %s", md, rich, wrong)
		}
		if !utf8.ValidString(rich) || !utf8.ValidString(plain) {
			t.Errorf("format(%q) is not valid UTF-8", md)
		}
		m := conversation.Message{Conversation: "0123456789", Seq: 1, Author: conversation.AuthorBot, Text: strings.Repeat(md+"\n", 3)}
		for _, p := range compose(m, "en") {
			if n := units(p.plain); n > maxUnits || p.plain == "" {
				t.Errorf("compose of %q has a message of %d units", md, n)
			}
		}
	})
}

func TestALongAnswerLeavesInPartsWithButtonsOnTheLast(t *testing.T) {
	m := conversation.Message{
		Conversation: "11112222-3333", Seq: 7, Author: conversation.AuthorBot,
		Text:    strings.Repeat("A sentence of **some** length with a [link](https://example.com/a). ", 200),
		Sources: []conversation.Source{{N: 1, Title: "Returns <& more>", URL: "https://example.com/r"}, {N: 2, Title: "Hours"}},
	}
	parts := compose(m, "es-MX")
	if len(parts) < 2 {
		t.Fatalf("%d parts, want several", len(parts))
	}
	for i, p := range parts {
		if wrong := wellFormed(p.rich); wrong != "" || units(p.plain) > maxUnits {
			t.Errorf("part %d: %s, %d units", i, wrong, units(p.plain))
		}
		if last := i == len(parts)-1; (p.buttons != nil) != last {
			t.Errorf("part %d has buttons %v, want them on the last only", i, p.buttons)
		}
	}
	last := parts[len(parts)-1]
	if want := "<b>Fuentes</b>\n[1] <a href=\"https://example.com/r\">Returns &lt;&amp; more&gt;</a>\n[2] Hours"; !strings.HasSuffix(last.rich, want) {
		t.Errorf("the last part ends %q, want the sources", last.rich[max(0, len(last.rich)-200):])
	}
	for _, row := range last.buttons.Rows {
		for _, k := range row {
			if len(k.Data) > 64 {
				t.Errorf("button data %q is over 64 bytes", k.Data)
			}
		}
	}
}

func TestPeopleAreQuotedAsTheyWrote(t *testing.T) {
	got := compose(conversation.Message{Author: conversation.AuthorStaff, Name: "Ana <3", Text: "use **stars** & <tags>"}, "")
	if len(got) != 1 || got[0].rich != "<b>Ana &lt;3</b>\nuse **stars** &amp; &lt;tags&gt;" || got[0].plain != "Ana <3\nuse **stars** & <tags>" || got[0].buttons != nil {
		t.Errorf("compose = %+v", got)
	}
}
