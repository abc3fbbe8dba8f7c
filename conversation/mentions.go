package conversation

import (
	"context"
	"time"
)

// NewNote is a private note that staff write.
type NewNote struct {
	By   Actor
	Text string
	// ExternalID makes writing it again safe: the same id stores one note. May be empty.
	ExternalID string
	// Mentions are the ids of colleagues it is brought to the eyes of. Who is no
	// account, is disabled or is By is passed over.
	Mentions []string
}

// MaxMentions is how many colleagues one note may name.
const MaxMentions = 20

// Mention is a note that named somebody.
type Mention struct {
	Conversation string
	Seq          int64
	By           Named
	Contact      string // who the conversation is with
	Text         string
	At           time.Time
	Read         bool
}

// Mentions is what staff were named in. Reading a conversation up to a message reads
// the mentions up to it.
type Mentions interface {
	// Mentions returns the newest limit of me's, and how many in all are unread.
	Mentions(ctx context.Context, me string, limit int) (list []Mention, unread int, err error)
	// ReadMentions marks all of me's as read.
	ReadMentions(ctx context.Context, me string) error
}

// WriteNote appends a private note and tells those it names. Owner and bot go on
// undisturbed. The same ExternalID again stores nothing, tells nobody and returns what
// was stored; ErrConflict when that was something else.
func (e *Engine) WriteNote(ctx context.Context, id string, n NewNote) (Message, error) {
	var err error
	if n.Text, err = Clean(n.Text); err != nil {
		return Message{}, err
	}
	m, named, err := e.d.Store.Note(ctx, id, n)
	if err != nil {
		return m, err
	}
	e.hub.Publish(Event{Kind: EventMessage, Conversation: id, Message: &m})
	e.d.Bus.Hint(id, 0)
	for _, who := range named {
		ev := Event{Kind: EventMention, Conversation: id, Seq: m.Seq, Staff: who, Name: n.By.Name}
		e.hub.Publish(ev)
		e.d.Bus.Relay(ev)
	}
	return m, nil
}
