package fakeai

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
)

// Bill is what the server counted for one call.
type Bill struct {
	Model                 string
	Input, Cached, Output int
}

func (b Bill) usage() map[string]any {
	return map[string]any{"prompt_tokens": b.Input, "completion_tokens": b.Output, "total_tokens": b.Input + b.Output,
		"prompt_tokens_details": map[string]any{"cached_tokens": b.Cached}}
}

// charge books a call when it is over, also one whose client went away.
func (s *Server) charge(b Bill) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bills = append(s.bills, b)
}

// chargeHeard books a call whose answer was sent, unless its client has gone before: then
// it knows of none, and a server that answers at once would not have counted it.
func (s *Server) chargeHeard(r *http.Request, b Bill) {
	if r.Context().Err() == nil {
		s.charge(b)
	}
}

// Bills is what has been counted for calls that are over. A completion that was refused,
// or of which nothing was sent, is none.
func (s *Server) Bills() []Bill {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Bill(nil), s.bills...)
}

// embedDimensions is how long the server's vectors are.
const embedDimensions = 64

// embed answers with vectors in which each word counts where its hash says.
func (s *Server) embed(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model string
		Input []string
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 16<<20))
	if err != nil || json.Unmarshal(body, &req) != nil {
		http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
		return
	}
	bill := Bill{Model: req.Model}
	data := make([]any, len(req.Input))
	for i, text := range req.Input {
		vector := make([]float32, embedDimensions)
		vector[0] = .1 // no text is nothing
		for word := range strings.FieldsSeq(strings.ToLower(text)) {
			h := fnv.New32a()
			io.WriteString(h, word)
			vector[h.Sum32()%embedDimensions]++
			bill.Input++
		}
		data[i] = map[string]any{"object": "embedding", "index": i, "embedding": vector}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"object": "list", "model": req.Model, "data": data,
		"usage": map[string]any{"prompt_tokens": bill.Input, "total_tokens": bill.Input}})
	s.chargeHeard(r, bill)
}
