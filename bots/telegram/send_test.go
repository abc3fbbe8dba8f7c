package telegram

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func answerTo(thread, text string) conversation.Delivery {
	return conversation.Delivery{
		Channel: Channel, Account: "777001", Thread: thread, Attempt: 1,
		Message: conversation.Message{Conversation: fakeID, Seq: 2, Author: conversation.AuthorBot, Text: text, Turn: "t1"},
	}
}

func TestAnAnswerLeavesFormattedToItsThread(t *testing.T) {
	for thread, want := range map[string]map[string]string{
		"5501":              {"chat_id": "5501"},
		"-1001/45":          {"chat_id": "-1001", "message_thread_id": "45"},
		"5501@k3Jx_9-aaBB":  {"chat_id": "5501", "business_connection_id": "k3Jx_9-aaBB"},
		"-1001234567890/99": {"chat_id": "-1001234567890", "message_thread_id": "99"},
	} {
		p := newPlatform(t)
		b := newBot(t, p, newFakeEngine(), nil)
		id, err := b.Send(t.Context(), answerTo(thread, "**Yes**, within 30 days <or so>."))
		if err != nil || id != want["chat_id"]+":101" {
			t.Errorf("Send to %s = %q, %v", thread, id, err)
		}
		got := p.wait(t, "sendMessage", 1)[0].params
		for _, name := range []string{"chat_id", "message_thread_id", "business_connection_id"} {
			if got[name] != want[name] {
				t.Errorf("%s: %s = %q, want %q", thread, name, got[name], want[name])
			}
		}
		if got["text"] != "<b>Yes</b>, within 30 days &lt;or so&gt;." || got["parse_mode"] != "HTML" || got["link_preview_options"] != `{"is_disabled":true}` {
			t.Errorf("%s: sent %v", thread, got)
		}
		var k keyboard
		if err := json.Unmarshal([]byte(got["reply_markup"]), &k); err != nil || len(k.Rows) != 2 || k.Rows[1][0].Text != "Talk to a person" {
			t.Errorf("%s: buttons %s, %v", thread, got["reply_markup"], err)
		}
		if strings.Contains(got["reply_markup"], "copy_text") {
			t.Errorf("%s: buttons hold what nobody set: %s", thread, got["reply_markup"])
		}
	}
}

// What Telegram answers, as it words it.
const (
	tooMany     = `429 {"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}`
	blocked     = `403 {"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}`
	badHTML     = `400 {"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 4"}`
	noChat      = `400 {"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`
	noTopic     = `400 {"ok":false,"error_code":400,"description":"Bad Request: message thread not found"}`
	migrated    = `400 {"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1009}}`
	wrongToken  = `401 {"ok":false,"error_code":401,"description":"Unauthorized"}`
	badGateway  = `502 <html><body>Bad Gateway</body></html>`
	serverError = `500 {"ok":false,"error_code":500,"description":"Internal Server Error"}`
	conflict    = `409 {"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}`
)

func TestFailuresSayWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		answer    string
		permanent bool
		after     time.Duration
	}{
		"429":   {tooMany, false, 7 * time.Second},
		"403":   {blocked, true, 0},
		"gone":  {noChat, true, 0},
		"401":   {wrongToken, false, fast.slow},
		"502":   {badGateway, false, 0},
		"500":   {serverError, false, 0},
		"empty": {"200 ", false, 0},
	} {
		p := newPlatform(t)
		b := newBot(t, p, newFakeEngine(), nil)
		p.answers("sendMessage", c.answer)
		_, err := b.Send(t.Context(), answerTo("5501", "Yes"))
		var send *conversation.SendError
		if !errors.As(err, &send) || send.Permanent != c.permanent || send.RetryAfter != c.after {
			t.Errorf("%s: Send = %#v, want permanent %v after %v", name, err, c.permanent, c.after)
			continue
		}
		if strings.Contains(err.Error(), "secret_half") || strings.Contains(err.Error(), p.URL+"/bot") {
			t.Errorf("%s: the error holds the token: %v", name, err)
		}
		if n := len(p.wait(t, "sendMessage", 1)); n != 1 {
			t.Errorf("%s: %d calls, want 1", name, n)
		}
	}
}

func TestAMessageDescribedInNewWordsIsSentOnce(t *testing.T) {
	p := newPlatform(t)
	p.answers("sendMessage", `{"ok":true,"result":{"message_id":8,"date":1,"chat":{"id":5501,"type":"private"},"forward_origin":{"type":"from_the_future"},"entities":"odd"}}`)
	id, err := newBot(t, p, newFakeEngine(), nil).Send(t.Context(), answerTo("5501", "Yes"))
	if err != nil || id != "5501:8" || len(p.wait(t, "sendMessage", 1)) != 1 {
		t.Errorf("Send = %q, %v, want it sent once as 5501:8", id, err)
	}
}

