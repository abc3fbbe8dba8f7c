package conversation

import (
	"strings"
	"testing"
	"time"
)

func TestOverdueFollowsTheRules(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00Z")
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	s := LifeSettings{Handling: DefaultHandling}
	staffed := State{Owner: OwnerStaff, Status: StatusOpen, StaffName: "Ana"}
	waiting := func(st State, since time.Time) State { st.WaitingSince = since; return st }
	queued := State{Owner: OwnerQueue, Status: StatusOpen}
	for _, c := range []struct {
		name string
		l    Life
		want step
		next time.Duration // from now; 0 when a step is due, negative for never
	}{
		{"a fresh wait", Life{State: waiting(queued, now)}, stepNone, 5 * time.Minute},
		{"a wait to be reminded of", Life{State: waiting(queued, ago(5*time.Minute))}, stepRemind, 0},
		{"a wait reminded of", Life{State: waiting(queued, ago(6*time.Minute)), RemindedAt: now}, stepNone, 9 * time.Minute},
		{"a wait to be escalated", Life{State: waiting(queued, ago(15*time.Minute)), RemindedAt: now}, stepEscalate, 0},
		{"a long wait in the queue is never closed", Life{State: waiting(queued, ago(99*time.Hour)), RemindedAt: now, EscalatedAt: now}, stepNone, -1},
		{"staff let the customer wait", Life{State: waiting(staffed, ago(15*time.Minute)), RemindedAt: now, EscalatedAt: now}, stepIdle, 0},
		{"staff have just taken it", Life{State: waiting(staffed, ago(time.Hour)), OwnedAt: ago(time.Minute), RemindedAt: now, EscalatedAt: now}, stepNone, 14 * time.Minute},
		{"the customer is silent with staff", Life{State: staffed, CustomerAt: ago(30 * time.Hour), SpokeAt: ago(24 * time.Hour)}, stepSilent, 0},
		{"staff wrote lately", Life{State: staffed, CustomerAt: ago(30 * time.Hour), SpokeAt: ago(23 * time.Hour)}, stepNone, time.Hour},
		{"the customer is silent with the bot", Life{State: State{Owner: OwnerBot, Status: StatusWaiting}, CustomerAt: ago(24 * time.Hour)}, stepSilent, 0},
		{"the bot is about to answer", Life{State: State{Owner: OwnerBot}, CustomerAt: ago(48 * time.Hour), TurnDue: true}, stepNone, turnTime},
		{"closed", Life{State: State{Owner: OwnerBot, Status: StatusResolved}}, stepNone, -1},
		{"snoozed", Life{State: waiting(State{Owner: OwnerStaff, Status: StatusSnoozed}, ago(99*time.Hour))}, stepNone, -1},
	} {
		got, next := overdue(c.l, s, now)
		if got != c.want {
			t.Errorf("%s: overdue() = %d, want %d", c.name, got, c.want)
		}
		switch {
		case c.next < 0 && !next.IsZero(), c.next > 0 && !next.Equal(now.Add(c.next)):
			t.Errorf("%s: the next look is at %v, want %v from now", c.name, next, c.next)
		}
	}
	off := LifeSettings{}
	for _, l := range []Life{{State: waiting(queued, ago(1000*time.Hour))}, {State: staffed, CustomerAt: ago(1000 * time.Hour)}} {
		if got, next := overdue(l, off, now); got != stepNone || !next.IsZero() {
			t.Errorf("overdue(all rules off) = %d, %v, want nothing ever", got, next)
		}
	}
}

func TestRemindersCountOpenTimeOnly(t *testing.T) {
	s := LifeSettings{Hours: berlin(t, Hours{Week: weekdays()}), Handling: DefaultHandling}
	friday := at(t, "2026-11-27T16:28:00Z") // two minutes before closing
	l := Life{State: State{Owner: OwnerQueue, Status: StatusOpen, WaitingSince: friday}}
	got, next := overdue(l, s, at(t, "2026-11-28T12:00:00Z"))
	if want := at(t, "2026-11-30T08:03:00Z"); got != stepNone || !next.Equal(want) {
		t.Errorf("overdue(on Saturday) = %d, %v, want nothing until Monday 09:03", got, next)
	}
}

