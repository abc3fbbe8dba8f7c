package conversation

// EventKind sorts what a watcher of a conversation hears.
type EventKind string

// Kinds of Event.
const (
	EventMessage EventKind = "message"
	EventDelta   EventKind = "delta"   // a piece of an answer being written
	EventDiscard EventKind = "discard" // that answer will not come: forget its pieces
	EventState   EventKind = "state"
	EventTyping  EventKind = "typing"
	// EventFiles says that the files of a message, named by Seq, have been looked
	// into. Message is set where it happened in this process.
	EventFiles EventKind = "files"
	// EventAlert asks staff to look at a conversation; it is not for its customer.
	EventAlert EventKind = "alert"
	// EventSeen says that the customer has read up to the message named by Seq, and
	// EventRead, which is for the customer, that somebody of ours has.
	EventSeen EventKind = "seen"
	EventRead EventKind = "read"

	// What only staff hear. EventInbox says that a conversation's row in their list
	// is another, EventPresence who looks at it.
	EventInbox    EventKind = "inbox"
	EventPresence EventKind = "presence"
	// EventSettings says, between replicas only, that settings changed.
	EventSettings EventKind = "settings"

	// EventDelivery says how the delivery of the message named by Seq stands now, and
	// EventMention that a note, named by Seq, names Staff.
	EventDelivery EventKind = "delivery"
	EventMention  EventKind = "mention"
	// EventAssigned tells Staff that Name has given them a conversation.
	EventAssigned EventKind = "assigned"
	// EventAnswered says, between replicas only, that the answer of Turn is stored.
	EventAnswered EventKind = "answered"
	// EventAccess says that something Staff, an account or a token, could do has ended.
	EventAccess EventKind = "access"
)

// forStaff reports whether no customer may hear of it.
func (k EventKind) forStaff() bool {
	switch k {
	case EventInbox, EventPresence, EventAlert, EventSeen, EventDelivery, EventMention, EventAssigned, EventSettings, EventAccess, EventAnswered:
		return true
	}
	return false
}

// Event is one thing that happened in a conversation. Only the fields of its
// kind are set. An EventMessage without a Message, or an EventState without a
// State, says: something changed, look in the store.
type Event struct {
	Kind         EventKind
	Conversation string
	Message      *Message
	Turn         string // of a delta, a discard or what is answered
	Text         string // of a delta
	Epoch        int64  `json:",omitempty"` // of an answer or a piece of one: what it was begun at
	afar         bool   // it comes from another replica
	At           int    `json:"-"` // of a delta: how much of the answer stands before it, in UTF-16 units, as browsers count
	State        *State
	Name         string // who is typing, mentioned or assigned somebody
	Seq          int64  `json:",omitempty"` // of the message it is about
	Alert        *Alert `json:",omitempty"`
	By           Author `json:",omitempty"` // of typing: the customer, else somebody of ours

	Delivery *DeliveryReport `json:",omitempty"`

	Staff   string     `json:",omitempty"` // whose presence it is, between replicas; or who was mentioned or given something
	Typing  Typing     `json:",omitempty"` // what they are writing
	Leaves  bool       `json:",omitempty"` // they are gone
	Present []Presence `json:"-"`          // who looks at the conversation, as known here
}
