package slack

import (
	"context"
	"strings"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// maxTitle bounds a thread's title, in characters: what the pane shows of it.
const maxTitle = 60

// opened offers first questions in a new thread of the assistant's pane.
func (b *Bot) opened(at assistantThread) (string, error) {
	if !validID(at.ChannelID) || !validTS(at.ThreadTS) {
		return wasIncomplete, nil
	}
	if !b.Enabled() || !b.live.on(optPrompts) {
		return wasOpened, nil
	}
	b.tasks.start(func(ctx context.Context) {
		w := packs["en"]
		p := slack.AssistantThreadsSetSuggestedPromptsParameters{Title: w.Title, ChannelID: at.ChannelID, ThreadTS: at.ThreadTS}
		for _, words := range w.Prompts {
			p.AddPrompt(words, words)
		}
		err := b.api.SetAssistantThreadsSuggestedPromptsContext(ctx, p)
		b.live.heard(optPrompts, err)
		if err != nil {
			b.log.Debug("slack: suggested questions not shown", "err", safe(err))
		}
	})
	return wasOpened, nil
}

// introduce follows a conversation's first message: the thread gets a title in
// the assistant's pane, the conversation its customer's name.
func (b *Bot) introduce(ctx context.Context, at place, user, text, id string) {
	if direct(at.channel) && at.thread != "" && b.live.on(optTitle) {
		err := b.api.SetAssistantThreadsTitleContext(ctx, slack.AssistantThreadsSetTitleParameters{
			ChannelID: at.channel, ThreadTS: at.thread, Title: title(text),
		})
		b.live.heard(optTitle, err)
	}
	u, err := b.api.GetUserInfoContext(ctx, user)
	if err != nil {
		b.log.Debug("slack: customer's name not known", "conversation", id, "err", safe(err))
		return
	}
	name := or(u.Profile.DisplayName, or(u.RealName, u.Name))
	if name == "" {
		return
	}
	if err := b.engine.Describe(ctx, id, conversation.Profile{Name: name}); err != nil {
		b.log.Warn("slack: customer's name not kept", "conversation", id, "err", err)
	}
}

// title is the beginning of a question, on one line.
func title(text string) string {
	rs := []rune(strings.Join(strings.Fields(text), " "))
	if len(rs) > maxTitle {
		rs = append(rs[:maxTitle-1], '…')
	}
	return string(rs)
}
