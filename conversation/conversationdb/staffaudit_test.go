package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/migrations/dbtest"
)

func TestIdentitiesFindTheirAccount(t *testing.T) {
	store, who := people(t, "a", "b")
	ctx, now, yes := t.Context(), time.Now(), true
	id := func(subject, email string) staff.Identity {
		return staff.Identity{Issuer: "https://i.example", Subject: subject, Email: email, Verified: true, Name: "N"}
	}
	if _, err := store.AccountByIdentity(ctx, "https://i.example", "1"); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("AccountByIdentity of nobody = %v, want ErrNotFound", err)
	}
	if a, made, err := store.LinkIdentity(ctx, id("1", "a@x.org"), "", now); err != nil || made || a.ID != who["a"].ID {
		t.Errorf("LinkIdentity = %+v, %v, %v, want a", a, made, err)
	}
	if a, err := store.AccountByIdentity(ctx, "https://i.example", "1"); err != nil || a.ID != who["a"].ID {
		t.Errorf("AccountByIdentity = %+v, %v, want a", a, err)
	}
	if _, _, err := store.LinkIdentity(ctx, id("2", "a@x.org"), "", now); !errors.Is(err, staff.ErrOtherIdentity) {
		t.Errorf("LinkIdentity of another with that address = %v, want ErrOtherIdentity", err)
	}
	if _, _, err := store.LinkIdentity(ctx, id("3", "stranger@x.org"), "", now); !errors.Is(err, staff.ErrStranger) {
		t.Errorf("LinkIdentity of a stranger = %v, want ErrStranger", err)
	}
	if _, err := store.AddInvitation(ctx, staff.Hash{1}, staff.Invitation{Email: "new@x.org", Role: staff.RoleViewer, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	ids := make(chan string, 6)
	for range cap(ids) {
		wg.Go(func() {
			a, _, err := store.LinkIdentity(context.Background(), id("4", "new@x.org"), staff.RoleAdmin, now)
			if err != nil || a.Role != staff.RoleViewer {
				t.Errorf("LinkIdentity of somebody invited = %+v, %v, want a viewer", a, err)
			}
			ids <- a.ID
		})
	}
	wg.Wait()
	close(ids)
	first := <-ids
	for got := range ids {
		if got != first {
			t.Errorf("accounts %s and %s for one person, want one", first, got)
		}
	}
	if _, err := store.Invitation(ctx, staff.Hash{1}, now); !errors.Is(err, staff.ErrInvitation) {
		t.Errorf("Invitation after that = %v, want it used up", err)
	}
	if a, made, err := store.LinkIdentity(ctx, id("5", "c@x.org"), staff.RoleAgent, now); err != nil || !made || a.Role != staff.RoleAgent {
		t.Errorf("LinkIdentity with a fallback = %+v, %v, %v, want a new agent", a, made, err)
	}
	if _, err := store.ChangeAccount(ctx, who["b"].ID, staff.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.LinkIdentity(ctx, id("6", "b@x.org"), staff.RoleAgent, now); !errors.Is(err, staff.ErrDisabled) {
		t.Errorf("LinkIdentity of a disabled account = %v, want ErrDisabled", err)
	}
}

func TestTheAuditLogOnlyGrows(t *testing.T) {
	pool := dbtest.New(t)
	store, ctx := conversationdb.NewStaffStore(pool), t.Context()
	now := time.Now()
	for i := range 7 {
		e := staff.AuditEntry{At: now.Add(time.Duration(i-6) * 20 * 24 * time.Hour), Actor: staff.Actor{Kind: staff.ActorStaff, ID: fmt.Sprint("a", i%2), Name: "A"},
			Action: "POST /x", Target: "t", Detail: map[string]string{"n": fmt.Sprint(i)}, IP: "192.0.2.1"}
		if err := store.AddAudit(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []string{`UPDATE audit_entries SET actor_name = 'B'`, `DELETE FROM audit_entries`, `TRUNCATE audit_entries`,
		`SET frontdesk.audit_retention = 'on'; DELETE FROM audit_entries; RESET frontdesk.audit_retention`} {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Conn().PgConn().Exec(ctx, q).ReadAll(); err == nil {
			t.Errorf("%s = nil, want it refused", q)
		}
		conn.Conn().Close(ctx) // whatever it set ends with it
		conn.Release()
	}
	var got []string
	cursor := ""
	for {
		list, next, err := store.AuditPage(ctx, staff.AuditFilter{}, cursor, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			got = append(got, e.Detail["n"])
		}
		if cursor = next; next == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[6 5 4 3 2 1 0]" {
		t.Errorf("pages = %v, want the newest first, each once", got)
	}
	if list, _, err := store.AuditPage(ctx, staff.AuditFilter{Actor: "a1", Action: "POST /x", Target: "t"}, "", 10); err != nil || len(list) != 3 {
		t.Errorf("AuditPage of a1 = %d entries, %v, want 3", len(list), err)
	}
	if list, _, err := store.AuditPage(ctx, staff.AuditFilter{Action: "POST /y"}, "", 10); err != nil || len(list) != 0 {
		t.Errorf("AuditPage of another action = %d entries, %v, want none", len(list), err)
	}
	if _, _, err := store.AuditPage(ctx, staff.AuditFilter{}, "x", 10); !errors.Is(err, conversation.ErrBadCursor) {
		t.Errorf("AuditPage with a bad cursor = %v, want ErrBadCursor", err)
	}
	if n, err := store.DeleteAudit(ctx, now); err != nil || n != 5 {
		t.Errorf("DeleteAudit = %d, %v, want the 5 older than 30 days", n, err)
	}
}
