package conversation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Contact is a person who writes to us, on whatever channels.
type Contact struct {
	ID         string
	Name       string
	Email      string // as given, unverified
	Locale     string
	Blocked    bool
	Attributes map[string]string // set by staff
	Identities []Identity
	Page       map[string]string // what the last page they wrote from said; nil for none
	CreatedAt  time.Time
	Version    int64 // of name, email and attributes
}

// Identity is who a contact is on a channel.
type Identity struct {
	Channel    string `json:"channel"`
	Account    string `json:"account"`
	ExternalID string `json:"external_id"`
}

// ContactEdit changes what is known of a contact; nil leaves it.
type ContactEdit struct {
	Name, Email *string
	Attributes  map[string]string // in place of all there were; nil leaves them
	Version     int64             // that was read; 0 changes whatever is there
}

// Erasure is the proof that somebody was erased.
type Erasure struct {
	Contact string
	Erased  map[string]int64 // rows by table
	Receipt string           // see Seal
	At      time.Time
}

// Seal returns the SHA-256, in hex, over what the erasure says: the JSON of contact,
// at (RFC 3339 with microseconds, UTC) and erased with its names in order. Whoever
// has the answer can work it out anew and compare.
func (e Erasure) Seal() string {
	b, err := json.Marshal(struct {
		Contact string           `json:"contact"`
		At      string           `json:"at"`
		Erased  map[string]int64 `json:"erased"`
	}{e.Contact, e.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"), e.Erased})
	if err != nil {
		panic(err) // strings and numbers
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Contacts keeps who writes to us. An id that was merged into another finds that one.
type Contacts interface {
	// Contact returns ErrNoContact for an unknown id.
	Contact(ctx context.Context, id string) (Contact, error)
	// ContactRows returns the newest of a contact's conversations, up to limit.
	ContactRows(ctx context.Context, id, me string, limit int) ([]Row, error)
	// ContactMessages returns the messages before a cursor over all the contact's
	// conversations, the newest limit of them, oldest first, and the cursor of those
	// before them, empty at the beginning. ErrNoContact, ErrBadCursor.
	ContactMessages(ctx context.Context, id, before string, limit int) ([]Message, string, error)
	// EditContact returns the contact as it is then, and its conversations; so it does
	// with ErrVersion, having changed nothing.
	EditContact(ctx context.Context, id string, e ContactEdit) (Contact, []string, error)
	// BlockContact marks a contact and its conversations, which it returns. What a
	// blocked contact writes is stored and neither answered nor shown as waiting.
	BlockContact(ctx context.Context, id string, by Actor, blocked bool) (conversations []string, err error)
	// MergeContact moves everything of one contact to another and removes it, in one
	// transaction. It returns who they are now and the conversations moved; done
	// before, it does nothing. ErrNoContact.
	MergeContact(ctx context.Context, from, into string, by Actor) (Contact, []string, error)
	// ExportContact writes all there is about a contact as one JSON object, as of one
	// moment. ErrNoContact comes before the first byte.
	ExportContact(ctx context.Context, id string, to io.Writer) error
	// EraseContact removes a contact with all there is of it, proves in the same
	// transaction that nothing is left, and keeps the receipt. Asked again it returns
	// the same. ErrNoContact.
	EraseContact(ctx context.Context, id string, by Actor) (Erasure, []string, error)
}

// EditContact changes what is known of a contact. ErrNoContact; ErrVersion with the
// contact as it is.
func (in *Inbox) EditContact(ctx context.Context, id string, e ContactEdit) (Contact, error) {
	for _, s := range []*string{e.Name, e.Email} {
		if s != nil {
			*s = cleanName(*s)
		}
	}
	c, ids, err := in.InboxStore.EditContact(ctx, id, e)
	if err != nil {
		return c, err
	}
	in.touched(ids...)
	return c, nil
}

// Block blocks or unblocks a contact. Blocking also resolves what they have open,
// without a word to them, so that nobody waits for them in any list.
func (in *Inbox) Block(ctx context.Context, id string, by Actor, blocked bool) error {
	ids, err := in.InboxStore.BlockContact(ctx, id, by, blocked)
	if err != nil {
		return err
	}
	for _, conversation := range ids {
		if blocked {
			_, err := in.e.change(ctx, conversation, Change{
				From: []Owner{OwnerBot, OwnerQueue, OwnerStaff}, By: by, Reason: ReasonResolved, Status: StatusResolved, Detail: "blocked",
			})
			if err != nil {
				return fmt.Errorf("block contact %s: %w", id, err)
			}
			in.e.sched.supersede(conversation, 1<<62)
			in.e.hub.Silence(conversation)
			in.stateChanged(conversation)
		}
	}
	in.touched(ids...)
	return nil
}

// Merge moves everything of one contact to another.
func (in *Inbox) Merge(ctx context.Context, from, into string, by Actor) (Contact, error) {
	c, ids, err := in.InboxStore.MergeContact(ctx, from, into, by)
	if err != nil {
		return c, err
	}
	in.touched(ids...)
	return c, nil
}

// Erase removes a contact with all there is of it. A turn at work loses its
// conversation and stores nothing more.
func (in *Inbox) Erase(ctx context.Context, id string, by Actor) (Erasure, error) {
	out, ids, err := in.InboxStore.EraseContact(ctx, id, by)
	if err != nil {
		return out, err
	}
	for _, conversation := range ids {
		in.e.sched.supersede(conversation, 1<<62)
		in.e.hub.Silence(conversation)
	}
	in.touched(ids...)
	return out, nil
}
