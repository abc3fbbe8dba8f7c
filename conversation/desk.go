package conversation

import (
	"context"
	"errors"
	"time"
)

// ErrDeskGone is returned by a DeskPoster whose thread is not there any more; a new
// one is opened then.
var ErrDeskGone = errors.New("conversation: the thread is gone")

// DeskPlace is where a desk is: a channel or group of a platform.
type DeskPlace struct{ Account, Chat string }

// DeskThread is a conversation's thread on a desk, under a lease.
type DeskThread struct {
	Conversation string
	Channel      string // of the desk, not of the customer
	DeskPlace
	Thread  string // the platform's id; empty: not opened yet
	Root    string // the message with the brief
	Posted  int64  // the newest message that stands there
	Failed  int64  // the newest failed delivery told there
	Shown   string // what the brief says of owner and status
	Attempt int    // 1 the first time
	Wakes   int64  // how often there was news when it was claimed
	Lease   string // token
	Link    string // to the conversation in the console; empty: not known. Not stored
}

// DeskCase is what staff are told of a conversation before they open it.
type DeskCase struct {
	State    State
	Customer string   // name as given, may be empty
	Reason   Reason   // why it left the bot last
	Question string   // the customer's newest words
	Summary  string   // the model's brief, if it made one
	Passages []string // titles of what the bot tried last, the best first
	Link     string   // to the conversation in the console; empty: not known
}

// DeskPoster shows conversations to staff on one platform. Errors are those of a
// Sender, and ErrDeskGone.
type DeskPoster interface {
	// Place says where threads are opened; ok is false while the platform has not
	// said who speaks there.
	Place() (at DeskPlace, ok bool)
	// Open makes the thread of a case, with its brief and buttons.
	Open(ctx context.Context, c DeskCase) (thread, root string, err error)
	// Show makes the brief say how the case stands now.
	Show(ctx context.Context, t DeskThread, c DeskCase) error
	// Post adds a message of the conversation.
	Post(ctx context.Context, t DeskThread, m Message) error
	// Tell adds words of the desk's own.
	Tell(ctx context.Context, t DeskThread, words string) error
}

// DeskSettler is a DeskPoster that shows a message with a button for each send, and
// takes it away, or changes it, once the send is settled. A failure costs looks only.
type DeskSettler interface {
	Settle(ctx context.Context, s DeskSend, sent bool)
}

// DeskSend is what a member of staff wrote in a thread, on its way to the customer.
type DeskSend struct {
	Key        string
	By         Actor
	MayAnswer  bool // the account still may
	Text       string
	ExternalID string // the platform's id of the message
	Stored     bool   // it is in the log already
	Notice     string // the message with the button that takes it back
	Attempt    int
	Lease      string
	DeskThread // where it was written
}

// DeskPerson is a member of staff as a platform's verified id names them.
type DeskPerson struct {
	Actor
	MayAnswer bool
}

// DeskFate is what became of a send.
type DeskFate string

// Fates of sends.
const (
	DeskFateUnknown DeskFate = ""        // there is none
	DeskFatePending DeskFate = "pending" // it waits, and can be taken back
	DeskFateSending DeskFate = "sending"
	DeskFateSent    DeskFate = "sent"
	DeskFateUndone  DeskFate = "undone"
	DeskFateRefused DeskFate = "refused"
)

// DeskThreads keeps threads and hands them out while there is news for them.
type DeskThreads interface {
	// SetDesks says which channels have a desk from now on. Conversations that wait
	// already get a thread on a new one.
	SetDesks(ctx context.Context, channels []string) error
	// ClaimDeskThreads leases up to limit threads that something is to be done for.
	ClaimDeskThreads(ctx context.Context, channels []string, limit int, lease time.Duration) ([]DeskThread, error)
	// SaveDeskThread stores how far a thread is and extends its lease, or returns
	// ErrSuperseded when that was lost.
	SaveDeskThread(ctx context.Context, t DeskThread, lease time.Duration) error
	// ReleaseDeskThread gives the lease back: to be taken up after retry, or, where
	// that is negative, once there is news that came after the claim.
	ReleaseDeskThread(ctx context.Context, t DeskThread, why string, retry time.Duration) error
}

// DeskCases tells what threads are about.
type DeskCases interface {
	// DeskThread returns whose thread it is, or ErrNotFound.
	DeskThread(ctx context.Context, channel string, at DeskPlace, thread string) (DeskThread, error)
	// DeskCase returns what there is to tell; ErrNotFound.
	DeskCase(ctx context.Context, conversation string) (DeskCase, error)
	// Undelivered lists the messages after a sequence number whose delivery failed
	// for good, with why.
	Undelivered(ctx context.Context, conversation string, after int64) ([]Undelivered, error)
}

// Undelivered is a message that could not be brought to the customer.
type Undelivered struct {
	Seq int64
	Why string
}

// DeskWords takes what staff write in threads, and takes it back.
type DeskWords interface {
	// DeskPerson returns who a platform's id is linked to, or ErrNotFound. Disabled
	// accounts may not answer.
	DeskPerson(ctx context.Context, channel, account, externalID string) (DeskPerson, error)
	// AddDeskSend has s sent after delay. A repeated external id changes nothing;
	// the fate is then the first one's.
	AddDeskSend(ctx context.Context, s DeskSend, delay time.Duration) (key string, fate DeskFate, err error)
	// EditDeskSend changes the words of a pending send of by; the fate is that of
	// the send it found, which is pending where it did.
	EditDeskSend(ctx context.Context, s DeskSend) (DeskFate, error)
	// UndoDeskSend takes back the pending send that has the key, or else the external
	// id, and by as its writer where that is given. The fate is DeskFateUndone where it
	// did so now, and otherwise what had become of it before. The send's notice comes
	// with it.
	UndoDeskSend(ctx context.Context, s DeskSend) (DeskFate, DeskSend, error)
	// BuryDeskSend makes a message that was taken back before it came a repeat.
	BuryDeskSend(ctx context.Context, s DeskSend) error
	// NoteOnce is Log.Note for a message of a platform's; a repeat appends nothing
	// and reports so.
	NoteOnce(ctx context.Context, id string, by Actor, text, externalID string) (m Message, repeat bool, err error)
}

// DeskSends hands out what staff wrote once it is due.
type DeskSends interface {
	// ClaimDeskSends leases due sends, of each conversation the oldest one only.
	ClaimDeskSends(ctx context.Context, channels []string, limit int, lease time.Duration) ([]DeskSend, error)
	// SettleDeskSend ends a send, or with DeskFatePending puts it off by retry.
	SettleDeskSend(ctx context.Context, s DeskSend, f DeskFate, why string, retry time.Duration) error
	// NoteDeskSend keeps where the button of a send is. It reports false when the
	// send is settled already.
	NoteDeskSend(ctx context.Context, key, notice string) (bool, error)
	// DeskSendFate tells what became of a message written in a thread. One that is in
	// the log, be it as a note, was sent.
	DeskSendFate(ctx context.Context, t DeskThread, externalID string) (DeskFate, error)
	// DeskSendPending reports whether anything is on its way in a conversation.
	DeskSendPending(ctx context.Context, conversation string) (bool, error)
}

// DeskStore is all that desks ask of the database.
type DeskStore interface {
	DeskThreads
	DeskCases
	DeskWords
	DeskSends
}
