package widget

import "encoding/hex"

// uuid is a UUID's 16 bytes.
type uuid [16]byte

// parseUUID reads the 36-character form, in either case.
func parseUUID(s string) (u uuid, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, false
	}
	digits := s[:8] + s[9:13] + s[14:18] + s[19:23] + s[24:]
	if n, err := hex.Decode(u[:], []byte(digits)); err != nil || n != len(u) {
		return uuid{}, false
	}
	return u, true
}

// String returns the 36-character form in lower case.
func (u uuid) String() string {
	d := hex.EncodeToString(u[:])
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:]
}
