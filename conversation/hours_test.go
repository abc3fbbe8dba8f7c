package conversation

import (
	"strings"
	"testing"
	"time"
)

func berlin(t *testing.T, h Hours) Hours {
	t.Helper()
	h.Timezone = "Europe/Berlin"
	h, err := h.Check()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// weekdays are Monday to Friday from 09:00 to 17:30.
func weekdays() (w []Span) {
	for d := time.Monday; d <= time.Friday; d++ {
		w = append(w, Span{d, "09:00", "17:30"})
	}
	return w
}

func at(t *testing.T, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNextOpeningIsComputedAcrossNightsHolidaysAndClockChanges(t *testing.T) {
	h := berlin(t, Hours{Week: append(weekdays(), Span{time.Sunday, "02:15", "02:45"}), Holidays: []Holiday{{"2026-12-25", "Christmas"}}})
	for _, c := range []struct {
		now   string
		open  bool
		opens string // "" while open
	}{
		{"2026-11-23T08:00:00Z", true, ""},                      // Monday 09:00, to the minute
		{"2026-11-23T07:59:59Z", false, "2026-11-23T08:00:00Z"}, // a second before
		{"2026-11-23T16:30:00Z", false, "2026-11-24T08:00:00Z"}, // closing time is closed
		{"2026-11-28T12:00:00Z", false, "2026-11-29T01:15:00Z"}, // Saturday
		{"2026-12-24T20:00:00Z", false, "2026-12-27T01:15:00Z"}, // over the holiday
		{"2026-03-28T12:00:00Z", false, "2026-03-29T01:15:00Z"}, // 02:15 is skipped: 03:15 stands for it
		{"2026-03-29T12:00:00Z", false, "2026-03-30T07:00:00Z"}, // summer time from here
		{"2026-10-25T12:00:00Z", false, "2026-10-26T08:00:00Z"}, // winter time
	} {
		now := at(t, c.now)
		if got := h.Open(now); got != c.open {
			t.Errorf("Open(%s) = %v, want %v", c.now, got, c.open)
		}
		opens, ok := h.Opens(now)
		if got := opens.UTC().Format(time.RFC3339); ok != (c.opens != "") || ok && got != c.opens {
			t.Errorf("Opens(%s) = %s, %v, want %q", c.now, got, ok, c.opens)
		}
	}
}

func TestWithoutAWeekPeopleAlwaysAnswerButOnHolidays(t *testing.T) {
	h := berlin(t, Hours{Holidays: []Holiday{{"2026-12-25", ""}, {"2026-12-26", ""}}})
	if !h.Open(at(t, "2026-12-24T22:59:00Z")) || h.Open(at(t, "2026-12-24T23:00:00Z")) {
		t.Error("the holiday does not begin at midnight in Berlin")
	}
	opens, ok := h.Opens(at(t, "2026-12-25T12:00:00Z"))
	if want := at(t, "2026-12-26T23:00:00Z"); !ok || !opens.Equal(want) {
		t.Errorf("Opens() = %v, %v, want %v", opens, ok, want)
	}
	if !(Hours{}).Open(time.Now()) {
		t.Error("Hours{}.Open() = false, want always")
	}
}

func TestNoOpeningInSightIsSaidSo(t *testing.T) {
	h := berlin(t, Hours{Week: []Span{{time.Friday, "09:00", "10:00"}}})
	for d := at(t, "2026-01-02T00:00:00Z"); len(h.Holidays) < 80; d = d.AddDate(0, 0, 7) {
		h.Holidays = append(h.Holidays, Holiday{Date: d.Format(time.DateOnly)})
	}
	if got, ok := h.Opens(at(t, "2026-01-05T00:00:00Z")); ok {
		t.Errorf("Opens() = %v, want none", got)
	}
}

func TestOpenTimeIsCountedAndAdded(t *testing.T) {
	h := berlin(t, Hours{Week: weekdays()})
	friday := at(t, "2026-11-27T16:20:00Z") // ten minutes before closing
	if got, want := h.After(friday, 15*time.Minute), at(t, "2026-11-30T08:05:00Z"); !got.Equal(want) {
		t.Errorf("After(Friday 17:20, 15m) = %v, want Monday 09:05", got)
	}
	if got := h.Between(friday, at(t, "2026-11-30T08:05:00Z")); got != 15*time.Minute {
		t.Errorf("Between() = %v, want 15m", got)
	}
	if got := h.Between(friday, friday.Add(-time.Hour)); got != 0 {
		t.Errorf("Between(later, earlier) = %v, want 0", got)
	}
	spring := berlin(t, Hours{Week: []Span{{time.Sunday, "00:00", "24:00"}}})
	if got := spring.Between(at(t, "2026-03-28T12:00:00Z"), at(t, "2026-03-30T12:00:00Z")); got != 23*time.Hour {
		t.Errorf("the day the clocks go forward has %v of open time, want 23h", got)
	}
	if got := spring.Between(at(t, "2026-10-24T12:00:00Z"), at(t, "2026-10-26T12:00:00Z")); got != 25*time.Hour {
		t.Errorf("the day the clocks go back has %v of open time, want 25h", got)
	}
	overlap := berlin(t, Hours{})
	overlap.Week = []Span{{time.Monday, "09:00", "12:00"}, {time.Monday, "10:00", "11:00"}} // as no editor can store them
	if got := overlap.Between(at(t, "2026-11-23T00:00:00Z"), at(t, "2026-11-24T00:00:00Z")); got != 3*time.Hour {
		t.Errorf("overlapping spans count %v, want 3h", got)
	}
}

func TestUnusableHoursAreRefusedInWords(t *testing.T) {
	for _, c := range []struct {
		h    Hours
		says string
	}{
		{Hours{Timezone: "Berlin"}, "timezone"},
		{Hours{Timezone: "Local"}, "timezone"},
		{Hours{Week: []Span{{7, "09:00", "10:00"}}}, "week[0]"},
		{Hours{Week: []Span{{1, "10:00", "10:00"}}}, "week[0]"},
		{Hours{Week: []Span{{1, "9:00", "10:00"}}}, "week[0]"},
		{Hours{Week: []Span{{1, "23:00", "24:01"}}}, "week[0]"},
		{Hours{Week: []Span{{1, "09:00", "12:00"}, {2, "09:00", "12:00"}, {1, "11:59", "13:00"}}}, "week[2] overlaps with week[0]"},
		{Hours{Week: []Span{{1, "09:00", "12:00"}, {1, "09:00", "12:00"}}}, "overlaps"},
		{Hours{Holidays: []Holiday{{Date: "25.12.2026"}}}, "holidays[0]"},
		{Hours{Holidays: []Holiday{{"2026-12-25", strings.Repeat("x", 101)}}}, "holidays[0]"},
		{Hours{Week: make([]Span, 71)}, "spans"},
	} {
		if _, err := c.h.Check(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("Check(%+v) = %v, want an error about %s", c.h, err, c.says)
		}
	}
	lunch := Hours{Week: []Span{{1, "13:00", "17:00"}, {1, "09:00", "12:00"}, {1, "12:00", "13:00"}}}
	if _, err := lunch.Check(); err != nil {
		t.Errorf("Check(spans that touch) = %v, want nil", err)
	}
}

func FuzzHours(f *testing.F) {
	f.Add("Europe/Berlin", 1, "09:00", "17:30", "2026-12-25", int64(1774659600))
	f.Add("America/St_Johns", 0, "00:00", "24:00", "", int64(0))
	f.Add("Pacific/Apia", 5, "00:00", "00:01", "2011-12-30", int64(1325239200))
	f.Fuzz(func(t *testing.T, zone string, day int, from, to, off string, unix int64) {
		h := Hours{Timezone: zone, Week: []Span{{time.Weekday(day), from, to}}}
		if off != "" {
			h.Holidays = []Holiday{{Date: off}}
		}
		h, err := h.Check()
		if err != nil || unix < 0 || unix > 4e9 {
			return
		}
		now := time.Unix(unix, 0)
		opens, ok := h.Opens(now)
		switch {
		case h.Open(now) && ok:
			t.Errorf("Opens(%v) = %v while it is open", now, opens)
		case ok && (!opens.After(now) || !h.Open(opens)):
			t.Errorf("Opens(%v) = %v, which is not later or not open", now, opens)
		}
		if got := h.Between(now, h.After(now, time.Hour)); ok && got > time.Hour {
			t.Errorf("an hour of open time after %v has %v of it", now, got)
		}
	})
}
