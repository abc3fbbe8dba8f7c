package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// thinking starts a server whose model is at work on a customer's question when
// it returns. The model answers as reply says.
func thinking(t *testing.T, reply fakeai.Reply) (*serving, *pgxpool.Pool) {
	t.Helper()
	asked := make(chan struct{}, 16)
	ai := httptest.NewServer(fakeai.New(func(fakeai.Request) fakeai.Reply {
		asked <- struct{}{}
		return reply
	}))
	t.Cleanup(ai.Close)
	url := dbtest.URL(t)
	environ := []string{"DATABASE_URL=" + url, "OPENAI_BASE_URL=" + ai.URL + "/v1", "OPENAI_API_KEY=test"}
	file := filepath.Join(t.TempDir(), "zebra.md")
	if err := os.WriteFile(file, []byte("# Zebra rental\n\nRenting a zebra costs 17 gold a day, bridle included.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := frontdesk(t, environ, "ingest", file); got.code != 0 {
		t.Fatalf("ingest = %+v, want it searchable", got)
	}
	s := startServing(t, environ)
	var session struct{ Token string }
	s.post("/widget/v1/sessions", "", "{}", &session)
	s.post("/widget/v1/messages", session.Token, `{"id":"`+knowledge.NewID()+`","text":"what does renting a zebra cost?"}`, nil)
	select {
	case <-asked:
	case <-time.After(within):
		t.Fatalf("the model was not asked: %s", s.said())
	}
	return s, dbtest.Connect(t, url)
}

// post sends JSON and reads the answer into v, unless that is nil.
func (s *serving) post(path, token, body string, v any) {
	s.t.Helper()
	req, err := http.NewRequest("POST", s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		s.t.Fatalf("POST %s = %d", path, res.StatusCode)
	}
	if v != nil {
		if err := json.NewDecoder(res.Body).Decode(v); err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestAStopLetsTheBotFinishItsSentence(t *testing.T) {
	s, pool := thinking(t, fakeai.Reply{Text: "A zebra costs 17 gold a day, bridle included [1].", Pause: 50 * time.Millisecond})
	if code := s.stop(); code != 0 {
		t.Errorf("stop = %d: %s, want 0", code, s.said())
	}
	var answers int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM messages WHERE author = 'bot' AND body LIKE '%17 gold%'`).Scan(&answers); err != nil || answers != 1 {
		t.Errorf("%d answers are stored after the stop, %v, want the one under way", answers, err)
	}
}

func TestASecondSignalEndsItAtOnce(t *testing.T) {
	s, pool := thinking(t, fakeai.Reply{Text: "never", HangAfter: -1})
	s.cmd.Process.Signal(syscall.SIGTERM)
	deadline := time.Now().Add(within)
	for !strings.Contains(s.said(), "msg=stopping") {
		if time.Now().After(deadline) {
			t.Fatalf("it does not begin to stop: %s", s.said())
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(within):
		t.Fatal("it does not end on the second signal")
	}
	if status, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Errorf("it ended by itself (%v), want by the signal", s.cmd.ProcessState)
	}
	var due int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM conversations WHERE turn_due_at IS NOT NULL`).Scan(&due); err != nil || due != 1 {
		t.Errorf("%d turns are due afterwards, %v, want the one that was cut: the next server takes it", due, err)
	}
}
