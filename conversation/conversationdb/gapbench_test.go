package conversationdb_test

import (
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// BenchmarkJoinGap measures what one question costs that joins among 20,000 gaps,
// of which 5,000 are compared by vectors of 1,536 dimensions, and by its words.
func BenchmarkJoinGap(b *testing.B) {
	pool := dbtest.New(b)
	g := &deskGaps{store: conversationdb.New(pool), pool: pool}
	for _, sql := range []string{
		`INSERT INTO gaps (id, questions, customers, first_at, last_at, embedding, embedding_model)
		SELECT gen_random_uuid(), 1, 1, now(), now() - n * interval '1 minute',
			(SELECT array_agg(random() - .5 + 0 * i) FROM generate_series(1, 1536) i WHERE n > 0)::real[]::vector(1536)::halfvec, 'bench/1536'
		FROM generate_series(1, 20000) n`,
		// Ten words each, of which a few are common.
		`INSERT INTO gap_terms (gap_id, dim, weight)
		SELECT DISTINCT ON (id, d) id, d, .3 FROM gaps, LATERAL (SELECT (1 + 10000 * power(random(), 3) + 0 * customers)::int AS d FROM generate_series(1, 10)) w`,
		`INSERT INTO gap_words SELECT dim, count(*) FROM gap_terms GROUP BY 1 UNION ALL SELECT 0, 20000`,
		`ANALYZE`,
	} {
		if _, err := pool.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	st, err := g.store.Open(b.Context(), conversation.Opening{Channel: "widget", Account: "default"})
	if err != nil {
		b.Fatal(err)
	}
	r, err := g.store.Receive(b.Context(), conversation.Inbound{Conversation: st.Conversation, Channel: "widget", ExternalID: knowledge.NewID(), Text: "q"}, conversation.Gather{})
	if err != nil {
		b.Fatal(err)
	}
	const question = `
		INSERT INTO gap_questions (conversation_id, seq, contact_id, channel, lang, body, query, reason, confidence, asked_at, dims, weights, embedding, embedding_model)
		VALUES ($1, $2, $1, 'widget', '', 'q', 'q', 'unknown', 0, now(), '{2,50,300,1000,2000,5000,7000,9000}', array_fill(.3::real, '{8}'),
			(SELECT array_agg(random() - .5 + 0 * i) FROM generate_series(1, 1536) i)::real[]::vector(1536)::halfvec, 'bench/1536')`
	if _, err := pool.Exec(b.Context(), question, st.Conversation, r.Seq); err != nil {
		b.Fatal(err)
	}
	q := conversation.GapQuestion{Conversation: st.Conversation, Seq: r.Seq}
	for b.Loop() {
		if err := g.store.Join(b.Context(), q, "bench/1536", func(conversation.GapNear) string { return "" }); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if _, err := pool.Exec(b.Context(), `UPDATE gap_questions SET gap_id = NULL`); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
