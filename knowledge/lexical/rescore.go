package lexical

import "math"

// Candidate is a passage that the first ranking found.
type Candidate struct {
	Score float64 // BM25F
	Atoms Atoms   // may be empty: then only Score speaks for it
}

// What the second look weighs. All of them but size lie at about 0..1.
const (
	scoreShare    = iota // BM25F against the greatest that the words' idf allows
	scoreOfBest          // BM25F against the best candidate's
	coverage             // share of the words, by idf, that the passage holds
	likelihood           // how often it holds them, saturating
	pairCoverage         // share of the words' neighbourhoods it holds, by rarity among the candidates
	pairRate             // the same, by how often
	tripleCover          // pairCoverage for three words in order
	surprise             // how much oftener it holds the words than the candidates do on average
	pairSurprise         // the same for pairs
	pairTelling          // pairs, by how unevenly the candidates hold them
	bestLine             // the greatest coverage by one sentence
	bestLineDice         // the same, held against the sentence's length
	tellingLines         // sentences that hold the words which tell the candidates apart, all taken together
	titleCoverage        // the greatest coverage by the question or one of its wordings
	titleDice            // the same, held against its length
	size                 // logarithm of the passage's length
	rescoreFeatures
)

// rescoreWeights were fitted by TestFitRescore (-tags fit) on four public collections at
// once; docs/BENCHMARKS.md says how they do on a collection they were fitted without.
var rescoreWeights = [rescoreFeatures]float64{
	1.33, 2.03, 1.11, 1.93, 1.79, 1.96, 1.87, 1.57, 1.87, 1.88, 1.98, 1.98, 1.70, 2.24, 2.22, -2.32,
}

// Look is what the second look makes of a candidate.
type Look struct {
	Score float64 // to order the candidates of one call anew by; not comparable between calls
	// Neighbours is how much oftener the candidate holds the question's pairs of words
	// than the candidates do on average; about 0..1.
	Neighbours float64
}

// Rescore looks at the candidates, best by BM25F first. It sees what a sum over words
// cannot: words next to each other, all in one sentence, or typical of one candidate. df
// tells of a term how many of n passages hold it. The numbers are finite whatever the input.
func (q Query) Rescore(df map[int32]int, n int, cs []Candidate) []Look {
	out := make([]Look, len(cs))
	for i, x := range q.features(df, n, cs) {
		out[i].Neighbours = x[pairSurprise]
		for j, w := range rescoreWeights {
			out[i].Score += w * x[j]
		}
	}
	return out
}

// What of a query is looked at twice.
const (
	maxAsked    = 64  // distinct words: a bit each
	maxSequence = 256 // words in order
)

// asked is a query as the second look sees it. A class is one distinct word that some
// passage holds.
type asked struct {
	class  map[int32]int8 // by dimension
	weight []float64      // by class: idf, less for stop words and the history's
	count  []float64      // by class: how often it was asked for
	mass   float64        // of all
	share  float64        // of mass, what is the message's own
	length float64        // of the message in atoms
	bag    float64        // atoms, the history's included
	pairs  []int16        // by class*classes+class: the pair's number plus one
	nPairs int
	// triples are numbered by their classes.
	triples map[[3]int8]int
}

func (q Query) asked(df map[int32]int, n int) *asked {
	a := &asked{class: map[int32]int8{}, triples: map[[3]int8]int{}, length: float64(len(q.Order))}
	number := make([]int8, len(q.Words))
	add := func(i int, weight float64) bool {
		w, most := q.Words[i], 0
		for _, d := range w.Dims {
			most = max(most, df[d])
		}
		if most == 0 || len(a.weight) == maxAsked {
			return false
		}
		a.weight = append(a.weight, weight*IDF(min(most, n), n))
		a.count = append(a.count, 0)
		number[i] = int8(len(a.weight))
		for _, d := range w.Dims {
			if _, ok := a.class[d]; !ok {
				a.class[d] = number[i] - 1
			}
		}
		return true
	}
	own := q.Order[:min(len(q.Order), maxSequence)]
	sequence := make([]int8, len(own)) // classes, -1 where no passage holds the word
	for at, i := range own {
		sequence[at] = -1
		if number[i] == 0 {
			weight := 1.
			if w := q.Words[i]; w.Weak && !w.Extra {
				weight = stopWeight
			}
			if !add(i, weight) {
				continue
			}
		}
		c := number[i] - 1
		sequence[at] = c
		a.count[c]++
		a.mass += a.weight[c]
	}
	a.share, a.bag = a.mass, a.length
	for i, w := range q.Words {
		if !w.Earlier || number[i] != 0 || !add(i, w.Weight) {
			continue
		}
		c := number[i] - 1
		a.count[c]++
		a.mass += a.weight[c]
		a.bag++
	}
	if a.mass > 0 {
		a.share /= a.mass
	}
	a.neighbours(sequence)
	return a
}

// neighbours numbers the pairs and triples of words in order.
func (a *asked) neighbours(sequence []int8) {
	k := len(a.weight)
	a.pairs = make([]int16, k*k)
	for i := range sequence {
		if i < 1 || sequence[i] < 0 || sequence[i-1] < 0 {
			continue
		}
		if p := &a.pairs[int(sequence[i-1])*k+int(sequence[i])]; *p == 0 {
			a.nPairs++
			*p = int16(a.nPairs)
		}
		if i < 2 || sequence[i-2] < 0 {
			continue
		}
		if t := [3]int8(sequence[i-2 : i+1]); a.triples[t] == 0 {
			a.triples[t] = len(a.triples) + 1
		}
	}
}

// telling measures how unevenly candidates hold something, from its rate in each: 0 when
// all hold it alike, log n when one alone does. It returns the sum of the rates as well.
func telling(n int, rate func(i int) float64) (uneven, sum float64) {
	for i := range n {
		sum += rate(i)
	}
	if sum == 0 {
		return 0, 0
	}
	for i := range n {
		if r := rate(i) / sum; r > 0 {
			uneven += r * math.Log(float64(n)*r)
		}
	}
	return max(uneven, 0), sum
}
