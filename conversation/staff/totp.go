package staff

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// What every authenticator app takes: RFC 6238 with SHA-1, six digits, 30 s. Other
// values of the otpauth address are ignored by some apps, which then show wrong codes.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
const (
	totpDigits = 6
	totpStep   = 30 * time.Second
	// totpDrift is how many steps a phone's clock may be off (RFC 6238 §5.2 asks for
	// one at most).
	totpDrift  = 1
	totpSecret = 20 // bytes, what RFC 4226 §4 R6 recommends
)

// totpIssuer is what an authenticator shows the code under.
const totpIssuer = "Frontdesk"

// Recovery codes: sixteen signs of GeneratePassword's alphabet in four groups, 79
// bits, so that a hash without salt or cost keeps them.
const (
	recoveryCodes = 10
	recoverySigns = 16
	recoveryGroup = 4
)

func newTOTPSecret() []byte {
	b := make([]byte, totpSecret)
	rand.Read(b)
	return b
}

var base32NoPadding = base32.StdEncoding.WithPadding(base32.NoPadding)

// totpURI is what an authenticator reads from a QR code.
func totpURI(secret []byte, email string) string {
	v := url.Values{
		"secret": {base32NoPadding.EncodeToString(secret)}, "issuer": {totpIssuer},
		"algorithm": {"SHA1"}, "digits": {fmt.Sprint(totpDigits)}, "period": {fmt.Sprint(int(totpStep.Seconds()))},
	}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + totpIssuer + ":" + email, RawQuery: v.Encode()}
	return u.String()
}

// totpCode is the code of one step (RFC 4226 §5.3).
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	binary.Write(mac, binary.BigEndian, step) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[at:at+4]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}

// totpMatch returns the step whose code this is, of those around now. It looks at
// all of them and compares in constant time.
func totpMatch(secret []byte, code string, now time.Time) (step int64, ok bool) {
	current := now.Unix() / int64(totpStep.Seconds())
	found := 0
	for s := current - totpDrift; s <= current+totpDrift; s++ {
		same := subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code))
		step += int64(same&^found) * s // the earliest, should two have the same code
		found |= same
	}
	return step, found == 1
}

// codeKind is what somebody typed as a second factor.
type codeKind int

const (
	codeNone codeKind = iota
	codeTOTP
	codeRecovery
)

// parseCode reads what was typed: six digits, or a recovery code in either case,
// each with any spaces and hyphens. Anything else is codeNone.
func parseCode(s string) (string, codeKind) {
	if len(s) > 100 {
		return "", codeNone
	}
	s = strings.Map(func(r rune) rune {
		if r == '-' || unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	only := func(signs string) bool { return strings.Trim(s, signs) == "" }
	switch {
	case len(s) == totpDigits && only("0123456789"):
		return s, codeTOTP
	case len(s) == recoverySigns:
		if s = strings.ToLower(s); len(s) == recoverySigns && only(passwordSigns) {
			return s, codeRecovery
		}
	}
	return "", codeNone
}

// newRecoveryCodes returns codes as they are shown, and the hashes to be kept.
func newRecoveryCodes(account string) (codes []string, hashes []Hash) {
	for range recoveryCodes {
		raw := randomSigns(recoverySigns)
		hashes = append(hashes, recoveryHash(account, raw))
		var groups []string
		for ; raw != ""; raw = raw[recoveryGroup:] {
			groups = append(groups, raw[:recoveryGroup])
		}
		codes = append(codes, strings.Join(groups, "-"))
	}
	return codes, hashes
}

// recoveryHash is what is kept of a code. Looking it up by that leaks nothing
// through the time it takes, since nobody can steer a hash of 79 random bits.
func recoveryHash(account, code string) Hash { return sha256.Sum256([]byte(account + "\x00" + code)) }
