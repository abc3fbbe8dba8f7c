package knowledge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

var (
	// ErrVersion is returned when an entry was edited since the version that the
	// caller has read.
	ErrVersion = errors.New("knowledge: the entry was changed meanwhile")
	// ErrNotEditable is returned for an entry of a document whose bytes cannot be
	// written anew here, such as a page of a site.
	ErrNotEditable = errors.New("knowledge: entries of this document cannot be edited here")
)

// Kept is what is known of an entry beside its text.
type Kept struct {
	// ID is a UUID that stays the entry's own through imports of its file and
	// edits of its neighbours: it is made of the document's id and what the file
	// calls the entry, or else its question.
	ID       string
	Version  string // of all the entry says; another text has another
	Owner    string
	ReviewBy string // as Entry.ReviewBy
	Answer   string // of the first of several parts: the whole answer
}

// ListedEntry is an entry as staff see it.
type ListedEntry struct {
	Entry
	ID       string
	Version  string
	Document DocumentRef
	// Status is the document's. Until it is ready, searches may still find the
	// entry as it was before.
	Status Status
}

// EntryFilter says which entries are wanted; empty members leave all.
type EntryFilter struct {
	Text     string // words of the question, an alternative or the answer, as they stand there
	Lang     string // with its regions: "en" is also "en-gb"
	Owner    string // whatever the case
	Document string // id
	// DueBefore, a day as in Entry.ReviewBy, leaves entries whose review was due
	// before it.
	DueBefore string
}

// Version names all that an entry says: two that say the same have the same.
func (e Entry) Version() string {
	if e.Alternatives == nil {
		e.Alternatives = []string{}
	}
	data, err := json.Marshal([]any{e.Question, e.Alternatives, e.Answer, e.Lang, e.Verbatim, e.URL, e.Owner, e.ReviewBy})
	if err != nil { // texts, and a truth value
		panic(fmt.Sprintf("knowledge: encode entry: %v", err))
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// owns gives each entry what it is called by within its document: the file's
// own name for it, else a digest of its question. Of several that are called
// the same the later ones are numbered.
func owns(entries []Entry) []string {
	out := make([]string, len(entries))
	taken := make(map[string]bool, len(entries))
	claim := func(i int, name string) {
		own := name
		for n := 2; taken[own]; n++ {
			own = name + "-" + strconv.Itoa(n)
		}
		out[i], taken[own] = own, true
	}
	for i, e := range entries {
		if e.Own != "" {
			claim(i, e.Own)
		}
	}
	for i, e := range entries {
		if e.Own == "" {
			sum := sha256.Sum256([]byte(foldQuestion(e.Question)))
			claim(i, hex.EncodeToString(sum[:8]))
		}
	}
	return out
}

// entryIDs are the ids of the entries of a document.
func entryIDs(document string, entries []Entry) []string {
	out := owns(entries)
	for i, own := range out {
		sum := sha256.Sum256([]byte("entry\x00" + document + "\x00" + own))
		b := sum[:16]
		b[6] = b[6]&0x0f | 0x80 // version 8: made by a rule of our own (RFC 9562, 5.8)
		b[8] = b[8]&0x3f | 0x80
		s := hex.EncodeToString(b)
		out[i] = s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
	}
	return out
}

// foldQuestion leaves of a question what a slip of the pen does not change.
func foldQuestion(q string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(q) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			b.WriteRune(r)
		}
	}
	if b.Len() == 0 {
		return q
	}
	return b.String()
}

// jsonLines is the media type of a document's bytes after an edit of its entries.
const jsonLines = "application/jsonl"

// nameToRead is the name to read a document's bytes by: after an edit it may
// still end in .csv, and what the bytes are is in the media type.
func nameToRead(d Document) string {
	if strings.HasPrefix(d.MediaType, jsonLines) {
		return ""
	}
	return d.Name
}
