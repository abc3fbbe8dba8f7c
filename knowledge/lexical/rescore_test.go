package lexical

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// rescored orders texts, a title and a body each, by Rescore alone: their first scores are the same.
func rescored(t *testing.T, query string, texts ...Fields) []int {
	t.Helper()
	q, df := Parse(query), map[int32]int{}
	cs := make([]Candidate, len(texts))
	for i, fs := range texts {
		lx := Index(fs, "", "")
		for _, d := range lx.Dims {
			df[d]++
		}
		atoms, _ := Read(fs, lx.Lang)
		cs[i] = Candidate{Score: 5, Atoms: atoms}
	}
	scores := q.Rescore(df, 1000, cs)
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case scores[a].Score > scores[b].Score:
			return -1
		case scores[a].Score < scores[b].Score:
			return 1
		}
		return 0
	})
	return order
}

func TestSecondLookSeesWhatABagOfWordsCannot(t *testing.T) {
	for name, c := range map[string]struct {
		query     string
		good, bad Fields
	}{
		"words next to each other": {"credit card limit",
			Fields{Body: "your credit card limit is shown there"}, Fields{Body: "the limit of a card shown there credit"}},
		"order": {"from dollars to euros",
			Fields{Body: "change from dollars to euros here"}, Fields{Body: "change to euros from dollars here"}},
		"one sentence": {"battery charging time",
			Fields{Body: "Battery charging takes time. Keep it dry. Call us."}, Fields{Body: "Keep the battery dry. Charging is easy. Time will tell."}},
		"one wording": {"lost my bank card",
			Fields{Title: "my card was stolen\ni lost my bank card", Body: "call us"}, Fields{Title: "i lost my wallet\nwhere is a bank card", Body: "call us"}},
		"shorter title": {"opening hours",
			Fields{Title: "Opening hours", Body: "nine to five"}, Fields{Title: "Opening hours of the repair shop in the old town and how to reach it", Body: "nine to five"}},
		"Chinese in order": {"修改收货地址",
			Fields{Body: "如何修改收货地址"}, Fields{Body: "收货后地址如何修改"}},
		"a number": {"订单2024退款",
			Fields{Body: "订单 2024 的退款已经处理"}, Fields{Body: "订单 2025 的退款已经处理"}},
	} {
		for _, order := range [][]int{rescored(t, c.query, c.good, c.bad), flip(rescored(t, c.query, c.bad, c.good))} {
			if order[0] != 0 {
				t.Errorf("%s: %q puts %q before %q", name, c.query, c.bad, c.good)
			}
		}
	}
}

func flip(order []int) []int {
	out := make([]int, len(order))
	for i, x := range order {
		out[i] = len(order) - 1 - x
	}
	return out
}

func TestEqualCandidatesKeepTheirOrder(t *testing.T) {
	same := Fields{Title: "Refunds", Body: "Within thirty days."}
	if got := rescored(t, "refunds", same, same, same); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("order of equal candidates = %v, want it kept", got)
	}
}

func TestWithoutAtomsTheFirstScoreDecides(t *testing.T) {
	q := Parse("refunds")
	df := map[int32]int{q.Words[0].Dims[0]: 3}
	if s := q.Rescore(df, 10, []Candidate{{Score: 3}, {Score: 2}, {Score: 1}}); !(s[0].Score > s[1].Score && s[1].Score > s[2].Score) {
		t.Errorf("Rescore() = %v, want descending", s)
	}
	if s := q.Rescore(nil, 0, []Candidate{{Score: 2}, {Score: 1}}); !(s[0].Score > s[1].Score) {
		t.Errorf("Rescore() of unknown words = %v, want descending", s)
	}
	if s := q.Rescore(df, 10, nil); len(s) != 0 {
		t.Errorf("Rescore() of nothing = %v, want nothing", s)
	}
}

func TestAtomsAreBounded(t *testing.T) {
	for name, text := range map[string]string{
		"words": strings.Repeat("refund policy ", 20_000), "Chinese": strings.Repeat("退款", 50_000), "lines": strings.Repeat("a.\n", 50_000),
	} {
		atoms, forms := Read(Fields{Title: text, Body: text}, "en")
		if len(atoms) > 4*maxAtoms || len(forms) > maxVocabulary {
			t.Errorf("%s: %d bytes of atoms, %d words; want at most %d and %d", name, len(atoms), len(forms), 4*maxAtoms, maxVocabulary)
		}
	}
}

func TestDistanceCountsMistakes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"refund", "refund", 0}, {"refnud", "refund", 1}, {"refnd", "refund", 1}, {"refumd", "refund", 1}, {"reffund", "refund", 1},
		{"erfund", "refund", 1}, {"sefund", "refund", 2}, {"passwrod", "password", 1}, {"recieveing", "receiving", 2}, {"größe", "große", 1},
	} {
		if got := distance(c.a, c.b, 5); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func FuzzRescore(f *testing.F) {
	f.Add("refund policy", "What is your refund policy?", "Thirty days.\nNo more.", []byte{0, 0, 0, 0, 255})
	f.Add("如何 abc", "如何申请退款", "退款。", []byte("atoms of nothing"))
	f.Fuzz(func(t *testing.T, query, title, body string, junk []byte) {
		q, df := Parse(query), map[int32]int{}
		fs := Fields{Title: title, Body: body}
		for _, d := range Index(fs, "", "").Dims {
			df[d] = 1
		}
		for _, i := range q.Order {
			if i < 0 || i >= len(q.Words) {
				t.Fatalf("Order has %d, want an index of %d words", i, len(q.Words))
			}
		}
		atoms, _ := Read(fs, "en")
		for _, x := range q.Rescore(df, 2, []Candidate{{3, atoms}, {2, junk}, {1, nil}}) {
			if math.IsNaN(x.Score+x.Neighbours) || math.IsInf(x.Score+x.Neighbours, 0) {
				t.Fatalf("Rescore() = %v, want a finite number", x)
			}
		}
		for _, g := range q.Guesses(df, 2) {
			q.Respell(g, []Form{{title, 1}, {body, 2}, {g.Form, 3}}, func(d int32) bool { return d%2 == 0 })
		}
	})
}
