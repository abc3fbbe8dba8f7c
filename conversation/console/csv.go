package console

import (
	"encoding/csv"
	"net/http"
	"strings"
	"unicode/utf8"
)

// csvFlushEvery is how many rows are kept before they are sent.
const csvFlushEvery = 500

// csvSheet is a CSV file on its way to a browser. It is sent as it grows and never
// held as a whole.
type csvSheet struct {
	w    *csv.Writer
	rows int
}

// newSheet begins a file with its head line. From here on no problem can be answered
// any more: see end.
func newSheet(w http.ResponseWriter, name string, head ...string) *csvSheet {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	s := &csvSheet{w: csv.NewWriter(w)}
	s.w.UseCRLF = true // RFC 4180
	s.w.Write(head)    // an error stays and is Error's
	return s
}

// row adds a line. Cells that a spreadsheet would take for formulas are defused.
func (s *csvSheet) row(cells ...string) error {
	for i, c := range cells {
		cells[i] = inert(c)
	}
	if err := s.w.Write(cells); err != nil {
		return err
	}
	if s.rows++; s.rows%csvFlushEvery == 0 {
		s.w.Flush()
	}
	return s.w.Error()
}

// end finishes the file. Where err, or sending, has cut it short, the connection is
// broken, so that nobody takes a part for the whole.
func (s *csvSheet) end(err error) error {
	s.w.Flush()
	if err != nil || s.w.Error() != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// inert is a cell that no spreadsheet takes for a formula, whatever the width it reads
// signs in (owasp.org/www-community/attacks/CSV_Injection).
func inert(cell string) string {
	if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
