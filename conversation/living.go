package conversation

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// livesAtOnce is how many conversations one look takes.
	livesAtOnce = 50
	// lifeLease is how long another replica waits for one that died over a look.
	lifeLease = 30 * time.Second
	// waitsEvery is how often the typical wait is worked out, and watchersEvery how
	// often those who watch their place in the queue hear of it.
	waitsEvery    = 15 * time.Second
	watchersEvery = 3 * time.Second
	// whilesAtOnce is how many questions of people who wait are looked up at a time;
	// more than that are left to the person they wait for.
	whilesAtOnce = 8
)

// living is what the engine knows of the floor, and who here watches their place.
type living struct {
	floor   atomic.Pointer[seenFloor]
	queued  sync.Map // conversation → the place in the queue last told, of those watched here
	asides  chan struct{}
	wg      sync.WaitGroup // of the asides
	waitsAt time.Time      // of the last look at waits; only the worker's
	toldAt  time.Time
}

// seenFloor is who is there, read at most a poll ago.
type seenFloor struct {
	Floor
	typical time.Duration // to wait, as worked out last
	known   bool          // it was read
}

// floor is that with what everybody goes by.
type floor struct {
	seenFloor
	LifeSettings
}

func (l *living) init() {
	l.asides = make(chan struct{}, whilesAtOnce)
	l.floor.Store(&seenFloor{})
}

// floor is how things stand.
func (e *Engine) floor() *floor {
	return &floor{*e.living.floor.Load(), e.Settings().life()}
}

func (e *Engine) now() time.Time {
	if e.cfg.Now != nil {
		return e.cfg.Now()
	}
	return time.Now()
}

