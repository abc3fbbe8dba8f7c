package console

import (
	"net/http"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

type testRunView struct {
	ID         string                   `json:"id"`
	At         time.Time                `json:"at"`
	Trigger    conversation.TestTrigger `json:"trigger"` // manual, knowledge, settings
	State      conversation.TestState   `json:"state"`   // queued, running, done, failed, cancelled
	FinishedAt *time.Time               `json:"finished_at,omitempty"`
	Cases      int                      `json:"cases"`
	Done       int                      `json:"done"` // of the cases, so far
	Passed     int                      `json:"passed"`
	NDCG5      *float64                 `json:"ndcg5"` // means over the answerable; null until done, or without any
	Recall5    *float64                 `json:"recall5"`
	MRR        *float64                 `json:"mrr"`
	AUROC      *float64                 `json:"auroc"` // null where all are answerable, or none
	CostUSD    float64                  `json:"cost_usd"`
	Error      string                   `json:"error,omitempty"`
}

type testRunsView struct {
	Runs []testRunView `json:"runs"`
}

type testRunDetailView struct {
	testRunView
	AnswerFrom float64          `json:"answer_from"` // the thresholds it decided by
	OfferFrom  float64          `json:"offer_from"`
	Results    []testResultView `json:"results"` // those that failed first
}

type testResultView struct {
	Test       string                `json:"test"`
	Question   string                `json:"question"`
	Rank       int                   `json:"rank"` // of the first expected; 0: not found
	Passed     bool                  `json:"passed"`
	Confidence float64               `json:"confidence"`
	Decision   conversation.Decision `json:"decision"`
	Answerable bool                  `json:"answerable"`
	Verbatim   bool                  `json:"verbatim"`
	AnswerHeld *bool                 `json:"answer_held"` // what would be quoted holds the expected answer; null: none is expected
	Gone       bool                  `json:"gone"`        // something expected was not there
	Was        *testWasView          `json:"was,omitempty"`
}

type testWasView struct {
	Rank       int                   `json:"rank"`
	Passed     bool                  `json:"passed"`
	Confidence float64               `json:"confidence"`
	Decision   conversation.Decision `json:"decision"`
}

type effectRequest struct {
	Answer *float64 `json:"answer"` // null: as in the newest run
	Offer  *float64 `json:"offer"`
}

type effectView struct {
	Cases    int `json:"cases"`
	Answered int `json:"answered"`
	Offered  int `json:"offered"`
	Unknown  int `json:"unknown"`
	Right    int `json:"right"`
	Wrong    int `json:"wrong"`
}

func viewTestRun(r conversation.TestRun) testRunView {
	v := testRunView{ID: r.ID, At: r.At.UTC(), Trigger: r.Trigger, State: r.State, Cases: r.Cases, Done: r.Done, Passed: r.Passed,
		NDCG5: r.NDCG5, Recall5: r.Recall5, MRR: r.MRR10, AUROC: r.AUROC, CostUSD: float64(r.Cost) / 1e6, Error: r.Error}
	if r.FinishedAt != nil {
		at := r.FinishedAt.UTC()
		v.FinishedAt = &at
	}
	return v
}

func (c *Console) startTests(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	run, err := c.tests.Start(r.Context(), conversation.TriggerManual)
	if err != nil {
		return err
	}
	audited(r).about(run.ID)
	w.Header().Set("Location", "/api/v1/tests/runs/"+run.ID)
	return writeJSON(w, http.StatusAccepted, viewTestRun(run))
}

func (c *Console) listTestRuns(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.tests.Runs(r.Context())
	if err != nil {
		return err
	}
	v := testRunsView{Runs: make([]testRunView, len(list))}
	for i, run := range list {
		v.Runs[i] = viewTestRun(run)
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) getTestRun(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoTest)
	if err != nil {
		return err
	}
	run, results, err := c.tests.Run(r.Context(), id)
	if err != nil {
		return err
	}
	v := testRunDetailView{testRunView: viewTestRun(run), AnswerFrom: run.Thresholds.Answer, OfferFrom: run.Thresholds.Maybe, Results: make([]testResultView, len(results))}
	for i, k := range results {
		v.Results[i] = testResultView{Test: k.Test, Question: k.Question, Rank: k.Rank, Passed: k.Passed, Confidence: k.Confidence,
			Decision: k.Decision, Answerable: k.Answerable, Verbatim: k.Verbatim, AnswerHeld: k.Held, Gone: k.Gone}
		if k.Was != nil {
			was := testWasView(*k.Was)
			v.Results[i].Was = &was
		}
	}
	return writeJSON(w, http.StatusOK, v)
}

func (c *Console) cancelTestRun(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	id, err := pathID(r, conversation.ErrNoTest)
	if err != nil {
		return err
	}
	run, err := c.tests.Cancel(r.Context(), id)
	if isErr(err, conversation.ErrNotCurrent) {
		return problem(http.StatusConflict, "not_current", "The run has ended.")
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, viewTestRun(run))
}

func (c *Console) thresholdEffect(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req effectRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	for name, v := range map[string]*float64{"answer": req.Answer, "offer": req.Offer} {
		if v != nil && !(*v >= 0 && *v <= 1) {
			return badField(name, "a number from 0 to 1, or null")
		}
	}
	e, err := c.tests.Effect(r.Context(), req.Answer, req.Offer)
	if isErr(err, conversation.ErrNoTest) {
		return problem(http.StatusConflict, "no_run", "The test set has not been run yet. Run it first.")
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, effectView(e))
}

// testRoutes are the routes of asking and of the test set; they are part of the one table.
func testRoutes() []route {
	return []route{
		{"POST", "/api/v1/ask", staff.RoleAgent, (*Console).ask, "Stream what the bot would answer, by the steps of a real turn; nothing is stored but the cost. Events: found (passages with both ranks, scores and their fate), prompt (as sent, tokens by part), delta, discard (takes the deltas back), answer, error (a problem). model, instructions, thresholds and tokens are tried out in place of the set ones. 4 at once (429).", nil, askRequest{}, false, nil, 200, true},

		{"GET", "/api/v1/tests", staff.RoleViewer, (*Console).listTests, "Questions with known answers, the newest first, with what came of each last.", pageParams, nil, false, testsView{}, 200, false},
		{"POST", "/api/v1/tests", staff.RoleAgent, (*Console).addTest, "Add a test: the documents or passages that answer it, a text the answer holds, or that nothing does.", nil, testRequest{}, false, testView{}, 201, false},
		{"PUT", "/api/v1/tests/{id}", staff.RoleAgent, (*Console).putTest, "Change a test. What it expects that is gone may stay.", nil, testRequest{}, false, testView{}, 200, false},
		{"DELETE", "/api/v1/tests/{id}", staff.RoleAgent, drop(conversation.ErrNoTest, func(c *Console) remover { return c.tests.Delete }), "Delete a test with its results.", nil, nil, false, nil, 204, false},
		{"POST", "/api/v1/tests/import", staff.RoleAdmin, importFile("A file of tests may have ", (*Console).importTests), "Import the tests of a CSV, TSV or JSONL file, up to 20 MB and 20,000 rows, all or none: question, documents (ids or names), passages, answer, answerable, history; several in a cell are parted by |. A question that is there gets the new expectation. The report has a verdict on each row.", importParams, nil, true, testImportView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/golden", staff.RoleAgent, (*Console).addGolden, "Make a test of what a customer asked and the passages that the answer cites; seq is the answer's or the question's.", nil, goldenRequest{}, false, testView{}, 201, false},
		{"POST", "/api/v1/tests/runs", staff.RoleAgent, (*Console).startTests, "Ask all tests, in the background and one run at a time. One that waits already is returned. 409 without tests or knowledge. A change of the knowledge begins a run by itself, some 30 seconds later.", nil, nil, false, testRunView{}, 202, false},
		{"GET", "/api/v1/tests/runs", staff.RoleViewer, (*Console).listTestRuns, "The newest 100 runs, with figures as of frontdesk eval.", nil, nil, false, testRunsView{}, 200, false},
		{"GET", "/api/v1/tests/runs/{id}", staff.RoleViewer, (*Console).getTestRun, "One run with its results, those that failed first, and what the run before made of each test. The results of the newest 30 runs are kept.", nil, nil, false, testRunDetailView{}, 200, false},
		{"POST", "/api/v1/tests/runs/{id}/cancel", staff.RoleAgent, (*Console).cancelTestRun, "End a run that waits or is at work.", nil, nil, false, testRunView{}, 200, false},
		{"POST", "/api/v1/settings/thresholds/effect", staff.RoleAdmin, (*Console).thresholdEffect, "What other thresholds would have made of the newest run, by the confidences it stored.", nil, effectRequest{}, false, effectView{}, 200, false},
	}
}
