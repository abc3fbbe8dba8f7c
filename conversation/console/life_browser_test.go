package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	cd "github.com/chromedp/chromedp"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// put writes into the field of an aria-label, the n-th of that name.
func (b *tab) put(label string, n int, text string) {
	b.t.Helper()
	f := fmt.Sprintf(`document.querySelectorAll('[aria-label=%q]')[%d]`, label, n)
	b.wait(f)
	run[bool](b, fmt.Sprintf(`(() => { const f = %s; f.value = %q; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`, f, text))
}

// rule writes into the field of a rule of handling.
func (b *tab) rule(name, text string) {
	b.t.Helper()
	f := fmt.Sprintf(`document.querySelector('[aria-labelledby=rule-%s]')`, name)
	b.wait(f)
	run[bool](b, fmt.Sprintf(`(() => { const f = %s; f.value = %q; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`, f, text))
}

func (p *place) hours() conversation.Hours {
	p.t.Helper()
	h, err := p.engine.Hours(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return h
}

func (p *place) handling() conversation.Handling {
	p.t.Helper()
	h, err := p.engine.Handling(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return h
}

// TestAnAdminSetsHoursAndRules goes through both pages in every look.
func TestAnAdminSetsHoursAndRules(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newPlace(t)
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAdmin)
			b.at("#/settings/hours", sees("No hours are set, so people always answer."))
			b.show("hours-empty")
			b.click("Monday to Friday, 9 to 17")
			b.wait(`document.querySelectorAll('.span').length === 5`)
			b.fill("Time zone", "Europe/Nowhere")
			b.wait(sees("There is no such time zone."))
			b.fill("Time zone", "Europe/Berlin")
			b.click("Add hours on Monday")
			b.put("Monday, from", 1, "16:00")
			b.wait(sees("09:00–17:00 and 16:00–24:00 overlap."))
			b.put("Tuesday, until", 0, "08:00")
			b.wait(sees("09:00 is not before 08:00."))
			b.click("Add a holiday")
			b.click("Save") // refused here, where the first fault is
			b.wait(`document.activeElement.getAttribute('aria-invalid') === 'true'`)
			b.show("hours-wrong")
			if h := p.hours(); h.Version != 0 {
				t.Errorf("stored %+v, want nothing of what overlaps", h)
			}
			b.put("Monday, from", 0, "08:30")
			b.put("Monday, until", 0, "12:00")
			b.put("Monday, from", 1, "13:00")
			b.put("Monday, until", 1, "00:00")
			b.put("Tuesday, until", 0, "17:00")
			b.put("Holiday 1, date", 0, "2030-12-25")
			b.put("Holiday 1, name", 0, "Christmas")
			b.click("Save")
			b.wait(sees("Saved") + ` && !` + sees("Not saved yet."))
			b.show("hours")
			h := p.hours()
			monday := slices.DeleteFunc(slices.Clone(h.Week), func(s conversation.Span) bool { return s.Day != time.Monday })
			if h.Timezone != "Europe/Berlin" || len(h.Week) != 6 || len(monday) != 2 || monday[1].To != "24:00" || len(h.Holidays) != 1 || h.Holidays[0].Name != "Christmas" {
				t.Errorf("stored %+v, want what the page shows", h)
			}

			// A colleague is faster: nothing of either is lost.
			h.Holidays = append(h.Holidays, conversation.Holiday{Date: "2031-01-01", Name: "New Year"})
			if _, err := p.engine.PutHours(t.Context(), h); err != nil {
				t.Fatal(err)
			}
			b.put("Holiday 1, name", 0, "Xmas")
			b.click("Save")
			b.wait(sees("A colleague saved this before you.") + ` && ` + sees("Holiday: 2031-01-01 New Year"))
			b.show("hours-conflict")
			if now := p.hours(); now.Holidays[0].Name != "Christmas" || len(now.Holidays) != 2 {
				t.Errorf("stored %+v, want the colleague's until it is decided", now)
			}
			b.click("Save mine instead")
			b.wait(`!` + sees("A colleague saved"))
			if now := p.hours(); now.Holidays[0].Name != "Xmas" || len(now.Holidays) != 1 {
				t.Errorf("stored %+v, want ours", now)
			}

			b.at("#/settings/handling", `document.querySelector('[aria-labelledby=rule-idle_minutes]')?.value === '15'`)
			b.rule("remind_minutes", "7")
			b.rule("idle_minutes", "")
			b.rule("resolve_hours", "99999")
			b.wait(sees("A whole number up to 8,784, or nothing."))
			b.click("Save")
			b.wait(`document.activeElement.getAttribute('aria-labelledby') === 'rule-resolve_hours'`)
			b.show("handling-wrong")
			b.rule("resolve_hours", "48")
			run[bool](b, `(document.querySelector('.rules [type=checkbox]').click(), true)`)
			b.click("Save")
			b.wait(`!` + sees("Not saved yet.") + ` && [...document.querySelectorAll('.rule.off')].length === 1`)
			b.show("handling")
			got := p.handling()
			if want := (conversation.Handling{RemindMinutes: 7, EscalateMinutes: 15, ResolveHours: 48, StickyHours: 24, Version: got.Version}); got != want {
				t.Errorf("stored %+v, want %+v", got, want)
			}
			got.StickyHours = 1
			if _, err := p.engine.PutHandling(t.Context(), got); err != nil {
				t.Fatal(err)
			}
			b.rule("remind_minutes", "9")
			b.click("Save")
			b.wait(sees("Same person: 1 hours"))
			b.click("Take theirs")
			b.wait(`document.querySelector('[aria-labelledby=rule-sticky_hours]').value === '1' && document.querySelector('[aria-labelledby=rule-remind_minutes]').value === '7'`)
			b.forgive(409)
			b.calm()
		})
	}
}

