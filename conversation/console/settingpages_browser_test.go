package console

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	cd "github.com/chromedp/chromedp"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// inEveryLook shows a page light and dark, wide and on a phone, in the one tab.
func (b *tab) inEveryLook(name string) {
	b.t.Helper()
	was := b.look
	for _, v := range looks {
		b.dress(v)
		b.show(name)
	}
	b.dress(was)
}

// dress gives the tab another window.
func (b *tab) dress(v look) {
	b.t.Helper()
	width, height := int64(1440), int64(900)
	if v.phone {
		width, height = 390, 844
	}
	b.do(cd.EmulateViewport(width, height))
	b.wait(fmt.Sprintf(`innerWidth === %d`, width))
	b.look = v
}

// ailing is a server on which a few things have failed.
type ailing struct {
	placeHealth
	retried chan int64
}

func (h ailing) Health(ctx context.Context) (HealthReport, error) {
	r, err := h.placeHealth.Health(ctx)
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	r.Findings = append(r.Findings, Finding{Check: "pgvector", Verdict: "warning", Detail: "0.8.1 has a known fault", Advice: "Upgrade to 0.8.4."}, Finding{Check: "disk", Verdict: "ok", Detail: "12 GB are free"})
	r.Jobs = []conversation.FailedJob{{ID: "7", Kind: "take_in", State: "discarded", Attempt: 25, Error: "the disk is full", At: at}}
	r.Failed = []conversation.FailedSend{{Conversation: knowledge.NewID(), Seq: 3, Channel: "slack", Error: "channel_not_found", At: at}}
	r.StuckTurns = []conversation.StuckTurn{{Conversation: knowledge.NewID(), DueAt: at, Attempts: 4}}
	r.At = at
	return r, err
}

func (h ailing) RetryJob(ctx context.Context, id int64) error {
	h.retried <- id
	return h.placeHealth.RetryJob(ctx, id)
}

// clinic is a place with all that the pages of the settings show.
func clinic(t *testing.T) (*place, ailing) {
	t.Helper()
	p := newPlaceWith(t, conversation.Config{BotName: "Nova", Models: []string{"gpt-4o-mini"}, ModelsPinned: true}, slowModel{})
	p.silence()
	h := ailing{placeHealth{p}, make(chan int64, 1)}
	p.console.health = h
	p.console.now = func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	p.console.models = func() []conversation.ModelFact {
		return []conversation.ModelFact{
			{Name: "gpt-4o-mini", Tasks: []string{"answer", "rewrite"}, Known: true, Input: .15, Cached: .075, Output: .6, Context: 128000, Shutdown: time.Date(2027, 1, 14, 0, 0, 0, 0, time.UTC), Successor: "gpt-6-luna"},
			{Name: "gpt-6-luna", Known: true, Input: .2, Cached: .05, Output: .8},
		}
	}
	p.console.environment = []Variable{{Name: "OPENAI_API_KEY", Set: true, Secret: true, About: "key of the model's server"}, {Name: "LISTEN_ADDR", Value: ":8080", About: "address to listen on"},
		{Name: "PUBLIC_URL", Value: "https://help.example.com/", Set: true, About: "where browsers reach this server"}, {Name: "SLACK_BOT_TOKEN", Secret: true, About: "Slack token"}}
	return p, h
}

// saved waits until what was typed is stored.
func (b *tab) saved() {
	b.t.Helper()
	b.passes() // what was said before is gone
	b.click("Save")
	b.wait(`!document.querySelector('.save-bar.due') && document.querySelector('.toast')?.innerText.includes('Saved')`)
}

