package knowledge

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// ChangeKind is what happened to an entry.
type ChangeKind string

// What happens to entries.
const (
	EntryBefore   ChangeKind = "before" // how it was when its history begins
	EntryEdited   ChangeKind = "edited"
	EntryDeleted  ChangeKind = "deleted" // Entry is how it last was
	EntryRestored ChangeKind = "restored"
)

// EntryVersion is an entry as it was after a change.
type EntryVersion struct {
	ID       int64 // names it among those of its entry; later ones have larger
	EntryID  string
	Document DocumentRef
	Version  string
	Kind     ChangeKind
	Entry    Entry
	At       time.Time
	By       Person
}

// MaxVersions is how many versions of an entry are kept.
const MaxVersions = 50

// RestoreEntry makes an entry what it was in a version of its history, where it
// still is the version that the caller has read; otherwise as EditEntry. One that
// was deleted comes back under its id, with its document if that has gone too;
// then read is not asked for. ErrNotFound is returned when there is no such entry
// or version.
func (ed *Editor) RestoreEntry(ctx context.Context, id string, version int64, read string) (ListedEntry, error) {
	old, err := ed.store.EntryVersion(ctx, id, version)
	if err != nil {
		return ListedEntry{}, err
	}
	now, err := ed.edit(ctx, id, read, old.Entry, EntryRestored)
	if !errors.Is(err, ErrNotFound) {
		return now, err
	}
	return ed.bringBack(ctx, old)
}

// bringBack puts a deleted entry at the end of its document, or makes that anew.
func (ed *Editor) bringBack(ctx context.Context, old EntryVersion) (ListedEntry, error) {
	e, err := ed.tidied(ctx, old.Entry)
	if err != nil {
		return ListedEntry{}, err
	}
	e.Own = old.Entry.Own
	var there ListedEntry
	doc, err := ed.store.EditDocument(ctx, old.Document.ID, func(d Document, data []byte) (Edited, error) {
		text, err := ed.ingest.reader.Extract(ctx, nameToRead(d), d.MediaType, data)
		if err != nil {
			return Edited{}, err
		}
		for i, own := range owns(text.Entries) {
			if text.Entries[i].Own = own; own == e.Own { // came back meanwhile
				there = listed(d, old.EntryID, text.Entries[i])
				return Edited{}, ErrVersion
			}
		}
		text.Entries = append(text.Entries, e)
		out := Edited{Name: d.Name, Changes: []EntryVersion{restored(old, e)}}
		out.Data, err = written(text)
		return out, err
	})
	if errors.Is(err, ErrNotFound) {
		doc, err = ed.newDocument(ctx, old, e)
	}
	if err != nil {
		return there, err
	}
	return ListedEntry{Entry: e, ID: old.EntryID, Version: e.Version(), Document: DocumentRef{ID: doc.ID, Name: doc.Name}, Status: doc.Status}, nil
}

func restored(old EntryVersion, e Entry) EntryVersion {
	return EntryVersion{EntryID: old.EntryID, Document: old.Document, Version: e.Version(), Kind: EntryRestored, Entry: e}
}

// newDocument makes the document of an entry anew that was its last.
func (ed *Editor) newDocument(ctx context.Context, old EntryVersion, e Entry) (Document, error) {
	data, err := written(Text{Entries: []Entry{e}})
	if err != nil {
		return Document{}, err
	}
	// Not by Add: the name may still end in .csv, which the bytes are no more.
	d, err := ed.ingest.store.AddDocument(ctx, Document{ID: old.Document.ID, Name: old.Document.Name, MediaType: jsonLines}, sha256.Sum256(data), data)
	if err != nil {
		return d, err
	}
	if d.ID != old.Document.ID {
		return d, fmt.Errorf("%w: %q", ErrKnown, d.Name)
	}
	return d, ed.store.NoteVersions(ctx, []EntryVersion{restored(old, e)})
}
