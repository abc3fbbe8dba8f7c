package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/slacktest"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/fakechat"
)

// socket is slack-go's own test server. It has the handshake and the socket; methods
// that it lacks, or answers with the same id twice a second, are the workspace's.
type socket struct {
	t     *testing.T
	conns chan *websocket.Conn
	conn  *websocket.Conn
	n     int
}

// serveSocket returns a socket and the address of its Web API.
func serveSocket(t *testing.T, workspace http.Handler) (*socket, string) {
	s := &socket{t: t, conns: make(chan *websocket.Conn, 8)}
	done := make(chan struct{})
	ws := httptest.NewServer(http.HandlerFunc(slacktest.Websocket(func(c *websocket.Conn) {
		c.WriteJSON(map[string]any{"type": "hello", "num_connections": 1})
		s.conns <- c
		<-done
	})))
	api := slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/apps.connections.open", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+slackAppToken {
				fmt.Fprint(w, `{"ok":false,"error":"invalid_auth"}`)
				return
			}
			fmt.Fprintf(w, `{"ok":true,"url":%q}`, "ws"+strings.TrimPrefix(ws.URL, "http")+"/?ticket=canary-ticket")
		})
		for _, method := range []string{"auth.test", "chat.postMessage", "chat.update", "chat.delete", "conversations.history", "conversations.replies"} {
			c.Handle("/"+method, workspace.ServeHTTP)
		}
	})
	api.Start()
	t.Cleanup(func() {
		close(done)
		api.Stop()
		ws.Close()
	})
	return s, api.GetAPIURL()
}

// send brings a payload and waits until it is acknowledged. A connection that was
// lost is replaced by the next.
func (s *socket) send(kind string, payload []byte) {
	s.t.Helper()
	s.n++
	id := fmt.Sprint("envelope-", s.n)
	for range 5 {
		if s.conn == nil {
			select {
			case s.conn = <-s.conns:
			case <-time.After(patience):
				s.t.Fatal("no socket was opened")
			}
		}
		err := s.conn.WriteJSON(map[string]any{"type": kind, "envelope_id": id, "payload": json.RawMessage(payload), "accepts_response_payload": false})
		var ack struct {
			ID string `json:"envelope_id"`
		}
		if err == nil {
			err = s.conn.ReadJSON(&ack)
		}
		if err == nil && ack.ID == id {
			return
		}
		s.conn.Close()
		s.conn = nil
	}
	s.t.Fatalf("%s was never acknowledged", id)
}

// TestStaffOverSocketModeAnswerATelegramCustomer goes the whole way of two platforms
// at once: updates are fetched from Telegram, Slack speaks over a socket.
func TestStaffOverSocketModeAnswerATelegramCustomer(t *testing.T) {
	c := newChats(t, func(fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: "You have sixty days to send it back, free of charge, whatever the reason is and wherever you bought it [1].", Pause: 120 * time.Millisecond}
	})
	s, api := serveSocket(t, c.slack)
	c.o.Env = append(c.o.Env, "SLACK_APP_TOKEN="+slackAppToken, "SLACK_SIGNING_SECRET=", "SLACK_API_URL="+api)
	c.start()
	c.hire()
	c.until("slack", true, "Socket Mode")
	c.until("slack staff", true, staffChannel)
	c.until("telegram", true, "fetching updates")

	const question = "Tell me, until when could I send boots back?"
	c.telegram.Say(5, 5, 0, question)
	c.reads(c.telegram, "5", "sixty days", "👍")
	if c.telegram.Calls("sendMessageDraft") == 0 {
		t.Error("no preview was shown while the answer was written")
	}
	s.send("events_api", fakechat.SlackMessage("D0CLEO001", "U0CLEO001", nextStamp(), "", question))
	c.reads(c.slack, "D0CLEO001", "wherever you bought it")
	if c.slack.Calls("chat.update") == 0 {
		t.Error("the answer on Slack was not shown while it was written")
	}

	c.telegram.Say(5, 5, 0, "/human Where is my parcel?")
	root := c.reads(c.slack, staffChannel, "Where is my parcel?", "frontdesk_take")
	c.reads(c.telegram, "5", "asked our team")
	c.reads(c.slack, staffChannel, "asked our team") // in the thread, which therefore is known
	s.conn.Close()                                   // the reply comes over the next socket
	s.send("events_api", fakechat.SlackMessage(staffChannel, "U0STRANGE", nextStamp(), root.ID, "We lost it."))
	s.send("events_api", fakechat.SlackMessage(staffChannel, slackAna, nextStamp(), root.ID, "It left today."))
	c.reads(c.telegram, "5", "Ana", "It left today.")
	before := len(c.ai.Requests())
	c.telegram.Say(5, 5, 0, "Thanks, and the boots?")
	c.reads(c.slack, staffChannel, "Thanks, and the boots?")
	if n := len(c.ai.Requests()); n != before {
		t.Errorf("the model was asked %d times while staff had the conversation", n-before)
	}
	form, err := url.ParseQuery(string(fakechat.SlackClick(staffChannel, slackAna, root.ID, "frontdesk_handback")))
	if err != nil {
		t.Fatal(err)
	}
	// Pressed until the server knows that what the customer wrote stands in the thread.
	for deadline := time.Now().Add(patience); count(c.telegram.Posts("5"), "handed the chat back") == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it was not handed back: %+v", c.telegram.Posts("5"))
		}
		s.send("interactive", []byte(form.Get("payload")))
	}
	c.telegram.Say(5, 5, 0, "So until when could I send the boots back?")
	for deadline := time.Now().Add(patience); count(c.telegram.Posts("5"), "sixty days") != 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the bot did not answer again: %+v", c.telegram.Posts("5"))
		}
	}
	if got := c.telegram.Posts("5"); count(got, "It left today.") != 1 || count(got, "We lost it.") != 0 {
		t.Errorf("the customer got %+v, want Ana's reply once and nobody else's", got)
	}
	c.keepsSecrets(staffOf(t, c.o, c.server.URL))
	if err := c.server.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func count(posts []fakechat.Post, words string) (n int) {
	for _, p := range posts {
		if strings.Contains(p.Text, words) {
			n++
		}
	}
	return n
}
