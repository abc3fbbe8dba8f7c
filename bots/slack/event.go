package slack

import (
	"encoding/json"
	"strings"
)

// The shapes below hold what is used of Slack's payloads and nothing more, so
// that a block or file of a kind not known here never costs a message.

// envelope is what the Events API wraps around an event.
type envelope struct {
	Type           string          `json:"type"`
	Challenge      string          `json:"challenge"`
	TeamID         string          `json:"team_id"`
	EventID        string          `json:"event_id"`
	Event          json.RawMessage `json:"event"`
	Authorizations []authorization `json:"authorizations"`
}

// authorization names an installation that the event is meant for.
type authorization struct {
	TeamID string `json:"team_id"`
	UserID string `json:"user_id"`
	IsBot  bool   `json:"is_bot"`
}

// event is a message in one of its many kinds, or an assistant thread's start.
type event struct {
	Type            string            `json:"type"`
	Subtype         string            `json:"subtype"`
	User            string            `json:"user"`
	BotID           string            `json:"bot_id"`
	Text            string            `json:"text"`
	TS              string            `json:"ts"`
	ThreadTS        string            `json:"thread_ts"`
	ParentUser      string            `json:"parent_user_id"`
	Channel         string            `json:"channel"`
	ChannelType     string            `json:"channel_type"`
	Files           []json.RawMessage `json:"files"`
	Message         *event            `json:"message"`
	PreviousMessage *event            `json:"previous_message"`
	DeletedTS       string            `json:"deleted_ts"`
	AssistantThread assistantThread   `json:"assistant_thread"`
}

type assistantThread struct {
	UserID    string `json:"user_id"`
	ChannelID string `json:"channel_id"`
	ThreadTS  string `json:"thread_ts"`
}

// interaction is a click on one of our buttons.
type interaction struct {
	Type string `json:"type"`
	Team struct {
		ID string `json:"id"`
	} `json:"team"`
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Container struct {
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
		ThreadTS  string `json:"thread_ts"`
	} `json:"container"`
	Message struct {
		ThreadTS string `json:"thread_ts"`
		Text     string `json:"text"`
	} `json:"message"`
	Actions []struct {
		ActionID string `json:"action_id"`
		Value    string `json:"value"`
		ActionTS string `json:"action_ts"`
		Text     struct {
			Text string `json:"text"`
		} `json:"text"`
	} `json:"actions"`
}

// direct reports whether the channel is a direct message with the bot.
func direct(channel string) bool { return strings.HasPrefix(channel, "D") }

// place is where a conversation takes place: a channel, and the thread in it
// unless the whole channel is one conversation.
type place struct{ channel, thread string }

// key is the place as the engine keeps it: "D123", "C123/1700000000.000100".
func (p place) key() string {
	if p.thread == "" {
		return p.channel
	}
	return p.channel + "/" + p.thread
}

func placeOf(key string) place {
	channel, thread, _ := strings.Cut(key, "/")
	return place{channel, thread}
}

// validTS reports whether s has the form of Slack's message ids, seconds and
// microseconds.
func validTS(s string) bool {
	seconds, micros, ok := strings.Cut(s, ".")
	return ok && digits(seconds) && digits(micros)
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 20
}

// validID reports whether s has the form of Slack's ids, such as C024BE91L.
func validID(s string) bool {
	for _, r := range s {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}
