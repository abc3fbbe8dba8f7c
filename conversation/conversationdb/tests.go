package conversationdb

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
)

// testsLock orders those who add tests, so that there are never more than there may be.
const testsLock = 0x6664746573747300

// testColumns are what scanTest reads, of tests as t.
const testColumns = `t.id::text, t.question, t.history, t.documents::text[], t.names, t.passages, t.answer, t.answerable, t.origin, t.created_at,
	ARRAY(SELECT d.name FROM unnest(t.documents) WITH ORDINALITY AS u(id, place) LEFT JOIN documents d ON d.id = u.id ORDER BY u.place)`

type testScan struct {
	conversation.Test
	documents, names []string
	now              []*string // the documents' names as they are; null where one is gone
}

func (s *testScan) targets() []any {
	return []any{&s.ID, &s.Question, &s.History, &s.documents, &s.names, &s.Expect.Passages, &s.Expect.Answer,
		&s.Expect.Answerable, &s.Origin, &s.CreatedAt, &s.now}
}

func (s *testScan) test() conversation.Test {
	t := s.Test
	for i, id := range s.documents {
		d := conversation.TestDocument{ID: id, Gone: i >= len(s.now) || s.now[i] == nil}
		switch {
		case !d.Gone:
			d.Name = *s.now[i]
		case i < len(s.names):
			d.Name = s.names[i]
		}
		t.Expect.Documents = append(t.Expect.Documents, d)
	}
	return t
}

func scanTest(row pgx.CollectableRow) (conversation.Test, error) {
	var s testScan
	err := row.Scan(s.targets()...)
	return s.test(), err
}

// lastResult is the newest result of a test t.
const lastResult = `LEFT JOIN LATERAL (
	SELECT r.run_id::text AS run, r.passed, r.rank, r.confidence, r.decision, r.gone FROM test_results r JOIN test_runs u ON u.id = r.run_id
	WHERE r.test_id = t.id AND u.state = 'done' ORDER BY u.created_at DESC LIMIT 1) l ON true`

func scanTestLast(row pgx.CollectableRow) (conversation.Test, error) {
	var s testScan
	var run, decision *string
	var passed, gone *bool
	var rank *int
	var confidence *float64
	if err := row.Scan(append(s.targets(), &run, &passed, &rank, &confidence, &decision, &gone)...); err != nil {
		return s.Test, err
	}
	t := s.test()
	if run != nil {
		t.Last = &conversation.TestResult{Run: *run, Test: t.ID, Passed: *passed, Gone: *gone, Confidence: *confidence, Decision: conversation.Decision(*decision)}
		t.Last.Rank = *rank
	}
	return t, nil
}

// Tests implements conversation.TestBook.
func (s *Store) Tests(ctx context.Context, cursor string, limit int) ([]conversation.Test, string, int, error) {
	const q = `SELECT ` + testColumns + `, l.run, l.passed, l.rank, l.confidence, l.decision, l.gone FROM tests t ` + lastResult + `
		WHERE @all OR (t.created_at, t.id) < (@at, @id::uuid) ORDER BY t.created_at DESC, t.id DESC LIMIT @limit`
	at, id, err := openCursor(cursor)
	if err != nil {
		return nil, "", 0, err
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"all": cursor == "", "at": at, "id": null(id), "limit": limit})
	if err != nil {
		return nil, "", 0, fmt.Errorf("list tests: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanTestLast)
	if isCode(err, invalidText) {
		return nil, "", 0, conversation.ErrBadCursor
	}
	if err != nil {
		return nil, "", 0, fmt.Errorf("list tests: %w", err)
	}
	var total int
	if err := s.pool.QueryRow(ctx, `SELECT count(*) FROM tests`).Scan(&total); err != nil {
		return nil, "", 0, fmt.Errorf("count tests: %w", err)
	}
	next := ""
	if len(list) == limit && limit > 0 {
		last := list[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(last.CreatedAt.UTC().Format(time.RFC3339Nano) + " " + last.ID))
	}
	return list, next, total, nil
}

// Test implements conversation.TestBook.
func (s *Store) Test(ctx context.Context, id string) (conversation.Test, error) {
	const q = `SELECT ` + testColumns + `, l.run, l.passed, l.rank, l.confidence, l.decision, l.gone FROM tests t ` + lastResult + ` WHERE t.id = @id::text::uuid`
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"id": id})
	if err != nil {
		return conversation.Test{}, failTest("read", id, err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, scanTestLast)
	if err != nil {
		return t, failTest("read", id, err)
	}
	return t, nil
}

