// Package extract makes text of the bytes of a document: titles, headings,
// paragraphs, lists and tables, or the entries of an FAQ.
//
// What it reads was written by strangers. Every extractor ends in time bounded
// by its context, yields at most MaxText bytes and never panics on its input.
package extract

import (
	"context"
	"fmt"
	"strings"

	"frontdesk/knowledge"
)

// MaxBytes is how large a document may be: the longest manuals seen as text
// are below a tenth of it, and the bytes stand in memory while they are read.
const MaxBytes = 20 << 20

// MaxText is how many bytes of text one document may become. Text grows where
// another encoding becomes UTF-8 (two bytes of GBK become three).
const MaxText = 32 << 20

// MaxRows is how many entries or rows one table may hold.
const MaxRows = 100_000

// MaxSections is how many headings one document may hold.
const MaxSections = 100_000

// MaxDepth is how deep lists, quotes, arrays and objects may be nested; people
// do not nest past ten.
const MaxDepth = 100

// MaxHTMLDepth is where golang.org/x/net/html refuses to nest further
// (its Parse: "nested deeper than 512 elements").
const MaxHTMLDepth = 512

// MaxTags is how many tags a page may have: each becomes some 130 bytes of tree,
// and Debian's longest manual on one page has below a tenth of it.
const MaxTags = 1_000_000

// MaxQuestion is how many bytes a question, a title or an alternative may have.
const MaxQuestion = 2_000

// MaxAlternatives is how many other wordings one entry may have.
const MaxAlternatives = 100

// MaxAnswer is how many bytes the answer of one FAQ entry may have.
const MaxAnswer = 64 << 10

// MaxVerbatim is how many bytes an answer sent word for word may have. It is
// never cut, so it must fit two chat messages of the strictest channel
// (Telegram: 4,096 characters each).
const MaxVerbatim = 8_000

// Media types of the formats read, as Detect reports them.
const (
	Markdown = "text/markdown"
	Plain    = "text/plain"
	HTML     = "text/html"
	CSV      = "text/csv"
	TSV      = "text/tab-separated-values"
	JSONL    = "application/jsonl"
	JSON     = "application/json"
)

// Formats names what can be read, for messages and upload forms.
const Formats = "Markdown, plain text, HTML, CSV, TSV, JSONL and JSON"

// Extract reads data, called name by whoever sent it and mediaType by their
// software (both may be empty or wrong), and returns its text.
//
// It returns knowledge.ErrUnsupported for a format it does not know,
// knowledge.ErrCorrupt where the bytes do not follow their format,
// knowledge.ErrTooLarge past a limit of this package and knowledge.ErrEmpty
// when there is no text; each wrapped in words an admin can act on. When ctx
// ends it returns the context's error soon after.
func Extract(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
	format, err := Detect(name, mediaType, data)
	if err != nil {
		return knowledge.Text{}, err
	}
	src, err := decode(data, mediaType)
	if err != nil {
		return knowledge.Text{}, err
	}
	if strings.TrimSpace(src) == "" {
		return knowledge.Text{}, fmt.Errorf("%w was found in this %s", knowledge.ErrEmpty, label(format))
	}
	if err := ctx.Err(); err != nil {
		return knowledge.Text{}, err
	}
	var text knowledge.Text
	switch format {
	case Markdown:
		text, err = fromMarkdown(ctx, src)
	case HTML:
		text, err = fromHTML(ctx, src)
	case CSV:
		text, err = fromTable(ctx, src, 0)
	case TSV:
		text, err = fromTable(ctx, src, '\t')
	case JSONL:
		text, err = fromJSONL(ctx, src)
	case JSON:
		text, err = fromJSON(ctx, src)
	default:
		text = knowledge.Text{Sections: []knowledge.Section{{Body: strings.TrimSpace(src)}}}
	}
	if err != nil {
		return knowledge.Text{}, err
	}
	if len(text.Sections) == 0 && len(text.Entries) == 0 {
		return knowledge.Text{}, fmt.Errorf("%w was found in this %s", knowledge.ErrEmpty, label(format))
	}
	return text, nil
}

// label is what people call a format.
func label(format string) string {
	switch format {
	case Markdown:
		return "Markdown file"
	case HTML:
		return "HTML page"
	case CSV, TSV:
		return "table"
	case JSONL, JSON:
		return "JSON file"
	}
	return "text file"
}
