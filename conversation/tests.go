package conversation

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"frontdesk/knowledge"
)

const (
	// MaxTests is how many tests there are at most: all are asked in every run.
	MaxTests = 20_000
	// MaxTestExpects bounds the documents, and the passages, that one test names.
	MaxTestExpects = 20
	// MaxTestHistory bounds what was said before a test's question.
	MaxTestHistory = 20
)

var (
	// ErrNoTest is returned when there is no such test, or run of tests.
	ErrNoTest = errors.New("conversation: no such test")
	// ErrTestExists is returned when there is a test of the same question.
	ErrTestExists = errors.New("conversation: there is a test of this question")
	// ErrTooManyTests is returned past MaxTests.
	ErrTooManyTests = fmt.Errorf("conversation: there are %d tests at most", MaxTests)
	// ErrNoTests is returned when a run has nothing to ask.
	ErrNoTests = errors.New("conversation: there are no tests")
	// ErrNoKnowledge is returned when a run has nothing to search.
	ErrNoKnowledge = errors.New("conversation: the knowledge base is empty")
	// ErrNoSource is returned for an answer that rests on no passage which still is there.
	ErrNoSource = errors.New("conversation: the answer rests on no passage that is still there")
)

// BadTestError says, in words for an admin, why something is no test.
type BadTestError struct{ Field, Why string }

func (e *BadTestError) Error() string { return "test: " + e.Field + ": " + e.Why }

// TestOrigin is where a test comes from.
type TestOrigin string

// The origins.
const (
	TestManual       TestOrigin = "manual"
	TestAsk          TestOrigin = "ask"
	TestConversation TestOrigin = "conversation"
	TestImport       TestOrigin = "import"
)

// TestSaid is a message before a test's question.
type TestSaid struct {
	Author Author `json:"author"`
	Text   string `json:"text"`
}

// TestDocument is a document that a test expects.
type TestDocument struct {
	ID, Name string
	Gone     bool // it has been deleted
}

// Expect is what is to come of a test's question. Where passages are named they are what
// is judged, and the documents where they stand; with neither it is the passages that
// hold the answer.
type Expect struct {
	Documents  []TestDocument
	Passages   []string // an FAQ entry's id, or the SHA-256 of a passage's text in hex
	Answer     string   // what a passage that answers holds, but for case, accents and punctuation
	Answerable bool
}

// Test is a question of which it is known what answers it, or that nothing does.
type Test struct {
	ID       string
	Question string
	History  []TestSaid // oldest first
	Expect   Expect
	Origin   TestOrigin
	// Conversation is the one whose words these are, with which the test goes; empty for
	// none. It is for storing a new test only.
	Conversation string
	CreatedAt    time.Time
	Last         *TestResult // of the newest finished run that asked it
}

// key tells whether two tests ask the same.
func (t Test) key() [sha256.Size]byte {
	var b strings.Builder
	for _, h := range t.History {
		b.WriteString(string(h.Author) + "\x00" + foldWords(h.Text) + "\x01")
	}
	q := foldWords(t.Question)
	if q == "" {
		q = t.Question
	}
	b.WriteString(q)
	return sha256.Sum256([]byte(b.String()))
}

// Key is the same for tests that ask the same.
func (t Test) Key() []byte {
	k := t.key()
	return k[:]
}

// expectsSame reports whether two tests expect the same.
func (t Test) expectsSame(o Test) bool {
	ids := func(list []TestDocument) []string {
		out := make([]string, len(list))
		for i, d := range list {
			out[i] = d.ID
		}
		slices.Sort(out)
		return out
	}
	return t.Expect.Answerable == o.Expect.Answerable && t.Expect.Answer == o.Expect.Answer &&
		slices.Equal(ids(t.Expect.Documents), ids(o.Expect.Documents)) &&
		slices.Equal(slices.Sorted(slices.Values(t.Expect.Passages)), slices.Sorted(slices.Values(o.Expect.Passages)))
}

