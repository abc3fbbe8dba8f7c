package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"frontdesk/bots/browsertest"
	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// cut breaks every connection from now on, or no more.
func (p *place) cut(off bool) {
	p.down.Store(off)
	if off {
		p.CloseClientConnections()
	}
}

// opens shows a conversation.
func (b *tab) opens(c *customer) {
	b.t.Helper()
	run[bool](b, fmt.Sprintf(`(location.hash = '#/conversations/%s', true)`, c.id))
	b.wait(`document.querySelector('.said.customer')`)
}

// replies opens a conversation and writes a reply without sending it.
func (b *tab) replies(c *customer, text string) {
	b.t.Helper()
	b.opens(c)
	b.press("r")
	b.wait(`document.activeElement.id === 'composer'`)
	b.press(text)
}

func TestARepliesWayThroughAnOutage(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	mia := p.customer("Mia Keller")
	mia.writes("Where is my parcel?")
	b.opens(mia)
	b.press("t")
	b.wait(button("Hand back"))
	b.press("r")
	b.wait(`document.activeElement.id === 'composer'`)
	b.press("It is on its way.")

	b.do(cd.Reload())
	b.wait(`document.getElementById('composer')?.value === 'It is on its way.'`) // the draft is still there

	run[bool](b, `(document.getElementById('composer').focus(), true)`)
	b.cut(true)
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(button("Undo"))
	b.passes() // it is not taken back
	b.wait(`document.querySelector('.said.pending [role=alert]')`)
	b.wait(`document.querySelector('.offline')`)
	b.show("offline")
	mia.writes("Are you there?")
	b.cut(false)
	b.wait(`!document.querySelector('.offline')`)
	b.wait(sees("Are you there?")) // what was missed is read
	b.click("Retry")
	b.wait(`!document.querySelector('.said.pending')`)
	mia.hears("on its way")
	list, err := p.engine.Transcript(t.Context(), mia.id, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, m := range list {
		if m.Author == conversation.AuthorStaff {
			said++
		}
	}
	if said != 1 {
		t.Errorf("the customer heard staff %d times, want once", said)
	}
}

func TestWhoeverIsSlowerIsTold(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	mia := p.customer("Mia Keller")
	mia.writes("Where is my parcel?")
	b.replies(mia, "Let me look.")
	ben, err := p.staff.Add(t.Context(), "ben@example.com", password, staff.RoleAgent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.engine.Takeover(t.Context(), mia.id, conversation.Actor{StaffID: ben.ID, Name: "Ben"}); err != nil {
		t.Fatal(err)
	}
	b.wait(sees("Ben has this conversation"))
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(sees("Ben took this conversation before you"))
	b.wait(`document.getElementById('composer').value === 'Let me look.'`)
	b.show("taken")
}

func TestOneStreamServesAllTabs(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.wait(sees("Nobody is waiting"))
	ctx, stop := cd.NewContext(b.ctx)
	t.Cleanup(stop)
	if err := cd.Do(ctx); err != nil { // the tab lives as long as this context
		t.Fatal(err)
	}
	second := &tab{place: p, look: desktop, ctx: ctx}
	second.do(cd.Navigate(b.URL + "/console#/inbox/all"))
	second.wait(`document.querySelector('.rail')`)
	run[bool](b, `(location.hash = '#/inbox/all', true)`)
	for deadline := time.Now().Add(browsertest.Patience); p.console.Streams() != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("two tabs have %d event streams, want one", p.console.Streams())
		}
	}
	mia := p.customer("Mia Keller")
	mia.writes("Where is my parcel?")
	b.wait(sees("Mia Keller"))
	second.wait(sees("Mia Keller"))
	// The tab with the stream goes: the other takes over.
	b.do(cd.Navigate("about:blank"))
	p.customer("Jonas Weber").writes("Hello?")
	second.wait(sees("Jonas Weber"))
	for deadline := time.Now().Add(browsertest.Patience); p.console.Streams() > 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) { // the server hears of the end a moment later
			t.Fatalf("one tab has %d event streams", p.console.Streams())
		}
	}
}

func TestALostSessionLeadsToTheSignInPage(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.wait(sees("Nobody is waiting"))
	if _, err := cd.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	run[bool](b, `(() => { const real = window.fetch; window.fetch = (url, init) => {
		const answer = real(url, init);
		if (!String(url).includes('/documents')) return answer;
		window.fetch = real;
		return new Promise((done) => { window.late = () => { answer.then(done); return answer.then(() => new Promise((then) => setTimeout(then, 50))).then(() => true); }; });
	}; location.hash = '#/knowledge'; return true })()`)
	b.wait(`document.querySelector('[name=password]') && window.late`)
	b.wait(sees("Your session has ended"))
	// An answer that was on its way says nothing of who signs in then.
	b.enter("ana@example.com", password)
	b.wait(`document.querySelector('.rail')`)
	if !run[bool](b, `late()`) || !run[bool](b, `!!document.querySelector('.rail')`) {
		t.Error("an answer to the session that ended has ended the next one")
	}
}

