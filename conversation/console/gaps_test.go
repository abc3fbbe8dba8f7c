package console

import (
	"context"
	"hash/fnv"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/knowledge/lexical"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// meanings is an embedder that knows by a word in it what a text is about, in
// any language.
type meanings map[string]string

func (meanings) Model() string   { return "meanings" }
func (meanings) Dimensions() int { return 64 }

func (m meanings) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, text := range texts {
		topic := text
		for word, t := range m {
			if strings.Contains(strings.ToLower(text), word) {
				topic = t
			}
		}
		out[i] = direction(topic)
	}
	return out, nil
}

// direction is a unit vector of the topic's own.
func direction(topic string) []float32 {
	v, sum := make([]float32, 64), 0.
	for i := range v {
		h := fnv.New64a()
		h.Write([]byte{byte(i)})
		h.Write([]byte(topic))
		x := float64(h.Sum64()%2001)/1000 - 1
		v[i], sum = float32(x), sum+x*x
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(sum))
	}
	return v
}

// scribe is a model that answers nothing from sources and drafts what it is told.
type scribe struct {
	mu    sync.Mutex // guards all below
	draft string     // arguments of save_entry; the call fails when empty
	asked []conversation.ModelRequest
}

func (s *scribe) Stream(_ context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, req)
	if len(req.Tools) == 0 || req.Tools[0].Name != "save_entry" {
		return conversation.ModelReply{}, &conversation.ModelError{Kind: conversation.ErrUnavailable, Err: context.Canceled}
	}
	if s.draft == "" {
		return conversation.ModelReply{Model: "scribe", Text: "Sorry }{"}, nil
	}
	return conversation.ModelReply{Model: "scribe", Usage: conversation.Usage{InputTokens: 100, OutputTokens: 20, CostMicros: 30},
		Calls: []conversation.ToolCall{{Name: "save_entry", Arguments: []byte(s.draft)}}}, nil
}

// entriesOf saves entries as cmd does.
type entriesOf struct {
	*knowledge.Ingest
	*knowledgedb.Documents
}

func (e entriesOf) SaveEntry(ctx context.Context, document string, entry knowledge.Entry) (string, error) {
	if document == "" {
		return e.AddEntry(ctx, entry)
	}
	u, err := knowledge.EntryUpload(entry)
	if err != nil {
		return "", err
	}
	d, err := e.Replace(ctx, document, u)
	return d.ID, err
}

func (e entriesOf) Document(ctx context.Context, id string) (knowledge.Document, error) {
	return e.Documents.Document(ctx, id)
}

// shop is a whole Frontdesk over HTTP but for its channels.
type shop struct {
	*place
	store *conversationdb.Store
	admin option
	agent option
}

func openShop(t *testing.T, embedder knowledge.Embedder, draft conversation.Model) *shop {
	t.Helper()
	pool := dbtest.New(t)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	find := knowledgedb.New(pool, embedder, log)
	docs, err := find.Documents()
	if err != nil {
		t.Fatal(err)
	}
	ingest := knowledge.NewIngest(docs, knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract, Count: tokens.For("gpt-4o-mini").Count}, log)
	jobs, err := knowledgedb.NewJobs(docs, ingest, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := jobs.Stop(ctx); err != nil {
			t.Errorf("Stop() = %v", err)
		}
	})
	s := &shop{place: &place{t: t, library: &library{}, sites: &siteList{}}, store: conversationdb.New(pool)}
	s.staff = staff.New(conversationdb.NewStaffStore(pool), nil)
	s.engine, err = conversation.New(conversation.Config{Hold: time.Nanosecond, Poll: 20 * time.Millisecond,
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond}},
		conversation.Deps{Store: s.store, Finder: find, Counter: tokens.For("gpt-4o-mini"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s.gaps = conversation.NewGaps(conversation.GapConfig{Settle: -1, Poll: 20 * time.Millisecond}, conversation.GapDeps{
		Store: s.store, Words: lexical.Bag{}, Entries: entriesOf{ingest, docs}, Finder: find, Embedder: embedder, Model: draft,
		Counter: tokens.For("gpt-4o-mini"), Log: log})
	s.console, err = New(Options{Staff: s.staff, Documents: s.library, Sites: s.sites, Gaps: s.gaps, Finder: find, Engine: s.engine, Events: s.engine, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { s.engine.Run(ctx, time.Second) })
	work.Go(func() { s.gaps.Run(ctx) })
	t.Cleanup(func() { cancel(); work.Wait() })
	mux := http.NewServeMux()
	s.console.Register(mux)
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	t.Cleanup(s.console.Stop)
	s.admin, s.agent = bearer(s.token(staff.RoleAdmin)), bearer(s.token(staff.RoleAgent))
	return s
}

// until polls until ok, for as long as anything may take.
func (s *shop) until(what string, ok func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited too long for %s", what)
		}
	}
}

