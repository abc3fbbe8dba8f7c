package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

const (
	// maxAsks is how many questions are answered for staff at once by this process:
	// customers come first.
	maxAsks = 4
	// askAgain is when to ask again that found no place, in seconds.
	askAgain = 5
	// maxAskBytes bounds the question.
	maxAskBytes = 8 << 10
	// maxAskInstructions bounds instructions that are tried out, in characters.
	maxAskInstructions = 20_000
	// maxAskTokens bounds a token budget that is tried out: the context of most models.
	maxAskTokens = 128_000
)

// Asks answers a question as the bot would; the engine does.
type Asks interface {
	Ask(ctx context.Context, req conversation.AskRequest, w conversation.AskWatcher) (conversation.Asked, error)
}

type askRequest struct {
	Question     string         `json:"question"`
	History      []askSaid      `json:"history,omitempty"`
	Model        string         `json:"model,omitempty"`
	Instructions *string        `json:"instructions,omitempty"`
	Thresholds   *askThresholds `json:"thresholds,omitempty"`
	Tokens       *askTokens     `json:"tokens,omitempty"`
}

type askSaid struct {
	Author conversation.Author `json:"author"` // customer, bot or staff
	Text   string              `json:"text"`
}

type askThresholds struct {
	Answer float64 `json:"answer"`
	Offer  float64 `json:"offer"`
}

// askTokens is a token budget; what is 0 is as it is set.
type askTokens struct {
	Total    int `json:"total,omitempty"`
	Answer   int `json:"answer,omitempty"`
	Passages int `json:"passages,omitempty"`
	Images   int `json:"images,omitempty"`
}

// askHitView is a passage with what becomes of it.
type askHitView struct {
	HitView
	Fate string            `json:"fate"` // sent or cut
	Why  conversation.Fate `json:"why"`  // of sent: cited, sent or offered; of cut: no_room, below_threshold, outscored, unused
}

type askFoundView struct {
	ResultView
	Passages []askHitView `json:"passages"` // in place of ResultView's
}

type askPromptView struct {
	Messages  []promptMessageView       `json:"messages"`
	Tools     []toolView                `json:"tools"`
	MaxTokens int                       `json:"max_tokens"`
	Tokens    conversation.PromptTokens `json:"tokens"`
}

type promptMessageView struct {
	Role conversation.Role `json:"role"`
	Text string            `json:"text"`
}

type toolView struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
}

type askDeltaView struct {
	Text string `json:"text"`
}

type askAnswerView struct {
	Kind       conversation.Kind      `json:"kind"`
	Decision   conversation.Decision  `json:"decision"`
	Text       string                 `json:"text"`
	Sources    []conversation.Source  `json:"sources"`
	Options    []string               `json:"options,omitempty"`
	Reason     conversation.Reason    `json:"reason,omitempty"` // why a person would be called
	Query      string                 `json:"query"`
	Rewritten  bool                   `json:"rewritten"`
	Confidence float64                `json:"confidence"`
	Model      string                 `json:"model,omitempty"`
	Failure    conversation.ErrorKind `json:"failure,omitempty"` // why no model answered although there is one
	Calls      int                    `json:"calls"`             // of models
	Usage      askUsageView           `json:"usage"`             // of all calls
	CostUSD    float64                `json:"cost_usd"`
	TookMS     int64                  `json:"took_ms"`
	FirstMS    *int64                 `json:"first_ms"` // until the first delta; null without one
}

type askUsageView struct {
	InputTokens  int `json:"input_tokens"`
	CachedTokens int `json:"cached_tokens"`
	OutputTokens int `json:"output_tokens"`
}

