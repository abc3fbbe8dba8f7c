package knowledge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Edited is what an edit makes of a document.
type Edited struct {
	Same bool   // nothing: the document stays as it is
	Gone bool   // all of it goes
	Name string // what the document is called from now on
	Data []byte // its bytes, of the type application/jsonl
	// Removed is the id of an entry that is not to be found any more at once.
	Removed string
	// Changes are noted in the entries' history.
	Changes []EntryVersion
}

// EditStore is where entries are looked up and changed.
type EditStore interface {
	// Entry returns the entry with the id as it is searchable, or ErrNotFound.
	Entry(ctx context.Context, id string) (ListedEntry, error)
	// Content returns a document and its bytes, or ErrNotFound.
	Content(ctx context.Context, id string) (Document, []byte, error)
	// EditDocument has edit see a document with its bytes and puts what it
	// returns in their place, to be made searchable, all or nothing. No other
	// edit, and no reading of the bytes, comes between. It returns edit's error as
	// it is, ErrNotFound, ErrKnown when another document has the bytes,
	// ErrNotEditable for a page of a site and ErrBusy when the document is worked
	// on for long.
	EditDocument(ctx context.Context, id string, edit func(Document, []byte) (Edited, error)) (Document, error)
	// EntryVersion returns one version of an entry, or ErrNotFound.
	EntryVersion(ctx context.Context, entry string, id int64) (EntryVersion, error)
	// NoteVersions adds to the history of entries, as by PersonOf.
	NoteVersions(ctx context.Context, vs []EntryVersion) error
	// ChangePassage is the Editor's, with the text checked and counted.
	ChangePassage(ctx context.Context, id string, version int, c PassageChange) (ShelvedPassage, error)
}

// Editor changes single entries. Documents stay the source of truth: an edit
// writes the document's bytes anew and has them made searchable as any new
// version of a document. It is safe for concurrent use.
type Editor struct {
	ingest *Ingest
	store  EditStore
}

// NewEditor returns an Editor.
func NewEditor(ingest *Ingest, store EditStore) *Editor {
	return &Editor{ingest: ingest, store: store}
}

// anyVersion stands for whatever version an entry has.
const anyVersion = "*"

// Entry returns an entry as it is, or will be once its document is ready. It
// returns ErrNotFound for one that is not, or soon will not be, there.
func (ed *Editor) Entry(ctx context.Context, id string) (ListedEntry, error) {
	e, err := ed.store.Entry(ctx, id)
	if err != nil || e.Status == StatusReady || e.Status == StatusEmbedding || e.Status == StatusFailed {
		return e, err
	}
	d, data, err := ed.store.Content(ctx, e.Document.ID)
	if err != nil {
		return ListedEntry{}, err
	}
	text, at, err := ed.read(ctx, d, data, id)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return ListedEntry{}, err
		}
		return e, nil // bytes nobody can read change nothing
	}
	return listed(d, id, text.Entries[at]), nil
}

// EditEntry gives the entry with the id another text, where it still is the
// version (or that is "*"); ErrVersion is returned with the entry as it is when
// it is not. An entry that says all of it already is left as it is, so that an
// edit can be sent again. What the entry's file calls it stays.
func (ed *Editor) EditEntry(ctx context.Context, id, version string, e Entry) (ListedEntry, error) {
	return ed.edit(ctx, id, version, e, EntryEdited)
}

func (ed *Editor) edit(ctx context.Context, id, version string, e Entry, kind ChangeKind) (ListedEntry, error) {
	e, err := ed.tidied(ctx, e)
	if err != nil {
		return ListedEntry{}, err
	}
	return ed.change(ctx, id, version, func(d *Edited, entries []Entry, at int) []Entry {
		if d.Name == tidyName(entries[at].Question) { // an entry that is a document by itself
			d.Name = tidyName(e.Question)
		}
		e.Own = entries[at].Own
		d.Changes = changed(id, entries[at], e, kind)
		entries[at] = e
		return entries
	}, e.Version())
}

// DeleteEntry removes an entry, which is not found from then on, and with the
// last one its document. ErrVersion and ErrNotFound are those of EditEntry.
func (ed *Editor) DeleteEntry(ctx context.Context, id, version string) error {
	_, err := ed.change(ctx, id, version, func(d *Edited, entries []Entry, at int) []Entry {
		d.Removed = id
		d.Changes = changed(id, entries[at], entries[at], EntryDeleted)
		return slices.Delete(entries, at, at+1)
	}, "")
	return err
}

// edited returns the document of an entry and its bytes as EditEntry would leave
// them; nothing is changed.
func (ed *Editor) edited(ctx context.Context, id string, e Entry) (Document, []byte, error) {
	e, err := ed.tidied(ctx, e)
	if err != nil {
		return Document{}, nil, err
	}
	old, err := ed.store.Entry(ctx, id)
	if err != nil {
		return Document{}, nil, err
	}
	d, data, err := ed.store.Content(ctx, old.Document.ID)
	if err != nil {
		return d, nil, err
	}
	text, at, err := ed.read(ctx, d, data, id)
	if err != nil {
		return d, nil, err
	}
	e.Own = text.Entries[at].Own
	text.Entries[at] = e
	data, err = written(text)
	d.MediaType = jsonLines
	return d, data, err
}

