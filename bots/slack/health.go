package slack

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	firstRetry = time.Second
	maxRetry   = 5 * time.Minute
	// recheck is how often a token that works is looked at again, so that a
	// revoked one shows.
	recheck = 10 * time.Minute
)

// identity is who the token speaks as.
type identity struct {
	Team     string
	TeamName string
	User     string
	Name     string
	Bot      string
	Scopes   []string
}

// State is how the channel stands, in words for staff.
type State struct {
	OK     bool
	Detail string
}

// status is what Run has found out.
type status struct {
	mu     sync.Mutex // guards the rest
	token  State
	socket State
}

func (s *status) set(which *State, ok bool, detail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*which = State{ok, detail}
}

// State says how the channel stands.
func (b *Bot) State() State {
	if !b.Enabled() {
		return State{Detail: "not configured"}
	}
	b.status.mu.Lock()
	defer b.status.mu.Unlock()
	token, socket := b.status.token, b.status.socket
	if token.Detail == "" {
		token.Detail = "connecting"
	}
	switch {
	case b.cfg.AppToken != "":
		if socket.Detail == "" {
			socket.Detail = "Socket Mode: connecting"
		}
		return State{token.OK && socket.OK, token.Detail + "; " + socket.Detail}
	case b.cfg.SigningSecret == "":
		return State{false, token.Detail + "; no way for messages to arrive: set SLACK_APP_TOKEN or SLACK_SIGNING_SECRET"}
	}
	return token
}

// whoami asks Slack who the token speaks as and what it may do.
func whoami(ctx context.Context, api *slack.Client) (*identity, error) {
	r, err := api.AuthTestContext(ctx)
	if err != nil {
		return nil, err
	}
	me := &identity{Team: r.TeamID, TeamName: r.Team, User: r.UserID, Name: r.User, Bot: r.BotID}
	for s := range strings.SplitSeq(r.Header.Get("X-Oauth-Scopes"), ",") {
		if s = strings.TrimSpace(s); s != "" {
			me.Scopes = append(me.Scopes, s)
		}
	}
	return me, nil
}

// identify finds out who the bot is, again and again: at first until it knows,
// then to notice when the token stops working.
func (b *Bot) identify(ctx context.Context) {
	said := ""
	for attempt := 0; ; attempt++ {
		me, err := whoami(ctx, b.api)
		if ctx.Err() != nil {
			return
		}
		pause := recheck
		if err == nil {
			b.me.Store(me)
			detail := "speaks as @" + me.Name + " in " + me.TeamName
			b.status.set(&b.status.token, true, detail)
			if said != detail {
				b.log.Info("slack connected", "workspace", me.TeamName, "bot", me.Name)
			}
			if missing := MissingScopes(me.Scopes); len(missing) > 0 && said != detail {
				b.log.Warn("slack app lacks permissions", "scopes", missing)
			}
			said, attempt = detail, 0
		} else {
			detail := explainAuth(err)
			b.status.set(&b.status.token, false, detail)
			if said != detail {
				b.log.Warn("slack not connected; trying again", "err", safe(err))
			}
			said, pause = detail, max(backoff(attempt), wait(err))
		}
		if !sleep(ctx, pause) {
			return
		}
	}
}

// explainAuth says what is wrong with a token or the way to Slack.
func explainAuth(err error) string {
	if is(err, refusedToken) {
		return "SLACK_BOT_TOKEN is refused (" + code(err) + ")"
	}
	return strings.TrimPrefix(safe(err).Error(), "slack: ")
}

// scopes are the permissions the app needs, with what each is for.
var scopes = map[string]string{
	"app_mentions:read": "see mentions",
	"assistant:write":   "show that it is thinking, suggested questions and titles",
	"channels:history":  "follow threads in public channels",
	"chat:write":        "answer",
	"files:read":        "read the files customers send",
	"files:write":       "send customers the files of replies, and show theirs in the staff channel",
	"groups:history":    "follow threads in private channels",
	"im:history":        "read direct messages",
	"mpim:history":      "follow threads in group messages",
	"users:read":        "show staff the customer's name",
}

// MissingScopes returns which of the permissions that the channel needs are not
// among those granted, sorted. Nothing is missing where Slack does not say what
// was granted.
func MissingScopes(granted []string) []string {
	var missing []string
	for s := range scopes {
		if len(granted) > 0 && !slices.Contains(granted, s) {
			missing = append(missing, s)
		}
	}
	slices.Sort(missing)
	return missing
}

// Finding is one thing that Check looked at.
type Finding struct {
	OK     bool
	Detail string
	Advice string
}

// Check asks Slack, for doctor, whether the tokens of c work and what they may
// do; c needs nothing else. It changes nothing.
func Check(ctx context.Context, c Config) []Finding {
	api := newClient(c.defaults())
	var out []Finding
	me, err := whoami(ctx, api)
	switch {
	case err != nil:
		out = append(out, Finding{false, explainAuth(err), "The token begins with xoxb- and is on the app's page under OAuth & Permissions."})
	case len(MissingScopes(me.Scopes)) > 0:
		var lines []string
		for _, s := range MissingScopes(me.Scopes) {
			lines = append(lines, s+" (to "+scopes[s]+")")
		}
		out = append(out, Finding{false, "@" + me.Name + " in " + me.TeamName + " lacks permissions: " + strings.Join(lines, ", "),
			"Paste deploy/slack-manifest.json into the app's manifest, or add the scopes, and install the app again."})
	default:
		out = append(out, Finding{true, "speaks as @" + me.Name + " in " + me.TeamName, ""})
	}
	if err == nil && c.StaffChannel != "" {
		out = append(out, checkStaff(ctx, api, c.StaffChannel, me.Name))
	}
	if c.AppToken == "" {
		if c.SigningSecret == "" {
			out = append(out, Finding{false, "messages have no way in", "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for events over HTTP."})
		}
		return out
	}
	if _, _, err := api.StartSocketModeContext(ctx); err != nil {
		return append(out, Finding{false, "Socket Mode is refused: " + strings.TrimPrefix(safe(err).Error(), "slack: "),
			"SLACK_APP_TOKEN begins with xapp- and needs the scope connections:write; Socket Mode must be on in the app's settings."})
	}
	return append(out, Finding{true, "Socket Mode can be used", ""})
}

// backoff doubles with each attempt, spread so that replicas do not come together.
func backoff(attempt int) time.Duration {
	d := min(maxRetry, firstRetry<<min(attempt, 20))
	return d/2 + rand.N(d/2+1)
}

// sleep waits, and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
