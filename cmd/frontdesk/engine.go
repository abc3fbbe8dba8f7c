package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"frontdesk/bots/widget"
	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/openai"
	"frontdesk/knowledge/knowledgedb"
	"frontdesk/knowledge/tokens"

	"github.com/jackc/pgx/v5/pgxpool"
)

// besideModel is what a turn may take besides the model's time: finding passages
// before, and answering from them when the model has failed.
const besideModel = 15 * time.Second

// maxAnswerHold bounds ANSWER_HOLD: longer, and customers take the bot for dead.
const maxAnswerHold = 10 * time.Second

// desk is the engine with what carries its hints between replicas.
type desk struct {
	*conversation.Engine
	store *conversationdb.Store
	bus   *conversationdb.Notifier
	tests *conversation.Tests
	docs  *knowledgedb.Documents
	log   *slog.Logger
}

// newDesk wires the engine; Run makes it work.
func newDesk(cfg *Config, pool *pgxpool.Pool, k *knowledgeParts, o conversation.Observer, log *slog.Logger) (*desk, error) {
	d := &desk{}
	model, err := newModel(cfg, d.settings, log)
	if err != nil {
		return nil, err
	}
	reader, err := newReader(cfg, k.purse, log)
	if err != nil {
		return nil, err
	}
	moderator, err := newModerator(cfg, log)
	if err != nil {
		return nil, err
	}
	store := conversationdb.New(pool)
	bus := store.Notifier(log)
	engine, err := conversation.New(conversation.Config{
		Hold:   max(cfg.AnswerHold, 1), // to the engine 0 is its own default
		Models: cfg.OpenAIModel, ModelsPinned: cfg.given["OPENAI_MODEL"],
		TurnTimeout: cfg.OpenAITimeout + besideModel, ModerateClosed: cfg.ModerationFail == failClosed,
	}, conversation.Deps{
		Store: store, Finder: k.store, Model: model, Counter: tokens.For(cfg.OpenAIModel[0]),
		Counters: func(model string) conversation.Counter { return tokens.For(model) },
		Bus:      bus, Observer: o, Log: log, Reader: reader, Moderator: moderator, Purse: k.purse,
	})
	if err != nil {
		return nil, fmt.Errorf("make the engine: %w", err)
	}
	d.Engine, d.store, d.bus, d.tests, d.docs, d.log = engine, store, bus, k.tests, k.docs, log
	k.settings, k.tests.Settings, k.tests.Budget = d.settings, d.settings, engine.Budget
	k.retention.limits = func() conversation.Retention { return d.settings().Retention }
	return d, nil
}

// look is how the chat on a page looks, as set here.
func (d *desk) look() widget.Look {
	s := d.settings()
	l := widget.Look{Title: s.Widget.Title, Accent: s.Widget.Accent, Lang: s.Widget.Lang, Greeting: s.Bot.Greeting, QuickReplies: s.Bot.QuickReplies}
	if s.Widget.Position != "right" { // what the widget does anyway need not be said
		l.Position = s.Widget.Position
	}
	if s.Widget.Theme != "auto" {
		l.Theme = s.Widget.Theme
	}
	return l
}

// settings are those of the moment. Nobody asks before the engine is made.
func (d *desk) settings() *conversation.Settings { return d.Engine.Settings() }

// PutSection stores a section, has the test set asked again in a while and what waits for
// the budget tried again.
func (d *desk) PutSection(ctx context.Context, name string, raw json.RawMessage, version int64, by conversation.Actor) (conversation.Section, error) {
	s, err := d.Engine.PutSection(ctx, name, raw, version, by)
	if err == nil {
		d.changed(ctx)
	}
	return s, err
}

// RestoreSection does the same with an earlier version.
func (d *desk) RestoreSection(ctx context.Context, name string, restore, version int64, by conversation.Actor) (conversation.Section, error) {
	s, err := d.Engine.RestoreSection(ctx, name, restore, version, by)
	if err == nil {
		d.changed(ctx)
	}
	return s, err
}

// changed sees to what settings that were just stored may have made another.
func (d *desk) changed(ctx context.Context) {
	d.tests.ScheduleRun(ctx, conversation.TriggerSettings)
	if err := d.docs.Resume(ctx); err != nil { // it is tried again in a while anyway
		d.log.Warn("documents wait on for the budget", "error", err)
	}
}

// newModel returns the model to ask, or nil when there is none. Which one it is the
// settings say; those of the environment where they are nil.
func newModel(cfg *Config, settings func() *conversation.Settings, log *slog.Logger) (conversation.Model, error) {
	c := openaiConfig(cfg, log)
	if settings != nil {
		c.Current = func() []string { return settings().Models.Answer }
	}
	m, err := openai.New(c)
	if errors.Is(err, openai.ErrNoKey) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("model: %w", err)
	}
	return m, nil
}

// Run takes turns until ctx ends, gives those at work the grace to finish, and
// speaks with the other replicas for as long as that takes.
func (d *desk) Run(ctx context.Context, grace time.Duration) {
	talk, quiet := context.WithCancel(context.WithoutCancel(ctx))
	defer quiet()
	var wg sync.WaitGroup
	wg.Go(func() { d.bus.Run(talk, d.Engine) })
	d.Engine.Run(ctx, grace)
	quiet()
	wg.Wait()
}
