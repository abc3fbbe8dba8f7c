package extract

import (
	"context"
	"fmt"
	"strings"

	"frontdesk/knowledge"
)

// maxShown is how many bytes of the question of a row that is no entry are kept
// to recognise it by.
const maxShown = 200

// Entries reads the FAQ entries of a CSV, TSV, JSONL or JSON file row by row.
// A row that Extract would refuse the file for is among them with the reason,
// so that all can be put right at once; empty rows are passed over. A file
// without a single error here yields the same entries by Extract.
//
// It returns knowledge.ErrUnsupported for other formats, knowledge.ErrCorrupt
// where no rows can be told apart or the columns question and answer are not
// there, knowledge.ErrTooLarge past knowledge.MaxImportRows or a limit of this
// package and knowledge.ErrEmpty when there are no rows.
func Entries(ctx context.Context, name string, data []byte) ([]knowledge.EntryRow, error) {
	rs, err := judged(ctx, name, data)
	if err != nil {
		return nil, err
	}
	return rs.judged, nil
}

// IsEntries reports whether a file is one that Entries reads and all of it is
// meant as questions with answers, be they right or wrong. Texts with titles
// among them make it a document.
func IsEntries(ctx context.Context, name string, data []byte) bool {
	rs, err := judged(ctx, name, data)
	if err != nil || rs.texts > 0 {
		return false
	}
	for _, r := range rs.judged {
		if r.Invalid == "" {
			return true
		}
	}
	return false
}

func judged(ctx context.Context, name string, data []byte) (*rows, error) {
	format, err := Detect(name, "", data)
	if err != nil {
		return nil, err
	}
	if format != CSV && format != TSV && format != JSONL && format != JSON {
		return nil, fmt.Errorf("%w: entries are imported from CSV, TSV, JSONL and JSON, and this is a %s", knowledge.ErrUnsupported, label(format))
	}
	src, err := decode(data, "")
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(src) == "" {
		return nil, fmt.Errorf("%w was found in this %s", knowledge.ErrEmpty, label(format))
	}
	rs := &rows{ctx: ctx, byRow: true}
	switch format {
	case CSV:
		err = rs.table(src, 0)
	case TSV:
		err = rs.table(src, '\t')
	case JSONL:
		err = rs.jsonl(src)
	default:
		err = rs.json(src)
	}
	if err != nil {
		return nil, err
	}
	if len(rs.judged) == 0 {
		return nil, fmt.Errorf("%w: there are no entries in this %s", knowledge.ErrEmpty, label(format))
	}
	return rs, nil
}
