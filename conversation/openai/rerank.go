package openai

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// maxRerankBody bounds an answer: a score for each text, and from some servers the
// texts again.
const maxRerankBody = 1 << 20

// Reranker judges texts against a question with one model over POST {base}/rerank, as
// Jina's and Cohere's services, vLLM, Infinity and Text Embeddings Inference offer it.
// It implements knowledge.Reranker. Safe for concurrent use.
type Reranker struct {
	server *server
	url    string
	model  string
}

var _ knowledge.Reranker = (*Reranker)(nil)

// NewReranker returns a Reranker for a model on cfg's server, which must be named: OpenAI
// offers none. cfg.Models is not used. A call is one attempt within cfg.Timeout; after
// several failures the server is given a pause.
func NewReranker(cfg Config, model string) (*Reranker, error) {
	if cfg.BaseURL == "" {
		return nil, errors.New("the reranker's base URL is not set")
	}
	if model == "" {
		return nil, errors.New("no reranking model is named")
	}
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	client := *cfg.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.HTTPClient = &client
	u, err := url.JoinPath(cfg.BaseURL, "rerank")
	if err != nil {
		return nil, fmt.Errorf("the reranker's address: %w", err)
	}
	return &Reranker{server: newServer(cfg), url: u, model: model}, nil
}

// Name implements knowledge.Reranker.
func (r *Reranker) Name() string { return r.model }

// Rerank implements knowledge.Reranker. An answer that leaves a text out, names one
// twice or holds anything but finite numbers is refused as a whole. Errors are
// *conversation.ModelError or ctx's own.
func (r *Reranker) Rerank(ctx context.Context, query string, texts []string) ([]float64, error) {
	scores, _, err := r.RerankCounted(ctx, query, texts)
	return scores, err
}

// RerankCounted implements conversation.CountingReranker: it is Rerank with what the
// server counted, where it says so.
func (r *Reranker) RerankCounted(ctx context.Context, query string, texts []string) ([]float64, conversation.Usage, error) {
	if len(texts) == 0 {
		return nil, conversation.Usage{}, nil
	}
	var scores []float64
	var used conversation.Usage
	err := r.server.do(ctx, func(ctx context.Context) error {
		body, err := r.once(ctx, query, texts)
		if err != nil {
			return err
		}
		used = readRerankUsage(body)
		scores, err = readScores(body, len(texts))
		return err
	})
	if f, ok := r.server.fact(r.model); ok {
		used.CostMicros = f.Cost(used.InputTokens, 0, 0)
	}
	return scores, used, err
}

// readRerankUsage reads what the server counted, as Jina and vLLM spell it.
func readRerankUsage(body []byte) conversation.Usage {
	var outer struct {
		Usage struct {
			Total  int `json:"total_tokens"`
			Prompt int `json:"prompt_tokens"`
		} `json:"usage"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return conversation.Usage{}
	}
	return conversation.Usage{InputTokens: max(outer.Usage.Total, outer.Usage.Prompt, 0)}
}

// once returns the server's answer as it is.
func (r *Reranker) once(ctx context.Context, query string, texts []string) ([]byte, error) {
	valid := make([]string, len(texts))
	for i, t := range texts {
		valid[i] = strings.ToValidUTF8(t, "\uFFFD")
	}
	body, err := json.Marshal(map[string]any{"model": r.model, "query": strings.ToValidUTF8(query, "\uFFFD"), "documents": valid, "top_n": len(texts)})
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if r.server.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+r.server.APIKey)
	}
	res, err := r.server.HTTPClient.Do(req)
	if err != nil {
		return nil, because(ctx, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody)) // what came of it explains the most
		e := newAPIError(res.StatusCode, text, r.server.scrub)
		e.retryAfter = retryAfter(res.Header, r.server.now())
		return nil, e
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxRerankBody+1))
	switch {
	case err != nil:
		return nil, because(ctx, err)
	case len(text) > maxRerankBody:
		return nil, errTooLong
	}
	return text, nil
}

// relevance is one score in any of the spellings that servers use.
type relevance struct {
	Index     *int     `json:"index"`
	Relevance *float64 `json:"relevance_score"`
	Score     *float64 `json:"score"`
}

// readScores reads an answer about n texts: {"results":[…]}, {"data":[…]} or the bare list.
func readScores(body []byte, n int) ([]float64, error) {
	bad := func(format string, args ...any) error {
		return &conversation.ModelError{Kind: conversation.ErrBadRequest, Err: fmt.Errorf("rerank: "+format, args...)}
	}
	var list []relevance
	var outer struct{ Results, Data []relevance }
	switch {
	case json.Unmarshal(body, &list) == nil:
	case json.Unmarshal(body, &outer) == nil:
		if list = outer.Results; list == nil {
			list = outer.Data
		}
	default:
		return nil, errMalformed
	}
	if len(list) != n {
		return nil, bad("%d texts came back as %d scores", n, len(list))
	}
	scores, seen := make([]float64, n), make([]bool, n)
	for _, x := range list {
		score := x.Relevance
		if score == nil {
			score = x.Score
		}
		switch {
		case x.Index == nil || *x.Index < 0 || *x.Index >= n || seen[*x.Index]:
			return nil, bad("a score has no index, one out of range or another's")
		case score == nil || math.IsNaN(*score) || math.IsInf(*score, 0):
			return nil, bad("text %d has no score", *x.Index)
		}
		scores[*x.Index], seen[*x.Index] = *score, true
	}
	return scores, nil
}
