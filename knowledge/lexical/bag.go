package lexical

// Bag sees short texts as bags of words, to tell how near one is to another.
type Bag struct{}

// MaxBag bounds the words of a bag, first come first kept.
const MaxBag = 64

// Terms returns the dimensions of the text's distinct words and what each counts
// beside its idf: as in a query, stop words and joined forms count little.
func (Bag) Terms(text string) (dims []int32, weights []float64) {
	at := map[int32]bool{}
	for _, w := range Parse(text).Words {
		if len(dims) == MaxBag {
			break
		}
		if d := w.Dims[0]; !at[d] {
			at[d] = true
			dims, weights = append(dims, d), append(weights, w.unit())
		}
	}
	return dims, weights
}

// Language is the function of that name.
func (Bag) Language(text string) string { return Language(text) }
