package widget

import (
	"testing"

	"frontdesk/conversation"
)

// sample is an answer with everything in it that answers have.
const sample = "You can send things back within **60 days**, used or not [1].\n\n" +
	"1. Print the label from your order page\n2. Pack the item with its receipt\n3. Drop it at any parcel shop\n\n" +
	"Refunds take 3–5 working days [2]. For a tent, dry it first: see the [care guide](https://example.com/care)."

var sampleSources = []conversation.Source{
	{N: 1, Title: "Returns and refunds", Heading: "How long you have", Page: 2, URL: "https://example.com/returns", Excerpt: "Send anything back within 60 days of delivery. It may have been used; it must not be damaged by more than ordinary use."},
	{N: 2, Title: "Returns and refunds", Heading: "When the money comes", Excerpt: "We refund to the card you paid with, within 3 to 5 working days of the parcel reaching us."},
	{N: 3, Title: "Care guide", URL: "https://example.com/care"},
}

// TestAccessible looks at every state of the page with axe, and keeps pictures
// of them when asked to.
func TestAccessible(t *testing.T) {
	for _, view := range []struct {
		name  string
		phone bool
		media string
	}{
		{"desktop-light", false, "prefers-color-scheme=light"},
		{"desktop-dark", false, "prefers-color-scheme=dark"},
		{"phone-light", true, "prefers-color-scheme=light"},
		{"phone-dark", true, "prefers-color-scheme=dark"},
	} {
		t.Run(view.name, func(t *testing.T) {
			p := preparePage(t, nil)
			p.media(view.media, "prefers-reduced-motion=reduce")
			if view.phone {
				p.phone()
			}
			p.goTo("/")
			p.wantAccessible("closed")
			p.picture(view.name + "-1-closed")
			for _, section := range []string{"gear", "ask"} {
				p.run(`document.getElementById('` + section + `').scrollIntoView({behavior: 'instant'})`)
				p.picture(view.name + "-1-" + section)
			}
			p.run(`scrollTo({top: 0, behavior: 'instant'})`)
			p.run(`Frontdesk.open()`)
			p.wantAccessible("greeting")
			p.picture(view.name + "-2-greeting")
			p.answering(sample, sampleSources...)
			p.ask("How long do I have to return a tent that I have used?")
			p.wait(`one('.thumbs')`)
			p.wantAccessible("answer")
			p.picture(view.name + "-3-answer")
			p.run(`one('.cite').click()`)
			p.click(".thumb")
			p.wantAccessible("source open")
			p.run(`one('.log').scrollTo(0, 1e6)`)
			p.picture(view.name + "-4-source")
			p.engine.onMessage = nil
			p.click(".switch")
			p.wait(`one('.waiting')`)
			id := p.engine.only(t)
			p.engine.say(t, id, conversation.Message{Author: conversation.AuthorSystem, Text: "You are number 2 in line. The team usually answers within 4 minutes."})
			p.wait(`one('.system')`)
			p.wantAccessible("queue")
			p.run(`one('.log').scrollTo(0, 1e6)`)
			p.picture(view.name + "-5-queue")
			p.engine.takeOver(t, id, "Ana")
			p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "Hi, Ana here. I have your order open, one moment…"})
			p.engine.typing(id, "Ana")
			p.wait(`one('.staff') && !one('.typing').hidden`)
			p.wantAccessible("person")
			p.run(`one('.log').scrollTo(0, 1e6)`)
			p.picture(view.name + "-6-person")
			p.wantNoFaults()
		})
	}
}
