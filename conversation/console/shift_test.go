package console

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"frontdesk/bots/browsertest"
	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// slowModel answers at once, but a question that says so it begins to answer and
// never ends.
type slowModel struct{}

const (
	slowQuestion = "Please explain slowly how returns work"
	begun        = "Let me explain that step by step."
	answered     = "You can send anything back **within 30 days** [1]. It costs nothing in Germany and Austria:\n\n- print the label from your account\n- hand the parcel in at any shop"
)

func (slowModel) Stream(ctx context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	if strings.Contains(req.Messages[len(req.Messages)-1].Text, "slowly") {
		emit(begun)
		<-ctx.Done()
		return conversation.ModelReply{}, ctx.Err()
	}
	emit(answered)
	return conversation.ModelReply{Text: answered, Model: "gpt-4o-mini", Finish: "stop",
		Usage: conversation.Usage{InputTokens: 1204, CachedTokens: 1024, OutputTokens: 41, CostMicros: 134}}, nil
}

// newShift is a place whose bot answers.
func newShift(t *testing.T) *place {
	t.Helper()
	p := newPlaceWith(t, conversation.Config{Hold: time.Nanosecond, Poll: 20 * time.Millisecond,
		Gather: conversation.Gather{Quiet: 10 * time.Millisecond, Most: 100 * time.Millisecond}}, slowModel{})
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { p.engine.Run(ctx, time.Second) })
	t.Cleanup(func() { cancel(); work.Wait() })
	return p
}

// customer is somebody who writes.
type customer struct {
	p    *place
	id   string
	name string
}

func (p *place) customer(name string) *customer {
	p.t.Helper()
	st, err := p.engine.Open(p.t.Context(), conversation.Opening{Channel: "widget", Account: "shop", Locale: "en"})
	if err != nil {
		p.t.Fatal(err)
	}
	address := strings.ToLower(strings.Fields(name)[0]) + "@example.org"
	if err := p.engine.Describe(p.t.Context(), st.Conversation, conversation.Profile{Name: name, Email: address}); err != nil {
		p.t.Fatal(err)
	}
	return &customer{p, st.Conversation, name}
}

func (c *customer) writes(text string) {
	c.p.t.Helper()
	if _, err := c.p.engine.Receive(c.p.t.Context(), conversation.Inbound{Conversation: c.id, Channel: "widget", Account: "shop", SenderName: c.name,
		ExternalID: knowledge.NewID(), Text: text}); err != nil {
		c.p.t.Fatal(err)
	}
}

// hears waits until the customer's conversation has a message that contains text.
func (c *customer) hears(text string) conversation.Message {
	c.p.t.Helper()
	for deadline := time.Now().Add(browsertest.Patience); ; time.Sleep(10 * time.Millisecond) {
		list, err := c.p.engine.Transcript(c.p.t.Context(), c.id, 0, 100)
		if err != nil {
			c.p.t.Fatal(err)
		}
		for _, m := range list {
			if m.Author != conversation.AuthorCustomer && strings.Contains(m.Text, text) {
				return m
			}
		}
		if time.Now().After(deadline) {
			c.p.t.Fatalf("%s never heard %q", c.name, text)
		}
	}
}

