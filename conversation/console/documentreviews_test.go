package console

import (
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func TestADocumentIsReviewedByADay(t *testing.T) {
	p := newPlace(t)
	p.console.now = func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	id, _ := p.withPassages()
	admin := bearer(p.token(staff.RoleAdmin))
	set := func(day any, code int, problem string) (v documentView) {
		t.Helper()
		got := p.do("PATCH", "/api/v1/documents/"+id, map[string]any{"review_by": day}, admin).want(t, code, problem)
		if code == 200 {
			got.decode(t, &v)
		}
		return v
	}
	if v := set("2026-11-21", 200, ""); v.ReviewBy != "2026-11-21" || v.OwnReviewBy != "2026-11-21" || !v.Stale {
		t.Errorf("document = %+v, want it stale", v)
	}
	if v := set("2026-11-22", 200, ""); v.Stale {
		t.Errorf("document = %+v, want it due today and not stale", v)
	}
	if v := set(nil, 200, ""); v.ReviewBy != "" || v.Stale {
		t.Errorf("document = %+v, want no day", v)
	}
	set("", 422, "bad_date")
	set("tomorrow", 422, "bad_date")
	set(20270131, 422, "bad_date")
	p.do("PATCH", "/api/v1/documents/"+id, map[string]any{}, admin).want(t, 422, "bad_date")
	p.do("PATCH", "/api/v1/documents/"+knowledge.NewID(), map[string]any{"review_by": nil}, admin).want(t, 404, "not_found")
	p.do("PATCH", "/api/v1/documents/"+id, map[string]any{"review_by": nil}, bearer(p.token(staff.RoleAgent))).want(t, 403, "forbidden")
}

// TestADocumentsReviewIsSetAndComesDue sets a day on a document's page and finds it
// under what is to be reviewed.
func TestADocumentsReviewIsSetAndComesDue(t *testing.T) {
	p := newPlace(t)
	p.console.now = func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	id, _ := p.withPassages()
	b := newTab(t, p, looks[0])
	b.signIn("root@shop.example", staff.RoleAdmin)
	b.at("#/knowledge/documents/"+id, field("Review by"))
	b.fill("Review by", "2020-01-31")
	b.wait(sees("To be reviewed by 2020-01-31") + ` && ` + sees("review was due 2020-01-31"))
	b.inEveryLook("document-review")
	b.click("To review")
	b.wait(`document.querySelector('ul[aria-label="Documents overdue"]')?.innerText.includes('returns.md')`)
	b.inEveryLook("review-documents")
	b.at("#/knowledge/documents/"+id, field("Review by"))
	b.fill("Review by", "")
	b.wait(sees("No review day any more") + ` && !` + sees("review was due"))
	run[bool](b, `([...document.querySelectorAll('button')].filter((u) => u.textContent.trim() === 'Undo').at(-1).click(), true)`) // of the newest
	b.wait(sees("review was due 2020-01-31"))
	b.calm()
}
