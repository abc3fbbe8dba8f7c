package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Tests keeps questions with known answers and asks them; conversation.Tests does, with
// a reader of files.
type Tests interface {
	List(ctx context.Context, cursor string, limit int) ([]conversation.Test, string, int, error)
	Add(ctx context.Context, t conversation.Test) (conversation.Test, error)
	Put(ctx context.Context, t conversation.Test) (conversation.Test, error)
	Delete(ctx context.Context, id string) error
	Golden(ctx context.Context, conversation string, seq int64) (conversation.Test, error)
	// ImportFile takes in a file of tests, or with dryRun tells what that would change;
	// knowledge.ErrRefused with the report when a row is invalid.
	ImportFile(ctx context.Context, name string, content []byte, dryRun bool) (conversation.TestImportReport, error)
	Start(ctx context.Context, trigger conversation.TestTrigger) (conversation.TestRun, error)
	Runs(ctx context.Context) ([]conversation.TestRun, error)
	Run(ctx context.Context, id string) (conversation.TestRun, []conversation.TestResult, error)
	Cancel(ctx context.Context, id string) (conversation.TestRun, error)
	Effect(ctx context.Context, answer, offer *float64) (conversation.ThresholdEffect, error)
}

const (
	testsPage    = 200
	maxTestsPage = 1000
)

type testView struct {
	ID        string                  `json:"id"`
	Question  string                  `json:"question"`
	History   []askSaid               `json:"history"`
	Expect    expectView              `json:"expect"`
	Documents []testDocumentView      `json:"documents"` // those of expect, by name
	Origin    conversation.TestOrigin `json:"origin"`
	CreatedAt time.Time               `json:"created_at"`
	Last      *lastResultView         `json:"last,omitempty"`
	edited
}

type expectView struct {
	Documents  []string `json:"documents"`
	Passages   []string `json:"passages"` // an FAQ entry's id, or the SHA-256 of a passage's text in hex
	Answer     string   `json:"answer,omitempty"`
	Answerable bool     `json:"answerable"`
}

type testDocumentView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Gone bool   `json:"gone"` // it was deleted: the expected document is gone
}

type lastResultView struct {
	Run        string                `json:"run"`
	Passed     bool                  `json:"passed"`
	Rank       int                   `json:"rank"` // 0: nothing expected was found
	Confidence float64               `json:"confidence"`
	Decision   conversation.Decision `json:"decision"`
	Gone       bool                  `json:"gone"` // something expected was not there
}

type testsView struct {
	Tests []testView `json:"tests"`
	Total int        `json:"total"`
	Next  string     `json:"next,omitempty"`
}

// testRequest is a test as it is made or changed.
type testRequest struct {
	Question string                  `json:"question"`
	History  []askSaid               `json:"history,omitempty"`
	Expect   expectRequest           `json:"expect"`
	Origin   conversation.TestOrigin `json:"origin,omitempty"` // manual (when absent) or ask
	edited
}

// expectRequest names documents by id or name, and passages by id, entry's id or the
// SHA-256 of their text. Without answerable, a question can be answered when anything is
// expected.
type expectRequest struct {
	Documents  []string `json:"documents,omitempty"`
	Passages   []string `json:"passages,omitempty"`
	Answer     string   `json:"answer,omitempty"`
	Answerable *bool    `json:"answerable,omitempty"`
}

type goldenRequest struct {
	Seq int64 `json:"seq"` // of the answer, or of the question
}

func (q testRequest) test() conversation.Test {
	t := conversation.Test{Question: storable(q.Question), Origin: conversation.TestManual, Expect: conversation.Expect{Answer: storable(q.Expect.Answer)}}
	if q.Origin == conversation.TestAsk {
		t.Origin = q.Origin
	}
	for _, h := range q.History {
		t.History = append(t.History, conversation.TestSaid{Author: h.Author, Text: storable(h.Text)})
	}
	for _, d := range q.Expect.Documents {
		t.Expect.Documents = append(t.Expect.Documents, conversation.TestDocument{ID: storable(d)})
	}
	for _, p := range q.Expect.Passages {
		t.Expect.Passages = append(t.Expect.Passages, storable(p))
	}
	t.Expect.Answerable = len(q.Expect.Documents)+len(q.Expect.Passages) > 0 || q.Expect.Answer != ""
	if q.Expect.Answerable != nil {
		t.Expect.Answerable = *q.Expect.Answerable
	}
	return t
}