// TestViewersReadHoursAndRules looks at what is offered to whoever may not change them.
func TestViewersReadHoursAndRules(t *testing.T) {
	p := newPlace(t)
	h := conversation.Hours{Timezone: "UTC", Holidays: []conversation.Holiday{}}
	for d := range 7 { // a minute in the week, which is over when it is read, and a day off
		h.Week = append(h.Week, conversation.Span{Day: time.Weekday(d), From: "00:00", To: "00:01"})
	}
	now := time.Now().UTC()
	for d := range 3 {
		h.Holidays = append(h.Holidays, conversation.Holiday{Date: now.AddDate(0, 0, d-1).Format(time.DateOnly)})
	}
	if _, err := p.engine.PutHours(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, p, desktop)
	b.signIn("vera@example.com", staff.RoleViewer)
	b.wait(`document.querySelector('.list .closed')?.title.includes('Open again')`)
	b.show("closed")
	b.at("#/settings/hours", sees("Monday: 00:00–00:01")+` && `+sees("Closed now"))
	b.at("#/settings/handling", sees("Reminder: 5 minutes"))
	if offered := run[int](b, `document.querySelectorAll('.settings .page :is(button, input, form)').length`); offered != 0 {
		t.Errorf("a viewer is offered %d things to change", offered)
	}
	b.show("handling-viewer")
	b.calm()
}

// TestFiguresOpenTheirConversations reads a report in every look.
func TestFiguresOpenTheirConversations(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAgent)
			b.wait(sees("Nobody is waiting for a person."))
			if v.phone {
				b.at("#/reports", sees("No conversation began on these days."))
			} else {
				b.press("gr")
				b.wait(sees("No conversation began on these days."))
			}
			b.show("reports-empty")
			agent := bearer(p.token(staff.RoleAgent))
			p.do("POST", "/api/v1/labels", map[string]string{"name": "Refund / return"}, bearer(p.token(staff.RoleAdmin)))
			for i, name := range []string{"Jonas Weber", "Priya Nair", "李小龙", "Zoë Álvarez", "Mia Keller"} {
				c := p.customer(name)
				c.writes("How long may I think about it?")
				c.hears("within 30 days")
				if i < 2 {
					if _, err := p.engine.Handoff(t.Context(), c.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
						t.Fatal(err)
					}
					p.do("POST", "/api/v1/conversations/"+c.id+"/reply", map[string]string{"text": "Hello!"}, agent)
				}
				if i == 0 {
					p.do("PUT", "/api/v1/conversations/"+c.id+"/labels", map[string][]string{"labels": {"Refund / return"}}, agent)
				}
				if i > 0 {
					p.do("POST", "/api/v1/conversations/"+c.id+"/resolve", nil, agent).want(t, 200, "")
					if err := p.engine.RateEpisode(t.Context(), c.id, i+1, ""); err != nil {
						t.Fatal(err)
					}
				}
			}
			b.at("#/inbox/all", `document.querySelectorAll('.row[role=option] .score').length === 4`)
			b.at("#/reports", `document.querySelectorAll('.figure').length === 8 && document.querySelectorAll('.chart svg').length === 4`)
			// The stored figure of the empty report is on screen until the new one is there.
			b.wait(`document.querySelector('.figure .value')?.textContent === '5'`)
			b.show("reports")
			run[bool](b, `(document.querySelector('.report-part').scrollIntoView(), true)`)
			b.show("reports-tables")
			if rows := run[int](b, `document.querySelector('.chart table tbody').rows.length`); rows != 30 {
				t.Errorf("the chart's table has %d days, want 30", rows)
			}
			given := button("Given to a person: 2. Show the conversations")
			b.wait(given)
			run[bool](b, `(`+given+`.click(), true)`)
			b.wait(`location.hash === '#/inbox/figure' && document.querySelectorAll('.row[role=option]').length === 2`)
			if names := run[string](b, `[...document.querySelectorAll('.row[role=option] b')].map((e) => e.textContent).sort().join()`); names != "Jonas Weber,Priya Nair" {
				t.Errorf("behind the figure are %s, want the two that were given to a person", names)
			}
			b.show("reports-behind")
			b.do(cd.Reload())
			b.wait(`document.querySelectorAll('.row[role=option]').length === 2 && ` + sees("Given to a person"))
			run[bool](b, `(document.querySelector('.row[role=option]').click(), true)`)
			b.wait(`/^#\/inbox\/figure\/[0-9a-f-]{36}$/.test(location.hash) && document.querySelector('.said')`)
			b.at("#/inbox/figure", `document.querySelectorAll('.row[role=option]').length === 2`)
			b.click("Back to the report")
			b.wait(`document.querySelectorAll('.figure').length === 8`)
			b.fill("Label", "Refund / return")
			b.wait(`document.querySelector('.figure .value')?.textContent === '1' && location.hash.includes('label=Refund')`)
			b.fill("Channel", "slack")
			b.wait(sees("No conversation of these days fits."))
			b.click("Show all of them")
			b.wait(`document.querySelector('.figure .value')?.textContent === '5'`)
			b.fill("Days", "2")
			b.wait(`/from=\d{4}-\d\d-\d\d&to=/.test(location.hash) && document.querySelector('.chart table tbody').rows.length === 90`)
			csv := run[string](b, `document.querySelector('a[download]').getAttribute('href')`)
			if got := p.do("GET", csv, nil, agent); got.code != http.StatusOK || !strings.HasPrefix(got.body, "section,") {
				t.Errorf("GET %s = %d %.60s, want the table", csv, got.code, got.body)
			}
			b.calm()
		})
	}
}