func TestTypicalWaitIsOfTheSameHourElseOfAll(t *testing.T) {
	h := berlin(t, Hours{Week: weekdays()})
	monday := at(t, "2026-11-23T10:30:00Z")
	wait := func(since time.Time, took time.Duration) Waited { return Waited{since, since.Add(took)} }
	var waits []Waited
	if got := typicalWait(h, waits, monday); got != 0 {
		t.Errorf("typicalWait(nothing) = %v, want unknown", got)
	}
	for i := range 3 {
		waits = append(waits, wait(monday.AddDate(0, 0, -6).Add(time.Duration(i+1)*time.Hour), 20*time.Minute))
	}
	if got := typicalWait(h, waits, monday); got != 20*time.Minute {
		t.Errorf("typicalWait(three of other hours) = %v, want their 20m", got)
	}
	for range 5 {
		waits = append(waits, wait(monday.AddDate(0, 0, -5), 9*time.Minute+time.Second))
	}
	if got := typicalWait(h, waits, monday); got != 10*time.Minute {
		t.Errorf("typicalWait(five of the hour) = %v, want 10m", got)
	}
	for range 5 {
		waits = append(waits, wait(monday.AddDate(0, 0, -7), 3*time.Minute))
		waits = append(waits, wait(monday.AddDate(0, 0, -8), 5*time.Hour)) // a Sunday: nobody was to answer
	}
	if got := typicalWait(h, waits, monday); got != 3*time.Minute {
		t.Errorf("typicalWait(five of the slot) = %v, want 3m", got)
	}
	overnight := []Waited{}
	for range 3 {
		overnight = append(overnight, Waited{at(t, "2026-11-20T16:20:00Z"), at(t, "2026-11-23T08:10:00Z")})
	}
	if got := typicalWait(h, overnight, monday); got != 20*time.Minute {
		t.Errorf("typicalWait(over a weekend) = %v, want the 20m that were open", got)
	}
}

func TestEveryLanguageSaysWhatToExpect(t *testing.T) {
	h := berlin(t, Hours{Week: weekdays()})
	monday := at(t, "2026-11-30T08:00:00Z")
	for lang := range texts {
		p, ok := lifePacks[lang]
		if !ok {
			t.Errorf("%s: no texts about waiting", lang)
			continue
		}
		closed := p.expect("A.", Outlook{OpensAt: monday}, Promise{}, h, true, true)
		if !strings.HasPrefix(closed, "A. ") || !strings.Contains(closed, "09:00") || !strings.Contains(closed, "30") ||
			!strings.Contains(closed, p.Months[10]) || !strings.Contains(closed, "Europe/Berlin") || !strings.Contains(closed, p.Email) || !strings.HasSuffix(closed, p.Still) {
			t.Errorf("%s: closed = %q, want when people are back, the e-mail and what goes on", lang, closed)
		}
		open := p.expect("A.", Outlook{Open: true, StaffOnline: 1}, Promise{Position: 4, Typical: 25 * time.Minute}, h, false, true)
		if !strings.Contains(open, "4") || !strings.Contains(open, "25") || strings.Contains(open, p.Email) {
			t.Errorf("%s: open = %q, want place and wait, and no e-mail", lang, open)
		}
		for _, s := range []string{closed, open, p.lasting(time.Minute), p.lasting(time.Hour), p.lasting(3 * time.Hour), p.Shut, p.Nobody, p.Meantime, fill(p.Idle, "{name}", "Ana")} {
			if s == "" || strings.ContainsAny(s, "{}") {
				t.Errorf("%s: %q has a gap", lang, s)
			}
		}
	}
	if got := lifePacks["en"].when(monday, h.Zone()); got != "Monday, 30 November, at 09:00 (Europe/Berlin time)" {
		t.Errorf("when() = %q", got)
	}
}
