package sso

import (
	"bytes"
	"strings"
)

// claims are what we read of what a provider says about somebody (OpenID Connect
// Core 1.0 §5.1).
type claims struct {
	Email     string `json:"email"`
	Verified  truth  `json:"email_verified"`
	Name      string `json:"name"`
	Preferred string `json:"preferred_username"`
}

// name is what to call the person; may be empty.
func (c claims) name() string {
	if c.Name != "" {
		return c.Name
	}
	if strings.Contains(c.Preferred, "@") {
		return "" // an address is no name
	}
	return c.Preferred
}

// truth is true for true and "true", which some providers write, and false for
// everything else, missing and null included: what is unclear must not open anything.
type truth bool

// UnmarshalJSON never fails.
func (t *truth) UnmarshalJSON(b []byte) error {
	*t = truth(bytes.Equal(b, []byte("true")) || bytes.Equal(b, []byte(`"true"`)))
	return nil
}
