package telegram

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"frontdesk/conversation"
)

// commands are those the bot knows; anything else with a slash is a question.
var commands = map[string]bool{"start": true, "help": true, "human": true, "bot": true}

// publishCommands offers the commands in Telegram's menu, in every language there
// are words for. Without a language code they are for everybody else.
func (b *Bot) publishCommands(ctx context.Context) error {
	for lang, t := range texts {
		list := []models.BotCommand{
			{Command: "human", Description: t.CommandHuman}, {Command: "bot", Description: t.CommandBot}, {Command: "help", Description: t.CommandHelp},
		}
		codes := []string{lang}
		if lang == defaultLanguage {
			codes = append(codes, "")
		}
		for _, code := range codes {
			if _, err := b.api.SetMyCommands(ctx, &bot.SetMyCommandsParams{Commands: list, LanguageCode: code}); err != nil {
				return b.api.fail("publish commands", err)
			}
		}
	}
	return nil
}

// command does what a command asks for. What is written behind it is a message.
func (b *Bot) command(ctx context.Context, in conversation.Inbound, name, rest string) error {
	t := textsFor(in.Locale)
	switch name {
	case "start":
		b.say(in, t.Start)
		return nil
	case "help":
		b.say(in, t.Help)
		return nil
	}
	speaks := rest != "" || len(in.Attachments) > 0
	if in.Text = rest; name == "human" && speaks {
		if err := b.receive(ctx, in); err != nil {
			return err
		}
	}
	id, err := b.cfg.Threads.EnsureThread(ctx, in)
	if err != nil {
		return fmt.Errorf("find the conversation of a command: %w", err)
	}
	if name == "human" {
		return b.person(ctx, in, id)
	}
	before, err := b.cfg.Engine.State(ctx, id)
	if err != nil {
		return err
	}
	_, err = b.cfg.Engine.ChooseBot(ctx, id)
	switch {
	case errors.Is(err, conversation.ErrNotCurrent):
		b.say(in, t.WithPerson)
	case err != nil:
		return err
	case before.Owner == conversation.OwnerBot && !speaks:
		b.say(in, t.WithBot)
	}
	if speaks {
		return b.receive(ctx, in)
	}
	return nil
}

// person asks for a member of staff. The engine tells the customer what happens
// next, except where that was so before.
func (b *Bot) person(ctx context.Context, in conversation.Inbound, id string) error {
	before, err := b.cfg.Engine.State(ctx, id)
	if err != nil {
		return err
	}
	if _, err := b.cfg.Engine.Handoff(ctx, id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		return err
	}
	if before.Status != conversation.StatusResolved {
		switch t := textsFor(in.Locale); before.Owner {
		case conversation.OwnerStaff:
			b.say(in, t.WithPerson)
		case conversation.OwnerQueue:
			b.say(in, t.InQueue)
		}
	}
	return nil
}
