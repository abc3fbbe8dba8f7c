package lexical

import "slices"

// Field is a part of a passage that is weighed on its own.
type Field int

// The fields of a passage.
const (
	Title   Field = iota // the question and its alternatives, or the section's title
	Heading              // the path of headings
	Body
	fields
)

// Fields is the text of a passage by field.
type Fields [fields]string

// Lengths counts by field the words of a passage, or on average those of a collection.
type Lengths [fields]float64

// Lexemes is a passage as the index holds it: its terms, ascending, and how often
// each stands in each field.
type Lexemes struct {
	Dims    []int32
	Counts  [][fields]uint16
	Lengths [fields]int
	Lang    string // the language its Latin words were stemmed in
}

// Index analyzes a passage. lang is its language when that is known; otherwise the
// text tells, then fallback (what the rest of its document is in), then English.
func Index(fs Fields, lang, fallback string) Lexemes {
	var spans [fields][]span
	var all []span
	for f := range fs {
		spans[f] = segment(fs[f])
	}
	if lang = base(lang); lang == "" {
		for _, f := range []Field{Body, Title, Heading} {
			all = append(all, spans[f]...)
		}
		if lang = language(all); lang == "" {
			lang = fallback
		}
		if lang == "" {
			lang = "en"
		}
	}
	lx := Lexemes{Lang: lang}
	at := map[int32]int{}
	for f := range fs {
		for _, u := range units(spans[f], lang) {
			d := dimension(u.term)
			i, ok := at[d]
			if !ok {
				if len(lx.Dims) == MaxTerms {
					continue
				}
				i = len(lx.Dims)
				at[d] = i
				lx.Dims = append(lx.Dims, d)
				lx.Counts = append(lx.Counts, [fields]uint16{})
			}
			if lx.Counts[i][f] < 1<<16-1 {
				lx.Counts[i][f]++
			}
			if !u.extra {
				lx.Lengths[f]++
			}
		}
	}
	order := make([]int, len(lx.Dims))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(lx.Dims[a]) - int(lx.Dims[b]) })
	dims, counts := make([]int32, len(order)), make([][fields]uint16, len(order))
	for to, from := range order {
		dims[to], counts[to] = lx.Dims[from], lx.Counts[from]
	}
	lx.Dims, lx.Counts = dims, counts
	return lx
}

// base is the language of a BCP 47 tag without region and script.
func base(tag string) string {
	for i := 0; i < len(tag); i++ {
		if tag[i] == '-' || tag[i] == '_' {
			return tag[:i]
		}
	}
	return tag
}

// Has reports whether the passage holds any of dims.
func (lx Lexemes) Has(dims []int32) bool {
	for _, d := range dims {
		if _, ok := slices.BinarySearch(lx.Dims, d); ok {
			return true
		}
	}
	return false
}
