package lexical

import "math"

// Params are the constants of BM25F. One set serves every language and collection.
type Params struct {
	K1     float64         // how soon more of the same word stops to count
	B      [fields]float64 // how far a field's length is held against it
	Weight [fields]float64 // what a word in the field counts
}

// Default is what the product uses; docs/BENCHMARKS.md says how it was found.
var Default = Params{
	K1:     1.8,
	B:      [fields]float64{Title: .5, Heading: .5, Body: .7},
	Weight: [fields]float64{Title: 4, Heading: 1.5, Body: 1},
}

// What a query's words count when they are not words proper.
const (
	// stopWeight keeps "how do I" and "can you" as a hint: dropped altogether they cost
	// .028 nDCG@5 on short requests; at full weight they cost long questions .02 to .03.
	stopWeight = .3
	// extraWeight is of joined, parted and single-character forms.
	extraWeight = .7
)

// Weights returns what each of lx.Dims counts in its passage, without idf: the sum of
// products with a query's idf is the passage's BM25F score. avg are the average
// lengths of the fields, over the passages where they are not empty.
func (p Params) Weights(lx Lexemes, avg Lengths) []float32 {
	var norm [fields]float64
	for f := range norm {
		norm[f] = 1
		if avg[f] > 0 {
			norm[f] = 1 - p.B[f] + p.B[f]*float64(lx.Lengths[f])/avg[f]
		}
	}
	ws := make([]float32, len(lx.Dims))
	for i, c := range lx.Counts {
		tf := 0.
		for f := range c {
			if c[f] > 0 {
				tf += p.Weight[f] * float64(c[f]) / norm[f]
			}
		}
		ws[i] = float32(tf * (p.K1 + 1) / (p.K1 + tf))
	}
	return ws
}

// Max is the least number that no weight reaches.
func (p Params) Max() float64 { return p.K1 + 1 }

// IDF is what a term counts that df of n passages hold.
func IDF(df, n int) float64 {
	return math.Log(1 + (float64(n-df)+.5)/(float64(df)+.5))
}
