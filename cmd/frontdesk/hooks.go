package main

import (
	"context"
	"log/slog"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/webhook"

	"github.com/jackc/pgx/v5/pgxpool"
)

// newWebhooks wires what programs elsewhere are told; Run delivers. They may be inside
// the network where pages may be, too.
func newWebhooks(ctx context.Context, cfg *Config, pool *pgxpool.Pool, d *desk, log *slog.Logger) (*conversation.Webhooks, error) {
	key, err := conversationdb.Key(ctx, pool, "webhook_key")
	if err != nil {
		return nil, err
	}
	return conversation.NewWebhooks(d.store, d.store, conversation.WebhookConfig{
		Key: key, Poster: webhook.New(cfg.crawl, userAgent(cfg), nil), Log: log,
		Alert: func(_ context.Context, _, why string) {
			d.Announce(conversation.Alert{Kind: conversation.AlertWebhookOff, Text: "A webhook was switched off: " + why})
		},
	}), nil
}
