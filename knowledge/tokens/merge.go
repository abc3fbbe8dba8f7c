package tokens

// shortPiece is the longest piece, in bytes, that is merged by scanning an array on the stack. That
// is quadratic, and still faster than a heap for nearly every piece of real text.
const shortPiece = 64

// merger holds what merging one piece needs, so that the pieces of a text share it.
type merger struct {
	starts [shortPiece + 2]uint8  // where each part begins, and after them the piece's length
	pairs  [shortPiece + 2]uint32 // the rank of each part joined with the next
	long   longMerger
}

func (m *merger) count(v *vocab, piece string) int {
	switch {
	case len(piece) == 1 || v.rank(piece) != noRank:
		return 1
	case len(piece) <= shortPiece:
		return m.short(v, piece)
	}
	return m.long.run(v, piece)
}

func (m *merger) encode(dst []int, v *vocab, piece string) []int {
	if r := v.rank(piece); r != noRank {
		return append(dst, int(r))
	}
	if len(piece) <= shortPiece {
		n := m.short(v, piece)
		for i := range n {
			dst = append(dst, int(v.rank(piece[m.starts[i]:m.starts[i+1]])))
		}
		return dst
	}
	m.long.run(v, piece)
	for i := int32(0); int(i) < len(piece); i = m.long.parts[i].next {
		dst = append(dst, int(v.rank(piece[i:m.long.parts[i].next])))
	}
	return dst
}

// short joins the pair of lowest rank, the first of them if there are several, until no pair is a
// token. It returns how many parts are left.
func (m *merger) short(v *vocab, piece string) int {
	n := len(piece)
	for i := range n + 1 {
		m.starts[i] = uint8(i)
	}
	pair := func(i int) uint32 {
		if i+2 > n {
			return noRank
		}
		return v.rank(piece[m.starts[i]:m.starts[i+2]])
	}
	for i := range n {
		m.pairs[i] = pair(i)
	}
	for {
		best, at := noRank, 0
		for i, r := range m.pairs[:n-1] {
			if r < best {
				best, at = r, i
			}
		}
		if best == noRank {
			return n
		}
		copy(m.starts[at+1:n], m.starts[at+2:n+1])
		copy(m.pairs[at+1:n-1], m.pairs[at+2:n])
		n--
		m.pairs[at] = pair(at)
		if at > 0 {
			m.pairs[at-1] = pair(at - 1)
		}
	}
}

// longMerger does what short does with a linked list and a heap, in n log n.
type longMerger struct {
	parts []part   // by the byte a part begins at
	heap  []uint64 // rank<<32 | start of the pair; smallest first
}

type part struct {
	prev, next int32  // starts of the neighbours; -1 before the first, the length after the last
	pair       uint32 // rank of this part joined with the next; an older heap entry is ignored
}

func (m *longMerger) run(v *vocab, piece string) int {
	n := int32(len(piece))
	if cap(m.parts) < int(n) {
		m.parts = make([]part, n)
		m.heap = make([]uint64, 0, n+n/4) // every pair at first; later ones mostly replace others
	}
	m.parts = m.parts[:n]
	m.heap = m.heap[:0]
	for i := range n {
		m.parts[i] = part{prev: i - 1, next: i + 1, pair: noRank}
	}
	for i := range n - 1 {
		if r := v.rank(piece[i : i+2]); r != noRank {
			m.parts[i].pair = r
			m.heap = append(m.heap, uint64(r)<<32|uint64(i))
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	left := int(n)
	for len(m.heap) > 0 {
		top := m.pop()
		i := int32(uint32(top))
		if m.parts[i].pair != uint32(top>>32) {
			continue
		}
		gone := m.parts[i].next
		m.parts[gone].pair = noRank
		next := m.parts[gone].next
		m.parts[i].next = next
		if next < n {
			m.parts[next].prev = i
		}
		left--
		m.renew(v, piece, i)
		if prev := m.parts[i].prev; prev >= 0 {
			m.renew(v, piece, prev)
		}
	}
	return left
}

// renew sets the pair of the part at i after it or its neighbour grew.
func (m *longMerger) renew(v *vocab, piece string, i int32) {
	m.parts[i].pair = noRank
	next := m.parts[i].next
	if int(next) >= len(piece) {
		return
	}
	end := m.parts[next].next
	if end-i > longestToken {
		return
	}
	if r := v.rank(piece[i:end]); r != noRank {
		m.parts[i].pair = r
		m.heap = append(m.heap, uint64(r)<<32|uint64(i))
		m.up(len(m.heap) - 1)
	}
}

func (m *longMerger) pop() uint64 {
	top, last := m.heap[0], len(m.heap)-1
	m.heap[0] = m.heap[last]
	m.heap = m.heap[:last]
	m.down(0)
	return top
}

func (m *longMerger) down(i int) {
	h := m.heap
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func (m *longMerger) up(i int) {
	h := m.heap
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent] <= h[i] {
			return
		}
		h[parent], h[i] = h[i], h[parent]
		i = parent
	}
}
