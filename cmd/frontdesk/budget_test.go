package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// paying is an installation without a server, whose models a fake one stands for.
type paying struct {
	t       *testing.T
	ai      *fakeai.Server
	pool    *pgxpool.Pool
	environ []string
}

func newPaying(t *testing.T, more ...string) *paying {
	t.Helper()
	ai := fakeai.New(func(fakeai.Request) fakeai.Reply { return fakeai.Reply{Text: "17 gold [1].", Input: 100} })
	srv := httptest.NewServer(ai)
	t.Cleanup(srv.Close)
	url := dbtest.URL(t)
	return &paying{t: t, ai: ai, pool: dbtest.Connect(t, url), environ: append([]string{"DATABASE_URL=" + url, "OPENAI_BASE_URL=" + srv.URL + "/v1", "OPENAI_API_KEY=sk-hunter2"}, more...)}
}

// withVectors are the settings of an installation that finds by meaning, too.
var withVectors = []string{"OPENAI_EMBEDDING_MODEL=text-embedding-3-small", "OPENAI_EMBEDDING_DIMENSIONS=64"}

// set stores a section of settings, as another process would.
func (p *paying) set(section, value string) {
	p.t.Helper()
	const sql = `INSERT INTO shared_settings (name, version, value) VALUES ($1, 1, $2)
		ON CONFLICT (name) DO UPDATE SET version = shared_settings.version + 1, value = excluded.value`
	if _, err := p.pool.Exec(p.t.Context(), sql, section, value); err != nil {
		p.t.Fatal(err)
	}
}

func (p *paying) run(args ...string) outcome {
	p.t.Helper()
	return frontdesk(p.t, p.environ, args...)
}

func (p *paying) file(name, text string) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

const zebras = "# Zebra rental\n\nRenting a zebra costs 17 gold a day, bridle included.\n"

func TestAskWhyGoesByTheStoredSettings(t *testing.T) {
	p := newPaying(t)
	if got := p.run("ingest", p.file("zebra.md", zebras)); got.code != 0 {
		t.Fatalf("ingest = %+v", got)
	}
	p.set("bot", `{"name": "Zebedee", "instructions": "Always rhyme."}`)
	p.set("models", `{"enabled": true, "answer": ["gpt-4.1-mini"]}`)
	p.set("thresholds", `{"answer": 0.11, "offer": 0.07}`)
	p.set("tokens", `{"total": 3000, "answer": 321, "passages": 900, "images": 0}`)
	p.set("prices", `{"models": {"gpt-4.1-mini": {"input": 10000, "cached": 10000, "output": 0}}}`)
	got := p.run("ask", "--why", "what does renting a zebra cost?")
	for _, want := range []string{"You are Zebedee", "Always rhyme.", "answered from 0.11, with the offer of a person from 0.07", "gpt-4.1-mini, $1.000000"} {
		if got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("ask --why = %+v, want %q in it", got, want)
		}
	}
	if asked := p.ai.Requests(); len(asked) != 1 || asked[0].Model != "gpt-4.1-mini" {
		t.Errorf("asked %+v, want the model of the settings once", asked)
	}
	p.set("spending", `{"day_usd": 0.5, "conversation_usd": null, "visitor_usd": null, "warn": 0.8}`)
	if got = p.run("ask", "--why", "what does renting a zebra cost?"); got.code != 0 || !strings.Contains(got.stdout, "the model failed: budget") || len(p.ai.Requests()) != 1 {
		t.Errorf("ask --why over budget = %+v, want a quoted passage and no call", got)
	}
	if got = p.run("ask", "what does renting a zebra cost?"); got.code != 0 || !strings.Contains(got.stdout, "17 gold a day") || len(p.ai.Requests()) != 1 {
		t.Errorf("ask over budget = %+v, want a quoted passage and no call", got)
	}
	p.set("thresholds", `{"answer": 0.02, "offer": 0.01}`)
	if got = p.run("ingest", "--preview", p.file("more.md", "# Yaks\n\nThere are none.\n")); got.code != 0 || !strings.Contains(got.stdout, "now 0 verbatim, 1 answered, 0 with an offer, 0 unknown") {
		t.Errorf("ingest --preview = %+v, want the question judged by the settings", got)
	}
	if got = p.run("search", "renting zebras"); got.code != 0 || !strings.Contains(got.stdout, "answered from 0.02, with the offer of a person from 0.01") {
		t.Errorf("search = %+v, want the thresholds of the settings", got)
	}
}

