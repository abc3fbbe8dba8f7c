// Package conversation is the engine: who speaks in a conversation, what the
// bot answers and when it stays silent. It is plain Go without I/O: storage,
// models and channels are interfaces declared here and implemented outside.
//
// A conversation has one owner (bot, queue or a member of staff) and an epoch
// that every customer message and every change of owner raises. A turn reads
// both, works out an answer, and stores it only if neither has changed since:
// that one condition is what keeps two voices from ever speaking.
package conversation

import (
	"errors"
	"fmt"
	"time"
)

// Owner is who answers the customer.
type Owner string

// Status says what a conversation waits for, whoever owns it.
type Status string

// Author is who wrote a message, as the customer sees it.
type Author string

// Reason is why a conversation changed hands; staff and reports see it.
type Reason string

// Owners, statuses, authors and reasons.
const (
	OwnerBot   Owner = "bot"
	OwnerQueue Owner = "queue" // needs a person, nobody has taken it yet
	OwnerStaff Owner = "staff"

	StatusOpen     Status = "open"
	StatusWaiting  Status = "waiting" // the last word is ours
	StatusSnoozed  Status = "snoozed"
	StatusResolved Status = "resolved"

	AuthorCustomer Author = "customer"
	AuthorBot      Author = "bot"
	AuthorStaff    Author = "staff"
	AuthorSystem   Author = "system"

	ReasonAsked     Reason = "asked_for_person"
	ReasonNoAnswer  Reason = "no_grounded_answer"
	ReasonUnhelpful Reason = "thumbs_down"
	ReasonModelTool Reason = "model_asked"
	ReasonFailure   Reason = "model_failure"
	ReasonTakeover  Reason = "takeover"
	ReasonReply     Reason = "staff_reply"
	ReasonHandback  Reason = "handback"
	ReasonCustomer  Reason = "customer_chose_bot"
	ReasonResolved  Reason = "resolved"
	ReasonReopened  Reason = "reopened"
	ReasonAssigned  Reason = "assigned"
)

var (
	// ErrNotFound is returned when there is no such conversation or message.
	ErrNotFound = errors.New("conversation: not found")
	// ErrEmpty is returned for a message without any visible character.
	ErrEmpty = errors.New("conversation: message is empty")
	// ErrTooLong is returned for a message over MaxTextRunes.
	ErrTooLong = fmt.Errorf("conversation: message is longer than %d characters", MaxTextRunes)
	// ErrConflict is returned when an external id comes again with another text.
	ErrConflict = errors.New("conversation: the id was used for another message")
	// ErrNotCurrent is returned for an action that the conversation's present
	// owner or status rules out.
	ErrNotCurrent = errors.New("conversation: not possible in its present state")
	// ErrUnseen is returned for a change that would leave without an answer what the
	// customer has written since whoever makes it looked.
	ErrUnseen = errors.New("conversation: the customer has written since")
	// ErrSuperseded is returned by Turns.Finish when the conversation changed
	// hands, or the customer wrote again, while the answer was being made.
	ErrSuperseded = errors.New("conversation: superseded")
)

// ErrBadCursor is returned for a page cursor that none of ours is.
var ErrBadCursor = errors.New("conversation: bad cursor")

// TakenError tells the loser of a takeover who holds the conversation.
type TakenError struct{ StaffID, Name string }

func (e *TakenError) Error() string { return "conversation: taken by " + e.Name }

// MaxTextRunes bounds one customer message. It is above every channel's own
// limit for typed text and keeps one message inside any model's context.
const MaxTextRunes = 8000

// State is a conversation as it stands.
type State struct {
	Conversation string
	Owner        Owner
	Status       Status
	StaffID      string // set while Owner is OwnerStaff
	StaffName    string // as shown to the customer
	Epoch        int64
	Episode      int
	Seq          int64 // of the newest message
	Locale       string
	Channel      string
	WaitingSince time.Time // when the customer began to wait for a person; zero when they do not
	Position     int       // 1-based place in the queue; 0 when not in it
	Seen         int64     // how far the customer has read; only where a State was asked for
	SeenByStaff  int64     // how far somebody of ours has, likewise
	Outlook      *Outlook  // what can be expected now; nil where nobody asked
}

// Message is one entry of a conversation's log. Seq counts from 1 without gaps
// within a conversation, notes included.
type Message struct {
	Conversation string
	Seq          int64
	ExternalID   string // the channel's own id; a customer's widget message: its client UUID
	Author       Author
	StaffID      string
	Name         string // of the staff member or the bot
	Text         string
	Note         bool // for staff only; never leaves through a channel
	Sources      []Source
	Options      []Option // of the bot's: what the customer can choose from
	Helpful      *bool    // the customer's thumb, once given
	Turn         string
	Episode      int
	At           time.Time
	Why          *Trace // of the bot's; only in what staff read, never in events
	Attachments  []Attachment
	Delivery     *DeliveryReport // of what leaves through a channel's own API; in what staff read
}

// Source is a passage an answer rests on, as shown to the customer.
type Source struct {
	N       int    `json:"n"` // the number cited in the text
	Title   string `json:"title"`
	Heading string `json:"heading,omitempty"`
	Page    int    `json:"page,omitempty"`
	URL     string `json:"url,omitempty"`
	Excerpt string `json:"excerpt,omitempty"` // of the passage, for whoever wants to see it there and then
	Passage string `json:"passage"`           // its id
}

// Opening starts a conversation on a channel where the visitor is new.
type Opening struct {
	Channel string
	Account string
	Locale  string
}

// Profile is what a page says about its visitor. All of it is unverified: it is
// shown to staff and never opens anybody's history.
type Profile struct {
	Name    string
	Email   string
	Context map[string]string // about the page or the customer, as its scripts set it
}

// Empty reports whether the profile says nothing.
func (p Profile) Empty() bool { return p.Name == "" && p.Email == "" && len(p.Context) == 0 }

// Inbound is one customer message, verified by its channel.
type Inbound struct {
	// Conversation, when the channel knows it (the widget's token carries it).
	// Otherwise Channel, Account and Thread find or make it.
	Conversation string
	Channel      string
	Account      string // workspace, bot or site
	Thread       string // where answers go; one conversation each
	Sender       string // the platform's id of the person
	SenderName   string
	Locale       string
	ExternalID   string        // unique within the conversation; a repeat is dropped
	Text         string        // may be empty when there are Attachments
	Attachments  []InboundFile // stored with the message, in this order
	// Sticky is how long after a close the customer comes back to the member of staff
	// who had them, when that one is there. The engine sets it.
	Sticky time.Duration
}

// Receipt says where a message was stored. By the time it is returned the
// message survives a crash.
type Receipt struct {
	Conversation string
	Seq          int64
	Repeat       bool // it had been stored before
	Reopened     bool // it began a new episode
	Woken        bool // it had been put off
	At           time.Time
	State        State
	DueIn        time.Duration // until its turn; negative when no turn is due
	Attachments  []Attachment
}

// Actor is who does something to a conversation.
type Actor struct {
	StaffID string // empty for the customer and the bot
	Name    string
}
