package conversationdb_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// inboxSize is the installation that the benchmark plays: as many conversations,
// with ten messages each.
const inboxSize = 100_000

// seedInbox fills a database with conversations of the last year: nine of ten are
// resolved, the bot has most of the others.
func seedInbox(b *testing.B, pool *pgxpool.Pool, n int) {
	b.Helper()
	for _, q := range []string{
		`INSERT INTO contacts (id, name, email) SELECT md5('p' || i)::uuid, 'Customer ' || i || ' Müller', 'c' || i || '@example.com' FROM generate_series(1, $1) i`,
		`INSERT INTO conversations (id, contact_id, channel, account, thread, locale, owner, staff_id, staff_name, status, seq, waiting_since, customer_at, created_at, updated_at, priority)
			SELECT md5('c' || i)::uuid, md5('p' || i)::uuid, (ARRAY['widget', 'slack', 'telegram'])[1 + i % 3], 'x', 't' || i, CASE WHEN i % 33333 = 7 THEN 'sv-SE' ELSE (ARRAY['en', 'de', 'ja', 'fr'])[1 + i % 4] END,
				CASE WHEN i % 100 = 0 THEN 'queue' WHEN i % 100 < 3 THEN 'staff' ELSE 'bot' END,
				CASE WHEN i % 100 IN (1, 2) THEN md5('s' || i % 10)::uuid END, '',
				CASE WHEN i % 10 > 0 AND i % 100 > 2 THEN 'resolved' WHEN i % 1000 = 1 THEN 'snoozed' WHEN i % 20 = 0 THEN 'open' ELSE 'waiting' END, 10,
				CASE WHEN i % 100 = 0 THEN now() - i * interval '5 minutes' END, now() - i * interval '5 minutes', now() - i * interval '6 minutes', now() - i * interval '5 minutes',
				CASE WHEN i % 50 = 0 THEN 2 ELSE 0 END
			FROM generate_series(1, $1) i`,
		`INSERT INTO messages (conversation_id, seq, author, body, episode, created_at)
			SELECT md5('c' || i)::uuid, s, CASE WHEN s % 2 = 1 OR s = 10 AND i % 20 = 0 THEN 'customer' ELSE 'bot' END,
				'Where is my parcel ' || substr(md5(i || '/' || s), 1, 8) || ' for order ' || i * 10 + s || '? ' ||
				(ARRAY['It was to arrive in Málaga last week.', '退货需要多长时间，谢谢', 'Ich habe die Größe falsch gewählt.', 'The blue kettle leaks at the lid.', '返品の方法を教えてください'])[1 + (i * 7 + s) % 5] ||
				CASE WHEN (i * 10 + s) % 10007 = 0 THEN ' zeppelin' ELSE '' END, 1, now() - i * interval '5 minutes' - (10 - s) * interval '1 minute'
			FROM generate_series(1, $1) i, generate_series(1, 10) s`,
		`INSERT INTO labels (id, name) SELECT md5(name)::uuid, name FROM unnest(ARRAY['unused', 'few', 'common']) name`,
		`INSERT INTO conversation_labels SELECT md5('c' || i)::uuid, md5(CASE WHEN i % 33333 = 7 THEN 'few' ELSE 'common' END)::uuid FROM generate_series(1, $1) i WHERE i % 33333 = 7 OR i % 5 = 0`,
		`ANALYZE`,
	} {
		var args []any
		if strings.Contains(q, "$1") {
			args = []any{n}
		}
		if _, err := pool.Exec(b.Context(), q, args...); err != nil {
			b.Fatal(err)
		}
	}
	store := conversationdb.New(pool)
	began := time.Now()
	for more := true; more; {
		var err error
		if more, err = store.IndexSome(b.Context(), 20_000); err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("%d messages taken into the search in %s", 10*n, time.Since(began).Round(time.Second))
	if _, err := pool.Exec(b.Context(), `VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkInbox times what a page of the inbox asks for, on a large installation.
// FRONTDESK_INBOX_SIZE names another number of conversations.
func BenchmarkInbox(b *testing.B) {
	n := inboxSize
	if s := os.Getenv("FRONTDESK_INBOX_SIZE"); s != "" {
		fmt.Sscan(s, &n)
	}
	pool := dbtest.New(b)
	seedInbox(b, pool, n)
	store := conversationdb.New(pool)
	var me string
	if err := pool.QueryRow(b.Context(), `SELECT md5('s1')::uuid::text`).Scan(&me); err != nil {
		b.Fatal(err)
	}
	run := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			var times []time.Duration
			for b.Loop() {
				began := time.Now()
				if err := do(); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(began))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
	list := func(name string, f conversation.Filter) {
		f.Me, f.Limit = me, 50
		if f.View == "" {
			f.View = conversation.ViewAll
		}
		run(name, func() error { _, _, err := store.Rows(b.Context(), f); return err })
	}
	for _, v := range conversation.Views {
		list("list/"+string(v), conversation.Filter{View: v})
	}
	list("list/channel", conversation.Filter{Channel: "slack", View: conversation.ViewOpen})
	list("list/rare_lang", conversation.Filter{Locale: "pt"})
	list("list/few_lang", conversation.Filter{Locale: "sv"})
	list("list/common_lang", conversation.Filter{Locale: "de"})
	list("list/rare_lang_resolved", conversation.Filter{Locale: "pt", View: conversation.ViewResolved})
	list("list/rare_lang_open", conversation.Filter{Locale: "pt", View: conversation.ViewOpen})
	list("list/common_lang_open", conversation.Filter{Locale: "de", View: conversation.ViewOpen})
	list("list/rare_lang_channel", conversation.Filter{Locale: "pt", Channel: "slack"})
	list("list/rare_channel", conversation.Filter{Channel: "email"})
	list("list/rare_channel_resolved", conversation.Filter{Channel: "email", View: conversation.ViewResolved})
	list("list/common_channel", conversation.Filter{Channel: "slack"})
	list("list/unknown_label", conversation.Filter{Label: "nobody's"})
	list("list/unused_label", conversation.Filter{Label: "unused"})
	list("list/few_label", conversation.Filter{Label: "few"})
	list("list/common_label", conversation.Filter{Label: "common"})
	list("list/unused_label_resolved", conversation.Filter{Label: "unused", View: conversation.ViewResolved})
	list("list/rare_assignee", conversation.Filter{Assignee: "00000000-0000-4000-8000-000000000000"})
	list("list/rare_team", conversation.Filter{Team: "00000000-0000-4000-8000-000000000000"})
	list("list/rare_priority", conversation.Filter{Priority: 3})
	list("list/empty_future", conversation.Filter{From: time.Now().Add(time.Hour)})
	list("list/empty_past", conversation.Filter{To: time.Now().AddDate(-5, 0, 0)})
	list("list/empty_between", conversation.Filter{From: time.Now().AddDate(-5, 0, 0), To: time.Now().AddDate(-4, 0, 0), Channel: "slack"})
	list("list/no_assignee_queue", conversation.Filter{View: conversation.ViewQueue, Assignee: "none"})
	list("list/priority", conversation.Filter{Priority: 2})
	list("list/assignee", conversation.Filter{Assignee: me})
	run("counts", func() error { _, err := store.Count(b.Context(), me); return err })
	for name, q := range map[string]string{"rare": "zeppelin", "order": "order 123457", "common": "parcel", "accents": "malaga", "chinese": "退货", "japanese": "返品の方法",
		"person": "c4711@example.com", "none": "nothinglikeit", "prefix": "zep", "two_common": "kettle parcel"} {
		list("search/"+name, conversation.Filter{Text: q})
	}
	list("search/common_in_queue", conversation.Filter{Text: "parcel", View: conversation.ViewQueue})
}