func TestEvalGoesByTheStoredSettings(t *testing.T) {
	p := newPaying(t)
	if got := p.run("ingest", p.file("faq.csv", "question,answer\nWhat does renting a zebra cost?,17 gold.\nWhich cards do you accept?,Visa.\n")); got.code != 0 {
		t.Fatalf("ingest = %+v", got)
	}
	ts := newTests(p.pool, knowledgedb.New(p.pool, nil, nil), nil, nil)
	test := conversation.Test{Question: "for renting zebras what is the cost", Origin: conversation.TestManual, Expect: conversation.Expect{Answerable: true, Answer: "17 gold"}}
	if _, err := ts.Add(t.Context(), test); err != nil {
		t.Fatal(err)
	}
	figures := func() (f testFigures) {
		t.Helper()
		got := p.run("eval", "--tests", "--json")
		if err := json.Unmarshal([]byte(got.stdout), &f); err != nil || got.code != 0 {
			t.Fatalf("eval --tests = %+v, %v", got, err)
		}
		return f
	}
	p.set("thresholds", `{"answer": 0.02, "offer": 0.01}`)
	if f := figures(); f.Passed != 1 {
		t.Errorf("figures from 0.02 = %+v, want it passed", f)
	}
	p.set("thresholds", `{"answer": 1, "offer": 1}`)
	if f := figures(); f.Passed != 0 || len(f.Failed) != 1 || f.Failed[0].Rank != 1 || f.Failed[0].Decision != conversation.DecisionUnknown {
		t.Errorf("figures from 1 = %+v, want it found and judged unknown", f)
	}

	p.set("bot", `{"name": "Zebedee", "instructions": "Always rhyme."}`)
	p.set("models", `{"enabled": true, "answer": ["gpt-4.1-mini"], "temperature": 0.25}`)
	p.set("tokens", `{"total": 3000, "answer": 321, "passages": 900, "images": 0}`)
	dialogue := p.file("d.jsonl", `{"id": "1", "messages": [{"author": "customer", "text": "and for a week of renting zebras?"}]}`)
	var r conversation.ReplayReport
	got := p.run("eval", "--replay", dialogue, "--json")
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || got.code != 0 || r.Budget != 3000 {
		t.Errorf("eval --replay = %+v, %v, want the budget of the settings", got, err)
	}
	asked := p.ai.Requests()
	if len(asked) != 1 || asked[0].Model != "gpt-4.1-mini" || !strings.Contains(asked[0].Messages[0].Content, "You are Zebedee") || !strings.Contains(asked[0].Messages[0].Content, "Always rhyme.") {
		t.Errorf("asked %+v, want the prompt and the model of the settings", asked)
	}
	p.set("spending", `{"day_usd": 0.000001, "conversation_usd": null, "visitor_usd": null, "warn": 0.8}`)
	if got := p.run("eval", "--replay", dialogue); got.code == 0 || !strings.Contains(got.stderr, "no figures") || len(p.ai.Requests()) != 1 {
		t.Errorf("eval --replay over budget = %+v, want no figures and no call", got)
	}
}

// long is a document of some 600 words, whose vectors cost some 15 millionths of a dollar.
func long(about string) string {
	return "# " + about + "\n\n" + strings.Repeat("All about "+about+" and more. ", 120)
}

