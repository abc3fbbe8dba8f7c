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

// ShelvedDocuments lists documents with what is known of their use.
func (k *knowledgeParts) ShelvedDocuments(ctx context.Context, f knowledge.DocumentFilter, cursor string, limit int) ([]knowledge.Shelved, string, error) {
	return k.docs.ShelvedDocuments(ctx, f, cursor, limit)
}

// Shelved returns one document so.
func (k *knowledgeParts) Shelved(ctx context.Context, id string) (knowledge.Shelved, error) {
	return k.docs.Shelved(ctx, id)
}

// Passages lists a document's passages.
func (k *knowledgeParts) Passages(ctx context.Context, document, cursor string, limit int) ([]knowledge.ShelvedPassage, string, error) {
	return k.docs.Passages(ctx, document, cursor, limit)
}

// EntryUses tells how often answers have cited entries.
func (k *knowledgeParts) EntryUses(ctx context.Context, ids []string) (map[string]knowledge.Uses, error) {
	return k.docs.EntryUses(ctx, ids)
}

// EntryHistory returns what an entry was.
func (k *knowledgeParts) EntryHistory(ctx context.Context, id string) ([]knowledge.EntryVersion, error) {
	return k.docs.EntryHistory(ctx, id)
}

// DeletedEntries returns entries that can come back.
func (k *knowledgeParts) DeletedEntries(ctx context.Context) ([]knowledge.EntryVersion, error) {
	return k.docs.DeletedEntries(ctx)
}

// Entries lists FAQ entries.
func (k *knowledgeParts) Entries(ctx context.Context, f knowledge.EntryFilter, cursor string, limit int) ([]knowledge.ListedEntry, string, error) {
	return k.docs.Entries(ctx, f, cursor, limit)
}

// DeletedDocuments lists documents that can come back.
func (k *knowledgeParts) DeletedDocuments(ctx context.Context, cursor string, limit int) ([]knowledge.Deleted, string, error) {
	return k.docs.DeletedDocuments(ctx, cursor, limit)
}

// RestoreDocument brings one of them back.
func (k *knowledgeParts) RestoreDocument(ctx context.Context, id string) (knowledge.Document, error) {
	return k.docs.RestoreDocument(ctx, id)
}

// EraseDeleted erases one of them.
func (k *knowledgeParts) EraseDeleted(ctx context.Context, id string) error {
	return k.docs.EraseDeleted(ctx, id)
}

// DeleteDocument deletes a document, which can come back, or a site with its pages.
func (k *knowledgeParts) DeleteDocument(ctx context.Context, id string) error {
	err := k.docs.PutAway(ctx, id)
	if errors.Is(err, knowledge.ErrNotFound) {
		return k.DeleteSite(ctx, id)
	}
	return err
}

// crawled are documents as the crawler keeps them: a page that is gone is deleted for
// good, since nobody took it away by mistake.
type crawled struct{ *knowledgeParts }

// DeleteDocument deletes a page's document.
func (c crawled) DeleteDocument(ctx context.Context, id string) error {
	return c.docs.DeleteDocument(ctx, id)
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