// TestBook keeps tests.
type TestBook interface {
	// Tests lists them, the newest first, and how many there are in all. ErrBadCursor.
	Tests(ctx context.Context, cursor string, limit int) (list []Test, next string, total int, err error)
	// Test returns ErrNoTest for an unknown id.
	Test(ctx context.Context, id string) (Test, error)
	// AllTests calls each with every test, in no order, without Last.
	AllTests(ctx context.Context, each func(Test)) error
	// SaveTests stores tests, all or none; one with an id that is known takes its place.
	// ErrTestExists, ErrTooManyTests, ErrNotFound for a conversation that is gone.
	SaveTests(ctx context.Context, list []Test) error
	// DeleteTest removes a test with its results. ErrNoTest.
	DeleteTest(ctx context.Context, id string) error
	// TestDocuments returns the documents with these ids or names, by what they were
	// asked for with. Of several with a name it is the newest.
	TestDocuments(ctx context.Context, named []string) (map[string]TestDocument, error)
	// TestPassages returns how a test names these passages, whose ids, entries' ids or
	// texts' digests they are, and the documents they stand in.
	TestPassages(ctx context.Context, named []string) (map[string]TestPassage, error)
}

// TestPassage is a passage as a test names it.
type TestPassage struct {
	Ref      string
	Document TestDocument
}

// TestDialogues is the log, as tests are made of it.
type TestDialogues interface {
	Messages(ctx context.Context, id string, after int64, limit int, staff bool) ([]Message, error)
}

// TestQueue has runs worked off in the background.
type TestQueue interface {
	// QueueRuns has what is queued worked off.
	QueueRuns(ctx context.Context) error
	// ScheduleRun has a run begun in a while, one for all that ask for one until then.
	ScheduleRun(ctx context.Context, trigger string) error
}

// TestStore is all that tests ask of their database.
type TestStore interface {
	TestBook
	TestRuns
	TestDialogues
}

// TestDeps are what Tests works with. Queue may be nil where nothing is run in the
// background.
type TestDeps struct {
	Store  TestStore
	Finder Finder
	Score  TestScorer
	Queue  TestQueue
	// Settings are those in force; nil: the thresholds that come with each result.
	Settings func() *Settings
	Purse    *Purse // pays for what Finder calls; nil where that calls nothing
	// Budget is where the day's budget stands; nil: there is none.
	Budget func(context.Context) (Spent, Spending, error)
	Now    func() time.Time // nil: the system's
	Log    *slog.Logger
}

// Tests keeps questions with known answers and asks them. It is safe for concurrent
// use, also from several replicas.
type Tests struct{ TestDeps }

// NewTests returns a Tests.
func NewTests(d TestDeps) *Tests {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	return &Tests{d}
}

// List returns tests, the newest first, and how many there are.
func (ts *Tests) List(ctx context.Context, cursor string, limit int) ([]Test, string, int, error) {
	return ts.Store.Tests(ctx, cursor, limit)
}

// Add stores a test. Documents may be named by id or name, passages by id or digest.
// *BadTestError, ErrTestExists, ErrTooManyTests.
func (ts *Tests) Add(ctx context.Context, t Test) (Test, error) {
	t.ID = knowledge.NewID()
	return ts.save(ctx, t)
}

// Put gives a test another question or expectation; what it expects that is gone may
// stay. Errors as of Add, and ErrNoTest.
func (ts *Tests) Put(ctx context.Context, t Test) (Test, error) {
	old, err := ts.Store.Test(ctx, t.ID)
	if err != nil {
		return t, err
	}
	t.Origin = old.Origin
	return ts.save(ctx, t, old)
}

// Delete removes a test. ErrNoTest.
func (ts *Tests) Delete(ctx context.Context, id string) error { return ts.Store.DeleteTest(ctx, id) }

func (ts *Tests) save(ctx context.Context, t Test, was ...Test) (Test, error) {
	tests := []Test{t}
	bad, err := ts.settle(ctx, tests, was...)
	if err == nil && bad[0] != nil {
		err = bad[0]
	}
	if err == nil {
		err = ts.Store.SaveTests(ctx, tests)
	}
	if err != nil {
		return t, err
	}
	return ts.Store.Test(ctx, t.ID)
}

