package console

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

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
			b.wait(`document.querySelector('.save-bar').innerText.includes('Week, Holidays: see above. Nothing was saved.')`)
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
			b.saved()
			b.wait(sees("Version 1, "))
			b.show("hours")
			h := p.hours()
			monday := slices.DeleteFunc(slices.Clone(h.Week), func(s conversation.Span) bool { return s.Day != time.Monday })
			if h.Timezone != "Europe/Berlin" || len(h.Week) != 6 || len(monday) != 2 || monday[1].To != "24:00" || len(h.Holidays) != 1 || h.Holidays[0].Name != "Christmas" {
				t.Errorf("stored %+v, want what the page shows", h)
			}

			// A colleague is faster: nothing of either is lost.
			h.Timezone, h.Holidays = "Europe/Paris", append(h.Holidays, conversation.Holiday{Date: "2031-01-01", Name: "New Year"})
			if _, err := p.engine.PutHours(t.Context(), h); err != nil {
				t.Fatal(err)
			}
			b.put("Holiday 1, name", 0, "Xmas")
			b.click("Save")
			b.wait(`document.querySelector('.met')?.innerText.includes('2031-01-01 New Year') && ` + field("Time zone") + `.value === 'Europe/Paris'`)
			b.forgive(http.StatusConflict)
			b.show("hours-conflict")
			if now := p.hours(); now.Holidays[0].Name != "Christmas" || len(now.Holidays) != 2 {
				t.Errorf("stored %+v, want the colleague's until it is decided", now)
			}
			b.click("Use theirs: Holidays")
			b.wait(`document.querySelectorAll('.holidays > li').length === 2`)
			b.click("Use mine: Holidays")
			b.click("Save")
			b.wait(sees("Version 3, ") + ` && !document.querySelector('.met')`)
			if now := p.hours(); now.Holidays[0].Name != "Xmas" || len(now.Holidays) != 1 || now.Timezone != "Europe/Paris" {
				t.Errorf("stored %+v, want our holidays and the colleague's time zone", now)
			}
			b.put("Holiday 1, name", 0, "Yule")
			b.click("Discard changes")
			b.wait(`document.querySelector('[aria-label="Holiday 1, name"]').value === 'Xmas' && !document.querySelector('.save-bar.due')`)
			b.click("History")
			b.wait(`document.querySelectorAll('.versions > li').length === 3 && document.querySelector('.changes ins')?.innerText === '2030-12-25 Xmas'`)
			b.show("hours-history")
			b.click("Restore version 2")
			b.wait(`!document.querySelector('dialog[open]') && ` + sees("Version 4, ") + ` && document.querySelectorAll('.holidays > li').length === 2`)
			if now := p.hours(); len(now.Holidays) != 2 || len(now.Week) != 6 {
				t.Errorf("stored %+v, want the version that was restored", now)
			}
			// The inbox knows at once that nobody is there today.
			b.put("Holiday 1, date", 0, time.Now().In(p.hours().Zone()).Format(time.DateOnly))
			b.saved()
			b.at("#/inbox", `document.querySelector('.closed')?.title.includes('(Europe/Paris)')`)

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
			b.wait(sees("Version 1, ") + ` && [...document.querySelectorAll('.rule.off')].length === 1`)
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
			b.click("Save") // we changed different things
			b.wait(`document.querySelector('.met')?.innerText.includes('1 hours') && document.querySelector('[aria-labelledby=rule-sticky_hours]').value === '1'`)
			b.forgive(http.StatusConflict)
			b.show("handling-conflict")
			b.click("Save")
			b.wait(sees("Version 3, "))
			if now := p.handling(); now.StickyHours != 1 || now.RemindMinutes != 9 {
				t.Errorf("stored %+v, want what both changed", now)
			}
			b.rule("remind_minutes", "8")
			b.click("Discard changes")
			b.wait(`document.querySelector('[aria-labelledby=rule-remind_minutes]').value === '9'`)
			b.click("History")
			b.wait(`document.querySelector('.changes del')?.innerText === '7 minutes'`)
			b.click("Restore version 1")
			b.wait(sees("Version 4, ") + ` && document.querySelector('[aria-labelledby=rule-sticky_hours]').value === '24'`)
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
