package fakeai

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// tokensPerText is what every text that is embedded counts for.
const tokensPerText = 10

// Batch is a batch that was handed in.
type Batch struct {
	ID, Name, Status, Input string
	Texts                   []string // in the order of the lines
	keys                    []string
	done                    int // lines answered when it ended
}

// bulk is what a Server does with texts to embed and with batches of them;
// guarded by its mu.
type bulk struct {
	dimensions int
	embedded   []string // directly
	taken      bool
	fail       func(text string) (code string)
	files      map[string][]byte // those handed in
	deleted    []string
	batches    []*Batch
	lose, cut  int // answers to lose, downloads to cut
}

// Embed has texts embedded directly, as vectors of so many numbers.
func (s *Server) Embed(dimensions int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bulk.dimensions = dimensions
}

// Embedded is what has been embedded directly so far.
func (s *Server) Embedded() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bulk.embedded)
}

// TakeBatches has batches taken, each under way until EndBatches. fail, when
// not nil, names the error of a text's line, or none.
func (s *Server) TakeBatches(fail func(text string) (code string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bulk.taken, s.bulk.fail, s.bulk.files = true, fail, map[string][]byte{}
}

// LoseAnswers has the next n batches be made and the connection break before
// the answer, as when the client dies.
func (s *Server) LoseAnswers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bulk.lose = n
}

// CutDownloads has the next n files of results break off in the middle.
func (s *Server) CutDownloads(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bulk.cut = n
}

// EndBatches ends the batches under way: so many lines were answered, -1 for all.
func (s *Server) EndBatches(status string, done int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bulk.batches {
		if b.Status == "in_progress" {
			b.Status, b.done = status, done
			if done < 0 {
				b.done = len(b.Texts)
			}
		}
	}
}

// Batches are those handed in so far.
func (s *Server) Batches() []Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Batch
	for _, b := range s.bulk.batches {
		out = append(out, *b)
	}
	return out
}

// Deleted are the files that were deleted.
func (s *Server) Deleted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bulk.deleted)
}

// serveBulk answers what concerns embeddings, files and batches; false for the rest.
func (s *Server) serveBulk(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := strings.TrimPrefix(r.URL.Path, "/v1")
	id := path.Base(at)
	switch {
	case at == "/embeddings" && s.bulk.dimensions > 0:
		s.embedTexts(w, r)
	case !s.bulk.taken:
		return false
	case at == "/files" && r.Method == http.MethodPost:
		s.takeFile(w, r)
	case strings.HasSuffix(at, "/content"):
		s.giveFile(w, path.Base(path.Dir(at)))
	case strings.HasPrefix(at, "/files/") && r.Method == http.MethodDelete:
		s.bulk.deleted = append(s.bulk.deleted, id)
		give(w, map[string]any{"id": id, "object": "file", "deleted": true})
	case at == "/batches" && r.Method == http.MethodPost:
		s.takeBatch(w, r)
	case at == "/batches":
		var list []any
		for _, b := range slices.Backward(s.bulk.batches) {
			list = append(list, b.view())
		}
		give(w, map[string]any{"object": "list", "data": list, "has_more": false})
	case strings.HasPrefix(at, "/batches/"):
		s.oneBatch(w, strings.TrimSuffix(strings.TrimPrefix(at, "/batches/"), "/cancel"), strings.HasSuffix(at, "/cancel"))
	default:
		return false
	}
	return true
}

func give(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":"refused","code":%q}}`, code)
}

func (s *Server) embedTexts(w http.ResponseWriter, r *http.Request) {
	var req struct{ Input []string }
	if json.NewDecoder(io.LimitReader(r.Body, 64<<20)).Decode(&req) != nil {
		refuse(w, http.StatusBadRequest, "bad_request")
		return
	}
	var data []any
	for i, text := range req.Input {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": Vector(text, s.bulk.dimensions)})
	}
	s.bulk.embedded = append(s.bulk.embedded, req.Input...)
	n := tokensPerText * len(req.Input)
	give(w, map[string]any{"object": "list", "data": data, "usage": map[string]int{"prompt_tokens": n, "total_tokens": n}})
}

// Vector is a text's, the same whichever way it is asked for.
func Vector(text string, dimensions int) []float32 {
	h := fnv.New64a()
	io.WriteString(h, text)
	sum := h.Sum64()
	v := make([]float32, dimensions)
	for i := range v {
		sum = sum*6364136223846793005 + 1442695040888963407
		v[i] = float32(sum>>40)/float32(1<<24) - 0.5
	}
	return v
}

