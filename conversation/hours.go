package conversation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on what a machine has installed
)

// Hours are when people answer. Without any span in the week they always do.
type Hours struct {
	Timezone string    `json:"timezone"` // an IANA name
	Week     []Span    `json:"week"`
	Holidays []Holiday `json:"holidays"` // closed all day
	Version  int64     `json:"version"`

	zone *time.Location // of Timezone, once checked
}

// Span is a time of one weekday. It ends on that day: a night is two spans.
type Span struct {
	Day  time.Weekday `json:"day"`  // 0 is Sunday
	From string       `json:"from"` // "09:00"
	To   string       `json:"to"`   // up to "24:00"
}

// Holiday is a day on which nobody answers.
type Holiday struct {
	Date string `json:"date"` // 2026-12-25
	Name string `json:"name"`
}

// ErrSetting is wrapped by what is wrong with a setting, in words for its editor.
var ErrSetting = errors.New("unusable setting")

// ErrVersion is returned when a thing was changed since the version was read.
var ErrVersion = errors.New("conversation: it was changed meanwhile")

// Bounds of what hours may hold: enough for any calendar, small enough to be looked
// through for every question.
const (
	maxSpans       = 70
	maxHolidays    = 400
	maxHolidayName = 100
	// lookAhead is how many days are searched for an opening.
	lookAhead = 400
)

// Check returns h with its zone loaded, or an error that wraps ErrSetting.
func (h Hours) Check() (Hours, error) {
	wrong := func(format string, args ...any) (Hours, error) {
		return h, fmt.Errorf("%w: %s", ErrSetting, fmt.Sprintf(format, args...))
	}
	if h.Timezone == "" {
		h.Timezone = "UTC"
	}
	zone, err := time.LoadLocation(h.Timezone)
	if err != nil || h.Timezone == "Local" {
		return wrong("timezone is no IANA name such as Europe/Berlin")
	}
	h.zone = zone
	if len(h.Week) > maxSpans || len(h.Holidays) > maxHolidays {
		return wrong("more than %d spans or %d holidays", maxSpans, maxHolidays)
	}
	for i, s := range h.Week {
		from, okFrom := clock(s.From)
		to, okTo := clock(s.To)
		if s.Day < 0 || s.Day > 6 || !okFrom || !okTo || from >= to {
			return wrong("week[%d] is no day from 0 to 6 with from before to, such as 09:00 and 17:30", i)
		}
		for n, other := range h.Week[:i] { // the times compare as they are written
			if other.Day == s.Day && s.From < other.To && other.From < s.To {
				return wrong("week[%d] overlaps with week[%d]", i, n)
			}
		}
	}
	for i, d := range h.Holidays {
		if _, err := time.Parse(time.DateOnly, d.Date); err != nil {
			return wrong("holidays[%d] has no date such as 2026-12-25", i)
		}
		if len([]rune(d.Name)) > maxHolidayName {
			return wrong("holidays[%d] has a name longer than %d characters", i, maxHolidayName)
		}
	}
	if h.Week == nil {
		h.Week = []Span{}
	}
	if h.Holidays == nil {
		h.Holidays = []Holiday{}
	}
	return h, nil
}

// clock reads "09:30" as minutes since midnight; 24:00 is the end of the day.
func clock(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' || strings.Trim(s[:2]+s[3:], "0123456789") != "" {
		return 0, false
	}
	hour, minute := int(s[0]-'0')*10+int(s[1]-'0'), int(s[3]-'0')*10+int(s[4]-'0')
	if minute > 59 || hour > 24 || hour == 24 && minute > 0 {
		return 0, false
	}
	return hour*60 + minute, true
}

// Zone is where the hours hold.
func (h Hours) Zone() *time.Location {
	if h.zone == nil {
		return time.UTC
	}
	return h.zone
}

// interval is a stretch of open time.
type interval struct{ from, to time.Time }

// onDay are the open stretches of the local day that is n days after t's, in order.
// They are cut at the wall clock's times, so that a day may have an hour more or less.
func (h Hours) onDay(t time.Time, n int) []interval {
	y, m, d := t.In(h.Zone()).Date()
	noon := time.Date(y, m, d+n, 12, 0, 0, 0, h.Zone())
	y, m, d = noon.Date()
	date := noon.Format(time.DateOnly)
	for _, off := range h.Holidays {
		if off.Date == date {
			return nil
		}
	}
	var out []interval
	for _, s := range h.Week {
		if s.Day != noon.Weekday() {
			continue
		}
		from, _ := clock(s.From)
		to, _ := clock(s.To)
		i := interval{time.Date(y, m, d, 0, from, 0, 0, h.Zone()), time.Date(y, m, d, 0, to, 0, 0, h.Zone())}
		if i.from.Before(i.to) { // a span may lie within an hour that the clocks skip
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b interval) int { return a.from.Compare(b.from) })
	return out
}

// Open reports whether people answer at t.
func (h Hours) Open(t time.Time) bool {
	if len(h.Week) == 0 && !h.holiday(t) {
		return true
	}
	for _, i := range h.onDay(t, 0) {
		if !t.Before(i.from) && t.Before(i.to) {
			return true
		}
	}
	return false
}

func (h Hours) holiday(t time.Time) bool {
	date := t.In(h.Zone()).Format(time.DateOnly)
	return slices.ContainsFunc(h.Holidays, func(d Holiday) bool { return d.Date == date })
}

// Opens returns when people are back after t, and false when they are there or no
// opening lies within lookAhead days.
func (h Hours) Opens(t time.Time) (time.Time, bool) {
	if h.Open(t) {
		return time.Time{}, false
	}
	for n := range lookAhead {
		if len(h.Week) == 0 { // only holidays: back with the next day that is none
			y, m, d := t.In(h.Zone()).Date()
			if day := time.Date(y, m, d+n+1, 0, 0, 0, 0, h.Zone()); !h.holiday(day) {
				return day, true
			}
			continue
		}
		for _, i := range h.onDay(t, n) {
			if i.from.After(t) {
				return i.from, true
			}
		}
	}
	return time.Time{}, false
}

// After returns when d of open time has passed since t. Where there is not that much
// within lookAhead days it is plain time.
func (h Hours) After(t time.Time, d time.Duration) time.Time {
	if len(h.Week) == 0 {
		return t.Add(d)
	}
	end := t
	left := d
	for n := range lookAhead {
		for _, i := range h.onDay(t, n) {
			from := i.from
			if from.Before(end) { // before t, or in an earlier span where the clocks went back
				from = end
			}
			open := i.to.Sub(from)
			if open <= 0 {
				continue
			}
			if left <= open {
				return from.Add(left)
			}
			left -= open
			end = i.to
		}
	}
	return t.Add(d)
}

// Between is how much open time lies between two moments.
func (h Hours) Between(from, to time.Time) time.Duration {
	if len(h.Week) == 0 {
		return max(0, to.Sub(from))
	}
	var sum time.Duration
	end := from
	for n := range lookAhead {
		for _, i := range h.onDay(from, n) {
			if i.from.After(to) {
				return sum
			}
			a, b := i.from, i.to
			if a.Before(end) {
				a = end
			}
			if b.After(to) {
				b = to
			}
			if b.After(a) {
				sum += b.Sub(a)
				end = b
			}
		}
		if y, m, d := from.In(h.Zone()).Date(); time.Date(y, m, d+n, 0, 0, 0, 0, h.Zone()).After(to) {
			return sum
		}
	}
	return sum
}
