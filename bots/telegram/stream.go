package telegram

import (
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"frontdesk/bots"
	"frontdesk/conversation"
)

const (
	// maxLive bounds the conversations whose answers can be shown as they come.
	maxLive = 4096
	// maxDrafts bounds the previews being sent at once.
	maxDrafts = 8
	// maxStreamed bounds what is kept of one answer, in bytes.
	maxStreamed  = 64 << 10
	draftTimeout = 5 * time.Second
	// typingFor is how long Telegram shows "typing", less a little
	// (core.telegram.org/bots/api#sendchataction).
	typingFor = 4 * time.Second
)

// streamer shows answers being written: as previews in private chats, where
// Telegram has them, else by "typing". What it shows is forgotten by Telegram; the
// answer itself leaves by Send.
type streamer struct {
	b           *Bot
	live        *recent[string, *live]
	unsupported atomic.Bool // Telegram, or its stand-in, has no previews
}

// live is a conversation somebody wrote in lately.
type live struct {
	at      address
	sending sync.Mutex // held while a preview is on its way

	mu    sync.Mutex // guards the rest
	turn  string
	text  string
	fresh bool   // there is more than was shown
	over  string // a turn that was delivered or withdrawn
	typed time.Time
}

func newStreamer(b *Bot) *streamer {
	return &streamer{b: b, live: newRecent[string, *live](maxLive)}
}

// expect notes that an answer may come in r's conversation.
func (s *streamer) expect(r conversation.Receipt, thread string) {
	at, err := parseThread(thread)
	if err != nil {
		return
	}
	l := s.live.getOr(r.Conversation, func() *live { return &live{at: at} })
	if l.at != at { // the group has moved
		l = &live{at: at}
		s.live.put(r.Conversation, l)
	}
	if r.DueIn < 0 {
		return // the bot will not answer
	}
	l.mu.Lock()
	l.typed = time.Now()
	l.mu.Unlock()
	s.b.typing(at)
}

// end waits for a preview on its way: from when it returns none of this turn
// will appear below the answer.
func (s *streamer) end(conversation, turn string) {
	l, ok := s.live.get(conversation)
	if !ok {
		return
	}
	l.finish(turn)
	l.sending.Lock() // until the preview on its way has arrived
	defer l.sending.Unlock()
}

func (l *live) finish(turn string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if turn != "" {
		l.over = turn
	}
	l.text, l.fresh = "", false
}

// run follows all answers until ctx ends.
func (s *streamer) run(ctx context.Context) {
	sub := s.b.cfg.Engine.Subscribe("")
	defer sub.Close()
	tick := time.NewTicker(s.b.timing.draft)
	defer tick.Stop()
	writing := map[string]*live{}
	slots := make(chan struct{}, maxDrafts)
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sub.C():
			for _, e := range sub.Take() {
				s.follow(writing, e)
			}
		case <-tick.C:
			for id, l := range writing {
				if !l.more() {
					delete(writing, id) // until there is more
					continue
				}
				select {
				case slots <- struct{}{}:
					wg.Go(func() { s.show(ctx, l); <-slots })
				default: // the next tick shows more of it
				}
			}
		}
	}
}

func (s *streamer) follow(writing map[string]*live, e conversation.Event) {
	l, ok := s.live.get(e.Conversation)
	if !ok {
		return
	}
	switch e.Kind {
	case conversation.EventDelta:
		if l.add(e.Turn, e.Text) {
			writing[e.Conversation] = l
		}
	case conversation.EventDiscard:
		l.finish(e.Turn)
		delete(writing, e.Conversation)
	case conversation.EventMessage:
		if e.Message != nil && e.Message.Turn != "" {
			l.finish(e.Message.Turn)
			delete(writing, e.Conversation)
		}
	}
}

// add takes a piece of an answer, unless that is over.
func (l *live) add(turn, text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if turn == l.over {
		return false
	}
	if l.turn != turn {
		l.turn, l.text = turn, ""
	}
	if len(l.text) < maxStreamed {
		l.text += text
		l.fresh = true
	}
	return true
}

// more reports whether there is more of an answer than was shown.
func (l *live) more() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fresh && l.turn != l.over
}

// show shows what there is of an answer, where there is more than before.
func (s *streamer) show(ctx context.Context, l *live) {
	if !l.sending.TryLock() {
		return
	}
	defer l.sending.Unlock()
	l.mu.Lock()
	text, turn, fresh := l.text, l.turn, l.fresh && l.turn != l.over
	l.fresh = false
	typing := fresh && time.Since(l.typed) > typingFor
	if typing {
		l.typed = time.Now()
	}
	l.mu.Unlock()
	if !fresh {
		return
	}
	if !l.at.private() || l.at.business != "" || s.unsupported.Load() {
		if typing {
			s.b.typing(l.at)
		}
		return
	}
	s.draft(ctx, l.at, turn, text)
}

// draft shows the end of a text as a preview in a private chat.
func (s *streamer) draft(ctx context.Context, at address, turn, text string) {
	parts := bots.Split(text, maxUnits, bots.UTF16)
	if len(parts) == 0 || !s.b.limits.all.Allow() {
		return
	}
	rich, plain := format(parts[len(parts)-1])
	if plain == "" || units(plain) > maxUnits {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, draftTimeout)
	defer cancel()
	_, err := s.b.api.SendMessageDraft(ctx, &bot.SendMessageDraftParams{
		ChatID: at.chat, MessageThreadID: at.topic, DraftID: draftID(turn), Text: rich, ParseMode: models.ParseModeHTML,
	})
	switch {
	case errors.Is(err, bot.ErrorBadRequest), errors.Is(err, bot.ErrorNotFound):
		s.unsupported.Store(true)
		s.b.log.Info("telegram shows no previews of answers", "err", s.b.api.scrub(err))
	case err != nil:
		s.b.log.Debug("telegram preview not sent", "err", s.b.api.scrub(err))
	}
}

// draftID is the number of a turn's preview, which may not be zero.
func draftID(turn string) string {
	h := fnv.New32a()
	h.Write([]byte(turn))
	return strconv.FormatUint(uint64(h.Sum32()>>1|1), 10)
}