// TestAnAdminChangesTheBot saves, is refused, undoes, meets another admin's change and
// goes back to an earlier version.
func TestAnAdminChangesTheBot(t *testing.T) {
	p, _ := clinic(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)
	b.at("#/settings/bot", field("Name")+`?.value === 'Nova'`)
	b.wait(sees("Nobody has changed this yet.") + ` && document.querySelector('.shown-text')?.innerText.includes('Nova')`)
	b.inEveryLook("settings-bot")

	b.fill("Instructions", "We sell tents.\nNever promise a date.")
	b.wait(`document.querySelector('.shown-text').innerText.includes('Never promise a date.')`)
	b.fill("Languages", "en, <b>")
	b.click("Save")
	b.wait(`document.activeElement === ` + field("Languages") + ` && document.querySelector('.setting.wrong .error').innerText.startsWith('Number 2 is no language code')`)
	b.forgive(http.StatusUnprocessableEntity)
	b.inEveryLook("settings-bot-refused")
	b.fill("Languages", "en, de")
	b.saved()
	b.wait(sees("Version 1, "))
	b.fill("Name", "Orion")
	run[bool](b, `(`+field("Name")+`.focus(), true)`)
	b.press("s", cd.ModifierCtrl) // the whole way by keyboard
	b.wait(sees("Version 2, ") + ` && ` + button("Undo"))
	b.click("Undo")
	b.wait(field("Name") + `.value === 'Nova' && ` + sees("Version 3, "))

	// What is typed is there again after a look elsewhere.
	b.fill("Greeting", "Hello from Ana")
	b.at("#/settings/labels", sees("There are no labels yet."))
	b.wait(`document.querySelector('.settings-nav').innerText.includes('not saved')`)
	if asks := run[bool](b, `(() => { const e = new Event('beforeunload', {cancelable: true}); dispatchEvent(e); return e.defaultPrevented })()`); !asks {
		t.Error("the tab closes without asking, though a change is not saved")
	}
	b.click("Go back")
	b.wait(field("Greeting") + `?.value === 'Hello from Ana'`)

	// Bo is first, with another greeting and another tone.
	bo := with(p.cookie(staff.RoleAdmin))
	if got := p.do("PUT", "/api/v1/settings/bot", map[string]any{"name": "Nova", "tone": "formal", "languages": []string{"en", "de"}, "greeting": "Good day from Bo", "instructions": "We sell tents.\nNever promise a date.", "version": 3}, bo); got.code != 200 {
		t.Fatalf("PUT = %d %s", got.code, got.body)
	}
	b.click("Save")
	b.wait(`document.querySelector('.met')?.innerText.includes('Good day from Bo') && document.activeElement.matches('.met')`)
	b.forgive(http.StatusConflict)
	b.equals(field("Greeting")+`.value`, "Hello from Ana") // mine is kept
	b.equals(field("Tone")+`.value`, "formal")             // the other is taken over
	b.inEveryLook("settings-bot-conflict")
	b.click("Use theirs: Greeting")
	b.wait(field("Greeting") + `.value === 'Good day from Bo'`)
	b.click("Use mine: Greeting")
	b.saved()
	b.wait(sees("Version 5, ") + ` && !document.querySelector('.met')`)

	b.click("History")
	b.wait(`document.querySelectorAll('.versions > li').length === 5 && document.querySelector('.changes ins')?.innerText === 'Hello from Ana'`)
	b.inEveryLook("settings-bot-history")
	b.click("Restore version 2")
	b.wait(`!document.querySelector('dialog[open]') && ` + field("Name") + `.value === 'Orion'`)
	b.wait(sees("Version 6, "))
	b.forgive(http.StatusUnprocessableEntity) // previews of what was refused
	b.calm()
}