// ask has a new customer write and waits for the bot's answer.
func (s *shop) ask(text string) string {
	s.t.Helper()
	id := s.conversation(text)
	s.until("an answer to "+text, func() bool {
		ms, err := s.engine.Messages(s.t.Context(), id, 1, 10)
		return err == nil && slices.ContainsFunc(ms, func(m conversation.Message) bool { return m.Author == conversation.AuthorBot })
	})
	return id
}

func (s *shop) list(state conversation.GapState) []gapView {
	s.t.Helper()
	var v gapsView
	s.do("GET", "/api/v1/gaps?state="+string(state), nil, s.admin).decode(s.t, &v)
	return v.Gaps
}

// one waits for a single gap in the state, with so many questions, and returns it.
func (s *shop) one(state conversation.GapState, questions int) gapDetailView {
	s.t.Helper()
	var found gapView
	s.until("one gap "+string(state), func() bool {
		list := s.list(state)
		if len(list) == 1 {
			found = list[0]
		}
		return len(list) == 1 && found.Questions == questions
	})
	var v gapDetailView
	s.do("GET", "/api/v1/gaps/"+found.ID, nil, s.admin).decode(s.t, &v)
	return v
}

func (s *shop) post(path string, body any, want int) answer {
	s.t.Helper()
	got := s.do("POST", path, body, s.admin)
	if got.code != want {
		s.t.Fatalf("POST %s = %d %s, want %d", path, got.code, got.body, want)
	}
	return got
}

