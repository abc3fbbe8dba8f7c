package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5"
)

func TestRoundRobinGoesByPresenceAndLoad(t *testing.T) {
	q := newQuiet(t, dbtest.URL(t))
	ana, ben, eve := q.person(t, "Ana"), q.person(t, "Ben"), q.person(t, "Eve")
	auto := func() string {
		id := q.says(t, "slack", knowledge.NewID(), "help")
		if err := q.inbox.Assign(t.Context(), id, eve, conversation.Assignment{Auto: true}); err != nil {
			t.Fatal(err)
		}
		r, err := q.inbox.Row(t.Context(), id, "")
		if err != nil {
			t.Fatal(err)
		}
		return r.Assignee.Name
	}
	id := q.says(t, "slack", "u1", "anybody?")
	if err := q.inbox.Assign(t.Context(), id, eve, conversation.Assignment{Auto: true}); !errors.Is(err, conversation.ErrNobody) {
		t.Errorf("Assign with nobody online = %v, want ErrNobody", err)
	}
	for _, who := range []conversation.Actor{ana, ben} {
		if err := q.StaffHere(t.Context(), knowledge.NewID(), who.StaffID); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]int{}
	for range 6 {
		counts[auto()]++
	}
	if counts["Ana"] != 3 || counts["Ben"] != 3 {
		t.Errorf("six conversations went to %v, want three to each who is online", counts)
	}
	// Who resolves is freer, and the next one is theirs.
	for _, id := range q.view(t, conversation.Filter{View: conversation.ViewMine, Me: ben.StaffID}) {
		if _, err := q.inbox.Resolve(t.Context(), id, ben, "", 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := auto(); got != "Ben" {
		t.Errorf("the next one went to %s, want Ben, who has none", got)
	}
	team, err := q.store.SaveTeam(t.Context(), conversation.Team{Name: "Billing", Members: []string{ana.StaffID, eve.StaffID}})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.inbox.Assign(t.Context(), id, ben, conversation.Assignment{Team: team.ID, Auto: true}); err != nil {
		t.Fatal(err)
	}
	if r, err := q.inbox.Row(t.Context(), id, ""); err != nil || r.Assignee.ID != ana.StaffID || r.Team.Name != "Billing" {
		t.Errorf("the team's went to %+v of %+v, %v, want Ana, who is online", r.Assignee, r.Team, err)
	}
}

func TestOfTwoAtOnceOneWinsOnTwoReplicas(t *testing.T) {
	url := dbtest.URL(t)
	a, b := newQuiet(t, url), newQuiet(t, url)
	ana, ben := a.person(t, "Ana"), a.person(t, "Ben")
	type act func(ctx context.Context, q quiet, id string, by conversation.Actor) error
	acts := map[string]act{
		"takeover": func(ctx context.Context, q quiet, id string, by conversation.Actor) error {
			_, err := q.Takeover(ctx, id, by)
			return err
		},
		"assign": func(ctx context.Context, q quiet, id string, by conversation.Actor) error {
			return q.inbox.Assign(ctx, id, by, conversation.Assignment{Staff: by.StaffID})
		},
		"resolve": func(ctx context.Context, q quiet, id string, by conversation.Actor) error {
			_, err := q.inbox.Resolve(ctx, id, by, "done", 0)
			return err
		},
		"reopen": func(ctx context.Context, q quiet, id string, by conversation.Actor) error {
			_, err := q.inbox.Reopen(ctx, id, by)
			return err
		},
		"snooze": func(ctx context.Context, q quiet, id string, by conversation.Actor) error {
			return q.inbox.Snooze(ctx, id, by, time.Now().Add(time.Hour))
		},
		"write": func(ctx context.Context, q quiet, id string, by conversation.Actor) error {
			_, err := q.Receive(ctx, conversation.Inbound{Conversation: id, Channel: "slack", ExternalID: knowledge.NewID(), Text: "more"})
			return err
		},
	}
	var wg sync.WaitGroup
	ids := make([]string, 12)
	for i := range ids {
		ids[i] = a.says(t, "slack", fmt.Sprint("u", i), "hello")
		for _, do := range acts {
			for _, one := range []struct {
				q  quiet
				by conversation.Actor
			}{{a, ana}, {b, ben}} {
				wg.Go(func() {
					err := do(t.Context(), one.q, ids[i], one.by)
					if err != nil && !errors.Is(err, conversation.ErrNotCurrent) && !errors.As(err, new(*conversation.TakenError)) {
						t.Errorf("%v, want success, ErrNotCurrent or TakenError", err)
					}
				})
			}
		}
	}
	wg.Wait()
	for _, id := range ids {
		st, err := a.State(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if (st.Owner == conversation.OwnerStaff) != (st.StaffID != "") {
			t.Errorf("owner %s with staff %q", st.Owner, st.StaffID)
		}
		ms, err := a.Transcript(t.Context(), id, 0, 500)
		if err != nil || len(ms) != int(st.Seq) || ms[len(ms)-1].Seq != st.Seq {
			t.Errorf("the log has %d messages of %d, %v", len(ms), st.Seq, err)
		}
		rows, err := a.pool.Query(t.Context(), `SELECT from_owner, to_owner FROM ownership_events WHERE conversation_id = $1 ORDER BY id`, id)
		if err != nil {
			t.Fatal(err)
		}
		owner, from, to := "bot", "", ""
		_, err = pgx.ForEachRow(rows, []any{&from, &to}, func() error {
			if from != owner { // what one change leaves the next one finds
				t.Errorf("the owner was %s and changed from %s", owner, from)
			}
			owner = to
			return nil
		})
		if err != nil || owner != string(st.Owner) {
			t.Errorf("the changes end with %s, %v, the conversation with %s", owner, err, st.Owner)
		}
	}
}

func TestTwoReopenAtOnceAndOneIsTold(t *testing.T) {
	url := dbtest.URL(t)
	a, b := newQuiet(t, url), newQuiet(t, url)
	ana, ben := a.person(t, "Ana"), a.person(t, "Ben")
	for i := range 10 {
		id := a.says(t, "slack", fmt.Sprint("u", i), "hello")
		if _, err := a.inbox.Resolve(t.Context(), id, ana, "", 0); err != nil {
			t.Fatal(err)
		}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		wg.Go(func() { _, errs[0] = a.inbox.Reopen(t.Context(), id, ana) })
		wg.Go(func() { _, errs[1] = b.inbox.Reopen(t.Context(), id, ben) })
		wg.Wait()
		lost := 0
		for _, err := range errs {
			if errors.As(err, new(*conversation.TakenError)) {
				lost++
			} else if err != nil {
				t.Errorf("Reopen = %v, want success or TakenError", err)
			}
		}
		if lost != 1 {
			t.Errorf("%d of two lost, want one", lost)
		}
	}
}