func viewTest(t conversation.Test) testView {
	v := testView{ID: t.ID, Question: t.Question, History: make([]askSaid, len(t.History)), Origin: t.Origin, CreatedAt: t.CreatedAt.UTC(),
		Expect:    expectView{Documents: []string{}, Passages: append([]string{}, t.Expect.Passages...), Answer: t.Expect.Answer, Answerable: t.Expect.Answerable},
		Documents: []testDocumentView{}, edited: edited{t.Version}}
	for i, h := range t.History {
		v.History[i] = askSaid(h)
	}
	for _, d := range t.Expect.Documents {
		v.Expect.Documents = append(v.Expect.Documents, d.ID)
		v.Documents = append(v.Documents, testDocumentView(d))
	}
	if l := t.Last; l != nil {
		v.Last = &lastResultView{l.Run, l.Passed, l.Rank, l.Confidence, l.Decision, l.Gone}
	}
	return v
}

func (c *Console) listTests(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	limit, err := intParam(r, "limit", testsPage, 1, maxTestsPage)
	if err != nil {
		return err
	}
	list, next, total, err := c.tests.List(r.Context(), r.URL.Query().Get("cursor"), int(limit))
	if err != nil {
		return err
	}
	v := testsView{Tests: make([]testView, len(list)), Total: total, Next: next}
	for i, t := range list {
		v.Tests[i] = viewTest(t)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) addTest(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req testRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	t, err := c.tests.Add(r.Context(), req.test())
	if err != nil {
		return testProblem(err)
	}
	audited(r).about(t.ID)
	w.Header().Set("Location", "/api/v1/tests/"+t.ID)
	return writeJSON(w, http.StatusCreated, viewTest(t))
}

func (c *Console) putTest(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoTest)
	if err != nil {
		return err
	}
	var req testRequest
	if err := readEdited(w, r, &req); err != nil {
		return err
	}
	t := req.test()
	t.ID, t.Version = id, req.Version
	if t, err = c.tests.Put(r.Context(), t); isErr(err, conversation.ErrVersion) {
		return overtaken(viewTest(t))
	}
	if err != nil {
		return testProblem(err)
	}
	return writeEdited(w, http.StatusOK, t.Version, viewTest(t))
}

func (c *Console) addGolden(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	var req goldenRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if req.Seq < 1 {
		return badField("seq", "the number of a message")
	}
	t, err := c.tests.Golden(r.Context(), id, req.Seq)
	if err != nil {
		return testProblem(err)
	}
	audited(r).detail("test", t.ID)
	w.Header().Set("Location", "/api/v1/tests/"+t.ID)
	return writeJSON(w, http.StatusCreated, viewTest(t))
}

// testProblem says what is wrong with a test in the words of whoever found out.
func testProblem(err error) error {
	var bad *conversation.BadTestError
	if errors.As(err, &bad) {
		return problem(http.StatusUnprocessableEntity, "bad_test", "The member \""+bad.Field+"\": "+bad.Why+".")
	}
	return err
}

type testImportView struct {
	DryRun bool             `json:"dry_run"`
	Name   string           `json:"name"`
	Totals testImportTotals `json:"totals"`
	Rows   []testRowView    `json:"rows"`
}

type testImportTotals struct {
	New     int `json:"new"`
	Changed int `json:"changed"`
	Same    int `json:"same"`
	Invalid int `json:"invalid"`
}

type testRowView struct {
	Row      int               `json:"row"`
	Question string            `json:"question"`
	Verdict  knowledge.Verdict `json:"verdict"`
	Why      string            `json:"why,omitempty"`
}

// testsRefused is the problem with the report beside its members.
type testsRefused struct {
	Problem
	testImportView
}

func (c *Console) importTests(w http.ResponseWriter, r *http.Request, name string, content []byte, dryRun bool) error {
	report, err := c.tests.ImportFile(r.Context(), name, content, dryRun)
	refused := errors.Is(err, knowledge.ErrRefused)
	if err != nil && !refused {
		return importProblem(err)
	}
	v := testImportView{DryRun: dryRun, Name: name, Rows: make([]testRowView, len(report.Rows)),
		Totals: testImportTotals{report.Totals[knowledge.EntryNew], report.Totals[knowledge.EntryChanged], report.Totals[knowledge.EntrySame], report.Totals[knowledge.EntryInvalid]}}
	for i, row := range report.Rows {
		v.Rows[i] = testRowView(row)
	}
	if !refused {
		return writeJSON(w, http.StatusOK, v)
	}
	return writeProblemWith(w, http.StatusUnprocessableEntity, testsRefused{whole(http.StatusUnprocessableEntity, "import_refused",
		strconv.Itoa(v.Totals.Invalid)+" rows are no tests. Nothing was imported. The rows say which and why."), v})
}
