package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/migrations/dbtest"
)

// platforms are a Slack and a Telegram that keep what is written there.
type platforms struct {
	*httptest.Server
	t         *testing.T
	mu        sync.Mutex // guards the rest
	n, topics int
	// slack are posts as "channel thread: text" with their id, telegram as "chat topic: text".
	slack, slackIDs, telegram []string
}

func newPlatforms(t *testing.T) *platforms {
	p := &platforms{t: t}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *platforms) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		r.ParseMultipartForm(1 << 20)
	} else {
		r.ParseForm()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	f := r.Form.Get
	switch method := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; method {
	case "auth.test":
		fmt.Fprint(w, `{"ok":true,"team":"Acme","user":"frontdesk","team_id":"T1","user_id":"U0BOT","bot_id":"B1"}`)
	case "chat.postMessage":
		ts := fmt.Sprintf("1763900000.%06d", p.n)
		p.slack, p.slackIDs = append(p.slack, f("channel")+" "+f("thread_ts")+": "+f("text")), append(p.slackIDs, ts)
		fmt.Fprintf(w, `{"ok":true,"channel":%q,"ts":%q}`, f("channel"), ts)
	case "getMe":
		fmt.Fprint(w, `{"ok":true,"result":{"id":777,"is_bot":true,"first_name":"Shop","username":"ShopBot"}}`)
	case "getChat":
		fmt.Fprintf(w, `{"ok":true,"result":{"id":%s,"type":"supergroup","is_forum":true,"title":"Staff"}}`, f("chat_id"))
	case "createForumTopic":
		p.topics++
		fmt.Fprintf(w, `{"ok":true,"result":{"message_thread_id":%d,"name":"x","icon_color":1}}`, 44+p.topics)
	case "sendMessage":
		p.telegram = append(p.telegram, f("chat_id")+" "+f("message_thread_id")+": "+f("text"))
		fmt.Fprintf(w, `{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":%s,"type":"private"}}}`, p.n, f("chat_id"))
	default:
		fmt.Fprint(w, `{"ok":true,"result":true}`)
	}
}

// until waits for a post on a platform that begins and goes on so, and returns its id
// on Slack.
func (p *platforms) until(s *serving, list *[]string, begins, holds string) (id string) {
	p.t.Helper()
	return p.untilDone(s, list, begins, holds, func() {})
}

// untilDone is until, with what is tried before each look.
func (p *platforms) untilDone(s *serving, list *[]string, begins, holds string, try func()) (id string) {
	p.t.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		try()
		p.mu.Lock()
		i := slices.IndexFunc(*list, func(post string) bool { return strings.HasPrefix(post, begins) && strings.Contains(post, holds) })
		if list == &p.slack && i >= 0 {
			id = p.slackIDs[i]
		}
		all := fmt.Sprintf("%q", *list)
		p.mu.Unlock()
		if i >= 0 {
			return id
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("no post %s…%s among %s\n%s", begins, holds, all, s.said())
		}
	}
}

// saysInThread is a person's message in a thread of the Slack staff channel.
func (s *serving) saysInThread(user, ts, thread, text string) int {
	return s.slackSays(fmt.Sprintf(`{"type":"event_callback","team_id":"T1","event_id":"Ev%[2]s","authorizations":[{"team_id":"T1","user_id":"U0BOT","is_bot":true}],
		"event":{"type":"message","channel_type":"group","channel":"C0STAFF","user":%[1]q,"ts":%[2]q,"thread_ts":%[3]q,"text":%[4]q}}`, user, ts, thread, text), slackSecret)
}

