package rivals

import (
	"cmp"
	"context"
	"slices"

	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
)

const (
	// telling is how many of a question's rarest words lead to the others that may
	// be near it: two that share none of these are not.
	telling = 4
	// maxShared is how many questions a word may be in to lead to them. With it the
	// work grows with the entries and not with their square.
	maxShared = 200
	// maxLooks bounds the pairs judged for one entry.
	maxLooks = 100
)

// Among calls each with the pairs of the statements that are near each other,
// i < j, in order. It takes some 50 µs an entry and ends early with ctx.
func Among(ctx context.Context, all []*Statement, each func(i, j int, n knowledge.Nearness)) error {
	df := map[int32]int{}
	for _, s := range all {
		for _, dim := range s.asks() {
			df[dim]++
		}
	}
	idf := func(dim int32) float64 { return lexical.IDF(min(df[dim], len(all)), len(all)) }
	has := map[int32][]int32{}
	for i, s := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		lead := slices.DeleteFunc(s.asks(), func(dim int32) bool { return df[dim] > maxShared })
		slices.SortFunc(lead, func(a, b int32) int { return cmp.Or(cmp.Compare(df[a], df[b]), cmp.Compare(a, b)) })
		lead = lead[:min(len(lead), telling*len(s.questions))]
		var others []int32
		for _, dim := range lead {
			others = append(others, has[dim]...)
		}
		slices.Sort(others)
		others = slices.Compact(others)
		for _, j := range others[:min(len(others), maxLooks)] {
			if n, ok := Compare(all[j], s, idf); ok {
				each(int(j), i, n)
			}
		}
		for _, dim := range lead {
			has[dim] = append(has[dim], int32(i))
		}
	}
	return nil
}

// asks are the distinct terms of all the statement's questions.
func (s *Statement) asks() []int32 {
	var out []int32
	for _, b := range s.questions {
		for _, c := range b {
			out = append(out, c.dim)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
