package staff

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a clock that moves when it is told to.
type clock struct {
	mu sync.Mutex // guards t
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newService(t *testing.T) (*Service, *memory, *clock) {
	t.Helper()
	m, c := newMemory(), &clock{t: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	s := New(m, c.now)
	if _, err := s.Add(t.Context(), "Ana.Lima@Example.com ", "a good password", RoleAgent); err != nil {
		t.Fatal(err)
	}
	return s, m, c
}

func TestEachRoleMayDoWhatTheOnesBelowMay(t *testing.T) {
	order := []Role{RoleViewer, RoleAgent, RoleAdmin}
	for i, have := range order {
		for j, least := range order {
			if got := have.Allows(least); got != (i >= j) {
				t.Errorf("%s.Allows(%s) = %v, want %v", have, least, got, i >= j)
			}
		}
	}
	for _, odd := range []Role{"", "owner", "Admin"} {
		if odd.Allows(RoleViewer) || RoleAdmin.Allows(odd) || odd.Allows(odd) {
			t.Errorf("role %q takes part in permissions, want it to have none", odd)
		}
	}
}

func TestEmailsHaveOneSpelling(t *testing.T) {
	for _, good := range []struct{ in, want string }{
		{" Ana@Example.COM ", "ana@example.com"}, {"admin@localhost", "admin@localhost"}, {"o'neil+x@a-b.example", "o'neil+x@a-b.example"},
	} {
		if got, err := NormalizeEmail(good.in); err != nil || got != good.want {
			t.Errorf("NormalizeEmail(%q) = %q, %v, want %q", good.in, got, err, good.want)
		}
	}
	for _, bad := range []string{"", "ana", "ana@", "@x", "Ana <ana@x.org>", "a@x.org, b@x.org", "a b@x.org", "a\x00@x.org",
		"a@x.org\r\nBcc: b@x.org", strings.Repeat("a", 250) + "@x.org", "\xff@x.org", `"a b"@x.org`} {
		if got, err := NormalizeEmail(bad); !errors.Is(err, ErrEmail) {
			t.Errorf("NormalizeEmail(%q) = %q, %v, want ErrEmail", bad, got, err)
		}
	}
}

func FuzzNormalizeEmail(f *testing.F) {
	for _, s := range []string{"ana@example.com", "Ana <ana@x.org>", "İ@x.org", "a@[127.0.0.1]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := NormalizeEmail(s)
		if err != nil {
			return
		}
		if again, err := NormalizeEmail(got); err != nil || again != got {
			t.Errorf("NormalizeEmail(%q) = %q, and of that %q, %v; want it unchanged", s, got, again, err)
		}
	})
}

func TestLoginByAnySpellingOfTheAddress(t *testing.T) {
	s, _, _ := newService(t)
	secret, who, err := s.Login(t.Context(), Credentials{Email: "ANA.lima@example.com", Password: "a good password"}, Device{IP: "192.0.2.1"})
	if err != nil {
		t.Fatalf("Login = %v, want none", err)
	}
	if who.Name != "Ana Lima" || who.Role != RoleAgent || who.Token {
		t.Errorf("Login gives %+v, want Ana Lima, agent, by session", who)
	}
	if got, err := s.Session(t.Context(), secret); err != nil || got.ID != who.ID {
		t.Errorf("Session = %+v, %v, want the one who signed in", got, err)
	}
}

func TestAFailedLoginDoesNotTellWhy(t *testing.T) {
	s, _, _ := newService(t)
	for _, c := range []struct{ email, password string }{
		{"ana.lima@example.com", "a wrong password"}, {"nobody@example.com", "a good password"}, {"no address", "x"},
		{"", ""}, {"ana.lima@example.com", strings.Repeat("x", 1<<20)},
	} {
		if _, _, err := s.Login(t.Context(), Credentials{Email: c.email, Password: c.password}, Device{IP: "192.0.2.1"}); !errors.Is(err, ErrLogin) {
			t.Errorf("Login(%q) = %v, want ErrLogin", c.email, err)
		}
	}
}

func TestGuessingIsSlowedDownAndNobodyIsLockedOut(t *testing.T) {
	s, _, c := newService(t)
	login := func(password, from string) error {
		_, _, err := s.Login(t.Context(), Credentials{Email: "ana.lima@example.com", Password: password}, Device{IP: from})
		return err
	}
	for range pairBurst {
		if err := login("wrong password", "192.0.2.66"); !errors.Is(err, ErrLogin) {
			t.Fatalf("Login = %v, want ErrLogin", err)
		}
	}
	var slow *SlowDownError
	if err := login("a good password", "192.0.2.66"); !errors.As(err, &slow) {
		t.Fatalf("Login after %d failures = %v, want a *SlowDownError even for the right password", pairBurst, err)
	}
	if err := login("a good password", "198.51.100.7"); err != nil {
		t.Errorf("Login from elsewhere = %v, want none: an attacker must not lock a person out", err)
	}
	c.add(slow.After)
	if err := login("a good password", "192.0.2.66"); err != nil {
		t.Errorf("Login after the wait it asked for = %v, want none", err)
	}
}

func TestAttemptsAtTheSameMomentAllCount(t *testing.T) {
	s, _, _ := newService(t)
	var wg sync.WaitGroup
	results := make(chan error, 4*pairBurst)
	for range 4 * pairBurst {
		wg.Go(func() {
			_, _, err := s.Login(t.Context(), Credentials{Email: "ana.lima@example.com", Password: "wrong password"}, Device{IP: "192.0.2.66"})
			results <- err
		})
	}
	wg.Wait()
	close(results)
	tried := 0
	for err := range results {
		if errors.Is(err, ErrLogin) {
			tried++
		}
	}
	if tried != pairBurst {
		t.Errorf("%d passwords were tried, want %d", tried, pairBurst)
	}
}

func TestOneAddressCannotTryManyAccounts(t *testing.T) {
	th := newThrottle()
	now := time.Unix(1e9, 0)
	for i := range addrBurst {
		if err := th.attempt(fmt.Sprint(i), network("2001:db8::1"), now); err != nil {
			t.Fatalf("attempt %d = %v, want none", i, err)
		}
	}
	if err := th.attempt("another", network("2001:db8::ffff"), now); err == nil {
		t.Error("attempt from the same /64 = nil, want a wait")
	}
	if err := th.attempt("another", network("2001:db8:0:1::1"), now); err != nil {
		t.Errorf("attempt from another /64 = %v, want none", err)
	}
}

func TestBucketsStayBounded(t *testing.T) {
	b := newBuckets(1, time.Minute, 100)
	now := time.Unix(1e9, 0)
	for i := range 10_000 {
		b.take(fmt.Sprint(i), now)
	}
	if len(b.byKey) != 100 || b.order.Len() != 100 {
		t.Errorf("%d buckets, %d in order, want 100 of both", len(b.byKey), b.order.Len())
	}
	if b.take("9999", now) == 0 {
		t.Error("take of the newest bucket = 0, want a wait: it must not have been dropped")
	}
}

func TestSessionsEnd(t *testing.T) {
	s, _, c := newService(t)
	login := func() string {
		secret, _, err := s.Login(t.Context(), Credentials{Email: "ana.lima@example.com", Password: "a good password"}, Device{IP: "192.0.2.1"})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	gone := func(secret, why string) {
		t.Helper()
		if _, err := s.Session(t.Context(), secret); !errors.Is(err, ErrUnauthenticated) {
			t.Errorf("Session %s = %v, want ErrUnauthenticated", why, err)
		}
	}
	left := login()
	if err := s.Logout(t.Context(), left); err != nil {
		t.Fatal(err)
	}
	gone(left, "after logout")

	old := login()
	c.add(SessionLife - time.Second)
	if _, err := s.Session(t.Context(), old); err != nil {
		t.Errorf("Session a second before its end = %v, want none", err)
	}
	c.add(time.Second)
	gone(old, "at its end")
	gone("", "without secret")
	gone(strings.Repeat("A", 43), "with a made-up secret")
}

func TestOnlyHashesAreStored(t *testing.T) {
	s, m, _ := newService(t)
	secret, _, err := s.Login(t.Context(), Credentials{Email: "ana.lima@example.com", Password: "a good password"}, Device{IP: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := s.CreateToken(t.Context(), "importer", RoleAdmin)
	if err != nil {
		t.Fatal(err)
	}
	kept := fmt.Sprintf("%v %v %v %v", m.accounts, m.sessions, m.tokens, m.hashes)
	for _, s := range []string{secret, token, strings.TrimPrefix(token, tokenPrefix), "a good password"} {
		if strings.Contains(kept, s) {
			t.Errorf("the store has the secret %q, want only hashes", s)
		}
	}
	if !strings.HasPrefix(m.hashes["ana.lima@example.com"], "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("password hash is %.40q, want argon2id at OWASP's cost", m.hashes["ana.lima@example.com"])
	}
}

func TestTokensOpenUntilRevoked(t *testing.T) {
	s, _, _ := newService(t)
	secret, token, err := s.CreateToken(t.Context(), "  importer ", RoleAdmin)
	if err != nil || token.Name != "importer" || !strings.HasPrefix(secret, "fd_") {
		t.Fatalf("CreateToken = %q, %+v, %v, want an fd_ token named importer", secret, token, err)
	}
	if who, err := s.Token(t.Context(), secret); err != nil || who.Name != "importer" || who.Role != RoleAdmin || !who.Token {
		t.Errorf("Token = %+v, %v, want the admin token importer", who, err)
	}
	for _, bad := range []string{"", "fd_", secret[3:], secret + "A", "FD_" + secret[3:], "fd_" + strings.Repeat("A", 43)} {
		if _, err := s.Token(t.Context(), bad); !errors.Is(err, ErrUnauthenticated) {
			t.Errorf("Token(%q) = %v, want ErrUnauthenticated", bad, err)
		}
	}
	if _, err := s.Session(t.Context(), secret[3:]); !errors.Is(err, ErrUnauthenticated) {
		t.Errorf("Session with a token's secret = %v, want ErrUnauthenticated", err)
	}
	if err := s.RevokeToken(t.Context(), token.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Token(t.Context(), secret); !errors.Is(err, ErrUnauthenticated) {
		t.Errorf("Token after revocation = %v, want ErrUnauthenticated", err)
	}
	if err := s.RevokeToken(t.Context(), token.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("RevokeToken again = %v, want ErrNotFound", err)
	}
}

func TestTokensNeedANameAndARole(t *testing.T) {
	s, _, _ := newService(t)
	for _, name := range []string{"", "  ", strings.Repeat("x", 81), "a\nb", "a\x00b", "\xff"} {
		if _, _, err := s.CreateToken(t.Context(), name, RoleAdmin); !errors.Is(err, ErrName) {
			t.Errorf("CreateToken(%q) = %v, want ErrName", name, err)
		}
	}
	if _, _, err := s.CreateToken(t.Context(), "x", "root"); !errors.Is(err, ErrRole) {
		t.Errorf("CreateToken with role root = %v, want ErrRole", err)
	}
}

func TestTheFirstAccountIsMadeOnce(t *testing.T) {
	s := New(newMemory(), nil)
	if a, err := s.AddFirst(t.Context(), "admin@localhost", "a good password"); err != nil || a.Role != RoleAdmin {
		t.Fatalf("AddFirst = %+v, %v, want an admin", a, err)
	}
	if _, err := s.AddFirst(t.Context(), "other@localhost", "a good password"); !errors.Is(err, ErrExists) {
		t.Errorf("AddFirst again = %v, want ErrExists", err)
	}
}

func TestPasswordsHaveLimits(t *testing.T) {
	s := New(newMemory(), nil)
	for _, bad := range []string{"", "short", "ééééééé", strings.Repeat("x", maxPasswordBytes+1)} {
		if _, err := s.Add(t.Context(), "a@x.org", bad, RoleAgent); !errors.Is(err, ErrPassword) {
			t.Errorf("Add with a password of %d bytes = %v, want ErrPassword", len(bad), err)
		}
	}
}
