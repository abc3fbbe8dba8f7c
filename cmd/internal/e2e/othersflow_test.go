package e2e

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"frontdesk/cmd/internal/fakechat"
	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// sayFixture is a fixture of the model's stand-in: words in the question, and the answer.
func sayFixture(question, answer string, more map[string]any) map[string]any {
	f := map[string]any{"match": map[string]any{"userMessage": question}, "response": map[string]any{"content": answer}}
	for k, v := range more {
		f[k] = v
	}
	return f
}

// TestOthersMeetTheWholeWay goes from a question to a person and back, over a Slack, a
// Telegram and an OpenAI that others wrote.
func TestOthersMeetTheWholeWay(t *testing.T) {
	f := newOthers(t)
	f.answers(
		map[string]any{"match": map[string]any{"endpoint": "transcription"}, "response": map[string]any{"transcription": map[string]any{"text": "the zipper of my tent is torn"}}},
		// The first that matches answers, and what is asked comes with the passages found.
		sayFixture("What lid is this", "That is the lid of our large pot.", nil),
		sayFixture("zipper of my tent is torn", "We mend zippers of tents free of charge.", nil),
		sayFixture("boots with stars", "Half of an answer that is never finished and must not be seen.", map[string]any{"truncateAfterChunks": 2, "chunkSize": 4}),
		map[string]any{"match": map[string]any{"userMessage": "boots with moons"}, "response": map[string]any{"error": map[string]any{"message": "Slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 1}},
		sayFixture("boots", "You have sixty days to send boots back, whatever the reason, wherever you bought them [1].", map[string]any{"latency": 150, "chunkSize": 8}),
		map[string]any{"match": map[string]any{}, "response": map[string]any{"content": "I don't know that."}},
	)
	server, err := proc.Start(f.ctx, f.o)
	if err != nil {
		t.Fatal(err)
	}
	f.server = server
	t.Cleanup(server.Kill)
	c := &chats{t: t, ctx: f.ctx, o: f.o, server: server, client: &http.Client{}}
	c.run("canary canary canary\n", "staff", "add", "ana@example.com", "--role", "agent", "--password-stdin")
	c.run("", "staff", "link", "ana@example.com", "--slack", f.users["ana"])
	for _, name := range []string{"slack", "slack staff", "telegram"} {
		t.Logf("%s: %s", name, c.until(name, true, ""))
	}
	t.Logf("doctor:\n%s", c.run("", "doctor"))

	t.Run("a direct message on Slack is answered, and the answer seen to grow", func(t *testing.T) {
		f.t = t
		dm := f.api(cleoToken, "conversations.open", map[string][]string{"users": {f.users["frontdesk"]}})["channel"].(map[string]any)["id"].(string)
		f.api(cleoToken, "chat.postMessage", map[string][]string{"channel": {dm}, "text": {"Tell me, until when could I send boots back?"}})
		log := func() []message { return f.slackLog(cleoToken, dm, "") }
		f.sees(log, " …")
		m := f.sees(log, "wherever you bought them", "frontdesk_")
		if all := log(); len(all) != 2 {
			t.Errorf("the conversation holds %+v, want question and answer", all)
		}
		// A thread of it is a conversation of its own.
		f.api(cleoToken, "chat.postMessage", map[string][]string{"channel": {dm}, "thread_ts": {m.id}, "text": {"And until when could my sister send boots back?"}})
		f.sees(func() []message { return f.slackLog(cleoToken, dm, m.id)[1:] }, "sixty days")
	})

	t.Run("a person is asked for on Telegram and answers on Slack", func(t *testing.T) {
		f.t = t
		customer := func() []message { return f.telegramLog(5) }
		f.writes(5, "Tell me, until when could I send boots back?")
		f.sees(customer, "sixty days", "Sources")
		f.writes(5, "/human Where is my parcel?")
		f.sees(customer, "asked our team")
		root := f.sees(func() []message { return f.slackLog(anaToken, f.staff, "") }, "Where is my parcel?", "frontdesk_take")
		thread := func() []message { return f.slackLog(anaToken, f.staff, root.id) }
		f.sees(thread, "To the customer")
		f.api(anaToken, "chat.postMessage", map[string][]string{"channel": {f.staff}, "thread_ts": {root.id}, "text": {"// I will look it up"}})
		f.api(anaToken, "chat.postMessage", map[string][]string{"channel": {f.staff}, "thread_ts": {root.id}, "text": {"It left today."}})
		f.sees(customer, "Ana", "It left today.")
		f.writes(5, "Thank you, and my boots?")
		f.sees(thread, "Thank you, and my boots?")
		// The stand-in has no clicks: this one is signed here.
		c.t = t
		// Pressed until the server knows that what the customer wrote stands in the thread.
		f.sees(func() []message {
			if code := c.slackPosts("/slack/interactions", fakechat.SlackClick(f.staff, f.users["ana"], root.id, "frontdesk_handback")); code != http.StatusOK {
				t.Fatalf("Hand back = %d, want 200", code)
			}
			return customer()
		}, "handed the chat back")
		f.writes(5, "So until when could my brother send boots back?")
		f.sees(func() []message { return after(customer(), "handed the chat back") }, "sixty days")
		for _, m := range customer() {
			if strings.Contains(m.text, "look it up") {
				t.Errorf("the customer was sent a note: %+v", m)
			}
		}
	})

	t.Run("a picture is looked at and a recording heard", func(t *testing.T) {
		f.t = t
		v, err := visitor.New(f.ctx, http.DefaultClient, server.URL)
		if err != nil {
			t.Fatal(err)
		}
		send := func(text, name string, content []byte) visitor.Event {
			t.Helper()
			id, err := v.Upload(f.ctx, name, content)
			if err != nil {
				t.Fatal(err)
			}
			seq, err := v.SendFiles(f.ctx, knowledge.NewID(), text, id)
			if err != nil {
				t.Fatal(err)
			}
			return answer(t, f.ctx, v, seq)
		}
		var photo bytes.Buffer
		if err := jpeg.Encode(&photo, image.NewRGBA(image.Rect(0, 0, 1600, 1200)), nil); err != nil {
			t.Fatal(err)
		}
		if got := send("What lid is this?", "lid.jpg", photo.Bytes()); !strings.Contains(got.Text, "large pot") {
			t.Errorf("the picture is answered with %q", got.Text)
		}
		if !strings.Contains(f.asked("/v1/chat/completions"), "data:image/jpeg;base64,") {
			t.Error("the model was shown no picture")
		}
		if got := send("", "voice.oga", opus()); !strings.Contains(got.Text, "mend zippers") {
			t.Errorf("the recording is answered with %q", got.Text)
		}
	})

	t.Run("a model that refuses or stops half-way costs nobody their answer", func(t *testing.T) {
		f.t = t
		for _, about := range []string{"stars", "moons"} {
			got := ask(t, f.ctx, server.URL, "how long have I got for sending back boots with "+about+" on them that do not fit?")
			if got.Author != "bot" || strings.Contains(got.Text, "Half of") || strings.Contains(got.Text, "whatever the reason") || !strings.Contains(string(got.Raw), `"sources"`) {
				t.Errorf("%s: %s, want the passages quoted", about, got.Raw)
			}
			if asked := f.asked("/v1/chat/completions"); !strings.Contains(asked, "boots with "+about) {
				t.Errorf("the model was never asked about %s", about)
			}
		}
	})
	if err := server.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// after are the messages below the one with words.
func after(all []message, words string) []message {
	for i, m := range all {
		if strings.Contains(m.text, words) {
			return all[i+1:]
		}
	}
	return nil
}
