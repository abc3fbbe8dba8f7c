package staff

import (
	"errors"
	"testing"
)

func TestOnlyAPersonsIDIsLinked(t *testing.T) {
	s := New(newMemory(), nil)
	if _, err := s.Add(t.Context(), "ana@example.com", "correct horse battery", RoleAgent); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		link  Link
		email string
		want  error
	}{
		{Link{Channel: "slack", ExternalID: "U024BE7LH"}, "ana@example.com", nil},
		{Link{Channel: "slack", ExternalID: "W024BE7LH", Account: "T061EG9R6"}, " Ana@Example.com", nil},
		{Link{Channel: "telegram", ExternalID: "100200300"}, "ana@example.com", nil},
		{Link{Channel: "telegram", ExternalID: "100200300"}, "ben@example.com", ErrNotFound},
		{Link{Channel: "telegram", ExternalID: "100200300"}, "ben", ErrEmail},
		{Link{Channel: "slack", ExternalID: "C024BE7LH"}, "ana@example.com", ErrLink},
		{Link{Channel: "slack", ExternalID: "ana"}, "ana@example.com", ErrLink},
		{Link{Channel: "slack", ExternalID: "U024BE7LH", Account: "acme.slack.com"}, "ana@example.com", ErrLink},
		{Link{Channel: "telegram", ExternalID: "-100200300"}, "ana@example.com", ErrLink}, // a group
		{Link{Channel: "telegram", ExternalID: "@ana"}, "ana@example.com", ErrLink},
		{Link{Channel: "telegram", ExternalID: ""}, "ana@example.com", ErrLink},
		{Link{Channel: "widget", ExternalID: "1"}, "ana@example.com", ErrLink},
	} {
		got, err := s.Link(t.Context(), c.link, c.email)
		if !errors.Is(err, c.want) || err == nil && got.Staff.Email != "ana@example.com" {
			t.Errorf("Link(%+v, %q) = %+v, %v, want %v", c.link, c.email, got, err, c.want)
		}
	}
	if err := s.Unlink(t.Context(), Link{Channel: "telegram", ExternalID: "5"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("Unlink of nobody = %v, want ErrNotFound", err)
	}
	if err := s.Unlink(t.Context(), Link{Channel: "telegram", ExternalID: "100200300"}); err != nil {
		t.Errorf("Unlink = %v, want nil", err)
	}
	if list, err := s.Links(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("Links = %d, %v, want the two left", len(list), err)
	}
}