// settle puts what tests name in the form it is stored in, and says of each why it is
// none. What was among the expectations of was may be gone.
func (ts *Tests) settle(ctx context.Context, tests []Test, was ...Test) (bad []*BadTestError, err error) {
	var docs, passages []string
	bad = make([]*BadTestError, len(tests))
	for i := range tests {
		if bad[i] = tests[i].tidy(); bad[i] != nil {
			continue
		}
		for _, d := range tests[i].Expect.Documents {
			docs = append(docs, d.ID)
		}
		passages = append(passages, tests[i].Expect.Passages...)
	}
	known, err := ts.Store.TestDocuments(ctx, docs)
	if err != nil {
		return nil, err
	}
	refs, err := ts.Store.TestPassages(ctx, passages)
	if err != nil {
		return nil, err
	}
	for _, w := range was {
		for _, d := range w.Expect.Documents {
			if _, there := known[d.ID]; !there {
				known[d.ID] = d
			}
		}
		for _, p := range w.Expect.Passages {
			if _, there := refs[p]; !there {
				refs[p] = TestPassage{Ref: p}
			}
		}
	}
	for i := range tests {
		if bad[i] == nil {
			bad[i] = tests[i].Expect.resolve(known, refs)
		}
	}
	return bad, nil
}

// tidy brings a test's texts in form.
func (t *Test) tidy() *BadTestError {
	var err error
	if t.Question, err = Clean(t.Question); err != nil {
		return &BadTestError{"question", textFault(err)}
	}
	if len(t.History) > MaxTestHistory {
		return &BadTestError{"history", fmt.Sprintf("there are more than %d messages before the question", MaxTestHistory)}
	}
	for i := range t.History {
		h := &t.History[i]
		if h.Text, err = Clean(h.Text); err != nil {
			return &BadTestError{"history", textFault(err)}
		}
		if h.Author != AuthorCustomer && h.Author != AuthorStaff {
			h.Author = AuthorBot
		}
	}
	e := &t.Expect
	e.Answer = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(e.Answer, "\uFFFD"), "\x00", ""))
	named := len(e.Documents)+len(e.Passages) > 0 || e.Answer != ""
	switch {
	case utf8.RuneCountInString(e.Answer) > MaxTextRunes:
		return &BadTestError{"answer", textFault(ErrTooLong)}
	case e.Answer != "" && foldWords(e.Answer) == "":
		return &BadTestError{"answer", "there is no word in it"}
	case len(e.Documents) > MaxTestExpects || len(e.Passages) > MaxTestExpects:
		return &BadTestError{"expect", fmt.Sprintf("a test names at most %d documents and %[1]d passages", MaxTestExpects)}
	case e.Answerable && !named:
		return &BadTestError{"expect", "name a document, a passage or an answer, or say that the question cannot be answered"}
	case !e.Answerable && named:
		return &BadTestError{"expect", "a question that cannot be answered has nothing that answers it"}
	}
	return nil
}

func textFault(err error) string {
	if errors.Is(err, ErrTooLong) {
		return fmt.Sprintf("it is longer than %d characters", MaxTextRunes)
	}
	return "it is empty"
}

// resolve replaces what is named as people name it.
func (e *Expect) resolve(known map[string]TestDocument, refs map[string]TestPassage) *BadTestError {
	var docs []TestDocument
	take := func(d TestDocument) {
		if d.ID != "" && !slices.ContainsFunc(docs, func(o TestDocument) bool { return o.ID == d.ID }) {
			docs = append(docs, d)
		}
	}
	for _, d := range e.Documents {
		found, ok := known[d.ID]
		if !ok {
			return &BadTestError{"documents", "there is no document " + shorten(d.ID, 80)}
		}
		take(found)
	}
	var passages []string
	for _, p := range e.Passages {
		ref, ok := refs[p]
		if !ok {
			return &BadTestError{"passages", "there is no passage " + shorten(p, 80)}
		}
		take(ref.Document)
		if !slices.Contains(passages, ref.Ref) {
			passages = append(passages, ref.Ref)
		}
	}
	e.Documents, e.Passages = docs, passages
	return nil
}
