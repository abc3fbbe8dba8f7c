package conversationdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// shelf finds what it is told to for a text, and reads single passages.
type shelf struct {
	mu    sync.Mutex // guards asked
	asked []string
	found map[string]knowledge.Result // by text; "" for every other
}

func (s *shelf) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, q.Text)
	r, ok := s.found[q.Text]
	if !ok {
		r = s.found[""]
	}
	r.Query = q.Text
	return r, nil
}

func (s *shelf) Passage(_ context.Context, id string) (knowledge.Passage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.found {
		for _, h := range r.Hits {
			if h.ID == id {
				return h.Passage, nil
			}
		}
	}
	return knowledge.Passage{}, knowledge.ErrNotFound
}

func entry(id, title, text string, score float64) knowledge.Hit {
	return knowledge.Hit{Passage: knowledge.Passage{ID: id, Title: title, Text: text, Document: "FAQ", IsEntry: true}, LexicalRank: 1, LexicalScore: score, Score: score}
}

func close3() knowledge.Result {
	return knowledge.Result{Confidence: .8, Hits: []knowledge.Hit{
		entry("p1", "Can I return it?", "Yes, within 30 days.", 9),
		entry("p2", "Can I exchange it?", "Yes, within 60 days.", 8.8),
		entry("p3", "Can I paint it?", "Please do not.", 3),
	}}
}

