package conversationdb_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// quiet is an inbox whose bot nobody waits for.
type quiet struct {
	*conversation.Engine
	inbox *conversation.Inbox
	store *conversationdb.Store
	pool  *pgxpool.Pool
}

func newQuiet(t *testing.T, url string) quiet {
	t.Helper()
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{Concurrency: -1}, // there is no place for a turn
		conversation.Deps{Store: store, Finder: passages{}, Counter: wordCounter{}})
	if err != nil {
		t.Fatal(err)
	}
	return quiet{e, conversation.NewInbox(e, store), store, pool}
}

// wordCounter counts words for tokens: no model is asked here.
type wordCounter struct{}

func (wordCounter) Count(s string) int { return len(strings.Fields(s)) }

func (wordCounter) Truncate(s string, most int) string { return s }

// says has somebody write on a channel and returns the conversation.
func (q quiet) says(t *testing.T, channel, sender, text string) string {
	t.Helper()
	r, err := q.Receive(t.Context(), conversation.Inbound{Channel: channel, Account: "shop", Thread: sender, Sender: sender, SenderName: sender,
		Locale: "en", ExternalID: knowledge.NewID(), Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return r.Conversation
}

func (q quiet) person(t *testing.T, name string) conversation.Actor {
	t.Helper()
	a, err := conversationdb.NewStaffStore(q.pool).AddAccount(t.Context(), staff.Account{Email: strings.ToLower(name) + "@example.com", Name: name, Role: staff.RoleAgent}, "x")
	if err != nil {
		t.Fatal(err)
	}
	return conversation.Actor{StaffID: a.ID, Name: a.Name}
}

func (q quiet) index(t *testing.T) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = q.store.IndexSome(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
}

// view lists a view as ids, in order.
func (q quiet) view(t *testing.T, f conversation.Filter) []string {
	t.Helper()
	if f.Limit == 0 {
		f.Limit = 50
	}
	rows, _, err := q.inbox.Rows(t.Context(), f)
	if err != nil {
		t.Fatalf("Rows(%+v) = %v", f, err)
	}
	ids := []string{}
	for _, r := range rows {
		ids = append(ids, r.State.Conversation)
	}
	return ids
}

func TestViewsSortConversationsByWhatIsToBeDone(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana := q.person(t, "Ana")
	bot := q.says(t, "slack", "u1", "hello")
	first := q.says(t, "slack", "u2", "a person please")
	second := q.says(t, "telegram", "u3", "me too")
	mine := q.says(t, "slack", "u4", "hi")
	done := q.says(t, "slack", "u5", "thanks")
	later := q.says(t, "slack", "u6", "in spring")
	for _, id := range []string{first, second} {
		if _, err := q.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := q.Takeover(t.Context(), mine, ana); err != nil {
		t.Fatal(err)
	}
	if _, err := q.inbox.Resolve(t.Context(), done, ana, "answered by phone", 0); err != nil {
		t.Fatal(err)
	}
	if err := q.inbox.Snooze(t.Context(), later, ana, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{bot: "", first: "a person please", mine: ""} {
		if row, err := q.inbox.Row(t.Context(), id, ""); err != nil || row.Asks != want {
			t.Errorf("Row(%s) asks %q, %v, want %q", id, row.Asks, err, want)
		}
	}
	if _, err := q.pool.Exec(t.Context(), `UPDATE conversations SET customer_at = now() - interval '6 minutes' WHERE id = ANY ($1)`, []string{bot, mine, done, later}); err != nil {
		t.Fatal(err)
	}
	for v, want := range map[conversation.View][]string{
		conversation.ViewQueue:    {first, second},
		conversation.ViewMine:     {mine},
		conversation.ViewBot:      {bot},
		conversation.ViewOpen:     {mine, second, first, bot},
		conversation.ViewSnoozed:  {later},
		conversation.ViewResolved: {done},
		conversation.ViewAll:      {later, done, mine, second, first, bot},
	} {
		if got := q.view(t, conversation.Filter{View: v, Me: ana.StaffID}); !slices.Equal(got, want) {
			t.Errorf("view %s = %v, want %v", v, got, want)
		}
	}
	if got := q.view(t, conversation.Filter{View: conversation.ViewDropped, Me: ana.StaffID}); len(got) != 2 || !slices.Contains(got, bot) || !slices.Contains(got, mine) {
		t.Errorf("view dropped = %v, want what nobody answered for five minutes", got)
	}
	n, err := q.inbox.Count(t.Context(), ana.StaffID)
	if want := (conversation.Counts{Queue: 2, Mine: 1, Bot: 1, Open: 4, Snoozed: 1, Resolved: 1, Dropped: 2, Unread: 3}); err != nil || n != want {
		t.Errorf("Count = %+v, %v, want %+v", n, err, want)
	}
	if got := q.view(t, conversation.Filter{View: conversation.ViewOpen, Channel: "telegram"}); !slices.Equal(got, []string{second}) {
		t.Errorf("telegram's = %v, want %s", got, second)
	}
	if got := q.view(t, conversation.Filter{View: conversation.ViewOpen, Assignee: ana.StaffID}); !slices.Equal(got, []string{mine}) {
		t.Errorf("Ana's = %v, want %s", got, mine)
	}
}

func TestPagesMissAndRepeatNothing(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	for i := range 23 {
		id := q.says(t, "slack", fmt.Sprint("u", i), "hello")
		if i%2 == 0 {
			if _, err := q.Handoff(t.Context(), id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
				t.Fatal(err)
			}
		}
	}
	for v, want := range map[conversation.View]int{conversation.ViewAll: 23, conversation.ViewOpen: 23, conversation.ViewQueue: 12} {
		seen := map[string]bool{}
		cursor := ""
		for pages := 0; pages < 10; pages++ {
			rows, next, err := q.inbox.Rows(t.Context(), conversation.Filter{View: v, Limit: 5, Cursor: cursor})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range rows {
				if seen[r.State.Conversation] {
					t.Errorf("view %s shows %s twice", v, r.State.Conversation)
				}
				seen[r.State.Conversation] = true
			}
			if cursor = next; next == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("view %s has %d rows in all, want %d", v, len(seen), want)
		}
	}
	for _, bad := range []string{"x", "MjAyNg", "AAAA"} {
		if _, _, err := q.inbox.Rows(t.Context(), conversation.Filter{View: conversation.ViewAll, Limit: 5, Cursor: bad}); !errors.Is(err, conversation.ErrBadCursor) {
			t.Errorf("Rows with cursor %q = %v, want ErrBadCursor", bad, err)
		}
	}
}

func TestSearchFindsWordsAccentsAndScriptsWithoutSpaces(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	german := q.says(t, "slack", "u1", "Ich habe die Größe falsch gewählt")
	chinese := q.says(t, "slack", "u2", "请问退货需要多长时间")
	person := q.says(t, "slack", "Zoë Müller", "hello")
	q.says(t, "slack", "u4", "nothing of note")
	if _, err := q.Note(t.Context(), german, conversation.Actor{Name: "Ana"}, "wants a refund voucher"); err != nil {
		t.Fatal(err)
	}
	q.index(t)
	for text, want := range map[string][]string{
		"grosse": {german}, "GEWAHLT falsch": {german}, "退货": {chinese}, "多长时间": {chinese}, "zoe muller": {person}, "vouch": {german},
		"refund grosse": {}, "货退": {}, "nowhere": {}, "%": {}, "' | 'hello": {person},
	} {
		if got := q.view(t, conversation.Filter{View: conversation.ViewAll, Text: text}); !slices.Equal(got, want) {
			t.Errorf("search %q = %v, want %v", text, got, want)
		}
	}
	rows, _, err := q.inbox.Rows(t.Context(), conversation.Filter{View: conversation.ViewAll, Text: "grosse", Limit: 5})
	if err != nil || len(rows) != 1 || rows[0].Match == nil || rows[0].Match.Seq != 1 || !strings.Contains(rows[0].Match.Excerpt, "Größe") {
		t.Errorf("match = %+v, %v, want message 1 with Größe", rows, err)
	}
	// A new name is found, the old one no longer.
	c, err := q.inbox.Row(t.Context(), person, "")
	if err != nil {
		t.Fatal(err)
	}
	name := "Núria"
	if _, err := q.inbox.EditContact(t.Context(), c.ContactID, conversation.ContactEdit{Name: &name}); err != nil {
		t.Fatal(err)
	}
	q.index(t)
	if got := q.view(t, conversation.Filter{View: conversation.ViewAll, Text: "nuria"}); !slices.Equal(got, []string{person}) {
		t.Errorf("search of the new name = %v, want %s", got, person)
	}
	if got := q.view(t, conversation.Filter{View: conversation.ViewAll, Text: "zoe"}); len(got) != 0 {
		t.Errorf("search of the old name = %v, want nothing", got)
	}
}

func TestReadingIsEachReadersOwn(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana, ben := q.person(t, "Ana"), q.person(t, "Ben")
	id := q.says(t, "slack", "u1", "one")
	q.says(t, "slack", "u1", "two")
	unread := func(who conversation.Actor) int {
		r, err := q.inbox.Row(t.Context(), id, who.StaffID)
		if err != nil {
			t.Fatal(err)
		}
		return r.Unread
	}
	if err := q.inbox.MarkRead(t.Context(), id, ana.StaffID, 2); err != nil {
		t.Fatal(err)
	}
	if err := q.inbox.MarkRead(t.Context(), id, ana.StaffID, 1); err != nil { // a late one
		t.Fatal(err)
	}
	if a, b := unread(ana), unread(ben); a != 0 || b != 2 {
		t.Errorf("unread of Ana = %d, of Ben = %d, want 0 and 2", a, b)
	}
	if err := q.inbox.MarkRead(t.Context(), knowledge.NewID(), ana.StaffID, 1); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("MarkRead of an unknown conversation = %v, want ErrNotFound", err)
	}
	for _, c := range []struct{ seq, want int64 }{{2, 1}, {0, 1}, {1, 2}, {9, 2}} { // of what is unread already nothing changes
		if err := q.inbox.MarkUnread(t.Context(), id, ana.StaffID, c.seq); err != nil {
			t.Fatal(err)
		}
		if got := unread(ana); int64(got) != c.want {
			t.Errorf("unread after MarkUnread(%d) = %d, want %d", c.seq, got, c.want)
		}
	}
	if err := q.inbox.MarkUnread(t.Context(), id, ben.StaffID, 0); err != nil || unread(ben) != 2 {
		t.Errorf("MarkUnread of what was never read = %v with %d unread, want 2", err, unread(ben))
	}
	if err := q.inbox.MarkRead(t.Context(), id, ana.StaffID, 2); err != nil || unread(ana) != 0 {
		t.Errorf("MarkRead after MarkUnread = %v with %d unread, want none", err, unread(ana))
	}
	if err := q.inbox.MarkUnread(t.Context(), id, ana.StaffID, 0); err != nil || unread(ana) != 1 {
		t.Errorf("MarkUnread of the newest = %v with %d unread, want 1", err, unread(ana))
	}
	if err := q.inbox.MarkUnread(t.Context(), knowledge.NewID(), ana.StaffID, 1); !errors.Is(err, conversation.ErrNotFound) {
		t.Errorf("MarkUnread of an unknown conversation = %v, want ErrNotFound", err)
	}
}

func TestSnoozingEndsByTimeOrByTheCustomer(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana := q.person(t, "Ana")
	byTime, byCustomer := q.says(t, "slack", "u1", "one"), q.says(t, "slack", "u2", "two")
	for _, id := range []string{byTime, byCustomer} {
		until := time.Now().Add(time.Hour)
		for range 2 { // again changes nothing
			if err := q.inbox.Snooze(t.Context(), id, ana, until); err != nil {
				t.Fatal(err)
			}
		}
	}
	if ids, err := q.store.WakeSnoozed(t.Context(), 10); err != nil || len(ids) != 0 {
		t.Errorf("WakeSnoozed = %v, %v, want nothing yet", ids, err)
	}
	if _, err := q.pool.Exec(t.Context(), `UPDATE conversations SET snoozed_until = now() - interval '1 s' WHERE id = $1`, byTime); err != nil {
		t.Fatal(err)
	}
	if ids, err := q.store.WakeSnoozed(t.Context(), 10); err != nil || !slices.Equal(ids, []string{byTime}) {
		t.Errorf("WakeSnoozed = %v, %v, want %s", ids, err, byTime)
	}
	q.says(t, "slack", "u2", "still there?")
	for id, why := range map[string]string{byTime: "due", byCustomer: "customer_wrote"} {
		st, err := q.State(t.Context(), id)
		if err != nil || st.Status != conversation.StatusOpen {
			t.Errorf("status = %s, %v, want open", st.Status, err)
		}
		events, err := q.inbox.Timeline(t.Context(), id)
		if err != nil || len(events) != 2 || events[0].ActorName != "Ana" || events[0].Kind != "snooze" || events[1].Reason != why {
			t.Errorf("timeline = %+v, %v, want Ana's snooze and its end: %s", events, err, why)
		}
	}
	if _, err := q.inbox.Resolve(t.Context(), byTime, ana, "", 0); err != nil {
		t.Fatal(err)
	}
	if err := q.inbox.Snooze(t.Context(), byTime, ana, time.Now().Add(time.Hour)); !errors.Is(err, conversation.ErrNotCurrent) {
		t.Errorf("Snooze of a resolved one = %v, want ErrNotCurrent", err)
	}
}

func TestEveryChangeIsInTheTimelineOnce(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana, ben := q.person(t, "Ana"), q.person(t, "Ben")
	id := q.says(t, "slack", "u1", "hello")
	if _, err := q.store.SaveLabel(t.Context(), conversation.Label{Name: "Refund"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := q.inbox.SetLabels(t.Context(), id, ana, []string{"refund", "REFUND"}); err != nil {
			t.Fatal(err)
		}
		if err := q.inbox.SetPriority(t.Context(), id, ana, 3); err != nil {
			t.Fatal(err)
		}
		if err := q.inbox.Assign(t.Context(), id, ana, conversation.Assignment{Staff: ben.StaffID}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := q.Takeover(t.Context(), id, ana); err != nil {
		t.Fatal(err)
	}
	if err := q.inbox.Assign(t.Context(), id, ana, conversation.Assignment{Staff: ben.StaffID}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := q.inbox.Resolve(t.Context(), id, ben, "sent a new one", 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := q.inbox.Reopen(t.Context(), id, ana); err != nil {
			t.Fatal(err)
		}
	}
	events, err := q.inbox.Timeline(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprintf("%s %s>%s (%s) %s", e.Kind, e.From, e.To, e.Reason, e.ActorName))
	}
	want := []string{"label >Refund () Ana", "priority 0>3 () Ana", "assign >Ben (staff) Ana", "owner bot>queue (assigned) Ana", "owner queue>staff (takeover) Ana",
		"assign Ana>Ben (staff) Ana", "owner staff>staff (assigned) Ana", "status >resolved (sent a new one) Ben", "status resolved>open (reopened) Ana"}
	if !slices.Equal(got, want) {
		t.Errorf("timeline:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err := q.inbox.SetLabels(t.Context(), id, ana, []string{"none such"}); !errors.Is(err, conversation.ErrNoLabel) {
		t.Errorf("SetLabels of an unknown one = %v, want ErrNoLabel", err)
	}
	if _, err := q.inbox.Reopen(t.Context(), id, ben); !errors.As(err, new(*conversation.TakenError)) {
		t.Errorf("Reopen of what Ana has reopened = %v, want TakenError", err)
	}
}
