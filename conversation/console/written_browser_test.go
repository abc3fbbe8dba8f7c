package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	cd "github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// said is what staff wrote in a conversation.
func (c *customer) said() (replies, notes []string) {
	c.p.t.Helper()
	list, err := c.p.engine.Transcript(c.p.t.Context(), c.id, 0, 500)
	if err != nil {
		c.p.t.Fatal(err)
	}
	for _, m := range list {
		switch {
		case m.Author != conversation.AuthorStaff:
		case m.Note:
			notes = append(notes, m.Text)
		default:
			replies = append(replies, m.Text)
		}
	}
	return replies, notes
}

// eventually waits until what the server knows is so.
func (p *place) eventually(what string, so func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("it never came to be that %s", what)
		}
	}
}

func (p *place) row(c *customer, of staff.Account) conversation.Row {
	p.t.Helper()
	r, err := p.inbox.Row(p.t.Context(), c.id, of.ID)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func composerHas(text string, note bool) string {
	return fmt.Sprintf(`document.getElementById('composer')?.value === %q && !!document.querySelector('.composer.note') === %t`, text, note)
}

// atTheEnd tells whether the newest message is in sight.
const atTheEnd = `((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60)(document.getElementById('log'))`

// Whoever begins to write before the conversation is there writes, and gives no commands.
func TestWhatIsTypedBeforeTheComposerIsThereStandsInIt(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	mia := p.customer("Mia Keller")
	mia.writes("Where is my parcel?")
	b.wait(sees("Nobody is waiting"))
	run[bool](b, fmt.Sprintf(`(() => { const real = window.fetch, held = new Promise((done) => { window.release = () => { window.fetch = real; done(); return true; }; });
		window.fetch = async (url, init) => { if (String(url).includes(%q)) await held; return real(url, init); };
		location.hash = '#/inbox/all/' + %[1]q; return true })()`, mia.id))
	b.wait(`document.getElementById('log') && !document.getElementById('composer')`)
	b.press("n")
	b.press("Easy: takes a truck" + kb.Backspace + "st.")
	run[bool](b, `release()`)
	b.wait(composerHas("Easy: takes a trucst.", true) + ` && document.activeElement.id === 'composer'`)
	if run[bool](b, `!!document.querySelector('dialog[open]')`) {
		t.Error("what was typed opened a dialog")
	}
	b.press(" Yes.")
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(`document.querySelector('.said.note:not(.pending)')`)
	if _, notes := mia.said(); len(notes) != 1 || notes[0] != "Easy: takes a trucst. Yes." {
		t.Errorf("notes %q, want the one that was typed", notes)
	}
	b.calm()
}

// A note that was being written is one when its writer comes back, from another
// conversation or another day.
func TestANoteDraftNeverBecomesAReply(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	ana := b.signIn("ana@example.com", staff.RoleAgent)
	jonas, mia := p.customer("Jonas Weber"), p.customer("Mia Keller")
	for _, c := range []*customer{jonas, mia} { // in the order in which they wait
		c.writes("Hello?")
		if _, err := p.engine.Handoff(t.Context(), c.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
			t.Fatal(err)
		}
	}
	b.at("#/inbox/queue/"+mia.id, `document.querySelector('.said.customer') && document.querySelectorAll('.row[role=option]').length === 2`)
	b.press("n")
	b.wait(`document.querySelector('.composer.note')`)
	b.press("She is not to get a refund.")
	b.press(kb.Escape + "k")
	b.wait(fmt.Sprintf(`location.hash.includes(%q)`, jonas.id))
	b.wait(composerHas("", false))
	b.press("j")
	b.wait(fmt.Sprintf(`location.hash.includes(%q)`, mia.id))
	b.wait(composerHas("She is not to get a refund.", true))
	b.do(cd.Reload())
	b.wait(composerHas("She is not to get a refund.", true))
	b.press("r")
	b.wait(composerHas("", false))
	b.press("I am looking into it.")
	b.do(cd.Reload())
	b.wait(composerHas("I am looking into it.", false))
	b.press("n")
	b.wait(composerHas("She is not to get a refund.", true))
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(`document.querySelector('.said.note:not(.pending)')`)
	if replies, notes := mia.said(); len(replies) != 0 || len(notes) != 1 {
		t.Errorf("Mia's conversation has the replies %q and the notes %q, want the note alone", replies, notes)
	}
	b.press(kb.Escape + "r")
	b.wait(composerHas("I am looking into it.", false))

	// Whoever goes elsewhere is seen to go, and what is marked as unread stays so.
	p.eventually("Ana looks at Mia's", func() bool { return len(p.engine.LooksAt(mia.id)) == 1 })
	b.press(kb.Escape + "k")
	b.wait(fmt.Sprintf(`location.hash.includes(%q)`, jonas.id))
	p.eventually("Ana looks at Jonas' alone", func() bool {
		return len(p.engine.LooksAt(mia.id)) == 0 && len(p.engine.LooksAt(jonas.id)) == 1
	})
	p.eventually("Jonas' is read", func() bool { return p.row(jonas, ana).Unread == 0 })
	b.press("u")
	b.wait(sees("Marked as unread"))
	b.do(cd.Reload())
	b.wait(`document.querySelectorAll('.row .pill').length === 1`)
	if n := p.row(jonas, ana).Unread; n != 1 {
		t.Errorf("what was marked as unread has %d unread messages, want 1", n)
	}

	// What comes while the tab is in the background is read when somebody comes back.
	b.at("#/inbox/queue/"+jonas.id, `document.querySelector('.said.customer')`)
	p.eventually("Jonas' is read again", func() bool { return p.row(jonas, ana).Unread == 0 })
	run[bool](b, `(Object.defineProperty(document, 'hidden', {configurable: true, get: () => true}), document.dispatchEvent(new Event('visibilitychange')), true)`)
	p.eventually("nobody looks from the background", func() bool { return len(p.engine.LooksAt(jonas.id)) == 0 })
	jonas.writes("Is anybody there?")
	b.wait(sees("Is anybody there?"))
	b.wait(`document.querySelector('.row .pill')`)
	if n := p.row(jonas, ana).Unread; n != 1 {
		t.Errorf("a message that came in the background leaves %d unread, want 1", n)
	}
	run[bool](b, `(delete document.hidden, document.dispatchEvent(new Event('visibilitychange')), true)`)
	p.eventually("it is read after a look", func() bool { return p.row(jonas, ana).Unread == 0 })
	b.wait(`!document.querySelector('.row .pill')`)
	b.calm()
}

// TestNothingWrittenIsLostWithItsSession revokes a session while a message is held back,
// and on its way, and loads the page anew with one that failed.
func TestNothingWrittenIsLostWithItsSession(t *testing.T) {
	p := newPlace(t)
	for _, email := range []string{"ana@example.com", "bo@example.com"} {
		if _, err := p.staff.Add(t.Context(), email, password, staff.RoleAgent); err != nil {
			t.Fatal(err)
		}
	}
	login := p.do("POST", "/api/v1/login", map[string]string{"email": "ana@example.com", "password": password})
	other := with(login.cookies[0])
	p.do("PUT", "/api/v1/me/preferences", map[string]int{"undo": 10}, other).want(t, 200, "")
	mia := p.customer("Mia Keller")
	mia.writes("Where is my parcel?")
	b := newTab(t, p, desktop)
	enter := func(email string) {
		t.Helper()
		b.wait(`document.querySelector('[name=password]')`)
		b.enter(email, password)
		b.wait(`document.querySelector('.rail')`)
	}
	enter("ana@example.com")
	b.opens(mia)
	b.press("t")
	b.wait(button("Hand back"))
	b.wait(`JSON.parse(localStorage.getItem('frontdesk:prefs') || '{}').undo === 10`)

	b.press("r")
	b.press("It is on its way.")
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(sees("Leaves in a moment"))
	p.do("DELETE", "/api/v1/me/sessions", nil, other).want(t, 204, "")

	enter("bo@example.com")
	b.wait(`document.querySelector('.said.customer') && document.getElementById('composer')`)
	if run[bool](b, `!!document.querySelector('.said.pending') || document.getElementById('composer').value !== ''`) {
		t.Error("what Ana wrote is shown to Bo")
	}
	b.at("#/settings/profile", button("Sign out"))
	b.click("Sign out")
	b.wait(`document.querySelector('[name=password]')`)

	run[bool](b, fmt.Sprintf(`(location.hash = '#/conversations/%s', true)`, mia.id))
	enter("ana@example.com")
	b.wait(`document.querySelector('.said.staff.pending')?.innerText.includes('Your session ended')`)
	b.show("unsent")
	b.click("Retry")
	mia.hears("on its way")
	b.wait(`!document.querySelector('.said.pending')`)

	b.press("n")
	b.press("The carrier called.")
	b.wait(composerHas("The carrier called.", true))
	if _, err := cd.Call(b.ctx, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	b.press(kb.Enter, cd.ModifierCtrl)
	enter("ana@example.com")
	b.wait(`document.querySelector('.said.note.pending')?.innerText.includes('Your session ended')`)
	b.do(cd.Reload())
	b.wait(`document.querySelector('.said.note.pending')?.innerText.includes('Your session ended')`)
	b.click("Retry")
	b.wait(`document.querySelector('.said.note:not(.pending)')`)

	b.cut(true)
	b.press("n")
	b.press("Call them back.")
	b.press(kb.Enter, cd.ModifierCtrl)
	b.wait(`document.querySelector('.said.pending [role=alert]')`)
	b.cut(false)
	b.do(cd.Reload())
	b.wait(`document.querySelector('.said.pending [role=alert]')?.innerText.includes('cannot be reached')`)
	b.click("Retry")
	b.wait(`!document.querySelector('.said.pending') && document.querySelectorAll('.said.note').length === 2`)
	replies, notes := mia.said()
	if strings.Join(replies, "|") != "It is on its way." || strings.Join(notes, "|") != "The carrier called.|Call them back." {
		t.Errorf("staff said %q and noted %q, want each once", replies, notes)
	}
	if kept := run[int](b, `Object.keys(localStorage).filter((k) => /draft|unsent/.test(k)).length`); kept != 0 {
		t.Errorf("%d texts are still kept in the browser after all were sent", kept)
	}
}

// TestTheTimelineTellsWhatHappened looks at an open conversation while others sort it.
func TestTheTimelineTellsWhatHappened(t *testing.T) {
	p := newShift(t)
	agent, admin := bearer(p.token(staff.RoleAgent)), bearer(p.token(staff.RoleAdmin))
	p.do("POST", "/api/v1/labels", map[string]string{"name": "Refund"}, admin).want(t, 201, "")
	mia := p.customer("Mia Keller")
	mia.writes("How long may I return it?")
	answer := mia.hears("within 30 days")
	if err := p.engine.Feedback(t.Context(), mia.id, answer.Seq, false); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.opens(mia)
	b.wait(sees("The customer found an answer not helpful"))
	put := func(what string, body any) {
		t.Helper()
		p.do("PUT", "/api/v1/conversations/"+mia.id+"/"+what, body, agent).want(t, 200, "")
	}
	put("priority", map[string]int{"priority": 2})
	b.wait(sees("token of agent set the priority to high, from normal"))
	put("labels", map[string][]string{"labels": {"Refund"}})
	b.wait(sees("token of agent added the label Refund"))
	until := time.Now().Add(26 * time.Hour).Truncate(time.Second)
	put("snooze", map[string]time.Time{"until": until})
	b.wait(sees("token of agent snoozed it until "))

	// To undo is to have it as it was.
	const snoozed = `[...document.querySelectorAll('.controls .btn')].find((e) => e.textContent.startsWith('Until '))`
	b.wait(snoozed)
	run[bool](b, `(`+snoozed+`.click(), true)`)
	b.wait(sees("You ended the snooze"))
	b.click("Undo")
	p.eventually("it is snoozed as before", func() bool { return p.row(mia, staff.Account{}).SnoozedUntil.Equal(until) })
	if text := run[string](b, `document.getElementById('log').innerText`); strings.Contains(text, until.UTC().Format("2006-01-02T")) {
		t.Errorf("the timeline shows a raw instant: %s", text)
	}
	put("snooze", map[string]any{"until": nil})
	b.wait(`document.querySelector('.thread-bar .chip').textContent !== 'Snoozed'`)
	b.wait(button("Not now"))

	// The brief: one question stands for itself, more are summed up.
	b.press("t")
	b.wait(`document.querySelector('.brief')?.innerText.includes('How long may I return it?')`)
	b.wait(`/Handed over\s+thumbs down/.test(document.querySelector('.brief').innerText) && document.querySelector('.brief').innerText.includes('Returns')`)
	b.show("brief")
	b.wait(atTheEnd)
	b.click("Dismiss the brief")
	b.wait(`!document.querySelector('.brief')`)

	b.press("e")
	b.wait(`document.activeElement.closest('.popover')`)
	b.press("Sent her a label")
	b.show("resolve")
	b.press(kb.Enter)
	b.wait(sees("You resolved it: Sent her a label"))
	b.wait(`document.querySelector('.thread-bar .chip').textContent === 'Resolved'`)
	mia.writes("One more question")
	mia.hears("within 30 days")
	jonas := p.customer("Jonas Weber")
	jonas.writes("Do you ship to Norway?")
	jonas.hears("within 30 days")
	jonas.writes("And what about customs?")
	p.eventually("Jonas has both answers", func() bool {
		list, err := p.engine.Transcript(context.Background(), jonas.id, 0, 100)
		return err == nil && list[len(list)-1].Author == conversation.AuthorBot && len(list) > 3
	})
	b.opens(jonas)
	b.press("t")
	b.wait(`document.querySelector('.brief')?.innerText.includes('by the model, just now') && document.querySelector('.brief').innerText.includes('within 30 days')`)
	b.press("e")
	b.wait(`document.activeElement.closest('.popover')`)
	b.press(kb.Escape)
	b.wait(`!document.querySelector('.popover')`)
	b.press("e")
	b.wait(`document.activeElement.closest('.popover')`)
	b.press(kb.Enter)
	b.wait(`document.querySelector('.thread-bar .chip').textContent === 'Resolved'`)
	if st, err := p.engine.State(t.Context(), jonas.id); err != nil || st.Status != conversation.StatusResolved {
		t.Errorf("State() = %v, %v, want resolved", st.Status, err)
	}
	b.calm()
}

func TestWithoutAModelTheBriefIsWhatWasAsked(t *testing.T) {
	p := newPlace(t)
	mia := p.customer("Mia Keller")
	mia.writes("Where is my parcel?")
	mia.writes("It was to come on Monday.")
	if _, err := p.engine.Handoff(t.Context(), mia.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.opens(mia)
	b.press("t")
	b.wait(`/Where is my parcel[^]*on Monday[^]*asked for a person/.test(document.querySelector('.brief')?.innerText)`)
	b.wait(`!document.querySelector('.brief').innerText.includes('Summing')`)
	b.forgive(409) // there is no model
	b.calm()
}

// A search opens the conversation where it found something, however far back that lies.
func TestASearchLeadsToTheMessage(t *testing.T) {
	p := newPlace(t)
	mia := p.customer("Mia Keller")
	mia.writes("Hello")
	if err := p.exec(`INSERT INTO messages (conversation_id, seq, author, body, episode, created_at)
		SELECT $1::uuid, n, CASE WHEN n % 2 = 0 THEN 'customer' ELSE 'bot' END, CASE WHEN n = 60 THEN 'My armadillo is ill' ELSE 'Message ' || n END, 1, now() + n * interval '1 ms'
		FROM generate_series((SELECT seq + 1 FROM conversations WHERE id = $1::uuid), 400) AS n`, mia.id); err != nil {
		t.Fatal(err)
	}
	if err := p.exec(`UPDATE conversations SET seq = 400 WHERE id = $1`, mia.id); err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		var err error
		if more, err = p.inbox.IndexSome(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
	}
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.at("#/inbox/all", `document.querySelectorAll('.row[role=option]').length === 1`)
	b.press("/")
	b.press("armadillo")
	b.wait(`document.querySelector('.row-text')?.innerText.includes('armadillo')`)
	run[bool](b, `(document.querySelector('.row[role=option]').click(), true)`)
	const inSight = `(() => { const e = document.querySelector('.said[aria-current]')?.getBoundingClientRect(), log = document.getElementById('log').getBoundingClientRect();
		return e && e.top >= log.top && e.bottom <= log.bottom && document.querySelector('.said[aria-current]').innerText.includes('armadillo') })()`
	b.wait(inSight)
	b.wait(`document.querySelectorAll('.said').length === 100`)
	b.wait(inSight)
	b.show("found")
	if strings.Contains(run[string](b, `document.getElementById('log').innerText`), "Message 400") {
		t.Error("the newest message stands beside the one that was found, with what lies between left out")
	}
	b.click("Show later messages")
	b.wait(sees("Message 210"))
	b.wait(inSight)
	mia.writes("Are you there?")
	b.click("Go to the newest")
	b.wait(sees("Are you there?"))
	b.wait(atTheEnd + ` && !document.querySelector('[aria-current=true], .onward')`)
	b.do(cd.Navigate(b.URL + fmt.Sprintf("/console#/inbox/all/%s/398", mia.id)))
	b.wait(`document.querySelector('[data-seq="398"][aria-current]')`)
	if !run[bool](b, `document.getElementById('log').innerText.includes('Are you there?')`) {
		t.Error("a message of the newest page is shown without the rest of that page")
	}
	b.calm()
}
