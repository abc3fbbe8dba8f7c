package conversation

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// View is a list of conversations as staff sort them.
type View string

// The views. Snoozed and resolved conversations are in none but their own and all.
const (
	ViewQueue    View = "queue"   // somebody waits for a person, who has waited longest first
	ViewMine     View = "mine"    // held by the reader, or meant for them
	ViewBot      View = "bot"     // the bot answers
	ViewOpen     View = "open"    // everything neither resolved nor snoozed
	ViewSnoozed  View = "snoozed" // put off
	ViewResolved View = "resolved"
	ViewDropped  View = "dropped" // the last word is the customer's, whoever owns it, and DroppedAfter has passed
	ViewAll      View = "all"
)

// Views lists all of them.
var Views = []View{ViewQueue, ViewMine, ViewBot, ViewOpen, ViewSnoozed, ViewResolved, ViewDropped, ViewAll}

// DroppedAfter is how long a customer's last word may stand before the conversation
// counts as dropped.
const DroppedAfter = 5 * time.Minute

// Priorities of a conversation, from none to urgent.
const (
	PriorityNone = 0
	PriorityHigh = 2 // what a wait is raised to at least, above low
	PriorityMost = 3
)

// MaxCount is where counting ends: a list that long is not worked off by number.
const MaxCount = 1000

// MaxSnooze is how far ahead a conversation can be put off.
const MaxSnooze = 366 * 24 * time.Hour

var (
	// ErrNoModel is returned for what only a model can do where there is none.
	ErrNoModel = errors.New("conversation: no model")
	// ErrHelpBusy is returned while as many answers for staff are being made as may be.
	ErrHelpBusy = errors.New("conversation: too many at once")
	// ErrNoLabel is returned for a label that does not exist, ErrNoTeam for a team,
	// ErrNoStaff for somebody who cannot be given conversations.
	ErrNoLabel = errors.New("conversation: no such label")
	ErrNoTeam  = errors.New("conversation: no such team")
	ErrNoStaff = errors.New("conversation: no such member of staff")
	// ErrNobody is returned when a person is to be found and nobody is there.
	ErrNobody = errors.New("conversation: nobody is online")
	// ErrExists is returned for a name that something else has.
	ErrExists = errors.New("conversation: the name is taken")
	// ErrNoContact and ErrNoCanned are returned where there is no such thing.
	ErrNoContact = errors.New("conversation: no such contact")
	ErrNoCanned  = errors.New("conversation: no such canned reply")
)

// TeamsMine, as the team of a Filter, stands for every team its reader is in.
const TeamsMine = "mine"

// Filter says which conversations are wanted. Empty fields ask for nothing.
type Filter struct {
	View     View
	Me       string // whose list it is: for ViewMine and what they have read
	Text     string // words in messages, or in a contact's name or address
	Channel  string
	Label    string // its name
	Assignee string // a member of staff, or "none"
	Team     string // its id, or TeamsMine
	Locale   string // en finds en-GB too
	Priority int    // at least; 0 asks for nothing
	From, To time.Time
	Cursor   string
	Limit    int
}

// Named is something with a name: a member of staff or a team.
type Named struct{ ID, Name string }

// Row is a conversation as a member of staff sees it in a list.
type Row struct {
	Summary
	ContactID    string
	Blocked      bool
	Labels       []string
	Priority     int
	Assignee     Named // who holds it or is to; empty for nobody
	Team         Named
	Unread       int // messages of the customer that the reader has not seen; 100 at most
	SnoozedUntil time.Time
	Reason       Reason // why it waits for a person
	Asks         string // the beginning of what the customer said last, while it waits for a person
	Rating       int    // the customer's newest, 1 to 5; 0 for none
	Comment      string // what they said beside it
	Match        *Match // where the search found it
}

// Match is a message that a search found. Seq is 0 where it was the contact.
type Match struct {
	Seq     int64
	Excerpt string
}

// Counts is how many conversations each view has, MaxCount at most. Unread counts
// those of the queue and of the reader's with something they have not seen.
type Counts struct {
	Queue, Mine, Bot, Open, Snoozed, Resolved, Dropped, Unread int
}

// TimelineEvent is one change of a conversation.
type TimelineEvent struct {
	At        time.Time
	Kind      string // owner, status, label, priority, assign, snooze, rating or contact
	From, To  string
	Reason    string
	ActorID   string // customer, bot, system or a member of staff's id
	ActorName string
	Comment   string // what the customer said beside a rating, with the newest of an episode
}

// Assignment says who is to take a conversation.
type Assignment struct {
	Staff string // a member of staff's id
	Team  string // a team's id
	Auto  bool   // find somebody who is there: of the team if one is named
	None  bool   // nobody, and no team
}

