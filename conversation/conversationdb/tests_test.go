package conversationdb_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

type evalScore struct{}

func (evalScore) Judge(ranking, relevant []string) conversation.Judged {
	j := eval.Judge(ranking, relevant)
	return conversation.Judged{NDCG5: j.NDCG5, Recall5: j.Recall5, MRR10: j.MRR10, Rank: j.Rank}
}

func (evalScore) AUROC(yes, no []float64) float64 {
	var s []eval.Sample
	for _, c := range yes {
		s = append(s, eval.Sample{X: []float64{c}, Yes: true})
	}
	for _, c := range no {
		s = append(s, eval.Sample{X: []float64{c}})
	}
	return eval.AUROC(s, func(x []float64) float64 { return x[0] })
}

// testbench is a test set over real knowledge.
type testbench struct {
	*conversation.Tests
	t     *testing.T
	pool  *pgxpool.Pool
	store *conversationdb.Store
	docs  *knowledgedb.Documents
	find  *fragile
}

// fragile is a Finder that fails when it is told to.
type fragile struct {
	conversation.Finder
	asked  atomic.Int64
	before func(n int64) error // of each search
}

func (f *fragile) Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error) {
	n := f.asked.Add(1)
	if f.before != nil {
		if err := f.before(n); err != nil {
			return knowledge.Result{}, err
		}
	}
	return f.Finder.Find(ctx, q)
}

func newTestbench(t *testing.T) *testbench {
	t.Helper()
	pool := dbtest.New(t)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	docs, err := knowledgedb.New(pool, nil, log).Documents()
	if err != nil {
		t.Fatal(err)
	}
	b := &testbench{t: t, pool: pool, store: conversationdb.New(pool), docs: docs, find: &fragile{Finder: docs}}
	b.Tests = conversation.NewTests(conversation.TestDeps{Store: b.store, Finder: b.find, Score: evalScore{}, Log: log})
	return b
}

// document publishes passages and returns the document's id.
func (b *testbench) document(name string, ps ...knowledge.Passage) string {
	b.t.Helper()
	id := knowledge.NewID()
	if _, err := b.pool.Exec(b.t.Context(), `INSERT INTO documents (id, name) VALUES ($1, $2)`, id, name); err != nil {
		b.t.Fatal(err)
	}
	if err := b.docs.Publish(b.t.Context(), id, name, ps); err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *testbench) entry(question, answer string) (document, entry string) {
	entry = knowledge.NewID()
	return b.document(question, knowledge.Passage{Title: question, Text: answer, IsEntry: true, Kept: knowledge.Kept{ID: entry}}), entry
}

func (b *testbench) test(question string, e conversation.Expect) conversation.Test {
	b.t.Helper()
	t, err := b.Add(b.t.Context(), conversation.Test{Question: question, Origin: conversation.TestManual, Expect: e})
	if err != nil {
		b.t.Fatalf("Add(%q) = %v", question, err)
	}
	return t
}

