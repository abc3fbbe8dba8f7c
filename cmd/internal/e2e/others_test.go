package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakechat"
	"frontdesk/cmd/internal/proc"
)

// others are stand-ins for the platforms and the model that nobody here wrote.
type others struct {
	t                       *testing.T
	ctx                     context.Context
	slack, telegram, openai string // addresses
	o                       proc.Options
	server                  *proc.Server
	staff                   string // the channel
	users                   map[string]string
}

const cleoToken, anaToken = "xoxp-cleo", "xoxp-ana"

// newOthers runs the stand-ins until the test ends. They are there under make e2e only.
func newOthers(t *testing.T) *others {
	t.Helper()
	modules, node := os.Getenv("FRONTDESK_FAKES"), os.Getenv("FRONTDESK_NODE")
	if modules == "" || node == "" {
		t.Skip("stand-ins of others for Slack, Telegram and OpenAI are not installed: make e2e fetches them with npm and runs this")
	}
	_, o := setup(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	ports := map[string]int{}
	address := map[string]string{}
	for _, name := range []string{"slack", "telegram", "openai"} {
		address[name] = freeAddress(t)
		_, port, _ := strings.Cut(address[name], ":")
		ports[name], _ = strconv.Atoi(port)
	}
	options, err := json.Marshal(map[string]any{
		"slack": ports["slack"], "telegram": ports["telegram"], "openai": ports["openai"],
		"events": "http://" + o.Address + "/slack/events", "secret": slackSecret,
		"tokens": []any{map[string]any{"token": slackToken, "bot": true}, map[string]any{"token": cleoToken, "user": "cleo"}, map[string]any{"token": anaToken, "user": "ana"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("fakes/fakes.mjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, node, script, modules, string(options))
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	ready := false
	for !ready && lines.Scan() {
		ready = lines.Text() == "ready"
	}
	drained := make(chan struct{})
	go func() { defer close(drained); io.Copy(io.Discard, out) }()
	t.Cleanup(func() { in.Close(); <-drained; cmd.Wait() })
	if !ready {
		t.Fatal("the stand-ins did not start")
	}
	f := &others{t: t, ctx: ctx, slack: "http://" + address["slack"] + "/api/", telegram: "http://" + address["telegram"], openai: "http://" + address["openai"], o: o, users: map[string]string{}}
	f.furnish()
	f.o.Env = append(f.o.Env, "LOG_LEVEL=info", "DESK_UNDO_SECONDS=0", "OPENAI_BASE_URL="+f.openai+"/v1",
		"SLACK_BOT_TOKEN="+slackToken, "SLACK_SIGNING_SECRET="+slackSecret, "SLACK_API_URL="+f.slack, "SLACK_STAFF_CHANNEL="+f.staff,
		"TELEGRAM_BOT_TOKEN="+telegramToken, "TELEGRAM_API_URL="+listen(t, multipartToJSON(f.telegram)))
	return f
}

// furnish finds the staff channel and puts the bot into it.
func (f *others) furnish() {
	f.t.Helper()
	for _, u := range f.api(anaToken, "users.list", nil)["members"].([]any) {
		u := u.(map[string]any)
		f.users[u["name"].(string)] = u["id"].(string)
	}
	for _, c := range f.api(anaToken, "conversations.list", url.Values{"types": {"private_channel"}})["channels"].([]any) {
		if c := c.(map[string]any); c["name"] == "staff" {
			f.staff = c["id"].(string)
		}
	}
	f.api(anaToken, "conversations.invite", url.Values{"channel": {f.staff}, "users": {f.users["frontdesk"]}})
}

// api calls Slack as somebody.
func (f *others) api(token, method string, v url.Values) map[string]any {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.ctx, http.MethodPost, f.slack+method, strings.NewReader(v.Encode()))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var out map[string]any
	f.call(req, &out)
	if out["ok"] != true {
		f.t.Fatalf("slack %s: %v", method, out)
	}
	return out
}

func (f *others) call(req *http.Request, into any) {
	f.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		f.t.Fatalf("%s: %v", req.URL.Path, err)
	}
}

func (f *others) post(address string, body, into any) {
	f.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		f.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(f.ctx, http.MethodPost, address, bytes.NewReader(b))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	f.call(req, into)
}

// answers adds what the model says.
func (f *others) answers(fixtures ...map[string]any) {
	f.t.Helper()
	var out map[string]any
	f.post(f.openai+"/__aimock/fixtures", map[string]any{"fixtures": fixtures}, &out)
	if out["error"] != nil {
		f.t.Fatalf("fixtures: %v", out)
	}
}

// asked is what the model was sent to a path, as JSON.
func (f *others) asked(path string) string {
	f.t.Helper()
	res, err := http.Get(f.openai + "/__aimock/journal?path=" + url.QueryEscape(path))
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(b)
}

// message is one on either platform.
type message struct{ id, text string }

// slackLog is a channel's, or a thread's, messages.
func (f *others) slackLog(token, channel, thread string) (out []message) {
	f.t.Helper()
	method, v := "conversations.history", url.Values{"channel": {channel}}
	if thread != "" {
		method, v = "conversations.replies", url.Values{"channel": {channel}, "ts": {thread}}
	}
	for _, m := range f.api(token, method, v)["messages"].([]any) {
		m := m.(map[string]any)
		blocks, _ := json.Marshal(m["blocks"])
		out = append(out, message{m["ts"].(string), fmt.Sprint(m["text"]) + string(blocks)})
	}
	return out
}

// telegramLog is what the bot sent to a chat.
func (f *others) telegramLog(chat int) (out []message) {
	f.t.Helper()
	var log struct {
		Result []struct {
			MessageID int
			UserID    any
			Message   struct {
				ChatID any `json:"chat_id"`
				Text   string
			}
		}
	}
	f.post(f.telegram+"/getUpdatesHistory", map[string]any{"token": telegramToken}, &log)
	for _, m := range log.Result {
		if fmt.Sprint(m.Message.ChatID) == strconv.Itoa(chat) {
			out = append(out, message{strconv.Itoa(m.MessageID), m.Message.Text})
		}
	}
	return out
}

// sees waits until the newest of the messages that have words is there.
func (f *others) sees(log func() []message, words ...string) message {
	f.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(30 * time.Millisecond) {
		all := log()
		for _, m := range all {
			found := true
			for _, w := range words {
				found = found && strings.Contains(m.text, w)
			}
			if found {
				return m
			}
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("never saw %q among %+v", words, all)
		}
	}
}

// writes has a customer write on Telegram.
func (f *others) writes(chat int, text string) {
	f.t.Helper()
	m := map[string]any{"botToken": telegramToken, "date": time.Now().Unix(), "text": text,
		"from": map[string]any{"id": chat, "first_name": "Cleo", "is_bot": false, "language_code": "en"},
		"chat": map[string]any{"id": chat, "first_name": "Cleo", "type": "private"}}
	path := "/sendMessage"
	if command, _, _ := strings.Cut(text, " "); strings.HasPrefix(command, "/") {
		m["entities"] = []any{map[string]any{"type": "bot_command", "offset": 0, "length": len(command)}}
		path = "/sendCommand"
	}
	var out map[string]any
	f.post(f.telegram+path, m, &out)
}

// multipartToJSON brings what the library posts to a server that reads JSON alone. It
// also holds a request for updates open, which that server answers at once.
func multipartToJSON(address string) http.Handler {
	call := func(r *http.Request, params map[string]any) (int, []byte, error) {
		b, err := json.Marshal(params)
		if err != nil {
			return 0, nil, err
		}
		req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, address+r.URL.Path, bytes.NewReader(b))
		if err != nil {
			return 0, nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, nil, err
		}
		defer res.Body.Close()
		b, err = io.ReadAll(res.Body)
		return res.StatusCode, b, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		params := map[string]any{}
		given := fakechat.Params(r)
		for k, v := range given {
			params[k] = v
			if strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
				params[k] = json.RawMessage(v)
			}
		}
		wait, _ := strconv.Atoi(given["timeout"])
		for deadline := time.Now().Add(time.Duration(wait) * time.Second); ; {
			status, body, err := call(r, params)
			if err != nil {
				http.Error(w, "the stand-in does not answer", http.StatusBadGateway)
				return
			}
			if strings.HasSuffix(r.URL.Path, "/getUpdates") && bytes.Contains(body, []byte(`"result":[]`)) && time.Now().Before(deadline) {
				select {
				case <-r.Context().Done():
					return
				case <-time.After(20 * time.Millisecond):
					continue
				}
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			w.Write(body)
			return
		}
	})
}
