package extract

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

const (
	// MaxOwner is how many bytes the owner of an entry may have: the longest
	// e-mail address has 254 (RFC 5321, 4.5.3.1.3).
	MaxOwner = 254
	// maxOwn is how many bytes of what a file calls an entry are kept as they are.
	maxOwn = 100
	// maxRowWarnings is how many rows are pointed out; whoever mends ten looks at
	// the others too.
	maxRowWarnings = 10
)

// badDay is what an admin reads about a day that is none.
const badDay = "the day to review it by is no day; write it as 2026-01-31"

// days are the spellings in which day and month cannot be mistaken for each other.
var days = []string{
	"2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2.1.2006", "2. 1. 2006", "2 Jan 2006", "2 January 2006", "2-Jan-2006",
	"Jan 2, 2006", "January 2, 2006", "Jan 2 2006", "January 2 2006", "2006年1月2日", "2006년 1월 2일", "2006년1월2일",
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04",
}

// Day reads a day as people and spreadsheets write it and returns it as
// 2006-01-02; nothing is no day, which is fine. ok is false for what is not a
// day of the years 1990 to 2200, or may be two: 01/02/2026.
func Day(s string) (day string, ok bool) {
	s = strings.Join(strings.Fields(norm.NFKC.String(s)), " ")
	if s == "" {
		return "", true
	}
	if len(s) > 40 {
		return "", false
	}
	for _, layout := range days {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1990 && t.Year() <= 2200 {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// own is what a file calls an entry, of a length that can be kept.
func own(s string) string {
	if s = squeeze(s); len(s) <= maxOwn {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// warn points a row out that is taken in all the same.
func (rs *rows) warn(r row, why string) {
	switch n := len(rs.text.Warnings); {
	case n < maxRowWarnings:
		rs.text.Warnings = append(rs.text.Warnings, fmt.Sprintf("%s %d: %s", rs.unit, r.number, why))
	case n == maxRowWarnings:
		rs.text.Warnings = append(rs.text.Warnings, "More rows have such faults.")
	}
}