func (s *Server) takeFile(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(16 << 20); err != nil || r.FormValue("purpose") != "batch" || r.FormValue("expires_after[anchor]") != "created_at" {
		refuse(w, http.StatusBadRequest, "bad_form")
		return
	}
	file, header, err := r.FormFile("file")
	if err != nil || !strings.HasSuffix(header.Filename, ".jsonl") {
		refuse(w, http.StatusBadRequest, "bad_file")
		return
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		refuse(w, http.StatusBadRequest, "bad_file")
		return
	}
	id := fmt.Sprintf("file-in%d", len(s.bulk.files))
	s.bulk.files[id] = data
	give(w, map[string]any{"id": id, "object": "file", "bytes": len(data), "created_at": 1, "filename": header.Filename, "purpose": "batch"})
}

func (s *Server) takeBatch(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Window   string `json:"completion_window"`
		Endpoint string
		File     string `json:"input_file_id"`
		Metadata map[string]string
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&req)
	data, known := s.bulk.files[req.File]
	if err != nil || !known || req.Window != "24h" || req.Endpoint != "/v1/embeddings" {
		refuse(w, http.StatusBadRequest, "bad_batch")
		return
	}
	b := &Batch{ID: fmt.Sprintf("batch_%d", len(s.bulk.batches)), Name: req.Metadata["frontdesk"], Status: "in_progress", Input: req.File}
	lines := bufio.NewScanner(strings.NewReader(string(data)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var l struct {
			ID     string `json:"custom_id"`
			Method string
			URL    string
			Body   struct {
				Model, Input string
				Format       string `json:"encoding_format"`
			}
		}
		if json.Unmarshal(lines.Bytes(), &l) != nil || l.ID == "" || l.Method != "POST" || l.URL != req.Endpoint || l.Body.Model == "" ||
			l.Body.Format != "base64" || slices.Contains(b.keys, l.ID) {
			b.Status = "failed"
			break
		}
		b.keys, b.Texts = append(b.keys, l.ID), append(b.Texts, l.Body.Input)
	}
	s.bulk.batches = append(s.bulk.batches, b)
	if s.bulk.lose > 0 {
		s.bulk.lose--
		panic(http.ErrAbortHandler)
	}
	give(w, b.view())
}

func (s *Server) oneBatch(w http.ResponseWriter, id string, cancel bool) {
	for _, b := range s.bulk.batches {
		if b.ID == id {
			if cancel {
				b.Status = "cancelled"
			}
			give(w, b.view())
			return
		}
	}
	refuse(w, http.StatusNotFound, "not_found")
}

// view is a batch as the server tells of it.
func (b *Batch) view() map[string]any {
	v := map[string]any{"id": b.ID, "object": "batch", "endpoint": "/v1/embeddings", "completion_window": "24h", "created_at": time.Now().Unix(),
		"input_file_id": b.Input, "status": b.Status, "metadata": map[string]string{"frontdesk": b.Name},
		"request_counts": map[string]int{"total": len(b.Texts), "completed": b.done, "failed": 0}}
	if b.Status == "failed" {
		v["errors"] = map[string]any{"object": "list", "data": []any{map[string]any{"code": "token_limit_exceeded", "message": "too many"}}}
	} else if b.Status != "in_progress" {
		v["output_file_id"], v["error_file_id"] = "file-out_"+b.ID, "file-err_"+b.ID
	}
	return v
}

// giveFile gives the results of a batch, last line first.
func (s *Server) giveFile(w http.ResponseWriter, id string) {
	out := strings.HasPrefix(id, "file-out_")
	for _, b := range s.bulk.batches {
		if !strings.HasSuffix(id, "_"+b.ID) {
			continue
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		for i, text := range slices.Backward(b.Texts) {
			code := ""
			if s.bulk.fail != nil {
				code = s.bulk.fail(text)
			}
			if i >= b.done {
				code = "batch_expired"
			}
			if out != (code == "") {
				continue
			}
			if out && s.bulk.cut > 0 && i == len(b.Texts)/2 {
				s.bulk.cut--
				http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}
			fmt.Fprintf(w, "%s\n", resultLine(b.keys[i], text, code, s.bulk.dimensions))
		}
		return
	}
	refuse(w, http.StatusNotFound, "not_found")
}

func resultLine(key, text, code string, dimensions int) []byte {
	line := map[string]any{"id": "batch_req_" + key, "custom_id": key, "error": nil}
	switch code {
	case "":
		var packed []byte
		for _, x := range Vector(text, dimensions) {
			packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(x))
		}
		line["response"] = map[string]any{"status_code": 200, "request_id": "r", "body": map[string]any{"object": "list",
			"data":  []any{map[string]any{"object": "embedding", "index": 0, "embedding": base64.StdEncoding.EncodeToString(packed)}},
			"usage": map[string]int{"prompt_tokens": tokensPerText, "total_tokens": tokensPerText}}}
	case "batch_expired":
		line["response"], line["error"] = nil, map[string]any{"code": code, "message": "This request could not be executed before the completion window expired."}
	default:
		line["response"] = map[string]any{"status_code": 400, "request_id": "r", "body": map[string]any{"error": map[string]any{"message": "refused", "code": code}}}
	}
	b, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	return b
}
