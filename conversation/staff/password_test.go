package staff

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestAHashIsOfItsPasswordOnly(t *testing.T) {
	h := newHasher()
	a, err := h.hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.hash(t.Context(), "correct horse")
	if err != nil || a == b {
		t.Fatalf("hash twice = %q and %q, %v, want two salts", a, b, err)
	}
	for _, c := range []struct {
		encoded, password string
		want              bool
	}{{a, "correct horse", true}, {b, "correct horse", true}, {a, "correct horsf", false}, {a, "", false}, {"", "correct horse", false}, {"", "", false}} {
		if got, err := h.verify(t.Context(), c.encoded, c.password); err != nil || got != c.want {
			t.Errorf("verify(%.20q, %q) = %v, %v, want %v", c.encoded, c.password, got, err, c.want)
		}
	}
}

func TestAPlantedHashCannotTakeTheMachine(t *testing.T) {
	h := newHasher()
	const tail = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, bad := range []string{
		"x", "$argon2id$v=19$m=4294967295,t=1,p=1" + tail, "$argon2id$v=19$m=19456,t=4000000,p=1" + tail,
		"$argon2id$v=19$m=19456,t=2,p=255" + tail, "$argon2id$v=19$m=0,t=0,p=0" + tail, "$argon2i$v=19$m=19456,t=2,p=1" + tail,
		"$argon2id$v=18$m=19456,t=2,p=1" + tail, "$argon2id$v=19$m=19456,t=2,p=1$$", "$2a$10$abcdefghijklmnopqrstuv",
	} {
		if ok, err := h.verify(t.Context(), bad, "x"); ok || !errors.Is(err, errHash) {
			t.Errorf("verify(%q) = %v, %v, want errHash", bad, ok, err)
		}
	}
}

func TestWaitingForAHashEndsWithTheContext(t *testing.T) {
	h := newHasher()
	for range hashAtOnce {
		if err := h.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "a good password"); !errors.Is(err, context.Canceled) {
		t.Errorf("hash with all slots taken = %v, want the context's error", err)
	}
}

func TestGeneratedPasswordsAreLongAndPlain(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		p := GeneratePassword()
		if len(p) != 24 || seen[p] || strings.Trim(strings.ReplaceAll(p, "-", ""), "abcdefghjkmnpqrstuvwxyz23456789") != "" {
			t.Fatalf("GeneratePassword() = %q, want 20 fresh plain signs in groups", p)
		}
		seen[p] = true
	}
}

func FuzzDecodeHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZWtleXNvbWVrZXlzb21la2V5")
	f.Add("$argon2id$v=19$m=-1,t=2,p=1$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := decodeHash(s)
		if err != nil {
			return
		}
		if p.memory > maxHashMemoryKiB || p.passes > maxHashPasses || p.passes == 0 || p.lanes == 0 || len(p.key) == 0 {
			t.Errorf("decodeHash(%q) = %+v, want it refused", s, p)
		}
	})
}
