package knowledge

import (
	"slices"
	"testing"
)

func TestAnEntryKeepsItsIDWhateverItsNeighboursDo(t *testing.T) {
	a, b, c := Entry{Question: "How do I pay?"}, Entry{Question: "Where?"}, Entry{Question: "Who?", Own: "faq-7"}
	ids := entryIDs("doc", []Entry{a, b, c})
	moved := entryIDs("doc", []Entry{{Question: "New?"}, {Question: "Whoever?", Own: "faq-7"}, {Question: "where"}, {Question: "how do i pay"}})
	if moved[1] != ids[2] || moved[2] != ids[1] || moved[3] != ids[0] {
		t.Errorf("ids = %v, want those of %v moved along", moved, ids)
	}
	if other := entryIDs("other", []Entry{a}); other[0] == ids[0] {
		t.Errorf("id in another document = %s, want another", other[0])
	}
	twice := entryIDs("doc", []Entry{a, a, {Question: "x", Own: "k"}, {Question: "y", Own: "k"}, {Question: "?!"}, {Question: "…"}})
	if slices.Sort(twice); len(slices.Compact(twice)) != 6 {
		t.Errorf("ids of entries that ask the same = %v, want each its own", twice)
	}
	// What an edit writes down is what it was called before.
	named := []Entry{a, b, c}
	for i, own := range owns(named) {
		named[i].Own = own
	}
	named[0].Question = "How can I pay?"
	if got := entryIDs("doc", named); !slices.Equal(got, ids) {
		t.Errorf("ids after an edit = %v, want %v", got, ids)
	}
}

func TestAVersionIsOfAllThatAnEntrySays(t *testing.T) {
	e := Entry{Question: "Q?", Answer: "A.", Alternatives: []string{"B?"}, Lang: "en", URL: "u", Owner: "o", ReviewBy: "2026-01-31", Row: 3, Own: "x"}
	same := e
	same.Row, same.Own = 9, "y"
	if e.Version() != same.Version() {
		t.Error("the version changes with the row or the id, want neither in it")
	}
	for name, change := range map[string]func(*Entry){
		"question": func(e *Entry) { e.Question = "R?" }, "answer": func(e *Entry) { e.Answer = "B." }, "alternatives": func(e *Entry) { e.Alternatives = nil },
		"lang": func(e *Entry) { e.Lang = "de" }, "verbatim": func(e *Entry) { e.Verbatim = true }, "url": func(e *Entry) { e.URL = "v" },
		"owner": func(e *Entry) { e.Owner = "p" }, "review_by": func(e *Entry) { e.ReviewBy = "" },
	} {
		other := e
		if change(&other); other.Version() == e.Version() {
			t.Errorf("the version stays with another %s, want another version", name)
		}
	}
	if (Entry{}).Version() != (Entry{Alternatives: []string{}}).Version() {
		t.Error("no alternatives and an empty list differ, want the same version")
	}
}
