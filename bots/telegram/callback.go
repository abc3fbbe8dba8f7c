package telegram

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/go-telegram/bot"

	"frontdesk/conversation"
)

// What the buttons below an answer send back, at most 64 bytes
// (core.telegram.org/bots/api#inlinekeyboardbutton): the action, the start of the
// conversation's id and the number of the message in it.
const (
	pressUp     = "up"
	pressDown   = "down"
	pressPerson = "person"
	shortID     = 8 // characters of a conversation's id
)

func pressData(action, id string, seq int64) string {
	return action + ":" + id[:min(shortID, len(id))] + ":" + strconv.FormatInt(seq, 10)
}

func parsePress(data string) (action, id string, seq int64, ok bool) {
	part := strings.Split(data, ":")
	if len(part) != 3 || part[1] == "" {
		return "", "", 0, false
	}
	seq, err := strconv.ParseInt(part[2], 10, 64)
	switch part[0] {
	case pressUp, pressDown, pressPerson:
		return part[0], part[1], seq, err == nil && seq > 0
	}
	_, option := optionOf(part[0])
	if _, score := scoreOf(part[0]); option || score {
		return part[0], part[1], seq, err == nil && seq > 0
	}
	return "", "", 0, false
}

// keyboard and key are Telegram's inline keyboard. The library's own button sends
// fields that it was not given.
type keyboard struct {
	Rows [][]key `json:"inline_keyboard"`
}

type key struct {
	Text string `json:"text"`
	Data string `json:"callback_data"`
}

func buttons(m conversation.Message, locale string) *keyboard {
	data := func(action string) string { return pressData(action, m.Conversation, m.Seq) }
	if len(m.Options) > 0 { // a question of ours, which is not judged
		return &keyboard{append(choices(m), []key{{textsFor(locale).Person, data(pressPerson)}})}
	}
	return &keyboard{[][]key{
		{{"👍", data(pressUp)}, {"👎", data(pressDown)}},
		{{textsFor(locale).Person, data(pressPerson)}},
	}}
}

// callback does what a button asks for. The conversation is that of the chat the
// button is in, whatever its data says; data of another one is refused. The
// button is answered in any case, or it would seem to hang.
func (b *Bot) callback(ctx context.Context, q *callbackQuery) error {
	t := textsFor(q.From.Language)
	reply, err := b.press(ctx, q)
	if err != nil {
		return err
	}
	words := map[string]string{pressUp: t.Thanks, pressDown: t.Noted, pressPerson: t.Asked, pressOthers: t.Others, pressLate: t.Late, "": t.Stale}[reply]
	if score, ok := scoreOf(reply); ok {
		words = stars(score) + " " + t.Thanks
	}
	if _, option := optionOf(reply); option {
		words = "✓"
	}
	b.later(func(ctx context.Context) {
		_, err := b.api.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: q.ID, Text: words})
		if err != nil {
			b.log.Debug("telegram button not answered", "err", b.api.scrub(err))
		}
	})
	return nil
}

// press returns what was done, empty for a button that is none any more.
func (b *Bot) press(ctx context.Context, q *callbackQuery) (done string, err error) {
	action, short, seq, ok := parsePress(q.Data)
	m := q.Message
	if !ok || m == nil {
		b.cfg.Observe("button_stale")
		return "", nil
	}
	in := conversation.Inbound{
		Channel: Channel, Account: b.account, Thread: addressOf(m).thread(),
		Sender: strconv.FormatInt(q.From.ID, 10), Locale: q.From.Language,
		SenderName: strings.TrimSpace(q.From.FirstName + " " + q.From.LastName),
	}
	id, err := b.cfg.Threads.EnsureThread(ctx, in)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(id, short) || len(short) != shortID {
		b.cfg.Observe("button_refused")
		return "", nil
	}
	if option, ok := optionOf(action); ok {
		err = b.choose(ctx, in, id, seq, option)
	} else if score, ok := scoreOf(action); ok {
		in.Conversation = id
		if err = b.cfg.Engine.Score(ctx, in, seq, score); errors.Is(err, conversation.ErrNotCurrent) {
			b.cfg.Observe("button_stale")
			return pressLate, nil
		}
	} else if action == pressPerson {
		err = b.person(ctx, in, id)
	} else {
		err = b.cfg.Engine.Feedback(ctx, id, seq, action == pressUp)
	}
	switch {
	case errors.Is(err, conversation.ErrNotYours):
		b.cfg.Observe("button_refused")
		return pressOthers, nil
	case errors.Is(err, conversation.ErrNotFound), errors.Is(err, conversation.ErrNotCurrent):
		b.cfg.Observe("button_stale")
		return "", nil
	case err != nil:
		return "", err
	}
	b.cfg.Observe("button")
	return action, nil
}
