package conversationdb_test

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/migrations/dbtest"
)

func TestReportTellsConfirmedFromAssumedAndListsWhatIsBehind(t *testing.T) {
	c := &clock{}
	d := runAt(t, dbtest.URL(t), passages{returns}, c)
	ask := func() string {
		id := d.open(t)
		d.write(t, id, "a", "Can I return it?")
		d.until(t, id, last(conversation.AuthorBot))
		return id
	}
	thumb, thanked, silent, back, low, handed, rated := ask(), ask(), ask(), ask(), ask(), ask(), ask()
	if err := d.Feedback(t.Context(), thumb, 2, true); err != nil {
		t.Fatal(err)
	}
	d.write(t, thanked, "b", "Thank you!")
	d.until(t, thanked, func(ms []conversation.Message) bool { return len(ms) == 4 })
	for noted, deadline := false, time.Now().Add(20*time.Second); !noted; time.Sleep(5 * time.Millisecond) { // between looks: it is noted after the answer
		if err := d.pool.QueryRow(t.Context(), `SELECT thanked FROM episodes WHERE conversation_id = $1`, thanked).Scan(&noted); err != nil || time.Now().After(deadline) {
			t.Fatalf("thanks noted: %v, %v", noted, err)
		}
	}
	if _, err := d.Handoff(t.Context(), handed, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Reply(t.Context(), handed, ana, "Hello", ""); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{low, rated} {
		if _, err := d.Resolve(t.Context(), id, ana); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(d.RateEpisode(t.Context(), low, 2, ""), d.RateEpisode(t.Context(), rated, 4, "")); err != nil {
		t.Fatal(err)
	}
	c.add(25 * time.Hour)
	for _, id := range []string{thumb, thanked, silent, back, handed} {
		d.state(t, id, resolved)
	}
	// What follows is not to be closed as well: the day is over, and with it the rule.
	c.add(-25 * time.Hour)
	if _, err := d.PutHandling(t.Context(), conversation.Handling{}); err != nil {
		t.Fatal(err)
	}
	d.write(t, back, "again", "It did not work")

	q := conversation.ReportQuery{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour), Zone: time.UTC}
	r, err := d.Report(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	got := r.Total
	if got.Conversations != 8 || got.BotConfirmed != 3 || got.BotAssumed != 1 || got.BotReopened != 1 || got.Handed != 1 || got.Resolved != 7 ||
		got.Rated != 2 || got.RatedGood != 1 || got.CSAT == nil || *got.CSAT != 3 {
		t.Errorf("Report() = %+v, want 8 episodes: 3 confirmed (thumb, thanks, 4 of 5), 1 assumed, 1 reopened, 1 handed over", got)
	}
	if got.BotFirst.Median == nil || got.StaffFirst.Median == nil || got.StaffTook.P90 == nil || *got.BotTook.P90 > 3600 {
		t.Errorf("times = %+v, want all of them, and none with the silence before the close", got)
	}
	if len(r.Reasons) != 1 || r.Reasons[0].Key != "asked_for_person" || len(r.Channels) != 1 || len(r.Staff) != 1 || r.Staff[0].Key != ana.StaffID || len(r.Days) == 0 || r.Waits.Waits != 1 {
		t.Errorf("groups = %+v, want one reason, channel and person", r)
	}
	for figure, want := range map[string]int{"conversations": 7, "bot_confirmed": 3, "bot_assumed": 1, "bot_resolved": 4, "bot_reopened": 1,
		"handed_over": 1, "handed_over:asked_for_person": 1, "handed_over:none": 0, "rated_good": 1, "staff_answered": 1, "waited": 1} {
		seen, cursor := map[string]bool{}, ""
		for {
			list, next, err := d.Reported(t.Context(), q, figure, cursor, 2)
			if err != nil {
				t.Fatalf("Reported(%s) = %v", figure, err)
			}
			for _, s := range list {
				seen[s.State.Conversation] = true
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(seen) != want { // conversations; of the episodes two are one conversation's
			t.Errorf("Reported(%s) lists %d conversations, want %d", figure, len(seen), want)
		}
	}
	if _, _, err := d.Reported(t.Context(), q, "1=1", "", 10); !errors.Is(err, conversation.ErrNoFigure) {
		t.Errorf("Reported(unknown) = %v, want ErrNoFigure", err)
	}
	for _, none := range []conversation.ReportQuery{{Channel: "slack"}, {Label: "vip"}, {Staff: "00000000-0000-4000-8000-000000000002"}} {
		none.From, none.To = q.From, q.To
		if r, err := d.Report(t.Context(), none); err != nil || r.Total.Conversations != 0 {
			t.Errorf("Report(%+v) = %+v, %v, want nothing", none, r.Total, err)
		}
	}
}

// BenchmarkReport is over 100,000 conversations of 60 days, of which the range has half
// and the range before it the other; FRONTDESK_REPORT_ROWS changes how many.
func BenchmarkReport(b *testing.B) {
	rows := 100_000
	if n, err := fmt.Sscan(os.Getenv("FRONTDESK_REPORT_ROWS"), &rows); n == 0 && os.Getenv("FRONTDESK_REPORT_ROWS") != "" {
		b.Fatal(err)
	}
	pool := dbtest.New(b)
	const fill = `
		WITH p AS (INSERT INTO contacts (id) SELECT gen_random_uuid() FROM generate_series(1, $1::int) RETURNING id),
		c AS (
			INSERT INTO conversations (id, contact_id, channel, account, thread, seq)
			SELECT gen_random_uuid(), id, (ARRAY['widget','slack','telegram'])[1 + floor(random() * 3)::int], 'a', id::text, 4 FROM p RETURNING id, channel
		)
		INSERT INTO episodes (conversation_id, episode, channel, started_at, bot_at, staff_at, staff_id, handed_at, handed_for, resolved_at, resolved_for, settled_at, rating, helpful)
		SELECT id, 1, channel, at, at + interval '2 seconds', CASE WHEN h THEN at + interval '5 minutes' END, CASE WHEN h THEN gen_random_uuid() END,
			CASE WHEN h THEN at + interval '1 minute' END, CASE WHEN h THEN 'asked_for_person' ELSE '' END, at + interval '25 hours', 'customer_silent', at + interval '10 minutes',
			CASE WHEN random() < .2 THEN 1 + floor(random() * 5)::int END, CASE WHEN random() < .2 THEN true END
		FROM (SELECT c.*, now() - random() * interval '60 days' AS at, random() < .3 AS h FROM c) x`
	if _, err := pool.Exec(b.Context(), fill, rows); err != nil {
		b.Fatal(err)
	}
	// Twenty people, not one for each conversation.
	for _, q := range []string{
		`UPDATE episodes SET staff_id = ('00000000-0000-4000-8000-0000000000' || (10 + abs(hashtext(conversation_id::text)) % 20))::uuid WHERE staff_id IS NOT NULL`,
		`VACUUM ANALYZE episodes`, `VACUUM ANALYZE conversations`,
	} {
		if _, err := pool.Exec(b.Context(), q); err != nil {
			b.Fatal(err)
		}
	}
	s := conversationdb.New(pool)
	q := conversation.ReportQuery{From: time.Now().AddDate(0, 0, -30), To: time.Now().Add(time.Hour), Zone: time.UTC}
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			if r, err := s.Report(b.Context(), q); err != nil || r.Total.Conversations == 0 {
				b.Fatal(r.Total, err)
			}
		}
	})
	b.Run("behind", func(b *testing.B) {
		for b.Loop() {
			if list, _, err := s.Reported(b.Context(), q, "bot_confirmed", "", 50); err != nil || len(list) != 50 {
				b.Fatal(len(list), err)
			}
		}
	})
}
