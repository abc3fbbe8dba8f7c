package console

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// importing is an Entries that answers as it is told.
type importing struct {
	report  knowledge.ImportReport
	err     error
	name    string
	content string
	dryRun  bool
	calls   int
	wait    chan struct{} // when not nil, closed to go on
	begun   chan struct{}
}

func (i *importing) ImportEntries(_ context.Context, name string, content []byte, dryRun bool) (knowledge.ImportReport, error) {
	if i.wait != nil {
		i.begun <- struct{}{}
		<-i.wait
		return i.report, i.err
	}
	i.calls++
	i.name, i.content, i.dryRun = name, string(content), dryRun
	return i.report, i.err
}

func (p *place) importing(i *importing) *importing {
	p.console.entries = i
	return i
}

const importPath = "/api/v1/entries/import"

func (p *place) send(query, name, text string, as option) answer {
	p.t.Helper()
	in, media := form(p.t, "file", name, []byte(text))
	return p.do("POST", importPath+query, in, as, media)
}

func TestAnImportAnswersWithTheReport(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	shop := knowledge.DocumentRef{ID: knowledge.NewID(), Name: "shop.csv"}
	i := p.importing(&importing{report: knowledge.ImportReport{Name: "shop.csv", Document: shop, Replaces: shop, Removed: 3,
		Rows: []knowledge.RowReport{{Row: 2, Question: "How?", Verdict: knowledge.EntryChanged, Changes: []string{"answer"}, Document: shop},
			{Row: 3, Question: "Why?", Verdict: knowledge.EntryNew}},
		Totals: map[knowledge.Verdict]int{knowledge.EntryChanged: 1, knowledge.EntryNew: 1}}})
	got := p.send("?dry_run=false", `C:\files\shop.csv`, "question,answer\n", admin)
	var v importView
	got.decode(t, &v)
	if got.code != 200 || got.header.Get("Location") != "/api/v1/documents/"+shop.ID || i.dryRun || i.name != "shop.csv" || i.content != "question,answer\n" {
		t.Errorf("POST = %d %s of %q %q, want 200 with the document's place", got.code, got.body, i.name, i.content)
	}
	if v.DryRun || v.Totals != (importTotals{New: 1, Changed: 1}) || v.Removed != 3 || len(v.Rows) != 2 || v.Rows[0].Document.Name != "shop.csv" ||
		v.Rows[0].Changes[0] != "answer" || v.Rows[1].Document != nil || *v.Document != *v.Replaces {
		t.Errorf("report = %s, want all of it", got.body)
	}
	i.report.Document = knowledge.DocumentRef{}
	got = p.send("?dry_run=true", "shop.csv", "x", admin)
	got.decode(t, &v)
	if got.code != 200 || !i.dryRun || !v.DryRun || v.Document != nil || got.header.Get("Location") != "" {
		t.Errorf("dry run = %d %s, want 200 and no document", got.code, got.body)
	}
}

func TestARefusedImportIsAProblemWithTheReport(t *testing.T) {
	p := newPlace(t)
	p.importing(&importing{err: knowledge.ErrRefused, report: knowledge.ImportReport{Name: "a.csv",
		Rows:   []knowledge.RowReport{{Row: 2, Question: "How?", Verdict: knowledge.EntryInvalid, Why: "there is a question but no answer"}},
		Totals: map[knowledge.Verdict]int{knowledge.EntryInvalid: 1}}})
	got := p.send("", "a.csv", "x", bearer(p.token(staff.RoleAdmin)))
	var v importView
	got.decode(t, &v)
	if prob := got.problem(t); got.code != 422 || prob.Code != "import_refused" || v.Totals.Invalid != 1 || v.Rows[0].Why == "" || v.Rows[0].Row != 2 {
		t.Errorf("POST = %d %s, want 422 with the report", got.code, got.body)
	}
}

func TestAnImportThatCannotBeReadSaysWhy(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	i := p.importing(&importing{})
	for _, c := range []struct {
		err  error
		want int
		code string
		says string
	}{
		{fmt.Errorf("%w: more than 20000 rows", knowledge.ErrTooLarge), 413, "too_large", "20000 rows"},
		{fmt.Errorf("%w: the first line must name", knowledge.ErrCorrupt), 422, "corrupt", "first line"},
		{fmt.Errorf("%w: a PDF", knowledge.ErrUnsupported), 415, "unsupported_format", "a PDF"},
		{knowledge.ErrEmpty, 422, "empty", "No text"},
		{knowledge.ErrKnown, 409, "known", "same content"},
		{fmt.Errorf("replace: %w", knowledge.ErrBusy), 503, "busy", "again"},
		{fmt.Errorf("compare entries: dial tcp 10.0.0.5"), 500, "internal", "logged"},
	} {
		i.err = c.err
		got := p.send("", "a.csv", "x", admin)
		if prob := got.problem(t); got.code != c.want || prob.Code != c.code || !strings.Contains(prob.Detail, c.says) {
			t.Errorf("POST with %v = %d %s, want %d %s that says %q", c.err, got.code, got.body, c.want, c.code, c.says)
		}
	}
	i.calls, i.err = 0, nil
	large := p.send("", "a.csv", strings.Repeat("x", maxEntriesBytes+1), admin)
	if prob := large.problem(t); large.code != 413 || !strings.Contains(prob.Detail, "20 MB") {
		t.Errorf("POST of more than 20 MB = %d %s, want 413 that says how much", large.code, large.body)
	}
	if got := p.send("?dry_run=yes", "a.csv", "x", admin); got.code != 422 || got.problem(t).Code != "bad_parameter" {
		t.Errorf("POST ?dry_run=yes = %d %s, want 422: a slip imports nothing", got.code, got.body)
	}
	if got := p.do("POST", importPath, map[string]string{"question": "x"}, admin); got.code != 415 {
		t.Errorf("POST of JSON = %d %s, want 415", got.code, got.body)
	}
	if i.calls != 0 {
		t.Errorf("%d of them reached the knowledge, want none", i.calls)
	}
}

func TestImportsBesideEachOtherAreBounded(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	i := p.importing(&importing{wait: make(chan struct{}), begun: make(chan struct{})})
	done := make(chan answer)
	for range maxImports {
		in, media := form(t, "file", "a.csv", []byte("x"))
		go func() { done <- p.do("POST", importPath, in, admin, media) }()
	}
	for range maxImports {
		<-i.begun
	}
	if got := p.send("", "a.csv", "x", admin); got.code != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("one import too many = %d %s, want 503 with Retry-After", got.code, got.body)
	}
	close(i.wait)
	for range maxImports {
		if got := <-done; got.code != 200 {
			t.Errorf("import = %d %s, want 200", got.code, got.body)
		}
	}
}
