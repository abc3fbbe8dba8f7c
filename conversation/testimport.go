package conversation

import (
	"context"
	"fmt"
	"slices"

	"frontdesk/knowledge"
)

// TestRowReport is what an import makes of one row.
type TestRowReport struct {
	Row      int
	Question string
	Verdict  knowledge.Verdict // new, changed, same or invalid
	Why      string            // of invalid
}

// TestImportReport is what an import does, or would do, by row.
type TestImportReport struct {
	Rows   []TestRowReport
	Totals map[knowledge.Verdict]int
}

// ImportTests takes tests in, all or none; dryRun only says what that would change. A
// question there is a test of already gets the row's expectation. When a row is invalid
// nothing is changed, and knowledge.ErrRefused returned with the report.
// ErrTooManyTests.
func (ts *Tests) ImportTests(ctx context.Context, rows []knowledge.TestRow, dryRun bool) (TestImportReport, error) {
	tests := make([]Test, len(rows))
	for i, r := range rows {
		tests[i] = testOfRow(r)
	}
	bad, err := ts.settle(ctx, tests)
	if err != nil {
		return TestImportReport{}, err
	}
	stored := map[string]Test{}
	total := 0
	if err := ts.Store.AllTests(ctx, func(t Test) { total++; stored[string(t.Key())] = t }); err != nil {
		return TestImportReport{}, err
	}
	report := TestImportReport{Rows: make([]TestRowReport, len(rows)), Totals: map[knowledge.Verdict]int{}}
	var save []Test
	first := map[string]int{}
	for i, r := range rows {
		v := TestRowReport{Row: r.Row, Question: r.Question}
		key := string(tests[i].Key())
		old, known := stored[key]
		switch {
		case r.Invalid != "":
			v.Verdict, v.Why = knowledge.EntryInvalid, r.Invalid
		case bad[i] != nil:
			v.Verdict, v.Why = knowledge.EntryInvalid, bad[i].Field+": "+bad[i].Why
		case first[key] > 0:
			v.Verdict, v.Why = knowledge.EntryInvalid, fmt.Sprintf("row %d asks the same", first[key])
		case known && old.expectsSame(tests[i]):
			v.Verdict = knowledge.EntrySame
		case known:
			v.Verdict, tests[i].ID, tests[i].Origin = knowledge.EntryChanged, old.ID, old.Origin
			save = append(save, tests[i])
		default:
			v.Verdict, tests[i].ID, tests[i].Origin = knowledge.EntryNew, knowledge.NewID(), TestImport
			save = append(save, tests[i])
		}
		if v.Verdict != knowledge.EntryInvalid {
			first[key] = r.Row
		}
		report.Rows[i] = v
		report.Totals[v.Verdict]++
	}
	switch {
	case report.Totals[knowledge.EntryInvalid] > 0 && !dryRun:
		return report, knowledge.ErrRefused
	case total+report.Totals[knowledge.EntryNew] > MaxTests:
		return report, ErrTooManyTests
	case dryRun || len(save) == 0:
		return report, nil
	}
	return report, ts.Store.SaveTests(ctx, save)
}

// testOfRow is a row as a test. One that does not say whether it can be answered can
// where it names what answers it.
func testOfRow(r knowledge.TestRow) Test {
	t := Test{Question: r.Question, Expect: Expect{Passages: slices.Clone(r.Passages), Answer: r.Answer}}
	for _, d := range r.Documents {
		t.Expect.Documents = append(t.Expect.Documents, TestDocument{ID: d})
	}
	for _, h := range r.History {
		author := AuthorCustomer
		if h.Ours {
			author = AuthorBot
		}
		t.History = append(t.History, TestSaid{Author: author, Text: h.Text})
	}
	t.Expect.Answerable = len(r.Documents)+len(r.Passages) > 0 || r.Answer != ""
	if r.Answerable != nil {
		t.Expect.Answerable = *r.Answerable
	}
	return t
}
