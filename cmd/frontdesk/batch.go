package main

import (
	"context"
	"fmt"
	"log/slog"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/openai"
	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
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
// is said to. o's Booked is set.
func useBatches(cfg *Config, store *knowledgedb.Store, ledger *conversationdb.Store, o knowledgedb.BulkOptions, log *slog.Logger) error {
	at := openaiConfig(cfg, log)
	if cfg.Embedding() == "" || cfg.Batch == batchOff || cfg.Batch == batchAuto && !openai.BatchesOffered(at) {
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
	o.Booked = func(ctx context.Context, model string, r knowledge.BulkReport) {
		call := conversation.Call{Purpose: purposeBatch, Model: model, Outcome: "ok",
			Usage: conversation.Usage{InputTokens: r.Tokens, CostMicros: r.CostMicros}}
		if err := ledger.Record(ctx, []conversation.Call{call}); err != nil {
			log.Error("batch of passages not booked", "error", err)
		}
	}
	store.UseBulk(bulk, o)
	return nil
}
