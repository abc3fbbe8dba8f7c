package openai

import (
	"context"
	"errors"
	"fmt"
	"strings"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
)

// Limits of one embeddings request. OpenAI takes 2,048 texts, 8,192 tokens a text and 300,000 in all
// (developers.openai.com/api/reference/resources/embeddings). Compatible servers take less, and an
// answer of 64 vectors is small enough to repeat.
const (
	batchTexts  = 64
	batchTokens = 100_000
)

// Embedder makes embeddings with one model. It implements knowledge.Embedder. Safe for concurrent
// use.
type Embedder struct {
	server     *server
	service    sdk.EmbeddingService
	refused    refusals
	model      string
	dimensions int
	shorten    bool // ask the server for dimensions that are not the model's own
	limit      int  // tokens of one text; 0 when the model is not known
}

var _ knowledge.Embedder = (*Embedder)(nil)

// NewEmbedder returns an Embedder for a model on cfg's server; cfg.Models is not used. dimensions is
// the length of the vectors: 0 takes the model's own, which must then be known from its facts.
func NewEmbedder(cfg Config, model string, dimensions int) (*Embedder, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if model == "" {
		return nil, errors.New("no embedding model is named")
	}
	fact, _ := cfg.fact(model)
	if dimensions == 0 {
		dimensions = fact.Dimensions
	}
	if dimensions <= 0 {
		return nil, fmt.Errorf("the dimensions of embedding model %q are not known and have to be configured", model)
	}
	s := newServer(cfg)
	return &Embedder{
		server: s, service: sdk.NewEmbeddingService(s.options()...),
		model: model, dimensions: dimensions, shorten: dimensions != fact.Dimensions, limit: fact.Context,
	}, nil
}

// Model implements knowledge.Embedder.
func (e *Embedder) Model() string { return e.model }

// Dimensions implements knowledge.Embedder.
func (e *Embedder) Dimensions() int { return e.dimensions }

// Embed implements knowledge.Embedder. Texts beyond the model's limit are cut to it; a text without
// anything to embed is an error, since it has no meaning to be near to. Either all texts are embedded
// or none. Errors are *conversation.ModelError or ctx's own, wrapped, and knowledge.ErrUnembeddable
// where the server will not have the texts.
func (e *Embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors, _, err := e.EmbedCounted(ctx, texts)
	return vectors, err
}

// EmbedCounted implements conversation.CountingEmbedder: it is Embed with what each of
// its requests took, the one that failed included.
func (e *Embedder) EmbedCounted(ctx context.Context, texts []string) ([][]float32, []conversation.Usage, error) {
	var used []conversation.Usage
	enc := tokens.For(e.model)
	vectors := make([][]float32, 0, len(texts))
	var batch []string
	room := batchTokens
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		got, u, err := e.batch(ctx, batch)
		used = append(used, u)
		if refuses(err) {
			err = fmt.Errorf("%w: %w", knowledge.ErrUnembeddable, err)
		}
		if err != nil {
			return fmt.Errorf("embed texts %d to %d of %d: %w", len(vectors), len(vectors)+len(batch)-1, len(texts), err)
		}
		vectors = append(vectors, got...)
		batch, room = batch[:0], batchTokens
		return nil
	}
	for i, text := range texts {
		text = strings.ToValidUTF8(text, "\uFFFD")
		if strings.TrimSpace(text) == "" {
			return nil, used, fmt.Errorf("embed texts: text %d of %d is empty", i, len(texts))
		}
		if e.limit > 0 {
			text = enc.Truncate(text, e.limit)
		}
		n := enc.Count(text)
		if n > room || len(batch) == batchTexts {
			if err := flush(); err != nil {
				return nil, used, err
			}
		}
		batch = append(batch, text)
		room -= n
	}
	if err := flush(); err != nil {
		return nil, used, err
	}
	return vectors, used, nil
}

// refuses reports whether the server will not have the texts, as against having failed.
func refuses(err error) bool {
	var api *apiError
	if !errors.As(err, &api) {
		return false
	}
	kind := api.kind()
	return kind == conversation.ErrContentFilter || kind == conversation.ErrBadRequest && api.Status < 500
}

func (e *Embedder) batch(ctx context.Context, texts []string) ([][]float32, conversation.Usage, error) {
	start := e.server.now()
	call := Call{Model: e.model}
	var vectors [][]float32
	err := e.server.do(ctx, func(ctx context.Context) error {
		return e.server.repeat(ctx, &call.Attempts, func(ctx context.Context) (bool, error) {
			var err error
			vectors, err = e.once(ctx, texts, &call)
			return false, err
		})
	})
	call.Total = e.server.now().Sub(start)
	call.First = call.Total
	call.Kind = kindOf(err)
	e.server.Observe(call)
	return vectors, call.Usage, err
}

// once sends one batch, and again without the dimensions if the server will not have them.
func (e *Embedder) once(ctx context.Context, texts []string, call *Call) ([][]float32, error) {
	for {
		p := sdk.EmbeddingNewParams{Model: e.model, Input: sdk.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts}}
		var sent []string
		if e.shorten && !e.refused.has(e.model, paramDimension) {
			p.Dimensions = param.NewOpt(int64(e.dimensions))
			sent = append(sent, paramDimension)
		}
		res, err := e.service.New(ctx, p)
		var api *apiError
		if errors.As(err, &api) && e.refused.learn(e.model, api, sent) {
			call.Attempts++
			continue
		}
		if err != nil {
			return nil, err
		}
		vectors, err := e.read(res, len(texts))
		if err == nil {
			call.Usage = e.usage(res, texts)
		}
		return vectors, err
	}
}

// read puts the vectors in the order of the texts and checks that none is missing or of another
// length.
func (e *Embedder) read(res *sdk.CreateEmbeddingResponse, n int) ([][]float32, error) {
	bad := func(format string, args ...any) error {
		return &conversation.ModelError{Kind: conversation.ErrBadRequest, Err: fmt.Errorf(format, args...)}
	}
	if len(res.Data) != n {
		return nil, bad("%d texts came back as %d vectors", n, len(res.Data))
	}
	vectors := make([][]float32, n)
	indexed := false // some servers leave every index 0 and mean the order
	for _, d := range res.Data {
		indexed = indexed || d.Index != 0
	}
	for i, d := range res.Data {
		if indexed {
			i = int(d.Index)
		}
		if i < 0 || i >= n || vectors[i] != nil {
			return nil, bad("a vector has the index %d, out of range or twice", i)
		}
		if len(d.Embedding) != e.dimensions {
			return nil, bad("model %q makes vectors of %d numbers, %d are configured", e.model, len(d.Embedding), e.dimensions)
		}
		v := make([]float32, len(d.Embedding))
		for j, x := range d.Embedding {
			v[j] = float32(x)
		}
		vectors[i] = v
	}
	return vectors, nil
}

func (e *Embedder) usage(res *sdk.CreateEmbeddingResponse, texts []string) conversation.Usage {
	u := conversation.Usage{InputTokens: int(max(res.Usage.PromptTokens, res.Usage.TotalTokens))}
	if u.InputTokens <= 0 {
		u = conversation.Usage{Estimated: true}
		enc := tokens.For(e.model)
		for _, t := range texts {
			u.InputTokens += enc.Count(t)
		}
	}
	u.CostMicros, _ = e.server.cost(e.model, u.InputTokens, 0, 0)
	return u
}