func TestIngestSaysWhatWaitsForTheBudgetAndGoesOnOnceThereIsRoom(t *testing.T) {
	p := newPaying(t, withVectors...)
	p.set("spending", `{"day_usd": 0.000003, "conversation_usd": null, "visitor_usd": null, "warn": 0.8}`)
	file := p.file("zebra.md", long("zebras"))
	for range 2 {
		got := p.run("ingest", file)
		if got.code != 1 || !strings.Contains(got.stdout, "waits   "+file) || !strings.Contains(got.stdout, knowledge.BudgetNote) || !strings.Contains(got.stdout, "waiting for the budget: 1") {
			t.Errorf("ingest over budget = %+v, want it to say what waits and exit code 1", got)
		}
	}
	if n := len(p.ai.Bills()); n != 0 {
		t.Errorf("%d calls were made, want none", n)
	}
	if got := p.run("search", "zebras"); got.code != 0 || !strings.Contains(got.stdout, "All about zebras") {
		t.Errorf("search = %+v, want the passage found by its words", got)
	}
	if got := p.run("doctor"); !strings.Contains(got.stdout, "warning  budget: ") {
		t.Errorf("doctor = %+v, want it to say what waits", got)
	}
	before := len(p.ai.Bills())
	if _, err := p.pool.Exec(t.Context(), `DELETE FROM model_calls`); err != nil { // of the search
		t.Fatal(err)
	}
	p.set("prices", `{"models": {"text-embedding-3-small": {"input": 2, "cached": 2, "output": 0}}}`)
	p.set("spending", `{"day_usd": 1, "conversation_usd": null, "visitor_usd": null, "warn": 0.8}`)
	if got := p.run("ingest", file); got.code != 0 || !strings.Contains(got.stdout, "ready   "+file) {
		t.Errorf("ingest within the budget = %+v, want it ready", got)
	}
	var booked int64
	if err := p.pool.QueryRow(t.Context(), `SELECT sum(cost_micros) FROM model_calls WHERE purpose = 'embed'`).Scan(&booked); err != nil {
		t.Fatal(err)
	}
	want := int64(0)
	for _, b := range p.ai.Bills()[before:] {
		want += 2 * int64(b.Input)
	}
	if want == 0 || booked != want {
		t.Errorf("booked %d for its vectors, want %d by the price set here", booked, want)
	}
	if got := p.run("doctor"); strings.Contains(got.stdout, "budget: ") {
		t.Errorf("doctor = %+v, want nothing to wait", got)
	}
}

func TestRaisingTheBudgetWakesWhatWaitsForIt(t *testing.T) {
	p := newPaying(t, withVectors...)
	// The sample is embedded before: it is what a first start comes with.
	s := startServing(t, p.environ)
	token := adminToken(t, p.environ)
	put := func(day float64) {
		t.Helper()
		_, body := s.ask("GET", "/api/v1/settings/spending", token, nil)
		var sec struct{ Version int64 }
		if err := json.Unmarshal([]byte(body), &sec); err != nil {
			t.Fatal(err)
		}
		if code, body := s.ask("PUT", "/api/v1/settings/spending", token, map[string]any{"version": sec.Version,
			"day_usd": day, "conversation_usd": nil, "visitor_usd": nil, "warn": .8}); code != 200 {
			t.Fatalf("PUT spending = %d %s", code, body)
		}
	}
	put(.000001)
	code, body := s.ask("POST", "/api/v1/documents", token, map[string]string{"question": "How old do zebras get?", "answer": long("zebras")})
	var d struct{ ID string }
	if err := json.Unmarshal([]byte(body), &d); err != nil || code != 202 {
		t.Fatalf("POST documents = %d %s, %v", code, body, err)
	}
	document := func() (got struct{ Status, Error string }) {
		t.Helper()
		if _, body := s.ask("GET", "/api/v1/documents/"+d.ID, token, nil); json.Unmarshal([]byte(body), &got) != nil {
			t.Fatalf("GET document = %s", body)
		}
		return got
	}
	waitFor(t, "document to wait for the budget", func() bool {
		got := document()
		var off int
		if err := p.pool.QueryRow(t.Context(), putOff).Scan(&off); err != nil {
			t.Fatal(err)
		}
		return got.Status == "embedding" && got.Error == knowledge.BudgetNote && off == 1
	})
	if _, body := s.ask("GET", "/api/v1/health", token, nil); !strings.Contains(body, "wait for the day's budget") {
		t.Errorf("health = %s, want it to say what waits", body)
	}
	put(1)
	waitFor(t, "document ready", func() bool { return document().Status == "ready" })
}
