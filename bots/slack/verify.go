package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how old a signed request may be, or how far ahead of our clock.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
const maxSkew = 5 * time.Minute

// errUnverified is all that a caller without a right signature is told.
var errUnverified = errors.New("slack: request not verified")

// signature is what a request claims about its body.
type signature struct {
	mac   []byte
	stamp string
}

// claim reads a request's signature, and refuses what needs no body to be
// refused: no secret to compare with, no signature, a stale one.
func claim(h http.Header, secret string, now time.Time) (signature, error) {
	stamp := h.Get("X-Slack-Request-Timestamp")
	code, versioned := strings.CutPrefix(h.Get("X-Slack-Signature"), "v0=")
	mac, err := hex.DecodeString(code)
	seconds, notNumber := strconv.ParseInt(stamp, 10, 64)
	if secret == "" || !versioned || err != nil || len(mac) != sha256.Size || notNumber != nil {
		return signature{}, errUnverified
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > maxSkew {
		return signature{}, errUnverified
	}
	return signature{mac: mac, stamp: stamp}, nil
}

// matches reports whether the body is the one that was signed. It takes as long
// whatever differs.
func (s signature) matches(body []byte, secret string) bool {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte("v0:" + s.stamp + ":"))
	h.Write(body)
	return hmac.Equal(h.Sum(nil), s.mac)
}
