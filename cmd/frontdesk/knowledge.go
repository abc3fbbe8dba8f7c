package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/openai"
	"frontdesk/knowledge"
	"frontdesk/knowledge/crawl"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/knowledge/lexical"
	"frontdesk/knowledge/sample"
	"frontdesk/knowledge/tokens"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// sampleWithin is how long the first start waits for the sample FAQ to be
	// searchable: about a second, more with an embedding model.
	sampleWithin = 15 * time.Second
	// stopJobsWithin is how long documents being read may take to stop.
	stopJobsWithin = 8 * time.Second
	// sampleSetting marks that the question of the sample has been settled, so
	// that whoever deletes it does not get it back.
	sampleSetting = "sample_loaded"
)

// knowledgeParts is the knowledge as this program wires it. It is the console's
// Documents, Entries and Sites.
type knowledgeParts struct {
	*knowledge.Ingest
	*knowledge.Import
	*knowledge.Editor
	*knowledge.Rehearsal
	*siteStore
	store *knowledgedb.Store
	docs  *knowledgedb.Documents
	jobs  *knowledgedb.Jobs
	tests *conversation.Tests
	allow crawl.Allow
	purse *conversation.Purse // pays for what is searched and taken in
	// retention deletes what is too old.
	retention *retention
	settings  func() *conversation.Settings // those in force, once a desk was made
}

// siteStore is Sites under another name, since that has a method called Sites.
type siteStore = knowledgedb.Sites

// newKnowledge wires the knowledge; nothing runs yet.
func newKnowledge(cfg *Config, pool *pgxpool.Pool, log *slog.Logger) (*knowledgeParts, error) {
	purse := newPurse(pool, log)
	embedder, err := newEmbedder(cfg, purse, log)
	if err != nil {
		return nil, err
	}
	k := &knowledgeParts{store: knowledgedb.New(pool, embedder, log), purse: purse}
	if err := useReranker(cfg, purse, k.store, log); err != nil {
		return nil, err
	}
	if k.docs, err = k.store.Documents(); err != nil {
		return nil, err
	}
	count := tokens.For(cfg.OpenAIModel[0]).Count
	k.Ingest = knowledge.NewIngest(k.docs, knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract, Members: extract.Members, Count: count}, log)
	extract.CacheDir(filepath.Join(cfg.DataDir, "cache", "pdf")) // made when first used, for this user alone
	k.siteStore, k.allow = k.docs.Sites(), cfg.crawl
	crawler := crawl.New(crawl.Config{
		Client: crawl.NewClient(k.allow, crawl.ClientOptions{UserAgent: userAgent(cfg)}),
		Sites:  k.siteStore, Pages: k.siteStore, Documents: crawled{k}, Read: extract.Extract, Log: log, Pause: cfg.CrawlPause,
	})
	runs := k.docs.TestRuns()
	k.tests = newTests(pool, k.store, runs, log)
	k.tests.Purse = purse
	k.store.OnChange(scheduleTests(k.tests))
	k.retention = newRetention(pool, k.docs, log)
	work := []knowledgedb.Work{k.Work(crawler), k.docs.CompareWork(), runs.Work(k.tests), k.docs.RetentionWork(k.retention.work())}
	if cfg.serving { // nobody waits at a command for what comes within a day
		if err := useBatches(cfg, k.store, purse, conversationdb.New(pool), knowledgedb.BulkOptions{}, log); err != nil {
			return nil, err
		}
		work = append(work, k.docs.BulkWork())
	}
	if k.jobs, err = knowledgedb.NewJobs(k.docs, k.docs.Comparing(k.Ingest), log, work...); err != nil {
		return nil, err
	}
	k.Editor = knowledge.NewEditor(k.Ingest, k.docs)
	k.Rehearsal = knowledge.NewRehearsal(k.Ingest, k.Editor, k.docs)
	k.Import = knowledge.NewImport(k.Ingest, k.docs, extract.Entries, lexical.Key)
	return k, nil
}

// newEmbedder returns the embedding model, paid from purse, or nil when none is configured.
func newEmbedder(cfg *Config, purse *conversation.Purse, log *slog.Logger) (knowledge.Embedder, error) {
	name := cfg.Embedding()
	if name == "" {
		return nil, nil
	}
	e, err := openai.NewEmbedder(openaiConfig(cfg, log), name, cfg.EmbeddingSize)
	if err != nil {
		return nil, fmt.Errorf("embedding model: %w", err)
	}
	return purse.Embedder(e), nil
}

func openaiConfig(cfg *Config, log *slog.Logger) openai.Config {
	return openai.Config{
		APIKey: cfg.OpenAIKey.Reveal(), BaseURL: cfg.OpenAIBaseURL, Models: cfg.OpenAIModel, Detail: cfg.ImageDetail, Logger: log,
		Timeout: cfg.OpenAITimeout, FirstByteTimeout: min(cfg.OpenAITimeout, openai.DefaultFirstByteTimeout),
	}
}

func (k *knowledgeParts) startJobs(ctx context.Context) error { return k.jobs.Start(ctx) }

// stopJobs stops them, and the PDF reader that only they use.
func (k *knowledgeParts) stopJobs(log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), stopJobsWithin)
	defer cancel()
	if err := k.jobs.Stop(ctx); err != nil {
		log.Warn("background jobs did not stop in time", "error", err)
		return // the reader may be at work for one of them
	}
	extract.Close()
}

// loadSample puts the sample FAQ into a knowledge base that has never had a
// document, and waits a little for it to be searchable.
func loadSample(ctx context.Context, pool *pgxpool.Pool, k *knowledgeParts, log *slog.Logger) error {
	var ids []string
	err := conversationdb.Once(ctx, pool, sampleSetting, func(ctx context.Context) error {
		docs, _, err := k.Documents(ctx, "", 1)
		if err != nil || len(docs) > 0 {
			return err
		}
		for _, u := range sample.Documents() {
			d, err := k.Add(ctx, u)
			if err != nil {
				return err
			}
			ids = append(ids, d.ID)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load the sample FAQ: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, sampleWithin)
	defer cancel()
	for _, id := range ids {
		if _, err := k.docs.Wait(ctx, id, nil); err != nil {
			log.Warn("sample FAQ is not searchable yet", "document", id, "error", err)
			return nil
		}
	}
	if len(ids) > 0 {
		log.Info("loaded the sample FAQ", "documents", len(ids))
	}
	return nil
}
