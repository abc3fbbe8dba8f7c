package main

import (
	"context"
	"errors"

	"frontdesk/knowledge"
	"frontdesk/knowledge/crawl"
)

// userAgent is what servers whose pages are read see of this one.
func userAgent(cfg *Config) string {
	if cfg.PublicURL == "" {
		return "Frontdesk"
	}
	return "Frontdesk (+" + cfg.PublicURL + ")"
}

// Document returns one document; the id of a site shows its pages as one.
func (k *knowledgeParts) Document(ctx context.Context, id string) (knowledge.Document, error) {
	d, err := k.docs.Document(ctx, id)
	if !errors.Is(err, knowledge.ErrNotFound) {
		return d, err
	}
	site, err := k.Site(ctx, id)
	if err != nil {
		return knowledge.Document{}, err
	}
	return site.Document(), nil
}

// Documents lists documents.
func (k *knowledgeParts) Documents(ctx context.Context, cursor string, limit int) ([]knowledge.Document, string, error) {
	return k.docs.Documents(ctx, cursor, limit)
}

// Entries lists FAQ entries.
func (k *knowledgeParts) Entries(ctx context.Context, f knowledge.EntryFilter, cursor string, limit int) ([]knowledge.ListedEntry, string, error) {
	return k.docs.Entries(ctx, f, cursor, limit)
}

// DeleteDocument deletes a document, or a site with its pages.
func (k *knowledgeParts) DeleteDocument(ctx context.Context, id string) error {
	err := k.docs.DeleteDocument(ctx, id)
	if errors.Is(err, knowledge.ErrNotFound) {
		return k.DeleteSite(ctx, id)
	}
	return err
}

// RetryDocument has a failed document tried again, or a site read anew.
func (k *knowledgeParts) RetryDocument(ctx context.Context, id string) (knowledge.Document, error) {
	d, err := k.docs.RetryDocument(ctx, id)
	if !errors.Is(err, knowledge.ErrNotFound) {
		return d, err
	}
	if err := k.RecrawlSite(ctx, id); err != nil {
		return d, err
	}
	return k.Document(ctx, id)
}

// AddSite has an address read, now and then again.
func (k *knowledgeParts) AddSite(ctx context.Context, req knowledge.SiteRequest) (string, error) {
	site, err := crawl.Plan(k.allow, req)
	if err != nil {
		return "", err
	}
	return k.siteStore.AddSite(ctx, site)
}
