package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/openai"
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
}

// newDesk wires the engine; Run makes it work.
func newDesk(cfg *Config, pool *pgxpool.Pool, k *knowledgeParts, o conversation.Observer, log *slog.Logger) (*desk, error) {
	model, err := newModel(cfg, log)
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
		Hold:        max(cfg.AnswerHold, 1), // to the engine 0 is its own default
		TurnTimeout: cfg.OpenAITimeout + besideModel, ModerateClosed: cfg.ModerationFail == failClosed,
	}, conversation.Deps{
		Store: store, Finder: k.store, Model: model, Counter: tokens.For(cfg.OpenAIModel[0]),
		Bus: bus, Observer: o, Log: log, Reader: reader, Moderator: moderator, Purse: k.purse,
	})
	if err != nil {
		return nil, fmt.Errorf("make the engine: %w", err)
	}
	return &desk{Engine: engine, store: store, bus: bus}, nil
}

// newModel returns the model to ask, or nil when there is none.
func newModel(cfg *Config, log *slog.Logger) (conversation.Model, error) {
	m, err := openai.New(openaiConfig(cfg, log))
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
