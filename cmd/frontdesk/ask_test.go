package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/conversation"
	"frontdesk/migrations/dbtest"
)

func TestAskStreamsTheModelsAnswerOnce(t *testing.T) {
	const answer = "A zebra costs 17 gold a day [1]."
	ai := httptest.NewServer(fakeai.New(func(fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: answer, Pause: time.Millisecond}
	}))
	defer ai.Close()
	environ := []string{"DATABASE_URL=" + dbtest.URL(t), "OPENAI_BASE_URL=" + ai.URL + "/v1", "OPENAI_API_KEY=sk-hunter2"}
	file := filepath.Join(t.TempDir(), "zebra.md")
	if err := os.WriteFile(file, []byte("# Zebra rental\n\nRenting a zebra costs 17 gold a day, bridle included.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := frontdesk(t, environ, "ingest", file); got.code != 0 {
		t.Fatalf("ingest = %+v, want it searchable", got)
	}
	got := frontdesk(t, environ, "ask", "what", "does", "renting a zebra cost?")
	if got.code != 0 || strings.Count(got.stdout, "17 gold") != 1 || !strings.Contains(got.stdout, "\n  [1] ") {
		t.Errorf("ask = %+v, want the model's answer once, then its source", got)
	}
	if strings.Contains(got.stdout+got.stderr, "hunter2") {
		t.Errorf("ask shows the key: %+v", got)
	}
}

func TestAnAnswerIsNotShownTwice(t *testing.T) {
	sources := []conversation.Source{{N: 1, Title: "Returns", Heading: "How long", Page: 2, URL: "https://x.example/r"}}
	for _, c := range []struct{ name, shown, stored, want string }{
		{"nothing streamed", "", "All of it [1].", "All of it [1].\n"},
		{"all streamed", "All of it [1].", "All of it [1].", "\n"},
		{"half streamed", "All of", "All of it [1].", " it [1].\n"},
		{"changed at the end", "All of it [7].", "All of it.", "\n[as stored]\nAll of it.\n"},
	} {
		var out strings.Builder
		printAnswer(&out, []conversation.Message{{Text: c.stored, Sources: sources}}, c.shown)
		if want := c.want + "  [1] Returns › How long › page 2 <https://x.example/r>\n"; out.String() != want {
			t.Errorf("%s: printed %q, want %q", c.name, out.String(), want)
		}
	}
}