func TestAGapIsClosedOnceItsQuestionsAreAnswered(t *testing.T) {
	model := &scribe{draft: `{"question":"Can I rent a giraffe?","answer":"Yes, for 40 gold a day. Ask Ana or write to ana@shop.example, order ORD-20248.","alternatives":["Is giraffe rental possible?"],"lang":"en"}`}
	s := openShop(t, meanings{"giraffe": "giraffes", "jirafa": "giraffes", "parking": "parking"}, model)
	first := s.ask("Can I rent a giraffe for my party?")
	s.ask("¿Se puede alquilar una jirafa?")
	s.ask("Where is the parking?")
	s.ask("hello")
	s.until("both gaps", func() bool { return len(s.list(conversation.GapOpen)) == 2 })
	s.until("both questions in one gap", func() bool { return s.list(conversation.GapOpen)[0].Questions == 2 })
	gap := s.list(conversation.GapOpen)[0]
	if gap.Customers != 2 || gap.Conversations != 2 || !slices.Equal(gap.Languages, []string{"en", "es"}) || gap.Question != "Can I rent a giraffe for my party?" ||
		!slices.Equal(gap.Reasons, []conversation.GapReason{conversation.GapUnknown}) || gap.Score < 1.9 {
		t.Errorf("the first gap is %+v, want the giraffe asked for by two in two languages", gap)
	}
	path := "/api/v1/gaps/" + gap.ID
	if got := s.do("POST", path+"/draft", nil, s.admin); got.code != 409 || got.problem(t).Code != "no_reply" {
		t.Errorf("draft without a reply = %d %s, want 409 no_reply", got.code, got.body)
	}
	reply := "Hi Lena! Yes, a giraffe is 40 gold a day. Call 0171 2345678 or ana@shop.example."
	if got := s.do("POST", "/api/v1/conversations/"+first+"/reply", map[string]string{"text": reply}, s.agent); got.code != 201 {
		t.Fatalf("reply = %d %s, want 201", got.code, got.body)
	}
	var drafted gapView
	s.post(path+"/draft", nil, 200).decode(t, &drafted)
	want := gapEntryView{Question: "Can I rent a giraffe?", Answer: "Yes, for 40 gold a day. Ask Ana or write to [e-mail], order [number].", Lang: "en",
		Alternatives: []string{"Is giraffe rental possible?", "¿Se puede alquilar una jirafa?", "Can I rent a giraffe for my party?"}}
	if d := drafted.Draft; drafted.State != conversation.GapDrafted || d == nil || d.Question != want.Question || d.Answer != want.Answer || d.Lang != "en" || !slices.Equal(d.Alternatives, want.Alternatives) {
		t.Errorf("draft = %s %+v, want %+v", drafted.State, d, want)
	}
	sent := model.asked[len(model.asked)-1].Messages[1].Text
	for _, secret := range []string{"ana@shop", "2345678"} {
		if strings.Contains(sent, secret) {
			t.Errorf("the model was sent %q in %s", secret, sent)
		}
	}
	if !strings.Contains(sent, "40 gold a day") || !strings.HasPrefix(sent, "<conversations>") {
		t.Errorf("the model was sent %q, want the reply within its fence", sent)
	}
	rows, err := usageRows(t.Context(), s.engine)
	if err != nil || len(rows) != 1 || rows[0].Purpose != "gap_draft" || rows[0].CostMicros != 30 {
		t.Errorf("Usage() = %+v, %v; want the draft's call", rows, err)
	}

	s.post(path+"/publish", map[string]any{"question": "Can I rent a giraffe?", "answer": "Yes, for 40 gold a day.", "lang": "en",
		"alternatives": []string{"Can I rent a giraffe for my party?"}}, 202)
	closed := s.one(conversation.GapClosed, 2)
	for _, q := range closed.Asked {
		if q.Answered == nil || !*q.Answered {
			t.Errorf("question %q of the closed gap is not marked as answered", q.Text)
		}
	}
	if closed.Document == "" || !strings.Contains(closed.Outcome, "All of 2") {
		t.Errorf("closed gap = %+v, want its document and outcome", closed.gapView)
	}
	if list := s.list(conversation.GapOpen); len(list) != 1 || list[0].Question != "Where is the parking?" {
		t.Errorf("open gaps = %+v, want the parking alone", list)
	}
	if got := s.do("POST", path+"/publish", map[string]string{"question": "Q?", "answer": "A."}, s.admin); got.code != 409 || got.problem(t).Code != "not_current" {
		t.Errorf("publishing a closed gap = %d %s, want 409 not_current", got.code, got.body)
	}
}

func TestAGapWithAQuestionStillUnansweredStaysOpen(t *testing.T) {
	s := openShop(t, nil, nil)
	s.ask("How much does zebra rental cost?")
	first := s.ask("zebra rental cost for a whole week please")
	gap := s.one(conversation.GapOpen, 2)
	path := "/api/v1/gaps/" + gap.ID
	reply := map[string]string{"text": "A week with a zebra is 90 gold."}
	if got := s.do("POST", "/api/v1/conversations/"+first+"/reply", reply, s.agent); got.code != 201 {
		t.Fatalf("reply = %d %s, want 201", got.code, got.body)
	}
	var drafted gapView
	s.post(path+"/draft", nil, 200).decode(t, &drafted)
	if d := drafted.Draft; d == nil || d.Question != "How much does zebra rental cost?" || d.Answer != reply["text"] || len(d.Alternatives) != 1 {
		t.Errorf("draft without a model = %+v, want the first wording, the reply as it stands and the other wording", drafted.Draft)
	}
	// The entry is the first question's own and has hardly a word of the second.
	s.post(path+"/publish", map[string]any{"question": "How much does zebra rental cost?", "answer": "Ask us."}, 202)
	var after gapDetailView
	s.until("the gap to be asked again", func() bool {
		s.do("GET", path, nil, s.admin).decode(t, &after)
		return after.State == conversation.GapOpen && after.Outcome != ""
	})
	answered := map[string]bool{}
	for _, q := range after.Asked {
		answered[q.Text] = q.Answered != nil && *q.Answered
	}
	if !answered["How much does zebra rental cost?"] || answered["zebra rental cost for a whole week please"] || !strings.HasPrefix(after.Outcome, "1 of 2") {
		t.Errorf("asked again: %v, %q; want the first answered and the second named as not", answered, after.Outcome)
	}
	// A better entry takes the first one's place.
	document := after.Document
	s.post(path+"/publish", map[string]any{"question": "How much does zebra rental cost?", "answer": "20 gold a day, 90 a week.",
		"alternatives": []string{"Zebra rental cost for a whole week please"}}, 202)
	if closed := s.one(conversation.GapClosed, 2); closed.Document != document {
		t.Errorf("the second entry is document %s, want it in place of %s", closed.Document, document)
	}
}