// failTest is fail for tests and their runs.
func failTest(verb, id string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) || isCode(err, invalidText) {
		err = conversation.ErrNoTest
	}
	return fmt.Errorf("%s test %.40q: %w", verb, id, err)
}

// AllTests implements conversation.TestBook.
func (s *Store) AllTests(ctx context.Context, each func(conversation.Test)) error {
	rows, err := s.pool.Query(ctx, `SELECT `+testColumns+` FROM tests t`)
	if err != nil {
		return fmt.Errorf("read all tests: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		t, err := scanTest(rows)
		if err != nil {
			return fmt.Errorf("read all tests: %w", err)
		}
		each(t)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read all tests: %w", err)
	}
	return nil
}

// SaveTests implements conversation.TestBook.
func (s *Store) SaveTests(ctx context.Context, list []conversation.Test) error {
	const (
		lock  = `SELECT pg_advisory_xact_lock(@lock)`
		count = `SELECT count(*) FROM tests`
		save  = `INSERT INTO tests AS t (id, key, question, history, documents, names, passages, answer, answerable, origin, conversation_id)
			VALUES (@id, @key, @question, @history, @documents::text[]::uuid[], @names, @passages, @answer, @answerable, @origin, @conversation)
			ON CONFLICT (id) DO UPDATE SET key = excluded.key, question = excluded.question, history = excluded.history,
				documents = excluded.documents, names = excluded.names, passages = excluded.passages, answer = excluded.answer,
				answerable = excluded.answerable, updated_at = clock_timestamp()`
	)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lock, pgx.NamedArgs{"lock": int64(testsLock)}); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for _, t := range list {
			ids, names := []string{}, []string{}
			for _, d := range t.Expect.Documents {
				ids, names = append(ids, d.ID), append(names, d.Name)
			}
			batch.Queue(save, pgx.NamedArgs{"id": t.ID, "key": t.Key(), "question": t.Question, "history": append([]conversation.TestSaid{}, t.History...),
				"documents": ids, "names": names, "passages": append([]string{}, t.Expect.Passages...), "answer": t.Expect.Answer,
				"answerable": t.Expect.Answerable, "origin": t.Origin, "conversation": null(t.Conversation)})
		}
		total := 0
		batch.Queue(count).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
		if total > conversation.MaxTests {
			return conversation.ErrTooManyTests
		}
		return nil
	})
	switch {
	case isCode(err, uniqueViolation):
		err = conversation.ErrTestExists
	case isCode(err, foreignKeyViolation):
		err = conversation.ErrNotFound // erased meanwhile
	}
	if err != nil {
		return fmt.Errorf("save %d tests: %w", len(list), err)
	}
	return nil
}

