package lexical

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// profile counts in one candidate what was asked for.
type profile struct {
	words   []float64 // by class
	pairs   []float64 // by number
	triples []float64
	lines   []line
	titles  int // the first so many of lines
	length  float64
}

// line is a sentence: the classes it holds and how long it is, in atoms.
type line struct {
	holds  uint64
	length float64
}

// profile reads a candidate once.
func (a *asked) profile(atoms Atoms) profile {
	p := profile{words: make([]float64, len(a.weight)), pairs: make([]float64, a.nPairs), triples: make([]float64, len(a.triples))}
	var now line
	before, last := int8(-1), int8(-1)
	for ; len(atoms) >= 4; atoms = atoms[4:] {
		atom := binary.LittleEndian.Uint32(atoms)
		if atom == lineEnd || atom == titleEnd {
			if now.length > 0 {
				p.lines = append(p.lines, now)
			}
			if atom == titleEnd {
				p.titles = len(p.lines)
			}
			now, before, last = line{}, -1, -1
			continue
		}
		p.length++
		now.length++
		c, ok := a.class[int32(atom)]
		if !ok {
			before, last = last, -1
			continue
		}
		now.holds |= 1 << c
		p.words[c]++
		if last >= 0 {
			if n := a.pairs[int(last)*len(a.weight)+int(c)]; n > 0 {
				p.pairs[n-1]++
				if before >= 0 {
					if n := a.triples[[3]int8{before, last, c}]; n > 0 {
						p.triples[n-1]++
					}
				}
			}
		}
		before, last = last, c
	}
	if now.length > 0 {
		p.lines = append(p.lines, now)
	}
	return p
}

// sum adds weights up over the classes a line holds, as often as they were asked for.
func (l line) sum(weight, count []float64) float64 {
	s := 0.
	for m := l.holds; m != 0; m &= m - 1 {
		i := bits.TrailingZeros64(m)
		s += weight[i] * count[i]
	}
	return s
}

// Constants of the features. None was fitted; the weights make up for most of what
// others would do.
const (
	shortPassage = 20   // words added to a passage's length: in three words one is no rate
	rateScale    = 1000 // at which a rate's logarithm begins to bend: once in so many words
	background   = .3   // of the candidates' mean rate, that a rate is held against
	leastRate    = 1e-4
	sharpness    = 6 // how much more the best lines count than middling ones
)

// logRate is 0 for none and about 1 for nothing else.
func logRate(r float64) float64 { return math.Log1p(rateScale*r) / math.Log(rateScale) }

// among is the rarity of what some candidates of n hold.
func among(holding, n float64) float64 { return math.Log((n + 1) / (holding + .5)) }

// features are what rescoreWeights weigh, by candidate.
func (q Query) features(df map[int32]int, n int, cs []Candidate) [][rescoreFeatures]float64 {
	out := make([][rescoreFeatures]float64, len(cs))
	a := q.asked(df, n)
	if a.mass == 0 || len(cs) == 0 {
		for i, c := range cs {
			out[i][scoreShare] = c.Score
		}
		return out
	}
	ps := make([]profile, len(cs))
	best := 0.
	for i, c := range cs {
		ps[i] = a.profile(c.Atoms)
		best = max(best, c.Score)
	}
	for i, c := range cs {
		out[i][scoreShare] = c.Score / a.mass
		if best > 0 {
			out[i][scoreOfBest] = c.Score / best
		}
		out[i][size] = math.Log1p(ps[i].length) / 10
	}
	tell := a.byWords(ps, out)
	a.byNeighbours(ps, out, a.byPairs(ps, out))
	for i := range ps {
		a.byLines(&ps[i], tell, &out[i])
	}
	return out
}