// TestStaffHearOfWaitsReadingAndScores watches one conversation from the queue to its score.
func TestStaffHearOfWaitsReadingAndScores(t *testing.T) {
	for _, v := range []look{looks[0], looks[3]} {
		t.Run(v.name, func(t *testing.T) {
			p := newShift(t)
			b := newTab(t, p, v)
			ana := b.signIn("ana@example.com", staff.RoleAgent)
			run[bool](b, `(await fetch('/api/v1/me/preferences', {method: 'PUT', headers: {'Content-Type': 'application/json'}, body: '{"sound":true,"notify":true}'})).ok`)
			b.do(cd.Reload())
			b.wait(`document.querySelector('.rail') && JSON.parse(localStorage.getItem('frontdesk:prefs')).sound`)
			run[bool](b, `(window.told = [], window.sounds = 0, window.Notification = class { constructor(t) { told.push(t) } static permission = 'granted' },
				window.AudioContext = class { currentTime = 0; createOscillator() { sounds++; return {frequency: {setValueAtTime() {}}, connect: (to) => to, start() {}, stop() {}} }
					createGain() { return {gain: {setValueAtTime() {}, exponentialRampToValueAtTime() {}}, connect: (to) => to} } }, true)`)
			mia := p.customer("Mia Keller")
			mia.writes("Hello, is somebody there?")
			mia.hears("within 30 days")
			b.at("#/inbox/queue", sees("Nobody is waiting"))
			run[bool](b, `(Object.defineProperty(document, 'hidden', {get: () => true, configurable: true}), true)`)
			if _, err := p.engine.Handoff(t.Context(), mia.id, conversation.Actor{}, conversation.ReasonAsked); err != nil {
				t.Fatal(err)
			}
			b.wait(`told.some((t) => t.includes('waiting for a person')) && sounds > 0 && /^1 alert · \(1\) /.test(document.title)`)
			run[bool](b, `(delete document.hidden, document.dispatchEvent(new Event('visibilitychange')), true)`)
			b.wait(`document.title === '(1) Frontdesk'`)
			b.opens(mia)
			b.wait(`document.querySelector('.waiting')?.innerText.includes('next in line')`)
			b.show("waits")
			bo := bearer(p.token(staff.RoleAgent))
			p.do("POST", "/api/v1/conversations/"+mia.id+"/reply", map[string]string{"text": "Yes, I am."}, bo)
			m := mia.hears("Yes, I am.")
			b.wait(`document.querySelector('.said.staff') && !document.querySelector('.said.staff .under').innerText.includes('Seen')`)
			if err := p.engine.Seen(t.Context(), mia.id, m.Seq); err != nil {
				t.Fatal(err)
			}
			b.wait(`document.querySelector('.said.staff .under').innerText.includes('Seen')`)
			b.at("#/settings/preferences", `document.querySelector('.settings select')`)
			heard := run[int](b, `sounds`)
			p.do("POST", "/api/v1/conversations/"+mia.id+"/note", map[string]any{"text": "@Ana can you look?", "mentions": []string{ana.ID}}, bo)
			b.wait(fmt.Sprintf(`sounds > %d && %s`, heard, sees("mentioned you"))) // even whoever looks hears that
			b.opens(mia)
			p.engine.CustomerTypes(mia.id)
			b.wait(sees("is typing…"))
			p.do("POST", "/api/v1/conversations/"+mia.id+"/resolve", nil, bo).want(t, 200, "")
			if err := p.engine.RateEpisode(t.Context(), mia.id, 5, "quick"); err != nil {
				t.Fatal(err)
			}
			b.wait(sees("★★★★★ 5 of 5"))
			b.show("rated")
			b.calm()
		})
	}
}
