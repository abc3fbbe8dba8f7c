package telegram

import "sync"

const (
	// maxAlbums is how many albums in groups are remembered: they arrive within seconds.
	maxAlbums = 512
	// maxAlbum is how many messages an album has at most
	// (core.telegram.org/bots/api#sendmediagroup).
	maxAlbum = 10
)

// album is what a group has seen of one. Only the message with the caption names the
// bot, and nothing says that it comes first.
type album struct {
	mu      sync.Mutex // guards the rest
	called  bool       // one of its messages is meant for the bot
	waiting []*message // those that came before that one
}

// albumOf is the album that m belongs to; nil for a message alone.
func (b *Bot) albumOf(m *message) *album {
	if m.Album == "" || m.Chat.Type == chatPrivate || len(m.Album) > 100 {
		return nil
	}
	return b.albums.getOr(addressOf(m).thread()+" "+m.Album, func() *album { return &album{} })
}

// waits keeps m, which does not name the bot, until a message of its album does. It
// reports false where one has, or m belongs to none.
func (a *album) waits(m *message) bool {
	if a == nil {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.called {
		return false
	}
	for _, w := range a.waiting {
		if w.ID == m.ID {
			return true
		}
	}
	if len(a.waiting) < maxAlbum {
		kept := *m
		kept.ReplyTo = nil // which may be much larger
		a.waiting = append(a.waiting, &kept)
	}
	return true
}

// call notes that the album is meant for the bot, and returns what waited for that.
func (a *album) call() []*message {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.called = true
	return append([]*message(nil), a.waiting...)
}
