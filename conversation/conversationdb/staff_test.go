package conversationdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/migrations/dbtest"
)

var _ staff.Store = (*conversationdb.StaffStore)(nil)

func TestOneOfManyFirstAccountsIsMade(t *testing.T) {
	store := conversationdb.NewStaffStore(dbtest.New(t))
	if some, err := store.AnyAccount(t.Context()); err != nil || some {
		t.Fatalf("AnyAccount = %v, %v, want none", some, err)
	}
	var wg sync.WaitGroup
	results := make(chan error, 8)
	for i := range cap(results) {
		wg.Go(func() {
			_, err := store.AddFirstAccount(context.Background(), staff.Account{Email: fmt.Sprintf("a%d@x.org", i), Name: "A", Role: staff.RoleAdmin}, "hash")
			results <- err
		})
	}
	wg.Wait()
	close(results)
	made := 0
	for err := range results {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, staff.ErrExists):
			t.Errorf("AddFirstAccount = %v, want nil or ErrExists", err)
		}
	}
	if made != 1 {
		t.Errorf("%d first accounts were made, want 1", made)
	}
}

func TestAccountsAreKeptByAddress(t *testing.T) {
	store, ctx := conversationdb.NewStaffStore(dbtest.New(t)), t.Context()
	a, err := store.AddAccount(ctx, staff.Account{Email: "ana@x.org", Name: "Ana", Role: staff.RoleAgent}, "hash")
	if err != nil || a.ID == "" || a.CreatedAt.IsZero() {
		t.Fatalf("AddAccount = %+v, %v, want an id and a time", a, err)
	}
	if _, err := store.AddAccount(ctx, staff.Account{Email: "ana@x.org", Name: "Other", Role: staff.RoleAdmin}, "hash"); !errors.Is(err, staff.ErrExists) {
		t.Errorf("AddAccount again = %v, want ErrExists", err)
	}
	got, hash, err := store.AccountByEmail(ctx, "ana@x.org")
	if err != nil || got.ID != a.ID || got.Role != staff.RoleAgent || hash != "hash" {
		t.Errorf("AccountByEmail = %+v, %q, %v, want Ana", got, hash, err)
	}
	if _, _, err := store.AccountByEmail(ctx, "' OR true --"); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("AccountByEmail of nobody = %v, want ErrNotFound", err)
	}
}

func TestSessionsEndWithTimePasswordAndAccount(t *testing.T) {
	pool := dbtest.New(t)
	store, ctx := conversationdb.NewStaffStore(pool), t.Context()
	a, err := store.AddAccount(ctx, staff.Account{Email: "ana@x.org", Name: "Ana", Role: staff.RoleAgent}, "hash")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Millisecond)
	add := func(n byte, ends time.Time) staff.Hash {
		h := staff.Hash{n}
		if _, err := store.AddSession(ctx, h, a, staff.Session{CreatedAt: now, LastUsedAt: now, EndsAt: ends}); err != nil {
			t.Fatal(err)
		}
		return h
	}
	want := func(h staff.Hash, there bool, when string) {
		t.Helper()
		got, session, err := store.UseSession(ctx, h, now)
		if there && (err != nil || got.ID != a.ID || session.EndsAt.Before(now)) || !there && !errors.Is(err, staff.ErrNotFound) {
			t.Errorf("UseSession %s = %+v, %v, %v, want found: %v", when, got, session.EndsAt, err, there)
		}
	}
	live, over := add(1, now.Add(time.Hour)), add(2, now)
	want(live, true, "before its end")
	want(over, false, "at its end")
	if err := store.DeleteEndedSessions(ctx, now); err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM staff_sessions`).Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d sessions are kept, %v, want 1", rows, err)
	}
	if err := store.DeleteSession(ctx, staff.Hash{9}); err != nil {
		t.Errorf("DeleteSession of none = %v, want nil", err)
	}
	if _, err := pool.Exec(ctx, `UPDATE staff_accounts SET disabled_at = now()`); err != nil {
		t.Fatal(err)
	}
	want(live, false, "of a disabled account")
	if _, _, err := store.AccountByEmail(ctx, "ana@x.org"); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("AccountByEmail of a disabled account = %v, want ErrNotFound", err)
	}
}

func TestTokensServeUntilRevoked(t *testing.T) {
	store, ctx := conversationdb.NewStaffStore(dbtest.New(t)), t.Context()
	h := staff.Hash{7}
	made, err := store.AddToken(ctx, h, "importer", staff.RoleAdmin)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Millisecond)
	for _, at := range []time.Time{now, now.Add(30 * time.Second)} {
		if got, err := store.UseToken(ctx, h, at); err != nil || got.ID != made.ID || got.Name != "importer" || got.Role != staff.RoleAdmin {
			t.Errorf("UseToken = %+v, %v, want the importer", got, err)
		}
	}
	if got, err := store.UseToken(ctx, h, now); err != nil || !got.LastUsedAt.Equal(now) {
		t.Errorf("UseToken = %+v, %v, want it used at %v: a second use within the minute writes nothing", got, err, now)
	}
	if err := store.RevokeToken(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := store.UseToken(ctx, h, now); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("UseToken after revocation = %v, want ErrNotFound", err)
	}
	for _, id := range []string{made.ID, "no uuid", ""} {
		if err := store.RevokeToken(ctx, id); !errors.Is(err, staff.ErrNotFound) {
			t.Errorf("RevokeToken(%q) = %v, want ErrNotFound", id, err)
		}
	}
}

func TestOnceHappensOnceAndAgainAfterFailure(t *testing.T) {
	pool := dbtest.New(t)
	broken := errors.New("broken")
	if err := conversationdb.Once(t.Context(), pool, "thing", func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("Once = %v, want the failure", err)
	}
	var mu sync.Mutex
	times := 0
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			err := conversationdb.Once(context.Background(), pool, "thing", func(context.Context) error {
				mu.Lock()
				defer mu.Unlock()
				times++
				return nil
			})
			if err != nil {
				t.Errorf("Once = %v, want nil", err)
			}
		})
	}
	wg.Wait()
	if times != 1 {
		t.Errorf("it happened %d times, want once", times)
	}
}

func TestEveryReplicaGetsTheSameKey(t *testing.T) {
	pool := dbtest.New(t)
	keys := make([][]byte, 4)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = conversationdb.Key(context.Background(), pool, "signing"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != 32 || !bytes.Equal(k, keys[0]) || bytes.Equal(k, make([]byte, 32)) {
			t.Errorf("keys %x and %x, want one of 32 random bytes", keys[0], k)
		}
	}
	if other, err := conversationdb.Key(t.Context(), pool, "another"); err != nil || bytes.Equal(other, keys[0]) {
		t.Errorf("Key(another) = %x, %v, want one of its own", other, err)
	}
}
