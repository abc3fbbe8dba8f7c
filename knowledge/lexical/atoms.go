package lexical

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// Atoms is a passage in the order it is written, for Rescore: the dimensions of its
// words, and of the characters of what is written without spaces, line by line. Four
// bytes an atom, little-endian; lineEnd and titleEnd are no dimension.
type Atoms []byte

const (
	lineEnd  = 0
	titleEnd = 1<<32 - 1
	// maxAtoms bounds what of a passage is looked at twice: 16 KB of it. A passage of the
	// chunker has some 300 words, a list of a hundred wordings a thousand.
	maxAtoms = 4000
	// maxVocabulary bounds the words that one passage gives for Respell.
	maxVocabulary = 1000
)

// Form is a word as it is written, folded, and the term it is indexed by.
type Form struct {
	Word string
	Dim  int32
}

// Read returns a passage's atoms and the words proper in it that a misspelt word may be
// taken for. lang is the language it was indexed in.
func Read(fs Fields, lang string) (Atoms, []Form) {
	r := reader{lang: lang, known: map[string]bool{}}
	for _, l := range strings.Split(fs[Title], "\n") {
		r.line(l)
	}
	r.add(titleEnd)
	r.line(fs[Heading])
	eachSentence(fs[Body], r.line)
	return r.atoms, r.forms
}

type reader struct {
	lang  string
	atoms Atoms
	forms []Form
	known map[string]bool
}

func (r *reader) add(atom uint32) {
	if len(r.atoms) < 4*maxAtoms {
		r.atoms = binary.LittleEndian.AppendUint32(r.atoms, atom)
	}
}

func (r *reader) line(text string) {
	before := len(r.atoms)
	for _, u := range units(segment(text), r.lang) {
		d := dimension(u.term)
		if u.atom {
			r.add(uint32(d))
		}
		r.form(u, d)
	}
	if len(r.atoms) > before {
		r.add(lineEnd)
	}
}

func (r *reader) form(u unit, dim int32) {
	if !u.word || u.stop || !spellable(u.form) || len(r.forms) == maxVocabulary || r.known[u.form] {
		return
	}
	r.known[u.form] = true
	r.forms = append(r.forms, Form{foldMarks(u.form), dim})
}

// sentenceEnds part a line into what says one thing. A full stop does so only before a space.
const sentenceEnds = "\n。！？!?;；؟।"

// eachSentence calls f with each line or sentence of text.
func eachSentence(text string, f func(string)) {
	for len(text) > 0 {
		n := len(text)
		if i := strings.IndexAny(text, sentenceEnds); i >= 0 {
			_, size := utf8.DecodeRuneInString(text[i:])
			n = i + size
		}
		if i := strings.Index(text[:n], ". "); i >= 0 {
			n = i + 2
		}
		f(text[:n])
		text = text[n:]
	}
}
