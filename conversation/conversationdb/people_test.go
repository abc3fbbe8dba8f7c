package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// people is a store with admins named by letters.
func people(t *testing.T, admins ...string) (*conversationdb.StaffStore, map[string]staff.Account) {
	t.Helper()
	return peopleIn(t, dbtest.New(t), admins...)
}

func peopleIn(t *testing.T, pool *pgxpool.Pool, admins ...string) (*conversationdb.StaffStore, map[string]staff.Account) {
	t.Helper()
	store, out := conversationdb.NewStaffStore(pool), map[string]staff.Account{}
	for _, name := range admins {
		a, err := store.AddAccount(t.Context(), staff.Account{Email: name + "@x.org", Name: name, Role: staff.RoleAdmin}, "hash")
		if err != nil {
			t.Fatal(err)
		}
		out[name] = a
	}
	return store, out
}

func TestTwoAdminsCannotDemoteEachOther(t *testing.T) {
	store, who := people(t, "a", "b")
	agent, yes := staff.RoleAgent, true
	for round := range 10 {
		changes := map[string]staff.Change{"a": {Role: &agent}, "b": {Disabled: &yes}}
		results := make(chan error, 2)
		var wg sync.WaitGroup
		for name, c := range changes {
			wg.Go(func() {
				_, err := store.ChangeAccount(context.Background(), who[name].ID, c)
				results <- err
			})
		}
		wg.Wait()
		close(results)
		done := 0
		for err := range results {
			if err == nil {
				done++
			} else if !errors.Is(err, staff.ErrLastAdmin) {
				t.Errorf("ChangeAccount = %v, want nil or ErrLastAdmin", err)
			}
		}
		if done != 1 {
			t.Fatalf("round %d: %d admins went at once, want 1", round, done)
		}
		admin, no := staff.RoleAdmin, false
		for name := range changes {
			if _, err := store.ChangeAccount(t.Context(), who[name].ID, staff.Change{Role: &admin, Disabled: &no}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestChangingAnAccount(t *testing.T) {
	pool := dbtest.New(t)
	store, who := peopleIn(t, pool, "a", "b")
	ctx, name, away, yes, no := t.Context(), "Ana", staff.StatusAway, true, false
	got, err := store.ChangeAccount(ctx, who["a"].ID, staff.Change{Name: &name, Status: &away})
	if err != nil || got.Name != name || got.Status != away || got.Role != staff.RoleAdmin || got.Disabled || got.Credentials != 0 {
		t.Errorf("ChangeAccount = %+v, %v, want Ana, away, and the rest as it was", got, err)
	}
	now := time.Now()
	if _, err := store.AddSession(ctx, staff.Hash{1}, got, staff.Session{CreatedAt: now, LastUsedAt: now, EndsAt: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if list, err := store.Members(ctx); err != nil || len(list) != 2 || list[0].Online {
		t.Errorf("Members = %+v, %v, want nobody online without a console open", list, err)
	}
	if err := conversationdb.New(pool).StaffHere(ctx, knowledge.NewID(), who["a"].ID); err != nil {
		t.Fatal(err)
	}
	if list, err := store.Members(ctx); err != nil || len(list) != 2 || list[0].Name != "Ana" || !list[0].Online || list[1].Online {
		t.Errorf("Members = %+v, %v, want Ana online and b not", list, err)
	}
	if got, err = store.ChangeAccount(ctx, who["a"].ID, staff.Change{Disabled: &yes}); err != nil || !got.Disabled {
		t.Errorf("ChangeAccount = %+v, %v, want it disabled", got, err)
	}
	if got, err = store.ChangeAccount(ctx, who["a"].ID, staff.Change{Disabled: &no}); err != nil || got.Disabled {
		t.Errorf("ChangeAccount = %+v, %v, want it enabled", got, err)
	}
	if _, _, err := store.UseSession(ctx, staff.Hash{1}, now); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("UseSession after disabling and enabling = %v, want ErrNotFound", err)
	}
	for _, id := range []string{"00000000-0000-7000-8000-000000000000", "no uuid", ""} {
		if _, err := store.ChangeAccount(ctx, id, staff.Change{Name: &name}); !errors.Is(err, staff.ErrNotFound) {
			t.Errorf("ChangeAccount(%q) = %v, want ErrNotFound", id, err)
		}
	}
}

func TestNoSessionOutlivesAChangeOfPassword(t *testing.T) {
	store, who := people(t, "a")
	ctx, now := t.Context(), time.Now()
	a := who["a"]
	session := staff.Session{CreatedAt: now, LastUsedAt: now, EndsAt: now.Add(time.Hour)}
	for round := range 20 {
		old, fresh := fmt.Sprint("hash", round), fmt.Sprint("hash", round+1)
		if round == 0 {
			old = "hash"
		}
		h := staff.Hash{byte(round), 1}
		var wg sync.WaitGroup
		wg.Go(func() { // signing in with the old password
			if _, err := store.AddSession(context.Background(), h, a, session); err != nil && !errors.Is(err, staff.ErrNotFound) {
				t.Errorf("AddSession = %v, want nil or ErrNotFound", err)
			}
		})
		wg.Go(func() {
			if err := store.SetPassword(context.Background(), a.ID, old, fresh, ""); err != nil {
				t.Errorf("SetPassword = %v, want none", err)
			}
		})
		wg.Wait()
		if _, _, err := store.UseSession(ctx, h, now); !errors.Is(err, staff.ErrNotFound) {
			t.Fatalf("round %d: UseSession of one begun with the old password = %v, want ErrNotFound", round, err)
		}
		var err error
		if a, err = store.AnyAccountByEmail(ctx, a.Email); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.SetPassword(ctx, a.ID, "not its hash", "x", ""); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("SetPassword in place of another = %v, want ErrNotFound", err)
	}
}

func TestAChangeOfPasswordKeepsOneSession(t *testing.T) {
	store, who := people(t, "a", "b")
	ctx, now := t.Context(), time.Now()
	var ids []string
	for i, name := range []string{"a", "a", "b"} {
		s, err := store.AddSession(ctx, staff.Hash{byte(i)}, who[name], staff.Session{CreatedAt: now, LastUsedAt: now, EndsAt: now.Add(time.Hour), IP: "192.0.2.1", Agent: "Firefox"})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.ID)
	}
	if err := store.EndSession(ctx, who["a"].ID, ids[2]); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("EndSession of another's = %v, want ErrNotFound", err)
	}
	if err := store.SetPassword(ctx, who["a"].ID, "hash", "fresh", ids[1]); err != nil {
		t.Fatal(err)
	}
	list, err := store.AccountSessions(ctx, who["a"].ID, now)
	if err != nil || len(list) != 1 || list[0].ID != ids[1] || list[0].IP != "192.0.2.1" || list[0].Agent != "Firefox" {
		t.Errorf("AccountSessions = %+v, %v, want the one that was kept", list, err)
	}
	if list, err := store.AccountSessions(ctx, who["b"].ID, now); err != nil || len(list) != 1 {
		t.Errorf("AccountSessions of another = %+v, %v, want theirs untouched", list, err)
	}
}

func TestASessionsUseIsNotedOnceAMinute(t *testing.T) {
	store, who := people(t, "a")
	ctx, now := t.Context(), time.Now().Truncate(time.Millisecond)
	if _, err := store.AddSession(ctx, staff.Hash{1}, who["a"], staff.Session{CreatedAt: now, LastUsedAt: now, EndsAt: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, want time.Duration }{{30 * time.Second, 0}, {2 * time.Minute, 2 * time.Minute}, {150 * time.Second, 2 * time.Minute}} {
		if _, _, err := store.UseSession(ctx, staff.Hash{1}, now.Add(c.at)); err != nil {
			t.Fatal(err)
		}
		if list, err := store.AccountSessions(ctx, who["a"].ID, now); err != nil || !list[0].LastUsedAt.Equal(now.Add(c.want)) {
			t.Errorf("after a use at +%v the last is %v, %v, want +%v", c.at, list[0].LastUsedAt, err, c.want)
		}
	}
}

func TestSecondFactorsAreKept(t *testing.T) {
	store, who := people(t, "a", "b")
	ctx, id := t.Context(), who["a"].ID
	if _, _, err := store.TOTP(ctx, id); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("TOTP of none = %v, want ErrNotFound", err)
	}
	for _, sealed := range []string{"first", "second"} {
		if err := store.BeginTOTP(ctx, id, []byte(sealed)); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.ConfirmTOTP(ctx, id, []byte("first"), 7, nil); !errors.Is(err, staff.ErrTOTPOff) {
		t.Errorf("ConfirmTOTP of one begun before = %v, want ErrTOTPOff", err)
	}
	if err := store.ConfirmTOTP(ctx, id, []byte("second"), 7, []staff.Hash{{1}, {2}}); err != nil {
		t.Fatal(err)
	}
	if sealed, on, err := store.TOTP(ctx, id); err != nil || !on || string(sealed) != "second" {
		t.Errorf("TOTP = %q, %v, %v, want the second, in use", sealed, on, err)
	}
	if err := store.BeginTOTP(ctx, id, []byte("third")); !errors.Is(err, staff.ErrTOTPOn) {
		t.Errorf("BeginTOTP over one in use = %v, want ErrTOTPOn", err)
	}
	for _, c := range []struct {
		step int64
		want error
	}{{7, staff.ErrTOTPWrong}, {9, nil}, {9, staff.ErrTOTPWrong}, {8, staff.ErrTOTPWrong}, {10, nil}} {
		if err := store.UseTOTPStep(ctx, id, c.step); !errors.Is(err, c.want) {
			t.Errorf("UseTOTPStep(%d) = %v, want %v", c.step, err, c.want)
		}
	}
	now := time.Now()
	if err := store.UseRecoveryCode(ctx, who["b"].ID, staff.Hash{1}, now); !errors.Is(err, staff.ErrTOTPWrong) {
		t.Errorf("UseRecoveryCode by another = %v, want ErrTOTPWrong", err)
	}
	for _, want := range []error{nil, staff.ErrTOTPWrong} {
		if err := store.UseRecoveryCode(ctx, id, staff.Hash{1}, now); !errors.Is(err, want) {
			t.Errorf("UseRecoveryCode = %v, want %v", err, want)
		}
	}
	if a, err := store.AnyAccountByEmail(ctx, "a@x.org"); err != nil || !a.TOTP {
		t.Errorf("account = %+v, %v, want its second factor known", a, err)
	}
	for _, want := range []error{nil, staff.ErrTOTPOff} {
		if err := store.ClearTOTP(ctx, id); !errors.Is(err, want) {
			t.Errorf("ClearTOTP = %v, want %v", err, want)
		}
	}
	if err := store.UseRecoveryCode(ctx, id, staff.Hash{2}, now); !errors.Is(err, staff.ErrTOTPWrong) {
		t.Errorf("UseRecoveryCode after the factor is gone = %v, want ErrTOTPWrong", err)
	}
}

func TestAnInvitationIsAcceptedOnce(t *testing.T) {
	store, _ := people(t, "a")
	ctx, now := t.Context(), time.Now().Truncate(time.Millisecond)
	invite := func(n byte, email string) (staff.Invitation, error) {
		return store.AddInvitation(ctx, staff.Hash{n}, staff.Invitation{Email: email, Role: staff.RoleAgent, InvitedBy: "a", CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	}
	if _, err := invite(9, "a@x.org"); !errors.Is(err, staff.ErrExists) {
		t.Errorf("AddInvitation of a member = %v, want ErrExists", err)
	}
	if _, err := invite(1, "new@x.org"); err != nil {
		t.Fatal(err)
	}
	if _, err := invite(2, "new@x.org"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Invitation(ctx, staff.Hash{1}, now); !errors.Is(err, staff.ErrInvitation) {
		t.Errorf("Invitation replaced = %v, want ErrInvitation", err)
	}
	if _, err := store.Invitation(ctx, staff.Hash{2}, now.Add(time.Hour)); !errors.Is(err, staff.ErrInvitation) {
		t.Errorf("Invitation too old = %v, want ErrInvitation", err)
	}
	if list, err := store.OpenInvitations(ctx, now); err != nil || len(list) != 1 || list[0].Email != "new@x.org" || list[0].InvitedBy != "a" {
		t.Errorf("OpenInvitations = %+v, %v, want the newer", list, err)
	}
	results := make(chan error, 6)
	var wg sync.WaitGroup
	for range cap(results) {
		wg.Go(func() {
			_, err := store.Accept(context.Background(), staff.Hash{2}, "New", "hash", now)
			results <- err
		})
	}
	wg.Wait()
	close(results)
	made := 0
	for err := range results {
		if err == nil {
			made++
		} else if !errors.Is(err, staff.ErrInvitation) {
			t.Errorf("Accept = %v, want nil or ErrInvitation", err)
		}
	}
	if a, err := store.AnyAccountByEmail(ctx, "new@x.org"); made != 1 || err != nil || a.Role != staff.RoleAgent || a.Name != "New" {
		t.Errorf("%d accepted, account %+v, %v, want one agent", made, a, err)
	}
	other, err := invite(3, "other@x.org")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []error{nil, staff.ErrNotFound} {
		if err := store.EndInvitation(ctx, other.ID, now); !errors.Is(err, want) {
			t.Errorf("EndInvitation = %v, want %v", err, want)
		}
	}
	if _, err := store.Accept(ctx, staff.Hash{3}, "Other", "hash", now); !errors.Is(err, staff.ErrInvitation) {
		t.Errorf("Accept of one taken back = %v, want ErrInvitation", err)
	}
	if _, err := invite(4, "late@x.org"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.AddAccount(ctx, staff.Account{Email: "late@x.org", Name: "L", Role: staff.RoleViewer}, "hash"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Accept(ctx, staff.Hash{4}, "Late", "hash", now); !errors.Is(err, staff.ErrExists) {
		t.Errorf("Accept for an address taken since = %v, want ErrExists", err)
	}
}
