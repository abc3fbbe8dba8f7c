package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/openai"
	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"

	"github.com/jackc/pgx/v5"
)

// What OPENAI_BATCH may be.
const (
	batchAuto = "auto"
	batchOn   = "on"
	batchOff  = "off"
)

// purposeBatch is what a batch of passages is booked under.
const purposeBatch = "embed_batch"

// useBatches has very many passages embedded by batches, where the server is one that takes them or
// is said to, paid from purse. o's Purse is set.
func useBatches(cfg *Config, store *knowledgedb.Store, purse *conversation.Purse, books *conversationdb.Store, o knowledgedb.BulkOptions, log *slog.Logger) error {
	o.Purse = bulkPurse{purse, books}
	at := openaiConfig(cfg, log)
	if cfg.Embedding() == "" || cfg.Batch == batchOff || cfg.Batch == batchAuto && !openai.BatchesOffered(at) {
		store.UseBulk(nil, o)
		return nil
	}
	direct, err := openai.NewEmbedder(at, cfg.Embedding(), cfg.EmbeddingSize)
	if err != nil {
		return fmt.Errorf("embedding model: %w", err)
	}
	bulk, err := openai.NewBulk(at, direct)
	if err != nil {
		return fmt.Errorf("embedding by batches: %w", err)
	}
	store.UseBulk(bulk, o)
	return nil
}

// bulkPurse pays for batches from the purse that pays for everything.
type bulkPurse struct {
	*conversation.Purse
	books *conversationdb.Store
}

func (bulkPurse) errand(batch, model string) conversation.Errand {
	return conversation.Errand{ID: batch, Purpose: purposeBatch, Model: model, Share: openai.BatchShare}
}

// SetAside implements knowledgedb.BulkPurse.
func (p bulkPurse) SetAside(ctx context.Context, batch, model string, tokens int, lapse time.Duration) error {
	e := p.errand(batch, model)
	e.Lapse = lapse
	return p.Purse.SetAside(ctx, e, tokens)
}

// Settle implements knowledgedb.BulkPurse.
func (p bulkPurse) Settle(ctx context.Context, tx pgx.Tx, batch, model string, r knowledge.BulkReport) (int64, error) {
	if r.Tokens == 0 { // nothing came of it
		return 0, p.books.ReleaseHold(ctx, tx, batch)
	}
	call := p.Settled(p.errand(batch, model), conversation.Usage{InputTokens: r.Tokens, CostMicros: r.CostMicros})
	if err := p.books.RecordIn(ctx, tx, []conversation.Call{call}); err != nil {
		return 0, err
	}
	p.Told(call)
	return call.Usage.CostMicros, nil
}
