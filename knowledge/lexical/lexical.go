// Package lexical turns text into weighted terms: it finds words in any script,
// folds and stems them by language, and weighs them by BM25F. Storage and ranking
// stand elsewhere; here is only what index and query must agree on.
//
// Everything is deterministic and safe for concurrent use. Output is bounded
// whatever the input: see MaxTerms and MaxQueryWords.
package lexical

import "hash/fnv"

// Version names this analysis. It is raised whenever a change here gives some text
// other terms, so that what was indexed before is known to be stale.
const Version = 2

const (
	// MaxTerms bounds the distinct terms of one passage. A passage of the chunker has
	// some hundred; pgvector's sparsevec takes 16,000.
	MaxTerms = 4000
	// MaxQueryWords bounds the distinct words taken from a query, first come first
	// kept. The ranking keeps the rarest of them.
	MaxQueryWords = 512
	// maxWord cuts a longer word, in runes: no word of a language is longer, and a
	// hundred kilobytes without a space are one word.
	maxWord = 64
	// Dimensions is the number of dimensions terms are hashed to, 1-based. With
	// 100,000 distinct terms in a collection a given query term meets another's
	// dimension with a chance of 1 in 10,000, and then only shares its idf and scores
	// a passage that holds the other: harmless, so there is no dictionary.
	Dimensions = 1_000_000_000
)

// dimension hashes a term to [1, Dimensions].
func dimension(term string) int32 {
	x := uint64(hash64(term))
	x ^= x >> 32 // FNV's low bits are its weak ones
	return int32(x%Dimensions) + 1
}

func hash64(s string) int64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return int64(h.Sum64())
}
