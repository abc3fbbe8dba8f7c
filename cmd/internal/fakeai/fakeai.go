// Package fakeai is a server that speaks as much of the Chat Completions protocol
// as tests and load runs need, with the faults real servers have.
package fakeai

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Request is a completion that was asked for.
type Request struct {
	Model    string
	Messages []Message
	Stream   bool
}

// Turn is the last message, which holds the customer's words.
func (r Request) Turn() string {
	if len(r.Messages) == 0 {
		return ""
	}
	return r.Messages[len(r.Messages)-1].Content
}

// Reply says how a request is answered. The zero Reply is an empty answer.
type Reply struct {
	Status     int    // other than 200: Error is the code of an error body
	Error      string // such as insufficient_quota
	RetryAfter string // header
	Text       string // streamed word by word
	Pause      time.Duration
	Gate       <-chan struct{} // the second half of the words waits until it is closed; nil: it does not wait
	CutAfter   int             // words after which the connection breaks; 0: never
	HangAfter  int             // words after which nothing more comes until the client goes; -1: before the first
	Tool       string          // a tool to call instead of, or after, the text
	Arguments  string

	Input, Cached int  // tokens that are billed for the prompt; Input 0: 100
	Running       bool // counts come with every piece, as some servers send them
}

// Server answers every completion with what Answer says. It counts what it is
// asked, so that books can be compared.
type Server struct {
	mu       sync.Mutex // guards all below
	answer   func(Request) Reply
	requests []Request
	media    media
	bills    []Bill
	bulk     bulk
}

// New returns a handler for a server's root: /chat/completions and
// /v1/chat/completions both answer. Transcription and moderation are a server's
// that has neither until Hear and Flag, embeddings and batches one's that has
// none until Embed and TakeBatches.
func New(answer func(Request) Reply) *Server { return &Server{answer: answer} }

// Answer changes what is answered from now on.
func (s *Server) Answer(answer func(Request) Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// Requests is what has been asked so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Forget drops the record of requests, which a load run would let grow.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.serveBulk(w, r) {
		return
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/audio/transcriptions"):
		s.transcribe(w, r)
		return
	case strings.HasSuffix(r.URL.Path, "/moderations"):
		s.moderate(w, r)
		return
	case strings.HasSuffix(r.URL.Path, "/rerank"):
		s.rerank(w, r)
		return
	case strings.HasSuffix(r.URL.Path, "/embeddings"):
		s.embed(w, r)
		return
	case !strings.HasSuffix(r.URL.Path, "/chat/completions"):
		http.NotFound(w, r)
		return
	}
	var req Request
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil || json.Unmarshal(body, &req) != nil {
		http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, req)
	answer := s.answer
	s.mu.Unlock()
	s.reply(w, r, req, answer(req))
}

func (s *Server) reply(w http.ResponseWriter, r *http.Request, req Request, a Reply) {
	if a.RetryAfter != "" {
		w.Header().Set("Retry-After", a.RetryAfter)
	}
	if a.Status != 0 && a.Status != http.StatusOK {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.Status)
		fmt.Fprintf(w, `{"error":{"message":"refused","type":%q,"code":%q}}`, a.Error, a.Error)
		return
	}
	if a.HangAfter < 0 {
		<-r.Context().Done()
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w).Flush
	bill := Bill{Model: req.Model, Input: a.Input, Cached: a.Cached}
	if bill.Input == 0 {
		bill.Input = 100
	}
	defer func() { s.charge(bill) }()
	send := func(delta map[string]any, finish any) {
		chunk := map[string]any{
			"id": "c", "object": "chat.completion.chunk", "created": 1, "model": req.Model,
			"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}},
		}
		if _, text := delta["content"]; text {
			bill.Output++
		}
		if a.Running {
			chunk["usage"] = bill.usage()
		}
		b, _ := json.Marshal(chunk)
		fmt.Fprintf(w, "data: %s\n\n", b)
		flush()
	}
	words := strings.SplitAfter(a.Text, " ")
	for i, word := range words {
		if a.CutAfter > 0 && i == a.CutAfter {
			panic(http.ErrAbortHandler)
		}
		if a.HangAfter > 0 && i == a.HangAfter {
			<-r.Context().Done()
			return
		}
		if a.Gate != nil && i == len(words)/2 {
			select {
			case <-a.Gate:
			case <-r.Context().Done():
				return
			}
		}
		if a.Pause > 0 {
			select {
			case <-time.After(a.Pause):
			case <-r.Context().Done():
				return
			}
		}
		send(map[string]any{"content": word}, nil)
	}
	finish := "stop"
	if a.Tool != "" {
		finish = "tool_calls"
		send(map[string]any{"tool_calls": []any{map[string]any{
			"index": 0, "id": "t", "type": "function", "function": map[string]any{"name": a.Tool, "arguments": a.Arguments},
		}}}, nil)
	}
	send(map[string]any{}, finish)
	last, _ := json.Marshal(map[string]any{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": req.Model, "choices": []any{}, "usage": bill.usage()})
	fmt.Fprintf(w, "data: %s\n\n", last)
	fmt.Fprint(w, "data: [DONE]\n\n")
}
