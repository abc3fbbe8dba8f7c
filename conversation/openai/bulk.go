package openai

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"

	sdk "github.com/openai/openai-go/v3"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
)

// Bulk has many texts embedded in batches, for what is not urgent: at half the price, within a day.
// Its vectors are those of the Embedder it was made of. It is knowledgedb's Bulk. Safe for
// concurrent use.
type Bulk struct {
	*Embedder
	batcher *Batcher
}

// NewBulk returns a Bulk of e's model on cfg's server.
func NewBulk(cfg Config, e *Embedder) (*Bulk, error) {
	b, err := NewBatcher(cfg)
	if err != nil {
		return nil, err
	}
	return &Bulk{Embedder: e, batcher: b}, nil
}

// bulkBody is a request for one vector. As base64 it takes a third of the bytes that numbers take;
// a server that does not heed it is understood all the same.
type bulkBody struct {
	Model      string `json:"model"`
	Input      string `json:"input"`
	Dimensions int    `json:"dimensions,omitempty"`
	Format     string `json:"encoding_format"`
}

// A byte of a text takes at most maxEscaped bytes in JSON; lineAround is more than what stands
// around it on its line.
const maxEscaped, lineAround = 6, 300

// Submit hands the texts in, each cut to the model's limit, and returns the batch's id. tag is the
// caller's own name of it. Texts beyond what a batch holds are left out, and no vector comes of
// them. knowledge.ErrNoBulk where there are no batches.
func (b *Bulk) Submit(ctx context.Context, tag string, texts iter.Seq2[knowledge.BulkText, error]) (string, error) {
	enc := tokens.For(b.model)
	requests := func(yield func(BatchRequest, error) bool) {
		sent, room := 0, BatchBytes
		for t, err := range texts {
			text := strings.ToValidUTF8(t.Text, "\uFFFD")
			if b.limit > 0 && len(text) > b.limit { // a token has at least a byte
				text = enc.Truncate(text, b.limit)
			}
			body := bulkBody{Model: b.model, Input: text, Format: "base64"}
			if b.shorten {
				body.Dimensions = b.dimensions
			}
			room -= len(t.Key) + maxEscaped*len(text) + lineAround
			if err == nil && (room < 0 || sent == BatchRequests) {
				return
			}
			sent++
			if !yield(BatchRequest{ID: t.Key, Body: body}, err) {
				return
			}
		}
	}
	id, err := b.batcher.Submit(ctx, tag, string(sdk.BatchNewParamsEndpointV1Embeddings), requests)
	return id, noBulk(err)
}

func noBulk(err error) error {
	if errors.Is(err, ErrNoBatches) {
		return fmt.Errorf("%w: %w", knowledge.ErrNoBulk, err)
	}
	return err
}

// Find returns the id of the batch that was submitted under a name, and "" when there is none.
func (b *Bulk) Find(ctx context.Context, tag string) (string, error) {
	found, err := b.batcher.Find(ctx, tag)
	if errors.Is(err, ErrNoSuchBatch) {
		return "", nil
	}
	return found.ID, noBulk(err)
}

// State returns how a batch stands, and why one has failed.
func (b *Bulk) State(ctx context.Context, id string) (knowledge.BulkState, string, error) {
	got, err := b.batcher.Get(ctx, id)
	if errors.Is(err, ErrNoSuchBatch) {
		return knowledge.BulkUnknown, "", nil
	}
	if err != nil {
		return "", "", err
	}
	switch got.Status {
	case sdk.BatchStatusCompleted:
		return knowledge.BulkCompleted, "", nil
	case sdk.BatchStatusExpired:
		return knowledge.BulkExpired, got.Why, nil
	case sdk.BatchStatusCancelled:
		return knowledge.BulkCancelled, got.Why, nil
	case sdk.BatchStatusFailed:
		return knowledge.BulkFailed, got.Why, nil
	}
	return knowledge.BulkUnderWay, "", nil
}

// Collect gives each the vectors of a batch that has ended, in no certain order, and reports what
// they cost. An error in the middle means that all of it has to be asked for again.
func (b *Bulk) Collect(ctx context.Context, id string, each func(key string, vector []float32) error) (knowledge.BulkReport, error) {
	var r knowledge.BulkReport
	batch, err := b.batcher.Get(ctx, id)
	if err != nil {
		return r, err
	}
	call := Call{Model: b.model, Attempts: 1}
	start := b.server.now()
	err = b.batcher.Results(ctx, batch, func(line BatchResult) error {
		why := line.Why
		if why == "" {
			var v []float32
			var used int
			if v, used, why = b.vector(line.Body); why == "" {
				r.Embedded, r.Tokens = r.Embedded+1, r.Tokens+used
				return each(line.ID, v)
			}
		}
		if r.Failed++; r.Failed == 1 {
			r.Why = why
		}
		return nil
	})
	if err != nil {
		return r, err
	}
	if f, ok := b.server.fact(b.model); ok {
		r.CostMicros = f.halved().Cost(r.Tokens, 0, 0)
	}
	if r.Embedded > 0 {
		call.Total, call.Usage = b.server.now().Sub(start), conversation.Usage{InputTokens: r.Tokens, CostMicros: r.CostMicros}
		b.server.Observe(call)
	}
	return r, nil
}

// vector reads one answer: its vector and how many tokens were paid for, or why it is none.
func (b *Bulk) vector(body json.RawMessage) ([]float32, int, string) {
	var res struct {
		Data []struct{ Embedding json.RawMessage }
		// Some servers count here, some there.
		Usage struct {
			Prompt int `json:"prompt_tokens"`
			Total  int `json:"total_tokens"`
		}
	}
	if json.Unmarshal(body, &res) != nil || len(res.Data) != 1 {
		return nil, 0, "an answer without its one vector"
	}
	v, ok := readVector(res.Data[0].Embedding)
	if !ok || len(v) != b.dimensions {
		return nil, 0, fmt.Sprintf("a vector of %d numbers, %d are configured", len(v), b.dimensions)
	}
	return v, max(res.Usage.Prompt, res.Usage.Total, 0), ""
}

// readVector reads a vector as numbers, or as the base64 of little-endian 32-bit ones.
func readVector(raw json.RawMessage) ([]float32, bool) {
	var v []float32
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte(`"`)) {
		err := json.Unmarshal(raw, &v)
		return v, err == nil
	}
	var packed string
	if json.Unmarshal(raw, &packed) != nil {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(packed)
	if err != nil || len(b)%4 != 0 {
		return nil, false
	}
	for ; len(b) > 0; b = b[4:] {
		v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return v, true
}

// halved is the model at a batch's price.
func (f Fact) halved() Fact {
	f.Input, f.Cached, f.Output = f.Input*BatchShare, f.Cached*BatchShare, f.Output*BatchShare
	return f
}

// Discard gives a batch up: it is cancelled where it is under way, and its files are deleted where it
// has ended. One that is not known any more is no error.
func (b *Bulk) Discard(ctx context.Context, id string) error {
	batch, err := b.batcher.Get(ctx, id)
	if err == nil && !batch.Ended() {
		batch, err = b.batcher.Cancel(ctx, id)
	}
	if errors.Is(err, ErrNoSuchBatch) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.batcher.Delete(ctx, batch)
}
