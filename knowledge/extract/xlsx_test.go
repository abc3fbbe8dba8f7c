package extract

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"frontdesk/knowledge"
)

func TestASheetOfQuestionsBecomesEntriesAndOthersTables(t *testing.T) {
	data := xlsxFile(
		[]string{"FAQ", "Our questions", "", "Question|Answer|Similar|Owner", "Where is it?|Here.|Which place?|Ana", "", "How much?|Five."},
		[]string{"Prices", "Plan|Cost", "Basic|5", "", "Pro||yearly"},
		[]string{"Guide", "title|text", "Fees|None."})
	text := mustExtract(t, "a.xlsx", data)
	wantEntries := []knowledge.Entry{
		{Question: "Where is it?", Alternatives: []string{"Which place?"}, Answer: "Here.", Owner: "Ana", Row: 4},
		{Question: "How much?", Answer: "Five.", Row: 6},
	}
	wantSections := []knowledge.Section{
		{Heading: []string{"FAQ"}, Body: "Our questions"},
		{Heading: []string{"Prices"}, Body: "| Plan | Cost |  |\n| --- | --- | --- |\n| Basic | 5 |  |\n| Pro |  | yearly |"},
		{Heading: []string{"Fees"}, Body: "None."},
	}
	if !reflect.DeepEqual(text.Entries, wantEntries) {
		t.Errorf("entries = %+v\nwant %+v", text.Entries, wantEntries)
	}
	if !reflect.DeepEqual(text.Sections, wantSections) {
		t.Errorf("sections = %+v\nwant %+v", text.Sections, wantSections)
	}
}

func TestCellsReadAsTheyAreShown(t *testing.T) {
	f := excelize.NewFile()
	for at, v := range map[string]any{"A1": "when", "B1": "share", "A2": time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC), "B2": 0.05} {
		f.SetCellValue("Sheet1", at, v)
	}
	percent, err := f.NewStyle(&excelize.Style{NumFmt: 9})
	if err != nil {
		t.Fatal(err)
	}
	f.SetCellStyle("Sheet1", "B2", "B2", percent)
	f.NewSheet("Secret")
	f.SetCellValue("Secret", "A1", "internal only")
	f.SetSheetVisible("Secret", false)
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	text := mustExtract(t, "a.xlsx", out.String())
	if len(text.Sections) != 1 || !strings.Contains(text.Sections[0].Body, "2026-03-09") && !strings.Contains(text.Sections[0].Body, "3/9/26") || !strings.Contains(text.Sections[0].Body, "| 5% |") {
		t.Errorf("sections = %+v, want the date and the percentage as shown and no hidden sheet", text.Sections)
	}
	if want := []string{"Sheet “Secret”: it is hidden and was left out"}; !reflect.DeepEqual(text.Warnings, want) {
		t.Errorf("warnings = %q, want %q", text.Warnings, want)
	}
}

func TestABrokenRowOfASheetIsNamed(t *testing.T) {
	_, err := Extract(t.Context(), "a.xlsx", "", []byte(xlsxFile([]string{"FAQ", "question|answer", "Where?|Here.", "Why?"})))
	if !errors.Is(err, knowledge.ErrCorrupt) || !strings.Contains(fmt.Sprint(err), "sheet “FAQ”, row 3: there is a question but no answer") {
		t.Errorf("Extract = %v, want the sheet and row named", err)
	}
}
