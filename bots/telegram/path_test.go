package telegram

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
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

// faq finds one entry for every question.
type faq struct{}

func (faq) Find(_ context.Context, q knowledge.Query) (knowledge.Result, error) {
	return knowledge.Result{Query: q.Text, Confidence: 0.9, Hits: []knowledge.Hit{{
		Passage:     knowledge.Passage{ID: "p1", Title: "Can I return it?", Text: "Yes, within 30 days.", Document: "FAQ", URL: "https://example.com/faq"},
		LexicalRank: 1, LexicalScore: 9, Score: 1,
	}}}, nil
}

// echo is a model that answers with the customer's own words, streamed.
type echo struct{}

func (echo) Stream(_ context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	last := req.Messages[len(req.Messages)-1].Text
	text := "About “" + question(last) + "”: **yes** [1]."
	emit(text)
	return conversation.ModelReply{Text: text, Model: "test", Finish: "stop"}, nil
}

// question finds the test's question in a prompt.
func question(prompt string) string {
	if i := strings.LastIndex(prompt, "Q-"); i >= 0 {
		rest := prompt[i:]
		return rest[:len(rest)-len(strings.TrimLeft(rest, "Q-abcdefghijklmnopqrstuvwxyz0123456789"))]
	}
	return "?"
}

// path is the whole way from an update to an answer, on a real database.
type path struct {
	*platform
	engine *conversation.Engine
	store  *conversationdb.Store
	bot    *Bot
}

func newPath(t *testing.T) *path { return newPathWith(t, nil) }

