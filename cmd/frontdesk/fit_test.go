package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func TestFittedAndSavedConfidenceIsWhatSearchGoesBy(t *testing.T) {
	environ := []string{"DATABASE_URL=" + dbtest.URL(t)}
	sampleSet, err := filepath.Abs("../../knowledge/eval/testdata/sample")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	entry := filepath.Join(dir, "faq.csv")
	if err := os.WriteFile(entry, []byte("question,answer\nHow do I return a parcel?,Send it back.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := frontdesk(t, environ, "ingest", entry); got.code != 0 {
		t.Fatalf("ingest = %+v", got)
	}
	byWhat := func() string {
		got := frontdesk(t, environ, "search", "return it", "--json")
		var result struct {
			Calibration string
			AnswerFrom  float64 `json:"answer_from"`
		}
		if err := json.Unmarshal([]byte(got.stdout), &result); err != nil || result.Calibration == "" || result.AnswerFrom <= 0 {
			t.Fatalf("search = %d %s %s, %v, want the calibration and its threshold", got.code, got.stdout, got.stderr, err)
		}
		return result.Calibration
	}
	before := byWhat()
	files := []string{filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json")}
	var first []byte
	for i, file := range files {
		args := []string{"eval", sampleSet, "--fit", "--out", file}
		if i == 1 {
			args = append(args, "--save")
		}
		got := frontdesk(t, environ, args...)
		data, err := os.ReadFile(file)
		if got.code != 0 || err != nil || !strings.Contains(got.stdout, "answer from") || strings.Contains(got.stderr, "asking") {
			t.Fatalf("eval --fit = %+v, %v, want a report and no bar where nobody looks", got, err)
		}
		if first == nil {
			first = data
		} else if string(data) != string(first) {
			t.Error("a second fit on the same set gave another file")
		}
		if i == 0 && byWhat() != before {
			t.Error("a fit that was not saved changed the search")
		}
	}
	c, err := knowledge.ParseCalibration(first)
	if err != nil {
		t.Fatalf("ParseCalibration(%s) = %v, want nil", files[0], err)
	}
	if got := byWhat(); got != c.ID {
		t.Errorf("after --save search goes by %s, want %s", got, c.ID)
	}
	got := frontdesk(t, environ, "eval", sampleSet, "--calibration", files[0], "--json")
	var report struct {
		Calibration string
		CI          map[string][2]float64
		NDCG5       float64 `json:"nDCG@5"`
	}
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil || report.Calibration != c.ID || report.CI["nDCG@5"][1] < report.NDCG5 || report.NDCG5 <= 0 {
		t.Errorf("eval --calibration = %d %s %s, %v, want its figures with intervals by %s", got.code, got.stdout, got.stderr, err, c.ID)
	}
	if err := os.WriteFile(files[0], []byte(strings.Replace(string(first), `"score*length"`, `"mood"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := frontdesk(t, environ, "eval", sampleSet, "--calibration", files[0]); got.code != 1 || !strings.Contains(got.stderr, "mood") {
		t.Errorf("eval with a calibration of another version = %+v, want a refusal that names the feature", got)
	}
}

func TestTheRerankersKeyIsItsOwnUnlessItsServerIsTheModels(t *testing.T) {
	for _, c := range []struct{ key, url, want string }{
		{"", "", "openai"},
		{"", "http://models:8000/v1", "openai"},
		{"", "http://elsewhere:8000/v1", ""},
		{"own", "http://elsewhere:8000/v1", "own"},
	} {
		cfg := Config{OpenAIKey: Secret{"openai"}, OpenAIBaseURL: "http://models:8000/v1", RerankKey: Secret{c.key}, RerankBaseURL: c.url}
		if got := cfg.rerankKey(); got != c.want {
			t.Errorf("key %q for %q: sent %q, want %q", c.key, c.url, got, c.want)
		}
	}
}