func TestATakeoverIsAGapOnlyWhereTheBotHadNoAnswer(t *testing.T) {
	model := &scribe{} // which fails
	s := openShop(t, nil, model)
	if _, err := s.gaps.Entries.SaveEntry(t.Context(), "", knowledge.Entry{Question: "Do you rent gnus?", Answer: "Yes, at 10 gold."}); err != nil {
		t.Fatal(err)
	}
	s.until("the entry to be found", func() bool {
		r, err := s.gaps.Finder.Find(t.Context(), knowledge.Query{Text: "Do you rent gnus?"})
		return err == nil && len(r.Hits) == 1 && r.Hits[0].Exact
	})
	right := s.ask("Do you rent gnus?")
	s.post("/api/v1/conversations/"+right+"/takeover", nil, 200)
	wrong := s.ask("Is the ferry running, asks Lena Ortiz of order 4411223344?")
	s.post("/api/v1/conversations/"+wrong+"/takeover", nil, 200)
	for _, text := range []string{"One moment.", "Lena here? No: the ferry is out until May. Write to ferry@shop.example."} {
		s.post("/api/v1/conversations/"+wrong+"/reply", map[string]string{"text": text}, 201)
	}
	gap := s.one(conversation.GapOpen, 1)
	if gap.Asked[0].Conversation != wrong || gap.Asked[0].Seq != 1 || gap.Asked[0].Reason != conversation.GapUnknown {
		t.Errorf("the gap's question is %+v, want the one that was not answered", gap.Asked[0])
	}
	var v gapView
	s.post("/api/v1/gaps/"+gap.ID+"/draft", nil, 200).decode(t, &v)
	if v.Draft == nil || v.Draft.Question != "Is the ferry running, asks Lena Ortiz of order [number]?" ||
		!strings.Contains(v.Draft.Answer, "the ferry is out until May. Write to [e-mail].") || len(v.Draft.Alternatives) != 0 {
		t.Errorf("draft while the model fails = %+v, want the words as they stand, masked", v.Draft)
	}
	rows, err := usageRows(t.Context(), s.engine)
	if err != nil || len(rows) != 1 || rows[0].Purpose != "gap_draft" || rows[0].Failed != 1 {
		t.Errorf("Usage() = %+v, %v; want the draft's failed call", rows, err)
	}
	s.post("/api/v1/gaps/"+gap.ID+"/dismiss", nil, 200)
	if list := s.list(conversation.GapOpen); len(list) != 0 {
		t.Errorf("open gaps = %+v, want none: the answered one is no gap and the other dismissed", list)
	}
	s.post("/api/v1/gaps/"+gap.ID+"/publish", map[string]string{"question": "Q?", "answer": "A."}, 409)
	s.post("/api/v1/gaps/"+gap.ID+"/reopen", nil, 200)
	s.post("/api/v1/gaps/"+gap.ID+"/publish", map[string]string{"question": "Q?"}, 422)
	s.post("/api/v1/gaps/"+gap.ID+"/merge", map[string]string{"from": gap.ID}, 422)
	s.post("/api/v1/gaps/"+gap.ID+"/merge", map[string]string{"from": knowledge.NewID()}, 404)
	if got := s.do("GET", "/api/v1/gaps?state=lost", nil, s.admin); got.code != 422 {
		t.Errorf("GET of a state that is none = %d, want 422", got.code)
	}
}
