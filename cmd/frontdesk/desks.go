package main

import (
	"context"
	"time"

	"frontdesk/bots/telegram"
	"frontdesk/conversation"
)

// newDesks makes the desks where staff answer on their own platforms; channels adds
// the places.
func newDesks(cfg *Config, d *desk) *conversation.Desks {
	c := conversation.DeskConfig{Undo: time.Duration(cfg.DeskUndo) * time.Second}
	if cfg.PublicURL != "" {
		c.Link = func(id string) string { return cfg.PublicURL + "/console#/conversations/" + id }
	}
	return conversation.NewDesks(d.Engine, d.store, c)
}

// staff makes a channel one where staff answer.
func (c *channels) staff(channel string, p conversation.DeskPoster) {
	c.desks.Serve(channel, p)
	c.staffed = append(c.staffed, channel)
}

// staffStates adds how each desk stands.
func (c *channels) staffStates(out map[string]check) {
	for _, channel := range c.staffed {
		ok, detail := c.desks.State(channel)
		out[channel+" staff"] = check{OK: ok, Detail: detail}
	}
}

// examineTelegramStaff asks Telegram whether staff can answer in their chat.
func examineTelegramStaff(ctx context.Context, cfg *Config, b *telegram.Bot) []finding {
	if cfg.telegramStaff == 0 {
		return nil
	}
	ok, detail, advice := b.CheckStaff(ctx)
	verdict := verdictOK
	switch {
	case !ok:
		verdict = verdictWarning
	case advice != "":
		verdict = verdictNote
	}
	return []finding{{telegram.Channel + " staff", verdict, detail, advice}}
}