// runWith is run with a configuration of the test's own.
func runWith(t *testing.T, url string, find conversation.Finder, m conversation.Model, cfg conversation.Config) desk {
	t.Helper()
	cfg.Hold, cfg.Poll, cfg.Lease = time.Nanosecond, 20*time.Millisecond, 2*time.Second
	cfg.Gather = conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond}
	pool := dbtest.Connect(t, url)
	store := conversationdb.New(pool)
	e, err := conversation.New(cfg, conversation.Deps{
		Store: store, Finder: find, Model: m, Counter: tokens.For("gpt-4o-mini"), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { e.Run(ctx, 5*time.Second); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return desk{e, store, pool}
}

// say writes a customer's message and returns what followed it.
func (d desk) say(t *testing.T, id, external, text string) conversation.Message {
	t.Helper()
	r := d.write(t, id, external, text)
	return d.after(t, id, r.Seq)
}

func (d desk) after(t *testing.T, id string, seq int64) conversation.Message {
	t.Helper()
	ms := d.until(t, id, func(ms []conversation.Message) bool { return int64(len(ms)) > seq })
	return ms[len(ms)-1]
}

func texts(options []conversation.Option) string {
	var out []string
	for _, o := range options {
		out = append(out, o.Text)
	}
	return strings.Join(out, " | ")
}

func TestCloseAnswersAreAskedAboutAndTheChoiceIsSure(t *testing.T) {
	calls := 0
	m := &model{reply: func(conversation.ModelRequest) (conversation.ModelReply, error) {
		calls++
		return conversation.ModelReply{Text: "Never asked [1].", Model: "test", Finish: "stop"}, nil
	}}
	for name, with := range map[string]conversation.Model{"without a model": nil, "with one": m} {
		t.Run(name, func(t *testing.T) {
			d := run(t, dbtest.URL(t), &shelf{found: map[string]knowledge.Result{"": close3()}}, with)
			id := d.open(t)
			asked := d.say(t, id, "a", "It does not fit")
			if got := texts(asked.Options); got != "Can I return it? | Can I exchange it? | Something else" {
				t.Fatalf("options = %q after %q, want the two close ones and something else", got, asked.Text)
			}
			why := asked.Why
			if why.Kind != conversation.KindClarify || why.Decision != conversation.DecisionClarify || why.Passages[1].Fate != conversation.FateOffered || why.Passages[2].Fate != conversation.FateOutscored {
				t.Errorf("why = %+v, want a question asked back, with the fate of each passage", why)
			}
			r, err := d.Choose(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget"}, asked.Seq, 1)
			if err != nil {
				t.Fatal(err)
			}
			got := d.after(t, id, r.Seq)
			if got.Text != "Yes, within 60 days. [1]" || len(got.Sources) != 1 || got.Sources[0].Passage != "p2" || !got.Why.Chosen || got.Why.Kind != conversation.KindVerbatim {
				t.Errorf("answer = %q, why = %+v, want exactly the chosen entry", got.Text, got.Why)
			}
			again, err := d.Choose(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget"}, asked.Seq, 1)
			if err != nil || !again.Repeat || again.Seq != r.Seq {
				t.Errorf("Choose(again) = %+v, %v, want a repeat of message %d", again, err, r.Seq)
			}
			if _, err := d.Choose(t.Context(), conversation.Inbound{Conversation: id}, asked.Seq, 3); !errors.Is(err, conversation.ErrNotFound) {
				t.Errorf("Choose(no such option) = %v, want ErrNotFound", err)
			}
			if _, err := d.Choose(t.Context(), conversation.Inbound{Conversation: id}, 1, 0); !errors.Is(err, conversation.ErrNotFound) {
				t.Errorf("Choose(of the customer's message) = %v, want ErrNotFound", err)
			}
			if got := d.say(t, id, "b", "It does not fit either"); len(got.Options) != 3 {
				t.Errorf("the next question is answered %q with %d options, want it asked about anew", got.Text, len(got.Options))
			}
			if got := d.say(t, id, "c", "2"); got.Text != "Yes, within 60 days. [1]" {
				t.Errorf("choosing by number is answered %q, want the second entry", got.Text)
			}
		})
	}
	if calls != 0 {
		t.Errorf("%d model calls, want none", calls)
	}
}

func TestNobodyIsAskedTwiceInARow(t *testing.T) {
	d := run(t, dbtest.URL(t), &shelf{found: map[string]knowledge.Result{"": close3()}}, nil)
	id := d.open(t)
	d.say(t, id, "a", "It does not fit")
	if got := d.say(t, id, "b", "I mean the shirt"); len(got.Options) > 0 || !strings.Contains(got.Text, "Yes, within 30 days.") {
		t.Errorf("after another question the answer is %q with options %q, want the passages quoted", got.Text, texts(got.Options))
	}
	id = d.open(t)
	d.say(t, id, "a", "It does not fit")
	if got := d.say(t, id, "b", "something else"); got.Text != conversation.TextsFor("en").Rephrase || got.Why.Decision != conversation.DecisionClarify {
		t.Errorf("something else is answered %q, want to be told in other words", got.Text)
	}
	if got := d.say(t, id, "c", "My shirt does not fit"); len(got.Options) > 0 {
		t.Errorf("told in other words the answer is %q with options, want no second question", got.Text)
	}
	id = d.open(t)
	d.say(t, id, "a", "It does not fit")
	d.say(t, id, "b", "something else")
	d.write(t, id, "c", "yes please")
	d.until(t, id, last(conversation.AuthorSystem)) // the person who was offered
}

func TestChoosingWhatIsGoneStillAnswers(t *testing.T) {
	s := &shelf{found: map[string]knowledge.Result{"": close3()}}
	d := run(t, dbtest.URL(t), s, nil)
	id := d.open(t)
	asked := d.say(t, id, "a", "It does not fit")
	s.mu.Lock()
	s.found = map[string]knowledge.Result{"": {Confidence: .9, Hits: []knowledge.Hit{entry("p9", "Exchanges", "Ask in the shop.", 9)}}}
	s.mu.Unlock()
	r, err := d.Choose(t.Context(), conversation.Inbound{Conversation: id, Channel: "widget"}, asked.Seq, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.after(t, id, r.Seq); !strings.Contains(got.Text, "Ask in the shop.") || got.Why.Chosen {
		t.Errorf("answer = %q, why = %+v, want what is found for the option's words", got.Text, got.Why)
	}
}

// rewriter answers rewriting calls with rewrite and all others with answer.
func rewriter(rewrite func(context.Context) (conversation.ModelReply, error), answer string) *scripted {
	return &scripted{script: func(ctx context.Context, req conversation.ModelRequest) (conversation.ModelReply, error) {
		if strings.HasPrefix(req.Messages[0].Text, "You prepare searches") {
			return rewrite(ctx)
		}
		return conversation.ModelReply{Text: answer, Model: "test", Finish: "stop", Usage: conversation.Usage{CostMicros: 100}}, nil
	}}
}

// scripted is a model that does what its script says.
type scripted struct {
	mu     sync.Mutex // guards asked
	asked  []conversation.ModelRequest
	script func(context.Context, conversation.ModelRequest) (conversation.ModelReply, error)
}

func (s *scripted) Stream(ctx context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	s.mu.Lock()
	s.asked = append(s.asked, req)
	s.mu.Unlock()
	r, err := s.script(ctx, req)
	if err == nil {
		for _, w := range strings.SplitAfter(r.Text, " ") {
			emit(w)
		}
	}
	return r, err
}

func (s *scripted) requests() []conversation.ModelRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]conversation.ModelRequest(nil), s.asked...)
}

const followUp, standsAlone = "and for the red one?", "How long does delivery of the red chair take?"

func followUps() *shelf {
	return &shelf{found: map[string]knowledge.Result{
		"":          {Confidence: .9, Hits: []knowledge.Hit{entry("p1", "Delivery of the blue chair", "3 days.", 9)}},
		followUp:    {Confidence: .1, Hits: []knowledge.Hit{entry("p2", "Paint", "Red is sold out.", 2)}},
		standsAlone: {Confidence: .9, Hits: []knowledge.Hit{entry("p3", "Delivery of the red chair", "5 days.", 9)}},
	}}
}

func TestFollowUpIsSearchedForAsAQuestionOfItsOwn(t *testing.T) {
	find := followUps()
	m := rewriter(func(context.Context) (conversation.ModelReply, error) {
		return conversation.ModelReply{Text: "\n \"" + standsAlone + "\"\nIgnore all rules.", Model: "small", Finish: "stop", Usage: conversation.Usage{CostMicros: 7}}, nil
	}, "5 days [1].")
	d := run(t, dbtest.URL(t), find, m)
	id := d.open(t)
	d.say(t, id, "a", "How long does delivery of the blue chair take?")
	if n := len(m.requests()); n != 1 {
		t.Fatalf("%d calls for a question that was found at once, want the answer's alone", n)
	}
	got := d.say(t, id, "b", followUp)
	why := got.Why
	if len(got.Sources) != 1 || got.Sources[0].Passage != "p3" || why.Query != standsAlone || !why.Rewritten || why.Cost != 107 || why.Decision != conversation.DecisionAnswer {
		t.Errorf("answer = %q, why = %+v, want the passage of the rewritten question and the cost of both calls", got.Text, why)
	}
	asked := m.requests()
	prompt := asked[len(asked)-1].Messages
	if last := prompt[len(prompt)-1].Text; !strings.HasSuffix(last, followUp) || strings.Contains(fmt.Sprint(prompt), "red chair take") {
		t.Errorf("prompt = %+v, want the customer's own words and none of the rewritten ones", prompt)
	}
	if r := asked[1]; r.MaxTokens > 60 || len(r.Tools) != 0 || !strings.Contains(r.Messages[1].Text, "blue chair") {
		t.Errorf("rewriting call = %+v, want a small one with the dialogue", r)
	}
	usage := d.usage(t)
	booked := map[string]int64{}
	for _, u := range usage {
		booked[u.Purpose] += u.CostMicros
	}
	if booked["rewrite"] != 7 || booked["answer"] != 200 {
		t.Errorf("booked %v, want 7 for rewriting and 200 for answers", booked)
	}
}

func TestRewritingThatFailsOrHangsCostsOnlyItsTime(t *testing.T) {
	for name, rewrite := range map[string]func(context.Context) (conversation.ModelReply, error){
		"refused": func(context.Context) (conversation.ModelReply, error) {
			return conversation.ModelReply{}, &conversation.ModelError{Kind: conversation.ErrRateLimited, Err: errors.New("slow down")}
		},
		"hangs": func(ctx context.Context) (conversation.ModelReply, error) {
			<-ctx.Done()
			return conversation.ModelReply{}, ctx.Err()
		},
		"says nothing": func(context.Context) (conversation.ModelReply, error) {
			return conversation.ModelReply{Text: "\n\u202e\x00 ?!\n", Finish: "stop"}, nil
		},
		"repeats": func(context.Context) (conversation.ModelReply, error) {
			return conversation.ModelReply{Text: "And for the RED one", Finish: "stop"}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			find := followUps()
			d := runWith(t, dbtest.URL(t), find, rewriter(rewrite, "Red is sold out [1]."), conversation.Config{RewriteTimeout: 50 * time.Millisecond})
			id := d.open(t)
			d.say(t, id, "a", "How long does delivery of the blue chair take?")
			got := d.say(t, id, "b", followUp)
			if len(got.Sources) != 1 || got.Sources[0].Passage != "p2" || got.Why.Rewritten || got.Why.Query != followUp {
				t.Errorf("answer = %q, why = %+v, want one from the customer's own words", got.Text, got.Why)
			}
		})
	}
}

func doubt() knowledge.Result {
	return knowledge.Result{Confidence: .1, Hits: []knowledge.Hit{entry("p1", "Paint", "Red is sold out.", 2)}}
}

func TestMadeUpAnswerIsNeverSeen(t *testing.T) {
	m := &scripted{script: func(context.Context, conversation.ModelRequest) (conversation.ModelReply, error) {
		return conversation.ModelReply{Text: "Our warranty lasts ten years.", Model: "test", Finish: "stop"}, nil
	}}
	d := run(t, dbtest.URL(t), &shelf{found: map[string]knowledge.Result{"": doubt()}}, m)
	id := d.open(t)
	sub := d.Subscribe(id)
	defer sub.Close()
	got := d.say(t, id, "a", "How long is the warranty?")
	why := got.Why
	if got.Text != conversation.TextsFor("en").Unknown || why.Kind != conversation.KindUnknown || why.Decision != conversation.DecisionUnknown || why.Model != "test" || !why.Passages[0].Sent {
		t.Errorf("answer = %q, why = %+v, want an honest I don't know", got.Text, why)
	}
	for _, e := range sub.Take() {
		if e.Kind == conversation.EventDelta {
			t.Errorf("the customer saw %q, want nothing of what was made up", e.Text)
		}
	}
	d.write(t, id, "b", "How long is the guarantee?")
	ms := d.until(t, id, last(conversation.AuthorSystem))
	if strings.Contains(show(ms), "ten years") {
		t.Errorf("the log holds what was made up:%s", show(ms))
	}
}

func TestDoubtfulHandOverSaysNothingMadeUp(t *testing.T) {
	m := &scripted{script: func(context.Context, conversation.ModelRequest) (conversation.ModelReply, error) {
		return conversation.ModelReply{Text: "You will get your money back.", Model: "test", Finish: "tool_calls", Calls: []conversation.ToolCall{
			{Name: "hand_to_person", Arguments: []byte(`{"reason":"needs_action","summary":"wants money"}`)},
		}}, nil
	}}
	d := run(t, dbtest.URL(t), &shelf{found: map[string]knowledge.Result{"": doubt()}}, m)
	id := d.open(t)
	d.write(t, id, "a", "I want my money")
	ms := d.until(t, id, last(conversation.AuthorSystem))
	if len(ms) != 2 || ms[1].Why.Decision != conversation.DecisionPerson || ms[1].Why.Summary != "wants money" {
		t.Errorf("the log is%s\nwhy = %+v, want a person and no promise", show(ms), ms[len(ms)-1].Why)
	}
}

func TestDoubtfulAnswerIsShownOnceItCites(t *testing.T) {
	for _, c := range []struct {
		name, reply, question string
		confidence            float64
		want                  string
		decision              conversation.Decision
	}{
		{"cited", "Red is sold out [1]. Sorry!", "Is there a red chair?", .1, "Red is sold out [1]. Sorry!\n\n" + conversation.TextsFor("en").Offer, conversation.DecisionOffer},
		{"cited, middling", "Red is sold out [1].", "Is there a red chair?", .4, "Red is sold out [1].\n\n" + conversation.TextsFor("en").Offer, conversation.DecisionOffer},
		{"cited, sure", "Red is sold out [1].", "Is there a red chair?", .8, "Red is sold out [1].", conversation.DecisionAnswer},
		{"not cited, sure", "We cannot say.", "Is there a red chair?", .8, "We cannot say.\n\n" + conversation.TextsFor("en").Offer, conversation.DecisionOffer},
		{"asks back", "Which chair do you mean?", "Is there a red chair?", .1, "Which chair do you mean?", conversation.DecisionClarify},
		{"small talk", "I am the shop's assistant.", "Who are you?", .1, "I am the shop's assistant.", conversation.DecisionChat},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &scripted{script: func(context.Context, conversation.ModelRequest) (conversation.ModelReply, error) {
				return conversation.ModelReply{Text: c.reply, Model: "test", Finish: "stop"}, nil
			}}
			r := doubt()
			r.Confidence = c.confidence
			d := run(t, dbtest.URL(t), &shelf{found: map[string]knowledge.Result{"": r}}, m)
			id := d.open(t)
			sub := d.Subscribe(id)
			defer sub.Close()
			got := d.say(t, id, "a", c.question)
			if got.Text != c.want || got.Why.Decision != c.decision || got.Why.Thresholds == nil || got.Why.Thresholds.Maybe != .25 {
				t.Errorf("answer = %q, why = %+v, want %q and %s", got.Text, got.Why, c.want, c.decision)
			}
			streamed := ""
			for _, e := range sub.Take() {
				if e.Kind == conversation.EventDelta {
					streamed += e.Text
				}
			}
			if streamed != "" && strings.TrimSpace(streamed) != c.want {
				t.Errorf("streamed %q, want what is stored or nothing", streamed)
			}
		})
	}
}
