package knowledge

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Person is who changed something, as those who read of it see them; the zero
// value is nobody in particular.
type Person struct{ ID, Name string }

type personKey struct{}

// WithPerson returns a context under which what is changed is noted as p's.
func WithPerson(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}

// PersonOf returns whom changes under ctx are noted as.
func PersonOf(ctx context.Context) Person {
	p, _ := ctx.Value(personKey{}).(Person)
	return p
}

// Uses is how often answers have cited something, and when one last did.
type Uses struct {
	Hits     int64
	LastUsed time.Time // zero for never
}

// Shelved is a document as staff see it in a list.
type Shelved struct {
	Document
	Uses
	Lang     string // of most of its passages; empty when unknown
	ReviewBy string // the first of its own and its entries' days, as Entry.ReviewBy
	// OwnReviewBy was set for the document as a whole; empty for none.
	OwnReviewBy string
}

// DocumentKind tells documents by where they come from.
type DocumentKind string

// The kinds of documents.
const (
	KindFile DocumentKind = "file" // was uploaded
	KindPage DocumentKind = "page" // belongs to a site
)

// DocumentFilter says which documents are wanted; empty members leave all.
type DocumentFilter struct {
	Text   string // part of the name or the address, whatever the case
	Status Status
	Kind   DocumentKind
	Lang   string // with its regions
	Site   string // id
	// DueBefore, a day as in Entry.ReviewBy, leaves documents whose own review, or that
	// of an entry of theirs, was due before it.
	DueBefore string
}

// ShelvedPassage is a passage as staff see it.
type ShelvedPassage struct {
	Passage
	Version    int    // raised by every change of it
	Hidden     bool   // is found by no search
	Original   string // as it was cut; empty unless it was edited
	EditedAt   time.Time
	EditedBy   Person
	Unembedded string // why the embedding model refuses it; empty when it does not
}

// PassageChange is what somebody makes of one passage; nil leaves as it is.
type PassageChange struct {
	Text   *string
	Hidden *bool
	Tokens int // of Text; counted by the Editor
}

// maxPassageTokens is how long the text of a passage may become by an edit: as
// an answer that stays whole.
const maxPassageTokens = MaxEntryTokens

// ChangePassage hides a passage, shows it again or gives it another text, where
// it still is the version; ErrVersion is returned with the passage as it is when
// it is not. A hidden one is found by no search from then on; one that has
// another text is found by it, by its words at once and by meaning when it has
// been embedded. The text as it was cut, given again, ends the edit.
//
// What is read anew replaces all of this, but for a hidden passage that comes out
// the same: it stays hidden. ErrNotEditable is returned for the text of an FAQ
// entry, which is edited as one, and ErrBusy while the document is being read or
// made searchable.
func (ed *Editor) ChangePassage(ctx context.Context, id string, version int, c PassageChange) (ShelvedPassage, error) {
	if c.Text != nil {
		text := strings.TrimSpace(*c.Text)
		if text == "" {
			return ShelvedPassage{}, fmt.Errorf("%w: hide the passage instead", ErrEmpty)
		}
		if c.Tokens = ed.ingest.reader.Count(text); c.Tokens > maxPassageTokens {
			return ShelvedPassage{}, fmt.Errorf("%w: a passage may have %d tokens, this text has %d", ErrTooLarge, maxPassageTokens, c.Tokens)
		}
		c.Text = &text
	}
	return ed.store.ChangePassage(ctx, id, version, c)
}
