package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/conversation"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/migrations/dbtest"
)

func TestTheTestSetIsAskedFromTheCommandLine(t *testing.T) {
	url := dbtest.URL(t)
	environ := []string{"DATABASE_URL=" + url}
	if got := frontdesk(t, environ, "eval", "--tests"); got.code == 0 || !strings.Contains(got.stderr, "no tests") {
		t.Errorf("eval --tests of none = %+v, want an error that says so", got)
	}
	if got := frontdesk(t, environ, "eval", "--tests", "somewhere"); got.code != 2 {
		t.Errorf("eval --tests DIR = %+v, want a usage error", got)
	}
	pool := dbtest.Connect(t, url)
	ts := newTests(pool, knowledgedb.New(pool, nil, nil), nil, nil)
	add := func(question string, e conversation.Expect) {
		t.Helper()
		if _, err := ts.Add(t.Context(), conversation.Test{Question: question, Origin: conversation.TestManual, Expect: e}); err != nil {
			t.Fatal(err)
		}
	}
	add("Do you sell quantum computers in Antarctica?", conversation.Expect{})
	if got := frontdesk(t, environ, "eval", "--tests"); got.code == 0 || !strings.Contains(got.stderr, "knowledge base is empty") {
		t.Errorf("eval --tests of an empty knowledge base = %+v, want an error that says so", got)
	}
	file := filepath.Join(t.TempDir(), "faq.csv")
	if err := os.WriteFile(file, []byte("question,answer\nHow do I return a parcel?,Send it back within 30 days.\nWhich cards do you accept?,Visa.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := frontdesk(t, environ, "ingest", file); got.code != 0 {
		t.Fatalf("ingest = %+v", got)
	}
	add("how do I return a parcel", conversation.Expect{Answerable: true, Answer: "within 30 days"})
	add("which cards do you accept", conversation.Expect{Answerable: true, Answer: "bitcoin"})
	got := frontdesk(t, environ, "eval", "--tests", "--json")
	var f testFigures
	if err := json.Unmarshal([]byte(got.stdout), &f); err != nil || got.code != 0 || f.Tests != 3 || f.Passed != 2 || f.NDCG5 == nil || *f.NDCG5 != .5 || f.AUROC == nil || *f.AUROC != 1 ||
		len(f.Failed) != 1 || f.Failed[0].Question != "which cards do you accept" {
		t.Errorf("eval --tests --json = %+v, %v, want 2 of 3 passed and the one that failed", got, err)
	}
	if got := frontdesk(t, environ, "eval", "--tests"); got.code != 0 || !strings.Contains(got.stdout, "nDCG@5") || !strings.Contains(got.stdout, "not found") {
		t.Errorf("eval --tests = %+v, want the figures and what failed", got)
	}
	var runs int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM test_runs`).Scan(&runs); err != nil || runs != 0 {
		t.Errorf("%d runs were stored, %v, want none", runs, err)
	}
}

func TestAskShowsWhyAndKeepsNothing(t *testing.T) {
	ai := httptest.NewServer(fakeai.New(func(fakeai.Request) fakeai.Reply { return fakeai.Reply{Text: "17 gold [1]."} }))
	defer ai.Close()
	url := dbtest.URL(t)
	environ := []string{"DATABASE_URL=" + url, "OPENAI_BASE_URL=" + ai.URL + "/v1", "OPENAI_API_KEY=sk-hunter2"}
	file := filepath.Join(t.TempDir(), "zebra.md")
	if err := os.WriteFile(file, []byte("# Zebra rental\n\nRenting a zebra costs 17 gold a day, bridle included.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := frontdesk(t, environ, "ingest", file); got.code != 0 {
		t.Fatalf("ingest = %+v", got)
	}
	got := frontdesk(t, environ, "ask", "--why", "what does renting a zebra cost?")
	for _, want := range []string{"Confidence 0.", "1. sent", "[system]\nYou are", "<source id=\"1\"", "Answer\n17 gold [1].", "model, "} {
		if got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("ask --why = %+v, want %q in it", got, want)
		}
	}
	var kept int
	if err := dbtest.Connect(t, url).QueryRow(t.Context(), `SELECT count(*) FROM conversations`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d conversations, %v, want none", kept, err)
	}
}