// ask streams how the bot would answer a question: found, prompt, delta (discard takes
// all of them back), answer; or error. Without a model there are found and answer.
func (c *Console) ask(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	var in askRequest
	if err := readJSON(w, r, &in); err != nil {
		return err
	}
	req, err := c.askRequest(in, who)
	if err != nil {
		return err
	}
	select {
	case c.asking <- struct{}{}:
		defer func() { <-c.asking }()
	default:
		p := problem(http.StatusTooManyRequests, "busy", "Other questions are just being asked. Try again in a moment.")
		p.retryAfter = askAgain
		return p
	}
	ctx, cancel := context.WithCancel(r.Context())
	var stopped sync.WaitGroup
	defer stopped.Wait()
	defer cancel()
	stopped.Go(func() {
		select {
		case <-c.stopping:
			cancel()
		case <-ctx.Done():
		}
	})
	s := &askStream{stream: stream{c: c, w: w, rc: http.NewResponseController(w)}, end: cancel}
	s.rc.SetReadDeadline(time.Time{})
	out, err := c.asks.Ask(ctx, req, s)
	if errors.Is(err, conversation.ErrBudget) {
		err = problem(http.StatusUnprocessableEntity, "budget", "The instructions, the answer and a question do not fit the token budget.")
	}
	switch {
	case err == nil:
		s.send("answer", viewAsked(out))
	case ctx.Err() != nil && s.begun: // whoever asked is gone, or the server stops
	case ctx.Err() != nil && r.Context().Err() == nil:
		p := problem(http.StatusServiceUnavailable, "stopping", "The server is just stopping. Try again in a moment.")
		p.retryAfter = askAgain
		return p
	case !s.begun:
		return err
	default:
		p, internal := status(err)
		if internal {
			c.log.ErrorContext(r.Context(), "question not answered", "error", err)
		}
		if p.Title == "" {
			p.Title = http.StatusText(p.Status)
		}
		p.Type = "about:blank"
		s.send("error", p)
	}
	return nil
}

// askRequest checks a request. Only an admin may name a model that is not in use: each
// has its price.
func (c *Console) askRequest(in askRequest, who staff.Principal) (conversation.AskRequest, error) {
	var req conversation.AskRequest
	bad := func(code, detail string) (conversation.AskRequest, error) {
		return req, problem(http.StatusUnprocessableEntity, code, detail)
	}
	if len(in.Question) > maxAskBytes {
		return bad("too_long", "The question is longer than "+strconv.Itoa(maxAskBytes)+" bytes.")
	}
	if len(in.History) > maxHistory {
		return bad("bad_history", "The history has at most "+strconv.Itoa(maxHistory)+" messages.")
	}
	req.Question, req.Instructions = storable(in.Question), in.Instructions
	for _, h := range in.History {
		if h.Author != conversation.AuthorCustomer && h.Author != conversation.AuthorBot && h.Author != conversation.AuthorStaff {
			return bad("bad_history", "The author of a message is customer, bot or staff.")
		}
		text, err := conversation.Clean(h.Text)
		if err != nil {
			return req, err
		}
		req.History = append(req.History, conversation.Message{Author: h.Author, Text: text})
	}
	if in.Model != "" {
		var names []string
		for _, m := range c.models() {
			if slices.Contains(m.Tasks, string(conversation.TaskAnswer)) {
				names = append(names, m.Name)
			}
		}
		switch {
		case len(names) == 0:
			return req, conversation.ErrNoModel
		case !slices.Contains(names, in.Model) && who.Role != staff.RoleAdmin:
			return bad("bad_model", "The model is none of those in use. An admin may name any.")
		case utf8.RuneCountInString(in.Model) > maxNameRunes:
			return bad("bad_model", "The name of the model is too long.")
		}
		req.Model = in.Model
	}
	if in.Instructions != nil && utf8.RuneCountInString(*in.Instructions) > maxAskInstructions {
		return bad("too_long", "The instructions are longer than "+strconv.Itoa(maxAskInstructions)+" characters.")
	}
	if t := in.Thresholds; t != nil {
		if !(0 <= t.Offer && t.Offer <= t.Answer && t.Answer <= 1) || t.Answer == 0 {
			return bad("bad_thresholds", "The thresholds are numbers from 0 to 1, and answer is above 0 and at least offer.")
		}
		req.Thresholds = &conversation.Thresholds{Answer: t.Answer, Maybe: t.Offer}
	}
	if t := in.Tokens; t != nil {
		if min(t.Total, t.Answer, t.Passages, t.Images) < 0 || max(t.Total, t.Answer, t.Passages, t.Images) > maxAskTokens {
			return bad("bad_tokens", "Numbers of tokens are from 0 to "+strconv.Itoa(maxAskTokens)+".")
		}
		req.Budget = &conversation.Budget{Total: t.Total, Answer: t.Answer, Passages: t.Passages, Images: t.Images}
	}
	return req, nil
}

