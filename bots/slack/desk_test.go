package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

const staffChannel = "C0STAFF01"

// noPassages finds no passages.
type noPassages struct{}

func (noPassages) Find(context.Context, knowledge.Query) (knowledge.Result, error) {
	return knowledge.Result{}, nil
}

// deskRig is a bot with a staff channel, on a real database.
type deskRig struct {
	*rig
	engine *conversation.Engine
	desks  *conversation.Desks
	pool   *pgxpool.Pool
}

func newDeskRig(t *testing.T, undo time.Duration) *deskRig {
	t.Helper()
	pool := dbtest.New(t)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{Poll: 10 * time.Millisecond, Backoff: time.Millisecond}, conversation.Deps{
		Store: store, Finder: noPassages{}, Counter: tokens.For(""),
	})
	if err != nil {
		t.Fatal(err)
	}
	d := conversation.NewDesks(e, store, conversation.DeskConfig{Undo: undo, Link: func(id string) string { return "https://desk.example.com/console#/conversations/" + id }})
	r := &deskRig{engine: e, desks: d, pool: pool}
	r.rig = newRig(t, func(c *Config) { c.Engine, c.Threads, c.StaffChannel, c.Desk = e, store, staffChannel, d })
	d.Serve(Channel, r.Bot)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	accounts := conversationdb.NewStaffStore(pool)
	a, err := accounts.AddAccount(t.Context(), staff.Account{Email: "ana@example.com", Name: "Ana", Role: staff.RoleAgent}, "x")
	if err == nil {
		_, err = accounts.SetLink(t.Context(), staff.Link{Channel: Channel, ExternalID: "U0ANA"}, a.Email)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.slack.until(t, "the desk is known", func() bool { return r.count(t, `SELECT count(*) FROM desks`) == 1 })
	return r
}