// TestStaffWorkTheInbox goes through a shift in every look, with the keyboard where
// there is one.
func TestStaffWorkTheInbox(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			for name, text := range map[string]string{"Jonas Weber": "Can I change the delivery address of my order?", "Priya Nair": "Do you ship to Norway, and what about customs?",
				"李小龙": "我可以退货吗？", "Zoë Álvarez": "Is the blue one back in stock?"} {
				c := p.customer(name)
				c.writes(text)
				c.hears("within 30 days")
			}
			b := newTab(t, p, v)
			b.wait(`document.activeElement.name === 'email'`)
			b.show("signin")
			if _, err := p.staff.Add(t.Context(), "bo@example.com", password, staff.RoleAgent); err != nil {
				t.Fatal(err)
			}
			b.enter("bo@example.com", "not the password")
			b.wait(`document.querySelector('[role=alert]')?.textContent.includes('wrong')`)
			b.show("refused")
			b.signIn("ana@example.com", staff.RoleAgent)
			b.wait(sees("Nobody is waiting"))
			b.show("queue-empty")
			run[bool](b, `(location.hash = '#/inbox/all', true)`)
			b.wait(`document.querySelectorAll('.row[role=option]').length === 4`)

			mia := p.customer("Mia Keller")
			mia.writes("Hello! How long may I think about it before I send the boots back?")
			mia.hears("within 30 days")
			b.wait(`/Mia[^]*30 days/.test(document.querySelector('.row[role=option]').innerText)`) // it comes by itself, to the top
			b.show("list")
			if v.phone {
				run[bool](b, `(document.querySelector('.row[role=option]').click(), true)`)
			} else {
				b.press("j")
			}
			b.wait(`document.querySelector('.said.bot .text strong')?.textContent === 'within 30 days'`)
			b.wait(`document.querySelector('.said.bot .source') && document.querySelectorAll('.said.bot .text li').length === 2`)
			b.click("Why this answer")
			b.wait(`document.querySelector('dialog[open]')?.innerText.includes('1,204')`)
			b.show("why")
			b.press(kb.Escape)
			b.wait(`!document.querySelector('dialog[open]')`)

			mia.writes(slowQuestion)
			b.wait(`document.querySelector('.said.draft')?.innerText.includes('step by step')`)
			// Whoever comes in the middle of an answer reads it from its beginning.
			here := run[string](b, `location.href`)
			b.do(cd.Navigate("about:blank"))
			b.do(cd.Navigate(here))
			b.wait(`document.querySelector('.said.draft')?.innerText.includes('Let me explain that step by step')`)
			b.show("streaming")
			if v.phone {
				b.click("Take over")
			} else {
				b.press("t")
			}
			b.wait(sees("The bot was stopped"))
			b.wait(`!document.querySelector('.said.draft')`)
			b.wait(button("Hand back"))

			if v.phone {
				run[bool](b, `(document.getElementById('composer').focus(), true)`)
			} else {
				b.press("n")
				b.wait(`document.querySelector('.composer.note')`)
				b.press("Carrier says it is *stuck in customs*.")
				b.show("note-draft")
				b.press(kb.Enter, cd.ModifierCtrl)
				b.wait(`document.querySelector('.said.note:not(.pending)')`)
				b.press(kb.Escape)
				b.press("r")
			}
			b.press("Hi Mia, Ana here. I have **sent you a label**.")
			b.press(kb.Enter, cd.ModifierCtrl)
			b.wait(`document.querySelector('.said.pending')`)
			b.click("Undo")
			b.wait(`document.getElementById('composer').value.includes('sent you a label')`)
			b.press(kb.Enter, cd.ModifierCtrl)
			b.wait(`document.querySelector('.said.pending') && ` + button("Undo"))
			b.passes()
			m := mia.hears("sent you a label")
			if m.Author != conversation.AuthorStaff || m.Note {
				t.Errorf("the customer heard %+v, want a public reply by staff", m)
			}
			b.wait(`document.querySelector('.said.staff:not(.pending) strong')`)
			if err := p.engine.Seen(t.Context(), mia.id, m.Seq); err != nil {
				t.Fatal(err)
			}
			b.wait(`document.querySelector('.said.staff .under').innerText.includes('Seen')`)
			mia.writes("Thank you, that was quick!")
			b.wait(sees("that was quick"))
			b.wait(atTheEnd)
			b.show("thread")
			b.click("Hand back")
			b.wait(`document.querySelector('.thread-bar .chip').textContent === 'Bot'`)
			b.click("Resolve")
			b.show("resolve")
			mia.writes("One more thing: may I keep the box?")
			b.wait(sees("may I keep the box"))
			b.click("Resolve it") // over what came behind the question for the reason
			b.wait(sees("The customer has written since"))
			b.forgive(409)
			b.passes()
			b.click("Resolve")
			b.click("Resolve it")
			b.wait(`document.querySelector('.thread-bar .chip').textContent === 'Resolved'`)
			if st, err := p.engine.State(t.Context(), mia.id); err != nil || st.Status != conversation.StatusResolved {
				t.Errorf("State() = %v, %v, want resolved", st.Status, err)
			}
			if !v.phone {
				run[bool](b, `(document.activeElement.blur(), true)`)
				b.press("?")
				b.wait(`document.querySelector('dialog[open] .keys')`)
				b.show("help")
				b.press(kb.Escape)
				b.wait(`!document.querySelector('dialog[open]')`)
				b.press("k", cd.ModifierCtrl)
				b.wait(`document.querySelector('dialog[open] .commands')`)
				b.press("needs a")
				b.show("palette")
				b.press(kb.Enter)
				b.wait(`location.hash === '#/inbox/queue'`)
			} else {
				b.click("Details")
				b.wait(`document.querySelector('dialog[open] .who')`)
				b.show("details")
			}
			b.calm()
		})
	}
}

func TestTheSecondFactorIsASecondStep(t *testing.T) {
	p := newPlace(t)
	me := with(p.cookie(staff.RoleAgent))
	var e enrolmentView
	p.do("POST", "/api/v1/me/totp", nil, me).decode(t, &e)
	if a := p.do("POST", "/api/v1/me/totp/confirm", map[string]string{"code": codeOf(t, e.Secret, -1)}, me); a.code != 200 {
		t.Fatalf("confirm = %d %s", a.code, a.body)
	}
	b := newTab(t, p, desktop)
	b.enter("agent@example.com", password)
	b.wait(`document.activeElement.name === 'code'`)
	b.showAnywhere("second-factor")
	run[bool](b, `(document.querySelector('[name=code]').focus(), true)`)
	b.press("000000" + kb.Enter)
	b.wait(`document.querySelector('[role=alert]')`)
	b.showAnywhere("second-factor-refused")
	run[bool](b, `(document.querySelector('[name=code]').value = '', document.querySelector('[name=code]').focus(), true)`)
	b.press(codeOf(t, e.Secret, 0) + kb.Enter)
	b.wait(`document.querySelector('.rail')`)
}
