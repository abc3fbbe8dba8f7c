package staff

import (
	"bytes"
	"encoding/base32"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// The test vectors of RFC 6238, appendix B, cut to six digits.
func TestCodesAreThoseOfTheStandard(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := totpCode(secret, at/30); got != want {
			t.Errorf("totpCode at %d = %s, want %s", at, got, want)
		}
	}
}

func TestACodeHoldsForOneStepOnEitherSide(t *testing.T) {
	secret := []byte("12345678901234567890")
	code := totpCode(secret, 1000)
	for _, c := range []struct {
		at   int64
		want bool
	}{{999*30 - 1, false}, {999 * 30, true}, {1000 * 30, true}, {1002*30 - 1, true}, {1002 * 30, false}} {
		step, ok := totpMatch(secret, code, time.Unix(c.at, 0))
		if ok != c.want || ok && step != 1000 {
			t.Errorf("totpMatch at %d = %d, %v, want step 1000: %v", c.at, step, ok, c.want)
		}
	}
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	for typed, want := range map[string]string{
		"123456": "123456", " 123 456\n": "123456", "123-456": "123456",
		"ABCD-efgh-jkmn-pqrs": "abcdefghjkmnpqrs", "abcdefghjkmnpqrs": "abcdefghjkmnpqrs",
		"12345": "", "1234567": "", "١٢٣٤٥٦": "", "abcd-efgh-jkmn-pqr1": "", "": "", "12345a": "",
		"K\u212Abcdefghjkmnpq": "", // the Kelvin sign is a k in lower case
	} {
		got, kind := parseCode(typed)
		if got != want || (kind == codeNone) != (want == "") {
			t.Errorf("parseCode(%q) = %q, %d, want %q", typed, got, kind, want)
		}
	}
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"123456", "abcd-efgh-jkmn-pqrs", "\u212Aaaaaaaaaaaaaaaa", "1 2 3 4 5 6"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, kind := parseCode(s)
		again, same := parseCode(got)
		if kind != codeNone && (again != got || same != kind) || kind == codeNone && got != "" {
			t.Errorf("parseCode(%q) = %q, %d and of that %q, %d", s, got, kind, again, same)
		}
		if len(got) != map[codeKind]int{codeNone: 0, codeTOTP: totpDigits, codeRecovery: recoverySigns}[kind] {
			t.Errorf("parseCode(%q) = %q of kind %d, want its length", s, got, kind)
		}
	})
}

func TestSealedThingsOpenWhereTheyBelong(t *testing.T) {
	box, err := NewSealer(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := NewSealer(bytes.Repeat([]byte{2}, 32))
	sealed := box.Seal([]byte("secret"), "totp:ana")
	if got, err := box.Open(sealed, "totp:ana"); err != nil || string(got) != "secret" {
		t.Errorf("Open = %q, %v, want the secret", got, err)
	}
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, box.Seal([]byte("secret"), "totp:ana")) {
		t.Error("Seal shows the secret, or is the same twice")
	}
	if _, err := box.Open(sealed, "totp:ben"); err == nil {
		t.Error("Open in another's place = nil, want an error")
	}
	if _, err := other.Open(sealed, "totp:ana"); err == nil {
		t.Error("Open with another key = nil, want an error")
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := box.Open(bad, "totp:ana"); err == nil {
			t.Errorf("Open with byte %d changed = nil, want an error", i)
		}
	}
	for n := range len(sealed) {
		if _, err := box.Open(sealed[:n], "totp:ana"); err == nil {
			t.Errorf("Open of %d bytes = nil, want an error", n)
		}
	}
}

// enrolled gives Ana a second factor and returns its secret and recovery codes.
func enrolled(t *testing.T, s *Service, m *memory, c *clock) (secret []byte, codes []string) {
	t.Helper()
	ana := m.accounts["ana.lima@example.com"]
	e, err := s.BeginTOTP(t.Context(), Principal{ID: ana.ID, Email: ana.Email})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(e.URI)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || u.Query().Get("secret") != e.Secret || !strings.Contains(u.Path, ana.Email) {
		t.Fatalf("URI = %s, %v, want otpauth://totp/… with secret and address", e.URI, err)
	}
	if secret, err = base32.StdEncoding.DecodeString(e.Secret); err != nil || len(secret) != 20 {
		t.Fatalf("secret = %x, %v, want 20 bytes in base32", secret, err)
	}
	if bytes.Contains(m.totp[ana.ID].sealed, secret) {
		t.Error("the store has the secret itself")
	}
	if codes, err = s.ConfirmTOTP(t.Context(), ana.ID, totpCode(secret, c.now().Unix()/30)); err != nil || len(codes) != recoveryCodes {
		t.Fatalf("ConfirmTOTP = %d codes, %v, want %d", len(codes), err, recoveryCodes)
	}
	return secret, codes
}

