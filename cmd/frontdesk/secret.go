package main

import (
	"fmt"
	"log/slog"
	"strings"
)

// Secret is a setting that must never be seen. Printed in any way, logged or
// written as JSON it only says whether it is there; Reveal gives the value. It
// is no string type, since those are written as they are in places, such as
// the keys of a JSON object.
type Secret struct{ value string }

// Reveal returns the value itself.
func (s Secret) Reveal() string { return s.value }

// Set reports whether there is a value.
func (s Secret) Set() bool { return s.value != "" }

func (s Secret) String() string {
	if s.Set() {
		return "[set]"
	}
	return "[unset]"
}

// Format covers every verb, %x and %#v included.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText keeps it out of JSON, as a value and as a key.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the value, without the space that copying brings along.
func (s *Secret) UnmarshalText(text []byte) error {
	s.value = strings.TrimSpace(string(text))
	return nil
}

// LogValue keeps it out of slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
