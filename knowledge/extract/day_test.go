package extract

import (
	"strings"
	"testing"
	"time"

	"frontdesk/knowledge"
)

func TestADayIsReadAsPeopleWriteIt(t *testing.T) {
	for in, want := range map[string]string{
		"2026-01-31": "2026-01-31", "2026/1/31": "2026-01-31", "31.1.2026": "2026-01-31", " 31. 1. 2026 ": "2026-01-31", "20260131": "2026-01-31",
		"31 Jan 2026": "2026-01-31", "January 31, 2026": "2026-01-31", "2026年1月31日": "2026-01-31", "2026-01-31T10:00:00+02:00": "2026-01-31",
		"2026-01-31 00:00:00": "2026-01-31", "２０２６-０１-３１": "2026-01-31", "": "", "  ": "",
	} {
		if got, ok := Day(in); !ok || got != want {
			t.Errorf("Day(%q) = %q, %t; want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"01/02/2026", "soon", "2026-02-30", "2026", "0001-01-01", "9999-01-01", "46053", strings.Repeat("2026-01-31", 9)} {
		if got, ok := Day(in); ok {
			t.Errorf("Day(%q) = %q, want none", in, got)
		}
	}
}

const owned = "Question,Answer,Owner,Review by,ID\nA?,One.,ana@shop.example,31.1.2027,faq-1\nB?,Two.,,soon,\n"

func TestOwnersAndReviewDaysAreColumns(t *testing.T) {
	rows, err := Entries(t.Context(), "faq.csv", []byte(owned))
	if err != nil || len(rows) != 2 {
		t.Fatalf("Entries = %+v, %v; want two rows", rows, err)
	}
	if e := rows[0].Entry; rows[0].Invalid != "" || e.Owner != "ana@shop.example" || e.ReviewBy != "2027-01-31" || e.Own != "faq-1" {
		t.Errorf("row = %+v, want owner, day and id", rows[0])
	}
	if !strings.Contains(rows[1].Invalid, "2026-01-31") {
		t.Errorf("row with a bad day = %+v, want it invalid and how to write one", rows[1])
	}
	// As a document the file is taken all the same, and the row pointed out.
	text, err := Extract(t.Context(), "faq.csv", "", []byte(owned))
	if err != nil || len(text.Entries) != 2 || text.Entries[1].ReviewBy != "" || len(text.Warnings) != 1 || !strings.Contains(text.Warnings[0], "line 3") {
		t.Errorf("Extract = %+v, %v; want both entries and a warning", text, err)
	}
	json := `[{"question":"A?","answer":"One.","owner":{"name":"Ana"},"id":["x"],"review_by":null},{"question":"B?","answer":"Two.","id":7,"responsable":"Ben"}]`
	text, err = Extract(t.Context(), "faq.json", "", []byte(json))
	if err != nil || text.Entries[0].Owner != "" || text.Entries[0].Own != "" || text.Entries[1].Own != "7" || text.Entries[1].Owner != "Ben" {
		t.Errorf("Extract = %+v, %v; want what means something else passed over", text, err)
	}
}

func TestOnlyQuestionsWithAnswersAreAFileOfEntries(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		want       bool
	}{
		"a table":                 {"a.csv", owned, true},
		"lines":                   {"a.jsonl", `{"question":"A?","answer":"B."}` + "\n" + `{"question":"C?"}`, true},
		"a list in an object":     {"a.json", `{"faq":[{"question":"A?","answer":"B."}]}`, true},
		"titles and texts":        {"a.jsonl", `{"title":"A","text":"B"}`, false},
		"one text among them":     {"a.jsonl", `{"question":"A?","answer":"B."}` + "\n" + `{"title":"A","text":"B"}`, false},
		"a table of texts":        {"a.csv", "title,text\nA,B\n", false},
		"a table of other things": {"a.csv", "name,price\nA,5\n", false},
		"Markdown":                {"a.md", "# A?\n\nB.\n", false},
		"no row that is right":    {"a.csv", "question,answer\nA?,\n", false},
		"nothing":                 {"a.csv", "", false},
	} {
		if got := IsEntries(t.Context(), c.file, []byte(c.text)); got != c.want {
			t.Errorf("IsEntries of %s = %t, want %t", name, got, c.want)
		}
	}
}

func TestManyBadDaysAreFewWarnings(t *testing.T) {
	text, err := Extract(t.Context(), "faq.csv", "", []byte("question,answer,review_by\n"+strings.Repeat("A?,One.,soon\n", 500)))
	if err != nil || len(text.Warnings) != maxRowWarnings+1 {
		t.Errorf("Extract = %d warnings, %v; want %d and that there are more", len(text.Warnings), err, maxRowWarnings)
	}
}

func FuzzDay(f *testing.F) {
	for _, s := range []string{"2026-01-31", "31.1.2026", "2026年1月31日", "Jan 2, 2006", "\xff", "1e9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		day, ok := Day(s)
		if !ok || day == "" {
			return
		}
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			t.Errorf("Day(%q) = %q, which is none", s, day)
		}
		if again, ok := Day(day); !ok || again != day {
			t.Errorf("Day(%q) = %q, %t; want itself", day, again, ok)
		}
	})
}

// FuzzEntryUpload writes entries as lines and reads them back.
func FuzzEntryUpload(f *testing.F) {
	f.Add("How?", "So.", "en", "ana", "2026-01-31", "Why?")
	f.Add("\u2028?", "\x00<b>\"\\", "EN_us", "  a  b ", "soon", "")
	f.Fuzz(func(t *testing.T, question, answer, lang, owner, day, other string) {
		u, err := knowledge.EntryUpload(knowledge.Entry{Question: question, Answer: answer, Lang: lang, Owner: owner, ReviewBy: day, Alternatives: []string{other}})
		if err != nil {
			return
		}
		text, err := Extract(t.Context(), "", u.MediaType, u.Data)
		if err != nil {
			return
		}
		if len(text.Entries) != 1 {
			t.Fatalf("Extract = %+v, want one entry", text)
		}
		e := text.Entries[0]
		u, err = knowledge.EntryUpload(e)
		if err != nil {
			t.Fatalf("EntryUpload(%+v) = %v, want what was read to be written", e, err)
		}
		again, err := Extract(t.Context(), "", u.MediaType, u.Data)
		if err != nil || len(again.Entries) != 1 || again.Entries[0].Version() != e.Version() {
			t.Errorf("read again = %+v, %v; want %+v", again.Entries, err, e)
		}
	})
}
