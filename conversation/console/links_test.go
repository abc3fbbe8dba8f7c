package console

import (
	"encoding/json"
	"strings"
	"testing"

	"frontdesk/conversation/staff"
)

func TestAnAdminLinksStaffToTheirPlatforms(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	if _, err := p.staff.Add(t.Context(), "ana@example.com", password, staff.RoleAgent); err != nil {
		t.Fatal(err)
	}
	const path = "/api/v1/staff/links"
	link := map[string]string{"email": "Ana@example.com", "channel": "slack", "external_id": "U024BE7LH"}
	for range 2 {
		if got := p.do("PUT", path, link, admin); got.code != 200 || !strings.Contains(got.body, `"email":"ana@example.com"`) {
			t.Fatalf("PUT = %d %s, want the link", got.code, got.body)
		}
	}
	var list linksView
	if got := p.do("GET", path, nil, admin); got.code != 200 || json.Unmarshal([]byte(got.body), &list) != nil ||
		len(list.Links) != 1 || list.Links[0].ExternalID != "U024BE7LH" || list.Links[0].Role != staff.RoleAgent || list.Links[0].Disabled {
		t.Errorf("GET = %d %s, want the one link", got.code, got.body)
	}
	for name, c := range map[string]struct {
		body map[string]string
		code int
		says string
	}{
		"nobody":  {map[string]string{"email": "ben@example.com", "channel": "slack", "external_id": "U1B"}, 404, "not_found"},
		"no mail": {map[string]string{"email": "ana", "channel": "slack", "external_id": "U1B"}, 422, "bad_email"},
		"no id":   {map[string]string{"email": "ana@example.com", "channel": "slack", "external_id": "\x00"}, 422, "bad_link"},
		"channel": {map[string]string{"email": "ana@example.com", "channel": "widget", "external_id": "U1B"}, 422, "bad_link"},
	} {
		if got := p.do("PUT", path, c.body, admin); got.code != c.code || !strings.Contains(got.body, c.says) {
			t.Errorf("%s: PUT = %d %s, want %d %s", name, got.code, got.body, c.code, c.says)
		}
	}
	for _, want := range []int{204, 404} {
		if got := p.do("DELETE", path+"?channel=slack&external_id=U024BE7LH", nil, admin); got.code != want {
			t.Errorf("DELETE = %d %s, want %d", got.code, got.body, want)
		}
	}
}