// newPathWith is newPath with something that looks into files.
func newPathWith(t *testing.T, reader conversation.Reader) *path {
	p := newPlatform(t)
	store := conversationdb.New(dbtest.New(t))
	engine, err := conversation.New(conversation.Config{
		Poll: 20 * time.Millisecond, Backoff: time.Millisecond, Hold: time.Millisecond,
		Gather: conversation.Gather{Quiet: time.Millisecond, Most: 2 * time.Millisecond},
	}, conversation.Deps{Store: store, Finder: faq{}, Model: echo{}, Counter: tokens.For(""), Reader: reader, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	b := newBot(t, p, engine, func(c *Config) { c.Threads = store })
	engine.FetchWith(Channel, b)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { engine.Run(ctx, time.Second) })
	wg.Go(func() { b.Run(ctx) })
	wg.Go(func() { conversation.NewCourier(engine, store, map[string]conversation.Sender{Channel: b}).Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return &path{p, engine, store, b}
}

func privateText(update, message int, chat int64, text string) []byte {
	return fmt.Appendf(nil, `{"update_id":%d,"message":{"message_id":%d,"from":{"id":%[3]d,"is_bot":false,"first_name":"U","language_code":"en"},"chat":{"id":%[3]d,"first_name":"U","type":"private"},"date":1763800000,"text":%q}}`,
		update, message, chat, text)
}

func TestEveryQuestionIsAnsweredOnceInOrder(t *testing.T) {
	p := newPath(t)
	const chats, rounds = 4, 5
	// Faults on the way out: all of them pass, and none may repeat or swap answers.
	p.answers("sendMessage", serverError, badGateway, badHTML, strings.ReplaceAll(tooMany, "7", "0"))
	update := 1000
	for round := range rounds {
		for chat := range chats {
			update++
			raw := privateText(update, 10+round, int64(50+chat), fmt.Sprintf("Is Q-%d-%d so?", chat, round))
			p.post(raw)
			p.post(raw) // as after a lost confirmation
		}
		until(t, fmt.Sprint("round ", round), func() bool { return answered(p.platform, round+1, chats) })
	}
	for chat := range chats {
		var got []string
		for _, text := range delivered(p.platform, int64(50+chat)) {
			got = append(got, question(text))
			if !strings.Contains(text, "Can I return it?") {
				t.Errorf("answer %q does not show its source", text)
			}
		}
		var want []string
		for round := range rounds {
			want = append(want, fmt.Sprintf("Q-%d-%d", chat, round))
		}
		if !slices.Equal(got, want) {
			t.Errorf("chat %d got %q, want %q", chat, got, want)
		}
	}
}

// answered reports whether all chats have n answers.
func answered(p *platform, n, chats int) bool {
	for chat := range chats {
		if len(delivered(p, int64(50+chat))) < n {
			return false
		}
	}
	return true
}

// delivered lists what reached a chat: what was answered with a fault did not.
func delivered(p *platform, chat int64) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, c := range p.calls {
		if c.method == "sendMessage" && c.params["chat_id"] == fmt.Sprint(chat) && c.ok {
			out = append(out, c.params["text"])
		}
	}
	return out
}

func TestAPersonIsAskedForAnswersAndHandsBack(t *testing.T) {
	p := newPath(t)
	p.post(privateText(1, 1, 60, "Is Q-first so?"))
	until(t, "the first answer", func() bool { return len(delivered(p.platform, 60)) == 1 })
	p.post(privateText(2, 2, 60, "/human"))
	until(t, "what happens next", func() bool { return len(delivered(p.platform, 60)) == 2 })
	id, err := p.store.EnsureThread(t.Context(), conversation.Inbound{Channel: Channel, Account: "777001", Thread: "60"})
	if err != nil {
		t.Fatal(err)
	}
	st, err := p.engine.State(t.Context(), id)
	if err != nil || st.Owner != conversation.OwnerQueue {
		t.Fatalf("State = %+v, %v, want the queue", st, err)
	}
	ana := conversation.Actor{StaffID: "00000000-0000-4000-8000-000000000001", Name: "Ana"}
	if _, err := p.engine.Reply(t.Context(), id, ana, "Hello, *Ana* here <3", "r1"); err != nil {
		t.Fatal(err)
	}
	until(t, "the reply", func() bool { return len(delivered(p.platform, 60)) == 4 })
	p.post(privateText(3, 3, 60, "/bot"))
	until(t, "who answers", func() bool { return len(delivered(p.platform, 60)) == 5 })
	if _, err := p.engine.Handback(t.Context(), id, ana); err != nil {
		t.Fatal(err)
	}
	until(t, "the bot is back", func() bool { return len(delivered(p.platform, 60)) == 6 })
	press := bytes.ReplaceAll(payload(t, "callback"), []byte("5501"), []byte("60"))
	p.post(bytes.ReplaceAll(press, []byte("DATA"), []byte(pressData(pressDown, id, 2))))
	until(t, "a thumb down brings a person in", func() bool {
		st, err := p.engine.State(t.Context(), id)
		return err == nil && st.Owner == conversation.OwnerQueue
	})
	p.wait(t, "answerCallbackQuery", 1)
	got := delivered(p.platform, 60)
	for i, want := range []string{"Q-first", "team", "Ana joined", "<b>Ana</b>\nHello, *Ana* here &lt;3", textsFor("en").WithPerson, "Ana handed"} {
		if !strings.Contains(got[i], want) {
			t.Errorf("message %d is %q, want %q in it", i, got[i], want)
		}
	}
}

func TestAMovedGroupKeepsItsCustomer(t *testing.T) {
	p := newPath(t)
	group := func(update, message int, chat int64, text string) []byte {
		raw := bytes.ReplaceAll(privateText(update, message, chat, text), []byte(`"first_name":"U","type":"private"`), []byte(`"title":"G","type":"group"`))
		return bytes.ReplaceAll(raw, []byte(`"date":`), []byte(`"entities":[{"type":"mention","offset":0,"length":12}],"date":`))
	}
	p.post(group(1, 900, -400, "@ShopHelpBot is Q-one so?"))
	until(t, "the answer in the group", func() bool { return len(delivered(p.platform, -400)) == 1 })
	p.post(bytes.ReplaceAll(bytes.ReplaceAll(payload(t, "migrate"), []byte("-4001"), []byte("-400")), []byte("917"), []byte("2")))
	p.post(group(3, 900, -1001234567890, "@ShopHelpBot is Q-two so?")) // its numbers start anew
	until(t, "the answer in the supergroup", func() bool { return len(delivered(p.platform, -1001234567890)) == 1 })
	id, err := p.store.EnsureThread(t.Context(), conversation.Inbound{Channel: Channel, Account: "777001", Thread: "-1001234567890"})
	if err != nil {
		t.Fatal(err)
	}
	ms, err := p.engine.Messages(t.Context(), id, 0, 10)
	if err != nil || len(ms) != 4 {
		t.Errorf("the conversation has %d messages, %v, want all 4", len(ms), err)
	}
}
