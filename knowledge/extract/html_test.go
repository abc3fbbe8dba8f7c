package extract

import (
	"reflect"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

func TestAPageIsReadForItsContent(t *testing.T) {
	text := mustExtract(t, "a.html", `<!doctype html><html lang="en-GB"><head><title>Returns | Shop</title><style>p{}</style></head>
<body><header><a href="/">Shop</a></header><nav><ul><li><a href="/x">Tents</a></ul></nav>
<main><h1 id="returns">Returns</h1><ul><li><a href="#a">A</a><li><a href="#b">B</a><li><a href="#c">C</a></ul>
<p>Send it
 back <b>within</b> 30&nbsp;days.<br>No <a href="https://shop.example/fee">fee</a>, see <a href="/here">here</a>.
<script>alert(1)</script><img src="https://evil.example/p.gif" alt="A parcel on a scale"></p>
<h2><a name="steps"></a>Steps <a class="headerlink" href="#s">¶</a></h2>
<ol><li>Pack it<ul><li>with the <code>RMA</code> slip</ul><li><p>Send it</p><p>soon</p></ol>
<table><caption>Fees</caption><tr><th>Land<th>Fee<tr><td>A|B<td>5 €</table>
<pre>line 1
  line 2</pre>
<div hidden>secret</div><p style="display: none">secret</p><template>secret</template><aside>Advert</aside>
<details><summary>Who pays?</summary><p>We do.</p></details>
<dl><dt>How long?<dd>Five days.<dt>RMA<dd>A number.<dd>Again.</dl>
</main><footer>© Shop</footer></body></html>`)
	want := knowledge.Text{Title: "Returns | Shop", Sections: []knowledge.Section{
		{Heading: []string{"Returns"}, URL: "#returns", Body: "Send it back within 30 days.\nNo [fee](https://shop.example/fee), see here. A parcel on a scale"},
		{Heading: []string{"Returns", "Steps"}, URL: "#steps", Body: "1. Pack it\n   - with the `RMA` slip\n2. Send it\n   soon\n\nFees\n\n" +
			"| Land | Fee |\n| --- | --- |\n| A\\|B | 5 € |\n\n```\nline 1\n  line 2\n```"},
		{Heading: []string{"Returns", "Steps", "Who pays?"}, Body: "We do."},
		{Heading: []string{"Returns", "Steps", "How long?"}, Body: "Five days.\n\n**RMA**\nA number.\n\nAgain."},
	}}
	for i := range want.Sections {
		want.Sections[i].Lang = "en-gb"
	}
	if !reflect.DeepEqual(text, want) {
		t.Errorf("Extract = %+v\nwant %+v", text, want)
	}
}

func TestAPageWithoutMainIsReadFromItsBody(t *testing.T) {
	text := mustExtract(t, "a.html", `<html><body><div class="navheader"><a href="p">Prev</a></div><div class="section"><h1 class="title"><a id="ch"/>Chapter</h1>
<div class="toc"><p>Contents</p></div><div class="note"><table><tr><td rowspan=2><img alt="[Note]" src=n><th>Note<tr><td>Be careful.</table></div>
<a href="/wrapped"><p>A linked paragraph.</p></a>tail</div><div class="navfooter">Next</div></body></html>`)
	if len(text.Sections) != 1 {
		t.Fatalf("Extract = %+v, want one section", text)
	}
	s := text.Sections[0]
	if want := "Note\n\nBe careful.\n\nA linked paragraph.\n\ntail"; s.Body != want || s.URL != "#ch" || s.Heading[0] != "Chapter" {
		t.Errorf("section = %+v, want body %q at #ch", s, want)
	}
}

func TestDeepListsStayWithinBounds(t *testing.T) {
	page := "<p>x" + strings.Repeat("<ul><li>a", 240)
	text := mustExtract(t, "a.html", page)
	if n := len(text.Sections[0].Body); n > 240*(2*MaxDepth+20) {
		t.Errorf("a list nested 240 deep became %d bytes", n)
	}
}

func TestALongHeadingIsKeptAsText(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("very long ", 60))
	text := mustExtract(t, "a.html", "<h2>"+long+"</h2>")
	if len(text.Sections) != 1 || text.Sections[0].Body != long {
		t.Errorf("Extract = %+v, want the heading's text kept", text)
	}
}
