package conversation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
)

// MostScore is the best of the scores, which begin with 1.
const MostScore = 5

// scoreOption is what the options below the words that close an episode stand for.
const scoreOption = "score"

// ErrNotYours is returned to somebody who rates what another customer asked.
var ErrNotYours = errors.New("conversation: another customer's")

// Rater is who gives a rating on a channel that vouches for them. An empty one is
// whoever holds the conversation's own key, as a visitor of the widget does.
type Rater struct{ Channel, Account, Sender string }

// AsksScore reports whether m closed an episode and asks for a score of it: its options
// are those from 1 to MostScore.
func (m Message) AsksScore() bool {
	return m.Author == AuthorSystem && len(m.Options) == MostScore && m.Options[0].Value == scoreOption
}

// closing is what a customer hears when their conversation is closed. Where they cannot
// rate it beside the chat they are asked there.
func (e *Engine) closing(st State) NewMessage {
	m := NewMessage{Author: AuthorSystem, Text: cmp.Or(e.Settings().Bot.Closing, TextsFor(st.Locale).Resolved)}
	if st.Channel == widgetChannel {
		return m
	}
	m.Text += " " + lifeTextsFor(st.Locale).Score
	for n := range MostScore {
		m.Options = append(m.Options, Option{Text: strconv.Itoa(n + 1), Value: scoreOption})
	}
	return m
}

// Score stores the score that somebody pressed below the words, message seq, that closed
// an episode. The channel vouches for who that is, as in Receive; where's Conversation
// must be set. Pressed again it is changed. Otherwise as RateEpisode; ErrNotFound where
// the message asks for no score, ErrNotYours for anybody but the customer.
func (e *Engine) Score(ctx context.Context, where Inbound, seq int64, score int) error {
	if where.Sender == "" { // nobody that a channel could vouch for
		return ErrNotYours
	}
	ms, err := e.d.Store.Messages(ctx, where.Conversation, seq-1, 1, false)
	if err != nil {
		return err
	}
	if len(ms) == 0 || ms[0].Seq != seq || !ms[0].AsksScore() {
		return fmt.Errorf("score by message %d: %w", seq, ErrNotFound)
	}
	return e.rate(ctx, where.Conversation, Rating{
		Episode: ms[0].Episode, Score: score, By: Rater{where.Channel, where.Account, where.Sender},
	})
}
