package main

import (
	"fmt"
	"log/slog"
)

// Secret is a setting that must never be seen. Printed in any way, logged or
// written as JSON it only says whether it is there; Reveal gives the value.
type Secret string

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// Set reports whether there is a value.
func (s Secret) Set() bool { return s != "" }

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

// LogValue keeps it out of slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
