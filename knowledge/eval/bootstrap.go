package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is a 95 % interval: its lower and its upper end.
type Interval [2]float64

const (
	// resamples is how many samples of the same size are drawn, with putting back: the
	// ends of a 95 % interval then rest on 25 each.
	resamples = 1000
	// seed is fixed, so that the same answers give the same intervals.
	seed = 20240607
)

// bootstrap draws samples of n queries and returns for each name the interval of what
// statistic says of the drawn ones; it is given their numbers, rising, with repeats.
func bootstrap(n int, statistic func(drawn []int) map[string]float64) map[string]Interval {
	if n == 0 {
		return nil
	}
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	values := map[string][]float64{}
	times, drawn := make([]int, n), make([]int, 0, n)
	for range resamples {
		clear(times)
		for range n {
			times[r.IntN(n)]++
		}
		drawn = drawn[:0]
		for i, k := range times {
			for range k {
				drawn = append(drawn, i)
			}
		}
		for name, x := range statistic(drawn) {
			values[name] = append(values[name], x)
		}
	}
	out := map[string]Interval{}
	for name, xs := range values {
		slices.Sort(xs)
		at := func(q float64) float64 { return rounded(xs[int(math.Round(q*float64(len(xs)-1)))], 4) }
		out[name] = Interval{at(.025), at(.975)}
	}
	return out
}

// rounded keeps so many places: what is stored is to be read by people too, and must
// not differ by how a processor rounds.
func rounded(x float64, places int) float64 {
	p := math.Pow(10, float64(places))
	return math.Round(x*p) / p
}
