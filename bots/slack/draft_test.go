package slack

import (
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

// thinking begins a turn in the assistant's pane, or where body says, and
// returns its conversation.
func (r *rig) thinking(t *testing.T, name string) string {
	t.Helper()
	if code := r.deliver(t, "/slack/events", recorded(t, name)); code != 200 {
		t.Fatalf("status %d, want 200", code)
	}
	// From the status on, or at once where there is none, the watch listens.
	r.slack.until(t, "somebody who watches", func() bool { return r.engine.hub.Watching("conversation-1") })
	return "conversation-1"
}

func (r *rig) delta(id, turn, text string) {
	r.engine.hub.Publish(conversation.Event{Kind: conversation.EventDelta, Conversation: id, Turn: turn, Text: text})
}

func (r *rig) discard(id, turn string) {
	r.engine.hub.Publish(conversation.Event{Kind: conversation.EventDiscard, Conversation: id, Turn: turn})
}

// shows waits until the only message there is holds text.
func (r *rig) shows(t *testing.T, text string) posted {
	t.Helper()
	r.slack.until(t, "a message with "+text, func() bool {
		got := r.slack.visible()
		return len(got) == 1 && strings.Contains(got[0].Text, text)
	})
	return r.slack.visible()[0]
}

func (r *rig) send(t *testing.T, m conversation.Message, thread string) {
	t.Helper()
	if _, err := r.Send(t.Context(), conversation.Delivery{Message: m, Channel: Channel, Account: testTeam, Thread: thread, Attempt: 1}); err != nil {
		t.Fatal(err)
	}
}

const pane = "D024BE91L/1763807450.000200"

func TestAnAnswerIsStreamedAndBecomesTheFinalText(t *testing.T) {
	r := newRig(t, nil)
	id := r.thinking(t, "message_assistant")
	r.delta(id, "turn-1", "It comes <!channel> @here ")
	first := r.shows(t, "It comes")
	if !first.Streaming || strings.Contains(first.Text, "<!") || strings.Contains(first.Text, "@here") {
		t.Errorf("streams %+v, want a stream that calls nobody", first)
	}
	r.delta(id, "turn-1", "tomorrow")
	r.shows(t, "tomorrow")
	m := r.engine.answer(id, "turn-1", "It comes **tomorrow**. [1]")
	r.send(t, m, pane)
	last := r.shows(t, "*tomorrow*")
	if last.TS != first.TS || last.Streaming || !strings.Contains(last.Blocks, actionPerson) || !strings.Contains(last.Metadata, markType) {
		t.Errorf("the final message is %+v, want the stream's own, ended, with its buttons", last)
	}
	r.tasks.close()
	if got := r.slack.visible(); len(got) != 1 {
		t.Errorf("%d messages in the end, want 1", len(got))
	}
}

func TestAWithdrawnAnswerLeavesNothing(t *testing.T) {
	r := newRig(t, nil)
	id := r.thinking(t, "message_assistant")
	r.delta(id, "turn-1", "Wrong words")
	r.shows(t, "Wrong words")
	r.slack.fail("chat.stopStream", fault{status: 500})
	r.discard(id, "turn-1")
	r.slack.until(t, "an empty thread", func() bool { return len(r.slack.visible()) == 0 })
	r.delta(id, "turn-2", "Right words")
	first := r.shows(t, "Right words")
	m := r.engine.answer(id, "turn-2", "Right words.")
	r.send(t, m, pane)
	if last := r.shows(t, "Right words."); last.TS != first.TS {
		t.Errorf("the answer is %s, want the second draft %s", last.TS, first.TS)
	}
}

func TestWhenAnotherProcessDeliversTheDraftGoes(t *testing.T) {
	r := newRig(t, nil)
	r.patience = 100 * time.Millisecond
	other := newRig(t, func(c *Config) { c.APIURL = r.slack.URL })
	id := r.thinking(t, "message_assistant")
	r.delta(id, "turn-1", "Half an ans")
	draft := r.shows(t, "Half an ans")
	m := r.engine.answer(id, "turn-1", "Half an answer is none.")
	other.send(t, m, pane)
	r.slack.until(t, "the draft's end", func() bool {
		got := r.slack.visible()
		return len(got) == 1 && got[0].TS != draft.TS && strings.Contains(got[0].Text, "is none")
	})
}

func TestWithoutStreamsAMessageIsEditedAndThatIsRemembered(t *testing.T) {
	r := newRig(t, nil)
	r.slack.fail("chat.startStream", fault{code: "unknown_method"})
	r.slack.fail("assistant.threads.setStatus", fault{code: "unknown_method"})
	id := r.thinking(t, "message_assistant")
	r.delta(id, "turn-1", "It comes")
	r.slack.until(t, "the refusal", func() bool { return r.slack.called("chat.startStream") == 1 })
	first := r.shows(t, "It comes …")
	m := r.engine.answer(id, "turn-1", "It comes tomorrow.")
	r.send(t, m, pane)
	if last := r.shows(t, "It comes tomorrow."); last.TS != first.TS {
		t.Errorf("the answer is %s, want the edited %s", last.TS, first.TS)
	}
	again := strings.NewReplacer("Ev0PV52K22", "Ev0PV52K98", "1763807460.000300", "1763807470.000300").Replace(recorded(t, "message_assistant"))
	r.slack.until(t, "the watch's end", func() bool { return !r.engine.hub.Watching(id) })
	r.deliver(t, "/slack/events", again)
	r.slack.until(t, "a second watch", func() bool { return r.engine.hub.Watching(id) })
	r.delta(id, "turn-2", "Yes")
	r.slack.until(t, "a second draft", func() bool { return len(r.slack.visible()) == 2 })
	if s, st := r.slack.called("chat.startStream"), r.slack.called("assistant.threads.setStatus"); s != 1 || st != 1 {
		t.Errorf("streams begun %d times and status set %d times, want once each", s, st)
	}
}

func TestADirectMessageIsAnsweredInTheChannelWithoutAStream(t *testing.T) {
	r := newRig(t, nil)
	id := r.thinking(t, "message_im")
	r.delta(id, "turn-1", "Within 30")
	first := r.shows(t, "Within 30 …")
	if first.Thread != "" || r.slack.called("chat.startStream") > 0 {
		t.Errorf("drafts %+v, want an edited message outside any thread", first)
	}
	r.send(t, r.engine.answer(id, "turn-1", "Within 30 days."), "D024BE91L")
	r.shows(t, "Within 30 days.")
}

func TestAFinalTextThatCannotBePutInPlaceIsPosted(t *testing.T) {
	r := newRig(t, nil)
	id := r.thinking(t, "message_assistant")
	r.delta(id, "turn-1", "It comes")
	draft := r.shows(t, "It comes")
	r.slack.fail("chat.update", fault{code: "cant_update_message"})
	r.send(t, r.engine.answer(id, "turn-1", "It comes tomorrow."), pane)
	if last := r.shows(t, "It comes tomorrow."); last.TS == draft.TS {
		t.Errorf("the answer is the draft %s, want a new message in its place", last.TS)
	}
}

func TestAnInterruptedEndingIsTakenUpAgain(t *testing.T) {
	r := newRig(t, nil)
	id := r.thinking(t, "message_assistant")
	r.delta(id, "turn-1", "It comes")
	draft := r.shows(t, "It comes")
	m := r.engine.answer(id, "turn-1", "It comes tomorrow.")
	d := conversation.Delivery{Message: m, Channel: Channel, Account: testTeam, Thread: pane, Attempt: 1}
	for i, fs := range []struct {
		method string
		f      fault
	}{{"chat.stopStream", fault{status: 503}}, {"chat.update", fault{status: 429, retry: "1"}}, {"chat.update", fault{after: true}}} {
		r.slack.fail(fs.method, fs.f)
		if _, err := r.Send(t.Context(), d); err == nil {
			t.Fatalf("try %d: Send = nil, want the fault of %s", i+1, fs.method)
		}
		d.Attempt++
	}
	if id, err := r.Send(t.Context(), d); err != nil || id != draft.TS {
		t.Errorf("Send = %q, %v, want the draft %s", id, err, draft.TS)
	}
	r.shows(t, "It comes tomorrow.")
}

func TestADraftGoesWhenItsAnswerIsFoundPosted(t *testing.T) {
	r := newRig(t, nil)
	other := newRig(t, func(c *Config) { c.APIURL = r.slack.URL })
	id := r.thinking(t, "message_assistant")
	r.delta(id, "turn-1", "Half an ans")
	draft := r.shows(t, "Half an ans")
	d := conversation.Delivery{Message: r.engine.answer(id, "turn-1", "Half an answer is none."), Channel: Channel, Account: testTeam, Thread: pane, Attempt: 1}
	d.Message.At = time.Unix(1763899990, 0)
	r.slack.fail("chat.postMessage", fault{after: true})
	if _, err := other.Send(t.Context(), d); err == nil {
		t.Fatal("Send = nil, want the lost answer's error")
	}
	d.Attempt = 2
	got, err := r.Send(t.Context(), d)
	if all := r.slack.visible(); err != nil || got == draft.TS || len(all) != 1 || all[0].TS != got {
		t.Errorf("Send = %q, %v with %+v, want what the other process posted, alone", got, err, all)
	}
}
