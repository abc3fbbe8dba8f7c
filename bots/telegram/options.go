package telegram

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/conversation"
)

// pressOption begins the action of a button that stands for an option; its index
// follows.
const pressOption = "option"

// choices is a row for each option, since their texts are long.
func choices(m conversation.Message) [][]key {
	rows := make([][]key, len(m.Options))
	for i, o := range m.Options {
		rows[i] = []key{{o.Text, pressData(pressOption+strconv.Itoa(i), m.Conversation, m.Seq)}}
	}
	return rows
}

// optionOf reads which option a button's action stands for.
func optionOf(action string) (int, bool) {
	index, ok := strings.CutPrefix(action, pressOption)
	n, err := strconv.Atoi(index)
	return n, ok && err == nil && n >= 0 && n < conversation.MaxOptions
}

// choose makes the pressed option the message of whoever pressed it.
func (b *Bot) choose(ctx context.Context, in conversation.Inbound, id string, seq int64, option int) error {
	in.Conversation = id
	r, err := b.cfg.Engine.Choose(ctx, in, seq, option)
	if errors.Is(err, conversation.ErrConflict) {
		return conversation.ErrNotCurrent
	}
	if err != nil {
		return fmt.Errorf("choose an option: %w", err)
	}
	if !r.Repeat {
		b.stream.expect(r, in.Thread)
	}
	return nil
}
