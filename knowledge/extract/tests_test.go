package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

func TestRowsOfAFileBecomeTests(t *testing.T) {
	for name, c := range map[string]struct{ file, data, want string }{
		"csv": {"t.csv", "Question;Documents;Passages;Answerable;Answer\nHow long?;faq.csv | a b;;;\"3 days\"\n\nQuantum?;;;no;\n=1+1;;x|y;yes;\n;faq.csv;;;\nWhat?;;;perhaps;\n",
			"2 How long? [faq.csv a b] [] 3 days <nil>|4 Quantum? [] []  false|5 =1+1 [] [x y]  true|6  [faq.csv] []  <nil> there is no question|7 What? [] []  false answerable must be yes or no"},
		"jsonl": {"t.jsonl", `{"question":"How?","documents":["d"],"answer":"So."}` + "\n\n" + `{"question":"As shown?","expect":{"passages":["p"],"answerable":true},"id":"1","created_at":"x"}` + "\nnonsense\n[1]\n" + `{"question":"\u0000?"}` + "\n",
			"1 How? [d] [] So. <nil>|3 As shown? [] [p]  true|4  [] []  <nil> this is not a JSON object with a question|5  [] []  <nil> this is not a JSON object with a question|6 ? [] []  <nil> there is a NUL character in it"},
		"excel":       {"t.csv", "sep=|\nquestion|answerable\nHow?|x\n", "3 How? [] []  true"},
		"torn quotes": {"t.csv", "question,answer\nok,yes\n\"to\"rn,x\nfine,y\n", "2 ok [] [] yes <nil>|3  [] []  <nil> extraneous or missing \" in quoted-field|4 fine [] [] y <nil>"},
	} {
		rows, err := Tests(t.Context(), c.file, []byte(c.data))
		var got []string
		for _, r := range rows {
			answerable := "<nil>"
			if r.Answerable != nil {
				answerable = fmt.Sprint(*r.Answerable)
			}
			line := fmt.Sprintf("%d %s %v %v %s %s", r.Row, r.Question, r.Documents, r.Passages, r.Answer, answerable)
			if r.Invalid != "" {
				why, _, _ := strings.Cut(r.Invalid, ":")
				line += " " + why
			}
			got = append(got, line)
		}
		if g := strings.Join(got, "|"); err != nil || g != c.want {
			t.Errorf("%s: Tests = %q, %v, want %q", name, g, err, c.want)
		}
	}
	rows, err := Tests(t.Context(), "t.jsonl", []byte(`{"question":"And red?","answerable":true,"history":[{"author":"customer","text":"A chair"},{"author":"bot","text":"Yes."}]}`))
	if err != nil || len(rows) != 1 || len(rows[0].History) != 2 || rows[0].History[0].Ours || !rows[0].History[1].Ours {
		t.Errorf("Tests with a history = %+v, %v, want who said what", rows, err)
	}
}

func TestAFileThatHoldsNoTestsSaysWhy(t *testing.T) {
	many := "question\n" + strings.Repeat("a\n", knowledge.MaxTestRows+1)
	for name, c := range map[string]struct {
		file, data string
		want       error
	}{
		"a page":          {"t.html", "<html><body>x</body></html>", knowledge.ErrUnsupported},
		"no question":     {"t.csv", "name,answer\na,b\n", knowledge.ErrCorrupt},
		"a header alone":  {"t.csv", "question,answer\n", knowledge.ErrEmpty},
		"a million rows":  {"t.csv", many, knowledge.ErrTooLarge},
		"many lines":      {"t.jsonl", strings.Repeat("{\"question\":\"a\"}\n", knowledge.MaxTestRows+1), knowledge.ErrTooLarge},
		"too many fields": {"t.csv", "question" + strings.Repeat(",x", maxColumns) + "\na\n", knowledge.ErrTooLarge},
	} {
		if _, err := Tests(t.Context(), c.file, []byte(c.data)); !errors.Is(err, c.want) {
			t.Errorf("%s: Tests = %v, want %v", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Tests(ctx, "t.csv", []byte("question\na\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("Tests for nobody = %v, want context.Canceled", err)
	}
}

func FuzzTests(f *testing.F) {
	f.Add("t.csv", []byte("question,answer\na,b\n"))
	f.Add("t.jsonl", []byte(`{"question":"a","expect":{"documents":["x"]}}`))
	f.Add("t.tsv", []byte("question\thistory\na\t> b\n"))
	f.Add("t.csv", []byte("sep=;\nquestion;x\n\"a\nb\";c\n"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		rows, err := Tests(t.Context(), name, data)
		if err != nil {
			return
		}
		for i, r := range rows {
			if r.Invalid == "" && r.Question == "" || strings.ContainsRune(r.Question+r.Answer, 0) || len(r.Question) > MaxQuestion || i > 0 && r.Row < rows[i-1].Row {
				t.Fatalf("row %d = %+v, want a question or why there is none, in order", i, r)
			}
		}
	})
}
