package knowledge

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// NewID returns a new UUID of version 7 (RFC 9562): random, so it cannot be
// guessed, and led by the time in milliseconds, so rows made together lie
// together in an index.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	ms := uint64(time.Now().UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
