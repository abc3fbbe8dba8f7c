package knowledge

import (
	"net/url"
	"slices"
	"strings"
)

// Sizes of passages, in tokens as the chunker's count gives them.
const (
	// TargetTokens is where a long section is cut next: long enough to carry
	// an answer whole, short enough that four or five fit a prompt.
	TargetTokens = 350
	// MaxTokens is never exceeded by a passage of a section.
	MaxTokens = 512
	// OverlapTokens is at most repeated from the passage before when running
	// text is cut, so that a sentence keeps what it refers to.
	OverlapTokens = 50
	// MaxEntryTokens is how long an FAQ answer stays whole. Embedding models
	// read 8,191 tokens; a longer answer than this would crowd out all others.
	MaxEntryTokens = 2000
	// tinyTokens is below what a section says too little to stand alone.
	tinyTokens = 60
)

// pathSeparator joins the headings above a passage.
const pathSeparator = " › "

// Chunk cuts a document's text into passages, in the document's order. doc
// gives DocumentID, Document and the URL that relative ones stand on; count
// gives the tokens of a text and must be safe to call often. IDs stay empty.
//
// A section of at most MaxTokens is one passage. A longer one is cut between
// paragraphs, else between list items, table rows (the header is repeated) or
// sentences, and inside of these only where one alone exceeds MaxTokens. An
// FAQ entry is one passage up to MaxEntryTokens; a verbatim one always.
// All of the text is kept. Time is linear in the text.
func Chunk(doc Document, text Text, count func(string) int) []Passage {
	c := chunker{doc: doc, text: text, count: count}
	ids := entryIDs(doc.ID, text.Entries)
	for i, e := range text.Entries {
		c.entry(e, ids[i])
	}
	for _, s := range merged(text.Sections, count) {
		c.section(s)
	}
	return c.out
}

type chunker struct {
	doc   Document
	text  Text
	count func(string) int
	out   []Passage
}

func (c *chunker) add(p Passage) {
	p.DocumentID, p.Document, p.Ordinal = c.doc.ID, c.doc.Name, len(c.out)
	p.Tokens = c.count(p.Text)
	c.out = append(c.out, p)
}

// entry keeps the question, in every wording, with each part of its answer.
func (c *chunker) entry(e Entry, id string) {
	p := Passage{
		Title: e.Question, Alternatives: slices.Clone(e.Alternatives), Text: e.Answer,
		Lang: e.Lang, URL: resolve(c.doc.URL, e.URL), Verbatim: e.Verbatim, IsEntry: true,
		Kept: Kept{ID: id, Version: e.Version(), Owner: e.Owner, ReviewBy: e.ReviewBy},
	}
	if e.Verbatim || len(e.Answer) <= MaxEntryTokens || c.count(e.Answer) <= MaxEntryTokens {
		c.add(p)
		return
	}
	p.IsEntry = false // a part is not the whole answer
	p.Kept.Answer = e.Answer
	for _, piece := range split(e.Answer, c.count) {
		p.Text = piece.String()
		c.add(p)
		p.Kept.Answer = ""
	}
}

func (c *chunker) section(s section) {
	p := Passage{
		Title: c.text.Title, Heading: strings.Join(s.Heading, pathSeparator), Page: s.Page,
		Lang: s.Lang, URL: resolve(c.doc.URL, s.URL),
	}
	if n := len(s.Heading); n > 0 {
		p.Title = s.Heading[n-1]
	}
	if p.Title == "" {
		p.Title = c.doc.Name
	}
	for _, piece := range s.pieces(c.count) {
		p.Text = piece.String()
		c.add(p)
	}
}

// section is one or more sections of a document that become passages together.
type section struct {
	Section
	labels []string // of what was merged, before each of bodies
	bodies []string
	tokens int
}

func (s section) pieces(count func(string) int) []piece {
	if s.labels == nil {
		return split(s.Body, count)
	}
	var text []string
	for i, b := range s.bodies {
		text = append(text, s.labels[i]+"\n"+b)
	}
	return split(strings.Join(text, "\n\n"), count)
}

// merged joins neighbouring sections that say little, when they stand under
// the same heading on the same page. Questions stay alone: each is found by
// its own words. Sections without a common heading have nothing in common.
func merged(in []Section, count func(string) int) []section {
	var out []section
	for _, s := range in {
		next := section{Section: s}
		if len(s.Body) <= tinyTokens*16 { // no tokenizer makes 16 bytes of text one token on average
			next.tokens = count(s.Body)
		} else {
			next.tokens = MaxTokens
		}
		if n := len(out); n > 0 && joins(out[n-1], next) {
			out[n-1].join(next)
			continue
		}
		out = append(out, next)
	}
	return out
}

func joins(a, b section) bool {
	depth := len(b.Heading)
	if depth < 2 || a.Page != b.Page || a.Lang != b.Lang || a.tokens+b.tokens > TargetTokens/2 || b.tokens > tinyTokens || IsQuestion(b.Heading[depth-1]) {
		return false
	}
	if a.labels != nil { // a's heading is the parent already
		return slices.Equal(a.Heading, b.Heading[:depth-1])
	}
	return a.tokens <= tinyTokens && len(a.Heading) == depth && slices.Equal(a.Heading[:depth-1], b.Heading[:depth-1]) &&
		!IsQuestion(a.Heading[depth-1])
}

func (s *section) join(b section) {
	last := len(b.Heading) - 1
	if s.labels == nil {
		s.labels, s.bodies = []string{"**" + s.Heading[last] + "**"}, []string{s.Body}
		s.Heading = s.Heading[:last]
	}
	s.labels = append(s.labels, "**"+b.Heading[last]+"**")
	s.bodies = append(s.bodies, b.Body)
	s.tokens += b.tokens
}

// IsQuestion reports whether a heading is put as a question.
func IsQuestion(heading string) bool {
	heading = strings.TrimRight(heading, " *_\"”»")
	for _, mark := range []string{"?", "？", "؟"} {
		if strings.HasSuffix(heading, mark) {
			return true
		}
	}
	return false
}

// resolve is the address of a part of a document. A fragment of a document
// that is nowhere on the web leads nowhere.
func resolve(base, ref string) string {
	if ref == "" {
		return base
	}
	if base == "" {
		if strings.HasPrefix(ref, "#") {
			return ""
		}
		return ref
	}
	b, err := url.Parse(base)
	if err != nil {
		return base
	}
	r, err := url.Parse(ref)
	if err != nil {
		return base
	}
	return b.ResolveReference(r).String()
}
