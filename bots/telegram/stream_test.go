package telegram

import (
	"testing"

	"frontdesk/conversation"
)

func delta(turn, text string) conversation.Event {
	return conversation.Event{Kind: conversation.EventDelta, Conversation: fakeID, Turn: turn, Text: text}
}

// watched waits until the bot follows what happens.
func watched(t *testing.T, e *fakeEngine) {
	until(t, "the bot listens", func() bool { return e.hub.Watching(fakeID) })
}

func TestAnAnswerIsPreviewedWhileItIsWritten(t *testing.T) {
	p, e := newPlatform(t), newFakeEngine()
	b := newBot(t, p, e, nil)
	start(t, b)
	watched(t, e)
	p.post(payload(t, "private"))
	p.wait(t, "sendChatAction", 1)
	e.hub.Publish(delta("t1", "**Yes**, within"))
	first := p.wait(t, "sendMessageDraft", 1)[0].params
	if first["chat_id"] != "5501" || first["text"] != "<b>Yes</b>, within" || first["draft_id"] == "" || first["draft_id"] == "0" {
		t.Errorf("preview %v", first)
	}
	e.hub.Publish(delta("t1", " 30 days"))
	second := p.wait(t, "sendMessageDraft", 2)[1].params
	if second["text"] != "<b>Yes</b>, within 30 days" || second["draft_id"] != first["draft_id"] {
		t.Errorf("second preview %v, want the same one with more", second)
	}
	if _, err := b.Send(t.Context(), answerTo("5501", "**Yes**, within 30 days.")); err != nil {
		t.Fatal(err)
	}
	e.hub.Publish(delta("t1", " and more")) // late, as from another replica
	e.hub.Publish(delta("t2", "Next"))
	third := p.wait(t, "sendMessageDraft", 3)[2].params
	if third["text"] != "Next" || third["draft_id"] == first["draft_id"] {
		t.Errorf("after the answer came preview %v, want only the next turn's", third)
	}
}

func TestNoPreviewFollowsTheAnswer(t *testing.T) {
	p, e := newPlatform(t), newFakeEngine()
	held := make(chan struct{})
	p.delay["sendMessageDraft"] = held
	b := newBot(t, p, e, nil)
	start(t, b)
	watched(t, e)
	p.post(payload(t, "private"))
	p.wait(t, "sendChatAction", 1)
	e.hub.Publish(delta("t1", "Yes"))
	p.wait(t, "sendMessageDraft", 1)
	sent := make(chan error, 1)
	go func() {
		_, err := b.Send(t.Context(), answerTo("5501", "Yes."))
		sent <- err
	}()
	if n := len(p.wait(t, "sendMessage", 0)); n != 0 {
		t.Errorf("the answer went out while a preview was on its way")
	}
	close(held)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestWithoutPreviewsTypingIsShown(t *testing.T) {
	p, e := newPlatform(t), newFakeEngine()
	b := newBot(t, p, e, nil)
	p.answers("sendMessageDraft", `404 {"ok":false,"error_code":404,"description":"Not Found: method not found"}`)
	start(t, b)
	watched(t, e)
	p.post(payload(t, "private"))
	p.wait(t, "sendChatAction", 1)
	e.hub.Publish(delta("t1", "Yes"))
	p.wait(t, "sendMessageDraft", 1)
	until(t, "it is remembered", b.stream.unsupported.Load)
	l, _ := b.stream.live.get(fakeID)
	l.mu.Lock()
	l.typed = l.typed.Add(-2 * typingFor)
	l.mu.Unlock()
	e.hub.Publish(delta("t1", ", really"))
	p.wait(t, "sendChatAction", 2)
	if n := len(p.wait(t, "sendMessageDraft", 0)); n != 1 {
		t.Errorf("%d previews tried, want no more after the refusal", n)
	}
}

func TestAWithdrawnAnswerIsNotShown(t *testing.T) {
	b := newBot(t, newPlatform(t), newFakeEngine(), nil)
	b.stream.expect(conversation.Receipt{Conversation: fakeID}, "5501")
	l, _ := b.stream.live.get(fakeID)
	writing := map[string]*live{}
	b.stream.follow(writing, delta("t1", "Half an ans"))
	b.stream.follow(writing, conversation.Event{Kind: conversation.EventDiscard, Conversation: fakeID, Turn: "t1"})
	b.stream.follow(writing, delta("t1", "wer"))
	if len(writing) != 0 || l.text != "" {
		t.Errorf("%d answers followed with text %q, want none", len(writing), l.text)
	}
}
