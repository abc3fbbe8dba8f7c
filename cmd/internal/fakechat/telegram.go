package fakechat

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// Telegram is a Bot API that keeps what is sent and hands out updates.
type Telegram struct {
	platform
	token   string
	updates []json.RawMessage // not confirmed yet
	ids     []int64
	last    int64
}

// NewTelegram returns an API for the bot of token; any other is refused.
func NewTelegram(token string) *Telegram {
	t := &Telegram{token: token}
	t.init()
	return t
}

func (t *Telegram) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method, params := path.Base(r.URL.Path), Params(r)
	f := t.called(method, params["chat_id"])
	if suffer(w, r, f) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	var answer map[string]any
	switch {
	case f.Status != 0:
		status = f.Status
		answer = map[string]any{"ok": false, "error_code": f.Status, "description": http.StatusText(f.Status) + ": " + f.Code}
		if f.RetryAfter > 0 {
			answer["parameters"] = map[string]any{"retry_after": f.RetryAfter}
		}
	case r.URL.Path != "/bot"+t.token+"/"+method:
		status, answer = http.StatusUnauthorized, map[string]any{"ok": false, "error_code": 401, "description": "Unauthorized"}
	case method == "getUpdates" && f.Cut: // at once, with whatever there is
		cut(w)
	case method == "getUpdates":
		answer = map[string]any{"ok": true, "result": t.pending(r.Context(), params)}
	default:
		answer = map[string]any{"ok": true, "result": t.do(method, params)}
	}
	if f.Cut {
		cut(w)
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // a caller who went away needs no answer
}

func (t *Telegram) do(method string, v map[string]string) any {
	t.mu.Lock()
	defer t.mu.Unlock()
	chat, _ := strconv.ParseInt(v["chat_id"], 10, 64)
	kind := "private"
	if chat < 0 {
		kind = "supergroup"
	}
	switch method {
	case "getMe":
		bot, _, _ := strings.Cut(t.token, ":")
		id, _ := strconv.ParseInt(bot, 10, 64)
		return map[string]any{"id": id, "is_bot": true, "first_name": "Shop", "username": "ShopBot"}
	case "getChat":
		return map[string]any{"id": chat, "type": kind, "is_forum": true, "title": "Staff"}
	case "createForumTopic":
		t.n++
		return map[string]any{"message_thread_id": t.n, "name": v["name"], "icon_color": 1}
	case "sendMessage":
		t.n++
		m := &Post{Place: v["chat_id"], Thread: v["message_thread_id"], ID: strconv.Itoa(t.n), Text: v["text"], Buttons: v["reply_markup"]}
		t.posts = append(t.posts, m)
		t.wrote(m)
		return map[string]any{"message_id": t.n, "date": 1, "chat": map[string]any{"id": chat, "type": kind}, "text": "x"}
	case "editMessageText":
		if _, m := t.find(v["chat_id"], v["message_id"]); m != nil {
			m.Text, m.Buttons = v["text"], v["reply_markup"]
			t.wrote(m)
		}
	case "deleteMessage":
		if i, m := t.find(v["chat_id"], v["message_id"]); m != nil {
			t.remove(i)
		}
	}
	return true
}

// pending forgets what is below the offset and waits for something after it.
func (t *Telegram) pending(ctx context.Context, v map[string]string) []json.RawMessage {
	offset, _ := strconv.ParseInt(v["offset"], 10, 64)
	for {
		t.mu.Lock()
		for len(t.ids) > 0 && t.ids[0] < offset {
			t.ids, t.updates = t.ids[1:], t.updates[1:]
		}
		out, changed := append([]json.RawMessage{}, t.updates...), t.changed
		t.mu.Unlock()
		if len(out) > 0 || v["timeout"] == "0" {
			return out
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return out
		}
	}
}

// Say has a message fetched by the bot: of a customer in their private chat, or in
// a topic of a group where topic is not 0. It returns the update.
func (t *Telegram) Say(chat, from int64, topic int, text string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	t.n++
	u := TelegramMessage(t.last, chat, from, int64(t.n), topic, text)
	t.updates, t.ids = append(t.updates, u), append(t.ids, t.last)
	close(t.changed)
	t.changed = make(chan struct{})
	return u
}

// Unconfirmed is how many updates the bot has not confirmed.
func (t *Telegram) Unconfirmed() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ids)
}

// TelegramMessage is an update as Telegram sends it.
func TelegramMessage(update, chat, from, id int64, topic int, text string) []byte {
	kind := "private"
	if chat < 0 {
		kind = "supergroup"
	}
	m := map[string]any{"message_id": id, "date": 1, "text": text, "chat": map[string]any{"id": chat, "type": kind},
		"from": map[string]any{"id": from, "first_name": "Cleo", "language_code": "en"}}
	if topic != 0 {
		m["message_thread_id"], m["is_topic_message"] = topic, true
	}
	if command, _, _ := strings.Cut(text, " "); strings.HasPrefix(command, "/") {
		m["entities"] = []any{map[string]any{"type": "bot_command", "offset": 0, "length": len(command)}}
	}
	b, err := json.Marshal(map[string]any{"update_id": update, "message": m})
	if err != nil {
		panic(err) // strings and numbers alone
	}
	return b
}

// Params reads the parameters of a call, of which the library makes chunked multipart
// and we ourselves JSON.
func Params(r *http.Request) map[string]string {
	// Only once all of it is read does a server notice that the caller went away.
	defer io.Copy(io.Discard, r.Body)
	params := map[string]string{}
	kind, attrs, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		var m map[string]json.RawMessage
		json.NewDecoder(r.Body).Decode(&m) // what cannot be read is missing
		for k, v := range m {
			var s string
			if json.Unmarshal(v, &s) != nil {
				s = string(v)
			}
			params[k] = s
		}
		return params
	}
	form := multipart.NewReader(r.Body, attrs["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return params
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return params
		}
		params[part.FormName()] = string(b)
	}
}
