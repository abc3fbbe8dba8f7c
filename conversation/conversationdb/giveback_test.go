package conversationdb_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func TestWhoMayAnswerNoMoreHoldsNothing(t *testing.T) {
	for name, change := range map[string]staff.Change{
		"disabled":      {Disabled: new(true)},
		"made a viewer": {Role: new(staff.RoleViewer)},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQuiet(t, dbtest.URL(t))
			ctx, ana, eve := t.Context(), q.person(t, "Ana"), q.person(t, "Eve")
			take := func(by conversation.Actor) string {
				id := q.says(t, "slack", knowledge.NewID(), "hello")
				if _, err := q.Takeover(ctx, id, by); err != nil {
					t.Fatal(err)
				}
				return id
			}
			held, off, done, hers := take(ana), take(ana), take(ana), take(eve)
			if err := q.inbox.Snooze(ctx, off, ana, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if _, err := q.inbox.Resolve(ctx, done, ana, "", 0); err != nil {
				t.Fatal(err)
			}
			change.By = eve.StaffID
			if _, err := conversationdb.NewStaffStore(q.pool).ChangeAccount(ctx, ana.StaffID, change); err != nil {
				t.Fatal(err)
			}
			for id, want := range map[string]struct {
				owner  conversation.Owner
				status conversation.Status
			}{
				held: {conversation.OwnerQueue, conversation.StatusOpen}, off: {conversation.OwnerQueue, conversation.StatusSnoozed},
				done: {conversation.OwnerStaff, conversation.StatusResolved}, hers: {conversation.OwnerStaff, conversation.StatusOpen},
			} {
				if st, err := q.State(ctx, id); err != nil || st.Owner != want.owner || st.Status != want.status {
					t.Errorf("State = %s %s, %v, want %s %s", st.Owner, st.Status, err, want.owner, want.status)
				}
			}
			var reason, actor string
			const newest = `SELECT reason, actor FROM ownership_events WHERE conversation_id = $1 ORDER BY id DESC LIMIT 1`
			if err := q.pool.QueryRow(ctx, newest, held).Scan(&reason, &actor); err != nil || reason != string(conversation.ReasonGone) || actor != eve.StaffID {
				t.Errorf("the reason is %s by %s, %v, want %s by Eve", reason, actor, err, conversation.ReasonGone)
			}
			ms, err := q.Transcript(ctx, held, 0, 50)
			if err != nil || !strings.HasPrefix(ms[len(ms)-1].Text, "Ana has left the chat") {
				t.Errorf("the customer was told %+v, %v, want that Ana has left", ms[len(ms)-1], err)
			}
			if r, err := q.inbox.Row(ctx, held, ""); err != nil || r.Assignee.ID != "" {
				t.Errorf("assigned to %+v, %v, want nobody", r.Assignee, err)
			}
			if _, err := q.Reply(ctx, held, ana, "one more thing", ""); !errors.Is(err, conversation.ErrNotCurrent) {
				t.Errorf("Reply = %v, want ErrNotCurrent", err)
			}
		})
	}
}

// Whoever is disabled while they take conversations ends with none, whichever was first.
func TestNobodyTakesAConversationWhileBeingDisabled(t *testing.T) {
	url := dbtest.URL(t)
	a, b := newQuiet(t, url), newQuiet(t, url)
	store := conversationdb.NewStaffStore(a.pool)
	for round := range 20 {
		who := a.person(t, fmt.Sprint("P", round))
		ids := make([]string, 4)
		for i := range ids {
			ids[i] = a.says(t, "slack", knowledge.NewID(), "hello")
		}
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() {
				if _, err := b.Takeover(t.Context(), id, who); err != nil && !errors.Is(err, conversation.ErrNotCurrent) {
					t.Errorf("Takeover = %v, want success or ErrNotCurrent", err)
				}
			})
		}
		wg.Go(func() {
			if _, err := store.ChangeAccount(t.Context(), who.StaffID, staff.Change{Disabled: new(true)}); err != nil {
				t.Errorf("ChangeAccount = %v", err)
			}
		})
		wg.Wait()
		var held int
		if err := a.pool.QueryRow(t.Context(), `SELECT count(*) FROM conversations WHERE staff_id = $1`, who.StaffID).Scan(&held); err != nil || held > 0 {
			t.Errorf("round %d: a disabled account holds %d conversations, %v, want none", round, held, err)
		}
	}
}
