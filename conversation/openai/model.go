package openai

import (
	"context"
	"errors"
	"sync"
	"time"

	sdk "github.com/openai/openai-go/v3"

	"frontdesk/conversation"
)

// goneFor is how long a model that its server does not know is passed over. Long enough to spare
// each customer the detour, short enough that a model pulled or permitted meanwhile is found.
const goneFor = 10 * time.Minute

// Model streams completions from a list of models on one server. It implements conversation.Model.
// Safe for concurrent use.
type Model struct {
	server  *server
	chat    sdk.ChatCompletionService
	refused refusals

	mu    sync.Mutex           // guards gone and blind
	gone  map[string]time.Time // model, until when it is passed over
	blind map[string]bool      // models whose server refused pictures
}

var _ conversation.Model = (*Model)(nil)

// New returns a Model for cfg. It sends nothing. The error is ErrNoKey, or says what is wrong with
// cfg.
func New(cfg Config) (*Model, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if len(cfg.Models) == 0 {
		return nil, errors.New("no model is named")
	}
	s := newServer(cfg)
	return &Model{server: s, chat: sdk.NewChatCompletionService(s.options()...), gone: map[string]time.Time{}, blind: map[string]bool{}}, nil
}

// Stream implements conversation.Model. The models the request names, or those of the list, are tried in order, past those that
// are gone. When an answer breaks off, or ctx ends, after the first emit, the reply returned with the
// error holds what was emitted and an estimate of its usage: it was paid for.
func (m *Model) Stream(ctx context.Context, req conversation.ModelRequest, emit func(delta string)) (conversation.ModelReply, error) {
	start := m.server.now()
	var call Call
	var reply conversation.ModelReply
	err := m.server.do(ctx, func(ctx context.Context) error {
		models, err := m.seeing(m.present(req.Models), req)
		if err != nil {
			return err
		}
		var blind error
		for _, model := range models {
			call.Model = model
			reply, err = m.ask(ctx, model, req, &call, start, emit)
			var failure *conversation.ModelError
			if !errors.As(err, &failure) || failure.Kind != conversation.ErrGone && failure.Kind != conversation.ErrNoVision {
				return err
			}
			if failure.Kind == conversation.ErrNoVision {
				blind = err
				continue
			}
			m.pass(model, failure)
		}
		if blind != nil {
			return blind // without pictures that model may still answer
		}
		if err == nil {
			err = &conversation.ModelError{Kind: conversation.ErrGone, Err: errors.New("every model of the list was gone when last asked")}
		}
		return err
	})
	call.Total = m.server.now().Sub(start)
	call.Usage = reply.Usage
	call.Kind = kindOf(err)
	m.server.Observe(call)
	return reply, err
}

// kindOf returns the kind of a call's error for Call.
func kindOf(err error) conversation.ErrorKind {
	var failure *conversation.ModelError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &failure):
		return failure.Kind
	}
	return Canceled
}

// present returns those of the models asked for, else of the list of the moment, that
// are not known to be gone.
func (m *Model) present(asked []string) []string {
	if len(asked) == 0 {
		asked = m.server.models()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []string
	for _, model := range asked {
		if !m.server.now().Before(m.gone[model]) {
			list = append(list, model)
		}
	}
	return list
}

// pass remembers that a model is gone.
func (m *Model) pass(model string, why *conversation.ModelError) {
	m.mu.Lock()
	m.gone[model] = m.server.now().Add(goneFor)
	m.mu.Unlock()
	m.server.Logger.Error("model is gone or not permitted", "model", model, "error", why.Err)
}

// ask puts the request to one model, again without what its server refuses, and again when the
// server was only busy.
func (m *Model) ask(ctx context.Context, model string, req conversation.ModelRequest, call *Call, start time.Time, emit func(string)) (conversation.ModelReply, error) {
	var reply conversation.ModelReply
	err := m.server.repeat(ctx, &call.Attempts, func(ctx context.Context) (bool, error) {
		for {
			params, sent, err := m.build(model, req)
			if err != nil {
				return false, &conversation.ModelError{Kind: conversation.ErrBadRequest, Err: err}
			}
			var a answer
			err = m.once(ctx, params, &a, func(delta string) {
				if call.First == 0 {
					call.First = m.server.now().Sub(start)
				}
				emit(delta)
			})
			var api *apiError
			if errors.As(err, &api) && !a.shown() && m.refused.learn(model, api, sent) {
				m.server.Logger.InfoContext(ctx, "the model server refuses a parameter, leaving it out from now on",
					"model", model, "parameter", api.refused(sent))
				call.Attempts++
				continue
			}
			if errors.As(err, &api) && !a.shown() && pictured(req) {
				if blind := m.refusedPictures(model, api); blind != nil {
					return false, blind
				}
			}
			if err == nil || a.shown() {
				reply = a.reply(model, req)
				m.price(&reply)
			}
			return a.shown(), err
		}
	})
	return reply, err
}

// once sends one request and reads its stream into a.
func (m *Model) once(ctx context.Context, params sdk.ChatCompletionNewParams, a *answer, emit func(string)) error {
	ctx = context.WithValue(ctx, streaming{}, true)
	stream := m.chat.NewStreaming(ctx, params)
	defer stream.Close()
	for stream.Next() {
		if err := a.add(stream.Current(), emit); err != nil {
			return err
		}
	}
	return stream.Err()
}

// price adds the cost of the reply's usage, if the model's prices are known.
func (m *Model) price(reply *conversation.ModelReply) {
	u := &reply.Usage
	u.CostMicros, _ = m.server.cost(reply.Model, u.InputTokens, u.CachedTokens, u.OutputTokens)
}
