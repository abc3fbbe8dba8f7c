package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	cd "github.com/chromedp/chromedp"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// another opens the console in a second tab of the same browser, signed in as the first.
func (b *tab) another() *tab {
	b.t.Helper()
	other := &tab{place: b.place, look: b.look}
	ctx, stop := cd.NewContext(b.ctx, cd.WithListener(other.listen))
	b.t.Cleanup(stop)
	other.ctx = ctx
	if err := cd.Do(ctx); err != nil { // the tab lives as long as this context
		b.t.Fatalf("open a second tab: %v", err)
	}
	other.do(cd.Navigate(b.URL + "/console"))
	return other
}

// hide has the page take itself for one in the background, or no more.
func (b *tab) hide(hidden bool) {
	b.t.Helper()
	run[bool](b, fmt.Sprintf(`(Object.defineProperty(document, 'hidden', {get: () => %t, configurable: true}), document.dispatchEvent(new Event('visibilitychange')), true)`, hidden))
}

// hurry has what the page does every so often done several times a second, and keeps the
// clock it reads in the hand of the test: skip is how far it is ahead.
const hurry = `(() => {
	window.skip = 0;
	const now = Date.now, every = window.setInterval;
	Date.now = () => now.call(Date) + window.skip;
	window.setInterval = (f, ms, ...rest) => every(f, Math.min(ms, 250), ...rest);
})()`

// chat is a conversation on Telegram that waits for a person.
func (p *place) chat(thread, name, text string) *customer {
	p.t.Helper()
	r, err := p.engine.Receive(p.t.Context(), conversation.Inbound{Channel: "telegram", Account: "shop", Thread: thread, Sender: thread, SenderName: name, ExternalID: knowledge.NewID(), Text: text})
	if err != nil {
		p.t.Fatal(err)
	}
	c := &customer{p, r.Conversation, name}
	c.waits()
	return c
}

func (c *customer) waits() {
	c.p.t.Helper()
	if _, err := c.p.engine.Handoff(c.p.t.Context(), c.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
		c.p.t.Fatal(err)
	}
}

