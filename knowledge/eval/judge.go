package eval

import "slices"

// Judgement is one ranking's measures, by the same formulas as a Report's.
type Judgement struct {
	NDCG5, Recall5, MRR10 float64
	Rank                  int // of the first that is relevant, from 1; 0 when none is
}

// Judge measures a ranking, best first, by what is relevant, of which there is at least
// one. Each is as relevant as the other.
func Judge(ranking, relevant []string) Judgement {
	rel := make(map[string]int, len(relevant))
	for _, id := range relevant {
		rel[id] = 1
	}
	if len(rel) == 0 {
		return Judgement{}
	}
	list := make([]scored, len(ranking))
	for i, id := range ranking {
		list[i] = scored{id: id}
	}
	m := measure(list, rel)
	return Judgement{NDCG5: m.ndcg5, Recall5: m.recall5, MRR10: m.mrr10,
		Rank: 1 + slices.IndexFunc(ranking, func(id string) bool { return rel[id] > 0 })}
}
