package fakeai

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// rerank answers POST /rerank as Jina and Cohere do: a text is as relevant as its place
// in the list, so that the order stays.
func (s *Server) rerank(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model, Query string
		Documents    []string
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
	if err != nil || json.Unmarshal(body, &req) != nil || req.Query == "" || len(req.Documents) == 0 {
		http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
		return
	}
	bill := Bill{Model: req.Model}
	var results []any
	for i, text := range req.Documents {
		bill.Input += len(strings.Fields(req.Query)) + len(strings.Fields(text))
		results = append(results, map[string]any{"index": i, "relevance_score": 1 / float64(i+1)})
	}
	give(w, map[string]any{"model": req.Model, "results": results, "usage": map[string]int{"total_tokens": bill.Input}})
	s.chargeHeard(r, bill)
}