// tidied is an entry as it will be read from the document, or why it cannot be.
func (ed *Editor) tidied(ctx context.Context, e Entry) (Entry, error) {
	u, err := EntryUpload(e)
	if err != nil {
		return e, err
	}
	text, err := ed.ingest.reader.Extract(ctx, "", u.MediaType, u.Data)
	if err != nil {
		return e, err
	}
	if len(text.Entries) != 1 || len(text.Sections) != 0 || e.ReviewBy != "" && text.Entries[0].ReviewBy == "" {
		return e, fmt.Errorf("%w: this is not an entry", ErrCorrupt)
	}
	return text.Entries[0], nil
}

// change applies an edit to the one entry. An entry that is wanted already is no
// change, whichever version the caller had read.
func (ed *Editor) change(ctx context.Context, id, version string, apply func(*Edited, []Entry, int) []Entry, wanted string) (ListedEntry, error) {
	old, err := ed.store.Entry(ctx, id)
	if err != nil {
		return ListedEntry{}, err
	}
	var after ListedEntry
	doc, err := ed.store.EditDocument(ctx, old.Document.ID, func(d Document, data []byte) (Edited, error) {
		text, at, err := ed.read(ctx, d, data, id)
		if err != nil {
			return Edited{}, err
		}
		now := text.Entries[at].Version()
		after = listed(d, id, text.Entries[at])
		switch {
		case now == wanted:
			return Edited{Same: true}, nil
		case version != anyVersion && version != now:
			return Edited{}, ErrVersion
		}
		out := Edited{Name: d.Name}
		text.Entries = apply(&out, text.Entries, at)
		for i := range out.Changes {
			out.Changes[i].Document = DocumentRef{ID: d.ID, Name: out.Name}
		}
		if len(text.Entries)+len(text.Sections) == 0 {
			return Edited{Gone: true, Changes: out.Changes}, nil
		}
		if out.Data, err = written(text); err != nil {
			return Edited{}, err
		}
		if _, err := ed.ingest.reader.Detect("", jsonLines, out.Data); err != nil { // JSON may be longer than a table
			return Edited{}, err
		}
		if out.Removed == "" {
			after = listed(d, id, text.Entries[at])
		}
		return out, nil
	})
	after.Status, after.Document.Name = doc.Status, doc.Name
	if err != nil && after.ID != "" {
		after.Status, after.Document.Name = old.Status, old.Document.Name
	}
	return after, err
}

// changed is what the history is told of a change: how the entry was, in case it
// has none yet, and how it is.
func changed(id string, before, after Entry, kind ChangeKind) []EntryVersion {
	return []EntryVersion{
		{EntryID: id, Version: before.Version(), Kind: EntryBefore, Entry: before},
		{EntryID: id, Version: after.Version(), Kind: kind, Entry: after},
	}
}

// read takes a document apart and finds the entry in it. All entries are given
// what they are called by, so that they stay who they are when they are written.
func (ed *Editor) read(ctx context.Context, d Document, data []byte, id string) (Text, int, error) {
	text, err := ed.ingest.reader.Extract(ctx, nameToRead(d), d.MediaType, data)
	if err != nil {
		return text, 0, err
	}
	at := slices.Index(entryIDs(d.ID, text.Entries), id)
	if at < 0 {
		return text, 0, ErrNotFound
	}
	for i, own := range owns(text.Entries) {
		text.Entries[i].Own = own
	}
	return text, at, nil
}

func listed(d Document, id string, e Entry) ListedEntry {
	return ListedEntry{Entry: e, ID: id, Version: e.Version(), Document: DocumentRef{ID: d.ID, Name: d.Name}, Status: d.Status}
}

// line is an entry or a text in a document's bytes.
type line struct {
	ID           string   `json:"id,omitempty"`
	Question     string   `json:"question,omitempty"`
	Alternatives []string `json:"alternatives,omitempty"`
	Answer       string   `json:"answer,omitempty"`
	Title        string   `json:"title,omitempty"`
	Text         string   `json:"text,omitempty"`
	Lang         string   `json:"lang,omitempty"`
	Verbatim     bool     `json:"verbatim,omitempty"`
	URL          string   `json:"url,omitempty"`
	Owner        string   `json:"owner,omitempty"`
	ReviewBy     string   `json:"review_by,omitempty"`
}

// written is a text as lines of JSON that are read back as the same text.
func written(t Text) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for _, e := range t.Entries {
		if err := enc.Encode(line{ID: e.Own, Question: e.Question, Alternatives: e.Alternatives, Answer: e.Answer, Lang: e.Lang,
			Verbatim: e.Verbatim, URL: e.URL, Owner: e.Owner, ReviewBy: e.ReviewBy}); err != nil {
			return nil, fmt.Errorf("encode entry: %w", err)
		}
	}
	for _, s := range t.Sections {
		if len(s.Heading) > 1 || s.Page != 0 { // a sheet beside the entries, say
			return nil, fmt.Errorf("%w: there is other text beside them", ErrNotEditable)
		}
		l := line{Text: s.Body, Lang: s.Lang, URL: s.URL}
		if len(s.Heading) == 1 {
			l.Title = s.Heading[0]
		}
		if err := enc.Encode(l); err != nil {
			return nil, fmt.Errorf("encode text: %w", err)
		}
	}
	return out.Bytes(), nil
}
