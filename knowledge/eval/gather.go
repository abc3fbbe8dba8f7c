package eval

import (
	"context"
	"fmt"
	"path/filepath"

	"frontdesk/knowledge"
)

// Explainer is an Index that also tells what its confidence was made of.
type Explainer interface {
	Index
	Explain(ctx context.Context, q knowledge.Query) (knowledge.Result, knowledge.Signals, error)
}

// kind is how a query stands to the collection it is put to.
type kind string

const (
	kindOwn      kind = "answerable" // its answer is there
	kindClose    kind = "close"      // it is said not to be, although the query is of the kind that is asked there
	kindStranger kind = "stranger"   // it was made for another collection
	kindTest     kind = "test"       // of the split that is never learned from
)

// observation is one query put to one collection.
type observation struct {
	signals    knowledge.Signals
	yes        bool // the collection has its answer, among the first hits
	answerable bool // the collection has its answer
	right      bool // the first hit is it
	weight     float64
}

// group is queries of one kind.
type group struct {
	set, asked string // the collection, and the one the queries are from
	kind       kind
	seen       []observation
}

const (
	// among is how many of the first hits may hold the answer: what an answer without a
	// model quotes at most.
	among = 3
	// strangers is how many queries of one collection are put to another at most.
	strangers = 300
	// testSplit is the split that is reported on and never learned from.
	testSplit = "test"
)

// named is a set with its name.
type named struct {
	*Set
	name string
}

func readSets(dirs []string) ([]named, error) {
	var sets []named
	taken := map[string]bool{}
	for _, dir := range dirs {
		s, err := Read(dir)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(filepath.Clean(dir))
		if taken[name] {
			return nil, fmt.Errorf("two sets are called %s", name)
		}
		taken[name] = true
		sets = append(sets, named{s, name})
	}
	return sets, nil
}

// groups lists what is put to the collection of sets[at]; only their queries are filled in.
func groups(sets []named, at int) (gs []group, queries [][]Query) {
	own := sets[at]
	add := func(g group, keep func(i int, q Query) bool, of named) {
		var qs []Query
		for i, q := range of.Queries {
			if keep(i, q) {
				qs = append(qs, q)
			}
		}
		if len(qs) > 0 {
			gs, queries = append(gs, g), append(queries, qs)
		}
	}
	add(group{own.name, own.name, kindOwn, nil}, func(_ int, q Query) bool {
		return q.Split != testSplit && len(own.Relevant[q.ID]) > 0
	}, own)
	refused := func(q Query) bool {
		in, told := own.Answerable[q.ID]
		return told && !in
	}
	add(group{own.name, own.name, kindClose, nil}, func(_ int, q Query) bool { return q.Split != testSplit && refused(q) }, own)
	add(group{own.name, own.name, kindTest, nil}, func(_ int, q Query) bool {
		return q.Split == testSplit && (refused(q) || len(own.Relevant[q.ID]) > 0)
	}, own)
	for i, other := range sets {
		if i == at {
			continue
		}
		step := 1 + len(other.Queries)/strangers
		add(group{own.name, other.name, kindStranger, nil}, func(i int, q Query) bool {
			return q.Split != testSplit && i%step == 0
		}, other)
	}
	return gs, queries
}

// observe puts a group's queries to the index of its set, in order.
func (o FitOptions) observe(ctx context.Context, ix Explainer, g *group, queries []Query, set named, owner map[string]string, done func(n int)) error {
	g.seen = make([]observation, len(queries))
	return side(ctx, len(queries), func(ctx context.Context, i int) error {
		q := queries[i]
		r, signals, err := ix.Explain(ctx, q.question(0))
		if err != nil {
			return fmt.Errorf("ask query %s of %s: %w", q.ID, g.asked, err)
		}
		seen := observation{signals: signals}
		if g.kind == kindOwn || g.kind == kindTest {
			rel := set.Relevant[q.ID]
			seen.answerable = len(rel) > 0
			for place, h := range r.Hits[:min(among, len(r.Hits))] {
				if rel[owner[h.ID]] > 0 {
					seen.yes = true
					seen.right = seen.right || place == 0
				}
			}
		}
		g.seen[i] = seen
		return nil
	}, done)
}
