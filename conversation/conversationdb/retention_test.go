package conversationdb_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/migrations/dbtest"
)

func days(n int) *int { return &n }

// forget runs retention to its end.
func (q quiet) forget(t *testing.T, r conversation.Retention) (all conversation.Forgotten) {
	t.Helper()
	for more := true; more; {
		var step conversation.Forgotten
		var err error
		if step, more, err = q.store.Forget(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		all.Add(step)
	}
	return all
}

func (q quiet) count(t *testing.T, what string) (n int64) {
	t.Helper()
	if err := q.pool.QueryRow(t.Context(), `SELECT count(*) FROM `+what).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (q quiet) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := q.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func TestRetentionDeletesWhatIsOldAndDoneAndNothingElse(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	old, open, young, blocked := q.says(t, "slack", "old", "Long ago."), q.says(t, "slack", "open", "Still waiting."), q.says(t, "slack", "young", "Just now."), q.says(t, "slack", "blocked", "Spam.")
	both := q.says(t, "slack", "both", "Long ago, too.")
	q.exec(t, `UPDATE conversations SET status = 'resolved' WHERE id = ANY ($1)`, []string{old, young, blocked, both})
	q.exec(t, `UPDATE contacts SET blocked = true WHERE id = (SELECT contact_id FROM conversations WHERE id = $1)`, blocked)
	q.exec(t, `UPDATE conversations SET contact_id = (SELECT contact_id FROM conversations WHERE id = $1) WHERE id = $2`, both, young)
	q.exec(t, `UPDATE conversations SET updated_at = now() - interval '40 days' WHERE id = ANY ($1)`, []string{old, open, blocked, both})
	q.exec(t, `INSERT INTO gaps (id, questions, customers, first_at, last_at) VALUES ('018f0000-0000-7000-8000-00000000000a', 1, 1, now(), now())`)
	q.exec(t, `INSERT INTO gap_questions (conversation_id, seq, contact_id, gap_id, channel, lang, body, query, reason, confidence, asked_at, dims, weights)
		SELECT id, 1, contact_id, '018f0000-0000-7000-8000-00000000000a', channel, 'en', 'Long ago.', 'long ago', 'unknown', 0, now(), '{}', '{}' FROM conversations WHERE id = $1`, old)
	q.exec(t, `INSERT INTO model_calls (conversation_id, purpose, model, outcome) VALUES ($1, 'answer', 'm', 'ok')`, old)

	if got := q.forget(t, conversation.Retention{}); got != (conversation.Forgotten{}) {
		t.Errorf("Forget without limits = %+v, want nothing", got)
	}
	if got := q.forget(t, conversation.Retention{ConversationsDays: days(41)}); got != (conversation.Forgotten{}) {
		t.Errorf("Forget after 41 days = %+v, want nothing", got)
	}
	if got := q.forget(t, conversation.Retention{ConversationsDays: days(30)}); got.Conversations != 3 || got.Contacts != 1 {
		t.Errorf("Forget = %+v, want 3 conversations and the one contact who has none left and is not blocked", got)
	}
	for what, want := range map[string]int64{
		"conversations": 2, "messages": 2, "contacts": 4, "gaps": 0, "gap_questions": 0, "model_calls": 1,
		"conversations WHERE status = 'open'":                               1,
		"contact_changes WHERE contact_id NOT IN (SELECT id FROM contacts)": 0,
	} {
		if got := q.count(t, what); got != want {
			t.Errorf("%s = %d, want %d", what, got, want)
		}
	}
	if _, _, err := q.store.Forget(t.Context(), conversation.Retention{ConversationsDays: days(0)}); err == nil {
		t.Error("Forget after 0 days = nil, want an error: it would delete what is in use")
	}
}

func TestRetentionKeepsAFilesNameAndADaysCallsWhole(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	id := q.says(t, "slack", "ada", "See the picture.")
	for state, age := range map[string]string{"ready": "20 days", "pending": "20 days", "refused": "1 day"} {
		q.exec(t, `INSERT INTO files (id, conversation_id, seq, kind, name, bytes, content, picture, state, body, created_at)
			VALUES (gen_random_uuid(), $1, 1, 'image', $2, 3, 'abc', 'p', $2, 'a parcel', now() - $3::text::interval)`, id, state, age)
	}
	q.exec(t, `INSERT INTO model_calls (purpose, model, outcome, cost_micros, created_at)
		SELECT 'answer', 'm', 'ok', 1, date_trunc('day', now(), 'UTC') - interval '9 days' + i * interval '1 second' - interval '3000 seconds' FROM generate_series(1, 6000) i`)
	got := q.forget(t, conversation.Retention{FilesDays: days(14), CallsDays: days(9)})
	if got.Files != 1 || got.Calls != 2999 {
		t.Errorf("Forget = %+v, want the bytes of one file, and the 2,999 calls of the day that is over", got)
	}
	if n := q.count(t, `files WHERE content IS NULL AND picture IS NULL AND name = 'ready' AND body = 'a parcel' AND bytes = 3`); n != 1 {
		t.Errorf("%d files without bytes and with their name and text, want 1", n)
	}
	if n := q.count(t, `model_calls WHERE created_at < date_trunc('day', now(), 'UTC') - interval '9 days'`); n != 0 {
		t.Errorf("%d calls of older days are left, want none", n)
	}
	f, err := q.store.File(t.Context(), func() (file string) {
		if err := q.pool.QueryRow(t.Context(), `SELECT id::text FROM files WHERE name = 'ready'`).Scan(&file); err != nil {
			t.Fatal(err)
		}
		return file
	}())
	if err != nil || f.Content != nil {
		t.Errorf("File = %d bytes, %v, want none", len(f.Content), err)
	}
}

func TestRetentionGoesOnInBatches(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	q.exec(t, `WITH p AS (INSERT INTO contacts (id, name) SELECT gen_random_uuid(), 'n' FROM generate_series(1, 250) RETURNING id)
		INSERT INTO conversations (id, contact_id, channel, account, thread, status, seq, updated_at)
		SELECT gen_random_uuid(), p.id, 'slack', 'T', p.id::text, 'resolved', 1, now() - interval '400 days' FROM p`)
	step, more, err := q.store.Forget(t.Context(), conversation.Retention{ConversationsDays: days(365)})
	if err != nil || step.Conversations != 100 || !more {
		t.Errorf("Forget = %+v, more %v, %v, want 100 and more", step, more, err)
	}
	if got := q.forget(t, conversation.Retention{ConversationsDays: days(365)}); got.Conversations != 150 || got.Contacts != 150 {
		t.Errorf("the rest = %+v, want 150", got)
	}
	if n := q.count(t, "contact_changes"); n != 0 {
		t.Errorf("%d changes of deleted contacts are left, want none", n)
	}
}

func TestRetentionIsDueOnceADayForAllReplicas(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	due := func() (ok bool) {
		err := pgx.BeginFunc(t.Context(), q.pool, func(tx pgx.Tx) (err error) {
			ok, err = conversationdb.RetentionDue(t.Context(), tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !due() || due() {
		t.Error("RetentionDue is to be true once")
	}
	q.exec(t, `UPDATE retention_worker SET due_at = now()`)
	if !due() {
		t.Error("RetentionDue a day later = false, want true")
	}
}
