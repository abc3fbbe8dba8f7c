package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	cd "github.com/chromedp/chromedp"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// fetched is what the page gets from the link of a name.
func (b *tab) fetched(name string) string {
	b.t.Helper()
	b.wait(button(name))
	return run[string](b, `(await fetch(`+button(name)+`.href)).text()`)
}

// TestStaffKeepTheContacts sorts, blocks, merges, saves and erases.
func TestStaffKeepTheContacts(t *testing.T) {
	p := newShift(t)
	admin := bearer(p.token(staff.RoleAdmin))
	mia, twin := p.customer("Mia Keller"), p.customer("Mia Twin")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	file, err := p.engine.Upload(t.Context(), mia.id, "receipt.png", picture.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.engine.Receive(t.Context(), conversation.Inbound{Conversation: mia.id, Channel: "widget", Account: "shop", ExternalID: knowledge.NewID(),
		Text: "Here is my receipt", Attachments: []conversation.InboundFile{{Upload: file.ID}}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*customer{mia, twin} {
		c.writes("How long may I return it?")
		c.hears("within 30 days")
	}
	for more := true; more; {
		if more, err = p.inbox.IndexSome(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)
	b.opens(mia)
	b.wait(`document.querySelector('.files')?.innerText.includes('receipt.png')`)

	row := func() (v summaryView) {
		t.Helper()
		p.do("GET", "/api/v1/conversations/"+mia.id, nil, admin).decode(t, &v)
		return v
	}
	b.fill("Priority", "3")
	b.wait(`document.querySelector('.controls select').value === '3'`)
	run[bool](b, fmt.Sprintf(`(async () => { for (;;) { const r = await (await fetch('/api/v1/conversations/%s')).json(); if (r.priority === 3) return true; } })()`, mia.id))

	b.click("Block")
	b.wait(button("Unblock"))
	b.wait(`document.querySelector('.side').innerText.includes('Blocked')`)
	if !row().Blocked {
		t.Error("the contact is not blocked, want it so")
	}
	b.showAnywhere("blocked", func() {
		b.click("Details")
		b.wait(`document.querySelector('dialog[open]')?.innerText.includes('Blocked')`)
	})
	b.press(kb.Escape)
	b.wait(`!document.querySelector('dialog[open]')`)
	b.click("Unblock")
	b.wait(button("Block"))

	if text := b.fetched("Transcript"); !strings.Contains(text, "How long may I return it?") {
		t.Errorf("the transcript is %q, want the customer's question", text)
	}
	if text := b.fetched("Export"); !strings.Contains(text, "mia@example.org") || !strings.Contains(text, "Here is my receipt") {
		t.Errorf("the export is %q, want the address and the messages", text)
	}

	b.click("Merge…")
	b.wait(`document.activeElement.getAttribute('aria-label') === 'Find the other contact'`)
	b.press("Twin")
	b.wait(`document.querySelector('dialog[open] .choices button')`)
	b.showAnywhere("merge")
	run[bool](b, `(document.querySelector('dialog[open] .choices button').click(), true)`)
	b.confirm()
	b.wait(sees("1 other conversation"))
	if got := row(); got.Contact != "Mia Twin" {
		t.Errorf("the conversation is with %q after merging, want Mia Twin", got.Contact)
	}

	b.click("Erase…")
	b.confirm()
	b.wait(`document.querySelector('dialog[open]')?.innerText.includes('Everything about this person is gone')`)
	b.showAnywhere("erased")
	for _, c := range []*customer{mia, twin} {
		if got := p.do("GET", "/api/v1/conversations/"+c.id, nil, admin); got.code != http.StatusNotFound {
			t.Errorf("GET an erased conversation = %d, want 404", got.code)
		}
	}
	b.press(kb.Escape)
	b.wait(`location.hash.startsWith('#/inbox')`)
	b.forgive(404) // what is open is read again, and is no more
	b.calm()
}

// blockable is a channel that refuses until it is told to take.
type blockable struct {
	mu    sync.Mutex // guards takes
	takes bool
}

func (s *blockable) Send(context.Context, conversation.Delivery) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.takes {
		return "", &conversation.SendError{Permanent: true, Err: errors.New("the customer has blocked the bot")}
	}
	return "1", nil
}

func (s *blockable) take() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes = true
}

// TestStaffAreToldOfWhatIsTheirs fails a delivery, mentions, and notifies who looks away.
func TestStaffAreToldOfWhatIsTheirs(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			to := &blockable{}
			ctx, cancel := context.WithCancel(t.Context())
			var work sync.WaitGroup
			work.Go(func() {
				conversation.NewCourier(p.engine, p.store, map[string]conversation.Sender{"telegram": to}).Run(ctx)
			})
			t.Cleanup(func() { cancel(); work.Wait() })
			r, err := p.engine.Receive(t.Context(), conversation.Inbound{Channel: "telegram", Account: "shop", Thread: "7", Sender: "7", SenderName: "Mia Keller", ExternalID: "1", Text: "Where is my parcel?"})
			if err != nil {
				t.Fatal(err)
			}
			mia := &customer{p, r.Conversation, "Mia Keller"}
			mia.hears("within 30 days")
			boSession := with(p.cookie(staff.RoleAgent))
			var bo meView
			p.do("GET", "/api/v1/me", nil, boSession).decode(t, &bo)
			b := newTab(t, p, v)
			ana := b.signIn("ana@example.com", staff.RoleAgent)
			b.opens(mia)
			b.wait(`[...document.querySelectorAll('.said.bot')].some((m) => m.innerText.includes('Not delivered: the customer has blocked the bot'))`)
			b.show("delivery-failed")
			to.take()
			b.click("Retry")
			b.wait(`document.querySelector('.said.bot .under').innerText.includes('Sent')`)

			run[bool](b, `(`+button("Note")+`.click(), true)`)
			b.wait(`document.activeElement.id === 'composer'`)
			b.press("Ask @age")
			b.wait(`document.querySelector('[aria-label=Colleagues] [role=option]')`)
			b.show("mention")
			b.press(kb.Enter)
			b.wait(fmt.Sprintf(`document.getElementById('composer').value === 'Ask @%s '`, bo.Name))
			b.press("please")
			b.press(kb.Enter, cd.ModifierCtrl)
			b.wait(`document.querySelector('.said.note:not(.pending)')`)
			var named mentionsView
			p.do("GET", "/api/v1/me/mentions", nil, boSession).decode(t, &named)
			if named.Unread != 1 || len(named.Mentions) != 1 || named.Mentions[0].By.ID != ana.ID {
				t.Errorf("the colleague's mentions are %+v, want one by Ana", named)
			}

			run[bool](b, `(location.hash = '#/mentions', true)`)
			b.wait(sees("Nobody has mentioned you yet"))
			b.show("mentions-empty")
			for _, text := range []string{"@Ana could you look at the label? <b>It</b> says Munich, but they moved to Berlin in spring and nobody told the warehouse.", "@Ana never mind"} {
				if got := p.do("POST", "/api/v1/conversations/"+mia.id+"/note", map[string]any{"text": text, "mentions": []string{ana.ID}}, boSession); got.code != 201 {
					t.Fatal(got.body)
				}
			}
			b.wait(fmt.Sprintf(`document.getElementById('said').textContent === %q`, bo.Name+" mentioned you"))
			b.wait(listed("Mentions") + ` === 2`)
			b.wait(`document.querySelector('.rail a[title=Mentions] .hidden').textContent === 'Mentions, 2 unread'`)
			b.show("mentions")
			run[bool](b, `(document.querySelector('.mentions a').click(), true)`)
			b.wait(sees("never mind"))
			b.wait(`!document.querySelector('.rail a[title=Mentions] .badge')`)

			b.at("#/settings/preferences", `document.querySelector('.settings select')`)
			run[bool](b, `(window.told = [], window.Notification = class { static permission = 'denied'; static async requestPermission() { return this.permission; } constructor(title) { told.push(title); } close() {} }, true)`)
			ask := `([...document.querySelectorAll('.check')].find((l) => l.innerText.includes('Notifications')).querySelector('input').click(), true)`
			run[bool](b, ask)
			b.wait(sees("This browser does not allow notifications here"))
			run[bool](b, `(Notification.permission = 'granted', true)`)
			run[bool](b, ask)
			b.wait(`JSON.parse(localStorage.getItem('frontdesk:prefs')).notify`)
			run[bool](b, `(async () => { while (!(await (await fetch('/api/v1/me/preferences')).json()).notify); return true })()`) // as a second tab will read them
			other := b.another()
			other.wait(`document.querySelector('.rail')`)
			run[bool](other, `(window.told = [], window.Notification = class { static permission = 'granted'; constructor(title) { told.push(title); } close() {} }, true)`)
			all := func(of *tab) []string { return run[[]string](of, `told`) }
			// What the bot has is not Ana's, nor is anything rung while a tab is in front.
			b.hide(true)
			mia.says("7", "Hello?")
			mia.hears("within 30 days")
			if got := p.do("PUT", "/api/v1/conversations/"+mia.id+"/assign", map[string]any{"staff": ana.ID}, boSession); got.code != 200 {
				t.Fatal(got.body)
			}
			other.wait(fmt.Sprintf(`document.getElementById('said').textContent.includes(%q)`, bo.Name+" gave you a conversation"))
			mia.says("7", "Any news? My number is 555-0100.")
			other.wait(sees("Any news?"))
			if told := append(all(b), all(other)...); len(told) > 0 {
				t.Errorf("with a tab in front it was told of %q, want nothing", told)
			}
			other.hide(true)
			mia.says("7", "My number is still 555-0100.")
			heard := `told.filter((t) => t === 'A customer wrote').length`
			for deadline := time.Now().Add(time.Minute); run[int](b, heard)+run[int](other, heard) == 0 && time.Now().Before(deadline); {
				time.Sleep(20 * time.Millisecond)
			}
			if got := p.do("POST", "/api/v1/conversations/"+mia.id+"/note", map[string]any{"text": "@Ana again", "mentions": []string{ana.ID}}, boSession); got.code != 201 {
				t.Fatal(got.body)
			}
			mention := fmt.Sprintf(`told.includes(%q)`, bo.Name+" mentioned you")
			for deadline := time.Now().Add(time.Minute); !run[bool](b, mention) && !run[bool](other, mention) && time.Now().Before(deadline); {
				time.Sleep(20 * time.Millisecond)
			}
			// Each thing once, by one of the tabs, and nothing of what was written.
			told := append(all(b), all(other)...)
			slices.Sort(told)
			if want := []string{"A customer wrote", bo.Name + " mentioned you"}; !slices.Equal(told, want) {
				t.Errorf("with no tab in front it was told of %q, want %q", told, want)
			}
			b.calm()
			other.calm()
		})
	}
}

