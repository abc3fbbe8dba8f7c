package main

import (
	"context"
	"errors"
	"log/slog"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/knowledge/lexical"
	"frontdesk/knowledge/tokens"
)

// newGaps wires what the bot could not answer; Run makes it look.
func newGaps(cfg *Config, d *desk, k *knowledgeParts, o conversation.Observer, log *slog.Logger) (*conversation.Gaps, error) {
	model, err := newModel(cfg, d.settings, log)
	if err != nil {
		return nil, err
	}
	embedder, err := newEmbedder(cfg, k.purse, log)
	if err != nil {
		return nil, err
	}
	return conversation.NewGaps(conversation.GapConfig{}, conversation.GapDeps{
		Store: d.store, Settings: d.settings, Words: lexical.Bag{}, Entries: gapEntries{k}, Finder: k.purse.Finder(k.store, conversation.Account{}), Embedder: embedder, Model: model,
		Counter: tokens.For(cfg.OpenAIModel[0]), Observer: o, Log: log, Purse: k.purse,
	}), nil
}

// gapEntries saves the entries that answer gaps as documents.
type gapEntries struct{ *knowledgeParts }

// SaveEntry implements conversation.GapEntries. Saving is known again by its
// bytes: in the document itself, or in another that has the same entry.
func (k gapEntries) SaveEntry(ctx context.Context, document string, e knowledge.Entry) (string, error) {
	if document == "" {
		return k.AddEntry(ctx, e)
	}
	u, err := knowledge.EntryUpload(e)
	if err != nil {
		return "", err
	}
	d, err := k.Replace(ctx, document, u)
	if errors.Is(err, knowledge.ErrNotFound) || errors.Is(err, knowledge.ErrKnown) {
		return k.AddEntry(ctx, e)
	}
	return d.ID, err
}

// Document implements conversation.GapEntries.
func (k gapEntries) Document(ctx context.Context, id string) (knowledge.Document, error) {
	return k.docs.Document(ctx, id)
}
