package conversation

import (
	"context"
	"encoding/json"
	"time"

	"frontdesk/knowledge"
)

// Log keeps conversations and their messages.
type Log interface {
	// Open makes a contact with one empty conversation.
	Open(ctx context.Context, o Opening) (State, error)
	// Describe adds to what is known of a conversation's customer. ErrNotFound.
	Describe(ctx context.Context, id string, p Profile) error
	// Receive stores a customer message, raises the epoch and makes the turn due,
	// in one transaction. A message that joins others not answered yet is due
	// after g.Quiet, but no later than g.Most after the first of them. Its uploads
	// become the message's, all or none. ErrNotFound, ErrConflict, ErrNoFile.
	Receive(ctx context.Context, in Inbound, g Gather) (Receipt, error)
	// State returns ErrNotFound for an unknown id.
	State(ctx context.Context, id string) (State, error)
	// Messages returns up to limit messages after a sequence number, oldest first;
	// for staff with their notes and why the bot said what it did.
	Messages(ctx context.Context, id string, after int64, limit int, staff bool) ([]Message, error)
	// Note appends a private note of staff and returns whom it named; owner, epoch and
	// turn stay as they are. An ExternalID that is in the log stores nothing and names
	// nobody; ErrConflict when it is another message's.
	Note(ctx context.Context, id string, n NewNote) (m Message, named []string, err error)
	// Rate stores the customer's thumb on a bot message; changed is false when it
	// was already there. ErrNotFound when seq is no bot message.
	Rate(ctx context.Context, id string, seq int64, helpful bool) (changed bool, err error)
}

// Gather says how long to wait for the rest of a burst.
type Gather struct{ Quiet, Most time.Duration }

// Turns hands out conversations whose customer is due an answer. A turn is a
// lease: one holder at a time on any replica, lost when it is not renewed.
type Turns interface {
	// Claim leases the turn of one conversation if it is due and free.
	Claim(ctx context.Context, id string, lease time.Duration) (Turn, bool, error)
	// ClaimDue leases up to limit due turns, the longest waiting first, but none of
	// the conversations named.
	ClaimDue(ctx context.Context, limit int, except []string, lease time.Duration) ([]Turn, error)
	// Renew extends leases and returns, per conversation id, the epoch it is at
	// now; a lease that was lost is absent.
	Renew(ctx context.Context, turns []Turn, lease time.Duration) (map[string]int64, error)
	// Finish stores a turn's outcome only where the bot still owns the conversation
	// at the turn's epoch under the turn's lease; otherwise ErrSuperseded, and
	// nothing is stored.
	Finish(ctx context.Context, t Turn, o Outcome) (State, []Message, error)
	// Release gives a lease back unfinished; its turn, if one is still due, is not
	// taken up before retry has passed. A negative retry says that the turn was not
	// even begun: it is no attempt, and due at once. It returns how long that is,
	// negative when no turn is due.
	Release(ctx context.Context, t Turn, retry time.Duration) (time.Duration, error)
}

// Owners changes who speaks.
type Owners interface {
	// Change applies c as one compare-and-set. A *TakenError names the staff
	// member who stood in the way; ErrNotCurrent, ErrNotFound. A change to what is
	// already so succeeds and returns no messages.
	Change(ctx context.Context, id string, c Change) (State, []Message, error)
}

// Ledger records what models cost.
type Ledger interface {
	Record(ctx context.Context, calls []Call) error
}

// Store is all the engine asks of its database.
type Store interface {
	Log
	Turns
	Owners
	Ledger
	Holds
	Summaries
	Reports
	Files
	Unread
	Lives
	Feelings
	Figures
	SettingStore
}

// Finder finds passages; knowledge storage implements it.
type Finder interface {
	Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error)
}

// Counter counts tokens exactly as the model's encoding does.
type Counter interface {
	Count(s string) int
	// Truncate returns the longest prefix of s of at most max tokens.
	Truncate(s string, max int) string
}

// Bus carries hints to other replicas. Calls do not block; what is lost is
// found by the slow poll.
type Bus interface {
	// Hint says that a conversation changed.
	Hint(conversation string, epoch int64)
	// Relay passes on a delta, the end of an answer or somebody typing.
	Relay(e Event)
}

// Turn is a leased conversation with what is needed to answer it.
type Turn struct {
	ID          string // also the lease's token
	State       State
	Attempt     int   // 1 the first time
	Misses      int   // answers in a row that rested on nothing
	AnsweredSeq int64 // the newest message dealt with before
	Messages    []Message
	Summary     string // of the context's messages up to SummarySeq; empty when there is none
	SummarySeq  int64
	Waited      time.Duration // since the customer's newest message
}

// Outcome is what a turn decided.
type Outcome struct {
	Messages []NewMessage
	Owner    Owner  // OwnerBot, or OwnerQueue to hand over
	Reason   Reason // of handing over
	Misses   int
	Calls    []Call
}

// NewMessage is a message to be appended to a log.
type NewMessage struct {
	Author     Author          `json:"author"`
	StaffID    string          `json:"staff_id,omitempty"`
	Name       string          `json:"name,omitempty"`
	Text       string          `json:"body"`
	Note       bool            `json:"note,omitempty"`
	ExternalID string          `json:"external_id,omitempty"`
	Sources    []Source        `json:"sources,omitempty"`
	Options    []Option        `json:"options,omitempty"`
	Trace      json.RawMessage `json:"trace,omitempty"`
	Files      []string        `json:"-"` // ids of uploads that become the message's files, all or ErrNoFile
}

// Change is a change of owner or status, with the messages that tell of it.
type Change struct {
	To           Owner // empty: keep the owner
	By           Actor
	System       bool   // it was nobody's doing but the rules'
	AtEpoch      *int64 // only at this epoch, else it changes nothing; nil: at any
	Seen         int64  // the newest message By has before them: a customer's after it refuses the change with ErrUnseen; 0: none does
	Answers      bool   // the messages answer what the customer wrote
	Reason       Reason
	From         []Owner // owners it may be taken from
	Status       Status  // empty: keep the status
	CleanContext bool    // the bot forgets what was said before
	AnswerNow    bool    // the bot takes up what nobody has answered yet
	Messages     []NewMessage
	Was          Status // empty: whatever its status
	Holder       string // empty: whoever of staff holds it
	Doer         string // who brings it about, where that is not By
	Detail       string // why, in their own words
	// Always appends Messages even when owner and status are already so; else a
	// change that changes nothing says nothing. A message whose ExternalID is
	// already in the log makes the whole change a repeat that does nothing.
	Always bool
}

// Call is one model call and what it cost.
type Call struct {
	// ID has a call that is told of twice booked once; empty: it is told of once.
	ID           string        `json:"key,omitempty"`
	Conversation string        `json:"-"`
	Turn         string        `json:"-"`
	Purpose      string        `json:"purpose"`
	Model        string        `json:"model"`
	Outcome      string        `json:"outcome"` // ok, discarded or an ErrorKind
	Usage        Usage         `json:"-"`
	Duration     time.Duration `json:"-"`
	Hold         string        `json:"hold,omitempty"` // the reservation that recording it ends
}
