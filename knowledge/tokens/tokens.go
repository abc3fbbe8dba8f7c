// Package tokens counts the tokens a text costs a language model, exactly.
//
// It reproduces the byte-pair encodings o200k_base (gpt-4o and everything after it) and
// cl100k_base (gpt-4, gpt-3.5 and the text-embedding-3 family) token for token. A wrong count is a
// prompt that the provider refuses or an answer cut short, so nothing here is an estimate for the
// models that publish their encoding.
//
// Every function first makes its text valid UTF-8 the way the reference implementation receives it:
// each maximal ill-formed sequence becomes one U+FFFD (Unicode 15, section 3.9, best practice).
// The text of special tokens, such as "<|endoftext|>", is ordinary text here: what a customer types
// never becomes a control token.
//
// Time grows as n log n at worst, in the length of a run without a break, and memory during a call
// is about 25 bytes per byte of the longest such run. Vocabularies load on first use (about 3 MB of heap
// for o200k_base, half for cl100k_base) and stay. All functions are safe for concurrent use.
package tokens

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// Overhead of the chat format, in tokens, from OpenAI's cookbook page "How to count tokens with
// tiktoken" (developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken). It holds for
// gpt-3.5-turbo-0125 and later, gpt-4, gpt-4o and gpt-4o-mini.
const (
	PerMessage = 3 // each message, besides its role and text
	PerName    = 1 // a message with a name, besides the name itself
	PerReply   = 3 // once per request: the answer is primed with its role
)

// Encoding is one byte-pair encoding. Get it from For.
type Encoding struct {
	name  string
	blob  string // the vocabulary file, in the binary's read-only data
	split func(s string, i int) int

	once  sync.Once // guards the first fill of vocab
	vocab vocab
}

var (
	o200k  = &Encoding{name: "o200k_base", blob: o200kBlob, split: nextO200k}
	cl100k = &Encoding{name: "cl100k_base", blob: cl100kBlob, split: nextCl100k}
)

// For returns the encoding of a model by its name, never nil. Dated snapshots, fine-tunes ("ft:…")
// and names with a vendor's prefix ("openai/…") count as their base model. A name that is not known
// gets o200k_base: it is what new models use, and for other vendors' models it is a fair estimate.
func For(model string) *Encoding {
	model = strings.ToLower(strings.TrimSpace(model))
	model = strings.TrimPrefix(model, "ft:")
	model = model[strings.LastIndexByte(model, '/')+1:]
	for _, family := range [...]string{"gpt-4", "gpt-3.5", "gpt-35", "text-embedding", "davinci-002", "babbage-002"} {
		rest, ok := strings.CutPrefix(model, family)
		// "gpt-4-turbo" and "gpt-4:…" are cl100k_base, "gpt-4o" and "gpt-4.1" are not.
		if ok && (rest == "" || rest[0] == '-' || rest[0] == ':') {
			return cl100k
		}
	}
	return o200k
}

// Name returns "o200k_base" or "cl100k_base".
func (e *Encoding) Name() string { return e.name }

// Count returns how many tokens s is. It equals len(e.Encode(nil, s)) and allocates nothing for
// texts without a run of more than 64 unbroken bytes.
func (e *Encoding) Count(s string) int {
	v := e.load()
	s = valid(s)
	var m merger
	n := 0
	for i := 0; i < len(s); {
		end := e.split(s, i)
		n += m.count(v, s[i:end])
		i = end
	}
	return n
}

// Encode appends the ids of the tokens of s to dst and returns it.
func (e *Encoding) Encode(dst []int, s string) []int {
	v := e.load()
	s = valid(s)
	var m merger
	for i := 0; i < len(s); {
		end := e.split(s, i)
		dst = m.encode(dst, v, s[i:end])
		i = end
	}
	return dst
}

// Decode returns the text of ids; ids outside the vocabulary are skipped.
func (e *Encoding) Decode(ids []int) string {
	v := e.load()
	var b strings.Builder
	for _, id := range ids {
		if id >= 0 && id < v.len() {
			b.WriteString(v.token(uint32(id)))
		}
	}
	return b.String()
}

func (e *Encoding) load() *vocab {
	e.once.Do(func() { e.vocab.fill(e.blob) })
	return &e.vocab
}

// valid returns s with every maximal ill-formed sequence replaced by U+FFFD. It is not
// strings.ToValidUTF8, which makes one mark of a whole run of bad bytes, nor a range loop, which
// makes one per byte: a cut-off "\xe2\x82" is one mark, and two stray "\xff" are two.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r != utf8.RuneError || n > 1 {
			b.WriteString(s[:n])
		} else {
			n = illFormed(s)
			b.WriteRune(utf8.RuneError)
		}
		s = s[n:]
	}
	return b.String()
}

// illFormed returns the length of the longest start of s that begins a well-formed sequence without
// finishing it, at least 1. The ranges are table 3-7 of the Unicode standard.
func illFormed(s string) int {
	need, lo, hi := 0, byte(0x80), byte(0xBF)
	switch b := s[0]; {
	case b >= 0xC2 && b <= 0xDF:
		need = 1
	case b >= 0xE0 && b <= 0xEF:
		need = 2
		if b == 0xE0 {
			lo = 0xA0
		} else if b == 0xED {
			hi = 0x9F
		}
	case b >= 0xF0 && b <= 0xF4:
		need = 3
		if b == 0xF0 {
			lo = 0x90
		} else if b == 0xF4 {
			hi = 0x8F
		}
	}
	n := 1
	for n <= need && n < len(s) && s[n] >= lo && s[n] <= hi {
		n++
		lo, hi = 0x80, 0xBF
	}
	return n
}