// Tabs share a cookie: one that shows Ana's desk does not speak as whoever signed in in another one.
func TestNobodySpeaksAsWhoSignedInElsewhere(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	ben, err := p.staff.Add(t.Context(), "ben@example.com", password, staff.RoleAgent)
	if err != nil {
		t.Fatal(err)
	}
	mia := p.customer("Mia Keller")
	mia.writes("Where is my parcel?")
	b.replies(mia, "It left today.")
	credentials := fmt.Sprintf(`{"email": "ben@example.com", "password": %q}`, password)
	if status := run[int](b, fmt.Sprintf(`fetch('/api/v1/login', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: %q}).then((r) => r.status)`, credentials)); status != 200 {
		t.Fatalf("Ben's login = %d, want 200", status)
	}
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(`document.querySelector('[name=password]')`)
	b.wait(sees("Somebody else has signed in in this browser"))
	b.equals(`document.querySelectorAll('.toast').length`, 1)
	b.show("signed-in-elsewhere")
	if replies, _ := mia.said(); len(replies) != 0 {
		t.Errorf("the customer got %q in Ben's name, want nothing", replies)
	}
	if st, err := p.engine.State(t.Context(), mia.id); err != nil || st.StaffID == ben.ID {
		t.Errorf("Ben has the conversation, %v, want it left alone", err)
	}
	b.enter("ana@example.com", password)
	b.click("Retry")
	mia.hears("It left today.")
	b.calm()
}

// What customers write is text, whatever it looks like.
func TestNoTextBecomesMarkup(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	const hostile = `<img src=x onerror=alert(1)><script>alert(2)</script>`
	eve := p.customer("Eve " + hostile)
	eve.writes(hostile + " \u202egnp.exe [click](javascript:alert(3)) " + strings.Repeat("x", 4000))
	ben, err := p.staff.Add(t.Context(), "ben@example.com", password, staff.RoleAgent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.engine.Reply(t.Context(), eve.id, conversation.Actor{StaffID: ben.ID, Name: "Ben" + hostile}, "**"+hostile+"** [a](javascript:alert(4)) ![b](https://evil.example/p.png)", ""); err != nil {
		t.Fatal(err)
	}
	b.opens(eve)
	b.wait(`document.querySelectorAll('.said.staff').length === 1`)
	if n := run[int](b, `document.querySelectorAll('#app img, #app script, #app a[href^=javascript]').length`); n != 0 {
		t.Errorf("%d elements came of a customer's text", n)
	}
	b.show("hostile")
	b.calm()
}

// Ten thousand rows cost what is in sight.
func TestTenThousandRowsScroll(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.wait(sees("Nobody is waiting"))
	run[bool](b, `(() => { const real = window.fetch; const rows = Array.from({length: 10000}, (_, i) => ({id: '00000000-0000-4000-8000-' + String(i).padStart(12, '0'), conversation: 'x', owner: 'bot', status: 'open',
		epoch: 1, episode: 1, seq: 3, channel: 'widget', contact: 'Customer ' + (i + 1), preview: 'Hello, where is order ' + (4000 + i) + '?', preview_author: 'customer',
		created_at: '2026-11-20T10:00:00Z', updated_at: new Date(Date.UTC(2026, 10, 21) - i * 60000).toISOString()}));
		window.fetch = (url, init) => String(url).includes('/conversations?') ? Promise.resolve(new Response(JSON.stringify({conversations: rows}))) : real(url, init);
		location.hash = '#/inbox/all'; return true })()`)
	b.wait(sees("Customer 3"))
	b.show("many")
	run[bool](b, `(document.getElementById('rows').scrollTop = 1e7, true)`)
	b.wait(sees("Customer 10000"))
	if n := run[int](b, `document.querySelectorAll('.row[role=option]').length`); n > 40 {
		t.Errorf("%d rows are in the page, want only those in sight", n)
	}
	run[bool](b, `(document.getElementById('rows').scrollTop = 0, true)`)
	b.wait(sees("Customer 1\n"))
	took := run[[]float64](b, `{ const all = []; for (let i = 0; i < 100; i++) { const from = performance.now();
		document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', bubbles: true, cancelable: true}));
		while (document.querySelector('.row[aria-selected=true] b')?.textContent !== 'Customer ' + (i + 1)) await new Promise((r) => setTimeout(r));
		document.body.offsetHeight; all.push(performance.now() - from); } all.sort((a, b) => a - b); return [all[50], all[95]] }`)
	t.Logf("key press to next conversation: p50 %.1f ms, p95 %.1f ms", took[0], took[1])
}
