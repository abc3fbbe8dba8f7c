package extract

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"frontdesk/knowledge"
)

// Columns of a file of tests beside question and answer.
const (
	colDocuments  = "documents"
	colPassages   = "passages"
	colAnswerable = "answerable"
	colHistory    = "history"
)

var testColumns = map[string]string{
	"documents": colDocuments, "document": colDocuments, "expected_documents": colDocuments, "expected_document": colDocuments,
	"passages": colPassages, "passage": colPassages, "expected_passages": colPassages,
	"answerable": colAnswerable, "expected_answer": colAnswer, "history": colHistory,
}

// testColumn is the meaning of a column of a file of tests; unknown ones are "".
func testColumn(name string) string {
	name = fold(name)
	if c := testColumns[name]; c != "" {
		return c
	}
	if c := columns[name]; c == colQuestion || c == colAnswer {
		return c
	}
	return ""
}

// Tests reads the test questions of a CSV, TSV or JSONL file row by row; empty rows are
// passed over. Several documents or passages in a cell are parted by | or line breaks.
// Cells are text and nothing else, also those a spreadsheet would take for a formula.
//
// It returns knowledge.ErrUnsupported for other formats, knowledge.ErrCorrupt where no
// rows can be told apart or there is no column of questions, knowledge.ErrTooLarge past
// knowledge.MaxTestRows and knowledge.ErrEmpty when there are no rows.
func Tests(ctx context.Context, name string, data []byte) ([]knowledge.TestRow, error) {
	format, err := Detect(name, "", data)
	if err != nil {
		return nil, err
	}
	if format != CSV && format != TSV && format != JSONL {
		return nil, fmt.Errorf("%w: tests are imported from CSV, TSV and JSONL, and this is a %s", knowledge.ErrUnsupported, label(format))
	}
	src, err := decode(data, "")
	if err != nil {
		return nil, err
	}
	rs := &testRows{ctx: ctx}
	switch format {
	case CSV:
		err = rs.table(src, 0)
	case TSV:
		err = rs.table(src, '\t')
	default:
		err = rs.lines(src)
	}
	if err == nil && len(rs.list) == 0 {
		err = fmt.Errorf("%w: there are no tests in this %s", knowledge.ErrEmpty, label(format))
	}
	return rs.list, err
}

// testRows gathers the rows of one file.
type testRows struct {
	ctx  context.Context
	list []knowledge.TestRow
}

func (rs *testRows) table(src string, delimiter rune) error {
	r, head, skipped, err := openTable(src, delimiter)
	if err != nil {
		return err
	}
	if err := wide(head); err != nil {
		return err
	}
	names := make([]string, len(head))
	for i, n := range head {
		names[i] = testColumn(n)
	}
	if !slices.Contains(names, colQuestion) {
		return fmt.Errorf("%w: the first line must name the column question", knowledge.ErrCorrupt)
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			if err := rs.add(knowledge.TestRow{Row: bad.StartLine + skipped, Invalid: bad.Err.Error()}); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return csvError(err, skipped)
		}
		line, _ := r.FieldPos(0)
		cells := map[string]string{}
		for i, cell := range record {
			if i < len(names) && names[i] != "" && cells[names[i]] == "" {
				cells[names[i]] = strings.TrimSpace(cell)
			}
		}
		if err := rs.add(testOf(line+skipped, cells)); err != nil {
			return err
		}
	}
}

// testOf makes a test of a line's cells.
func testOf(row int, cells map[string]string) knowledge.TestRow {
	t := knowledge.TestRow{Row: row, Question: cells[colQuestion], Answer: cells[colAnswer],
		Documents: listed(cells[colDocuments]), Passages: listed(cells[colPassages])}
	if s := cells[colAnswerable]; s != "" {
		v, ok := truth(s)
		if !ok {
			t.Invalid = "answerable must be yes or no"
		}
		t.Answerable = &v
	}
	for _, said := range strings.FieldsFunc(cells[colHistory], func(r rune) bool { return r == '\n' }) {
		if said = strings.TrimSpace(said); said != "" {
			ours, is := strings.CutPrefix(said, "> ")
			t.History = append(t.History, knowledge.Said{Text: ours, Ours: is})
		}
	}
	return t
}

// listed parts what stands in one cell.
func listed(cell string) []string {
	var out []string
	for s := range strings.FieldsFuncSeq(cell, func(r rune) bool { return r == '|' || r == '\n' }) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// testLine is a test as a line of JSON has it.
type testLine struct {
	Question   string    `json:"question"`
	Documents  []string  `json:"documents"`
	Passages   []string  `json:"passages"`
	Answer     string    `json:"answer"`
	Answerable *bool     `json:"answerable"`
	Expect     *testLine `json:"expect"` // as the API shows tests
	History    []struct {
		Author string `json:"author"`
		Text   string `json:"text"`
	} `json:"history"`
}

func (rs *testRows) lines(src string) error {
	row := 0
	for line := range strings.Lines(src) {
		row++
		if strings.TrimSpace(line) == "" {
			continue
		}
		var l testLine
		t := knowledge.TestRow{Row: row}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Invalid = "this is not a JSON object with a question: " + clip(err.Error(), maxShown)
		} else {
			e := &l
			if l.Expect != nil {
				e = l.Expect
			}
			t.Question, t.Documents, t.Passages, t.Answer, t.Answerable = strings.TrimSpace(l.Question), e.Documents, e.Passages, strings.TrimSpace(e.Answer), e.Answerable
			for _, h := range l.History {
				t.History = append(t.History, knowledge.Said{Text: h.Text, Ours: h.Author != "customer"})
			}
		}
		if err := rs.add(t); err != nil {
			return err
		}
	}
	return nil
}

// add checks one row's form and keeps it.
func (rs *testRows) add(t knowledge.TestRow) error {
	if err := rs.ctx.Err(); err != nil {
		return err
	}
	for _, s := range slices.Concat([]string{t.Question, t.Answer}, t.Documents, t.Passages) {
		if strings.ContainsRune(s, 0) { // no database keeps it
			t = knowledge.TestRow{Row: t.Row, Question: strings.ReplaceAll(t.Question, "\x00", ""), Invalid: "there is a NUL character in it"}
			break
		}
	}
	if t.Invalid == "" && t.Question == "" {
		if t.Answer == "" && len(t.Documents)+len(t.Passages) == 0 && t.Answerable == nil {
			return nil
		}
		t.Invalid = "there is no question"
	}
	if len(t.Question) > MaxQuestion {
		t.Question, t.Invalid = clip(t.Question, maxShown), fmt.Sprintf("the question has more than %d bytes", MaxQuestion)
	}
	if len(t.Answer) > MaxAnswer {
		t.Answer, t.Invalid = "", fmt.Sprintf("the answer has more than %d bytes", MaxAnswer)
	}
	if len(rs.list) >= knowledge.MaxTestRows {
		return fmt.Errorf("%w: there are more than %d rows; make several files of them", knowledge.ErrTooLarge, knowledge.MaxTestRows)
	}
	rs.list = append(rs.list, t)
	return nil
}
