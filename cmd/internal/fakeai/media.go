package fakeai

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Message is one of a request's, its parts taken apart.
type Message struct {
	Role    string
	Content string   // the text, of all parts
	Images  []string // addresses of pictures, data: as a rule
}

// UnmarshalJSON takes a content of text or of parts.
func (m *Message) UnmarshalJSON(b []byte) error {
	var raw struct {
		Role    string
		Content json.RawMessage
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*m = Message{Role: raw.Role}
	if json.Unmarshal(raw.Content, &m.Content) == nil {
		return nil
	}
	var parts []struct {
		Type, Text string
		ImageURL   struct{ URL string } `json:"image_url"`
	}
	if err := json.Unmarshal(raw.Content, &parts); err != nil {
		return err
	}
	for _, p := range parts {
		m.Content += p.Text
		if p.Type == "image_url" {
			m.Images = append(m.Images, p.ImageURL.URL)
		}
	}
	return nil
}

// Heard is a recording that was sent to be turned into text.
type Heard struct {
	Name, Model string
	Bytes       int
}

// media is what a Server does with recordings and with texts to be judged;
// guarded by its mu.
type media struct {
	hear  func(Heard) string
	heard []Heard
	flags []string
}

// Hear has recordings turned into what hear returns.
func (s *Server) Hear(hear func(Heard) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.media.hear = hear
}

// Heard is what has been sent to be turned into text so far.
func (s *Server) Heard() []Heard {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.media.heard)
}

// Flag has texts flagged that hold one of the words.
func (s *Server) Flag(words ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.media.flags = words
}

// audioEndings are those OpenAI takes; it goes by the name alone.
var audioEndings = []string{".flac", ".mp3", ".mp4", ".mpeg", ".mpga", ".m4a", ".ogg", ".wav", ".webm"}

func (s *Server) transcribe(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	hear := s.media.hear
	s.mu.Unlock()
	if hear == nil {
		http.NotFound(w, r)
		return
	}
	file, header, err := r.FormFile("file")
	if err != nil {
		http.Error(w, `{"error":{"message":"no file"}}`, http.StatusBadRequest)
		return
	}
	defer file.Close()
	n, err := io.Copy(io.Discard, file)
	w.Header().Set("Content-Type", "application/json")
	if err != nil || !slices.Contains(audioEndings, path.Ext(header.Filename)) || r.FormValue("response_format") != "json" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"message":"Unrecognized file format.","code":"invalid_value","param":"file"}}`)
		return
	}
	h := Heard{header.Filename, r.FormValue("model"), int(n)}
	s.mu.Lock()
	s.media.heard = append(s.media.heard, h)
	s.mu.Unlock()
	json.NewEncoder(w).Encode(map[string]any{"text": hear(h), "usage": map[string]any{"type": "tokens", "input_tokens": 100, "output_tokens": 10, "total_tokens": 110,
		"input_token_details": map[string]any{"audio_tokens": 100, "text_tokens": 0}}})
	s.chargeHeard(r, Bill{Model: h.Model, Input: 100, Output: 10})
}

func (s *Server) moderate(w http.ResponseWriter, r *http.Request) {
	var req struct{ Model, Input string }
	if err := json.NewDecoder(io.LimitReader(r.Body, 4<<20)).Decode(&req); err != nil {
		http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	flagged := slices.ContainsFunc(s.media.flags, func(word string) bool { return strings.Contains(req.Input, word) })
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"id": "m", "model": req.Model, "results": []any{map[string]any{
		"flagged": flagged, "categories": map[string]bool{"harassment": flagged, "violence": false}, "category_scores": map[string]float64{},
	}}})
}