// asked works a run off and returns it with its results by question.
func (b *testbench) asked() (conversation.TestRun, map[string]conversation.TestResult) {
	b.t.Helper()
	r, err := b.Start(b.t.Context(), conversation.TriggerManual)
	if err == nil {
		err = b.Work(b.t.Context())
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r, results, err := b.Run(b.t.Context(), r.ID)
	if err != nil || r.State != conversation.RunDone {
		b.t.Fatalf("Run = %+v, %v, want it done", r, err)
	}
	by := map[string]conversation.TestResult{}
	for _, k := range results {
		by[k.Question] = k
	}
	return r, by
}

func answers(ids ...string) conversation.Expect {
	e := conversation.Expect{Answerable: true}
	for _, id := range ids {
		e.Documents = append(e.Documents, conversation.TestDocument{ID: id})
	}
	return e
}

func (b *testbench) shelve() (returnsDoc, returnsEntry, zebra string) {
	returnsDoc, returnsEntry = b.entry("Can I return what I bought?", "Yes, within 30 days of delivery, unused and in its box.")
	b.entry("How long does delivery take?", "Three working days inside the country.")
	b.entry("Which cards do you accept?", "Visa and Mastercard.")
	zebra = b.document("Zebras", knowledge.Passage{Title: "Zebra rental", Text: "Renting a zebra costs 17 gold a day, bridle included."})
	return returnsDoc, returnsEntry, zebra
}

func TestARunSaysWhatIsFoundAndWhatChangedSince(t *testing.T) {
	b := newTestbench(t)
	returned, entry, zebra := b.shelve()
	b.test("can i return what i bought", answers(returned))
	byEntry := answers()
	byEntry.Passages = []string{entry}
	b.test("Can I return something I bought?", byEntry)
	digest := sha256.Sum256([]byte("Renting a zebra costs 17 gold a day, bridle included."))
	byText := answers()
	byText.Passages = []string{hex.EncodeToString(digest[:])}
	b.test("what does renting a zebra cost a day", byText)
	byAnswer := answers()
	byAnswer.Answer = "visa AND mastercard"
	b.test("which cards do you accept", byAnswer)
	b.test("Do you sell quantum computers in Antarctica?", conversation.Expect{})
	b.test("how long does delivery take", answers(zebra)) // which is wrong

	run, got := b.asked()
	for question, want := range map[string]struct {
		rank   int
		passed bool
	}{"can i return what i bought": {1, true}, "Can I return something I bought?": {1, true}, "what does renting a zebra cost a day": {1, true},
		"which cards do you accept": {1, true}, "Do you sell quantum computers in Antarctica?": {0, true}, "how long does delivery take": {0, false}} {
		if k := got[question]; k.Rank != want.rank || k.Passed != want.passed || k.Was != nil || k.Gone {
			t.Errorf("%q = %+v, want rank %d, passed %v", question, k, want.rank, want.passed)
		}
	}
	if h := got["which cards do you accept"].Held; h == nil || !*h {
		t.Errorf("the answer is held by what is quoted = %v, want true", h)
	}
	if run.Cases != 6 || run.Passed != 5 || run.Done != 6 || run.Recall5 == nil || math.Abs(*run.Recall5-.8) > 1e-9 || math.Abs(*run.NDCG5-.8) > 1e-9 ||
		math.Abs(*run.MRR10-.8) > 1e-9 || run.AUROC == nil || *run.AUROC != 1 || run.Thresholds.Answer <= 0 {
		t.Errorf("run = %+v, want 5 of 6 passed, means of 0.8 and an AUROC of 1", run)
	}
	figures, all, err := b.Evaluate(t.Context(), nil)
	if err != nil || len(all) != 6 || figures.Passed != run.Passed || *figures.NDCG5 != *run.NDCG5 || *figures.AUROC != *run.AUROC {
		t.Errorf("Evaluate = %+v, %v, want the run's figures", figures, err)
	}

	// The expected document goes: the test stays and says so.
	if err := b.docs.DeleteDocument(t.Context(), returned); err != nil {
		t.Fatal(err)
	}
	_, got = b.asked()
	if k := got["can i return what i bought"]; !k.Gone || k.Passed || k.Was == nil || k.Was.Rank != 1 || !k.Was.Passed {
		t.Errorf("with its document gone = %+v, want it failed, said to be gone, and that it passed before", k)
	}
	if k := got["Can I return something I bought?"]; !k.Gone || k.Passed {
		t.Errorf("with its entry gone = %+v, want it failed and said to be gone", k)
	}
	list, next, total, err := b.List(t.Context(), "", 4)
	if err != nil || len(list) != 4 || total != 6 || next == "" || list[0].Last == nil || list[0].Last.Passed {
		t.Fatalf("List = %d of %d, %q, %v, want 4 of 6 with what came of them", len(list), total, next, err)
	}
	rest, next, _, err := b.List(t.Context(), next, 4)
	if err != nil || len(rest) != 2 || next != "" || rest[1].Question != "can i return what i bought" || !rest[1].Expect.Documents[0].Gone || rest[1].Expect.Documents[0].Name != "Can I return what I bought?" {
		t.Errorf("second page = %+v, %v, want the two first tests, their document gone but with its name", rest, err)
	}
	// What is gone may stay in a test that is changed.
	changed := rest[1]
	changed.Question = "May I return what I bought?"
	if changed, err = b.Put(t.Context(), changed); err != nil || changed.Question != "May I return what I bought?" || len(changed.Expect.Documents) != 1 {
		t.Errorf("Put = %+v, %v, want the new question and the old expectation", changed, err)
	}
	if _, _, _, err := b.List(t.Context(), "nonsense", 4); !errors.Is(err, conversation.ErrBadCursor) {
		t.Errorf("List by a bad cursor = %v, want ErrBadCursor", err)
	}
}

func TestATestNamesWhatIsThereAndAsksOnce(t *testing.T) {
	b := newTestbench(t)
	returned, _, _ := b.shelve()
	byName, err := b.Add(t.Context(), conversation.Test{Question: "How do I return it?", Origin: conversation.TestManual, Expect: answers("Can I return what I bought?")})
	if err != nil || byName.Expect.Documents[0].ID != returned {
		t.Errorf("Add by the document's name = %+v, %v, want its id", byName, err)
	}
	for name, c := range map[string]struct {
		t     conversation.Test
		field string
	}{
		"no question":         {conversation.Test{Question: " ", Expect: answers(returned)}, "question"},
		"no such document":    {conversation.Test{Question: "a?", Expect: answers(knowledge.NewID())}, "documents"},
		"no such passage":     {conversation.Test{Question: "a?", Expect: conversation.Expect{Answerable: true, Passages: []string{strings.Repeat("ab", 32)}}}, "passages"},
		"nothing expected":    {conversation.Test{Question: "a?", Expect: conversation.Expect{Answerable: true}}, "expect"},
		"expected of nothing": {conversation.Test{Question: "a?", Expect: conversation.Expect{Documents: answers(returned).Documents}}, "expect"},
		"an answer of signs":  {conversation.Test{Question: "a?", Expect: conversation.Expect{Answerable: true, Answer: "?!"}}, "answer"},
	} {
		var bad *conversation.BadTestError
		c.t.Origin = conversation.TestManual
		if _, err := b.Add(t.Context(), c.t); !errors.As(err, &bad) || bad.Field != c.field {
			t.Errorf("Add with %s = %v, want a fault of %s", name, err, c.field)
		}
	}
	again := conversation.Test{Question: "how do i RETURN it", Origin: conversation.TestManual, Expect: answers(returned)}
	if _, err := b.Add(t.Context(), again); !errors.Is(err, conversation.ErrTestExists) {
		t.Errorf("Add of the same question = %v, want ErrTestExists", err)
	}
	again.History = []conversation.TestSaid{{Author: conversation.AuthorCustomer, Text: "I bought a chair"}}
	if got, err := b.Add(t.Context(), again); err != nil || len(got.History) != 1 || got.History[0].Text != "I bought a chair" {
		t.Errorf("Add of it after something else = %+v, %v, want it with that", got, err)
	}
	if err := b.Delete(t.Context(), byName.ID); err != nil {
		t.Errorf("Delete = %v", err)
	}
	for _, id := range []string{byName.ID, "x"} {
		if err := b.Delete(t.Context(), id); !errors.Is(err, conversation.ErrNoTest) {
			t.Errorf("Delete(%q) = %v, want ErrNoTest", id, err)
		}
		if _, err := b.Put(t.Context(), conversation.Test{ID: id, Question: "a?"}); !errors.Is(err, conversation.ErrNoTest) {
			t.Errorf("Put(%q) = %v, want ErrNoTest", id, err)
		}
	}
}

func TestARunNeedsTestsAndKnowledgeAndWaitsOnce(t *testing.T) {
	b := newTestbench(t)
	if _, err := b.Start(t.Context(), conversation.TriggerManual); !errors.Is(err, conversation.ErrNoTests) {
		t.Errorf("Start without tests = %v, want ErrNoTests", err)
	}
	if _, _, err := b.Evaluate(t.Context(), nil); !errors.Is(err, conversation.ErrNoTests) {
		t.Errorf("Evaluate without tests = %v, want ErrNoTests", err)
	}
	b.test("Do you sell quantum computers?", conversation.Expect{})
	if _, err := b.Start(t.Context(), conversation.TriggerManual); !errors.Is(err, conversation.ErrNoKnowledge) {
		t.Errorf("Start without knowledge = %v, want ErrNoKnowledge", err)
	}
	if again, err := b.BeginScheduled(t.Context(), "knowledge"); again != 0 || err != nil {
		t.Errorf("BeginScheduled without knowledge = %v, %v, want nothing begun", again, err)
	}
	if _, err := b.Effect(t.Context(), nil, nil); !errors.Is(err, conversation.ErrNoTest) {
		t.Errorf("Effect without a run = %v, want ErrNoTest", err)
	}
	b.shelve()
	one, err := b.Start(t.Context(), conversation.TriggerManual)
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Start(t.Context(), conversation.TriggerKnowledge)
	if err != nil || two.ID != one.ID || two.Trigger != conversation.TriggerManual {
		t.Errorf("Start while one waits = %+v, %v, want that one", two, err)
	}
	if got, err := b.Cancel(t.Context(), one.ID); err != nil || got.State != conversation.RunCancelled {
		t.Errorf("Cancel = %+v, %v", got, err)
	}
	if err := b.Work(t.Context()); err != nil || b.find.asked.Load() != 0 {
		t.Errorf("Work = %v after %d questions, want none of a cancelled run", err, b.find.asked.Load())
	}
	done, _ := b.asked()
	if _, err := b.Cancel(t.Context(), done.ID); !errors.Is(err, conversation.ErrNotCurrent) {
		t.Errorf("Cancel of a run that is done = %v, want ErrNotCurrent", err)
	}
	if _, err := b.Cancel(t.Context(), knowledge.NewID()); !errors.Is(err, conversation.ErrNoTest) {
		t.Errorf("Cancel of no run = %v, want ErrNoTest", err)
	}
	runs, err := b.Runs(t.Context())
	if err != nil || len(runs) != 2 || runs[0].ID != done.ID {
		t.Errorf("Runs = %+v, %v, want the done one before the cancelled", runs, err)
	}
}

func TestACutRunGoesOnAndACancelledOneEnds(t *testing.T) {
	b := newTestbench(t)
	_, _, zebra := b.shelve()
	for i := range 60 {
		b.test(fmt.Sprintf("what does renting zebra %d cost", i), answers(zebra))
	}
	r, err := b.Start(t.Context(), conversation.TriggerManual)
	if err != nil {
		t.Fatal(err)
	}
	ctx, kill := context.WithCancel(t.Context())
	b.find.before = func(n int64) error {
		if n == 30 {
			kill()
		}
		return ctx.Err()
	}
	if err := b.Work(ctx); err == nil {
		t.Fatal("Work of a server that stops = nil, want an error")
	}
	if cut, _, err := b.Run(t.Context(), r.ID); err != nil || cut.State != conversation.RunRunning || cut.Done != 20 {
		t.Errorf("cut run = %+v, %v, want 20 of it done", cut, err)
	}
	if waits, err := b.Unfinished(t.Context()); err != nil || !waits {
		t.Errorf("Unfinished = %v, %v, want true", waits, err)
	}
	b.find.before = nil
	b.find.asked.Store(0)
	if err := b.Work(t.Context()); err != nil || b.find.asked.Load() != 40 {
		t.Errorf("Work = %v after %d questions, want the other 40", err, b.find.asked.Load())
	}
	if done, results, err := b.Run(t.Context(), r.ID); err != nil || done.State != conversation.RunDone || len(results) != 60 || done.Cases != 60 || done.Done != 60 {
		t.Errorf("run = %+v with %d results, %v, want all 60", done, len(results), err)
	}

	second, err := b.Start(t.Context(), conversation.TriggerManual)
	if err != nil {
		t.Fatal(err)
	}
	b.find.asked.Store(0)
	b.find.before = func(n int64) error {
		if n == 25 {
			_, err := b.Cancel(context.WithoutCancel(t.Context()), second.ID)
			return err
		}
		return nil
	}
	if err := b.Work(t.Context()); err != nil || b.find.asked.Load() != 40 {
		t.Errorf("Work = %v after %d questions, want it ended with the batch in which it was cancelled", err, b.find.asked.Load())
	}
	if got, results, err := b.Run(t.Context(), second.ID); err != nil || got.State != conversation.RunCancelled || got.Done != 20 || len(results) != 20 {
		t.Errorf("run = %+v with %d results, %v, want it cancelled with the first 20", got, len(results), err)
	}
	b.find.before = func(int64) error { return errors.New("down") }
	third, err := b.Start(t.Context(), conversation.TriggerManual)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Work(t.Context()); err != nil {
		t.Errorf("Work with the search down = %v, want the run failed", err)
	}
	if got, _, err := b.Run(t.Context(), third.ID); err != nil || got.State != conversation.RunFailed || got.Error == "" || strings.Contains(got.Error, "down") {
		t.Errorf("run = %+v, %v, want it failed in words for an admin", got, err)
	}
}

func TestOtherThresholdsAreCountedOnTheNewestRun(t *testing.T) {
	b := newTestbench(t)
	returned, _, zebra := b.shelve()
	b.test("Can I return what I bought?", answers(returned)) // word for word: whatever the thresholds
	b.test("what does renting a zebra cost a day", answers(zebra))
	b.test("Do you sell quantum computers in Antarctica?", conversation.Expect{})
	b.asked()
	searched := b.find.asked.Load()
	high, low, none := 1.0, .0, .5
	for name, c := range map[string]struct {
		answer, offer *float64
		want          conversation.ThresholdEffect
	}{
		"its own":    {nil, nil, conversation.ThresholdEffect{Cases: 3, Answered: 2, Unknown: 1, Right: 3}},
		"never sure": {&high, &high, conversation.ThresholdEffect{Cases: 3, Answered: 1, Unknown: 2, Right: 2, Wrong: 1}},
		"offer from": {&high, &none, conversation.ThresholdEffect{Cases: 3, Answered: 1, Offered: 1, Unknown: 1, Right: 3}},
		"all":        {&low, &low, conversation.ThresholdEffect{Cases: 3, Answered: 3, Right: 2, Wrong: 1}},
	} {
		got, err := b.Effect(t.Context(), c.answer, c.offer)
		if err != nil || got != c.want {
			t.Errorf("Effect %s = %+v, %v, want %+v", name, got, err, c.want)
		}
	}
	if n := b.find.asked.Load(); n != searched {
		t.Errorf("%d searches for it, want none", n-searched)
	}
}

func TestAnImportIsAllOrNothingAndSaysWhy(t *testing.T) {
	b := newTestbench(t)
	returned, entry, _ := b.shelve()
	b.test("Can I send it back?", answers(returned))
	b.test("Do you pay for the parcel?", conversation.Expect{})
	no := false
	rows := []knowledge.TestRow{
		{Row: 2, Question: "can i send it back", Documents: []string{returned}},
		{Row: 3, Question: "Do you pay for the parcel?", Passages: []string{entry}},
		{Row: 4, Question: "=HYPERLINK(\"http://x\")", Answerable: &no},
		{Row: 5, Question: "What of it?", Documents: []string{"nobody's"}},
		{Row: 6, Question: "=hyperlink(\"http://x\")", Answerable: &no},
		{Row: 7, Invalid: "there is no question"},
	}
	report, err := b.ImportTests(t.Context(), rows, false)
	var got []string
	for _, r := range report.Rows {
		got = append(got, fmt.Sprintf("%d %s %s", r.Row, r.Verdict, r.Why))
	}
	want := "2 same |3 changed |4 new |5 invalid documents: there is no document nobody's|6 invalid row 4 asks the same|7 invalid there is no question"
	if !errors.Is(err, knowledge.ErrRefused) || strings.Join(got, "|") != want {
		t.Errorf("ImportTests = %q, %v, want %q and ErrRefused", strings.Join(got, "|"), err, want)
	}
	if _, err := b.ImportTests(t.Context(), rows[:3], true); err != nil {
		t.Errorf("dry run = %v", err)
	}
	if _, _, total, err := b.List(t.Context(), "", 10); err != nil || total != 2 {
		t.Errorf("%d tests, %v, want the 2 of before: nothing was imported", total, err)
	}
	if report, err = b.ImportTests(t.Context(), rows[:3], false); err != nil || report.Totals[knowledge.EntryNew] != 1 || report.Totals[knowledge.EntryChanged] != 1 {
		t.Errorf("ImportTests = %+v, %v, want one new and one changed", report.Totals, err)
	}
	list, _, total, err := b.List(t.Context(), "", 10)
	if err != nil || total != 3 || list[0].Question != "=HYPERLINK(\"http://x\")" || list[0].Origin != conversation.TestImport || list[1].Origin != conversation.TestManual || len(list[1].Expect.Passages) != 1 {
		t.Errorf("tests = %+v, %v, want the formula as text and the changed one with its new expectation", list, err)
	}
	if report, err = b.ImportTests(t.Context(), rows[:3], false); err != nil || report.Totals[knowledge.EntrySame] != 3 {
		t.Errorf("the same again = %+v, %v, want all the same", report.Totals, err)
	}
}

func TestAGoldenConversationBecomesATest(t *testing.T) {
	b := newTestbench(t)
	returned, entry, _ := b.shelve()
	d := run(t, b.pool.Config().ConnString(), b.docs, nil)
	id := d.open(t)
	d.write(t, id, "1", "Can I return what I bought?")
	said := d.until(t, id, last(conversation.AuthorBot))
	answer := said[len(said)-1]
	got, err := b.Golden(t.Context(), id, answer.Seq)
	if err != nil || got.Question != "Can I return what I bought?" || got.Origin != conversation.TestConversation || len(got.History) != 0 ||
		len(got.Expect.Passages) != 1 || got.Expect.Passages[0] != entry || len(got.Expect.Documents) != 1 || got.Expect.Documents[0].ID != returned {
		t.Errorf("Golden = %+v, %v, want the customer's question and what the answer cites", got, err)
	}
	if _, err := b.Golden(t.Context(), id, 1); !errors.Is(err, conversation.ErrTestExists) {
		t.Errorf("Golden by the question = %v, want that there is the test", err)
	}
	for _, c := range []struct {
		id   string
		seq  int64
		want error
	}{{id, 99, conversation.ErrNotFound}, {knowledge.NewID(), 1, conversation.ErrNotFound}} {
		if _, err := b.Golden(t.Context(), c.id, c.seq); !errors.Is(err, c.want) {
			t.Errorf("Golden(%d) = %v, want %v", c.seq, err, c.want)
		}
	}
	d.write(t, id, "2", "Do you sell quantum computers in Antarctica?")
	said = d.until(t, id, func(ms []conversation.Message) bool { return len(ms) >= 4 })
	if _, err := b.Golden(t.Context(), id, said[3].Seq); !errors.Is(err, conversation.ErrNoSource) {
		t.Errorf("Golden of an answer that cites nothing = %v, want ErrNoSource", err)
	}
	// Staff answer the same question in their words: what the bot cited counts.
	id = d.open(t)
	d.write(t, id, "3", "Hello there")
	d.until(t, id, last(conversation.AuthorBot))
	d.write(t, id, "4", "What does renting a zebra cost a day?")
	d.until(t, id, func(ms []conversation.Message) bool { return len(ms) == 4 && ms[3].Author == conversation.AuthorBot })
	reply, err := d.Reply(t.Context(), id, conversation.Actor{StaffID: knowledge.NewID(), Name: "Ana"}, "17 gold.", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err = b.Golden(t.Context(), id, reply.Seq); err != nil || got.Expect.Documents[0].Name != "Zebras" || len(got.History) != 2 || got.History[1].Author != conversation.AuthorBot {
		t.Errorf("Golden of a reply = %+v, %v, want the bot's source and what was said before", got, err)
	}
	run, results := b.asked()
	if run.Passed != 2 || !results["What does renting a zebra cost a day?"].Passed {
		t.Errorf("run = %+v, %+v, want both to pass", run, results)
	}
}

// One run at a time is the queue's to see to; that none is lost between two that look is
// the store's.
func TestOnlyAQueuedRunIsShared(t *testing.T) {
	b := newTestbench(t)
	b.shelve()
	b.test("Do you sell quantum computers?", conversation.Expect{})
	first, err := b.Start(t.Context(), conversation.TriggerManual)
	if err != nil {
		t.Fatal(err)
	}
	var second conversation.TestRun
	b.find.before = func(n int64) error {
		if n == 1 {
			second, err = b.Start(context.WithoutCancel(t.Context()), conversation.TriggerKnowledge)
		}
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := b.Work(ctx); err != nil || second.ID == first.ID || b.find.asked.Load() != 2 {
		t.Errorf("Work = %v after %d questions, want a second run begun during the first, and both done", err, b.find.asked.Load())
	}
}
