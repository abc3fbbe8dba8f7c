package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// gapShelf is a knowledge of single entries: a question is answered by the one whose
// question it is.
type gapShelf struct {
	mu      sync.Mutex // guards all below
	entries map[string]knowledge.Entry
	status  knowledge.Status
	saves   int
	saving  func() error // called before each
}

func newShelf() *gapShelf {
	return &gapShelf{entries: map[string]knowledge.Entry{}, status: knowledge.StatusReady}
}

// entryDocument is the document of every entry.
const entryDocument = "00000000-0000-4000-8000-000000000001"

func (s *gapShelf) SaveEntry(_ context.Context, document string, e knowledge.Entry) (string, error) {
	if s.saving != nil {
		if err := s.saving(); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	s.entries[entryDocument] = e
	return entryDocument, nil
}

func (s *gapShelf) Document(_ context.Context, id string) (knowledge.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.entries[id]; !ok {
		return knowledge.Document{}, knowledge.ErrNotFound
	}
	return knowledge.Document{ID: id, Status: s.status, Error: "no text"}, nil
}

func (s *gapShelf) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := knowledge.Result{Query: q.Text}
	for id, e := range s.entries {
		hit := knowledge.Hit{Passage: knowledge.Passage{DocumentID: id, Title: e.Question, Text: e.Answer, IsEntry: true}, Exact: e.Question == q.Text}
		r.Hits = append(r.Hits, hit)
	}
	return r, nil
}

// topics embeds by the first word that it knows; down, it fails.
type topics struct{ down bool }

func (*topics) Model() string   { return "topics" }
func (*topics) Dimensions() int { return 3 }

func (e *topics) Embed(_ context.Context, texts []string) ([][]float32, error) {
	if e.down {
		return nil, errors.New("connection refused")
	}
	out := make([][]float32, len(texts))
	for i, t := range texts {
		switch {
		case strings.Contains(t, "gnu"), strings.Contains(t, "ñu"):
			out[i] = []float32{1, .1, 0}
		case strings.Contains(t, "park"):
			out[i] = []float32{0, 1, .1}
		default:
			out[i] = []float32{0, 0, 1}
		}
	}
	return out, nil
}

// desksGaps is a Gaps on a database with what tests do to its log.
type deskGaps struct {
	*conversation.Gaps
	t        *testing.T
	store    *conversationdb.Store
	pool     *pgxpool.Pool
	gapShelf *gapShelf
}

func openGaps(t *testing.T, url string, s *gapShelf, e knowledge.Embedder) *deskGaps {
	t.Helper()
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	if _, err := pool.Exec(t.Context(), `INSERT INTO documents (id, name) VALUES ($1, 'FAQ') ON CONFLICT DO NOTHING`, entryDocument); err != nil {
		t.Fatal(err)
	}
	d := conversation.GapDeps{Store: store, Words: lexical.Bag{}, Entries: s, Finder: s, Embedder: e, Counter: tokens.For("gpt-4o-mini"),
		Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	return &deskGaps{conversation.NewGaps(conversation.GapConfig{Settle: -1}, d), t, store, pool, s}
}

// ask has a customer write and the bot's turn end as it says.
func (g *deskGaps) ask(text string, k conversation.Kind) string {
	g.t.Helper()
	st, err := g.store.Open(g.t.Context(), conversation.Opening{Channel: "widget", Account: "default"})
	if err != nil {
		g.t.Fatal(err)
	}
	g.askIn(st.Conversation, text, k)
	return st.Conversation
}

func (g *deskGaps) askIn(id, text string, k conversation.Kind) int64 {
	g.t.Helper()
	r, err := g.store.Receive(g.t.Context(), conversation.Inbound{Conversation: id, Channel: "widget", ExternalID: knowledge.NewID(), Text: text}, conversation.Gather{})
	if err != nil {
		g.t.Fatal(err)
	}
	if k == "" {
		return r.Seq
	}
	turn, ok, err := g.store.Claim(g.t.Context(), id, time.Minute)
	if err != nil || !ok {
		g.t.Fatalf("Claim() = %v, %v", ok, err)
	}
	trace := fmt.Sprintf(`{"kind":%q,"confidence":0.1}`, k)
	_, _, err = g.store.Finish(g.t.Context(), turn, conversation.Outcome{Owner: conversation.OwnerBot,
		Messages: []conversation.NewMessage{{Author: conversation.AuthorBot, Text: "Hm.", Trace: []byte(trace)}}})
	if err != nil {
		g.t.Fatal(err)
	}
	return r.Seq
}

// work runs passes until there is nothing to do at once.
func (g *deskGaps) work() {
	g.t.Helper()
	for more := true; more; {
		var err error
		if more, _, err = g.Pass(g.t.Context()); err != nil {
			g.t.Fatalf("Pass() = %v", err)
		}
	}
}

func (g *deskGaps) in(state conversation.GapState) []conversation.Gap {
	g.t.Helper()
	list, _, err := g.List(g.t.Context(), state, "", 100)
	if err != nil {
		g.t.Fatal(err)
	}
	return list
}

func (g *deskGaps) only(state conversation.GapState) conversation.Gap {
	g.t.Helper()
	list := g.in(state)
	if len(list) != 1 {
		g.t.Fatalf("%d gaps are %s, want 1: %+v", len(list), state, list)
	}
	return list[0]
}

func (g *deskGaps) count(sql string, args ...any) int {
	g.t.Helper()
	var n int
	if err := g.pool.QueryRow(g.t.Context(), sql, args...).Scan(&n); err != nil {
		g.t.Fatal(err)
	}
	return n
}

// checkCounts compares what gaps keep with the questions they have.
func (g *deskGaps) checkCounts() {
	g.t.Helper()
	const off = `
		SELECT count(*) FROM gaps g LEFT JOIN (
			SELECT gap_id, count(*) AS questions, count(DISTINCT contact_id) AS customers, min(asked_at) AS first_at, max(asked_at) AS last_at
			FROM gap_questions GROUP BY 1) q ON q.gap_id = g.id
		WHERE (q.questions, q.customers, q.first_at, q.last_at) IS DISTINCT FROM (g.questions, g.customers, g.first_at, g.last_at)`
	const terms = `
		SELECT count(*) FROM gap_terms t FULL JOIN (
			SELECT q.gap_id, u.dim, sum(u.weight) AS weight FROM gap_questions q, unnest(q.dims, q.weights) AS u(dim, weight)
			WHERE q.gap_id IS NOT NULL GROUP BY 1, 2) q USING (gap_id, dim)
		WHERE abs(coalesce(t.weight, 0) - coalesce(q.weight, 0)) > .001`
	if n := g.count(off); n != 0 {
		g.t.Errorf("%d gaps disagree with their questions", n)
	}
	if n := g.count(terms); n != 0 {
		g.t.Errorf("%d terms of gaps disagree with their questions", n)
	}
}
