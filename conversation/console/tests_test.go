package console

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"

	"github.com/jackc/pgx/v5/pgxpool"
)

// testSet is a set of tests that a test itself has asked.
type testSet struct {
	*conversation.Tests
	pool *pgxpool.Pool
}

func newTestSet(pool *pgxpool.Pool, find conversation.Finder) *testSet {
	return &testSet{conversation.NewTests(conversation.TestDeps{Store: conversationdb.New(pool), Finder: find, Score: testScore{}}), pool}
}

func (s *testSet) ImportFile(ctx context.Context, name string, content []byte, dryRun bool) (conversation.TestImportReport, error) {
	rows, err := extract.Tests(ctx, name, content)
	if err != nil {
		return conversation.TestImportReport{}, err
	}
	return s.ImportTests(ctx, rows, dryRun)
}

type testScore struct{}

func (testScore) Judge(ranking, relevant []string) conversation.Judged {
	j := eval.Judge(ranking, relevant)
	return conversation.Judged{NDCG5: j.NDCG5, Recall5: j.Recall5, MRR10: j.MRR10, Rank: j.Rank}
}

func (testScore) AUROC([]float64, []float64) float64 { return .5 }

// shelve publishes an entry that can be found, and has the tests search for it.
func (p *place) shelve(question, answer string) (document string) {
	p.t.Helper()
	store := knowledgedb.New(p.tests.pool, nil, p.console.log)
	document = knowledge.NewID()
	if _, err := p.tests.pool.Exec(p.t.Context(), `INSERT INTO documents (id, name) VALUES ($1, $2)`, document, question); err != nil {
		p.t.Fatal(err)
	}
	if err := store.Publish(p.t.Context(), document, question, []knowledge.Passage{{Title: question, Text: answer, IsEntry: true, Kept: knowledge.Kept{ID: knowledge.NewID()}}}); err != nil {
		p.t.Fatal(err)
	}
	p.tests.Finder = store
	return document
}

