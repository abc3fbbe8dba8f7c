package telegram

import (
	"context"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// CheckStaff asks Telegram, for doctor, whether staff can answer in the staff chat. It
// returns what it found and, unless all is well, what to do.
func (b *Bot) CheckStaff(ctx context.Context) (ok bool, detail, advice string) {
	const wrong = "TELEGRAM_STAFF_CHAT is the number of a group the bot is in, such as -1001234567890."
	me, err := b.api.GetMe(ctx)
	if err != nil {
		return false, explain(b.api.fail("ask who the bot is", err)), ""
	}
	about, err := b.api.GetChat(ctx, &bot.GetChatParams{ChatID: b.staffChat.Load()})
	if err != nil {
		return false, "the staff chat cannot be seen: " + explain(b.api.fail("look at it", err)), wrong
	}
	if about.Type != models.ChatTypeSupergroup && about.Type != models.ChatTypeGroup {
		return false, "the staff chat is no group", wrong
	}
	member, err := b.api.GetChatMember(ctx, &bot.GetChatMemberParams{ChatID: about.ID, UserID: me.ID})
	if err != nil {
		return false, "whether the bot is in the staff chat is not known: " + explain(b.api.fail("look for it", err)), wrong
	}
	admin := member.Administrator
	switch {
	case about.IsForum && (admin == nil || !admin.CanManageTopics):
		return false, "@" + me.Username + " may not manage topics in the staff chat " + about.Title, "Make the bot an admin there, with the right to manage topics."
	case about.IsForum:
		return true, "staff answer in topics of " + about.Title, ""
	case member.Left != nil || member.Banned != nil:
		return false, "@" + me.Username + " is not in the staff chat " + about.Title, "Add the bot to the group."
	}
	return true, "staff answer in " + about.Title + ", by replying", "Switch on topics in the group's settings to have one for each conversation."
}
