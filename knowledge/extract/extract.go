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
	"unicode/utf8"

	"frontdesk/knowledge"
)

// MaxBytes is how large a text may be: the longest manuals seen as text
// are below a tenth of it, and the bytes stand in memory while they are read.
const MaxBytes = 20 << 20

// MaxFile is how large a PDF, an office file or an archive may be: most of their
// bytes are pictures. MaxBytes is what any other document may have.
const MaxFile = 64 << 20

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

// MaxURL is how many bytes an address may have; browsers agree on 2,000.
const MaxURL = 2_000

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
	PDF      = "application/pdf"
	DOCX     = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	PPTX     = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	XLSX     = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	ODT      = "application/vnd.oasis.opendocument.text"
	ZIP      = knowledge.Archive
)

// Formats names what can be read, for messages and upload forms.
const Formats = "PDF, DOCX, PPTX, XLSX, ODT, Markdown, plain text, HTML, CSV, TSV, JSONL and JSON, and ZIP archives of these"

// Extract reads data, called name by whoever sent it and mediaType by their
// software (both may be empty or wrong), and returns its text.
//
// It returns knowledge.ErrUnsupported for a format it does not know,
// knowledge.ErrCorrupt where the bytes do not follow their format,
// knowledge.ErrTooLarge past a limit of this package and knowledge.ErrEmpty
// when there is no text; each wrapped in words an admin can act on. When ctx
// ends it returns the context's error soon after, with knowledge.ErrBusy where
// it had only waited for another document. An archive is not a text: it is
// taken apart by Members.
func Extract(ctx context.Context, name, mediaType string, data []byte) (text knowledge.Text, err error) {
	format, err := Detect(name, mediaType, data)
	if err != nil {
		return knowledge.Text{}, err
	}
	if err := ctx.Err(); err != nil {
		return knowledge.Text{}, err
	}
	var sus suspicions
	if packedFormats[format] {
		text, err = fromPacked(ctx, format, data, &sus)
	} else {
		text, err = fromText(ctx, format, mediaType, data, &sus)
	}
	if err != nil {
		return knowledge.Text{}, err
	}
	if len(text.Sections) == 0 && len(text.Entries) == 0 {
		return knowledge.Text{}, fmt.Errorf("%w was found in this %s", knowledge.ErrEmpty, label(format))
	}
	sus.instructions(text)
	text.Warnings = append(sus.list, text.Warnings...)
	return text, nil
}

// fromText reads the formats that are text themselves.
func fromText(ctx context.Context, format, mediaType string, data []byte, sus *suspicions) (knowledge.Text, error) {
	src, err := decode(data, mediaType)
	if err != nil {
		return knowledge.Text{}, err
	}
	if strings.TrimSpace(src) == "" {
		return knowledge.Text{}, fmt.Errorf("%w was found in this %s", knowledge.ErrEmpty, label(format))
	}
	if utf16Of(data) == 0 && utf8.Valid(data) { // no other encoding in use has such characters
		sus.smuggled("", string(data))
	}
	if err := ctx.Err(); err != nil {
		return knowledge.Text{}, err
	}
	switch format {
	case Markdown:
		return fromMarkdown(ctx, src)
	case HTML:
		return fromHTML(ctx, src, sus)
	case CSV:
		return fromTable(ctx, src, 0)
	case TSV:
		return fromTable(ctx, src, '\t')
	case JSONL:
		return fromJSONL(ctx, src)
	case JSON:
		return fromJSON(ctx, src)
	}
	return knowledge.Text{Sections: []knowledge.Section{{Body: strings.TrimSpace(src)}}}, nil
}

// fromPacked reads the formats that pack text in a way of their own. A fault in
// a library that reads one is the document's.
func fromPacked(ctx context.Context, format string, data []byte, sus *suspicions) (text knowledge.Text, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			text, err = knowledge.Text{}, fmt.Errorf("%w: this %s is damaged: %v", knowledge.ErrCorrupt, label(format), fault)
		}
	}()
	switch format {
	case PDF:
		return fromPDF(ctx, data, sus)
	case DOCX:
		return fromDOCX(ctx, data, sus)
	case PPTX:
		return fromPPTX(ctx, data, sus)
	case ODT:
		return fromODT(ctx, data, sus)
	case XLSX:
		return fromXLSX(ctx, data, sus)
	}
	return knowledge.Text{}, fmt.Errorf("%w: an archive is not a document; its members are", knowledge.ErrUnsupported)
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
	case PDF:
		return "PDF"
	case DOCX:
		return "Word document"
	case PPTX:
		return "presentation"
	case XLSX:
		return "workbook"
	case ODT:
		return "OpenDocument text"
	case ZIP:
		return "ZIP archive"
	}
	return "text file"
}
