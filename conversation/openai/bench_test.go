package openai

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkStream is what this package adds to an answer of 200 pieces from a model that needs no
// time, over a local connection.
func BenchmarkStream(b *testing.B) {
	body := strings.Repeat(delta("word "), 200) + finish("stop") + usage + done
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, body)
	}))
	defer s.Close()
	m, err := New(Config{BaseURL: s.URL, Models: []string{"gpt-4o-mini"}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Stream(b.Context(), question, func(string) {}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvents(b *testing.B) {
	body := strings.Repeat(delta("word "), 200) + finish("stop") + usage + done
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := io.Copy(io.Discard, strict(strings.NewReader(body))); err != nil {
			b.Fatal(err)
		}
	}
}
