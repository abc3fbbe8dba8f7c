package extract

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

func TestEntriesTellsOfEveryRowThatIsNone(t *testing.T) {
	for name, src := range map[string]string{
		"a.csv":   "sep=;\n\nquestion;answer;verbatim\nOne?;Yes.;\n;No.;\n\nTwo?;;\n\"Three?\n\";Yes.;maybe\nFour?;Yes.;;;x\nF\"ive?;Yes.;\nSix?;Yes.;yes\n",
		"a.tsv":   "question\tanswer\tverbatim\nOne?\tYes.\n\tNo.\nTwo?\t\nThree?\tYes.\tmaybe\nFour?\tYes.\t\tx\nFive?\tYes.\t\tx\nSix?\tYes.\tyes\n",
		"a.jsonl": `{"q":"One?","a":"Yes."}` + "\n" + `{"a":"No."}` + "\n" + `{"q":"Two?"}` + "\n\n" + `{"q":"Three?","a":"Yes.","verbatim":"maybe"}` + "\n{\n" + `{"q":["x"],"a":"Yes."}` + "\n" + `{"q":"Six?","a":"Yes.","verbatim":true}`,
		"a.json": `{"faq":[{"q":"One?","a":"Yes."},{"a":"No."},{"q":"Two?"},{"q":"Three?","a":"Yes.","verbatim":"maybe"},7,{"title":"Four","text":"x"},
			{"q":"Six?","a":"Yes.","verbatim":true}]}`,
	} {
		rows, err := Entries(t.Context(), name, []byte(src))
		if err != nil || len(rows) != 7 {
			t.Errorf("Entries(%s) = %+v, %v; want 7 rows", name, rows, err)
			continue
		}
		for i, r := range rows {
			if valid := i == 0 || i == 6; valid != (r.Invalid == "") || r.Row == 0 || i > 0 && r.Row <= rows[i-1].Row {
				t.Errorf("Entries(%s): row %d is %+v, want valid: %v, with its place in the file", name, i, r, valid)
			}
		}
		if !rows[6].Verbatim || rows[6].Question != "Six?" {
			t.Errorf("Entries(%s) ends with %+v, want Six, word for word", name, rows[6])
		}
		if _, err := Extract(t.Context(), name, "", []byte(src)); !errors.Is(err, knowledge.ErrCorrupt) {
			t.Errorf("Extract(%s) = %v, want ErrCorrupt", name, err)
		}
	}
}

// FuzzEntries checks that what Entries finds no fault with is what Extract makes
// of the file, so that an import cannot fail later.
func FuzzEntries(f *testing.F) {
	for _, s := range []string{
		"question,answer\nOne?,Yes.\n", "question;answer;alternatives\n\"a\nb\";c;d|e\n", "q\ta\n=1+1\t\"x\n", "question,answer\na,\"b\n",
		`{"q":"a","a":"b","alternatives":["c\u0000"]}`, `[{"q":"a","a":"b"},{"x":1}]`, `{"faq":[{"q":"a","a":"b"}]}`, "{\"q\":1}\n{",
	} {
		for _, name := range []string{"a.csv", "a.tsv", "a.jsonl", "a.json"} {
			f.Add(name, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		rows, err := Entries(t.Context(), name, data)
		if err != nil {
			return
		}
		var entries []knowledge.Entry
		for _, r := range rows {
			if r.Invalid != "" {
				return
			}
			if strings.ContainsAny(r.Question+r.Answer+strings.Join(r.Alternatives, ""), "\x00\x1b\u202e") {
				t.Errorf("Entries(%q) holds what is not seen: %+v", data, r)
			}
			entries = append(entries, r.Entry)
		}
		text, err := Extract(t.Context(), name, "", data)
		if err != nil || !reflect.DeepEqual(text.Entries, entries) || len(text.Sections) > 0 {
			t.Errorf("Extract(%q) = %+v, %v; want the entries of Entries: %+v", data, text, err, entries)
		}
	})
}
