// Package knowledge holds what the company knows: documents, FAQ entries and
// the passages they are cut into, and the one way to find passages for a
// question. It is plain Go without I/O; storage, extraction and vendors stand
// in the packages beside and below it and import this one.
package knowledge

import (
	"context"
	"errors"
	"time"
)

var (
	// ErrNotFound is returned when no document has the id asked for.
	ErrNotFound = errors.New("knowledge: not found")
	// ErrUnsupported is returned for bytes in a format nothing here can read.
	ErrUnsupported = errors.New("knowledge: unsupported format")
	// ErrTooLarge is returned when a document exceeds a limit on size or expansion.
	ErrTooLarge = errors.New("knowledge: too large")
	// ErrCorrupt is returned when a document claims a format its bytes do not follow.
	ErrCorrupt = errors.New("knowledge: corrupt")
	// ErrEmpty is returned when a document holds no text at all.
	ErrEmpty = errors.New("knowledge: no text")
	// ErrUnembeddable is wrapped by an Embedder's error when the model takes
	// offence at the texts: to send them again is no use.
	ErrUnembeddable = errors.New("knowledge: refused by the embedding model")
	// ErrBusy is returned when a document was not looked at because the reader
	// was busy with another for too long; a later attempt may succeed.
	ErrBusy = errors.New("knowledge: busy")
)

// Status is where a document stands on its way to being searchable.
type Status string

// The states of a document, in order; failed is reached from any but ready.
const (
	StatusQueued     Status = "queued"
	StatusExtracting Status = "extracting"
	StatusEmbedding  Status = "embedding"
	StatusReady      Status = "ready"
	StatusFailed     Status = "failed"
)

// Document is one thing an admin gave us: a file, a page or a single FAQ entry.
type Document struct {
	ID        string // UUID
	Site      string // the site it is a page of, when it is stored; empty for none
	Name      string // what a source is called towards a customer
	URL       string // where a customer can read it; empty when there is no such place
	MediaType string // as detected from name and bytes
	Status    Status
	Error     string // why Status is failed, in words for an admin
	Progress  Progress
	Passages  int // searchable passages; 0 until ready
	Bytes     int64
	Warnings  []string // those of its Text as it was last read
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Archive is the media type of a file that holds documents and is none itself.
const Archive = "application/zip"

// Text is what extraction makes of a document's bytes, before it is cut.
type Text struct {
	Title    string
	Sections []Section
	Entries  []Entry
	// Warnings tell an admin, in whole phrases, what in the document looks made
	// to mislead a model or was left out; the text is data all the same.
	Warnings []string
}

// Section is a run of text under one heading path on one page.
type Section struct {
	Heading []string // path from the outermost heading inwards
	Page    int      // 1-based; 0 when the format has no pages
	Body    string   // paragraphs parted by blank lines; lists and tables as Markdown
	Lang    string   // BCP 47; empty when unknown
	URL     string   // where this part can be read, relative to the document's ("#fees"); empty when it is the document's own
}

// Entry is one FAQ entry: a question as customers ask it and its answer.
type Entry struct {
	Question     string
	Alternatives []string // other wordings of the same question
	Answer       string
	Lang         string // BCP 47; empty when unknown
	Verbatim     bool   // the answer is sent word for word, without a model
	URL          string
	Owner        string // who answers for it: an e-mail address or a name; may be empty
	ReviewBy     string // the last day it may go unread by its owner, as 2006-01-02; empty for none
	Row          int    // 1-based row or line in the file it came from
	// Own is what the file calls the entry, so that it stays the same entry when
	// its question changes. May be empty.
	Own string
}

// Passage is the unit that is found, quoted and cited.
type Passage struct {
	ID           string // UUID
	DocumentID   string
	Ordinal      int    // position within the document, from 0
	Document     string // the document's name
	Title        string // the entry's question, or the section's title; weighted above Text
	Alternatives []string
	Heading      string // "Returns › Refunds"
	Page         int    // 0 when the format has no pages
	Text         string
	Lang         string
	URL          string
	Verbatim     bool
	IsEntry      bool // an FAQ entry: Title is a question and Text its whole answer
	Tokens       int  // of Text, by the default encoding
	Kept         Kept // of an FAQ entry, or a part of one; search does not give it
}

// Query is one question put to the knowledge.
type Query struct {
	Text    string // the customer's own words
	History []Said // the earlier messages of this episode, oldest first
	Limit   int    // passages wanted; DefaultLimit when 0
}

// Said is an earlier message of the dialogue.
type Said struct {
	Text string
	Ours bool // said by the bot or by staff; otherwise by the customer
}

// DefaultLimit is how many passages a Query yields when it does not say.
const DefaultLimit = 8

// MaxLimit bounds Query.Limit.
const MaxLimit = 100

// Hit is a passage as found: where each ranking placed it and why.
type Hit struct {
	Passage
	LexicalRank  int // 1-based; 0 when that ranking did not list it
	DenseRank    int
	LexicalScore float64 // BM25F, HistoryScore included
	HistoryScore float64 // what of LexicalScore is owed to the history
	Rescored     float64 // by the second look at the first by words, which decides LexicalRank; 0 further down and in dialogues
	DenseScore   float64 // cosine similarity
	RerankRank   int     // 0 when no reranker judged it
	RerankScore  float64 // as the reranker gave it; only those of one Result can be compared
	Score        float64 // decides the order: fused from both rankings' scores or, when a reranker judged the hit, from its rank there
	Exact        bool    // the query is this entry's question, folded for case, width, accents and punctuation
}

// Result is the answer to a Query.
type Result struct {
	// HistoryWeight is what the history could add to a passage at most, as a share of
	// what the question's own words gave the best: 0 where it was left out.
	HistoryWeight float64

	Query      string  // the text that was searched for, after history was taken in
	Hits       []Hit   // best first
	Confidence float64 // 0..1: how likely it is that the first hits answer the question
	// Thresholds say what the Confidence is enough for; zero when nothing says.
	Thresholds  Thresholds
	Calibration string // ID of the Calibration that Confidence and Thresholds are by
	Reranker    string // name of the model that judged the first hits; empty when none did
}

// Embedder turns texts into vectors. Implementations are safe for concurrent use.
type Embedder interface {
	// Embed returns one vector of Dimensions() numbers per text, in order.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Model names the embedding model; vectors of two models are never compared.
	Model() string
	Dimensions() int
}