func TestTheSecondFactorIsAskedForAndTakenOnce(t *testing.T) {
	s, m, c := newService(t)
	secret, _ := enrolled(t, s, m, c)
	login := func(password, code string) error {
		_, _, err := s.Login(t.Context(), Credentials{"ana.lima@example.com", password, code}, Device{IP: "192.0.2.1"})
		return err
	}
	used := totpCode(secret, c.now().Unix()/30)
	if err := login("a good password", ""); !errors.Is(err, ErrTOTPRequired) {
		t.Errorf("Login without code = %v, want ErrTOTPRequired", err)
	}
	if err := login("a good password", used); !errors.Is(err, ErrTOTPWrong) {
		t.Errorf("Login with the code that confirmed = %v, want ErrTOTPWrong: it was used", err)
	}
	c.add(30 * time.Second)
	next := totpCode(secret, c.now().Unix()/30)
	if err := login("a wrong password", next); !errors.Is(err, ErrLogin) {
		t.Errorf("Login with the wrong password and the right code = %v, want ErrLogin", err)
	}
	if err := login("a good password", next); err != nil {
		t.Errorf("Login with both = %v, want none", err)
	}
	if err := login("a good password", next); !errors.Is(err, ErrTOTPWrong) {
		t.Errorf("Login with the same code again = %v, want ErrTOTPWrong", err)
	}
}

func TestOneCodeOpensOneSession(t *testing.T) {
	s, m, c := newService(t)
	secret, _ := enrolled(t, s, m, c)
	c.add(time.Minute)
	code := totpCode(secret, c.now().Unix()/30)
	var wg sync.WaitGroup
	results := make(chan error, pairBurst)
	for range cap(results) {
		wg.Go(func() {
			_, _, err := s.Login(t.Context(), Credentials{"ana.lima@example.com", "a good password", code}, Device{IP: "192.0.2.1"})
			results <- err
		})
	}
	wg.Wait()
	close(results)
	in := 0
	for err := range results {
		if err == nil {
			in++
		} else if !errors.Is(err, ErrTOTPWrong) {
			t.Errorf("Login = %v, want nil or ErrTOTPWrong", err)
		}
	}
	if in != 1 {
		t.Errorf("%d logins with one code, want 1", in)
	}
}

func TestRecoveryCodesWorkOnce(t *testing.T) {
	s, m, c := newService(t)
	_, codes := enrolled(t, s, m, c)
	login := func(code string) error {
		_, _, err := s.Login(t.Context(), Credentials{"ana.lima@example.com", "a good password", code}, Device{IP: "192.0.2.1"})
		return err
	}
	if err := login(strings.ToUpper(strings.ReplaceAll(codes[3], "-", " "))); err != nil {
		t.Errorf("Login with a recovery code = %v, want none", err)
	}
	if err := login(codes[3]); !errors.Is(err, ErrTOTPWrong) {
		t.Errorf("Login with it again = %v, want ErrTOTPWrong", err)
	}
}

func TestGuessingCodesIsSlowedDownFromEverywhere(t *testing.T) {
	s, m, c := newService(t)
	_, codes := enrolled(t, s, m, c)
	login := func(code string, from int) error {
		_, _, err := s.Login(t.Context(), Credentials{"ana.lima@example.com", "a good password", code}, Device{IP: "192.0.2." + string(rune('0'+from))})
		return err
	}
	var slow *SlowDownError
	tried := 0
	for from := range 8 {
		for range pairBurst {
			if err := login("000000", from); errors.Is(err, ErrTOTPWrong) {
				tried++
			} else if !errors.As(err, &slow) {
				t.Fatalf("Login = %v, want ErrTOTPWrong or *SlowDownError", err)
			}
		}
	}
	if tried != codeBurst {
		t.Errorf("%d codes were tried from eight addresses, want %d", tried, codeBurst)
	}
	if err := login(codes[0], 9); err != nil {
		t.Errorf("Login with a recovery code meanwhile = %v, want none: nobody is locked out", err)
	}
}

func TestThePasswordAloneBuysNoMoreGuesses(t *testing.T) {
	s, m, c := newService(t)
	enrolled(t, s, m, c)
	for i := range pairBurst {
		_, _, err := s.Login(t.Context(), Credentials{"ana.lima@example.com", "a good password", ""}, Device{IP: "192.0.2.1"})
		if !errors.Is(err, ErrTOTPRequired) {
			t.Fatalf("Login %d = %v, want ErrTOTPRequired", i, err)
		}
	}
	var slow *SlowDownError
	if _, _, err := s.Login(t.Context(), Credentials{"ana.lima@example.com", "a good password", "000000"}, Device{IP: "192.0.2.1"}); !errors.As(err, &slow) {
		t.Errorf("Login after %d without code = %v, want *SlowDownError", pairBurst, err)
	}
}

func TestBrowsersAreNamedInAFewWords(t *testing.T) {
	for header, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0":                                                                "Firefox 132, Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.68":     "Edge 130, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604": "Safari 17, iPhone",
		"curl/8.5.0": "curl/8.5.0", "": "", "a\u202Eb\x00c": "abc",
	} {
		if got := ShortAgent(header); got != want {
			t.Errorf("ShortAgent(%q) = %q, want %q", header, got, want)
		}
	}
}

func FuzzShortAgent(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0")
	f.Add("Mozilla/5.0 Edg/" + strings.Repeat("9", 400))
	f.Fuzz(func(t *testing.T, s string) {
		got := ShortAgent(s)
		if n := len([]rune(got)); n > maxAgentRunes || printable(got) != got {
			t.Errorf("ShortAgent(%q) = %q, want at most %d characters that print", s, got, maxAgentRunes)
		}
	})
}
