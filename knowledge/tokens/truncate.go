package tokens

import (
	"math"
	"unicode/utf8"
)

// searched is the longest piece, in bytes, in which Truncate tries every cut.
const searched = 256

// Truncate returns a prefix of s, cut between characters, that counts at most max tokens: the
// longest there is, unless the cut falls in a run of more than 256 bytes without a break, where it
// is near the longest. Where s is not valid UTF-8, the prefix is of the text it is taken for. The
// time depends on max, and on the length of s only as far as it must be read to find its breaks.
func (e *Encoding) Truncate(s string, max int) string {
	if max <= 0 {
		return ""
	}
	s = valid(s)
	if len(s) <= max { // no token is empty
		return s
	}
	v := e.load()
	var m merger
	// Where this piece and the two before begin, and how many tokens stand before each.
	var starts, counts [3]int
	used := 0
	for i := 0; i < len(s); {
		end := e.split(s, i)
		starts, counts = [3]int{starts[1], starts[2], i}, [3]int{counts[1], counts[2], used}
		if piece := s[i:end]; len(piece) > longestToken*(max-used) {
			used = math.MaxInt // too long for what is left: not worth merging whole
		} else {
			used += m.count(v, piece)
		}
		if used > max {
			return e.cut(s, starts, counts, end, max)
		}
		i = end
	}
	return s
}

// cut finds the prefix that ends in or near the piece from starts[2] to end, which is the first to
// exceed max.
//
// The pieces of a prefix are those of the whole text but for the one that is cut, and, in one case,
// those just before it: of white space in front of anything else the last character is parted from
// the others, and joins them when what follows is cut off.
func (e *Encoding) cut(s string, starts, counts [3]int, end, max int) string {
	start, room := starts[2], max-counts[2]
	sure := start // cuts beyond this leave the earlier pieces as they are
	if c, n := at(bmp(), s, start); c&space != 0 {
		sure += n
	}
	if end-start > searched {
		if n := e.cutLong(s, start, end, room); n > sure {
			return s[:n]
		}
		end = start + searched
	}
	// One character more than the piece: it can join white space that was cut in two.
	if _, n := utf8.DecodeRuneInString(s[end:]); n > 0 {
		end += n
	}
	for n := end; n > sure; n-- {
		if (n == len(s) || utf8.RuneStart(s[n])) && e.Count(s[start:n]) <= room {
			return s[:n]
		}
	}
	for _, n := range [...]int{sure, start} {
		if e.Count(s[starts[0]:n]) <= max-counts[0] {
			return s[:n]
		}
	}
	// White space costs more joined than it did in two.
	_, n := utf8.DecodeLastRuneInString(s[:start])
	return e.Truncate(s[:start-n], max)
}

// cutLong returns a cut inside the long piece s[start:end] such that room tokens hold the part before
// it, or 0. It cuts after so many of the piece's own tokens as fit: the part of a piece that ends at a
// token is made of those same tokens, unless the shorter text splits another way. That is checked,
// and answered with fewer tokens.
func (e *Encoding) cutLong(s string, start, end, room int) int {
	piece := s[start:min(end, start+longestToken*(room+1))]
	ids := new(merger).encode(nil, e.load(), piece)
	ids = ids[:min(room, len(ids))]
	for drop := 0; drop < len(ids); drop = 2*drop + 1 {
		n := start
		for _, id := range ids[:len(ids)-drop] {
			n += len(e.vocab.token(uint32(id)))
		}
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		if n > start && e.Count(s[start:n]) <= room {
			return n
		}
	}
	return 0
}
