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
	// Where the last pieces begin, and how many tokens stand before them. Cutting behind a piece can
	// change how it and the one before it were split, not more: only white space looks ahead, by one
	// character, and never twice in a row in front of the same one.
	var starts, counts [3]int
	used := 0
	for i := 0; i < len(s); {
		end := e.split(s, i)
		copy(starts[:], starts[1:])
		copy(counts[:], counts[1:])
		starts[2], counts[2] = i, used
		if piece := s[i:end]; len(piece) > longestToken*(max-used) {
			used = math.MaxInt // too long for what is left: not worth merging whole
		} else {
			used += m.count(v, piece)
		}
		if used > max {
			return e.cut(s, starts[0], i, end, counts[0], counts[2], max)
		}
		i = end
	}
	return s
}

// cut finds the prefix that ends in or near the piece s[start:end], which is the first to exceed
// max. base tokens stand before s[from:], which begins at most two pieces earlier, and before tokens
// ahead of the piece.
func (e *Encoding) cut(s string, from, start, end, base, before, max int) string {
	room := max - base
	if end-start > searched {
		if n := e.cutLong(s[from:], start-from, end-from, room, max-before); n > 0 {
			return s[:from+n]
		}
		end = start + searched
	}
	// One character more than the piece: it can join white space that it cut in two.
	if _, n := utf8.DecodeRuneInString(s[end:]); n > 0 {
		end += n
	}
	for n := end; n > from; n-- {
		if (n == len(s) || utf8.RuneStart(s[n])) && e.Count(s[from:n]) <= room {
			return s[:n]
		}
	}
	// The white space ahead of s[from:] costs more without what followed it.
	return e.Truncate(s[:from], max)
}

// cutLong returns a cut of s inside the long piece s[start:end], such that s[:cut] has at most room
// tokens, or 0. It cuts after so many of the piece's own tokens as fit: the parts of a piece that end
// at a token are made of those same tokens, unless the shorter text splits another way. That is
// checked, and answered with fewer tokens.
func (e *Encoding) cutLong(s string, start, end, room, fit int) int {
	piece := s[start:min(end, start+longestToken*(fit+1))]
	ids := new(merger).encode(nil, e.load(), piece)
	for drop := 0; drop < min(fit, len(ids)); drop = 2*drop + 1 {
		n := start
		for _, id := range ids[:min(fit, len(ids))-drop] {
			n += len(e.vocab.token(uint32(id)))
		}
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		if n > start && e.Count(s[:n]) <= room {
			return n
		}
	}
	return 0
}
