package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"frontdesk/bots/slack"
	"frontdesk/conversation"
)

// channels are the adapters that speak with platforms, and the courier that
// brings them what is to leave.
type channels struct {
	slack   *slack.Bot
	courier *conversation.Courier
}

// newChannels makes the adapters of all platforms that settings are there for.
// None of them is spoken to before run, and none can keep the server from starting.
func newChannels(cfg *Config, d *desk, m *metrics, log *slog.Logger) *channels {
	c := &channels{}
	sc := slackConfig(cfg)
	sc.Engine, sc.Threads, sc.Log = d.Engine, d.store, log
	sc.Count = func(outcome string) { m.events.WithLabelValues(slack.Channel, outcome).Inc() }
	c.slack = slack.New(sc)
	senders := map[string]conversation.Sender{}
	if c.slack.Enabled() {
		senders[slack.Channel] = c.slack
	}
	c.courier = conversation.NewCourier(d.Engine, d.store, senders)
	return c
}

// slackConfig is what the settings say about Slack.
func slackConfig(cfg *Config) slack.Config {
	return slack.Config{
		BotToken: cfg.SlackBotToken.Reveal(), SigningSecret: cfg.SlackSecret.Reveal(), AppToken: cfg.SlackAppToken.Reveal(),
		APIURL: cfg.SlackAPIURL,
	}
}

// routes registers what platforms call. Without a secret to verify them by all
// calls are refused.
func (c *channels) routes(mux *http.ServeMux) {
	c.slack.Routes(mux)
}

// run keeps the channels alive and delivers until ctx ends, then waits for what
// is under way.
func (c *channels) run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { c.slack.Run(ctx) })
	wg.Go(func() { c.courier.Run(ctx) })
	wg.Wait()
}

// states says how each configured channel stands.
func (c *channels) states() map[string]check {
	out := map[string]check{}
	if c.slack.Enabled() {
		st := c.slack.State()
		out[slack.Channel] = check{OK: st.OK, Detail: st.Detail}
	}
	return out
}

// examineSlack asks Slack whether its settings work, for doctor.
func examineSlack(ctx context.Context, cfg *Config) []finding {
	if !cfg.SlackBotToken.Set() {
		if cfg.SlackAppToken.Set() || cfg.SlackSecret.Set() {
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
