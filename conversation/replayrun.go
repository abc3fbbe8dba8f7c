package conversation

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"frontdesk/knowledge"
)

// The ways of a replay.
const (
	WayWhole        = "whole dialogue" // nothing trimmed
	WaySourcesFirst = "whole, passages before the dialogue"
	WayTrimmed      = "trimmed"
	WaySummary      = "trimmed, running summary"
	WayProduct      = "and verbatim answers" // as the bot works
)

// purposeReplay is what a replay's calls are booked under.
const purposeReplay = "replay"

// Encoder is what a Counter may do besides: give the tokens themselves.
type Encoder interface {
	// Encode appends the tokens of s to dst.
	Encode(dst []int, s string) []int
}

// ReplayDeps are what a replay works with. Model may be nil: then tokens are counted and
// nothing is asked.
type ReplayDeps struct {
	Finder  Finder
	Counter interface {
		Counter
		Encoder
	}
	Model    Model
	Purse    *Purse    // pays for Model
	Settings *Settings // whose prompt and models it goes by; nil: those of the Config
	Log      *slog.Logger
}

// Replayer makes the prompts that recorded dialogues would have had, several ways.
type Replayer struct {
	d        ReplayDeps
	cfg      Config
	prompter *Prompter
	whole    *Prompter // with room for everything
	ways     []*replayWay
	report   ReplayReport
	bill     ReplayBill
}

// replayWay is one way at work.
type replayWay struct {
	ReplayWay
	before []int // the tokens of the prompt before, over all dialogues

	summary    string // of the dialogue at hand
	summarySeq int64
}

// NewReplayer returns ErrBudget as New does.
func NewReplayer(cfg Config, d ReplayDeps) (*Replayer, error) {
	cfg.defaults()
	if d.Settings == nil {
		d.Settings = cfg.settings()
	}
	system := d.Settings.Bot.SystemPrompt()
	p, err := NewPrompter(system, cfg.Budget, d.Counter)
	if err != nil {
		return nil, err
	}
	large := cfg.Budget
	large.Total = 1 << 30
	whole, err := NewPrompter(system, large, d.Counter)
	if err != nil {
		return nil, err
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	r := &Replayer{d: d, cfg: cfg, prompter: p, whole: whole}
	for _, name := range []string{WayWhole, WaySourcesFirst, WayTrimmed, WaySummary, WayProduct} {
		r.ways = append(r.ways, &replayWay{ReplayWay: ReplayWay{Name: name}})
	}
	return r, nil
}

// Play makes the prompts of one dialogue: of each of the customer's turns, after what
// was said before as it was recorded.
func (r *Replayer) Play(ctx context.Context, d Dialogue) error {
	r.report.Dialogues++
	for _, w := range r.ways {
		w.summary, w.summarySeq = "", 0
	}
	var log []Message
	for i := 0; i < len(d.Messages); {
		var words []string
		for ; i < len(d.Messages) && d.Messages[i].Author == AuthorCustomer; i++ {
			words = append(words, d.Messages[i].Text)
		}
		if len(words) > 0 {
			if err := r.turn(ctx, d.ID, log, strings.Join(words, "\n")); err != nil {
				return fmt.Errorf("dialogue %s: %w", d.ID, err)
			}
			log = append(log, Message{Seq: int64(len(log) + 1), Author: AuthorCustomer, Text: strings.Join(words, "\n")})
		}
		for ; i < len(d.Messages) && d.Messages[i].Author != AuthorCustomer; i++ {
			log = append(log, Message{Seq: int64(len(log) + 1), Author: d.Messages[i].Author, Text: d.Messages[i].Text})
		}
	}
	return nil
}

func (r *Replayer) turn(ctx context.Context, id string, history []Message, words string) error {
	find, cancel := context.WithTimeout(ctx, r.cfg.FindTimeout)
	defer cancel()
	found, err := r.d.Finder.Find(find, knowledge.Query{Text: words, History: said(history)})
	if err != nil {
		return fmt.Errorf("find passages: %w", err)
	}
	r.report.Turns++
	for _, w := range r.ways {
		switch w.Name {
		case WayWhole:
			r.take(w, r.whole.Build(history, words, found.Hits, "").Request.Messages)
		case WaySourcesFirst:
			r.take(w, sourcesFirst(r.whole.Build(history, words, found.Hits, "").Request.Messages))
		case WayTrimmed:
			r.take(w, r.prompter.Build(history, words, found.Hits, "").Request.Messages)
		default:
			if w.Name == WayProduct && verbatim(found) != nil {
				continue // no model is asked
			}
			if err := r.summarised(ctx, w, id, history, words, found); err != nil {
				return err
			}
		}
	}
	return nil
}

// summarised takes the prompt with the running summary, and makes the next one where the
// bot would.
func (r *Replayer) summarised(ctx context.Context, w *replayWay, id string, history []Message, words string, found knowledge.Result) error {
	a := &answering{t: Turn{Summary: w.summary, SummarySeq: w.summarySeq}, history: history}
	rest := a.unsummarised()
	p := r.prompter.Build(rest, words, found.Hits, w.summary)
	r.take(w, p.Request.Messages)
	asked := w.Name == WayProduct && r.d.Model != nil
	if asked {
		p.Request.User = id
		if _, err := r.ask(ctx, TaskAnswer, p.Request); err != nil {
			return err
		}
	}
	plan, ok := a.trimmed(rest, len(rest)-p.Tokens.Trimmed)
	if !ok {
		return nil
	}
	req := (&Engine{d: Deps{Counter: r.d.Counter}}).recapRequest(plan)
	text := ""
	if asked {
		reply, err := r.ask(ctx, TaskSummary, req)
		if err != nil {
			return err
		}
		text = strings.TrimSpace(r.d.Counter.Truncate(reply.Text, summaryTokens))
	}
	if text == "" {
		// As long as a summary may be: what one saves is not made up here.
		text = r.d.Counter.Truncate(req.Messages[1].Text, summaryTokens)
	}
	w.Summaries++
	w.SummaryTokens += promptTokens(r.d.Counter, req) + r.d.Counter.Count(text)
	w.summary, w.summarySeq = text, plan.through
	return nil
}

// ask has the model answer. What it says of an answer is the record's, so that it is
// dropped; a failure is counted, and only the context's end is an error.
func (r *Replayer) ask(ctx context.Context, t Task, req ModelRequest) (ModelReply, error) {
	reply, call, err := r.d.Purse.Stream(ctx, r.d.Model, Account{}, purposeReplay, r.d.Settings.request(t, req), func(string) {})
	if call.Purpose != "" {
		r.d.Purse.book(ctx, []Call{call})
	}
	r.bill.Calls++
	u := call.Usage
	r.bill.Input, r.bill.Cached, r.bill.Output, r.bill.Micros = r.bill.Input+u.InputTokens, r.bill.Cached+u.CachedTokens, r.bill.Output+u.OutputTokens, r.bill.Micros+u.CostMicros
	if err != nil {
		if ctx.Err() != nil {
			return reply, ctx.Err()
		}
		r.bill.Failed++
		r.d.Log.Warn("replayed call failed", "err", err)
	}
	return reply, nil
}
