package main

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdesk/migrations/dbtest"
)

func TestADryRunTellsByRowOnTheCommandLineAndOverTheAPI(t *testing.T) {
	environ := []string{"DATABASE_URL=" + dbtest.URL(t)}
	s := startServing(t, environ)
	file := filepath.Join(t.TempDir(), "prices.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("question,answer\nWhat does a zebra cost?,17 gold.\nWhat does a gnu cost?,9 gold.\n")
	if got := frontdesk(t, environ, "ingest", "--dry-run", file); got.code != 0 || !strings.Contains(got.stdout, "2 new, 0 changed") {
		t.Errorf("ingest --dry-run = %d %s %s, want two new rows", got.code, got.stdout, got.stderr)
	}
	if found := frontdesk(t, environ, "search", "what does a zebra cost"); strings.Contains(found.stdout, "17 gold") {
		t.Errorf("search = %s after a dry run, want it without what was not added", found.stdout)
	}
	if got := frontdesk(t, environ, "ingest", file); got.code != 0 {
		t.Fatalf("ingest = %+v, want it done", got)
	}
	write("question,answer\nWhat does a zebra cost?,18 gold.\nWhat does a gnu cost?,\nwhat does a gnu cost,9 gold.\n")
	got := frontdesk(t, environ, "ingest", "--dry-run", file, file+".none")
	if got.code != 1 || !strings.Contains(got.stderr, ".none") {
		t.Errorf("ingest --dry-run of a file that is not there = %+v, want exit code 1", got)
	}
	got = frontdesk(t, environ, "ingest", "--dry-run", file)
	for _, want := range []string{"changed  row 2: What does a zebra cost? (answer)\n", "invalid  row 3: What does a gnu cost?: there is a question but no answer\n",
		"0 new, 1 changed, 1 same, 0 in conflict, 1 invalid", "nothing was changed"} {
		if got.code != 1 || !strings.Contains(got.stdout, want) {
			t.Errorf("ingest --dry-run = %d %s, want exit code 1 and %q", got.code, got.stdout, want)
		}
	}

	token := frontdesk(t, environ, "token", "create", "--name", "importer", "--role", "admin")
	post := func(query, text string) (int, map[string]any) {
		t.Helper()
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		part, err := w.CreateFormFile("file", "prices.csv")
		if err != nil {
			t.Fatal(err)
		}
		part.Write([]byte(text))
		w.Close()
		req, err := http.NewRequest("POST", s.url+"/api/v1/entries/import"+query, &b)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token.stdout))
		req.Header.Set("Content-Type", w.FormDataContentType())
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var v map[string]any
		if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, v
	}
	if code, v := post("", "question,answer\nWhat does a zebra cost?,18 gold.\nWhat does a gnu cost?,\n"); code != 422 || v["code"] != "import_refused" || len(v["rows"].([]any)) != 2 {
		t.Errorf("import = %d %v, want 422 with the report", code, v)
	}
	code, v := post("", "question,answer\nWhat does a zebra cost?,18 gold.\n")
	if code != 200 || v["removed"] != 1.0 || v["totals"].(map[string]any)["changed"] != 1.0 {
		t.Errorf("import = %d %v, want one changed and one removed", code, v)
	}
}
