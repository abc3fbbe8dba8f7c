package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// SettingsPreview is what settings that are not stored would come to.
type SettingsPreview struct {
	Prompt string // the system prompt
	Fixed  int    // tokens of what is the same in every prompt, and
	Room   int    // those left for passages, history and the customer's words
}

// PreviewSettings returns the system prompt that sections would make, each an object of
// its fields or nil for what holds now. Nothing is stored. *SettingError.
func (e *Engine) PreviewSettings(ctx context.Context, bot, tokens json.RawMessage) (SettingsPreview, error) {
	cur, err := e.readSettings(ctx)
	if err != nil {
		return SettingsPreview{}, err
	}
	next := *cur
	last := sectionBot
	for _, part := range []struct {
		name string
		raw  json.RawMessage
	}{{sectionBot, bot}, {sectionTokens, tokens}} {
		if part.raw == nil {
			continue
		}
		last = part.name
		sec, _ := sectionOf(part.name)
		if err := sec.read(&next, e.settings.defaults, part.raw, true); err != nil {
			return SettingsPreview{}, err
		}
	}
	if err := e.fit(&next, cur); err != nil {
		return SettingsPreview{}, &SettingError{Section: last, Field: tight(last), Text: "does not fit the rest: " + explain(err)}
	}
	p := next.prompter
	return SettingsPreview{Prompt: p.system, Fixed: p.fixed, Room: p.budget.Total - p.budget.Answer - p.fixed}, nil
}

// ModelTest is how a trial of a model went.
type ModelTest struct {
	Model string // that answered, or the first that was to
	Took  time.Duration
	Usage Usage
	Error *ModelError // nil when it answered
}

// What one trial asks, and how many tokens it may be answered with: enough for models
// that say a little more than they are asked to.
const (
	trialSystem = "You test whether a connection works."
	trialWords  = "Reply with the one word: ready"
	trialTokens = 32
)

// ErrNoTask is returned for a task that does not exist.
var ErrNoTask = errors.New("conversation: no such task")

// TryModel makes one small real call as a task would, with a section of models that is
// not stored, or with those that hold when it is nil; whether they are enabled does not
// matter. The call is booked. ErrNoTask, *SettingError, ErrNoModel, ErrHelpBusy.
func (e *Engine) TryModel(ctx context.Context, t Task, models json.RawMessage) (ModelTest, error) {
	if taskIsNone(t) {
		return ModelTest{}, ErrNoTask
	}
	cur, err := e.readSettings(ctx)
	if err != nil {
		return ModelTest{}, err
	}
	next := *cur
	if models != nil {
		sec, _ := sectionOf(sectionModels)
		if err := sec.read(&next, e.settings.defaults, models, true); err != nil {
			return ModelTest{}, err
		}
		e.pin(&next)
	}
	if e.d.Model == nil {
		return ModelTest{}, ErrNoModel
	}
	select {
	case e.helping <- struct{}{}:
		defer func() { <-e.helping }()
	default:
		return ModelTest{}, ErrHelpBusy
	}
	ctx, cancel := context.WithTimeout(ctx, helpTimeout)
	defer cancel()
	req := next.request(t, ModelRequest{
		Messages:  []PromptMessage{{Role: RoleSystem, Text: trialSystem}, {Role: RoleUser, Text: trialWords}},
		MaxTokens: trialTokens,
	})
	out := ModelTest{}
	if len(req.Models) > 0 {
		out.Model = req.Models[0]
	}
	reply, call, err := e.purse.Stream(ctx, e.d.Model, Account{}, "test", req, func(string) {})
	if call.Purpose != "" {
		e.purse.book(ctx, []Call{call})
	}
	out.Took, out.Usage = call.Duration, reply.Usage
	if reply.Model != "" {
		out.Model = reply.Model
	}
	switch {
	case err == nil || errors.As(err, &out.Error):
		return out, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		out.Error = &ModelError{Kind: ErrTimeout, Err: errors.New("there was no answer in time")}
		return out, nil
	}
	return out, err
}

func taskIsNone(t Task) bool {
	for _, known := range Tasks() {
		if t == known {
			return false
		}
	}
	return true
}
