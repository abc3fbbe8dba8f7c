package knowledge

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// extractWithin is how long one document may take to be read: the longest
	// manuals take below a second.
	extractWithin = 2 * time.Minute
	// maxName is how many bytes of a name are kept.
	maxName = 300
	// maxURL is how many bytes an address may have; browsers agree on 2,000.
	maxURL = 2000
)

// charsetName is what an encoding may be called (RFC 2978, 2.3, the characters
// that are in use).
var charsetName = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,40}$`)

// Upload is a document as it arrives.
type Upload struct {
	ID        string // the UUID it is to have; made when empty
	Site      string // the site it is a page of; deleted with it; may be empty
	Name      string // the file's name, or what a source is called
	MediaType string // as the sender declares it; may be empty or wrong
	URL       string // where a customer can read it; may be empty
	Data      []byte
}

// EntryUpload makes a document of a single FAQ entry, called by its question.
func EntryUpload(e Entry) (Upload, error) {
	row := struct {
		Question     string   `json:"question"`
		Answer       string   `json:"answer"`
		Alternatives []string `json:"alternatives,omitempty"`
		Lang         string   `json:"lang,omitempty"`
		URL          string   `json:"url,omitempty"`
		Verbatim     bool     `json:"verbatim,omitempty"`
		Owner        string   `json:"owner,omitempty"`
		ReviewBy     string   `json:"review_by,omitempty"`
	}{e.Question, e.Answer, e.Alternatives, e.Lang, e.URL, e.Verbatim, e.Owner, e.ReviewBy}
	if strings.TrimSpace(e.Question) == "" || strings.TrimSpace(e.Answer) == "" {
		return Upload{}, fmt.Errorf("%w: an entry needs a question and an answer", ErrCorrupt)
	}
	data, err := json.Marshal(row)
	if err != nil {
		return Upload{}, fmt.Errorf("encode entry: %w", err)
	}
	return Upload{Name: e.Question, MediaType: "application/jsonl", Data: data}, nil
}

// DocumentStore is where documents are kept while they are made searchable.
type DocumentStore interface {
	// AddDocument stores a document with its bytes and has it processed, both
	// or neither. Bytes that are known by their digest are not stored again:
	// the document that has them is returned, and processed once more if it
	// had failed.
	AddDocument(ctx context.Context, d Document, digest [sha256.Size]byte, data []byte) (Document, error)
	// ReplaceDocument gives a document other bytes and has them processed, both
	// or neither; its passages stay until Publish puts others in their place.
	// Bytes it has already are processed only if that had failed. It returns
	// ErrNotFound, or ErrKnown when another document has the bytes.
	ReplaceDocument(ctx context.Context, d Document, digest [sha256.Size]byte, data []byte) (Document, error)
	// Content returns a document and its bytes, or ErrNotFound.
	Content(ctx context.Context, id string) (Document, []byte, error)
	// SetStatus moves a document on; reason is for an admin and may be empty.
	// A document that is gone is ErrNotFound.
	SetStatus(ctx context.Context, id string, status Status, reason string) error
	// SetProgress says how far a document is on its stage; SetStatus begins anew.
	// A document that is gone is ErrNotFound.
	SetProgress(ctx context.Context, id string, p Progress) error
	// Publish makes passages and warnings the document's, in place of any
	// before, and its name what sources call it. From then on they are found by
	// their words. The document is ready, or embedding where vectors are still
	// wanted.
	Publish(ctx context.Context, id, name string, passages []Passage, warnings ...string) error
	// Embed gives the document's passages the vectors they lack and makes it
	// ready. What was embedded before an error is kept.
	Embed(ctx context.Context, id string) error
}

// Reader is what reads the bytes of documents.
type Reader struct {
	// Detect tells the media type of data; Extract its text. Their errors wrap
	// this package's.
	Detect  func(name, mediaType string, data []byte) (string, error)
	Extract func(ctx context.Context, name, mediaType string, data []byte) (Text, error)
	// Members takes apart what Detect calls an Archive; nil refuses archives.
	Members func(ctx context.Context, data []byte) ([]Upload, error)
	// Count is how many tokens a text has.
	Count func(string) int
}

// Ingest takes documents in and makes them searchable. It is safe for
// concurrent use; that no two processes work on one document is its caller's
// care.
type Ingest struct {
	store  DocumentStore
	reader Reader
	log    *slog.Logger
	apart  chan struct{} // holds a value while an archive is taken apart
}

// NewIngest returns an Ingest; all of the reader's functions but Members must be set.
func NewIngest(store DocumentStore, reader Reader, log *slog.Logger) *Ingest {
	return &Ingest{store: store, reader: reader, log: log, apart: make(chan struct{}, 1)}
}

// Add stores a document and has it processed in the background. What can be
// told to be unreadable at once is refused with ErrUnsupported, ErrCorrupt,
// ErrTooLarge or ErrEmpty; the rest shows in the document's status. Of an
// archive it returns the first document; AddAll returns all.
func (in *Ingest) Add(ctx context.Context, u Upload) (Document, error) {
	all, err := in.AddAll(ctx, u)
	if err != nil {
		return Document{}, err
	}
	return all.Documents[0], nil
}

// Replace puts a new version in place of the document with the id. The old one
// answers until the new one is ready. What cannot be read is refused as in Add
// and changes nothing; ErrNotFound is returned when there is no such document,
// ErrKnown when another has the same bytes.
func (in *Ingest) Replace(ctx context.Context, id string, u Upload) (Document, error) {
	u.ID = id
	d, err := in.document(u)
	if err != nil {
		return Document{}, err
	}
	if d.MediaType == Archive {
		return Document{}, fmt.Errorf("%w: an archive cannot take the place of a document", ErrUnsupported)
	}
	return in.store.ReplaceDocument(ctx, d, sha256.Sum256(u.Data), u.Data)
}

// document checks what was uploaded; one whose MediaType is Archive holds
// documents and is none.
func (in *Ingest) document(u Upload) (Document, error) {
	mediaType, err := in.reader.Detect(u.Name, u.MediaType, u.Data)
	if err != nil {
		return Document{}, err
	}
	u.URL = strings.TrimSpace(u.URL)
	if len(u.URL) > maxURL {
		return Document{}, fmt.Errorf("%w: the address has more than %d bytes", ErrTooLarge, maxURL)
	}
	if _, err := url.Parse(u.URL); err != nil || !utf8.ValidString(u.URL) {
		return Document{}, fmt.Errorf("%w: the address is not one", ErrCorrupt)
	}
	name := tidyName(u.Name)
	if name == "" {
		name = "document"
	}
	if _, params, err := mime.ParseMediaType(u.MediaType); err == nil && mediaType != Archive && charsetName.MatchString(params["charset"]) {
		mediaType += "; charset=" + params["charset"]
	}
	return Document{ID: u.ID, Site: u.Site, Name: name, URL: u.URL, MediaType: mediaType, Bytes: int64(len(u.Data))}, nil
}

// AddFile is AddAll for a file of which no more is known.
func (in *Ingest) AddFile(ctx context.Context, name string, content []byte) (Added, error) {
	return in.AddAll(ctx, Upload{Name: name, Data: content})
}

// AddEntry is Add for a single FAQ entry; it returns the document's id.
func (in *Ingest) AddEntry(ctx context.Context, e Entry) (string, error) {
	u, err := EntryUpload(e)
	if err != nil {
		return "", err
	}
	// An entry is short: what is wrong with it is told at once.
	text, err := in.reader.Extract(ctx, u.Name, u.MediaType, u.Data)
	if err != nil {
		return "", err
	}
	if len(text.Entries) == 1 && e.ReviewBy != "" && text.Entries[0].ReviewBy == "" {
		return "", fmt.Errorf("%w: the day to review the entry by is no day", ErrCorrupt)
	}
	d, err := in.Add(ctx, u)
	return d.ID, err
}

// ErrPermanent is wrapped by errors of Process that will not pass.
var ErrPermanent = errors.New("knowledge: not tried again")

// Process brings a document as far as it can: it reads and cuts the bytes
// unless that is done, and embeds the passages unless that is done. Calling it
// again after any error or crash resumes. A document that cannot be read is
// failed, in words for an admin, and ErrPermanent returned; after any other
// error a later call may succeed. A ready, failed or deleted document is left
// as it is.
func (in *Ingest) Process(ctx context.Context, id string) error {
	d, data, err := in.store.Content(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if d.Status == StatusReady || d.Status == StatusFailed {
		return nil
	}
	if d.Status != StatusEmbedding {
		if err := in.publish(ctx, d, data); err != nil {
			return gone(err)
		}
	}
	return gone(in.embed(ctx, d))
}

// gone is nil for a document deleted meanwhile: nothing is left to do.
func gone(err error) error {
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

func (in *Ingest) publish(ctx context.Context, d Document, data []byte) error {
	if err := in.store.SetStatus(ctx, d.ID, StatusExtracting, ""); err != nil {
		return err
	}
	reading, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	text, passages, err := in.cut(in.reporting(reading, d.ID, cancel), d, data)
	if err != nil {
		if ctx.Err() == nil && errors.Is(context.Cause(reading), ErrNotFound) {
			return ErrNotFound
		}
		if ctx.Err() != nil {
			return fmt.Errorf("read document %s: %w", d.ID, ctx.Err())
		}
		if errors.Is(err, ErrBusy) {
			return fmt.Errorf("read document %s: %w", d.ID, err)
		}
		in.log.WarnContext(ctx, "document cannot be read", "document", d.ID, "media_type", d.MediaType, "bytes", d.Bytes, "error", err)
		if err := in.store.SetStatus(ctx, d.ID, StatusFailed, Words(err)); err != nil {
			return err
		}
		return fmt.Errorf("%w: document %s: %w", ErrPermanent, d.ID, err)
	}
	return in.store.Publish(ctx, d.ID, sourceName(d.Name, text.Title), passages, text.Warnings...)
}

// cut reads the bytes and cuts the text. A fault in a reader is the document's
// failure, not the server's.
func (in *Ingest) cut(ctx context.Context, d Document, data []byte) (text Text, passages []Passage, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, extractWithin, fmt.Errorf("%w: it could not be read within %v", ErrTooLarge, extractWithin))
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			in.log.ErrorContext(ctx, "reader panicked", "document", d.ID, "media_type", d.MediaType, "fault", fault)
			err = fmt.Errorf("%w: the server's reader cannot cope with this file", ErrCorrupt)
		}
	}()
	if text, err = in.reader.Extract(ctx, nameToRead(d), d.MediaType, data); err != nil {
		if ctx.Err() != nil && !errors.Is(err, ErrBusy) {
			err = context.Cause(ctx)
		}
		return Text{}, nil, err
	}
	d.Name = sourceName(d.Name, text.Title)
	if passages = Chunk(d, text, in.reader.Count); len(passages) == 0 {
		return Text{}, nil, ErrEmpty
	}
	return text, passages, nil
}

func (in *Ingest) embed(ctx context.Context, d Document) error {
	err := in.store.Embed(ctx, d.ID)
	if err == nil || errors.Is(err, ErrNotFound) || ctx.Err() != nil {
		return err
	}
	note := "already found by its words; finding it by meaning waits for the embedding model, which does not answer"
	if errors.Is(err, ErrOverBudget) {
		note = BudgetNote
	}
	if err := in.store.SetStatus(ctx, d.ID, StatusEmbedding, note); err != nil {
		return err
	}
	return fmt.Errorf("embed document %s: %w", d.ID, err)
}

// Words is an error of this package as an admin reads it.
func Words(err error) string {
	s := strings.TrimPrefix(err.Error(), "knowledge: ")
	r, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r)) + s[n:]
}

// sourceName is what sources call a document: its title where its name is only
// a file's.
func sourceName(name, title string) string {
	if title = tidyName(title); title == "" || path.Ext(name) == "" || strings.Contains(name, " ") {
		return name
	}
	return title
}

// tidyName is the last part of a path in a single line.
func tidyName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 && path.Ext(name) != "" && !strings.Contains(name, " ") {
		name = name[i+1:]
	}
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	name = strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name)
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return name
}
