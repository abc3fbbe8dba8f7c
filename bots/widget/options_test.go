package widget

import (
	"slices"
	"strings"
	"testing"

	"frontdesk/conversation"
)

func TestOptionsLeaveWithTheirTextsAlone(t *testing.T) {
	e := wireMessage(conversation.Message{Seq: 2, Author: conversation.AuthorBot, Text: "Which?", Options: []conversation.Option{
		{Text: "Returns", Value: "an id of ours"}, {Text: "Something else"},
	}})
	frame, err := appendFrame(nil, conversation.EventMessage, 2, e)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(frame); !strings.Contains(got, `"options":[{"text":"Returns"},{"text":"Something else"}]`) || strings.Contains(got, "an id of ours") {
		t.Errorf("frame = %s, want the options' texts and nothing of what they stand for", got)
	}
}

func TestPressingAnOptionSendsItOnce(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	options := []conversation.Option{{Text: "Returns <b>", Value: "p1"}, {Text: "كيف أعيد الطلب؟", Value: "p2"}, {Text: "Something else"}}
	p.engine.onMessage = func(id string, m conversation.Message) {
		if m.Text == "send it back" {
			p.engine.say(t, id, conversation.Message{Author: conversation.AuthorBot, Turn: "t", Text: "Which of these do you mean?", Options: options})
		} else {
			p.engine.say(t, id, conversation.Message{Author: conversation.AuthorBot, Turn: "u", Text: "Within 30 days."})
		}
	}
	p.ask("send it back")
	p.wait(`all('.thumbs .switch').length === 3`)
	if got := eval[[]string](p, `all('.thumbs .switch').map((b) => b.textContent)`); !slices.Equal(got, []string{"Returns <b>", "كيف أعيد الطلب؟", "Something else"}) {
		t.Errorf("chips = %q, want the options' texts", got)
	}
	if got := eval[int](p, `all('.thumb').length`); got != 0 {
		t.Errorf("%d thumbs at a question of ours, want none", got)
	}
	p.wantAccessible("options")
	p.media("prefers-color-scheme=dark")
	p.wantAccessible("options, dark")
	p.media()
	p.run(`one('.thumbs .switch').focus()`)
	p.enter()
	p.wait(`all('.customer .bubble').at(-1).textContent === 'Returns <b>' && all('.bot .bubble').at(-1).textContent === 'Within 30 days.'`)
	if got := eval[int](p, `all('.thumbs .switch').filter((b) => b.disabled).length`); got != 3 {
		t.Errorf("%d chips are disabled after the choice, want all 3", got)
	}
	if !eval[bool](p, `document.querySelector('frontdesk-chat').shadowRoot.activeElement?.matches('textarea')`) {
		t.Error("the focus is lost with the pressed chip, want it in the field")
	}
	p.wantAccessible("options, chosen")
	// After a reload what was chosen stays chosen.
	p.goTo("/bare")
	p.run(`Frontdesk.open()`)
	p.wait(`all('.bot .bubble').at(-1)?.textContent === 'Within 30 days.' && all('.thumbs .switch').length === 3`)
	if got := eval[int](p, `all('.thumbs .switch:disabled').length`); got != 3 {
		t.Errorf("%d chips are disabled in the history, want all 3", got)
	}
	if got, want := p.engine.texts(t, p.engine.only(t)), []string{"send it back", "Returns <b>"}; !slices.Equal(got, want) {
		t.Errorf("the customer wrote %q, want %q", got, want)
	}
	p.wantNoFaults()
}
