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
	"frontdesk/knowledge/sample"
	"frontdesk/migrations/dbtest"
)

func TestDialoguesAreReplayedOnTheLiveKnowledge(t *testing.T) {
	environ := []string{"DATABASE_URL=" + dbtest.URL(t)}
	file, err := filepath.Abs("testdata/replay.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, u := range sample.Documents() {
		path := filepath.Join(dir, filepath.Base(u.Name))
		if err := os.WriteFile(path, u.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := frontdesk(t, environ, "ingest", dir); got.code != 0 {
		t.Fatalf("ingest = %+v", got)
	}
	ai := fakeai.New(func(fakeai.Request) fakeai.Reply { return fakeai.Reply{Text: "Yes [1].", Input: 1000, Cached: 640} })
	srv := httptest.NewServer(ai)
	t.Cleanup(srv.Close)
	asking := append(environ, "OPENAI_API_KEY=test", "OPENAI_BASE_URL="+srv.URL+"/v1", "OPENAI_EMBEDDING_MODEL=")

	replay := func(environ []string, args ...string) (r conversation.ReplayReport) {
		t.Helper()
		got := frontdesk(t, environ, append([]string{"eval", "--replay", file, "--json"}, args...)...)
		if err := json.Unmarshal([]byte(got.stdout), &r); got.code != 0 || err != nil {
			t.Fatalf("eval --replay = %+v, %v", got, err)
		}
		return r
	}
	counted := replay(asking, "--count")
	if len(ai.Bills()) != 0 || counted.Model != nil || counted.Dialogues != 3 || counted.Turns != 10 || len(counted.Ways) != 5 {
		t.Errorf("counting alone: %+v after %d calls, want 3 dialogues of 10 turns in 5 ways and no call", counted, len(ai.Bills()))
	}
	whole, product := counted.Ways[0], counted.Ways[4]
	if whole.Calls != 10 || product.Calls >= whole.Calls || product.Mean >= whole.Mean || whole.Shared <= counted.Ways[1].Shared {
		t.Errorf("whole %+v, as the bot works %+v: want fewer calls for answers known word for word, and the dialogue's beginning shared", whole, product)
	}
	asked := replay(asking)
	if m := asked.Model; m == nil || m.Calls != product.Calls || m.Calls != len(ai.Bills()) || m.Share != .64 || m.Micros == 0 {
		t.Errorf("the model's figures = %+v after %d calls", asked.Model, len(ai.Bills()))
	}
	if got := frontdesk(t, environ, "eval", "--replay", file, "--budget", "2000"); got.code != 0 || !strings.Contains(got.stdout, "a budget of 2000 tokens") || !strings.Contains(got.stdout, "No model was asked") {
		t.Errorf("eval --replay --budget = %+v", got)
	}
	bad := filepath.Join(dir, "bad.jsonl")
	if err := os.WriteFile(bad, []byte("\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--replay", bad}, 1, "line 2: the dialogue has no messages"}, {[]string{"--replay", file + "x"}, 1, "read the dialogues"},
		{[]string{"--replay", file, "--fit"}, 2, "--replay goes with"}, {[]string{"--count"}, 2, "go with --replay"}, {[]string{"--replay", file, "--budget", "100"}, 1, "too small"},
	} {
		if got := frontdesk(t, environ, append([]string{"eval"}, c.args...)...); got.code != c.code || !strings.Contains(got.stderr, c.says) {
			t.Errorf("eval %v = %+v, want %d and %q", c.args, got, c.code, c.says)
		}
	}
}

func TestModelsOfTheSettingsComeFirst(t *testing.T) {
	cfg := &Config{OpenAIBaseURL: "http://localhost:1/v1", OpenAIModel: []string{"gpt-4o-mini", "mine"}, TranscribeModel: "whisper-1", RerankModel: "mine"}
	settings := &conversation.Settings{Models: conversation.ModelSettings{Answer: cfg.OpenAIModel},
		Prices: conversation.PriceSettings{Models: map[string]conversation.ModelPrice{"mine": {Input: 3}, "theirs": {}}}}
	got := modelFacts(cfg, settings)
	if got[0].Name != "gpt-4o-mini" || !got[0].Known || got[0].Shutdown.IsZero() || len(got[0].Tasks) != 5 || got[1].Name != "mine" || !got[1].Known || !got[1].Overridden || got[1].Input != 3 || len(got[1].Tasks) != 6 {
		t.Errorf("modelFacts() begins with %+v", got[:2])
	}
	if got[0].Listed != nil || got[1].Listed != nil {
		t.Errorf("modelFacts() begins with %+v, want no known prices beside those of a model that has none of its own, or is unknown", got[:2])
	}
	known := got[0]
	settings.Prices.Models["gpt-4o-mini"] = conversation.ModelPrice{Input: 9, Cached: 8, Output: 7}
	if m := modelFacts(cfg, settings)[0]; m.Input != 9 || m.Listed == nil || *m.Listed != (conversation.ModelPrice{Input: known.Input, Cached: known.Cached, Output: known.Output}) {
		t.Errorf("modelFacts() with a price of our own begins with %+v, want the known ones beside it", m)
	}
	seen := map[string]int{}
	for _, m := range got {
		seen[m.Name]++
	}
	if seen["gpt-4o-mini"] != 1 || seen["gpt-6-luna"] != 1 || seen["whisper-1"] != 1 || seen["theirs"] != 1 {
		t.Errorf("models = %v, want each once", seen)
	}
}
