package main

import (
	"fmt"
	"log/slog"
	"net/url"

	"frontdesk/conversation"
	"frontdesk/conversation/openai"
	"frontdesk/knowledge/knowledgedb"
)

// rerankTimeout lies below the store's patience, so that it is the caller's breaker that
// learns of a server which is too slow, and spares the next questions the wait.
const rerankTimeout = knowledgedb.RerankPatience * 7 / 8

// useReranker has the store's hits judged by the model that is configured, if one is.
func useReranker(cfg *Config, purse *conversation.Purse, store *knowledgedb.Store, log *slog.Logger) error {
	if cfg.RerankModel == "" {
		return nil
	}
	c := openai.Config{APIKey: cfg.rerankKey(), BaseURL: cfg.RerankBaseURL, Logger: log, Timeout: rerankTimeout}
	if c.BaseURL == "" {
		c.BaseURL = cfg.OpenAIBaseURL
	}
	r, err := openai.NewReranker(c, cfg.RerankModel)
	if err != nil {
		return fmt.Errorf("reranking model: %w", err)
	}
	store.UseReranker(purse.Reranker(r))
	return nil
}

// rerankKey is the reranker's own key or, where it is on the same server, the other
// models': a key is shown to nobody but whom it was given for.
func (c *Config) rerankKey() string {
	if c.RerankKey.Set() || !sameServer(c.RerankBaseURL, c.OpenAIBaseURL) {
		return c.RerankKey.Reveal()
	}
	return c.OpenAIKey.Reveal()
}

// sameServer reports whether address names the server of other; empty, it does.
func sameServer(address, other string) bool {
	if address == "" {
		return true
	}
	a, errA := url.Parse(address)
	b, errB := url.Parse(other)
	return errA == nil && errB == nil && a.Scheme == b.Scheme && a.Host == b.Host
}