func (r *deskRig) count(t *testing.T, q string) (n int) {
	t.Helper()
	if err := r.pool.QueryRow(t.Context(), q).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// customer stores a message of a customer elsewhere and asks for a person.
func (r *deskRig) customer(t *testing.T, text string) (id string) {
	t.Helper()
	got, err := r.engine.Receive(t.Context(), conversation.Inbound{
		Channel: "telegram", Account: "1", Thread: "5", Sender: "5", SenderName: "Cleo <3", ExternalID: fmt.Sprint(time.Now().UnixNano()), Text: text,
	})
	if err == nil {
		_, err = r.engine.Handoff(t.Context(), got.Conversation, conversation.Actor{}, conversation.ReasonAsked)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got.Conversation
}

// thread waits for the n-th brief and returns its id.
func (r *deskRig) thread(t *testing.T, n int) posted {
	t.Helper()
	var found posted
	r.slack.until(t, "the brief is posted", func() bool {
		k := 0
		for _, m := range r.slack.visible() {
			if m.Channel == staffChannel && m.Thread == "" {
				if k++; k == n {
					found = m
					return r.count(t, `SELECT count(*) FROM desk_threads WHERE thread = '`+m.TS+`'`) == 1
				}
			}
		}
		return false
	})
	return found
}

// replies are the texts in a thread.
func (r *deskRig) replies(thread string) string {
	var out []string
	for _, m := range r.slack.visible() {
		if m.Channel == staffChannel && m.Thread == thread {
			out = append(out, m.Text)
		}
	}
	return strings.Join(out, "\n")
}

// event is what Slack sends of the staff channel.
func (r *deskRig) event(t *testing.T, id string, fields map[string]any) {
	t.Helper()
	ev := map[string]any{"type": "message", "channel": staffChannel, "channel_type": "group"}
	for k, v := range fields {
		ev[k] = v
	}
	body, err := json.Marshal(map[string]any{
		"type": "event_callback", "team_id": testTeam, "event_id": id, "event": ev,
		"authorizations": []any{map[string]any{"team_id": testTeam, "user_id": testBot, "is_bot": true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := r.deliver(t, "/slack/events", string(body)); code != http.StatusOK {
		t.Fatalf("event %s = %d, want 200", id, code)
	}
}

// click is what Slack sends of a button.
func (r *deskRig) click(t *testing.T, user, thread, action, value, at string) {
	t.Helper()
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "team": map[string]any{"id": testTeam}, "user": map[string]any{"id": user},
		"container": map[string]any{"channel_id": staffChannel, "message_ts": thread},
		"actions":   []any{map[string]any{"action_id": action, "value": value, "action_ts": at}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if code := r.deliver(t, "/slack/interactions", "payload="+url.QueryEscape(string(payload))); code != http.StatusOK {
		t.Fatalf("click on %s = %d, want 200", action, code)
	}
}

// log is a conversation as the customer sees it.
func (r *deskRig) log(t *testing.T, id string) string {
	t.Helper()
	ms, err := r.engine.Messages(t.Context(), id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		out = append(out, string(m.Author)+": "+m.Text)
	}
	return strings.Join(out, "\n")
}

// whispered waits for words to one person and returns the call.
func (r *deskRig) whispered(t *testing.T, words string) url.Values {
	t.Helper()
	var got url.Values
	r.slack.until(t, "somebody is told "+words, func() bool {
		got = r.slack.form("chat.postEphemeral")
		return strings.Contains(got.Get("text"), words)
	})
	return got
}

func TestACaseIsAThreadWithItsBrief(t *testing.T) {
	r := newDeskRig(t, time.Hour)
	id := r.customer(t, "Where is it? <!channel> [click](https://evil.example)")
	root := r.thread(t, 1)
	for _, want := range []string{"Cleo &lt;3", "Waits for a person since", "The customer asked for a person", "Where is it? &lt;!channel&gt;",
		"https://desk.example.com/console#/conversations/" + id, actionTake, actionBack, actionClose} {
		if !strings.Contains(jsonText(t, root.Blocks), want) {
			t.Errorf("the brief %s has no %q", root.Blocks, want)
		}
	}
	if strings.Contains(jsonText(t, root.Blocks)+root.Text, "<!channel") || strings.Contains(root.Blocks, "evil.example|") {
		t.Errorf("the brief %s calls everybody, or hides an address", root.Blocks)
	}
	r.customer(t, "It's <@U0ANA>'s parcel")
	r.slack.until(t, "the next message is there", func() bool { return strings.Contains(r.replies(root.TS), "It's &lt;@U0ANA&gt;'s parcel") })
	r.click(t, "U0ANA", root.TS, actionTake, "another conversation", "1.1")
	r.whispered(t, "You hold this conversation now")
	r.slack.until(t, "the brief names Ana", func() bool { return strings.Contains(r.thread(t, 1).Blocks, "Ana answers") })
	if st, err := r.engine.State(t.Context(), id); err != nil || st.StaffName != "Ana" {
		t.Errorf("State = %+v, %v, want Ana's", st, err)
	}
	r.click(t, "U0STRANGER", root.TS, actionClose, "", "1.2")
	r.whispered(t, "staff link YOUR@EMAIL --slack U0STRANGER")
	r.click(t, "U0ANA", root.TS, actionBack, "", "1.3")
	r.whispered(t, "Handed back")
	r.slack.until(t, "the brief names the assistant", func() bool { return strings.Contains(r.thread(t, 1).Blocks, "The assistant answers") })
	r.click(t, "U0ANA", "1700000000.000009", actionTake, id, "1.4")
	r.whispered(t, "no longer works")
}

// jsonText is a JSON text as its reader sees it, without escapes of its own.
func jsonText(t *testing.T, s string) string {
	t.Helper()
	return strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(s)
}

func TestAReplyInTheThreadReachesTheCustomerOnce(t *testing.T) {
	r := newDeskRig(t, time.Hour)
	id := r.customer(t, "Where is it?")
	root := r.thread(t, 1)
	reply := map[string]any{"user": "U0ANA", "ts": "1763900100.000100", "thread_ts": root.TS, "text": "It left &amp; comes <https://track.example/1>"}
	r.event(t, "Ev1", reply)
	r.event(t, "Ev1", reply) // again, and as another event of the same message
	r.event(t, "Ev2", reply)
	told := r.whispered(t, "Sent to the customer in 3600 s.")
	if told.Get("user") != "U0ANA" || told.Get("thread_ts") != root.TS || !strings.Contains(told.Get("blocks"), actionUndo) {
		t.Errorf("told %v, want Ana alone in the thread, with a button", told)
	}
	if st, _ := r.engine.State(t.Context(), id); st.Owner != conversation.OwnerStaff {
		t.Errorf("owner %s, want staff at once", st.Owner)
	}
	// A second one, changed and then taken back.
	r.event(t, "Ev3", map[string]any{"user": "U0ANA", "ts": "1763900101.000100", "thread_ts": root.TS, "text": "Sory"})
	r.event(t, "Ev4", map[string]any{"subtype": "message_changed", "ts": "1763900103.000100",
		"message":          map[string]any{"type": "message", "user": "U0ANA", "ts": "1763900101.000100", "thread_ts": root.TS, "text": "Sorry"},
		"previous_message": map[string]any{"text": "Sory"}})
	r.whispered(t, "Changed")
	r.event(t, "Ev5", map[string]any{"user": "U0ANA", "ts": "1763900102.000100", "thread_ts": root.TS, "text": "Forget that"})
	r.event(t, "Ev6", map[string]any{"subtype": "message_deleted", "ts": "1763900104.000100", "deleted_ts": "1763900102.000100",
		"previous_message": map[string]any{"type": "message", "user": "U0ANA", "ts": "1763900102.000100", "thread_ts": root.TS, "text": "Forget that"}})
	r.whispered(t, "Not sent.")
	if _, err := r.pool.Exec(t.Context(), `UPDATE desk_sends SET due_at = now()`); err != nil {
		t.Fatal(err)
	}
	r.slack.until(t, "both are sent", func() bool { return strings.Contains(r.log(t, id), "staff: Sorry") })
	log := r.log(t, id)
	if strings.Count(log, "staff: It left & comes https://track.example/1") != 1 || strings.Contains(log, "Sory") || strings.Contains(log, "Forget") {
		t.Errorf("the log is %s, want each reply once, as it was in the end", log)
	}
	r.event(t, "Ev7", map[string]any{"user": "U0ANA", "ts": "1763900107.000100", "thread_ts": root.TS, "text": "", "subtype": "file_share", "files": []any{map[string]any{"id": "F1"}}})
	r.whispered(t, "Files are not sent")
	r.engine.Resolve(t.Context(), id, conversation.Actor{})
	r.slack.until(t, "it is shown as closed", func() bool { return strings.Contains(r.thread(t, 1).Blocks, "Closed") })
}

func TestNothingInTheStaffChannelIsACustomers(t *testing.T) {
	r := newDeskRig(t, 0)
	id := r.customer(t, "Where is it?")
	root := r.thread(t, 1)
	r.slack.until(t, "the thread is there", func() bool { return strings.Contains(r.replies(root.TS), "I've asked our team") })
	before := r.log(t, id)
	for i, ev := range []map[string]any{
		{"user": "U0CLEO", "text": "Morning!", "ts": "1763900201.000100"},                                                // beside the threads
		{"user": "U0CLEO", "text": "<@" + testBot + "> hi", "ts": "1763900202.000100", "type": "app_mention"},            // a mention
		{"user": "U0CLEO", "text": "<@" + testBot + "> hi", "ts": "1763900202.000100"},                                   // its other event
		{"user": "U0CLEO", "text": "lunch?", "ts": "1763900203.000100", "thread_ts": "1763900201.000100"},                // a thread of people's own
		{"user": "U0STRANGER", "text": "We send it!", "ts": "1763900204.000100", "thread_ts": root.TS},                   // nobody linked
		{"user": testBot, "bot_id": "B0BOTID1", "text": "echo", "ts": "1763900205.000100", "thread_ts": root.TS},         // the bot itself
		{"bot_id": "B0OTHER", "subtype": "bot_message", "text": "beep", "ts": "1763900206.000100", "thread_ts": root.TS}, // another bot
		{"user": "U0ANA", "subtype": "channel_join", "text": "joined", "ts": "1763900207.000100"},                        // a service message
		{"user": "U0ANA", "text": "x", "ts": "oops", "thread_ts": root.TS},                                               // incomplete
		{"user": "U0ANA", "text": "here", "ts": "1763900208.000100", "thread_ts": root.TS, "channel": "C0OTHER01"},       // the same thread elsewhere
		{"subtype": "message_changed", "ts": "1763990209.000100", "message": map[string]any{"user": "U0ANA", "ts": "1763900201.000100", "thread_ts": root.TS, "text": "old, changed"}, "previous_message": map[string]any{"text": "old"}},
	} {
		r.event(t, fmt.Sprint("EvX", i), ev)
	}
	r.whispered(t, "Your id here is U0STRANGER")
	r.event(t, "EvY", map[string]any{"user": "U0ANA", "text": "here", "ts": "1763900210.000100", "thread_ts": "1763900000.000001", "parent_user_id": testBot})
	r.whispered(t, "no longer that of a conversation")
	if n := r.count(t, `SELECT count(*) FROM conversations`); n != 1 {
		t.Errorf("%d conversations, want the customer's alone", n)
	}
	if after := r.log(t, id); after != before {
		t.Errorf("the log became %s, want it as it was: %s", after, before)
	}
	if n := r.slack.called("chat.postEphemeral"); n != 2 {
		t.Errorf("%d whispers, want those to who is not linked and in a thread that is over", n)
	}
	if n := r.count(t, `SELECT count(*) FROM desk_sends`); n != 0 {
		t.Errorf("%d sends, want none", n)
	}
}

func TestTheDeskKeepsToWhatSlackAsks(t *testing.T) {
	r := newDeskRig(t, 0)
	r.slack.fail("chat.postMessage",
		fault{status: http.StatusTooManyRequests, retry: "1"}, // the brief
		fault{after: true}, // the brief, whose answer is lost
	)
	id := r.customer(t, "Where is it?")
	root := r.thread(t, 1)
	r.slack.until(t, "the first message is there", func() bool { return strings.Contains(r.replies(root.TS), "I've asked our team") })
	r.slack.fail("chat.postMessage", fault{status: http.StatusBadGateway}, fault{after: true}, fault{code: "thread_not_found"})
	r.customer(t, "Hello?")
	r.slack.until(t, "it is there", func() bool { return strings.Count(r.replies(root.TS), "Hello?") == 1 })
	r.customer(t, "Anybody?") // into the deleted thread
	second := r.thread(t, 2)
	r.slack.until(t, "it is in a new thread", func() bool { return strings.Contains(r.replies(second.TS), "Anybody?") })
	if n := strings.Count(r.replies(root.TS)+r.replies(second.TS), "Hello?"); n != 1 {
		t.Errorf("a message whose answer was lost is there %d times, want once", n)
	}
	r.event(t, "Ev1", map[string]any{"user": "U0ANA", "ts": "1763900100.000100", "thread_ts": second.TS, "text": "Here."})
	r.slack.until(t, "the reply is sent", func() bool { return strings.Contains(r.log(t, id), "staff: Here.") })
	briefs := 0
	for _, m := range r.slack.visible() {
		if m.Channel == staffChannel && m.Thread == "" {
			briefs++
		}
	}
	if briefs != 2 {
		t.Errorf("%d briefs, want the first and the one after the deletion", briefs)
	}
}

func TestDoctorLooksIntoTheStaffChannel(t *testing.T) {
	f := newFakeSlack(t)
	c := Config{BotToken: botToken, SigningSecret: secret, APIURL: f.URL, StaffChannel: staffChannel}
	if got := Check(t.Context(), c); len(got) != 2 || !got[1].OK || !strings.Contains(got[1].Detail, staffChannel) {
		t.Errorf("Check = %+v, want the staff channel fine", got)
	}
	f.fail("conversations.history", fault{code: "channel_not_found"})
	if got := Check(t.Context(), c); len(got) != 2 || got[1].OK || !strings.Contains(got[1].Advice, "/invite @frontdesk") {
		t.Errorf("Check of a channel without the bot = %+v, want how to invite it", got)
	}
}

func FuzzNothingInTheStaffChannelReachesTheEngine(f *testing.F) {
	for _, name := range []string{"thread_reply", "mention_message", "app_mention", "message_changed", "message_deleted", "file_share", "own_message", "other_bot"} {
		var env struct {
			Event json.RawMessage `json:"event"`
		}
		if err := json.Unmarshal([]byte(recorded(f, name)), &env); err != nil {
			f.Fatal(err)
		}
		f.Add(string(env.Event))
	}
	f.Add(`{"type":"message","subtype":"message_deleted","channel":"` + staffChannel + `","previous_message":{"user":"U1","thread_ts":"1.1","ts":"2.2"}}`)
	desk := &heard{}
	r := newRig(f, func(c *Config) { c.StaffChannel, c.Desk = staffChannel, desk })
	f.Fuzz(func(t *testing.T, raw string) {
		var ev event
		if decode([]byte(raw), &ev) != nil {
			return
		}
		ev.Channel = staffChannel
		body, err := json.Marshal(ev)
		if err != nil {
			t.Skip("cannot be an event: it has no JSON form")
		}
		if _, err := r.take(t.Context(), envelope{Type: "event_callback", TeamID: testTeam, Event: body}); err != nil {
			t.Errorf("take(%s) = %v, want no error", raw, err)
		}
		if got := r.engine.texts(); len(got) != 0 {
			t.Errorf("%s reached the engine as %q, want nothing", raw, got)
		}
		desk.mu.Lock()
		defer desk.mu.Unlock()
		for _, v := range desk.voices {
			if strings.Contains(v, " "+testBot+" in ") {
				t.Errorf("%s: the desk heard %q, want nothing of the bot's own", raw, v)
			}
		}
		desk.voices = nil
	})
}
