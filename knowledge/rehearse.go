package knowledge

import (
	"context"
	"errors"
	"fmt"
)

// Change is what might be done to the knowledge: a file or an entry that is
// added, or takes the place of another.
type Change struct {
	Upload   Upload // when Entry is nil
	Entry    *Entry
	Replaces string // a document's id, or with Entry an entry's; empty adds
}

// RehearsalStore tries passages out.
type RehearsalStore interface {
	// Document returns one document, or ErrNotFound.
	Document(ctx context.Context, id string) (Document, error)
	// Rehearse finds passages for questions as things are, and as they would be
	// with ps as the passages of d; a document that is there is replaced. Nothing
	// of it stays or is seen by anybody else. ErrBusy is returned when the
	// knowledge is just being written, or ps cannot be tried out in time.
	Rehearse(ctx context.Context, d Document, ps []Passage, questions []Query) (now, then []Result, err error)
}

// Rehearsal tells what a change of the knowledge would do. It is safe for
// concurrent use.
type Rehearsal struct {
	ingest *Ingest
	editor *Editor
	store  RehearsalStore
}

// NewRehearsal returns a Rehearsal.
func NewRehearsal(ingest *Ingest, editor *Editor, store RehearsalStore) *Rehearsal {
	return &Rehearsal{ingest: ingest, editor: editor, store: store}
}

// Rehearse finds passages for the questions as things are and as they would be
// after a change, by the very code that answers customers. What cannot be read
// is refused as in Ingest.Add; ErrNotFound says that what would be replaced is
// not there.
func (re *Rehearsal) Rehearse(ctx context.Context, c Change, questions []Query) (now, then []Result, err error) {
	d, data, err := re.changed(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	text, passages, err := re.ingest.cut(ctx, d, data)
	if err != nil {
		return nil, nil, err
	}
	d.Name = sourceName(d.Name, text.Title)
	return re.store.Rehearse(ctx, d, passages, questions)
}

// changed is the document that the change would make, with its bytes.
func (re *Rehearsal) changed(ctx context.Context, c Change) (Document, []byte, error) {
	if c.Entry != nil && c.Replaces != "" {
		d, data, err := re.editor.edited(ctx, c.Replaces, *c.Entry)
		if !errors.Is(err, ErrNotFound) {
			return d, data, err
		}
	}
	u := c.Upload
	if c.Entry != nil {
		e, err := re.editor.tidied(ctx, *c.Entry)
		if err != nil {
			return Document{}, nil, err
		}
		if u, err = EntryUpload(e); err != nil {
			return Document{}, nil, err
		}
	}
	d, err := re.ingest.document(u)
	if err != nil {
		return d, nil, err
	}
	if d.MediaType == Archive {
		return d, nil, fmt.Errorf("%w: try out the files of an archive one by one", ErrUnsupported)
	}
	d.ID = NewID()
	if c.Replaces != "" {
		old, err := re.store.Document(ctx, c.Replaces)
		if err != nil {
			return d, nil, err
		}
		d.ID = old.ID
	}
	return d, u.Data, nil
}
