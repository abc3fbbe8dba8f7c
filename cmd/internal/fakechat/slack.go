package fakechat

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"
)

// Who is who in the workspace.
const (
	SlackTeam = "T061EG9R6"
	SlackBot  = "U0BOTUSER"
	slackApp  = "B0BOTID1"
)

// Slack is a workspace that keeps what is posted. Its methods answer at any path
// that ends in their name. It has no streams: answers are shown by edits.
type Slack struct {
	platform
	token string // taken; any other is invalid_auth
}

// NewSlack returns a workspace whose bot has a token.
func NewSlack(token string) *Slack {
	s := &Slack{token: token}
	s.init()
	return s
}

func (s *Slack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.ParseForm() // what cannot be read is missing
	method := path.Base(r.URL.Path)
	f := s.called(method, r.Form.Get("channel"))
	if suffer(w, r, f) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	answer := map[string]any{"ok": false, "error": f.Code}
	switch {
	case f.Code != "" || f.Status != 0:
	case r.Header.Get("Authorization") != "Bearer "+s.token:
		answer["error"] = "invalid_auth"
	default:
		answer = s.do(method, r.Form)
	}
	if f.Cut {
		cut(w)
	}
	json.NewEncoder(w).Encode(answer) // a caller who went away needs no answer
}

func (s *Slack) do(method string, v url.Values) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel, ts := v.Get("channel"), v.Get("ts")
	done := func(ts string) map[string]any { return map[string]any{"ok": true, "channel": channel, "ts": ts} }
	switch method {
	case "auth.test":
		return map[string]any{"ok": true, "team": "Acme", "user": "frontdesk", "team_id": SlackTeam, "user_id": SlackBot, "bot_id": slackApp}
	case "users.info":
		return map[string]any{"ok": true, "user": map[string]any{"id": v.Get("user"), "real_name": "Cleo"}}
	case "chat.postMessage":
		s.n++
		m := &Post{Place: channel, Thread: v.Get("thread_ts"), ID: fmt.Sprintf("%d.%06d", time.Now().Unix(), s.n),
			Text: v.Get("text"), Buttons: v.Get("blocks"), metadata: v.Get("metadata")}
		s.posts = append(s.posts, m)
		s.wrote(m)
		return done(m.ID)
	case "chat.update", "chat.delete":
		i, m := s.find(channel, ts)
		switch {
		case m == nil:
			return map[string]any{"ok": false, "error": "message_not_found"}
		case method == "chat.delete":
			s.remove(i)
		default:
			m.Text, m.Buttons, m.metadata = v.Get("text"), v.Get("blocks"), v.Get("metadata")
			s.wrote(m)
		}
		return done(ts)
	case "conversations.replies", "conversations.history":
		list := []map[string]any{}
		for _, m := range s.posts {
			if m.Place != channel || method == "conversations.replies" && m.Thread != ts && m.ID != ts {
				continue
			}
			entry := map[string]any{"type": "message", "user": SlackBot, "bot_id": slackApp, "ts": m.ID, "text": m.Text}
			if m.metadata != "" {
				entry["metadata"] = json.RawMessage(m.metadata)
			}
			list = append(list, entry)
		}
		return map[string]any{"ok": true, "messages": list}
	}
	return map[string]any{"ok": false, "error": "unknown_method"}
}

// SlackMessage is a person's message as the Events API sends it. Without a thread it
// stands alone.
func SlackMessage(channel, user, ts, thread, text string) []byte {
	kind := map[byte]string{'D': "im", 'G': "group"}[channel[0]]
	if kind == "" {
		kind = "channel"
	}
	event := map[string]any{"type": "message", "channel_type": kind, "channel": channel, "user": user, "ts": ts, "text": text}
	if thread != "" {
		event["thread_ts"] = thread
	}
	b, err := json.Marshal(map[string]any{"type": "event_callback", "team_id": SlackTeam, "event_id": "Ev" + channel + ts, "event": event,
		"authorizations": []any{map[string]any{"team_id": SlackTeam, "user_id": SlackBot, "is_bot": true}}})
	if err != nil {
		panic(err) // strings alone
	}
	return b
}

// SlackClick is a click on a button of the message ts, as it is posted to us.
func SlackClick(channel, user, ts, action string) []byte {
	payload := fmt.Sprintf(`{"type":"block_actions","team":{"id":%q},"user":{"id":%q},"container":{"channel_id":%q,"message_ts":%q},"actions":[{"action_id":%q,"value":"x","action_ts":"1.1"}]}`,
		SlackTeam, user, channel, ts, action)
	return []byte("payload=" + url.QueryEscape(payload))
}

// SignSlack sets the headers that prove a request with body to be Slack's.
func SignSlack(h http.Header, secret string, body []byte) {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
}