func TestATestIsMadeRunComparedAndDeleted(t *testing.T) {
	p := newPlace(t)
	agent, admin := bearer(p.token(staff.RoleAgent)), bearer(p.token(staff.RoleAdmin))
	if got := p.do("POST", "/api/v1/tests/runs", map[string]string{}, agent); got.code != 409 || got.problem(t).Code != "no_tests" {
		t.Errorf("run without tests = %d %s, want 409 no_tests", got.code, got.body)
	}
	got := p.do("POST", "/api/v1/tests", map[string]any{"question": "Do you sell stars?", "expect": map[string]any{"answerable": false}, "origin": "ask"}, agent)
	var none testView
	got.decode(t, &none)
	if got.code != 201 || none.Origin != "ask" || none.Expect.Answerable || got.header.Get("Location") != "/api/v1/tests/"+none.ID {
		t.Errorf("add = %d %s, want 201", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/tests/runs", map[string]string{}, agent); got.code != 409 || got.problem(t).Code != "no_knowledge" {
		t.Errorf("run without knowledge = %d %s, want 409 no_knowledge", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/settings/thresholds/effect", map[string]any{"answer": .5, "offer": nil}, admin); got.code != 409 || got.problem(t).Code != "no_run" {
		t.Errorf("effect without a run = %d %s, want 409 no_run", got.code, got.body)
	}
	document := p.shelve("Can I return it?", "Yes, within 30 days.")
	for name, c := range map[string]struct {
		body any
		code int
		want string
	}{
		"again":            {map[string]any{"question": "do you sell STARS", "expect": map[string]any{"answerable": false}}, 409, "exists"},
		"nothing expected": {map[string]any{"question": "x?"}, 422, "bad_test"},
		"no document":      {map[string]any{"question": "x?", "expect": map[string]any{"documents": []string{knowledge.NewID()}}}, 422, "bad_test"},
		"a wrong type":     {map[string]any{"question": 7}, 422, "bad_field"},
	} {
		if c.want == "bad_test" && c.body.(map[string]any)["expect"] == nil {
			c.body.(map[string]any)["expect"] = map[string]any{"answerable": true}
		}
		if got := p.do("POST", "/api/v1/tests", c.body, agent); got.code != c.code || got.problem(t).Code != c.want {
			t.Errorf("add %s = %d %s, want %d %s", name, got.code, got.body, c.code, c.want)
		}
	}
	got = p.do("POST", "/api/v1/tests", map[string]any{"question": "can i return it", "expect": map[string]any{"documents": []string{document}}}, agent)
	var one testView
	if got.decode(t, &one); got.code != 201 || len(one.Documents) != 1 || one.Documents[0].Name != "Can I return it?" {
		t.Fatalf("add = %d %s, want 201 with the document's name", got.code, got.body)
	}

	run := func() (v testRunDetailView) {
		t.Helper()
		got := p.do("POST", "/api/v1/tests/runs", map[string]string{}, agent)
		var queued testRunView
		if got.decode(t, &queued); got.code != 202 || queued.State != "queued" || queued.Cases == 0 {
			t.Fatalf("run = %d %s, want 202", got.code, got.body)
		}
		if err := p.tests.Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.do("GET", "/api/v1/tests/runs/"+queued.ID, nil, agent).decode(t, &v)
		return v
	}
	v := run()
	if v.State != "done" || v.Passed != 2 || v.MRR == nil || *v.MRR != 1 || v.AUROC == nil || len(v.Results) != 2 || v.Results[0].Was != nil || v.AnswerFrom <= 0 {
		t.Errorf("run = %+v, want both passed", v)
	}
	if got := p.do("POST", "/api/v1/tests/runs/"+v.ID+"/cancel", nil, agent); got.code != 409 || got.problem(t).Code != "not_current" {
		t.Errorf("cancel of a run that is done = %d %s, want 409", got.code, got.body)
	}
	var e effectView
	got = p.do("POST", "/api/v1/settings/thresholds/effect", map[string]any{"answer": 0, "offer": 0}, admin)
	if got.decode(t, &e); got.code != 200 || e.Cases != 2 || e.Answered+e.Offered+e.Unknown != 2 || e.Right+e.Wrong != 2 {
		t.Errorf("effect = %d %s, want the two counted", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/settings/thresholds/effect", map[string]any{"answer": 1.5}, admin); got.code != 422 {
		t.Errorf("effect of 1.5 = %d, want 422", got.code)
	}
	if got := p.do("PUT", "/api/v1/tests/"+one.ID, map[string]any{"question": "can i return it", "expect": map[string]any{"answerable": false}}, agent); got.code != 200 {
		t.Errorf("put = %d %s", got.code, got.body)
	}
	v = run()
	if v.Passed != 1 || v.Results[0].Test != one.ID || v.Results[0].Passed || v.Results[0].Was == nil || !v.Results[0].Was.Passed || v.Results[0].Was.Rank != 1 {
		t.Errorf("run = %+v, want the changed test failed first, having passed before", v)
	}
	var runs testRunsView
	if p.do("GET", "/api/v1/tests/runs", nil, agent).decode(t, &runs); len(runs.Runs) != 2 || runs.Runs[0].ID != v.ID {
		t.Errorf("runs = %+v, want both, the newest first", runs)
	}
	var list testsView
	if p.do("GET", "/api/v1/tests?limit=1", nil, agent).decode(t, &list); list.Total != 2 || len(list.Tests) != 1 || list.Next == "" || list.Tests[0].Last == nil {
		t.Errorf("tests = %+v, want one of two with its last result", list)
	}
	if got := p.do("DELETE", "/api/v1/tests/"+one.ID, nil, agent); got.code != 204 {
		t.Errorf("delete = %d %s", got.code, got.body)
	}
	if got := p.do("DELETE", "/api/v1/tests/"+one.ID, nil, agent); got.code != 404 || got.problem(t).Code != "not_found" {
		t.Errorf("delete again = %d %s, want 404", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/conversations/"+knowledge.NewID()+"/golden", map[string]int{"seq": 0}, agent); got.code != 422 {
		t.Errorf("golden of message 0 = %d %s, want 422", got.code, got.body)
	}
}

func TestTestsAreImportedAllOrNone(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	document := p.shelve("Can I return it?", "Yes, within 30 days.")
	good := "question,documents,answerable\n\"=cmd|' /C calc'!A0\",,no\nHow do I send it back?," + document + ",\n"
	for _, c := range []struct {
		name, query, file, text string
		code                    int
		want                    string
	}{
		{"a dry run", "?dry_run=true", "t.csv", good, 200, `"dry_run":true,"name":"t.csv","totals":{"new":2,`},
		{"a bad row", "", "t.csv", good + "And?,nowhere,\n", 422, `"code":"import_refused"`},
		{"a slip", "?dry_run=yes", "t.csv", good, 422, `"bad_parameter"`},
		{"no table", "", "t.html", "<html></html>", 415, `"unsupported_format"`},
		{"too many rows", "", "t.csv", "question\n" + strings.Repeat("a\n", 20001), 413, `more than 20000 rows`},
		{"a good file", "", "t.csv", good, 200, `"totals":{"new":2,"changed":0,"same":0,"invalid":0}`},
		{"the same again", "", "t.csv", good, 200, `"totals":{"new":0,"changed":0,"same":2,"invalid":0}`},
	} {
		body, as := form(t, "file", c.file, []byte(c.text))
		if got := p.do("POST", "/api/v1/tests/import"+c.query, body, admin, as); got.code != c.code || !strings.Contains(got.body, c.want) {
			t.Errorf("%s = %d %.300s, want %d with %s", c.name, got.code, got.body, c.code, c.want)
		}
	}
	var list testsView
	if p.do("GET", "/api/v1/tests", nil, admin).decode(t, &list); list.Total != 2 {
		t.Errorf("%d tests, want the two of the good file", list.Total)
	}
	if s := fmt.Sprint(list); !strings.Contains(s, "=cmd|' /C calc'!A0") {
		t.Errorf("tests = %s, want the formula as it was written", s)
	}
}