// DeleteTest implements conversation.TestBook.
func (s *Store) DeleteTest(ctx context.Context, id string) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM tests WHERE id = @id::text::uuid`, pgx.NamedArgs{"id": id})
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		return failTest("delete", id, err)
	}
	return nil
}

// TestDocuments implements conversation.TestBook.
func (s *Store) TestDocuments(ctx context.Context, named []string) (map[string]conversation.TestDocument, error) {
	const q = `SELECT d.id::text, d.id::text, d.name FROM documents d WHERE d.id = ANY (@ids::text[]::uuid[])
		UNION ALL SELECT * FROM (SELECT DISTINCT ON (d.name) d.name, d.id::text, d.name FROM documents d WHERE d.name = ANY (@named::text[])
			ORDER BY d.name, d.created_at DESC) n`
	out := map[string]conversation.TestDocument{}
	if len(named) == 0 {
		return out, nil
	}
	ids, _ := byForm(named)
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"ids": ids, "named": named})
	if err != nil {
		return nil, fmt.Errorf("look for %d documents: %w", len(named), err)
	}
	var name string
	var d conversation.TestDocument
	found := map[string]conversation.TestDocument{}
	if _, err := pgx.ForEachRow(rows, []any{&name, &d.ID, &d.Name}, func() error {
		if _, there := found[name]; !there {
			found[name] = d
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("look for %d documents: %w", len(named), err)
	}
	for _, n := range named {
		if d, ok := found[n]; ok {
			out[n] = d
		} else if d, ok := found[strings.ToLower(n)]; ok {
			out[n] = d
		}
	}
	return out, nil
}

// passageRef is how a test names a passage p: one that is an FAQ entry, or a part of one,
// by the entry, which stays the same entry when it is edited.
const passageRef = `coalesce(p.entry_id::text, encode(sha256(convert_to(p.body, 'UTF8')), 'hex'))`

// TestPassages implements conversation.TestBook.
func (s *Store) TestPassages(ctx context.Context, named []string) (map[string]conversation.TestPassage, error) {
	const (
		byID   = `SELECT p.id::text, p.entry_id::text, ''::text, ` + passageRef + `, d.id::text, d.name FROM passages p JOIN documents d ON d.id = p.document_id WHERE p.id = ANY (@ids::text[]::uuid[])`
		byItem = ` UNION ALL SELECT p.id::text, p.entry_id::text, '', ` + passageRef + `, d.id::text, d.name FROM passages p JOIN documents d ON d.id = p.document_id WHERE p.entry_id = ANY (@ids::text[]::uuid[])`
		byText = ` UNION ALL SELECT p.id::text, p.entry_id::text, encode(sha256(convert_to(p.body, 'UTF8')), 'hex'), ` + passageRef + `, d.id::text, d.name FROM passages p JOIN documents d ON d.id = p.document_id
			WHERE encode(sha256(convert_to(p.body, 'UTF8')), 'hex') = ANY (@digests::text[])`
	)
	out := map[string]conversation.TestPassage{}
	if len(named) == 0 {
		return out, nil
	}
	ids, digests := byForm(named)
	q := byID + byItem
	if len(digests) > 0 { // it reads every passage
		q += byText
	}
	rows, err := s.pool.Query(ctx, q, pgx.NamedArgs{"ids": ids, "digests": digests})
	if err != nil {
		return nil, fmt.Errorf("look for %d passages: %w", len(named), err)
	}
	var id, digest string
	var entry *string
	var p conversation.TestPassage
	found := map[string]conversation.TestPassage{}
	if _, err := pgx.ForEachRow(rows, []any{&id, &entry, &digest, &p.Ref, &p.Document.ID, &p.Document.Name}, func() error {
		found[id] = p
		if digest != "" {
			found[digest] = p
		}
		if entry != nil {
			found[*entry] = p
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("look for %d passages: %w", len(named), err)
	}
	for _, n := range named {
		if p, ok := found[strings.ToLower(n)]; ok {
			out[n] = p
		}
	}
	return out, nil
}

// byForm parts names into those that have the form of a UUID and of a SHA-256, in lower case.
func byForm(named []string) (ids, digests []string) {
	ids, digests = []string{}, []string{}
	for _, n := range named {
		n = strings.ToLower(n)
		if isUUID(n) {
			ids = append(ids, n)
		} else if b, err := hex.DecodeString(n); err == nil && len(b) == 32 {
			digests = append(digests, n)
		}
	}
	return ids, digests
}