// TestAnAdminSetsWhatTheBotMayUse goes through models, budgets, thresholds, spending and prices.
func TestAnAdminSetsWhatTheBotMayUse(t *testing.T) {
	p, _ := clinic(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)

	b.at("#/settings/models", sees("in 53 days"))
	b.wait(`document.querySelector('textarea')?.readOnly && ` + sees("From the environment"))
	b.click("Test: Answers")
	b.wait(`document.querySelector('.try').innerText.includes('Works. gpt-4o-mini')`)
	b.fill("Temperature", "warm")
	b.click("Save")
	b.wait(`document.querySelector('.setting.wrong')?.innerText.includes('This is no number')`)
	b.inEveryLook("settings-models")
	b.fill("Temperature", "0.2")
	b.saved()

	b.at("#/settings/budgets", `document.querySelectorAll('.key > div').length === 4`)
	b.fill("In all", "500")
	b.wait(sees("total"))
	b.forgive(http.StatusUnprocessableEntity)
	b.click("Save")
	b.wait(`document.querySelector('.setting.wrong')`)
	b.fill("In all", "6000")
	b.saved()
	b.wait(`document.querySelectorAll('.key > div').length === 4`)
	b.inEveryLook("settings-budgets")
	b.forgive(http.StatusUnprocessableEntity)

	b.at("#/settings/thresholds", sees("No tests have been run yet"))
	b.show("settings-thresholds-empty")
	admin := with(p.cookie(staff.RoleAdmin))
	document := p.shelve("Can I return it?", "Yes, within 30 days.")
	for _, c := range []map[string]any{{"question": "can i return it", "expect": map[string]any{"documents": []string{document}}}, {"question": "Who wants to return to the stars?", "expect": map[string]any{"answerable": false}}} {
		if got := p.do("POST", "/api/v1/tests", c, admin); got.code != 201 {
			t.Fatalf("add a test = %d %s", got.code, got.body)
		}
	}
	if got := p.do("POST", "/api/v1/tests/runs", map[string]any{}, admin); got.code != 202 {
		t.Fatalf("run = %d %s", got.code, got.body)
	}
	if err := p.tests.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.at("#/settings/labels", sees("There are no labels yet."))
	b.at("#/settings/thresholds", `document.querySelectorAll('.grid-table tbody tr').length === 5`)
	run[bool](b, `(document.querySelectorAll('.setting input[type=checkbox]').forEach((c) => c.click()), true)`)
	b.wait(`!document.getElementById('threshold-offer').disabled`)
	run[bool](b, `(['answer', 'offer'].forEach((n) => { const f = document.getElementById('threshold-' + n); f.value = '0'; f.dispatchEvent(new Event('input', {bubbles: true})); }), true)`)
	b.wait(`[...document.querySelectorAll('.grid-table tbody tr')].some((r) => r.querySelector('.change'))`) // before anything is saved
	b.inEveryLook("settings-thresholds")
	b.saved()

	b.at("#/settings/spending", sees("spent")+` && `+field("A day"))
	b.fill("A day", "0")
	b.click("Save")
	b.wait(`document.querySelector('.setting.wrong')?.innerText.includes('leave it empty for no limit')`)
	b.forgive(http.StatusUnprocessableEntity)
	b.fill("A day", "2.5")
	b.fill("Tell staff at", "75")
	b.saved()
	b.wait(sees("of $2.50"))
	b.inEveryLook("settings-spending")

	b.at("#/settings/prices", button("Set a price for gpt-4o-mini"))
	b.click("Set a price for gpt-4o-mini")
	b.fill("Another model", "Acme/Large")
	b.click("Add a price")
	b.wait(button("Remove the price of acme/large"))
	b.click("Save")
	b.wait(`document.querySelector('.prices .error')`)
	b.inEveryLook("settings-prices")
	for _, part := range []string{"Input", "Cached input", "Output"} {
		input := fmt.Sprintf(`document.querySelector('[aria-label="%s, acme/large"]')`, part)
		run[bool](b, `(() => { const f = `+input+`; f.value = '1.25'; f.dispatchEvent(new Event('input', {bubbles: true})); return true })()`)
		b.wait(input + `.value === '1.25' && !document.querySelector('.prices .error')`)
	}
	b.saved()
	b.click("Remove the price of gpt-4o-mini")
	b.saved()
	var got struct {
		Models map[string]conversation.ModelPrice
	}
	p.do("GET", "/api/v1/settings/prices", nil, admin).decode(t, &got)
	if len(got.Models) != 1 || got.Models["acme/large"].Cached != 1.25 {
		t.Errorf("prices = %+v, want only acme/large at 1.25", got.Models)
	}
	b.calm()
}

