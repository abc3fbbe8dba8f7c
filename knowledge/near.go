package knowledge

import (
	"context"
	"fmt"
	"time"
)

// NearKind is how two entries that ask nearly the same stand to each other.
type NearKind string

// The kinds.
const (
	NearDuplicate     NearKind = "duplicate"     // they answer nearly the same too
	NearContradiction NearKind = "contradiction" // they answer otherwise
)

// Nearness is how far two entries say the same.
type Nearness struct {
	Kind       NearKind
	Why        string  // in words for an admin
	Similarity float64 // 0..1, of the questions; of all of it where they were found by meaning
}

// NearEntry is another entry that a row nearly repeats or seems to contradict.
type NearEntry struct {
	Nearness
	Row      int         // of the same file; 0 for one that is stored
	Question string      // its own
	Document DocumentRef // where it is stored
}

// Words is the warning as an admin reads it.
func (n NearEntry) Words() string {
	where := fmt.Sprintf("row %d", n.Row)
	if n.Row == 0 {
		where = fmt.Sprintf("the entry %q in %q", n.Question, n.Document.Name)
	}
	if n.Kind == NearDuplicate {
		return "nearly repeats " + where + ": " + n.Why
	}
	return "may contradict " + where + ": " + n.Why
}

// MaxNear is how many other entries are named for one row.
const MaxNear = 3

// NearFinder is what an EntryStore may do besides: find entries that rows nearly
// repeat or contradict.
type NearFinder interface {
	// NearEntries calls each with the place of an entry among those given and one
	// that is near: another of those given, by its Row, or a stored one that is not
	// of the document with the id. It stops looking among the stored ones when it
	// has taken long, and returns how many entries it had not got to.
	NearEntries(ctx context.Context, entries []Entry, without string, each func(at int, n NearEntry)) (left int, err error)
}

// warn adds to the report what the rows to be imported are near to.
func (im *Import) warn(ctx context.Context, c *comparison, report *ImportReport) error {
	near, ok := im.store.(NearFinder)
	if !ok {
		return nil
	}
	var entries []Entry
	var at []int
	for i, r := range report.Rows {
		if r.Verdict == EntryNew || r.Verdict == EntryChanged {
			entries, at = append(entries, c.rows[i].Entry), append(at, i)
		}
	}
	var err error
	report.NotCompared, err = near.NearEntries(ctx, entries, report.Replaces.ID, func(i int, n NearEntry) {
		if r := &report.Rows[at[i]]; len(r.Near) < MaxNear {
			r.Near = append(r.Near, n)
		}
	})
	return err
}

// Conflict is a pair of stored entries that are near each other.
type Conflict struct {
	ID string
	Nearness
	Entries [2]ListedEntry
	FoundAt time.Time
}
