package console

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	cd "github.com/chromedp/chromedp"

	"frontdesk/cmd/frontdesk/assets"
	"frontdesk/conversation"
)

// TestThePageAndTheServerAgreeOnHours asks both whether it is open, and when it is again.
func TestThePageAndTheServerAgreeOnHours(t *testing.T) {
	module, err := assets.Bundle(UI, "ui/hours.ts", assets.Options{Module: true, KeepPrivate: true})
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, newPlace(t), desktop)
	b.do(cd.Navigate("about:blank")) // where a module may come from anywhere
	type asked struct {
		Hours conversation.Hours `json:"hours"`
		At    int64              `json:"at"`
	}
	type said struct {
		Open  bool   `json:"open"`
		Opens string `json:"opens"`
	}
	var all []asked
	var want []said
	random := rand.New(rand.NewPCG(1, 2))
	base := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC) // before the clocks change, in the north and in the south
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"} {
		for _, h := range []conversation.Hours{
			{},
			{Holidays: []conversation.Holiday{{Date: "2026-03-29"}, {Date: "2026-03-30"}}},
			{Week: []conversation.Span{{Day: 1, From: "09:00", To: "12:00"}, {Day: 1, From: "13:00", To: "24:00"}, {Day: 2, From: "00:00", To: "03:15"}}},
			{Week: []conversation.Span{{Day: 0, From: "04:00", To: "10:00"}, {Day: 3, From: "08:30", To: "17:45"}}, Holidays: []conversation.Holiday{{Date: "2026-04-01"}}},
		} {
			h.Timezone = zone
			checked, err := h.Check()
			if err != nil {
				t.Fatal(err)
			}
			for range 60 {
				at := base.Add(time.Duration(random.IntN(28*24*60)) * time.Minute)
				s := said{Open: checked.Open(at)}
				if next, ok := checked.Opens(at); ok {
					local, here := next.In(checked.Zone()), at.In(checked.Zone())
					noon := func(x time.Time) time.Time {
						y, m, d := x.Date()
						return time.Date(y, m, d, 12, 0, 0, 0, time.UTC)
					}
					day := local.Weekday().String()
					switch n := int(noon(local).Sub(noon(here)).Hours() / 24); {
					case n == 0:
						day = "today"
					case n >= 7:
						day = local.Format(time.DateOnly)
					}
					s.Opens = day + " at " + local.Format("15:04")
				}
				all, want = append(all, asked{checked, at.UnixMilli()}), append(want, s)
			}
		}
	}
	list, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	got := run[[]said](b, fmt.Sprintf(`import('data:text/javascript;base64,%s').then((m) => %s.map((a) => m.status(a.hours, a.at)))`, base64.StdEncoding.EncodeToString(module), list))
	for i, g := range got {
		if g != want[i] {
			t.Errorf("%+v at %s: the page says %+v, want %+v", all[i].Hours, time.UnixMilli(all[i].At).UTC(), g, want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("the page answered %d times, want %d", len(got), len(want))
	}
}
