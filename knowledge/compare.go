package knowledge

import (
	"fmt"
	"slices"
)

// comparison judges the rows of a file. What it holds grows with the file, not
// with what is stored.
type comparison struct {
	rows    []EntryRow
	reports []RowReport
	settled []bool // the row was compared with an entry of the document it replaces
	matched []int  // the last stored entry that has the row's question, counted from 1
	seen    int    // stored entries so far
	target  DocumentRef
	removed int
	key     func(string) string

	wordings []wording
	asked    map[string]int32 // the last wording with a key
}

// wording is one way in which a row asks; those with the same key are a list.
type wording struct {
	row, before int32 // before is the wording before with the same key; -1 for none
	question    bool  // and no alternative
}

func newComparison(rows []EntryRow, target DocumentRef, key func(string) string) (*comparison, error) {
	if len(rows) > MaxImportRows {
		return nil, fmt.Errorf("%w: there are more than %d rows; make several files of them", ErrTooLarge, MaxImportRows)
	}
	c := &comparison{rows: rows, reports: make([]RowReport, len(rows)), settled: make([]bool, len(rows)), matched: make([]int, len(rows)),
		target: target, key: key, asked: map[string]int32{}}
	for i, r := range rows {
		c.reports[i] = RowReport{Row: r.Row, Question: r.Question, Verdict: EntryNew}
		if r.Invalid == "" && key(r.Question) == "" {
			r.Invalid = "the question has no letter or digit to find it by"
		}
		if r.Invalid != "" {
			c.reports[i].Verdict, c.reports[i].Why = EntryInvalid, r.Invalid
			continue
		}
		c.ask(i, r.Question, true)
		for _, a := range r.Alternatives {
			c.ask(i, a, false)
		}
		if len(c.wordings) > MaxImportWordings {
			return nil, fmt.Errorf("%w: there are more than %d questions and alternatives; make several files of them", ErrTooLarge, MaxImportWordings)
		}
	}
	return c, nil
}

func (c *comparison) ask(row int, question string, isQuestion bool) {
	k := c.key(question)
	before, ok := c.asked[k]
	if !ok {
		before = -1
	}
	if k == "" || ok && int(c.wordings[before].row) == row { // the row asks so already
		return
	}
	c.asked[k] = int32(len(c.wordings))
	c.wordings = append(c.wordings, wording{row: int32(row), before: before, question: isQuestion})
}

// asking calls each with the wordings that have the key, last first.
func (c *comparison) asking(key string, each func(w wording)) {
	at, ok := c.asked[key]
	for ok && at >= 0 {
		each(c.wordings[at])
		at = c.wordings[at].before
	}
}

// questions are what the rows ask, to be looked for.
func (c *comparison) questions() []string {
	out := make([]string, 0, len(c.wordings))
	for i, r := range c.rows {
		if c.reports[i].Verdict != EntryInvalid {
			out = append(append(out, r.Question), r.Alternatives...)
		}
	}
	return out
}

// rowsAmongThemselves finds rows that ask the same and answer otherwise. Of
// many that do, each names one.
func (c *comparison) rowsAmongThemselves() {
	for key := range c.asked {
		first, clash := -1, -1
		c.asking(key, func(w wording) {
			switch {
			case first < 0 || c.rows[w.row].Answer == c.rows[first].Answer:
				first = int(w.row)
			default:
				clash = int(w.row)
			}
		})
		if clash < 0 {
			continue
		}
		c.asking(key, func(w wording) {
			other := first
			if c.rows[w.row].Answer == c.rows[first].Answer {
				other = clash
			}
			c.conflict(int(w.row), DocumentRef{}, fmt.Sprintf("row %d asks the same and answers otherwise", c.rows[other].Row))
		})
	}
}

// conflict is the verdict on a row; the least of several reasons stays, so
// that the report is the same every time.
func (c *comparison) conflict(row int, in DocumentRef, why string) {
	r := &c.reports[row]
	if r.Verdict == EntryConflict && (r.Document != (DocumentRef{}) || r.Why <= why) {
		return
	}
	r.Verdict, r.Why, r.Document, r.Changes = EntryConflict, why, in, nil
}

// stored compares an entry that is there with the rows that ask what it asks.
func (c *comparison) stored(s StoredEntry) {
	replaced := c.target.ID != "" && s.Document.ID == c.target.ID
	c.seen++
	kept := false
	c.asking(c.key(s.Question), func(w wording) {
		if w.question {
			c.matched[w.row], kept = c.seen, true
			c.match(int(w.row), s, replaced)
		}
	})
	if replaced {
		if !kept {
			c.removed++
		}
		return // its other wordings go with it
	}
	for _, q := range append([]string{s.Question}, s.Alternatives...) {
		c.asking(c.key(q), func(w wording) {
			if c.matched[w.row] != c.seen && s.Answer != c.rows[w.row].Answer && c.reports[w.row].Verdict != EntryConflict {
				c.conflict(int(w.row), s.Document, fmt.Sprintf("the entry %q in %q asks the same and answers otherwise", s.Question, s.Document.Name))
			}
		})
	}
}

// match compares a row with an entry of the same question. One of the document
// that is replaced counts before one that stays beside the row.
func (c *comparison) match(row int, s StoredEntry, replaced bool) {
	r := &c.reports[row]
	if r.Verdict == EntryConflict || c.settled[row] && (!replaced || r.Verdict == EntrySame) {
		return
	}
	changes := changesOf(c.rows[row].Entry, s.Entry)
	switch {
	case replaced:
		c.settled[row] = true
		r.Why = ""
	case r.Verdict == EntryChanged || r.Verdict == EntrySame && len(changes) == 0:
		return
	case len(changes) > 0:
		r.Why = fmt.Sprintf("the entry in %q stays as it is beside this one", s.Document.Name)
	}
	r.Verdict, r.Changes, r.Document = EntrySame, changes, s.Document
	if len(changes) > 0 {
		r.Verdict = EntryChanged
	}
}

// changesOf names what of an entry is other than what is stored.
func changesOf(e, old Entry) []string {
	var out []string
	if e.Answer != old.Answer {
		out = append(out, "answer")
	}
	if !sameTexts(e.Alternatives, old.Alternatives) {
		out = append(out, "alternatives")
	}
	if e.Lang != "" && e.Lang != old.Lang { // a row without one gets the language of its text when it is stored
		out = append(out, "lang")
	}
	if e.Verbatim != old.Verbatim {
		out = append(out, "verbatim")
	}
	if resolve("", e.URL) != old.URL {
		out = append(out, "url")
	}
	if e.Owner != old.Owner {
		out = append(out, "owner")
	}
	if e.ReviewBy != old.ReviewBy {
		out = append(out, "review_by")
	}
	return out
}

// sameTexts compares wordings, whose order says nothing.
func sameTexts(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	a, b = slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b))
	return slices.Equal(a, b)
}

func (c *comparison) report(name string) ImportReport {
	out := ImportReport{Name: name, Replaces: c.target, Removed: c.removed, Rows: c.reports,
		Totals: map[Verdict]int{EntryNew: 0, EntryChanged: 0, EntrySame: 0, EntryConflict: 0, EntryInvalid: 0}}
	for _, r := range c.reports {
		out.Totals[r.Verdict]++
	}
	return out
}
