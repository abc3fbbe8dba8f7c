package conversation

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Rating is what a customer thinks of an episode that is over.
type Rating struct {
	Episode int // 0: the newest that is over
	Score   int // 1 to MostScore
	Comment string
	By      Rater
}

const (
	// rateWithin is how long after a close an episode can be rated, and rerateWithin how
	// long after that the rating can be changed.
	rateWithin   = 7 * 24 * time.Hour
	rerateWithin = 24 * time.Hour
	// MaxCommentRunes bounds what is said beside a score.
	MaxCommentRunes = 2000
)

// Feelings keeps what customers do beside writing.
type Feelings interface {
	// RateEpisode rates an episode that is over: first within within of its end, and
	// anew within again of the first time. A rating without a comment keeps the one
	// there is. ErrNotCurrent when there is none such, ErrNotYours, ErrNotFound.
	RateEpisode(ctx context.Context, id string, r Rating, within, again time.Duration) (Rating, error)
	// Seen notes how far the customer has read; changed is false when they had before.
	Seen(ctx context.Context, id string, seq int64) (changed bool, err error)
	// Thanked notes that the customer said the bot had helped.
	Thanked(ctx context.Context, id string, episode int) error
}

// RateEpisode stores a customer's score of 1 to 5, and their words, for the newest
// episode that was closed. It can be changed for a day. ErrSetting for another score,
// ErrTooLong, ErrNotCurrent while nothing was closed, ErrNotFound.
func (e *Engine) RateEpisode(ctx context.Context, id string, score int, comment string) error {
	return e.rate(ctx, id, Rating{Score: score, Comment: comment})
}

func (e *Engine) rate(ctx context.Context, id string, r Rating) error {
	if r.Score < 1 || r.Score > MostScore {
		return fmt.Errorf("%w: a score is a number from 1 to %d", ErrSetting, MostScore)
	}
	r.Comment = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(r.Comment, ""), "\x00", ""))
	if utf8.RuneCountInString(r.Comment) > MaxCommentRunes {
		return ErrTooLong
	}
	if _, err := e.d.Store.RateEpisode(ctx, id, r, rateWithin, rerateWithin); err != nil {
		return err
	}
	e.hub.Publish(Event{Kind: EventState, Conversation: id})
	e.d.Bus.Hint(id, 0)
	return nil
}

// LeaveEmail keeps the address at which a customer can be reached. It is theirs to
// claim and nobody's to trust: it opens no history.
func (e *Engine) LeaveEmail(ctx context.Context, id, email string) error {
	if err := e.Describe(ctx, id, Profile{Email: email}); err != nil {
		return err
	}
	e.hub.Publish(Event{Kind: EventState, Conversation: id})
	e.d.Bus.Hint(id, 0)
	return nil
}

// Seen notes that the customer has read up to a message. Going back is nothing new.
func (e *Engine) Seen(ctx context.Context, id string, seq int64) error {
	changed, err := e.d.Store.Seen(ctx, id, seq)
	if err != nil || !changed {
		return err
	}
	ev := Event{Kind: EventSeen, Conversation: id, Seq: seq}
	e.hub.Publish(ev)
	e.d.Bus.Relay(ev)
	return nil
}

// CustomerTypes tells staff that the customer is writing. Nothing is kept.
func (e *Engine) CustomerTypes(id string) {
	ev := Event{Kind: EventTyping, Conversation: id, By: AuthorCustomer}
	e.hub.Publish(ev)
	e.d.Bus.Relay(ev)
}

// thanked notes that the customer's last words to the bot were thanks: with those they
// say that they were helped.
func (e *Engine) thanked(a *answering, st State) {
	if !thanks[a.folded] || st.Owner != OwnerBot {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), storeTimeout)
	defer cancel()
	if err := e.d.Store.Thanked(ctx, st.Conversation, st.Episode); err != nil {
		e.log.Warn("thanks not noted", "conversation", st.Conversation, "err", err)
	}
}

// StaffHere implements Lives.
func (e *Engine) StaffHere(ctx context.Context, stream, staffID string) error {
	return e.d.Store.StaffHere(ctx, stream, staffID)
}

// StaffGone implements Lives.
func (e *Engine) StaffGone(ctx context.Context, stream string) error {
	return e.d.Store.StaffGone(ctx, stream)
}