func TestAnotherBotsDeliveriesAreNotSent(t *testing.T) {
	p := newPlatform(t)
	d := answerTo("5501", "Yes")
	d.Account = "888002"
	_, err := newBot(t, p, newFakeEngine(), nil).Send(t.Context(), d)
	var send *conversation.SendError
	if !errors.As(err, &send) || !send.Permanent || len(p.wait(t, "sendMessage", 0)) != 0 {
		t.Errorf("Send = %v, want it given up and nothing sent", err)
	}
}

func TestAfterTooManyTheChatIsLeftInPeace(t *testing.T) {
	p := newPlatform(t)
	b := newBot(t, p, newFakeEngine(), nil)
	p.answers("sendMessage", tooMany)
	for range 2 {
		_, err := b.Send(t.Context(), answerTo("5501", "Yes"))
		var send *conversation.SendError
		if !errors.As(err, &send) || send.RetryAfter < 6*time.Second {
			t.Errorf("Send = %v, want to come back in some 7 s", err)
		}
	}
	if n := len(p.wait(t, "sendMessage", 1)); n != 1 {
		t.Errorf("%d calls, want none while Telegram asked to wait", n)
	}
	if _, err := b.Send(t.Context(), answerTo("5502", "Yes")); err != nil {
		t.Errorf("another chat = %v, want it served", err)
	}
}

func TestRefusedFormsAreSentInOthers(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		check  func(map[string]string) bool
	}{
		"plain text":    {badHTML, func(m map[string]string) bool { return m["text"] == "a < b" && m["parse_mode"] == "" }},
		"without topic": {noTopic, func(m map[string]string) bool { return m["message_thread_id"] == "" && m["chat_id"] == "-1001" }},
		"moved":         {migrated, func(m map[string]string) bool { return m["chat_id"] == "-1009" && m["message_thread_id"] == "45" }},
	} {
		p := newPlatform(t)
		moved := make(chan string, 1)
		b := newBot(t, p, newFakeEngine(), func(c *Config) { c.Threads = fakeThreads{moved} })
		p.answers("sendMessage", c.answer)
		if _, err := b.Send(t.Context(), answerTo("-1001/45", "a < b")); err != nil {
			t.Errorf("%s: Send = %v", name, err)
		}
		if calls := p.wait(t, "sendMessage", 2); !c.check(calls[1].params) {
			t.Errorf("%s: second try %v", name, calls[1].params)
		}
		if name == "moved" && <-moved != "-1001 to -1009" {
			t.Error("the thread did not move along")
		}
	}
}

func TestWhatWentOutBeforeAFailureIsNotSentAgain(t *testing.T) {
	p := newPlatform(t)
	b := newBot(t, p, newFakeEngine(), nil)
	var text strings.Builder
	for i := range 400 {
		fmt.Fprintf(&text, "Sentence number %d. ", i)
	}
	d := answerTo("5501", text.String())
	want := len(compose(d.Message, "en"))
	if want < 2 {
		t.Fatalf("%d parts, want several", want)
	}
	ok := `{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":5501,"type":"private"}}}`
	p.answers("sendMessage", ok, serverError)
	if _, err := b.Send(t.Context(), d); err == nil {
		t.Fatal("Send = nil, want the failure of the second part")
	}
	for range 2 { // once more after it was sent, as when that could not be noted
		if _, err := b.Send(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	texts := map[string]int{}
	for _, c := range p.wait(t, "sendMessage", want+1) {
		texts[c.params["text"]]++
	}
	if n := len(p.wait(t, "sendMessage", 0)); n != want+1 || len(texts) != want {
		t.Errorf("%d calls with %d texts, want %d with %d", n, len(texts), want+1, want)
	}
}

func TestASlowOrUnreachablePlatformIsTriedAgain(t *testing.T) {
	p := newPlatform(t)
	b := newBot(t, p, newFakeEngine(), nil)
	b.timing.answer = 20 * time.Millisecond
	held := make(chan struct{})
	p.delay["sendMessage"] = held
	t.Cleanup(func() { close(held) })
	if _, err := b.Send(t.Context(), answerTo("5501", "Yes")); !transient(err) {
		t.Errorf("no answer: Send = %v, want it tried again", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	b = newBot(t, p, newFakeEngine(), func(c *Config) { c.APIURL = "http://" + l.Addr().String() })
	_, err = b.Send(t.Context(), answerTo("5501", "Yes"))
	if !transient(err) || strings.Contains(err.Error(), "secret_half") {
		t.Errorf("nobody there: Send = %v, want it tried again and no token", err)
	}
}

func transient(err error) bool {
	var send *conversation.SendError
	return errors.As(err, &send) && !send.Permanent && send.RetryAfter == 0
}