// row finds the line of somebody in the list.
func row(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('.row[role=option]')].find((r) => r.innerText.includes(%q))`, name)
}

// TestANarrowedListIsLive keeps filtered lists, and those that time alone changes, as
// the server would give them.
func TestANarrowedListIsLive(t *testing.T) {
	p := newPlace(t)
	agent := with(p.cookie(staff.RoleAgent))
	tom := p.chat("1", "Tom Berg", "Where is my parcel?")
	web := p.customer("Wendy Web")
	web.writes("Hello")
	b := newTab(t, p, desktop)
	if _, err := cd.Call(b.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Asia/Tokyo"}); err != nil {
		t.Fatal(err)
	}
	if _, err := cd.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: hurry}); err != nil {
		t.Fatal(err)
	}
	b.do(cd.Reload())
	b.wait(`document.querySelector('form')`)
	ana := b.signIn("ana@example.com", staff.RoleAgent)
	b.wait(row("Tom Berg"))
	b.click("Filters")
	b.fill("Channel", "telegram")
	web.waits()
	eva := p.chat("2", "Eva Lang", "I need help")
	b.wait(row("Eva Lang"))
	if run[bool](b, `!!(`+row("Wendy Web")+`)`) {
		t.Error("the list of Telegram shows a conversation of the web chat")
	}
	if _, err := p.inbox.Resolve(t.Context(), tom.id, conversation.Actor{StaffID: ana.ID, Name: ana.Name}, "", 0); err != nil {
		t.Fatal(err)
	}
	b.wait(`!(` + row("Tom Berg") + `)`)

	// A team, and a colleague's, who makes it while the filters are open.
	admin := with(p.cookie(staff.RoleAdmin))
	var team teamView
	p.do("POST", "/api/v1/teams", map[string]any{"name": "Returns", "members": []string{ana.ID}}, admin).want(t, 201, "").decode(t, &team)
	run[bool](b, `(skip += 60_000, true)`)
	b.wait(field("Team"))
	b.show("filters")
	b.fill("Team", "mine")
	b.wait(sees("No conversation fits."))
	p.do("PUT", "/api/v1/conversations/"+eva.id+"/assign", map[string]any{"team": team.ID}, agent).want(t, 200, "")
	b.wait(row("Eva Lang"))
	b.fill("Team", "")

	// Days are those of the reader, and the last one counts whole.
	b.fill("From", "2020-02-28")
	b.fill("To", "2020-02-29")
	b.wait(sees("No conversation fits."))
	asked := run[string](b, `performance.getEntriesByType('resource').map((e) => decodeURIComponent(e.name)).filter((n) => n.includes('&to=')).pop()`)
	if !strings.Contains(asked, "from=2020-02-27T15:00:00.000Z&to=2020-02-29T15:00:00.000Z") {
		t.Errorf("it asked for %q, want from midnight to midnight of the days in Tokyo", asked)
	}
	b.click("Clear")
	b.wait(row("Wendy Web"))

	// Time alone makes a conversation one that waits for us.
	run[bool](b, `(location.hash = '#/inbox/dropped', true)`)
	b.wait(sees("Nobody has been left without an answer"))
	if err := p.exec(`UPDATE conversations SET customer_at = customer_at - interval '6 minutes' WHERE id = $1`, eva.id); err != nil {
		t.Fatal(err)
	}
	b.wait(row("Eva Lang"))
	b.wait(`document.querySelector('.view[aria-current] .view-n')?.textContent === '1'`)

	// What was left without a reason to stay goes once somebody else is looked at.
	run[bool](b, `(location.hash = '#/inbox/queue', true)`)
	b.wait(row("Wendy Web"))
	run[bool](b, `(`+row("Wendy Web")+`.click(), true)`)
	b.click("Resolve")
	b.click("Resolve it")
	b.wait(`document.querySelector('.thread-bar .chip').textContent === 'Resolved'`)
	run[bool](b, `(`+row("Eva Lang")+`.click(), true)`)
	b.wait(`!(` + row("Wendy Web") + `)`)

	// Somebody free of a team is found.
	run[bool](b, `(document.querySelector('.controls .pair button').click(), true)`)
	b.show("assign")
	b.click("Next free person of Returns")
	b.wait(`document.querySelector('.controls .pair button').textContent === 'Ana'`)

	run[bool](b, `(location.hash = '#/%', true)`)
	b.do(cd.Reload())
	b.wait(`document.querySelector('.rail')`)
	b.calm()
}

// TestTheWholeHistoryIsShown with other channels, also of the same time, and pages.
func TestTheWholeHistoryIsShown(t *testing.T) {
	p := newPlace(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	admin := bearer(p.token(staff.RoleAdmin))
	old, here := p.chat("7", "Mia Telegram", "An old question"), p.customer("Mia Keller")
	here.writes("Here first")
	b.opens(here)
	b.click("Show their other conversations")
	b.wait(sees("They have no other conversation."))

	var into, from summaryView
	p.do("GET", "/api/v1/conversations/"+here.id, nil, admin).decode(t, &into)
	p.do("GET", "/api/v1/conversations/"+old.id, nil, admin).decode(t, &from)
	p.do("POST", "/api/v1/contacts/"+from.ContactID+"/merge", map[string]any{"into": into.ContactID}, admin).want(t, 200, "")
	if err := p.exec(`INSERT INTO messages (conversation_id, seq, episode, author, body, created_at)
		SELECT $1::uuid, n, 1, 'customer', 'Filler ' || n, now() - interval '1 day' + n * interval '1 second' FROM generate_series(10, 460) n`, here.id); err != nil {
		t.Fatal(err)
	}
	if err := p.exec(`UPDATE messages SET created_at = created_at - interval '300 days' WHERE conversation_id IN ($1, $2) AND seq < 10`, old.id, here.id); err != nil {
		t.Fatal(err)
	}
	later := p.chat("8", "Mia Later", "At the same time")
	p.do("GET", "/api/v1/conversations/"+later.id, nil, admin).decode(t, &from)
	p.do("POST", "/api/v1/contacts/"+from.ContactID+"/merge", map[string]any{"into": into.ContactID}, admin).want(t, 200, "")
	b.do(cd.Reload())
	b.wait(`document.querySelector('.said.customer')`)
	b.click("Show their other conversations")
	b.wait(sees("At the same time"))
	b.show("history")
	b.click("Show earlier conversations")
	b.wait(sees("An old question"))
	b.wait(`!(` + button("Show earlier conversations") + `)`)
	if told := run[string](b, `document.getElementById('log').innerText`); strings.Index(told, "An old question") > strings.Index(told, "At the same time") {
		t.Errorf("the history is %q, want the older conversation first", told)
	}
	b.calm()
}

// TestStaffEditAContactAndWriteInItsLanguage changes details and translates both ways.
func TestStaffEditAContactAndWriteInItsLanguage(t *testing.T) {
	p := newShift(t)
	mia := p.customer("Mia Keller")
	mia.writes("Wie lange kann ich das zurückgeben?")
	mia.hears("within 30 days")
	admin := bearer(p.token(staff.RoleAdmin))
	var talk summaryView
	p.do("GET", "/api/v1/conversations/"+mia.id, nil, admin).decode(t, &talk)
	p.do("PATCH", "/api/v1/contacts/"+talk.ContactID, map[string]any{"attributes": map[string]string{"plan": "basic", "shop": "Graz"}}, admin).want(t, 200, "")
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAgent)
	b.opens(mia)
	b.click("Edit details")
	b.fill("Name", "Mia Maria Keller")
	b.fill("Phone", "+43 316 555")
	b.fillIn("plan", "gold")
	b.click("Remove shop")
	b.click("Add a detail")
	b.fillIn("Name of the detail", "plan") // the first one has it already: nothing else
	run[bool](b, `(() => { const [name, text] = [...document.querySelectorAll('.edit-contact .row.tight')].pop().querySelectorAll('input');
		for (const [f, v] of [[name, 'size'], [text, '42']]) { f.value = v; f.dispatchEvent(new Event('input', {bubbles: true})); } return true })()`)
	b.show("edit-contact")
	// Meanwhile the shop says something new of them.
	p.do("PATCH", "/api/v1/contacts/"+talk.ContactID, map[string]any{"attributes": map[string]string{"plan": "basic", "shop": "Graz", "orders": "7"}}, admin).want(t, 200, "")
	b.click("Save")
	b.wait(sees("Somebody has changed this person meanwhile.") + " && " + sees("orders"))
	b.forgive(409)
	b.show("edit-contact-clash")
	b.click("Go on with mine")
	b.click("Save")
	b.wait(sees("Details saved"))
	b.wait(`document.querySelector('.thread-bar h1').textContent === 'Mia Maria Keller'`)
	b.wait(`document.querySelector('.side').innerText.includes('+43 316 555')`)
	var c contactView
	p.do("GET", "/api/v1/contacts/"+talk.ContactID, nil, admin).decode(t, &c)
	if got := fmt.Sprint(c.Name, c.Email, c.Attributes); got != fmt.Sprint("Mia Maria Keller", "mia@example.org", map[string]string{"plan": "gold", "phone": "+43 316 555", "size": "42", "orders": "7"}) {
		t.Errorf("the contact is %s, want what was changed and what came meanwhile", got)
	}

	if err := p.exec(`UPDATE conversations SET locale = 'de' WHERE id = $1`, mia.id); err != nil {
		t.Fatal(err)
	}
	b.at("#/settings/preferences", field("Translate into"))
	b.fill("Translate into", "fr")
	b.opens(mia)
	run[bool](b, `([...document.querySelectorAll('.said.bot .under button')].find((e) => e.textContent === 'Translate').click(), true)`)
	b.wait(`document.querySelector('.said.bot .translation')?.innerText.startsWith('In French:')`)
	b.wait(`document.querySelector('.tools [title="Translate into German"]')`)
	run[bool](b, `(document.getElementById('composer').focus(), true)`)
	b.press("Send it back soon")
	b.wait(`!document.querySelector('.tools [title="Translate into German"]').disabled`)
	run[bool](b, `(document.querySelector('.tools [title="Translate into German"]').click(), true)`)
	b.wait(`document.querySelector('[aria-label="Translation of what you wrote"]')?.innerText.includes('within 30 days')`)
	b.show("translate-draft")
	if written := run[string](b, `document.getElementById('composer').value`); written != "Send it back soon" {
		t.Errorf("the composer has %q before anybody looked, want what was written", written)
	}
	b.click("Use this text")
	b.wait(`document.getElementById('composer').value.includes('within 30 days')`)
	b.calm()
}

// TestAnAdminLetsAColleagueBackIn by a link and without a second factor.
func TestAnAdminLetsAColleagueBackIn(t *testing.T) {
	p := newPlace(t)
	zoe := with(p.cookie(staff.RoleAgent))
	var e enrolmentView
	p.do("POST", "/api/v1/me/totp", nil, zoe).decode(t, &e)
	p.do("POST", "/api/v1/me/totp/confirm", map[string]string{"code": codeOf(t, e.Secret, -1)}, zoe).want(t, 200, "")
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)
	b.at("#/settings/staff", button("Make a reset link for Agent"))
	b.click("Make a reset link for Agent")
	b.confirm()
	b.wait(`document.querySelector('.once input')`)
	b.show("reset-link")
	link := run[string](b, `document.querySelector('.once input').value`)
	b.click("Remove second factor of Agent")
	b.confirm()
	b.wait(`!(` + button("Remove second factor of Agent") + `)`)
	b.do(cd.Navigate("about:blank"))
	b.do(cd.Navigate(link))
	b.wait(sees("For agent@example.com."))
	b.show("reset")
	run[bool](b, `(document.querySelector('[type=password]').value = 'another long password', document.querySelector('form').requestSubmit(), true)`)
	b.wait(sees("all sessions have ended"))
	p.do("GET", "/api/v1/me", nil, zoe).want(t, 401, "")
	p.login("agent@example.com", "another long password", "").want(t, 200, "")
	b.do(cd.Reload())
	b.wait(sees("The link is unknown"))
	b.forgive(404)
	b.calm()
}
