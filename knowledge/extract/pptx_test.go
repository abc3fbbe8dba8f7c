package extract

import (
	"strings"
	"testing"
)

func TestASlideIsAPageUnderItsTitleWithItsNotes(t *testing.T) {
	data := pptxFile("Say this slowly.",
		slideShape("ctrTitle", "Onboarding")+slideShape("ftr", "ACME")+slideShape("sldNum", "1"),
		slideShape("title", "First steps")+slideShape("body", "Sign in", ">with your badge", "Ask Ana")+slideShape("", "A remark."),
		slideShape("", "No title here."),
		"HIDDEN"+slideShape("title", "Draft"),
		slideShape("title", "Prices")+`<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>Plan</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>Cost</a:t></a:r></a:p></a:txBody></a:tc></a:tr>`+
			`<a:tr><a:tc><a:txBody><a:p><a:r><a:t>Basic</a:t></a:r></a:p></a:txBody></a:tc><a:tc><a:txBody><a:p><a:r><a:t>5</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></a:graphicData></a:graphic></p:graphicFrame>`)
	got := sections(t, "a.pptx", data)
	want := "p1 [Onboarding]\nNotes: Say this slowly.\n" +
		"p2 [First steps]\n- Sign in\n  - with your badge\n- Ask Ana\n\nA remark.\n" +
		"p3 []\nNo title here.\n" +
		"p5 [Prices]\n| Plan | Cost |\n| --- | --- |\n| Basic | 5 |\n"
	if got != want {
		t.Errorf("sections =\n%s\nwant\n%s", got, want)
	}
	if told := strings.Join(mustExtract(t, "a.pptx", data).Warnings, "\n"); told != "Slide 4: it is hidden and was left out" {
		t.Errorf("warnings = %q, want the hidden slide told", told)
	}
}
