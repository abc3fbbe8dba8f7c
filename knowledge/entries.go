package knowledge

import (
	"context"
	"errors"
	"fmt"
)

const (
	// MaxImportRows is how many rows a file of entries may have: the report of a
	// dry run has a line for each, and a person reads it.
	MaxImportRows = 20_000
	// MaxImportWordings is how many questions and alternatives they may have
	// together: each is looked up, at some 200 bytes of memory.
	MaxImportWordings = 200_000
)

// ErrRefused is returned when a file of entries is not imported because rows
// of it are invalid or in conflict; the report says which.
var ErrRefused = errors.New("knowledge: rows are invalid or in conflict; nothing was imported")

// Verdict is what an import would make of a row.
type Verdict string

// The verdicts on a row.
const (
	EntryNew      Verdict = "new"      // no entry has this question
	EntryChanged  Verdict = "changed"  // one has, and something of it is other
	EntrySame     Verdict = "same"     // one has, and all of it is the same
	EntryConflict Verdict = "conflict" // another row or entry asks the same and answers otherwise
	EntryInvalid  Verdict = "invalid"  // the row is no entry
)

// EntryRow is one row of a file: an entry, or why it is none.
type EntryRow struct {
	Entry
	Invalid string // in words for an admin; empty for an entry
}

// StoredEntry is an entry that is searchable.
type StoredEntry struct {
	Entry
	Document DocumentRef
}

// DocumentRef names a document; the zero value none.
type DocumentRef struct{ ID, Name string }

// RowReport is the verdict on one row.
type RowReport struct {
	Row      int // as Entry.Row
	Question string
	Verdict  Verdict
	Why      string   // of invalid, conflict and what else an admin should know; may be empty
	Changes  []string // of changed: answer, alternatives, lang, verbatim, url, owner, review_by
	Document DocumentRef
	// Near are other entries that the row nearly repeats or seems to contradict;
	// it is imported all the same. At most MaxNear.
	Near []NearEntry
}

// ImportReport is what an import does, or would do, by row.
type ImportReport struct {
	Name     string
	Document DocumentRef // what was made of the file; the zero value in a dry run
	Replaces DocumentRef // the document of that name, whose entries give way; may be none
	Removed  int         // entries of that document whose question the file does not have
	Rows     []RowReport
	Totals   map[Verdict]int
	// NotCompared is how many rows were not looked at for Near, since that would
	// have taken too long.
	NotCompared int
}

// Importable reports whether every row can be imported.
func (r ImportReport) Importable() bool {
	return r.Totals[EntryInvalid] == 0 && r.Totals[EntryConflict] == 0
}

// EntryStore is where an import looks for what is there.
type EntryStore interface {
	// Alone runs do while no other process does under the name; it returns
	// ErrBusy at once when one does.
	Alone(ctx context.Context, name string, do func(context.Context) error) error
	// DocumentNamed returns the newest document of that name which is no page
	// of a site, and ErrNotFound when there is none.
	DocumentNamed(ctx context.Context, name string) (DocumentRef, error)
	// EachAsking calls each with every entry that has one of the questions as
	// its question or an alternative, folded, or that is of the document with
	// the id, which may be empty. Other entries may be among them. The order is
	// the same every time.
	EachAsking(ctx context.Context, questions []string, document string, each func(StoredEntry)) error
}

// Import takes in files of FAQ entries as a whole or not at all. It is safe
// for concurrent use.
type Import struct {
	ingest *Ingest
	store  EntryStore
	read   func(ctx context.Context, name string, data []byte) ([]EntryRow, error)
	key    func(question string) string
}

// NewImport returns an Import. read takes a file apart by row; its errors wrap
// this package's. Questions with the same key are the same; one without a key
// has no word in it.
func NewImport(ingest *Ingest, store EntryStore, read func(ctx context.Context, name string, data []byte) ([]EntryRow, error),
	key func(question string) string) *Import {
	return &Import{ingest: ingest, store: store, read: read, key: key}
}

// ImportEntries compares a file of entries with what is there and, unless
// dryRun, has it made searchable in place of the document of that name, or as
// a new one: until that is done the old entries answer. When a row is invalid
// or in conflict nothing is changed and ErrRefused returned with the report.
// A file that cannot be read by row is refused as in Ingest.Add; ErrBusy is
// returned while a file of that name is being imported, and ErrKnown when
// another document than the one to be replaced has the same bytes.
//
// Entries are compared as they are searchable now. One in another document
// stays there beside the imported one. A row that names no language is content
// with any, and an answer that is too long to be a passage of its own
// (MaxEntryTokens) is always new.
func (im *Import) ImportEntries(ctx context.Context, name string, data []byte, dryRun bool) (ImportReport, error) {
	if name = tidyName(name); name == "" {
		return ImportReport{}, fmt.Errorf("%w: the file has no name", ErrCorrupt)
	}
	rows, err := im.read(ctx, name, data)
	if err != nil {
		return ImportReport{}, err
	}
	if dryRun {
		return im.compare(ctx, name, rows)
	}
	var report ImportReport
	err = im.store.Alone(ctx, name, func(ctx context.Context) error {
		var err error
		if report, err = im.compare(ctx, name, rows); err != nil {
			return err
		}
		if !report.Importable() {
			return ErrRefused
		}
		var d Document
		u := Upload{Name: name, Data: data}
		if old := report.Replaces.ID; old != "" {
			d, err = im.ingest.Replace(ctx, old, u)
		} else {
			d, err = im.ingest.Add(ctx, u)
		}
		report.Document = DocumentRef{ID: d.ID, Name: d.Name}
		return err
	})
	return report, err
}

func (im *Import) compare(ctx context.Context, name string, rows []EntryRow) (ImportReport, error) {
	target, err := im.store.DocumentNamed(ctx, name)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return ImportReport{}, err
	}
	c, err := newComparison(rows, target, im.key)
	if err != nil {
		return ImportReport{}, err
	}
	c.rowsAmongThemselves()
	if err := im.store.EachAsking(ctx, c.questions(), target.ID, c.stored); err != nil {
		return ImportReport{}, err
	}
	report := c.report(name)
	return report, im.warn(ctx, c, &report)
}
