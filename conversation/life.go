package conversation

import (
	"context"
	"time"
)

// Reasons and alerts of what the rules of handling bring about.
const (
	ReasonIdle   Reason = "staff_idle"      // whoever held it let the customer wait
	ReasonSilent Reason = "customer_silent" // nothing more came: closed

	AlertWaiting    AlertKind = "waiting"    // somebody new waits for a person
	AlertReminder   AlertKind = "reminder"   // and does so still
	AlertEscalation AlertKind = "escalation" // and now has a higher priority
)

// AlertKind sorts alerts.
type AlertKind string

// Alert asks staff to look at a conversation.
type Alert struct {
	Kind AlertKind
	Text string
}

// Outlook is what whoever waits for a person can expect.
type Outlook struct {
	Open        bool          // by the business hours, now
	OpensAt     time.Time     // when people are back; zero while they are there or when nobody knows
	TypicalWait time.Duration // 0: not known
	StaffOnline int           // with a console open and not away
	Away        bool          // nobody is there to answer, on any platform that shows it
	AskEmail    bool          // whoever waits now is asked where they can be reached
}

// Life is an open conversation with what decides whether something is overdue in it.
type Life struct {
	State       State
	Lease       string
	Wakes       int64
	Started     time.Time // the episode
	CustomerAt  time.Time
	SpokeAt     time.Time // of the newest message that is neither a note nor the product's own
	OwnedAt     time.Time // when it last changed hands
	RemindedAt  time.Time
	EscalatedAt time.Time
	TurnDue     bool // the bot is about to answer
}

// lastWords is when anybody last spoke in the episode.
func (l Life) lastWords() time.Time { return latest(l.Started, l.CustomerAt, l.SpokeAt) }

// Promise is what a customer was told when they began to wait.
type Promise struct {
	Position int
	Typical  time.Duration
	OpensAt  time.Time
}

// Waited is a wait that ended with a person's reply.
type Waited struct{ Since, Until time.Time }

// Floor is who is there.
type Floor struct {
	Online int
	Desks  bool // staff may answer from another platform, where nobody sees who is there
}

// Lives finds conversations in which something is overdue. Times are the caller's,
// so that a test may have its own.
type Lives interface {
	Floor(ctx context.Context) (Floor, error)
	// ClaimLives leases up to limit of those due at now, the longest due first.
	ClaimLives(ctx context.Context, now time.Time, limit int, lease time.Duration) ([]Life, error)
	// SettleLife ends the lease. The next look is at next, or never when it is zero;
	// where there was news since the claim it is when the news asked for.
	SettleLife(ctx context.Context, l Life, next time.Time) error
	// Remind notes that staff were told of a wait, once for each wait, and whether
	// this call was the one. Escalating raises the priority as well.
	Remind(ctx context.Context, l Life, now time.Time, escalate bool) (first bool, err error)
	// Promise keeps what the customer was told of the wait they are in.
	Promise(ctx context.Context, id string, p Promise) error
	// Waiting counts the queue.
	Waiting(ctx context.Context) (int, error)
	// Places returns where in the queue conversations are; absent when not in it.
	Places(ctx context.Context, ids []string) (map[string]int, error)
	// Waits returns the newest limit waits that ended in a reply.
	Waits(ctx context.Context, limit int) ([]Waited, error)
	// StaffHere is a sign of life of one open event stream of a member of staff.
	// What is no account's id is passed over.
	StaffHere(ctx context.Context, stream, staffID string) error
	StaffGone(ctx context.Context, stream string) error
}

// step is what is overdue.
type step int

const (
	stepNone step = iota
	stepRemind
	stepEscalate
	stepIdle
	stepSilent
)

// turnTime is how long after a look that found the bot at work there is another.
const turnTime = 10 * time.Second

// overdue decides what is to be done with l now, and if nothing is, when to look next;
// never when that is zero. A customer in the queue is never closed: we owe them.
func overdue(l Life, s LifeSettings, now time.Time) (step, time.Time) {
	st, h := l.State, s.Handling
	if st.Status == StatusResolved || st.Status == StatusSnoozed {
		return stepNone, time.Time{}
	}
	what, next := stepNone, time.Time{}
	consider := func(on bool, at time.Time, do step) {
		switch {
		case !on:
		case !at.After(now):
			if what == stepNone {
				what = do
			}
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	waits := st.Owner != OwnerBot && !st.WaitingSince.IsZero()
	consider(waits && h.RemindMinutes > 0 && l.RemindedAt.IsZero(), s.Hours.After(st.WaitingSince, minutes(h.RemindMinutes)), stepRemind)
	consider(waits && h.EscalateMinutes > 0 && l.EscalatedAt.IsZero(), s.Hours.After(st.WaitingSince, minutes(h.EscalateMinutes)), stepEscalate)
	consider(waits && h.IdleMinutes > 0 && st.Owner == OwnerStaff, latest(st.WaitingSince, l.OwnedAt).Add(minutes(h.IdleMinutes)), stepIdle)
	consider(!waits && h.ResolveHours > 0 && st.Owner != OwnerQueue && !l.TurnDue,
		l.lastWords().Add(hours(h.ResolveHours)), stepSilent)
	if what == stepNone && next.IsZero() && l.TurnDue {
		next = now.Add(turnTime) // once the bot has answered
	}
	return what, next
}

func latest(ts ...time.Time) (out time.Time) {
	for _, t := range ts {
		if t.After(out) {
			out = t
		}
	}
	return out
}

// Bounds of what a typical wait is taken from.
const (
	waitSamples = 500 // waits looked at, the newest
	slotSamples = 5   // of the same hour of the same weekday, or else of the same hour
	leastWaits  = 3   // of any; with fewer nothing is said
	// longestWait is what is still called typical.
	longestWait = 4 * time.Hour
)

// typicalWait is the median of how long people waited for a reply at this hour of this
// weekday; where there were too few, at this hour of any day, and else at all. Only open
// time counts, and only waits that began in it. 0 is: not known.
func typicalWait(h Hours, waits []Waited, now time.Time) time.Duration {
	local := now.In(h.Zone())
	var slot, hour, all []time.Duration
	for _, w := range waits {
		if !h.Open(w.Since) {
			continue
		}
		took, at := h.Between(w.Since, w.Until), w.Since.In(h.Zone())
		all = append(all, took)
		if at.Hour() == local.Hour() {
			hour = append(hour, took)
			if at.Weekday() == local.Weekday() {
				slot = append(slot, took)
			}
		}
	}
	for _, of := range []struct {
		took  []time.Duration
		least int
	}{{slot, slotSamples}, {hour, slotSamples}, {all, leastWaits}} {
		if len(of.took) >= of.least {
			return roundWait(median(of.took))
		}
	}
	return 0
}