// TestStaffOnSlackAndTelegramAnswerCustomersOnTheOther goes the whole way: a customer
// on each platform, staff on the other.
func TestStaffOnSlackAndTelegramAnswerCustomersOnTheOther(t *testing.T) {
	p := newPlatforms(t)
	db := "DATABASE_URL=" + dbtest.URL(t)
	s := startServing(t, []string{db, "PUBLIC_URL=https://desk.example.com", "DESK_UNDO_SECONDS=0",
		"SLACK_BOT_TOKEN=xoxb-hunter2", "SLACK_SIGNING_SECRET=" + slackSecret, "SLACK_API_URL=" + p.URL + "/api", "SLACK_STAFF_CHANNEL=C0STAFF",
		"TELEGRAM_BOT_TOKEN=777:hunter2", "TELEGRAM_WEBHOOK_SECRET=hook-hunter3", "TELEGRAM_API_URL=" + p.URL, "TELEGRAM_STAFF_CHAT=-100900"})
	for deadline := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		if _, rep := s.readiness(); rep.Channels["slack staff"].OK && rep.Channels["telegram staff"].OK {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("readyz says of the desks %+v, want both fine", rep.Channels)
		}
	}
	if got := frontdeskWith(t, "a long password\n", []string{db}, "staff", "add", "ana@x.org", "--role", "agent", "--password-stdin"); got.code != 0 {
		t.Fatalf("staff add = %+v", got)
	}
	for _, who := range [][]string{{"--slack", "U0ANA"}, {"--telegram", "71"}} {
		if got := frontdesk(t, []string{db}, append([]string{"staff", "link", "ana@x.org"}, who...)...); got.code != 0 || !strings.Contains(got.stdout, "ana@x.org (agent)") {
			t.Fatalf("staff link = %+v, want it done", got)
		}
	}

	// A customer on Telegram asks for a person; Ana answers on Slack, twice the same event.
	say := func(id, text string) {
		t.Helper()
		if code := s.telegramSays("hook-hunter3", fmt.Sprintf(`{"update_id":%[1]s,"message":{"message_id":%[1]s,"from":{"id":5,"first_name":"Cleo","language_code":"en"},"chat":{"id":5,"type":"private"},"date":1,"text":%[2]q}}`, id, text)); code != http.StatusOK {
			t.Fatalf("an update = %d", code)
		}
	}
	say("3", "/human Where is my parcel?")
	root := p.until(s, &p.slack, "C0STAFF : ", "Where is my parcel?")
	p.until(s, &p.slack, "C0STAFF "+root+": ", "asked our team")
	p.until(s, &p.telegram, "-100900 45: ", "Where is my parcel?")
	s.saysInThread("U0STRANGER", "1763900500.000001", root, "We lost it.")
	for range 2 {
		if code := s.saysInThread("U0ANA", "1763900500.000002", root, "It left today."); code != http.StatusOK {
			t.Fatalf("Ana's reply = %d, want 200", code)
		}
	}
	p.until(s, &p.telegram, "5 ", "It left today.")
	p.until(s, &p.telegram, "-100900 45: ", "It left today.") // colleagues on the other desk see it
	say("4", "Thanks!")
	p.until(s, &p.slack, "C0STAFF "+root+": ", "Thanks!")
	click := `{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U0ANA"},"container":{"channel_id":"C0STAFF","message_ts":"` + root + `"},"actions":[{"action_id":"frontdesk_handback","value":"x","action_ts":"1.1"}]}`
	p.untilDone(s, &p.telegram, "5 ", "handed the chat back", func() { // refused until "Thanks!" is known to stand there
		if code := s.slackPosts("/slack/interactions", "payload="+url.QueryEscape(click)); code != http.StatusOK {
			t.Fatalf("Hand back = %d, want 200", code)
		}
	})
	say("5", "hello")
	p.until(s, &p.telegram, "5 ", "Hello! Ask me")

	if got := frontdesk(t, []string{db}, "staff", "links"); strings.Count(got.stdout, "ana@x.org") != 2 {
		t.Errorf("staff links = %+v, want both", got)
	}
	if got := frontdesk(t, []string{db}, "staff", "unlink", "--slack", "U0ANA"); got.code != 0 {
		t.Errorf("staff unlink = %+v, want it done", got)
	}
	s.saysInThread("U0ANA", "1763900500.000003", root, "Still me?")

	// A customer on Slack; Ana answers in the Telegram topic of that conversation.
	if code := s.slackSays(strings.Replace(directMessage, `"text":"hello"`, `"text":"talk to a person"`, 1), slackSecret); code != http.StatusOK {
		t.Fatalf("a customer's message = %d", code)
	}
	p.until(s, &p.telegram, "-100900 46: ", "talk to a person")
	p.until(s, &p.telegram, "-100900 46: ", "asked our team")
	if code := s.telegramSays("hook-hunter3", `{"update_id":9,"message":{"message_id":900,"from":{"id":71,"first_name":"A"},"chat":{"id":-100900,"type":"supergroup"},"message_thread_id":46,"is_topic_message":true,"date":1,"text":"Hi, what can I do?"}}`); code != http.StatusOK {
		t.Fatalf("Ana's message in the topic = %d", code)
	}
	p.until(s, &p.slack, "D1 : ", "Hi, what can I do?")
	if code := s.stop(); code != 0 {
		t.Errorf("stop = %d, want 0", code)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.telegram, "\n")
	if n := strings.Count(all, "5 : <b>Ana"); strings.Contains(all, "We lost it.") || strings.Contains(all, "Still me?") || n != 1 {
		t.Errorf("Telegram got %s, want Ana's reply once and nobody else's", all)
	}
	if said := s.said(); strings.Contains(said, "hunter") || strings.Contains(said, "parcel") {
		t.Errorf("the log shows a secret or a customer's words: %s", said)
	}
}

func TestStaffPlacesAreChecked(t *testing.T) {
	for environ, want := range map[string]string{
		"SLACK_STAFF_CHANNEL=#support": "not a channel's id", "SLACK_STAFF_CHANNEL=U0ANA": "not a channel's id",
		"TELEGRAM_STAFF_CHAT=@support": "not a group's number", "TELEGRAM_STAFF_CHAT=100": "not a group's number",
		"DESK_UNDO_SECONDS=-1": "0 to 300", "DESK_UNDO_SECONDS=soon": "not a number",
	} {
		if _, err := load(t, []string{environ}, "", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s = %v, want %q", environ, err, want)
		}
	}
	db := []string{"DATABASE_URL=" + dbtest.URL(t)}
	for name, c := range map[string]struct{ args, says string }{
		"nobody":      {"staff link nobody@x.org --slack U0ANA", "no member of staff"},
		"no platform": {"staff link ana@x.org", "--slack U…"},
		"both":        {"staff link ana@x.org --slack U0ANA --telegram 5", "--slack U…"},
		"a channel":   {"staff link admin@localhost --slack C0STAFF", "not a person's id"},
		"not linked":  {"staff unlink --telegram 5", "nobody already"},
		"too much":    {"staff links now", "no arguments"},
	} {
		got := frontdesk(t, db, strings.Fields(c.args)...)
		if got.code == 0 || !strings.Contains(got.stderr, c.says) {
			t.Errorf("%s: %+v, want %q", name, got, c.says)
		}
	}
}
