package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack/slacktest"
)

// socketServer is slack-go's own fake workspace, whose socket is driven here.
type socketServer struct {
	*slacktest.Server
	sockets chan *websocket.Conn
	mu      sync.Mutex // guards refuse
	refuse  string     // what apps.connections.open answers instead
}

func newSocketServer(t *testing.T) *socketServer {
	s := &socketServer{sockets: make(chan *websocket.Conn, 8)}
	done := make(chan struct{})
	ws := httptest.NewServer(http.HandlerFunc(slacktest.Websocket(func(c *websocket.Conn) {
		c.WriteJSON(map[string]any{"type": "hello", "num_connections": 1})
		s.sockets <- c
		<-done
	})))
	s.Server = slacktest.NewTestServer(func(c slacktest.Customize) {
		c.Handle("/auth.test", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"ok":true,"team":"Acme","user":"frontdesk","team_id":%q,"user_id":%q,"bot_id":"B0BOTID1"}`, testTeam, testBot)
		})
		c.Handle("/apps.connections.open", func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			refuse := s.refuse
			s.refuse = ""
			s.mu.Unlock()
			if refuse != "" || r.Header.Get("Authorization") != "Bearer xapp-1" {
				fmt.Fprintf(w, `{"ok":false,"error":%q}`, or(refuse, "invalid_auth"))
				return
			}
			fmt.Fprintf(w, `{"ok":true,"url":%q}`, "ws"+strings.TrimPrefix(ws.URL, "http")+"/?ticket=secret-ticket")
		})
	})
	s.Start()
	t.Cleanup(func() {
		close(done)
		s.Stop()
		ws.Close()
	})
	return s
}

// socketRig runs a bot against s until the test ends.
func socketRig(t *testing.T, s *socketServer) *rig {
	r := newRig(t, func(c *Config) { c.APIURL, c.AppToken, c.SigningSecret = s.GetAPIURL(), "xapp-1", "" })
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return r
}

// envelopeOf wraps a payload as the socket does.
func envelopeOf(kind, id, payload string) map[string]any {
	return map[string]any{"type": kind, "envelope_id": id, "payload": json.RawMessage(payload), "accepts_response_payload": false}
}

// acked reads the next acknowledgement.
func acked(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	var ack struct {
		EnvelopeID string `json:"envelope_id"`
	}
	if err := c.ReadJSON(&ack); err != nil {
		t.Fatalf("read an acknowledgement: %v", err)
	}
	return ack.EnvelopeID
}

func TestSocketModeStoresBeforeItAcknowledges(t *testing.T) {
	s := newSocketServer(t)
	r := socketRig(t, s)
	c := <-s.sockets
	c.WriteJSON(envelopeOf("events_api", "e1", recorded(t, "message_im")))
	if id := acked(t, c); id != "e1" || len(r.engine.texts()) != 1 {
		t.Errorf("acknowledged %s with %q stored, want e1 and the message", id, r.engine.texts())
	}
	// A payload the library cannot read, for one block of a kind it mistakes.
	odd := strings.Replace(recorded(t, "message_assistant"), `"text":"Where`, `"blocks":{"no":"list"},"text":"Where`, 1)
	c.WriteJSON(envelopeOf("events_api", "e2", odd))
	if id := acked(t, c); id != "e2" || len(r.engine.texts()) != 2 {
		t.Errorf("acknowledged %s with %q stored, want e2 and both messages", id, r.engine.texts())
	}
	c.WriteJSON(envelopeOf("interactive", "e3", recorded(t, "block_actions")))
	if id := acked(t, c); id != "e3" || len(r.engine.thumbs) != 1 {
		t.Errorf("acknowledged %s with thumbs %q, want e3 and one", id, r.engine.thumbs)
	}
	r.engine.mu.Lock()
	r.engine.fail = errUnverified // any failure of the store
	r.engine.mu.Unlock()
	c.WriteJSON(envelopeOf("events_api", "e4", recorded(t, "mention_message")))
	r.slack.until(t, "a failure", func() bool { return r.last() == wasFailed })
	r.engine.mu.Lock()
	r.engine.fail = nil
	r.engine.mu.Unlock()
	c.WriteJSON(envelopeOf("events_api", "e5", recorded(t, "mention_message")))
	if id := acked(t, c); id != "e5" {
		t.Errorf("acknowledged %s, want e5: e4 was not stored", id)
	}
}

func TestASocketThatEndsOrIsRefusedIsOpenedAgain(t *testing.T) {
	s := newSocketServer(t)
	s.refuse = "invalid_auth"
	r := socketRig(t, s)
	r.slack.until(t, "the refusal in the state", func() bool { return strings.Contains(r.State().Detail, "SLACK_APP_TOKEN is refused (invalid_auth)") })
	if st := r.State(); st.OK || strings.Contains(st.Detail, "xapp") || strings.Contains(st.Detail, "ticket") {
		t.Errorf("State() = %+v, want it not well and no secret", st)
	}
	first := <-s.sockets
	r.slack.until(t, "a good state", func() bool { return r.State().OK })
	first.Close()
	second := <-s.sockets
	second.WriteJSON(map[string]any{"type": "disconnect", "reason": "refresh_requested"})
	third := <-s.sockets
	third.WriteJSON(envelopeOf("events_api", "e1", recorded(t, "message_im")))
	if id := acked(t, third); id != "e1" || len(r.engine.texts()) != 1 {
		t.Errorf("acknowledged %s with %q stored, want e1 and the message", id, r.engine.texts())
	}
}

// heard is a desk that notes what it hears.
type heard struct {
	mu     sync.Mutex // guards voices
	voices []string
}

func (h *heard) add(what string, v conversation.DeskVoice) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.voices = append(h.voices, what+" "+v.Sender+" in "+v.Chat+"/"+v.Thread+": "+v.Text)
}

func (h *heard) Said(_ context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
	h.add("said", v)
	return conversation.DeskReply{}, nil
}

func (h *heard) Edited(_ context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
	h.add("edited", v)
	return conversation.DeskReply{}, nil
}

func (h *heard) Deleted(_ context.Context, v conversation.DeskVoice) (conversation.DeskReply, error) {
	h.add("deleted", v)
	return conversation.DeskReply{}, nil
}

func (h *heard) Press(_ context.Context, v conversation.DeskVoice, a conversation.DeskAction, _ string) (string, error) {
	h.add(string(a), v)
	return "", nil
}

func TestSocketModeBringsWhatStaffDoToTheDesk(t *testing.T) {
	s, desk := newSocketServer(t), &heard{}
	r := newRig(t, func(c *Config) {
		c.APIURL, c.AppToken, c.SigningSecret, c.StaffChannel, c.Desk = s.GetAPIURL(), "xapp-1", "", "C0LAN2Q65", desk
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	c := <-s.sockets
	c.WriteJSON(envelopeOf("events_api", "e1", recorded(t, "thread_reply"))) // in the channel that is the staff's here
	click := strings.NewReplacer(`"channel_id":"D024BE91L"`, `"channel_id":"C0LAN2Q65"`, "frontdesk_unhelpful", actionTake).Replace(recorded(t, "block_actions"))
	acked(t, c)
	c.WriteJSON(envelopeOf("interactive", "e2", click))
	acked(t, c)
	c.WriteJSON(envelopeOf("events_api", "e3", recorded(t, "message_im")))
	acked(t, c)
	want := []string{"said U0SECOND1 in C0LAN2Q65/1763807500.000400: And how long does it take?", "take U061F7AUR in C0LAN2Q65/1763807580.000700: "}
	if !slices.Equal(desk.voices, want) || len(r.engine.texts()) != 1 {
		t.Errorf("the desk heard %q, the engine %q, want %q and the direct message", desk.voices, r.engine.texts(), want)
	}
}
