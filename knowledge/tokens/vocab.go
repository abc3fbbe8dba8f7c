package tokens

import (
	_ "embed" // the vocabularies
	"math/bits"
)

// The vocabularies, in the format internal/gen writes: a little-endian uint32 n, n bytes with the
// length of each token in rank order, then the tokens' bytes. As strings they stay in the binary's
// read-only pages, which the system may drop and read again; nothing of them is copied.
//
//go:generate go run ./internal/gen -from $TIKTOKEN_DIR/encoders
//go:embed o200k_base.bin
var o200kBlob string

//go:embed cl100k_base.bin
var cl100kBlob string

// rankBits holds rank+1 of the largest vocabulary (199,998 tokens); the other bits of a table entry
// are a fingerprint, which spares most failed look-ups the read of the token's text.
const rankBits = 18

// noRank is greater than every rank.
const noRank = ^uint32(0)

// longestToken is the length in bytes of the longest token of both vocabularies.
const longestToken = 128

// vocab finds a token's rank (its id, and its priority in merging) by its bytes.
type vocab struct {
	text    string   // all tokens, in rank order
	starts  []uint32 // starts[r] is where token r begins in text; one more than there are tokens
	table   []uint32 // open addressing, at most half full; 0 is free
	shift   uint     // hash bits to drop for a table index
	byteIDs [256]uint32
}

func (v *vocab) fill(blob string) {
	n := int(load32(blob, 0))
	lengths := blob[4 : 4+n]
	v.text = blob[4+n:]
	v.starts = make([]uint32, n+1)
	size := uint(bits.Len(uint(2*n - 1)))
	v.table = make([]uint32, 1<<size)
	v.shift = 64 - size
	at := uint32(0)
	for r := range n {
		v.starts[r] = at
		at += uint32(lengths[r])
		token := v.text[v.starts[r]:at]
		h := hash(token)
		i := h >> v.shift
		for v.table[i] != 0 {
			i = (i + 1) & uint64(len(v.table)-1)
		}
		v.table[i] = uint32(h)<<rankBits | uint32(r+1)
		if len(token) == 1 {
			v.byteIDs[token[0]] = uint32(r)
		}
	}
	v.starts[n] = at
}

func (v *vocab) len() int { return len(v.starts) - 1 }

func (v *vocab) token(rank uint32) string { return v.text[v.starts[rank]:v.starts[rank+1]] }

// rank returns the rank of s, which is not empty, or noRank.
func (v *vocab) rank(s string) uint32 {
	if len(s) == 1 {
		return v.byteIDs[s[0]]
	}
	const mask = 1<<rankBits - 1
	h := hash(s)
	print := uint32(h) << rankBits
	i := h >> v.shift
	for {
		entry := v.table[i]
		if entry == 0 {
			return noRank
		}
		if entry&^uint32(mask) == print {
			r := entry&mask - 1
			if v.token(r) == s {
				return r
			}
		}
		i = (i + 1) & uint64(len(v.table)-1)
	}
}

// hash mixes s into 64 bits: the top ones index the table, the bottom ones are the fingerprint.
// The constants are odd and have about as many bits set as not; nothing else is asked of them. The
// vocabulary is fixed, so nobody can aim collisions at the table that a look-up would walk far for.
func hash(s string) uint64 {
	const k0, k1 = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	n := len(s)
	h := uint64(n) * k1
	var a, b uint64
	switch {
	case n >= 8:
		for i := 0; i+16 < n; i += 8 {
			hi, lo := bits.Mul64(h^load64(s, i), k0)
			h = hi ^ lo
		}
		a, b = load64(s, max(0, n-16)), load64(s, n-8)
	case n >= 4:
		a, b = load32(s, 0), load32(s, n-4)
	default:
		a = uint64(s[0]) | uint64(s[n/2])<<8 | uint64(s[n-1])<<16
	}
	hi, lo := bits.Mul64(h^a^k0, b^bits.RotateLeft64(h, 32)^k1)
	hi, lo = bits.Mul64(hi^lo, k0)
	return hi ^ lo
}

func load32(s string, i int) uint64 {
	_ = s[i+3]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24
}

func load64(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}
