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

// shelf is a knowledge of single entries: a question is answered by the one whose
// question it is.
type shelf struct {
	mu      sync.Mutex // guards all below
	entries map[string]knowledge.Entry
	status  knowledge.Status
	saves   int
	saving  func() error // called before each
}

func newShelf() *shelf {
	return &shelf{entries: map[string]knowledge.Entry{}, status: knowledge.StatusReady}
}

// entryDocument is the document of every entry.
const entryDocument = "00000000-0000-4000-8000-000000000001"

func (s *shelf) SaveEntry(_ context.Context, document string, e knowledge.Entry) (string, error) {
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

func (s *shelf) Document(_ context.Context, id string) (knowledge.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.entries[id]; !ok {
		return knowledge.Document{}, knowledge.ErrNotFound
	}
	return knowledge.Document{ID: id, Status: s.status, Error: "no text"}, nil
}

func (s *shelf) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
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
	t     *testing.T
	store *conversationdb.Store
	pool  *pgxpool.Pool
	shelf *shelf
}

func openGaps(t *testing.T, url string, s *shelf, e knowledge.Embedder) *deskGaps {
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

func TestTwoReplicasFindEachQuestionOnceAndOneGapForEachMeaning(t *testing.T) {
	url := dbtest.URL(t)
	s := newShelf()
	var replicas []*deskGaps
	for range 4 {
		replicas = append(replicas, openGaps(t, url, s, &topics{}))
	}
	g := replicas[0]
	for i := range 30 {
		g.ask([]string{"do you rent gnus", "¿alquilan ñus?", "where can I park"}[i%3], conversation.KindUnknown)
	}
	var wg sync.WaitGroup
	for _, r := range replicas {
		wg.Go(func() {
			// Each step by itself, as replicas that have lost their lease would.
			for range 3 {
				list, err := r.store.Unread(t.Context(), 0, 100)
				if err != nil {
					t.Error(err)
					return
				}
				for _, scan := range list {
					l, last, whole, err := r.store.GapLog(t.Context(), scan)
					if err != nil {
						t.Error(err)
						return
					}
					qs := conversation.FindGapQuestions(l)
					if err := r.store.Read(t.Context(), scan, qs, last, whole); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, r := range replicas {
		wg.Go(func() {
			for range 10 {
				if _, _, err := r.Pass(t.Context()); err != nil {
					t.Errorf("Pass() = %v", err)
				}
				qs, err := r.store.Ungrouped(t.Context(), 100)
				if err != nil {
					t.Error(err)
				}
				for _, q := range qs { // beside whoever holds the lease
					if err := r.store.Join(t.Context(), q, "topics/3", func(n conversation.GapNear) string {
						if n.Dense.Similarity > .9 {
							return n.Dense.ID
						}
						return ""
					}); err != nil {
						t.Errorf("Join() = %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions`); n != 30 {
		t.Errorf("%d questions, want 30", n)
	}
	g.checkCounts()
	total := 0
	for _, gap := range g.in(conversation.GapOpen) {
		total += gap.Questions
	}
	if total != 30 {
		t.Errorf("gaps have %d questions, want 30", total)
	}
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

func TestVectorsJoinLanguagesAndWordsServeWithoutThem(t *testing.T) {
	e := &topics{}
	g := openGaps(t, dbtest.URL(t), newShelf(), e)
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.ask("¿alquilan ñus?", conversation.KindUnknown)
	g.ask("where can I park", conversation.KindUnknown)
	g.work()
	if list := g.in(conversation.GapOpen); len(list) != 2 || list[0].Questions != 2 || list[0].Customers != 2 {
		t.Errorf("gaps = %+v, want the one asked in two languages first", list)
	}
	e.down = true
	g.ask("do you rent out gnus", conversation.KindUnknown)
	g.ask("is the office open on sundays", conversation.KindUnknown)
	g.work()
	list := g.in(conversation.GapOpen)
	if len(list) != 3 || list[0].Questions != 3 {
		t.Errorf("gaps with the embedder down = %+v, want the third question joined by its words", list)
	}
	e.down = false
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions WHERE embedding IS NULL`); n != 0 {
		t.Errorf("%d questions have no vector once the embedder is back, want 0", n)
	}
	if n := g.count(`SELECT count(*) FROM gaps WHERE embedding IS NULL`); n != 0 {
		t.Errorf("%d gaps have no vector once the embedder is back, want 0", n)
	}
}

func TestEachTimeAConversationChangesItIsReadOnce(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), nil)
	id := g.ask("do you rent gnus", conversation.KindVerbatim)
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions`); n != 0 {
		t.Fatalf("%d questions after a good answer, want none", n)
	}
	if list, err := g.store.Unread(t.Context(), 0, 10); err != nil || len(list) != 0 {
		t.Errorf("Unread() = %+v, %v; want nothing", list, err)
	}
	if _, err := g.store.Rate(t.Context(), id, 2, false); err != nil {
		t.Fatal(err)
	}
	g.work()
	if gap := g.only(conversation.GapOpen); gap.Question != "do you rent gnus" || gap.Reasons[0] != conversation.GapUnhelpful {
		t.Errorf("gap = %+v, want the question of the thumb down", gap)
	}
	for i := range 450 { // more than is read at a time
		g.askIn(id, fmt.Sprintf("something else, number %d", i), "")
	}
	if _, _, err := g.store.Change(t.Context(), id, conversation.Change{To: conversation.OwnerStaff, By: conversation.Actor{StaffID: knowledge.NewID(), Name: "Ana"},
		Reason: conversation.ReasonTakeover, From: []conversation.Owner{conversation.OwnerBot}, Messages: []conversation.NewMessage{{Author: conversation.AuthorSystem, Text: "Ana joined."}}}); err != nil {
		t.Fatal(err)
	}
	g.work()
	if n := g.count(`SELECT seq FROM gap_questions WHERE reason = 'takeover'`); n != 452 {
		t.Errorf("the question that was taken over is message %d, want 452", n)
	}
}

func TestAnErasedConversationTakesItsQuestionsAlong(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), &topics{})
	first, second := g.ask("do you rent gnus", conversation.KindUnknown), g.ask("may I rent a gnu", conversation.KindUnknown)
	g.work()
	gap := g.only(conversation.GapOpen)
	if _, err := g.pool.Exec(t.Context(), `DELETE FROM conversations WHERE id = $1`, first); err != nil {
		t.Fatal(err)
	}
	g.checkCounts()
	if left := g.only(conversation.GapOpen); left.ID != gap.ID || left.Questions != 1 || left.Customers != 1 || left.Question != "may I rent a gnu" {
		t.Errorf("gap = %+v, want it with the question that is left", left)
	}
	if _, err := g.pool.Exec(t.Context(), `DELETE FROM contacts WHERE id = (SELECT contact_id FROM conversations WHERE id = $1)`, second); err != nil {
		t.Fatal(err)
	}
	if n := g.count(`SELECT (SELECT count(*) FROM gaps) + (SELECT count(*) FROM gap_questions) + (SELECT count(*) FROM gap_terms)`); n != 0 {
		t.Errorf("%d rows are left of an erased contact's gap, want none", n)
	}
	if _, _, err := g.Gap(t.Context(), gap.ID); !errors.Is(err, conversation.ErrNoGap) {
		t.Errorf("Gap(erased) = %v, want ErrNoGap", err)
	}
}

func TestErasingWhileGroupingNeitherDeadlocksNorMiscounts(t *testing.T) {
	url := dbtest.URL(t)
	g, other := openGaps(t, url, newShelf(), &topics{}), openGaps(t, url, newShelf(), &topics{})
	var ids []string
	for range 60 {
		id := g.ask("do you rent gnus", conversation.KindUnknown)
		g.askIn(id, "and where can I park", conversation.KindUnknown)
		ids = append(ids, id)
	}
	var wg sync.WaitGroup
	for _, r := range []*deskGaps{g, other} {
		wg.Go(func() {
			for range 20 {
				if _, _, err := r.Pass(t.Context()); err != nil {
					t.Errorf("Pass() = %v", err)
				}
			}
		})
	}
	for w := range 2 {
		wg.Go(func() {
			for i := w; i < 40; i += 2 {
				if _, err := g.pool.Exec(t.Context(), `DELETE FROM conversations WHERE id = $1`, ids[i]); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	wg.Wait()
	g.work()
	if n := g.count(`SELECT count(*) FROM gap_questions WHERE gap_id IS NOT NULL`); n != 40 {
		t.Errorf("%d questions are left, want 40", n)
	}
	g.checkCounts()
}

func TestADismissedGapStaysAwayAndAClosedOneComesBack(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), &topics{})
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.ask("where can I park", conversation.KindUnknown)
	g.work()
	for _, gap := range g.in(conversation.GapOpen) {
		var err error
		if strings.Contains(gap.Question, "gnu") {
			_, err = g.Dismiss(t.Context(), gap.ID)
		} else {
			err = g.store.SetGap(t.Context(), gap.ID, conversation.GapChange{From: []conversation.GapState{conversation.GapOpen}, To: conversation.GapClosed})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	g.ask("I want to rent a gnu", conversation.KindUnknown)
	g.ask("is there a car park", conversation.KindUnknown)
	g.work()
	if gap := g.only(conversation.GapDismissed); gap.Questions != 2 {
		t.Errorf("dismissed gap = %+v, want it dismissed with the new question", gap)
	}
	if gap := g.only(conversation.GapOpen); gap.Questions != 2 || gap.Question != "where can I park" {
		t.Errorf("open gap = %+v, want the closed one come back", gap)
	}
	gap := g.only(conversation.GapDismissed)
	if again, err := g.Reopen(t.Context(), gap.ID); err != nil || again.State != conversation.GapOpen {
		t.Errorf("Reopen() = %+v, %v; want it open", again, err)
	}
}

func TestMergedGapsAreOne(t *testing.T) {
	g := openGaps(t, dbtest.URL(t), newShelf(), &topics{})
	g.ask("do you rent gnus", conversation.KindUnknown)
	g.ask("where can I park", conversation.KindUnknown)
	g.work()
	list := g.in(conversation.GapOpen)
	merged, err := g.Merge(t.Context(), list[0].ID, list[1].ID)
	if err != nil || merged.Questions != 2 || merged.Customers != 2 {
		t.Errorf("Merge() = %+v, %v; want both questions in one", merged, err)
	}
	g.checkCounts()
	if _, err := g.Merge(t.Context(), list[0].ID, list[1].ID); !errors.Is(err, conversation.ErrNoGap) {
		t.Errorf("Merge(merged) = %v, want ErrNoGap", err)
	}
	if _, err := g.Merge(t.Context(), list[0].ID, list[0].ID); !errors.Is(err, conversation.ErrGapState) {
		t.Errorf("Merge(itself) = %v, want ErrGapState", err)
	}
}
