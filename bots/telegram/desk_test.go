package telegram

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

const staffChat = -1009000000001

// deskRig is a bot with a staff chat, on a real database.
type deskRig struct {
	*platform
	t      *testing.T
	bot    *Bot
	engine *conversation.Engine
	pool   *pgxpool.Pool
	last   int // number of the newest update
}

func newDeskRig(t *testing.T, plain bool, undo time.Duration) *deskRig {
	p := newPlatform(t)
	p.plain = plain
	pool := dbtest.New(t)
	store := conversationdb.New(pool)
	e, err := conversation.New(conversation.Config{Poll: 10 * time.Millisecond, Backoff: time.Millisecond}, conversation.Deps{
		Store: store, Finder: faq{}, Counter: tokens.For(""),
	})
	if err != nil {
		t.Fatal(err)
	}
	d := conversation.NewDesks(e, store, conversation.DeskConfig{Undo: undo, Link: func(id string) string { return "https://desk.example.com/" + id }})
	b := newBot(t, p, e, func(c *Config) { c.Threads, c.StaffChat, c.Desk = store, staffChat, d })
	d.Serve(Channel, b)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { b.Run(ctx) })
	wg.Go(func() { d.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	accounts := conversationdb.NewStaffStore(pool)
	a, err := accounts.AddAccount(t.Context(), staff.Account{Email: "ana@example.com", Name: "Ana", Role: staff.RoleAgent}, "x")
	if err == nil {
		_, err = accounts.SetLink(t.Context(), staff.Link{Channel: Channel, ExternalID: "71"}, a.Email)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &deskRig{platform: p, t: t, bot: b, engine: e, pool: pool}
	until(t, "the desk is known", func() bool { return r.count(`SELECT count(*) FROM desks`) == 1 })
	return r
}

func (r *deskRig) count(q string) (n int) {
	r.t.Helper()
	if err := r.pool.QueryRow(r.t.Context(), q).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// customer stores a message of a customer elsewhere and asks for a person.
func (r *deskRig) customer(text string) (id string) {
	r.t.Helper()
	r.last++
	got, err := r.engine.Receive(r.t.Context(), conversation.Inbound{
		Channel: "slack", Account: "T1", Thread: "D1", Sender: "U1", SenderName: "Cleo <3", ExternalID: fmt.Sprint(r.last), Text: text,
	})
	if err == nil {
		_, err = r.engine.Handoff(r.t.Context(), got.Conversation, conversation.Actor{}, conversation.ReasonAsked)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return got.Conversation
}

// thread waits for the n-th thread and returns its id and its brief's.
func (r *deskRig) thread(n int) (thread, root string) {
	r.t.Helper()
	until(r.t, "the thread is kept", func() bool {
		err := r.pool.QueryRow(r.t.Context(), `SELECT thread, root FROM desk_threads WHERE thread <> ''`).Scan(&thread, &root)
		return err == nil && r.briefs() >= n
	})
	return thread, root
}

// briefs is how many briefs were sent and taken.
func (r *deskRig) briefs() (n int) {
	for _, c := range r.sent() {
		if strings.Contains(c.params["text"], "Last question:") {
			n++
		}
	}
	return n
}

// sent are the messages Telegram took.
func (r *deskRig) sent() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []call
	for _, c := range r.calls {
		if c.method == "sendMessage" && c.ok {
			out = append(out, c)
		}
	}
	return out
}

// shown waits for a message that holds words and returns it.
func (r *deskRig) shown(words string) (found call) {
	r.t.Helper()
	until(r.t, "a message says "+words, func() bool {
		for _, c := range r.sent() {
			if strings.Contains(c.params["text"], words) {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

// update has an update about the staff chat fetched; %CHAT becomes that.
func (r *deskRig) update(format string, args ...any) {
	r.last++
	body := strings.ReplaceAll(fmt.Sprintf(format, args...), "%CHAT", fmt.Sprintf(`"chat":{"id":%d,"type":"supergroup","title":"Staff"}`, staffChat))
	r.post(fmt.Appendf(nil, `{"update_id":%d,%s}`, r.last, body))
}

// says is a message of a person in a topic.
func (r *deskRig) says(from, id int, topic, text string) {
	r.update(`"message":{"message_id":%d,"date":1763800000,"from":{"id":%d,"first_name":"A"},%%CHAT,"message_thread_id":%s,"is_topic_message":true,"text":%q}`, id, from, topic, text)
}

// presses is a click on a button of a message in a topic.
func (r *deskRig) presses(from int, topic, data string) {
	r.update(`"callback_query":{"id":"q%d","from":{"id":%d,"first_name":"A"},"data":%q,"message":{"message_id":5,"date":1,%%CHAT,"message_thread_id":%s,"is_topic_message":true,"from":{"id":777001,"is_bot":true}}}`,
		r.last, from, data, topic)
}

func (r *deskRig) alerted(words string) {
	r.t.Helper()
	until(r.t, "a button is answered with "+words, func() bool {
		for _, c := range r.wait(r.t, "answerCallbackQuery", 0) {
			if strings.Contains(c.params["text"], words) {
				return true
			}
		}
		return false
	})
}

// log is a conversation as the customer sees it.
func (r *deskRig) log(id string) string {
	r.t.Helper()
	ms, err := r.engine.Messages(r.t.Context(), id, 0, 100)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, m := range ms {
		out = append(out, string(m.Author)+": "+m.Text)
	}
	return strings.Join(out, "\n")
}

func TestACaseBecomesATopic(t *testing.T) {
	r := newDeskRig(t, false, time.Hour)
	id := r.customer("Where is it? <b>")
	topic, root := r.thread(1)
	made := r.wait(t, "createForumTopic", 1)[0]
	if made.params["chat_id"] != fmt.Sprint(staffChat) || made.params["name"] != "Cleo <3 · slack · Where is it? <b>" {
		t.Errorf("createForumTopic %v, want one named after the case", made.params)
	}
	brief := r.shown("Last question:")
	for _, want := range []string{"Cleo &lt;3", "Where is it? &lt;b&gt;", "Waits for a person", "https://desk.example.com/" + id} {
		if !strings.Contains(brief.params["text"], want) {
			t.Errorf("the brief %q has no %q", brief.params["text"], want)
		}
	}
	if brief.params["message_thread_id"] != topic || !strings.Contains(brief.params["reply_markup"], "desk:take") {
		t.Errorf("the brief is %v, want it in the topic with buttons", brief.params)
	}
	r.presses(71, topic, "desk:take")
	r.alerted("You hold this conversation now")
	until(t, "the brief names Ana", func() bool {
		edits := r.wait(t, "editMessageText", 0)
		return len(edits) > 0 && strings.Contains(edits[len(edits)-1].params["text"], "Ana answers") && edits[len(edits)-1].params["message_id"] == root
	})
	r.presses(99, topic, "desk:close")
	r.alerted("--telegram 99")
	r.says(71, 900, topic, "/handback")
	r.shown("Handed back")
	r.presses(71, "12345", "desk:take")
	r.alerted("no longer works")
	if st, err := r.engine.State(t.Context(), id); err != nil || st.Owner != conversation.OwnerBot {
		t.Errorf("State = %+v, %v, want the bot's", st, err)
	}
}

func TestAReplyInTheTopicReachesTheCustomerOnce(t *testing.T) {
	r := newDeskRig(t, false, time.Hour)
	id := r.customer("Where is it?")
	topic, _ := r.thread(1)
	for range 2 { // fetched twice, as after a crash
		r.says(71, 901, topic, "It left today.")
	}
	notice := r.shown("Sent to the customer in 3600 s.")
	if !strings.Contains(notice.params["reply_markup"], "desk:undo:") || !strings.Contains(notice.params["reply_parameters"], "901") || notice.params["message_thread_id"] != topic {
		t.Errorf("the notice is %v, want a reply with a button", notice.params)
	}
	r.says(71, 902, topic, "Forget that")
	until(t, "the second waits", func() bool { return r.count(`SELECT count(*) FROM desk_sends WHERE notice <> ''`) == 2 })
	var key string
	if err := r.pool.QueryRow(t.Context(), `SELECT key::text FROM desk_sends WHERE body = 'Forget that'`).Scan(&key); err != nil {
		t.Fatal(err)
	}
	r.presses(71, topic, "desk:undo:"+key)
	r.alerted("Not sent.")
	r.update(`"edited_message":{"message_id":901,"date":1763800000,"edit_date":1763800002,"from":{"id":71,"first_name":"A"},%%CHAT,"message_thread_id":%s,"is_topic_message":true,"text":"It left yesterday."}`, topic)
	r.shown("Changed: the new words are sent.")
	r.says(71, 903, topic, "// who is this?")
	r.says(71, 904, topic, "/nonsense now")
	r.shown("I don't know this command")
	r.says(99, 905, topic, "I'm new here")
	r.shown("Your id here is 99")
	if _, err := r.pool.Exec(t.Context(), `UPDATE desk_sends SET due_at = now()`); err != nil {
		t.Fatal(err)
	}
	until(t, "it is sent", func() bool { return strings.Contains(r.log(id), "staff: It left yesterday.") })
	if log := r.log(id); strings.Count(log, "It left") != 1 || strings.Contains(log, "Forget") || strings.Contains(log, "who is this") || strings.Contains(log, "nonsense") || strings.Contains(log, "new here") {
		t.Errorf("the log is %s, want the one reply", log)
	}
	r.wait(t, "deleteMessage", 1) // the button of what was sent goes
	if n := r.count(`SELECT count(*) FROM messages WHERE note`); n != 1 {
		t.Errorf("%d notes, want one", n)
	}
}

func TestNothingInTheStaffChatIsACustomers(t *testing.T) {
	r := newDeskRig(t, false, 0)
	id := r.customer("Where is it?")
	topic, _ := r.thread(1)
	before := r.log(id)
	r.says(99, 910, "4711", "a topic of our own")
	r.update(`"message":{"message_id":911,"date":1,"from":{"id":99,"first_name":"A"},%%CHAT,"text":"@ShopHelpBot hello","entities":[{"type":"mention","offset":0,"length":12}]}`)
	r.update(`"message":{"message_id":912,"date":1,"from":{"id":777001,"is_bot":true,"first_name":"B"},%%CHAT,"message_thread_id":%s,"is_topic_message":true,"text":"echo"}`, topic)
	r.update(`"message":{"message_id":913,"date":1,"from":{"id":71,"first_name":"A"},%%CHAT,"message_thread_id":%s,"is_topic_message":true,"forum_topic_edited":{"name":"x"}}`, topic)
	r.update(`"message":{"message_id":914,"date":1,"from":{"id":1087968824,"is_bot":true,"first_name":"Group"},"sender_chat":{"id":%d,"type":"supergroup"},%%CHAT,"message_thread_id":%s,"is_topic_message":true,"text":"from nobody"}`, staffChat, topic)
	r.shown("anonymous admin")
	r.update(`"message":{"message_id":915,"date":1,"from":{"id":71,"first_name":"A"},%%CHAT,"message_thread_id":%s,"is_topic_message":true,"voice":{"file_id":"x"}}`, topic)
	r.shown("Files are not sent")
	r.says(71, 916, topic, "Now.")
	until(t, "what is meant for the customer is sent", func() bool { return strings.Contains(r.log(id), "staff: Now.") })
	if after := r.log(id); after != before+"\nsystem: Ana joined the chat.\nstaff: Now." {
		t.Errorf("the log became %s, want only Ana's reply besides %s", after, before)
	}
	if n := r.count(`SELECT count(*) FROM conversations`); n != 1 {
		t.Errorf("%d conversations, want the customer's alone", n)
	}
}

func TestWithoutTopicsStaffReplyToTheBriefOrWhatHangsBelow(t *testing.T) {
	r := newDeskRig(t, true, 0)
	id := r.customer("Where is it?")
	thread, root := r.thread(1)
	if thread != root {
		t.Fatalf("thread %s, brief %s, want the brief to be the thread", thread, root)
	}
	post := r.shown("I've asked our team")
	if post.params["message_thread_id"] != "" && post.params["message_thread_id"] != "0" || !strings.Contains(post.params["reply_parameters"], root) {
		t.Errorf("the first message is %v, want a reply to the brief", post.params)
	}
	until(t, "it is kept", func() bool { return r.count(`SELECT posted_seq FROM desk_threads`) == 2 })
	replying := func(id, to int, more, text string) {
		r.update(`"message":{"message_id":%d,"date":1,"from":{"id":71,"first_name":"A"},%%CHAT,%s"text":%q,"reply_to_message":{"message_id":%d,"date":1,%%CHAT,"from":{"id":777001,"is_bot":true}}}`, id, more, text, to)
	}
	var first, below int
	fmt.Sscan(root, &first)
	below = first + 1 // the message after it
	replying(920, first, "", "To the brief.")
	replying(921, below, "", "To what hangs below.")
	replying(922, 88, `"message_thread_id":`+root+`,`, "In the thread as Telegram counts.")
	replying(923, 89, "", "To something old.")
	until(t, "all three are sent", func() bool { return strings.Count(r.log(id), "staff: ") == 3 })
	r.shown("I can't tell which conversation this is for")
	if log := r.log(id); strings.Contains(log, "something old") {
		t.Errorf("the log is %s, want nothing that replied to something else", log)
	}
}

func TestATopicThatIsGoneIsMadeAgainAndLimitsAreObeyed(t *testing.T) {
	r := newDeskRig(t, false, 0)
	r.answers("sendMessage", `429 {"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1","parameters":{"retry_after":1}}`)
	id := r.customer("Where is it?")
	first, _ := r.thread(1)
	r.shown("I've asked our team")
	if n := len(r.wait(t, "createForumTopic", 1)); n != 1 {
		t.Errorf("%d topics made while the brief had to wait, want 1", n)
	}
	until(t, "it is kept", func() bool { return r.count(`SELECT posted_seq FROM desk_threads`) == 2 })
	r.answers("sendMessage", `400 {"ok":false,"error_code":400,"description":"Bad Request: message thread not found"}`)
	r.customer("Hello?")
	until(t, "there is a second topic", func() bool { second, _ := r.thread(2); return second != first })
	second, _ := r.thread(2)
	until(t, "the message is in it", func() bool { return r.newest("Hello?").params["message_thread_id"] == second })
	r.says(71, 930, first, "to the old one")
	r.says(71, 931, second, "Here.")
	until(t, "the reply is sent", func() bool { return strings.Contains(r.log(id), "staff: Here.") })
	if strings.Contains(r.log(id), "old one") {
		t.Errorf("the log is %s, want nothing from the topic that was given up", r.log(id))
	}
}

// newest is the newest message that holds words.
func (r *deskRig) newest(words string) (found call) {
	for _, c := range slices.Backward(r.sent()) {
		if strings.Contains(c.params["text"], words) && !strings.Contains(c.params["text"], "Last question:") {
			return c
		}
	}
	return found
}

func TestAStaffChatThatGetsAnotherNumberIsFollowed(t *testing.T) {
	r := newDeskRig(t, true, 0)
	id := r.customer("Where is it?")
	r.thread(1)
	until(t, "nothing is on its way to the old one", func() bool { return r.count(`SELECT count(*) FROM desk_threads WHERE due_at IS NULL`) == 1 })
	r.update(`"message":{"message_id":940,"date":1,"from":{"id":71,"first_name":"A"},%%CHAT,"migrate_to_chat_id":-1009000000002}`)
	until(t, "the bot knows", func() bool { return r.bot.staffChat.Load() == -1009000000002 })
	r.customer("Hello?")
	until(t, "there is a brief in the new chat", func() bool { return r.briefs() == 2 })
	until(t, "the message is there", func() bool { return r.newest("Hello?").params["chat_id"] == "-1009000000002" })
	if log := r.log(id); strings.Contains(log, "staff:") {
		t.Errorf("the log is %s, want nothing of staff", log)
	}
}

func TestDoctorLooksAtTheStaffChat(t *testing.T) {
	const member = `{"ok":true,"result":{"status":%q,"user":{"id":777001,"is_bot":true,"first_name":"S"},"can_manage_topics":%t}}`
	for name, c := range map[string]struct {
		plain  bool
		answer string
		ok     bool
		says   string
	}{
		"an admin":          {false, fmt.Sprintf(member, "administrator", true), true, "in topics of Staff"},
		"without the right": {false, fmt.Sprintf(member, "administrator", false), false, "may not manage topics"},
		"a member":          {false, fmt.Sprintf(member, "member", false), false, "may not manage topics"},
		"without topics":    {true, fmt.Sprintf(member, "member", false), true, "by replying"},
		"gone":              {true, fmt.Sprintf(member, "left", false), false, "is not in the staff chat"},
		"unknown":           {true, `400 {"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, false, "not known"},
	} {
		p := newPlatform(t)
		p.plain = c.plain
		p.answers("getChatMember", c.answer)
		b := newBot(t, p, newFakeEngine(), func(cfg *Config) { cfg.StaffChat = staffChat })
		ok, detail, advice := b.CheckStaff(t.Context())
		if ok != c.ok || !strings.Contains(detail, c.says) || !ok && advice == "" {
			t.Errorf("%s: CheckStaff = %v, %q, %q, want %v and %q", name, ok, detail, advice, c.ok, c.says)
		}
	}
}
