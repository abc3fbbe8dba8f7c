package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// The cost of one hash: OWASP's Password Storage Cheat Sheet asks for argon2id
// with at least 19 MiB, two passes and one lane.
const (
	hashMemoryKiB = 19 * 1024
	hashPasses    = 2
	hashLanes     = 1
	hashSalt      = 16 // bytes, RFC 9106 §3.1
	hashKey       = 32 // bytes
)

// What a stored hash may ask of us at most: a damaged or planted row must not
// make a login take gigabytes.
const (
	maxHashMemoryKiB = 256 * 1024
	maxHashPasses    = 16
	maxHashLanes     = 16
)

// MinPasswordRunes is the shortest password accepted, the least that NIST SP
// 800-63B (§5.1.1.2) allows.
const MinPasswordRunes = 8

// maxPasswordBytes bounds the work of hashing what somebody sends as a password.
const maxPasswordBytes = 1024

// hashAtOnce bounds how many hashes are computed at the same time: 19 MiB each,
// so a flood of logins costs at most 38 MiB and two cores.
const hashAtOnce = 2

var errHash = errors.New("staff: stored password hash cannot be read")

// hasher computes password hashes, a few at a time.
type hasher struct {
	slots chan struct{}
	// absent is compared against when there is no such account, so that the
	// answer takes as long as for one that exists.
	absent string
}

func newHasher() *hasher {
	h := &hasher{slots: make(chan struct{}, hashAtOnce)}
	// It needs the right cost and no known password; computing it would cost
	// every start 20 ms.
	salt, key := make([]byte, hashSalt), make([]byte, hashKey)
	rand.Read(salt)
	rand.Read(key)
	h.absent = encodeHash(salt, key)
	return h
}

// hash returns the encoded argon2id hash of password under a fresh salt. It
// waits for a slot until ctx ends.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if utf8.RuneCountInString(password) < MinPasswordRunes || len(password) > maxPasswordBytes {
		return "", ErrPassword
	}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	salt := make([]byte, hashSalt)
	rand.Read(salt)
	return encodeHash(salt, argon2.IDKey([]byte(password), salt, hashPasses, hashMemoryKiB, hashLanes, hashKey)), nil
}

// verify reports whether password has the encoded hash. An empty hash stands
// for no account: it takes as long and is never right.
func (h *hasher) verify(ctx context.Context, encoded, password string) (bool, error) {
	absent := encoded == ""
	if absent {
		encoded = h.absent
	}
	if len(password) > maxPasswordBytes {
		password, absent = "", true
	}
	p, err := decodeHash(encoded)
	if err != nil {
		return false, err
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	key := argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.lanes, uint32(len(p.key)))
	return subtle.ConstantTimeCompare(key, p.key) == 1 && !absent, nil
}

func (h *hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hash password: %w", ctx.Err())
	}
}

func (h *hasher) leave() { <-h.slots }

type hashParams struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

// encodeHash writes the PHC string format, which names its own parameters, so
// that they can be raised later without touching stored hashes.
func encodeHash(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		hashMemoryKiB, hashPasses, hashLanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func decodeHash(s string) (hashParams, error) {
	var p hashParams
	var version int
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" {
		return p, errHash
	}
	if n, err := fmt.Sscanf(f[2], "v=%d", &version); n != 1 || err != nil || version != argon2.Version {
		return p, errHash
	}
	if n, err := fmt.Sscanf(f[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); n != 3 || err != nil {
		return p, errHash
	}
	if p.memory < 8 || p.memory > maxHashMemoryKiB || p.passes < 1 || p.passes > maxHashPasses || p.lanes < 1 || p.lanes > maxHashLanes {
		return p, errHash
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(f[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return p, errHash
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(f[5]); err != nil || len(p.key) < 16 || len(p.key) > 64 {
		return p, errHash
	}
	return p, nil
}

// passwordSigns are letters and digits without look-alikes: no i l o 0 1.
const passwordSigns = "abcdefghjkmnpqrstuvwxyz23456789"

// GeneratePassword returns a password for a person to copy: five groups of four
// signs, about 98 bits.
func GeneratePassword() string {
	raw := randomSigns(20)
	return raw[:4] + "-" + raw[4:8] + "-" + raw[8:12] + "-" + raw[12:16] + "-" + raw[16:]
}

// randomSigns returns n of passwordSigns, each as likely as any other.
func randomSigns(n int) string {
	out := make([]byte, 0, n)
	var b [1]byte
	for len(out) < n {
		rand.Read(b[:])
		if int(b[0]) < 256/len(passwordSigns)*len(passwordSigns) { // the rest would favour some signs
			out = append(out, passwordSigns[int(b[0])%len(passwordSigns)])
		}
	}
	return string(out)
}