// says is writes for a customer of a channel whose threads have names.
func (c *customer) says(thread, text string) {
	c.p.t.Helper()
	if _, err := c.p.engine.Receive(c.p.t.Context(), conversation.Inbound{Channel: "telegram", Account: "shop", Thread: thread, Sender: thread, SenderName: c.name, ExternalID: knowledge.NewID(), Text: text}); err != nil {
		c.p.t.Fatal(err)
	}
}

// TestPeopleComeIn by a provider, or by an invitation that works once.
func TestPeopleComeIn(t *testing.T) {
	p := newPlace(t)
	p.issuer()
	b := newTab(t, p, desktop)
	b.wait(button("Continue with Acme"))
	b.showAnywhere("signin-elsewhere")
	b.equals(button("Continue with Acme")+`.getAttribute('href')`, "/api/v1/login/oidc")
	b.at("#/login?error=oidc_unverified", `document.querySelector('form')`)
	b.do(cd.Reload())
	b.wait(sees("has not verified your e-mail address"))
	b.showAnywhere("signin-failed")
	var invited invitedView
	p.do("POST", "/api/v1/staff/invitations", map[string]string{"email": "cleo@example.com", "role": "agent"}, bearer(p.token(staff.RoleAdmin))).decode(t, &invited)
	b.do(cd.Navigate(invited.URL))
	b.do(cd.Reload()) // only the part after # is another
	b.wait(sees("You are invited as agent with cleo@example.com."))
	b.showAnywhere("invitation")
	run[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector('form'); f.elements[0].value = 'Cleo'; f.elements[1].value = %q; f.requestSubmit(); return true })()`, password))
	b.wait(`document.querySelector('.rail')`)
	if who := run[string](b, `fetch('/api/v1/me').then((r) => r.json()).then((me) => me.name + ', ' + me.role)`); who != "Cleo, agent" {
		t.Errorf("who came in is %q, want Cleo, agent", who)
	}
	if got := p.do("GET", "/api/v1/invitations/"+strings.TrimPrefix(invited.URL[strings.Index(invited.URL, "#"):], "#/invitation/"), nil); got.code != http.StatusNotFound {
		t.Errorf("the used invitation = %d, want 404", got.code)
	}
	b.calm()
}