// InboxLists reads what staff work from.
type InboxLists interface {
	// Rows lists conversations with a message as the filter says, and the cursor of
	// the next page, empty after the last. ErrBadCursor, ErrNoLabel.
	Rows(ctx context.Context, f Filter) ([]Row, string, error)
	// Row returns one conversation as me sees it. ErrNotFound.
	Row(ctx context.Context, id, me string) (Row, error)
	// RowsOf returns those of the conversations that exist, and what each of the
	// readers has not seen of them, by conversation and reader.
	RowsOf(ctx context.Context, ids, readers []string) ([]Row, map[[2]string]int, error)
	Count(ctx context.Context, me string) (Counts, error)
	// Timeline returns a conversation's changes, oldest first. ErrNotFound.
	Timeline(ctx context.Context, id string) ([]TimelineEvent, error)
}

// InboxMarks changes what staff note about conversations. Each change and its event
// are stored together; one that changes nothing stores nothing. ErrNotFound.
type InboxMarks interface {
	// MarkRead notes that me has seen messages up to seq; it never goes back, so that a
	// late one takes nothing away.
	MarkRead(ctx context.Context, id, me string, seq int64) error
	// MarkUnread takes that back for the message seq and those after it; for a seq of 0 for
	// the newest of the customer. The messages before it stay as they are.
	MarkUnread(ctx context.Context, id, me string, seq int64) error
	// SetLabels replaces the labels, given by name. ErrNoLabel.
	SetLabels(ctx context.Context, id string, by Actor, names []string) error
	SetPriority(ctx context.Context, id string, by Actor, priority int) error
	// SetAssignee notes who is to take it. With Auto one of those who are there is chosen,
	// whom it returns; fresh says that something else was noted before. ErrNoStaff,
	// ErrNoTeam, ErrNobody.
	SetAssignee(ctx context.Context, id string, by Actor, a Assignment) (to Named, fresh bool, err error)
	// Snooze puts off what is not resolved until then; a zero time wakes it.
	// ErrNotCurrent.
	Snooze(ctx context.Context, id string, by Actor, until time.Time) error
	// WakeSnoozed wakes up to limit conversations whose time has come, and returns them.
	WakeSnoozed(ctx context.Context, limit int) ([]string, error)
}

// Indexer makes what was written searchable.
type Indexer interface {
	// IndexSome takes up to limit messages into the search, and says whether there
	// are more. It does nothing while another replica is at it.
	IndexSome(ctx context.Context, limit int) (more bool, err error)
}

// InboxStore is all that an Inbox asks of its database.
type InboxStore interface {
	InboxLists
	InboxMarks
	Indexer
	Contacts
	Shelves
	Mentions
	Redeliveries
	Briefings
}

// Inbox is what staff do with conversations beside talking: it lists, sorts,
// assigns and puts off. It is safe for concurrent use.
type Inbox struct {
	InboxStore
	e *Engine
}

// NewInbox returns the inbox of the conversations that e speaks in, kept in store.
func NewInbox(e *Engine, store InboxStore) *Inbox { return &Inbox{InboxStore: store, e: e} }

// touched tells staff that a row of their list is another.
func (in *Inbox) touched(ids ...string) {
	for _, id := range ids {
		ev := Event{Kind: EventInbox, Conversation: id}
		in.e.hub.Publish(ev)
		in.e.d.Bus.Relay(ev)
	}
}

// stateChanged tells everybody of a status that changed without the engine.
func (in *Inbox) stateChanged(id string) {
	in.e.hub.Publish(Event{Kind: EventState, Conversation: id})
	in.e.d.Bus.Hint(id, 0)
}

// MarkRead notes that by has seen messages up to seq.
func (in *Inbox) MarkRead(ctx context.Context, id, me string, seq int64) error {
	if err := in.InboxStore.MarkRead(ctx, id, me, seq); err != nil {
		return err
	}
	ev := Event{Kind: EventRead, Conversation: id, Seq: seq}
	in.e.hub.Publish(ev)
	in.e.d.Bus.Relay(ev)
	in.touched(id)
	return nil
}

// MarkUnread takes back that me has seen the message seq and those after it, or the
// customer's newest where seq is 0. The customer, who was told of it, is told nothing.
// ErrNotFound.
func (in *Inbox) MarkUnread(ctx context.Context, id, me string, seq int64) error {
	if err := in.InboxStore.MarkUnread(ctx, id, me, seq); err != nil {
		return err
	}
	in.touched(id)
	return nil
}

// SetLabels replaces a conversation's labels, given by name. ErrNotFound, ErrNoLabel.
func (in *Inbox) SetLabels(ctx context.Context, id string, by Actor, names []string) error {
	if err := in.InboxStore.SetLabels(ctx, id, by, names); err != nil {
		return err
	}
	in.touched(id)
	return nil
}

