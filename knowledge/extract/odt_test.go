package extract

import "testing"

func TestAnOpenDocumentTextKeepsItsHeadingsListsTablesAndNotes(t *testing.T) {
	data := odtFile(
		`<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Title"/>`+
			`<style:style style:name="B" style:family="text"><style:text-properties fo:font-weight="bold"/></style:style>`+
			`<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-format="1"/><text:list-level-style-bullet text:level="2"/></text:list-style>`,
		`<text:table-of-content><text:index-body><text:p>Costs 3</text:p></text:index-body></text:table-of-content>`+
			`<text:p text:style-name="P1">Shipping guide</text:p>`+
			`<text:h text:outline-level="1">Costs</text:h>`+
			"<text:p>We ship<text:s text:c=\"2\"/>daily<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Weekdays\n only.</text:p></text:note-body></text:note>, see <text:a xlink:href=\"https://shop.example/fees\">all fees</text:a>.<office:annotation><text:p>check</text:p></office:annotation></text:p>"+
			`<text:list text:style-name="L1"><text:list-item><text:p>pack</text:p><text:list><text:list-item><text:p>well</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>send</text:p></text:list-item></text:list>`+
			`<text:h text:outline-level="2">By land</text:h>`+
			`<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>To</text:p></table:table-cell><table:table-cell><text:p>Price</text:p></table:table-cell></table:table-row></table:table-header-rows>`+
			`<table:table-row><table:table-cell table:number-columns-repeated="2"><text:p>free</text:p></table:table-cell></table:table-row></table:table>`+
			`<text:p><text:span text:style-name="B">How long?</text:span></text:p><text:p>Two days.<draw:frame><draw:text-box><text:p>Boxed.</text:p></draw:text-box></draw:frame></text:p>`)
	got := sections(t, "a.odt", data)
	want := "[Costs]\nWe ship daily[^1], see [all fees](https://shop.example/fees).\n\n[^1]: Weekdays only.\n\n1. pack\n  - well\n2. send\n" +
		"[Costs / By land]\n| To | Price |\n| --- | --- |\n| free | free |\n" +
		"[Costs / By land / How long?]\nTwo days.\n\nBoxed.\n"
	if got != want {
		t.Errorf("sections =\n%s\nwant\n%s", got, want)
	}
	if title := mustExtract(t, "a.odt", data).Title; title != "Shipping guide" {
		t.Errorf("title = %q, want that of the title's style", title)
	}
	if title := mustExtract(t, "a.odt", odtFile("", "<text:p>x</text:p>")).Title; title != "From the properties" {
		t.Errorf("title = %q, want that of the properties", title)
	}
}
