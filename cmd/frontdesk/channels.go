package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"frontdesk/bots/slack"
	"frontdesk/bots/telegram"
	"frontdesk/conversation"
)

// channels are the adapters that speak with platforms, and the courier that
// brings them what is to leave.
type channels struct {
	slack    *slack.Bot
	telegram *telegram.Bot // nil without a token that can be one
	// telegramFault says why there is a token and no bot.
	telegramFault string
	courier       *conversation.Courier
	desks         *conversation.Desks
	staffed       []string // channels with a desk
	senders       map[string]conversation.Sender
}

// newChannels makes the adapters of all platforms that settings are there for.
// None of them is spoken to before run, and none can keep the server from starting.
func newChannels(cfg *Config, d *desk, m *metrics, log *slog.Logger) *channels {
	c := &channels{desks: newDesks(cfg, d)}
	sc := slackConfig(cfg)
	sc.Engine, sc.Threads, sc.Desk, sc.Log = d.Engine, d.store, c.desks, log
	sc.Count = func(outcome string) { m.events.WithLabelValues(slack.Channel, outcome).Inc() }
	c.slack = slack.New(sc)
	senders := map[string]conversation.Sender{}
	if c.slack.Enabled() {
		senders[slack.Channel] = c.slack
		d.Engine.FetchWith(slack.Channel, c.slack)
		if cfg.SlackStaff != "" {
			c.staff(slack.Channel, c.slack)
		}
	}
	if cfg.TelegramBotToken.Set() {
		tc := telegramConfig(cfg)
		tc.Engine, tc.Threads, tc.Desk, tc.Log = d.Engine, d.store, c.desks, log
		tc.Observe = func(outcome string) { m.events.WithLabelValues(telegram.Channel, outcome).Inc() }
		var err error
		if c.telegram, err = telegram.New(tc); err != nil {
			c.telegramFault = err.Error()
			log.Warn("telegram cannot work", "why", err)
		} else {
			senders[telegram.Channel] = c.telegram
			d.Engine.FetchWith(telegram.Channel, c.telegram)
			if cfg.telegramStaff != 0 {
				c.staff(telegram.Channel, c.telegram)
			}
		}
	}
	c.senders = senders
	c.courier = conversation.NewCourier(d.Engine, d.store, senders)
	return c
}

// slackConfig is what the settings say about Slack.
func slackConfig(cfg *Config) slack.Config {
	return slack.Config{
		BotToken: cfg.SlackBotToken.Reveal(), SigningSecret: cfg.SlackSecret.Reveal(), AppToken: cfg.SlackAppToken.Reveal(),
		APIURL: cfg.SlackAPIURL, StaffChannel: cfg.SlackStaff,
	}
}

// routes registers what platforms call. Without a secret to verify them by all
// calls are refused.
func (c *channels) routes(mux *http.ServeMux) {
	c.slack.Routes(mux)
	if c.telegram != nil {
		mux.Handle("POST "+telegram.WebhookPath, c.telegram)
	}
}

// run keeps the channels alive and delivers until ctx ends, then waits for what
// is under way.
func (c *channels) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { c.slack.Run(ctx) })
	if c.telegram != nil {
		wg.Go(func() { c.telegram.Run(ctx) })
	}
	wg.Go(func() { c.courier.Run(ctx) })
	wg.Go(func() { c.desks.Run(ctx) })
	wg.Wait()
}

// states says how each configured channel stands.
func (c *channels) states() map[string]check {
	out := map[string]check{}
	if c.slack.Enabled() {
		st := c.slack.State()
		out[slack.Channel] = check{OK: st.OK, Detail: st.Detail}
	}
	switch {
	case c.telegram != nil:
		ok, detail := c.telegram.State()
		out[telegram.Channel] = check{OK: ok, Detail: detail}
	case c.telegramFault != "":
		out[telegram.Channel] = check{Detail: c.telegramFault}
	}
	c.staffStates(out)
	return out
}

// examineSlack asks Slack whether its settings work, for doctor.
func examineSlack(ctx context.Context, cfg *Config) []finding {
	if !cfg.SlackBotToken.Set() {
		if cfg.SlackAppToken.Set() || cfg.SlackSecret.Set() || cfg.SlackStaff != "" {
			return []finding{{slack.Channel, verdictMissing, "SLACK_BOT_TOKEN is not set, so nothing can be answered", "It begins with xoxb- and is on the app's page under OAuth & Permissions."}}
		}
		return nil
	}
	var out []finding
	for _, f := range slack.Check(ctx, slackConfig(cfg)) {
		verdict := verdictOK
		if !f.OK {
			verdict = verdictMissing
		}
		out = append(out, finding{slack.Channel, verdict, f.Detail, f.Advice})
	}
	if !cfg.SlackAppToken.Set() && cfg.PublicURL == "" {
		out = append(out, finding{slack.Channel, verdictNote, "Slack must reach this server at an https address to send events", "Set PUBLIC_URL and give Slack PUBLIC_URL/slack/events, or use Socket Mode (SLACK_APP_TOKEN)."})
	}
	return out
}

// telegramConfig is what the settings say about Telegram.
func telegramConfig(cfg *Config) telegram.Config {
	return telegram.Config{
		Token: cfg.TelegramBotToken.Reveal(), APIURL: cfg.TelegramAPIURL, PublicURL: cfg.PublicURL, Secret: cfg.TelegramSecret.Reveal(),
		StaffChat: cfg.telegramStaff,
	}
}

// examineTelegram asks Telegram whether its settings work, for doctor.
func examineTelegram(ctx context.Context, cfg *Config) []finding {
	if !cfg.TelegramBotToken.Set() {
		if cfg.TelegramStaff != "" {
			return []finding{{telegram.Channel, verdictWarning, "TELEGRAM_STAFF_CHAT is set without TELEGRAM_BOT_TOKEN", "Set the token that @BotFather gave, or take the other away."}}
		}
		return nil
	}
	const advice = "The token is what @BotFather gave for the bot; /token shows it again."
	b, err := telegram.New(telegramConfig(cfg))
	if err != nil {
		return []finding{{telegram.Channel, verdictWarning, err.Error(), advice}}
	}
	name, err := b.Check(ctx)
	if err != nil {
		return []finding{{telegram.Channel, verdictWarning, err.Error(), advice}}
	}
	how := ", updates are fetched"
	if b.Webhook() {
		how = ", updates come to " + cfg.PublicURL + telegram.WebhookPath
	}
	out := []finding{{telegram.Channel, verdictOK, name + how, ""}}
	out = append(out, examineTelegramStaff(ctx, cfg, b)...)
	if cfg.TelegramSecret.Set() && cfg.PublicURL == "" {
		out = append(out, finding{telegram.Channel, verdictNote, "TELEGRAM_WEBHOOK_SECRET is not used", "Set PUBLIC_URL to the https address Telegram can reach, to have updates come to a webhook."})
	}
	return out
}