// askStream writes what a watcher is told. A client that does not take it ends the question.
type askStream struct {
	stream
	end   context.CancelFunc
	begun bool
}

func (s *askStream) send(kind string, v any) {
	if !s.begun {
		s.begun = true
		h := s.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no") // nginx would hold events back
		s.w.WriteHeader(http.StatusOK)
	}
	if s.event(kind, v) != nil {
		s.end()
	}
}

// Found implements conversation.AskWatcher.
func (s *askStream) Found(r knowledge.Result, th conversation.Thresholds, hits []conversation.TracedHit) {
	v := askFoundView{ResultView: ViewResult(r), Passages: make([]askHitView, len(r.Hits))}
	v.AnswerFrom, v.MaybeFrom = th.Answer, th.Maybe
	for i, h := range v.ResultView.Passages {
		v.Passages[i] = askHitView{HitView: h, Fate: "cut"}
		if i < len(hits) {
			v.Passages[i].Why = hits[i].Fate
		}
		switch v.Passages[i].Why {
		case conversation.FateCited, conversation.FateSent, conversation.FateOffered:
			v.Passages[i].Fate = "sent"
		}
	}
	s.send("found", v)
}

// Prompted implements conversation.AskWatcher.
func (s *askStream) Prompted(p conversation.Prompt) {
	v := askPromptView{Messages: make([]promptMessageView, len(p.Request.Messages)), Tools: []toolView{}, MaxTokens: p.Request.MaxTokens, Tokens: p.Tokens}
	for i, m := range p.Request.Messages {
		v.Messages[i] = promptMessageView{m.Role, m.Text}
	}
	for _, t := range p.Request.Tools {
		v.Tools = append(v.Tools, toolView{t.Name, t.Description, t.Parameters})
	}
	s.send("prompt", v)
}

// Delta implements conversation.AskWatcher.
func (s *askStream) Delta(text string) { s.send("delta", askDeltaView{text}) }

// Discard implements conversation.AskWatcher.
func (s *askStream) Discard() { s.send("discard", struct{}{}) }

func viewAsked(a conversation.Asked) askAnswerView {
	v := askAnswerView{Kind: a.Trace.Kind, Decision: a.Trace.Decision, Text: a.Text(), Sources: append([]conversation.Source{}, a.Sources()...),
		Reason: a.Reason, Query: a.Trace.Query, Rewritten: a.Trace.Rewritten, Confidence: a.Trace.Confidence, Model: a.Trace.Model,
		Failure: a.Trace.Error, Calls: len(a.Calls), CostUSD: float64(a.Trace.Cost) / 1e6, TookMS: a.Took.Milliseconds()}
	for _, m := range a.Messages {
		for _, o := range m.Options {
			v.Options = append(v.Options, o.Text)
		}
	}
	for _, k := range a.Calls {
		v.Usage.InputTokens += k.Usage.InputTokens
		v.Usage.CachedTokens += k.Usage.CachedTokens
		v.Usage.OutputTokens += k.Usage.OutputTokens
	}
	if a.First > 0 {
		ms := a.First.Milliseconds()
		v.FirstMS = &ms
	}
	return v
}
