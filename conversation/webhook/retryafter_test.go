package webhook

import (
	"testing"
	"time"
)

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-1": 0, "1.5": 0, "soon": 0, "99999999999": 0,
		"Sun, 22 Nov 2026 12:30:00 GMT": 30 * time.Minute, "Sun, 22 Nov 2026 11:30:00 GMT": 0,
	} {
		if got := retryAfter(s, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", s, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"120", "Sun, 22 Nov 2026 12:30:00 GMT", "", "-5", "9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := retryAfter(s, time.Now()); got < 0 {
			t.Errorf("retryAfter(%q) = %v, want nothing below zero", s, got)
		}
	})
}