// byWords sets what single words say and returns by class how telling the word is, in all 1.
func (a *asked) byWords(ps []profile, out [][rescoreFeatures]float64) []float64 {
	n := float64(len(ps))
	tell, total := make([]float64, len(a.weight)), 0.
	for c := range a.weight {
		rate := func(i int) float64 { return ps[i].words[c] / (ps[i].length + shortPassage) }
		uneven, sum := telling(len(ps), rate)
		tell[c] = uneven
		total += uneven * a.count[c]
		if sum == 0 {
			continue
		}
		for i := range ps {
			r := rate(i)
			if r == 0 {
				continue
			}
			share := a.weight[c] * a.count[c] / a.mass
			out[i][coverage] += share
			out[i][likelihood] += share * logRate(r)
			out[i][surprise] += a.share * a.count[c] * math.Log1p(r/(background*sum/n+leastRate)) / (5 * a.bag)
		}
	}
	for c := range tell {
		if total > 0 {
			tell[c] /= total
		}
	}
	return tell
}

// byPairs sets what neighbouring words say. It returns by what pairTelling is still to be
// divided.
func (a *asked) byPairs(ps []profile, out [][rescoreFeatures]float64) float64 {
	n := float64(len(ps))
	mass, uneven := 0., 0.
	for k := range a.nPairs {
		holding := 0.
		for i := range ps {
			if ps[i].pairs[k] > 0 {
				holding++
			}
		}
		rarity := among(holding, n)
		mass += rarity
		if holding == 0 {
			continue
		}
		rate := func(i int) float64 { return ps[i].pairs[k] / (ps[i].length + shortPassage) }
		tell, sum := telling(len(ps), rate)
		uneven += tell
		for i := range ps {
			r := rate(i)
			if r == 0 {
				continue
			}
			out[i][pairCoverage] += rarity
			out[i][pairRate] += rarity * logRate(r)
			out[i][pairSurprise] += math.Log1p(r/(background*sum/n+leastRate)) / (5 * float64(a.nPairs))
			out[i][pairTelling] += tell * logRate(r)
		}
	}
	for i := range ps {
		if mass > 0 {
			out[i][pairCoverage] *= a.share / mass
			out[i][pairRate] *= a.share / mass
		}
		out[i][pairSurprise] *= a.share
	}
	return uneven
}

// byNeighbours sets what three words in order say and finishes pairTelling.
func (a *asked) byNeighbours(ps []profile, out [][rescoreFeatures]float64, uneven float64) {
	n, mass := float64(len(ps)), 0.
	for k := range len(a.triples) {
		holding := 0.
		for i := range ps {
			if ps[i].triples[k] > 0 {
				holding++
			}
		}
		rarity := among(holding, n)
		mass += rarity
		for i := range ps {
			if ps[i].triples[k] > 0 {
				out[i][tripleCover] += rarity
			}
		}
	}
	for i := range ps {
		if mass > 0 {
			out[i][tripleCover] *= a.share / mass
		}
		if uneven > 0 {
			out[i][pairTelling] *= a.share / uneven
		}
	}
}

// byLines sets what single sentences and titles say.
func (a *asked) byLines(p *profile, tell []float64, x *[rescoreFeatures]float64) {
	sum := 0.
	for i, l := range p.lines {
		if l.holds == 0 {
			continue
		}
		// Dice's coefficient, were all words of a line as heavy as those asked for.
		fit := 2 * a.length / (a.length + l.length)
		c := l.sum(a.weight, a.count) / a.mass
		if i < p.titles {
			x[titleCoverage] = max(x[titleCoverage], c)
			x[titleDice] = max(x[titleDice], c*fit)
		}
		x[bestLine] = max(x[bestLine], c)
		x[bestLineDice] = max(x[bestLineDice], c*fit)
		sum += math.Expm1(sharpness * fit * l.sum(tell, a.count))
	}
	x[tellingLines] = a.share * math.Log1p(sum) / sharpness
	for _, f := range []int{bestLine, bestLineDice, titleCoverage, titleDice} {
		x[f] *= a.share
	}
}