// SetPriority sets it, from PriorityNone to PriorityMost. ErrNotFound.
func (in *Inbox) SetPriority(ctx context.Context, id string, by Actor, priority int) error {
	if err := in.InboxStore.SetPriority(ctx, id, by, priority); err != nil {
		return err
	}
	in.touched(id)
	return nil
}

// Snooze puts a conversation off; the customer's next message, or a zero time, ends
// that. ErrNotCurrent for a resolved one and for a time not ahead.
func (in *Inbox) Snooze(ctx context.Context, id string, by Actor, until time.Time) error {
	if now := time.Now(); !until.IsZero() && (!until.After(now) || until.Sub(now) > MaxSnooze) {
		return fmt.Errorf("snooze until %s: %w", until.Format(time.RFC3339), ErrNotCurrent)
	}
	if err := in.InboxStore.Snooze(ctx, id, by, until); err != nil {
		return err
	}
	in.stateChanged(id)
	in.touched(id)
	return nil
}

// Handback is Engine.Handback for somebody who has the messages up to seen before them, or
// whatever there is when that is 0. ErrUnseen when the customer has written since: nobody
// would answer that.
func (in *Inbox) Handback(ctx context.Context, id string, by Actor, seen int64) (State, error) {
	return in.e.handback(ctx, id, by, seen)
}

// Resolve closes a conversation and keeps why, which may be empty. seen and ErrUnseen are
// as of Handback.
func (in *Inbox) Resolve(ctx context.Context, id string, by Actor, reason string, seen int64) (State, error) {
	return in.e.resolve(ctx, id, by, reason, seen)
}

// Reopen takes a resolved conversation up again; it becomes by's. Of two at once one
// wins, and a *TakenError names them to the other.
func (in *Inbox) Reopen(ctx context.Context, id string, by Actor) (State, error) {
	st, err := in.e.State(ctx, id)
	if err != nil {
		return st, err
	}
	if st.Status != StatusResolved {
		switch {
		case st.Owner == OwnerStaff && st.StaffID != by.StaffID:
			return st, &TakenError{StaffID: st.StaffID, Name: st.StaffName}
		case st.Owner == OwnerStaff:
			return st, nil
		}
		return st, ErrNotCurrent
	}
	c := Change{
		To: OwnerStaff, From: []Owner{OwnerBot, OwnerQueue, OwnerStaff}, By: by, Reason: ReasonReopened, Status: StatusOpen, Was: StatusResolved,
	}
	c.Messages = []NewMessage{joined(st, by)}
	return in.e.change(ctx, id, c)
}

// Assign says who is to take a conversation. What the bot answers goes to the queue,
// since a person is to see it; what somebody holds passes to the one named at once;
// in the queue it stays there until they take it. Whoever is given what they did not
// have, by another, is told. ErrNotFound, ErrNotCurrent for a
// resolved one, ErrNoStaff, ErrNoTeam, ErrNobody, *TakenError.
func (in *Inbox) Assign(ctx context.Context, id string, by Actor, a Assignment) (err error) {
	st, err := in.e.State(ctx, id)
	if err != nil {
		return err
	}
	if st.Status == StatusResolved {
		return ErrNotCurrent
	}
	to, fresh, err := in.SetAssignee(ctx, id, by, a)
	if err != nil {
		return err
	}
	defer in.touched(id)
	if held := st.Owner == OwnerStaff; held && to.ID != st.StaffID || !held && fresh {
		defer func() {
			if err == nil {
				in.assigned(id, by, to)
			}
		}()
	}
	switch {
	case a.None:
		return nil
	case st.Owner == OwnerBot:
		_, err = in.e.Handoff(ctx, id, by, ReasonAssigned)
	case st.Owner == OwnerStaff && to.ID != "" && to.ID != st.StaffID:
		next := Actor{StaffID: to.ID, Name: to.Name}
		_, err = in.e.change(ctx, id, Change{
			To: OwnerStaff, From: []Owner{OwnerStaff}, By: next, Holder: st.StaffID, Doer: by.StaffID, Reason: ReasonAssigned,
			Messages: []NewMessage{joined(st, next)},
		})
	}
	return err
}

// assigned tells somebody that another has given them a conversation.
func (in *Inbox) assigned(id string, by Actor, to Named) {
	if to.ID == "" || to.ID == by.StaffID {
		return
	}
	ev := Event{Kind: EventAssigned, Conversation: id, Staff: to.ID, Name: by.Name}
	in.e.hub.Publish(ev)
	in.e.d.Bus.Relay(ev)
}
