package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

// adminOf calls the API of a server as an admin and reads the answer's JSON.
func adminOf(t *testing.T, s *serving, environ []string) func(method, path string, body, out any, headers ...string) (int, http.Header) {
	t.Helper()
	token := strings.TrimSpace(frontdesk(t, environ, "token", "create", "--name", "editor", "--role", "admin").stdout)
	return func(method, path string, body, out any, headers ...string) (int, http.Header) {
		t.Helper()
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), method, s.url+"/api/v1"+path, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if out != nil {
			if err := json.Unmarshal(answer, out); err != nil {
				t.Fatalf("%s %s = %d %s: %v", method, path, res.StatusCode, answer, err)
			}
		}
		return res.StatusCode, res.Header
	}
}

// soon waits until ok holds.
func soon(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

type entryJSON struct {
	ID, Version, Question, Answer, Owner, Status string
	Stale                                        bool
}

func TestEntriesAreImportedEditedComparedAndPreviewed(t *testing.T) {
	environ := []string{"DATABASE_URL=" + dbtest.URL(t)}
	s := startServing(t, environ)
	call := adminOf(t, s, environ)
	dir := t.TempDir()
	file := filepath.Join(dir, "zoo.csv")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// A file that is all entries is imported as a whole or not at all.
	write(file, "question,answer,owner,review_by\nWhat does a zebra cost?,17 gold.,zoe@zoo.example,2020-01-31\nWhat does a gnu cost?,\n")
	if got := frontdesk(t, environ, "ingest", file); got.code != 1 || !strings.Contains(got.stdout, "1 invalid; nothing was changed") || !strings.Contains(got.stdout, "0 ready with 0 passages, 1 failed") {
		t.Errorf("ingest of a bad row = %d %s, want it refused with the report", got.code, got.stdout)
	}
	write(file, "question,answer,owner,review_by\nWhat does a zebra cost?,17 gold.,zoe@zoo.example,2020-01-31\nWhat does a gnu cost?,9 gold.,,\n")
	for _, want := range []string{"2 new, 0 changed", "imported"} {
		if got := frontdesk(t, environ, "ingest", file); want == "imported" && !strings.Contains(got.stdout, "2 same") || want != "imported" && !strings.Contains(got.stdout, want) || got.code != 0 {
			t.Errorf("ingest = %d %s %s, want it %s", got.code, got.stdout, got.stderr, want)
		}
	}
	// Texts with titles stay a document, and a second file of the name is told.
	write(filepath.Join(dir, "texts.jsonl"), `{"title":"Zoo","text":"Open daily."}`+"\n"+`{"title":"Zoo","text":"Closed on Mondays."}`+"\n")
	os.Mkdir(filepath.Join(dir, "b"), 0o755)
	write(filepath.Join(dir, "b", "zoo.csv"), "question,answer\nOther?,Yes.\n")
	got := frontdesk(t, environ, "ingest", file, filepath.Join(dir, "b", "zoo.csv"), filepath.Join(dir, "texts.jsonl"))
	if got.code != 1 || !strings.Contains(got.stdout, "has the same name") || !strings.Contains(got.stdout, "2 ready with 4 passages, 1 failed") {
		t.Errorf("ingest of three = %d %s, want the second of one name refused", got.code, got.stdout)
	}

	var list struct{ Entries []entryJSON }
	if code, _ := call("GET", "/entries?stale=true", nil, &list); code != 200 || len(list.Entries) != 1 || !list.Entries[0].Stale || list.Entries[0].Owner != "zoe@zoo.example" {
		t.Fatalf("GET stale = %d %+v, want the zebra", code, list)
	}
	if got := frontdesk(t, environ, "doctor"); !strings.Contains(got.stdout, "note     entries: 1 are past their review date") {
		t.Errorf("doctor = %s, want the stale entry counted", got.stdout)
	}
	zebra := list.Entries[0]
	// A customer asks, and an edit is previewed against it.
	v, err := visitor.New(t.Context(), http.DefaultClient, s.url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Send(t.Context(), knowledge.NewID(), "what does a zebra cost"); err != nil {
		t.Fatal(err)
	}
	if err := v.Watch(t.Context(), 0, func(e visitor.Event) bool { return e.Name != "message" || e.Author != "bot" }); err != nil {
		t.Fatal(err)
	}
	edit := map[string]any{"question": "What does a zebra cost?", "answer": "18 gold.", "owner": "zoe@zoo.example", "version": zebra.Version}
	var preview struct {
		Questions int
		Changed   []struct {
			Question  string
			Now, Then struct {
				Decision string
				Top      struct{ Text string }
			}
		}
	}
	if code, _ := call("POST", "/preview?replaces="+zebra.ID, edit, &preview); code != 200 || preview.Questions != 1 || len(preview.Changed) != 1 ||
		preview.Changed[0].Now.Top.Text != "17 gold." || preview.Changed[0].Then.Top.Text != "18 gold." || preview.Changed[0].Then.Decision != "verbatim" {
		t.Errorf("preview = %d %+v, want the customer's question answered otherwise", code, preview)
	}
	write(file, "question,answer\nWhat does a zebra cost?,19 gold.\n")
	if got := frontdesk(t, environ, "ingest", "--preview", file); got.code != 0 || !strings.Contains(got.stdout, "19 gold.") || !strings.Contains(got.stdout, "1 of the last 1 questions would be answered otherwise") {
		t.Errorf("ingest --preview = %d %s %s, want the question that changes", got.code, got.stdout, got.stderr)
	}
	if got := frontdesk(t, environ, "search", "what does a zebra cost"); !strings.Contains(got.stdout, "17 gold") {
		t.Errorf("search = %s after previews, want the answer as it was", got.stdout)
	}

	var edited entryJSON
	if code, h := call("PUT", "/entries/"+zebra.ID, edit, &edited); code != 202 || edited.ID != zebra.ID || h.Get("ETag") != `"`+edited.Version+`"` {
		t.Fatalf("PUT = %d %+v, want 202", code, edited)
	}
	edit["answer"] = "20 gold."
	var late struct {
		Code  string
		Entry entryJSON
	}
	if code, _ := call("PUT", "/entries/"+zebra.ID, edit, &late); code != 409 || late.Code != "entry_changed" || late.Entry.Answer != "18 gold." {
		t.Errorf("PUT of the second editor = %d %+v, want 409 with the first one's", code, late)
	}
	soon(t, "the edited answer", func() bool {
		var e entryJSON
		call("GET", "/entries/"+zebra.ID, nil, &e)
		return e.Status == "ready" && e.Answer == "18 gold."
	})
	if got := frontdesk(t, environ, "search", "what does a zebra cost"); !strings.Contains(got.stdout, "18 gold") {
		t.Errorf("search = %s, want the edited answer", got.stdout)
	}

	// An entry that says otherwise is flagged in the background.
	if code, _ := call("POST", "/documents", map[string]string{"question": "What does one zebra cost?", "answer": "25 gold."}, nil); code != 202 {
		t.Fatalf("POST = %d, want 202", code)
	}
	var pairs struct {
		Conflicts []struct{ ID, Kind, Why string }
	}
	soon(t, "the conflict", func() bool {
		call("GET", "/conflicts", nil, &pairs)
		return len(pairs.Conflicts) > 0
	})
	if c := pairs.Conflicts[0]; c.Kind != "contradiction" || !strings.Contains(c.Why, "numbers") {
		t.Errorf("conflict = %+v, want one in numbers", c)
	}
	if code, _ := call("POST", "/conflicts/"+pairs.Conflicts[0].ID+"/dismiss", nil, nil); code != 204 {
		t.Errorf("dismiss = %d, want 204", code)
	}
	if call("GET", "/conflicts", nil, &pairs); len(pairs.Conflicts) != 0 {
		t.Errorf("conflicts = %+v, want none", pairs)
	}
	if code, _ := call("DELETE", "/entries/"+zebra.ID, nil, nil, "If-Match", `"`+edited.Version+`"`); code != 204 {
		t.Errorf("DELETE = %d, want 204", code)
	}
	if got := frontdesk(t, environ, "search", "what does a zebra cost"); strings.Contains(got.stdout, "18 gold") {
		t.Errorf("search = %s, want it without the deleted entry", got.stdout)
	}
}
