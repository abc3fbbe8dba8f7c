package conversationdb_test

import (
	"errors"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/migrations/dbtest"
)

func TestALinkNamesOneAccountUntilItIsChangedOrEnds(t *testing.T) {
	pool := dbtest.New(t)
	s, store := conversationdb.NewStaffStore(pool), conversationdb.New(pool)
	for _, name := range []string{"ana", "ben"} {
		if _, err := s.AddAccount(t.Context(), staff.Account{Email: name + "@example.com", Name: name, Role: staff.RoleAgent}, "x"); err != nil {
			t.Fatal(err)
		}
	}
	person := func(workspace, id string) string {
		t.Helper()
		p, err := store.DeskPerson(t.Context(), "slack", workspace, id)
		if errors.Is(err, conversation.ErrNotFound) {
			return "nobody"
		}
		if err != nil {
			t.Fatal(err)
		}
		if !p.MayAnswer {
			return p.Name + ", disabled"
		}
		return p.Name
	}
	set := func(l staff.Link, email string) {
		t.Helper()
		if _, err := s.SetLink(t.Context(), l, email); err != nil {
			t.Fatal(err)
		}
	}
	any, one := staff.Link{Channel: "slack", ExternalID: "U1"}, staff.Link{Channel: "slack", ExternalID: "U1", Account: "T2"}
	set(any, "ana@example.com")
	set(one, "ben@example.com")
	for _, c := range [][3]string{{"T1", "U1", "ana"}, {"T2", "U1", "ben"}, {"T1", "U2", "nobody"}} {
		if got := person(c[0], c[1]); got != c[2] {
			t.Errorf("%s in %s is %s, want %s", c[1], c[0], got, c[2])
		}
	}
	set(any, "ben@example.com")
	if got := person("T1", "U1"); got != "ben" {
		t.Errorf("linked anew U1 is %s, want ben", got)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE staff_accounts SET disabled_at = now() WHERE name = 'ben'`); err != nil {
		t.Fatal(err)
	}
	if got := person("T1", "U1"); got != "ben, disabled" {
		t.Errorf("U1 is %s, want ben, disabled", got)
	}
	if _, err := s.SetLink(t.Context(), any, "ben@example.com"); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("SetLink to a disabled account = %v, want ErrNotFound", err)
	}
	if list, err := s.AllLinks(t.Context()); err != nil || len(list) != 2 || !list[0].Disabled {
		t.Errorf("AllLinks = %+v, %v, want both, disabled", list, err)
	}
	if err := s.DeleteLink(t.Context(), any); err != nil {
		t.Errorf("DeleteLink = %v, want nil", err)
	}
	if err := s.DeleteLink(t.Context(), any); !errors.Is(err, staff.ErrNotFound) {
		t.Errorf("DeleteLink again = %v, want ErrNotFound", err)
	}
	if got := person("T1", "U1"); got != "nobody" {
		t.Errorf("unlinked U1 is %s, want nobody", got)
	}
}