// TestAnAdminLooksAfterTheServer goes through the widget, retention, channels, webhooks,
// environment and health.
func TestAnAdminLooksAfterTheServer(t *testing.T) {
	p, sick := clinic(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)

	b.at("#/settings/widget", `document.querySelector('.page-preview')?.contentDocument?.body?.innerText.includes('position=right')`)
	b.fill("Title", `Acme "help"`)
	b.fill("Side", "left")
	b.wait(`document.querySelector('.page-preview').contentDocument?.body?.innerText.includes('position=left')`)
	b.wait(sees(`src="https://help.example.com/widget.js"`))
	b.fill("Colour", "red")
	b.click("Save")
	b.wait(`document.querySelector('.setting.wrong')?.innerText.includes('no colour')`)
	b.forgive(http.StatusUnprocessableEntity)
	b.fill("Colour", "#0a7d5a")
	b.saved()
	b.inEveryLook("settings-widget")

	b.at("#/settings/retention", field("Conversations"))
	b.fill("Conversations", "365")
	b.click("Save")
	b.wait(`document.querySelector('dialog.ask')?.innerText.includes('older than 365 days')`)
	b.show("settings-retention-ask")
	b.confirm()
	b.wait(sees("Version 1, "))
	b.inEveryLook("settings-retention")

	b.at("#/settings/channels", listed("Channels")+` === 1`)
	b.fill("Channel ID for a test message", "C0123456789")
	b.click("Test Slack")
	b.wait(sees("sent to C0123456789"))
	b.inEveryLook("settings-channels")

	status := http.StatusOK
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer to.Close()
	b.at("#/settings/webhooks", sees("No program is told of anything yet."))
	b.show("settings-webhooks-empty")
	b.click("Add a webhook")
	b.fill("Address", "http://10.0.0.7/hook")
	b.click("Add webhook")
	b.wait(`document.querySelector('#hook-url.error') || document.querySelector('form .error')`)
	run[bool](b, `(document.querySelector('.events input').click(), true)`)
	b.click("Add webhook")
	b.wait(`document.querySelector('#hook-url.error') && document.activeElement.type === 'url'`)
	b.forgive(http.StatusUnprocessableEntity)
	b.inEveryLook("settings-webhook-refused")
	b.fill("Address", to.URL+"/hook")
	b.click("Add webhook")
	b.wait(`document.querySelector('.once input')?.value.startsWith('whsec_')`)
	b.show("settings-webhook-secret")
	b.click("Done")
	b.click("Test " + to.URL + "/hook")
	b.wait(sees("answered 200 in"))
	b.click("Log of " + to.URL + "/hook")
	b.wait(listed("Log of "+to.URL+"/hook") + ` === 1`)
	run[bool](b, `(document.querySelector('.hook-log .lines .btn').click(), true)`)
	b.wait(sees("It is sent again now"))
	b.inEveryLook("settings-webhooks")
	b.click("New secret for " + to.URL + "/hook")
	b.wait(`document.querySelector('.hook .once input')?.value.startsWith('whsec_')`)
	b.click("Done")
	if err := p.exec(`UPDATE webhooks SET active = false, off_at = now(), off_for = 'failing'`); err != nil {
		t.Fatal(err)
	}
	b.at("#/settings/environment", listed("Environment")+` === 4`)
	b.reads(".settings .page", "Set, secret", ":8080")
	b.inEveryLook("settings-environment")
	b.at("#/settings/webhooks", sees("it had taken nothing for five days"))
	b.show("settings-webhook-off")
	b.click("Switch on " + to.URL + "/hook")
	b.wait(button("Switch off " + to.URL + "/hook"))
	b.click("Delete " + to.URL + "/hook")
	b.confirm()
	b.wait(sees("No program is told of anything yet."))

	b.at("#/settings/health", sees("0.8.1 has a known fault"))
	b.inEveryLook("settings-health")
	b.click("Try again: job 7")
	b.wait(sees("It is tried again now"))
	if id := <-sick.retried; id != 7 {
		t.Errorf("retried job %d, want 7", id)
	}
	b.calm()
}

// TestAViewerOnlyReadsTheSettings looks at every page as one who may change nothing.
func TestAViewerOnlyReadsTheSettings(t *testing.T) {
	p, _ := clinic(t)
	b := newTab(t, p, desktop)
	b.signIn("vera@example.com", staff.RoleViewer)
	for _, page := range []string{"bot", "models", "budgets", "thresholds", "spending", "prices", "widget", "retention"} {
		b.at("#/settings/"+page, sees("Only admins change this.")+` && document.querySelector('[aria-current=page][href="#/settings/`+page+`"]')`)
		if open := run[int](b, `document.querySelectorAll('.settings .page fieldset :is(input, textarea, select, button):enabled, .save-bar').length`); open != 0 {
			t.Errorf("a viewer can change %d things at %s", open, page)
		}
	}
	b.at("#/settings/channels", listed("Channels")+` === 1`)
	b.at("#/settings/environment", listed("Environment")+` === 4`)
	for _, page := range []string{"webhooks", "health"} {
		b.at("#/settings/"+page, sees("not for your role"))
	}
	b.at("#/settings/bot", field("Name"))
	b.inEveryLook("settings-viewer")
	b.calm()
}