// live looks after what is overdue until ctx ends.
func (e *Engine) live(ctx context.Context) {
	defer e.living.wg.Wait()
	tick := time.NewTicker(e.cfg.Poll)
	defer tick.Stop()
	for {
		e.refresh(ctx)
		e.attend(ctx)
		e.tellQueue(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// refresh reads who is there and what everybody goes by. When that fails what was
// known holds on.
func (e *Engine) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	f, err := e.d.Store.Floor(ctx)
	if err != nil {
		if ctx.Err() == nil {
			e.log.Warn("hours and presence not read", "err", err)
		}
		return
	}
	e.living.floor.Store(&seenFloor{Floor: f, typical: e.living.floor.Load().typical, known: true})
}

// attend does all that is overdue now.
func (e *Engine) attend(ctx context.Context) {
	for ctx.Err() == nil {
		claim, cancel := context.WithTimeout(ctx, storeTimeout)
		now := e.now()
		lives, err := e.d.Store.ClaimLives(claim, now, livesAtOnce, lifeLease)
		cancel()
		if err != nil {
			if ctx.Err() == nil {
				e.log.Warn("overdue conversations not read", "err", err)
			}
			return
		}
		for _, l := range lives {
			e.lookAfter(ctx, l, now)
		}
		if len(lives) < livesAtOnce {
			return
		}
	}
}

// lookAfter does what is overdue in one conversation. Each step holds only for the
// conversation as it was read, so that whoever was faster has the last word.
func (e *Engine) lookAfter(ctx context.Context, l Life, now time.Time) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	do, next := overdue(l, e.Settings().life(), now)
	var err error
	switch do {
	case stepRemind, stepEscalate:
		err = e.remind(ctx, l, now, do == stepEscalate)
	case stepIdle:
		err = e.letGo(ctx, l)
	case stepSilent:
		err = e.closeSilent(ctx, l, now)
	}
	if do != stepNone {
		next = now // whatever came of it, there may be more
		if err != nil {
			next = now.Add(retryAfter)
			e.log.Warn("overdue conversation not handled", "conversation", l.State.Conversation, "err", err)
		}
	}
	if err := e.d.Store.SettleLife(ctx, l, next); err != nil {
		e.log.Warn("look at a conversation not settled; its lease will end", "conversation", l.State.Conversation, "err", err)
	}
}

func (e *Engine) remind(ctx context.Context, l Life, now time.Time, escalate bool) error {
	first, err := e.d.Store.Remind(ctx, l, now, escalate)
	if err != nil || !first {
		return err
	}
	kind := AlertReminder
	if escalate {
		kind = AlertEscalation
		e.hub.Publish(Event{Kind: EventState, Conversation: l.State.Conversation})
		e.d.Bus.Hint(l.State.Conversation, l.State.Epoch)
	}
	e.alert(l.State, kind)
	return nil
}

// lateWords is how long after a silent conversation should have been closed its
// customer is still told so. Whoever wrote before a long pause of the server, or before
// the rule was made, is not written to about it.
const lateWords = 24 * time.Hour

// closeSilent closes a conversation whose customer has been silent long enough.
func (e *Engine) closeSilent(ctx context.Context, l Life, now time.Time) error {
	c := Change{From: []Owner{OwnerBot, OwnerStaff}, AtEpoch: &l.State.Epoch, System: true, Reason: ReasonSilent, Status: StatusResolved}
	if now.Sub(l.lastWords())-hours(e.Settings().Handling.ResolveHours) <= lateWords {
		c.Messages = []NewMessage{e.closing(l.State)}
	}
	st, err := e.change(ctx, l.State.Conversation, c)
	if err == nil && len(c.Messages) == 0 {
		e.publishState(st)
		e.d.Bus.Hint(st.Conversation, st.Epoch)
	}
	return err
}

// letGo puts a conversation back in the queue whose holder lets the customer wait.
func (e *Engine) letGo(ctx context.Context, l Life) error {
	st := l.State
	t := lifeTextsFor(st.Locale)
	text, p := e.queuedWords(ctx, st.Locale, fill(t.Idle, "{name}", st.StaffName), st.Channel)
	next, ms, err := e.d.Store.Change(ctx, st.Conversation, Change{
		To: OwnerQueue, From: []Owner{OwnerStaff}, AtEpoch: &st.Epoch, System: true, Reason: ReasonIdle, Status: StatusOpen,
		Messages: []NewMessage{{Author: AuthorSystem, Text: text}},
	})
	if err != nil || len(ms) == 0 {
		return err
	}
	e.changed(next, ms)
	e.nowWaits(ctx, next, p)
	return nil
}

// alert tells staff everywhere.
func (e *Engine) alert(st State, k AlertKind) {
	ev := Event{Kind: EventAlert, Conversation: st.Conversation, Alert: &Alert{Kind: k, Text: alertText(k, st, e.now())}}
	e.hub.Publish(ev)
	e.d.Bus.Relay(ev)
}

// nowWaits follows a conversation's entry into the queue: staff are told, and what the
// customer was told is kept for comparison. That it cannot be kept is no failure.
func (e *Engine) nowWaits(ctx context.Context, st State, p Promise) {
	e.alert(st, AlertWaiting)
	if !e.living.floor.Load().known {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if err := e.d.Store.Promise(ctx, st.Conversation, p); err != nil {
		e.log.Warn("what a customer was told of their wait is not stored", "conversation", st.Conversation, "err", err)
	}
}

// outlook is what somebody who waits can expect now.
func (e *Engine) outlook() (Outlook, *floor) {
	f, now := e.floor(), e.now()
	o := Outlook{Open: f.Hours.Open(now), StaffOnline: f.Online, TypicalWait: f.typical}
	if at, ok := f.Hours.Opens(now); ok {
		o.OpensAt = at
	}
	o.Away = f.away(o)
	o.AskEmail = o.Away && f.Handling.OfflineEmail
	return o, f
}

// away reports whether nobody is there to answer. Staff on another platform are not
// seen and therefore taken to be there.
func (f *floor) away(o Outlook) bool { return f.known && (!o.Open || o.StaffOnline == 0 && !f.Desks) }

// queuedWords tells what somebody who is put in the queue can expect, after what was
// said before, and returns that as a promise.
func (e *Engine) queuedWords(ctx context.Context, locale, before, channel string) (string, Promise) {
	o, f := e.outlook()
	if !f.known {
		return before, Promise{}
	}
	p, away := Promise{OpensAt: o.OpensAt}, f.away(o)
	if !away {
		n, err := e.d.Store.Waiting(ctx)
		if err != nil {
			e.log.Warn("queue not counted", "err", err)
			return before, Promise{}
		}
		p.Position, p.Typical = n+1, o.TypicalWait
	}
	return lifeTextsFor(locale).expect(before, o, p, f.Hours, away, f.Handling.OfflineEmail && channel == widgetChannel), p
}

// widgetChannel is the one channel whose customers cannot be reached once they leave.
const widgetChannel = "widget"

// described adds to a state what can be expected, and remembers who watches their place.
func (e *Engine) described(st State) State {
	o, _ := e.outlook()
	if st.Owner == OwnerQueue && st.Status != StatusResolved {
		e.living.queued.Store(st.Conversation, place(st.Position, o))
	} else {
		o.TypicalWait, o.AskEmail = 0, false
		e.living.queued.Delete(st.Conversation)
	}
	st.Outlook = &o
	return st
}

// place is what of a wait, when it changes, its customer has to hear.
func place(position int, o Outlook) string {
	return fmt.Sprint(position, o.Open, o.OpensAt.Unix(), o.TypicalWait, o.StaffOnline, o.Away, o.AskEmail)
}

// tellQueue works out the typical wait now and then, and has those who watch their
// place in the queue from here look again when it has changed.
func (e *Engine) tellQueue(ctx context.Context) {
	l, now := &e.living, time.Now()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if now.Sub(l.waitsAt) >= waitsEvery {
		l.waitsAt = now
		waits, err := e.d.Store.Waits(ctx, waitSamples)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("waits not read", "err", err)
		}
		if err == nil {
			f := *l.floor.Load()
			f.typical = typicalWait(e.Settings().Hours, waits, e.now())
			l.floor.Store(&f)
		}
	}
	if now.Sub(l.toldAt) < watchersEvery {
		return
	}
	l.toldAt = now
	watched := map[string]bool{}
	for _, id := range e.hub.Conversations() {
		watched[id] = true
	}
	var ids []string
	l.queued.Range(func(k, _ any) bool {
		if id := k.(string); watched[id] {
			ids = append(ids, id)
		} else {
			l.queued.Delete(k)
		}
		return true
	})
	if len(ids) == 0 {
		return
	}
	places, err := e.d.Store.Places(ctx, ids)
	if err != nil {
		e.log.Warn("places in the queue not read", "err", err)
		return
	}
	o, _ := e.outlook()
	for _, id := range ids {
		if told, ok := l.queued.Load(id); ok && places[id] > 0 && told != place(places[id], o) {
			e.hub.Publish(Event{Kind: EventState, Conversation: id})
		}
	}
}
