package eval

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"frontdesk/knowledge"
)

// Set is a collection with judged queries.
type Set struct {
	Documents  []Document
	Queries    []Query
	Relevant   map[string]map[string]int // by query, by document; only what is relevant
	Answerable map[string]bool           // by query; nil when the set does not say
}

// Document is one line of corpus.jsonl.
type Document struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Query is one line of queries.jsonl.
type Query struct {
	ID      string `json:"id"`
	Text    string `json:"text"`
	History []Turn `json:"history"`
	Split   string `json:"split"`
	Group   string `json:"group"`
}

// Turn is one message before a query.
type Turn struct {
	Role string `json:"role"` // user, or whoever answered
	Text string `json:"text"`
}

// Said is the dialogue before the query.
func (q Query) Said() []knowledge.Said {
	var said []knowledge.Said
	for _, t := range q.History {
		said = append(said, knowledge.Said{Text: t.Text, Ours: t.Role != "user"})
	}
	return said
}

// question is q as a customer would put it.
func (q Query) question(limit int) knowledge.Query {
	return knowledge.Query{Text: q.Text, History: q.Said(), Limit: limit}
}

// maxLine bounds one line of a file, in bytes.
const maxLine = 16 << 20

// Read reads a set from its folder. Errors name file and line.
func Read(dir string) (*Set, error) {
	s := &Set{Relevant: map[string]map[string]int{}}
	err := errors.Join(
		eachLine(filepath.Join(dir, "corpus.jsonl"), func(line string) error {
			var d Document
			if err := json.Unmarshal([]byte(line), &d); err != nil {
				return err
			}
			if d.ID == "" {
				return errors.New("a document without id")
			}
			s.Documents = append(s.Documents, d)
			return nil
		}),
		eachLine(filepath.Join(dir, "queries.jsonl"), func(line string) error {
			var q Query
			if err := json.Unmarshal([]byte(line), &q); err != nil {
				return err
			}
			if q.ID == "" {
				return errors.New("a query without id")
			}
			s.Queries = append(s.Queries, q)
			return nil
		}),
		eachLine(filepath.Join(dir, "qrels.tsv"), func(line string) error {
			f := strings.Split(line, "\t")
			if len(f) < 3 {
				return errors.New("want qid<TAB>docid<TAB>relevance")
			}
			rel, err := strconv.Atoi(f[2])
			if err != nil {
				return err
			}
			if rel > 0 {
				if s.Relevant[f[0]] == nil {
					s.Relevant[f[0]] = map[string]int{}
				}
				s.Relevant[f[0]][f[1]] = rel
			}
			return nil
		}),
	)
	if err != nil {
		return nil, err
	}
	answerable := map[string]bool{}
	err = eachLine(filepath.Join(dir, "answerable.tsv"), func(line string) error {
		id, v, ok := strings.Cut(line, "\t")
		if !ok {
			return errors.New("want qid<TAB>0 or 1")
		}
		answerable[id] = strings.TrimSpace(v) != "0"
		return nil
	})
	switch {
	case err == nil:
		s.Answerable = answerable
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return s, nil
}

func eachLine(path string, f func(line string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sc := bufio.NewScanner(file)
	sc.Buffer(nil, maxLine)
	for n := 1; sc.Scan(); n++ {
		if strings.TrimSpace(sc.Text()) == "" {
			continue
		}
		if err := f(sc.Text()); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// maxPassage is how long a document may be, in bytes, to be scored as one passage. The
// sets judge documents whole; only what no index would take whole is cut.
const maxPassage = 32 << 10

// Passages makes the documents passages and returns which document each belongs to.
// IDs follow from the document's, so that two runs order equal scores alike.
func (s *Set) Passages() (ps []knowledge.Passage, owner map[string]string) {
	owner = map[string]string{}
	for _, d := range s.Documents {
		for i, text := range pieces(d.Text) {
			p := knowledge.Passage{ID: stableID(d.ID, i), Title: d.Title, Text: text}
			owner[p.ID] = d.ID
			ps = append(ps, p)
		}
	}
	return ps, owner
}

// pieces cuts text into at most maxPassage bytes at line ends or, failing that, spaces.
func pieces(text string) []string {
	var out []string
	for len(text) > maxPassage {
		n := strings.LastIndexByte(text[:maxPassage], '\n')
		if n <= 0 {
			n = strings.LastIndexByte(text[:maxPassage], ' ')
		}
		if n <= 0 {
			n = maxPassage
			for n > 0 && text[n]&0xc0 == 0x80 {
				n--
			}
		}
		out, text = append(out, text[:n]), text[n:]
	}
	return append(out, text)
}

// stableID is a UUID made of a document's id and a number.
func stableID(id string, n int) string {
	d := sha256.Sum256([]byte(id + "\x00" + strconv.Itoa(n)))
	d[6] = d[6]&0x0f | 0x80 // version 8: of our own making
	d[8] = d[8]&0x3f | 0x80
	h := hex.EncodeToString(d[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
