package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// gapDesk is a Gaps in memory; what is being published is closed when it is looked
// at the second time.
type gapDesk struct {
	mu    sync.Mutex // guards all
	gaps  []conversation.Gap
	looks int
}

func (g *gapDesk) List(_ context.Context, state conversation.GapState, _ string, _ int) ([]conversation.Gap, string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []conversation.Gap
	for _, gap := range g.gaps {
		if gap.State == state {
			out = append(out, gap)
		}
	}
	return out, "", nil
}

func (g *gapDesk) change(id string, do func(*conversation.Gap)) (conversation.Gap, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.gaps {
		if g.gaps[i].ID == id {
			do(&g.gaps[i])
			return g.gaps[i], nil
		}
	}
	return conversation.Gap{}, conversation.ErrNoGap
}

func (g *gapDesk) Gap(_ context.Context, id string) (conversation.Gap, []conversation.GapQuestion, error) {
	gap, err := g.change(id, func(gap *conversation.Gap) {
		if gap.State != conversation.GapPublishing {
			return
		}
		if g.looks++; g.looks > 2 {
			gap.State, gap.Outcome = conversation.GapClosed, "All of its questions are answered by it."
		}
	})
	q := conversation.GapQuestion{Conversation: "01a20400-0000-7000-8000-000000000001", Seq: 1, Text: "Can I bring my dog into the shop?", Query: "dogs in the shop",
		Channel: "widget", Lang: "en", Reason: "no_grounded_answer", At: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	if gap.State == conversation.GapClosed {
		yes := true
		q.Answered = &yes
	}
	return gap, []conversation.GapQuestion{q}, err
}

func (g *gapDesk) Draft(_ context.Context, id string) (conversation.Gap, error) {
	return g.change(id, func(gap *conversation.Gap) {
		gap.State, gap.StateAt = conversation.GapDrafted, time.Now()
		gap.Draft = &knowledge.Entry{Question: "May dogs come in?", Answer: "Yes, on a lead.", Alternatives: []string{"Are pets allowed?"}}
	})
}

func (g *gapDesk) Publish(_ context.Context, id string, e knowledge.Entry) (conversation.Gap, error) {
	return g.change(id, func(gap *conversation.Gap) { gap.State, gap.Draft = conversation.GapPublishing, &e })
}

func (g *gapDesk) Dismiss(_ context.Context, id string) (conversation.Gap, error) {
	return g.change(id, func(gap *conversation.Gap) { gap.State = conversation.GapDismissed })
}

func (g *gapDesk) Reopen(_ context.Context, id string) (conversation.Gap, error) {
	return g.change(id, func(gap *conversation.Gap) { gap.State = conversation.GapOpen })
}

func (g *gapDesk) Merge(_ context.Context, to, from string) (conversation.Gap, error) {
	if _, err := g.change(from, func(gap *conversation.Gap) { gap.State = "merged" }); err != nil {
		return conversation.Gap{}, err
	}
	return g.change(to, func(gap *conversation.Gap) { gap.Questions++ })
}

// stocked is a place whose knowledge has something to look at on every page.
func stocked(t *testing.T) (*place, *faqs, knowledge.ListedEntry, *gapDesk) {
	p := newPlace(t)
	p.console.now = func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	f, e := p.withFAQ()
	e.Entry = knowledge.Entry{Question: "How long do I have to return something?", Answer: "Thirty days from the day it arrives.", Alternatives: []string{"When must I send it back?"}, Lang: "en", Owner: "ana@shop.example", ReviewBy: "2026-01-31"}
	e.Document = knowledge.DocumentRef{ID: knowledge.NewID(), Name: "faq.csv"}
	other := e
	other.ID, other.Version, other.Answer, other.Document.Name = knowledge.NewID(), "w1", "Fourteen days.", "old-faq.csv"
	f.entries = map[string]knowledge.ListedEntry{e.ID: e}
	f.conflicts = []knowledge.Conflict{{ID: knowledge.NewID(), Nearness: knowledge.Nearness{Kind: knowledge.NearContradiction, Why: "the numbers differ: 30 and 14 days", Similarity: .93},
		Entries: [2]knowledge.ListedEntry{e, other}, FoundAt: p.console.now()}}
	hit := &knowledge.Hit{Passage: knowledge.Passage{Document: "returns.md", Title: "Returns", Text: "Within 30 days."}}
	f.preview = conversation.Preview{Questions: 48, Changed: []conversation.Replayed{{AskedQuestion: conversation.AskedQuestion{Conversation: knowledge.NewID(), Text: "Can I still send the lamp back?"},
		Now: conversation.Prospect{Stance: conversation.StanceUnknown, Confidence: .2}, Then: conversation.Prospect{Stance: conversation.StanceAnswer, Confidence: .9, Top: hit}}}}
	p.curator.versions = []knowledge.EntryVersion{
		{ID: 2, EntryID: e.ID, Version: "v1", Kind: knowledge.EntryEdited, Entry: e.Entry, Document: e.Document, By: knowledge.Person{ID: "1", Name: "Ben"}, At: p.console.now()},
		{ID: 1, EntryID: e.ID, Version: "v0", Kind: knowledge.EntryBefore, Entry: knowledge.Entry{Question: e.Question, Answer: "A week, as it once was."}, Document: e.Document, At: p.console.now()}}
	p.withPassages()
	p.sites.sites = []knowledge.Site{{ID: knowledge.NewID(), URL: "https://help.example/", Kind: knowledge.SiteLinks, Status: knowledge.SiteCrawling, Every: 24 * time.Hour, Pages: 500, CreatedAt: p.console.now(), DueAt: p.console.now().Add(24 * time.Hour),
		Progress: knowledge.SiteProgress{Found: 120, Fetched: 48, Documents: 45, Failed: 2, Changed: 3}},
		{ID: knowledge.NewID(), URL: "https://shop.example/sitemap.xml", Kind: knowledge.SiteMap, Status: knowledge.SiteReady, Every: 24 * time.Hour, Pages: 500, Limited: true, CreatedAt: p.console.now(), FinishedAt: p.console.now(), DueAt: p.console.now().Add(24 * time.Hour), Progress: knowledge.SiteProgress{Found: 500, Fetched: 500, Documents: 480}}}
	p.sites.pages = []knowledge.Page{{ID: knowledge.NewID(), URL: "https://help.example/returns", State: knowledge.PageReady, Kept: true}, {ID: knowledge.NewID(), URL: "https://help.example/old", State: knowledge.PageFailed, Error: "The server answered 500.", Failures: 3}}
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	desk := &gapDesk{gaps: []conversation.Gap{
		{ID: knowledge.NewID(), State: conversation.GapOpen, Question: "Can I bring my dog into the shop?", Questions: 5, Customers: 4, Talks: 4, FirstAt: at, LastAt: at, Channels: []string{"widget", "slack"}, Languages: []string{"en"}, Reasons: []conversation.GapReason{"no_grounded_answer"}},
		{ID: knowledge.NewID(), State: conversation.GapOpen, Question: "Are pets fine?", Questions: 1, Customers: 1, Talks: 1, FirstAt: at, LastAt: at, Channels: []string{"telegram"}, Languages: []string{"en"}, Reasons: []conversation.GapReason{"thumbs_down"}}}}
	p.console.gaps = desk
	return p, f, e, desk
}

// choose picks a file in the dialog of the page.
func (b *tab) choose(name, content string) {
	b.t.Helper()
	run[bool](b, fmt.Sprintf(`(() => { const picker = document.querySelector('[type=file]'), files = new DataTransfer(); files.items.add(new File([%q], %q));
		picker.files = files.files; picker.dispatchEvent(new Event('change')); return true })()`, content, name))
}

// TestAnAdminCuratesTheKnowledge goes through every page of the knowledge in every
// look it has.
func TestAnAdminCuratesTheKnowledge(t *testing.T) {
	for _, v := range looks {
		t.Run(v.name, func(t *testing.T) {
			p, f, e, _ := stocked(t)
			b := newTab(t, p, v)
			b.signIn("ana@example.com", staff.RoleAdmin)
			b.seesPassages()
			b.editsAnEntry(f, e)
			b.importsEntries()
			b.watchesSites()
			b.reviews(f)
			b.closesAGap()
			b.forgive(http.StatusConflict, http.StatusUnprocessableEntity) // the clashes and the refused file above
			b.calm()
		})
	}
}

func (b *tab) seesPassages() {
	b.t.Helper()
	b.at("#/knowledge", `document.querySelector('.doc')`)
	b.click("returns.md")
	b.wait(`document.querySelectorAll('.passage').length === 2`)
	b.click("Edit passage 1")
	b.wait(`document.activeElement.tagName === 'TEXTAREA'`)
	b.curator.mu.Lock() // somebody else is quicker
	b.curator.passages[0].Text, b.curator.passages[0].Version, b.curator.passages[0].EditedBy = "Within 45 days.", 7, knowledge.Person{ID: "9", Name: "Ben"}
	b.curator.mu.Unlock()
	b.fill("Text of the passage", "Within 60 days.")
	b.click("Save")
	b.wait(sees("Within 45 days."))
	b.show("passage-clash")
	b.click("Save over it")
	b.wait(`!document.querySelector('.passage-edit') && document.querySelector('.passage').innerText.includes('Within 60 days.')`)
	b.click("Hide passage 2")
	b.wait(`document.querySelectorAll('.passage.off').length === 1`)
	b.show("passages")
	b.click("Undo")
	b.wait(`!document.querySelector('.passage.off')`)
	b.at("#/knowledge", `document.querySelector('.sift')`)
	run[bool](b, `(() => { const s = document.querySelector('[aria-label=State]'); s.value = 'failed'; s.dispatchEvent(new Event('change')); return true })()`)
	b.wait(sees("No document is like that."))
	b.show("documents-none")
	b.click("Show all")
	b.wait(`document.querySelector('.doc')`)
}

func (b *tab) editsAnEntry(f *faqs, e knowledge.ListedEntry) {
	b.t.Helper()
	b.click("FAQ")
	b.wait(`document.querySelector('.entry')`)
	b.show("faq")
	b.click(e.Question)
	b.wait(`document.querySelector('.version')`)
	b.fill("Answer", "A year.")
	b.click("Discard changes")
	b.wait(`document.querySelector('form textarea').value !== 'A year.' && !` + button("Discard changes"))
	b.fill("Answer", "Sixty days.")
	b.click("Documents")
	b.wait(`!document.querySelector('form textarea')`)
	b.at("#/knowledge/faq/"+e.ID, `document.querySelector('form textarea')?.value === 'Sixty days.'`)
	b.wait(`document.querySelector('.version')`)
	b.click("Preview answers")
	b.wait(sees("1 would be answered otherwise"))
	b.show("entry-preview")
	f.mu.Lock()
	theirs := f.entries[e.ID]
	theirs.Answer, theirs.Version = "Forty days, says Ben.", "v2"
	f.entries[e.ID] = theirs
	f.mu.Unlock()
	b.click("Save")
	b.wait(sees("Forty days, says Ben."))
	b.equals(`document.querySelector('form textarea').value`, "Sixty days.") // what was typed is kept
	b.show("entry-clash")
	b.click("Take theirs")
	b.wait(sees("Your text is kept."))
	b.click("Back to my text")
	b.wait(`document.querySelector('form textarea').value === 'Sixty days.'`)
	b.click("Save")
	b.wait(sees("Saved"))
	f.mu.Lock()
	if got := f.entries[e.ID].Answer; got != "Sixty days." {
		b.t.Errorf("stored is %q, want what was typed", got)
	}
	f.mu.Unlock()
	b.click("As it was before")
	b.wait(sees("A week, as it once was."))
	b.show("entry-history")
	run[bool](b, `([...document.querySelectorAll('.version')].at(-1).querySelector('.btn.quiet').click(), true)`)
	b.wait(`document.querySelector('form textarea').value === 'A week, as it once was.'`)
	b.at("#/knowledge/faq/new", `document.querySelector('form.panel')`)
	b.fill("Question", "Do you gift-wrap?")
	b.fill("Answer", "Yes, for free.")
	b.wait(sees("Not saved yet"))
	b.at("#/inbox/all", sees("What you wrote is kept here, and not saved yet"))
	b.click("Go back")
	b.wait(`document.querySelector('form.panel textarea')?.value === 'Yes, for free.'`)
	b.show("entry-new")
	b.click("Add entry")
	b.wait(`location.hash === '#/knowledge/faq'`)
	b.library.mu.Lock()
	if n := len(b.library.entries); n != 1 || b.library.entries[0].Answer != "Yes, for free." {
		b.t.Errorf("%d entries were added, want the one", n)
	}
	b.library.mu.Unlock()
}

func (b *tab) importsEntries() {
	b.t.Helper()
	doc := knowledge.DocumentRef{ID: knowledge.NewID(), Name: "faq.csv"}
	rows := []knowledge.RowReport{{Row: 2, Question: "Do you ship to Malta?", Verdict: knowledge.EntryNew}, {Row: 3, Question: "How do I pay?", Verdict: knowledge.EntryChanged, Changes: []string{"answer"},
		Near: []knowledge.NearEntry{{Nearness: knowledge.Nearness{Kind: knowledge.NearDuplicate, Why: "the same words"}, Question: "How can I pay?", Document: doc}}}, {Row: 4, Verdict: knowledge.EntryInvalid, Why: "Row 4 has no question."}}
	in := b.importing(&importing{err: knowledge.ErrRefused, report: knowledge.ImportReport{Name: "faq.csv", Rows: rows, Totals: map[knowledge.Verdict]int{knowledge.EntryNew: 1, knowledge.EntryChanged: 1, knowledge.EntryInvalid: 1}}})
	b.at("#/knowledge/import", `document.querySelector('.drop')`)
	b.show("import-empty")
	b.choose("faq.csv", "question,answer")
	b.wait(sees("cannot be imported"))
	b.show("import-refused")
	in.err, in.report = nil, knowledge.ImportReport{Name: "faq.csv", Rows: rows[:2], Replaces: doc, Removed: 1, Totals: map[knowledge.Verdict]int{knowledge.EntryNew: 1, knowledge.EntryChanged: 1}}
	b.choose("faq.csv", "question,answer")
	b.wait(sees("can be imported in place of"))
	b.show("import-report")
	if !in.dryRun {
		b.t.Error("the file was imported before anybody had seen the report")
	}
	in.report.Document = doc
	b.click("Import 2 rows")
	b.wait(sees("Imported 2 rows"))
	if in.dryRun {
		b.t.Error("the file was only looked at, want it imported")
	}
}

func (b *tab) watchesSites() {
	b.t.Helper()
	b.click("Sites")
	b.wait(`document.querySelectorAll('.cards .doc').length === 2`)
	b.show("sites")
	b.click("Read again https://shop.example/sitemap.xml")
	b.wait(sees("It is being read again"))
	b.click("https://help.example/")
	b.wait(sees("The server answered 500."))
	b.show("site")
}

func (b *tab) reviews(f *faqs) {
	b.t.Helper()
	b.click("To review")
	b.wait(sees("the numbers differ"))
	b.show("review")
	b.click("Both are right")
	b.wait(`!document.body.innerText.includes('the numbers differ')`)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.dismissed) != 1 {
		b.t.Errorf("%d conflicts are dismissed, want 1", len(f.dismissed))
	}
}

func (b *tab) closesAGap() {
	b.t.Helper()
	b.at("#/gaps", `document.querySelectorAll('.cards .entry').length === 2`)
	b.show("gaps-open")
	b.click("Can I bring my dog into the shop?")
	b.wait(`document.querySelector('.steps')`)
	b.click("Merge…")
	b.wait(`document.querySelector('dialog[open] .choices li')`)
	b.show("gap-merge")
	run[bool](b, `(document.querySelector('dialog[open] .choices button').click(), true)`)
	b.wait(`!document.querySelector('dialog[open]') && ` + sees("asked 6 times"))
	b.click("Dismiss")
	b.wait(button("Reopen"))
	b.click("Undo")
	b.wait(button("Draft from replies"))
	b.click("Draft from replies")
	b.wait(`document.querySelector('form textarea')?.value === 'Yes, on a lead.'`)
	b.show("gap-draft")
	b.click("Publish and ask again")
	b.wait(sees("asked again."))
	b.wait(sees("All of its questions are answered by it."))
	b.wait(sees("Answered now"))
	b.show("gap-closed")
}

// TestAViewerSeesTheKnowledgeAndChangesNothing looks for actions where there are to be none.
func TestAViewerSeesTheKnowledgeAndChangesNothing(t *testing.T) {
	p, _, e, desk := stocked(t)
	b := newTab(t, p, desktop)
	b.signIn("vera@example.com", staff.RoleViewer)
	var doc string
	for id := range p.library.docs {
		doc = id
	}
	for hash, there := range map[string]string{
		"#/knowledge": "returns.md", "#/knowledge/documents/" + doc: "We pay the postage.", "#/knowledge/faq": e.Question, "#/knowledge/faq/" + e.ID: e.Answer, "#/knowledge/import": "Admins import",
		"#/knowledge/sites": "help.example", "#/knowledge/sites/" + p.sites.sites[0].ID: "The server answered 500.", "#/knowledge/review": "the numbers differ", "#/gaps": "bring my dog", "#/gaps/" + desk.gaps[0].ID: "dogs in the shop",
	} {
		b.at(hash, sees(there))
		harmless := []string{"Show all", "Show more", "Show less", "Clear", "Open", "Every page"}
		for _, name := range run[[]string](b, `[...document.querySelectorAll('#page button')].map((b) => b.textContent.trim())`) {
			if !strings.Contains(strings.Join(harmless, "|"), name) && !strings.Contains("Open|Drafted|Asking again|Closed|Dismissed", name) && !strings.HasPrefix(name, "Edited by") && !strings.HasPrefix(name, "As it was") {
				t.Errorf("%s offers a viewer %q", hash, name)
			}
		}
	}
	b.show("viewer")
	b.calm()
}

// TestTheKnowledgeIsKeptWithTheKeyboardAlone goes from the list to a saved edit without a pointer.
func TestTheKnowledgeIsKeptWithTheKeyboardAlone(t *testing.T) {
	p, f, e, _ := stocked(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)
	b.at("#/knowledge/faq", `document.querySelector('.entry a')`)
	focus := func(what string) {
		t.Helper()
		for range 60 {
			b.press("\t")
			if run[bool](b, `!!document.activeElement.matches(`+fmt.Sprintf("%q", what)+`)`) {
				return
			}
		}
		t.Fatalf("no way by Tab to %s", what)
	}
	focus(".entry a")
	b.press("\r")
	b.wait(`document.querySelector('form.panel textarea')`)
	focus("form.panel textarea")
	b.press("!")
	focus("form.panel .btn.main")
	b.press("\r")
	b.wait(sees("Saved"))
	f.mu.Lock()
	defer f.mu.Unlock()
	if got := f.entries[e.ID].Answer; !strings.Contains(got, "!") {
		t.Errorf("stored is %q, want what was typed", got)
	}
	b.calm()
}

// TestAFileThatFailsIsTriedAgain keeps a file on the page until it is in, or given up.
func TestAFileThatFailsIsTriedAgain(t *testing.T) {
	p, _, _, _ := stocked(t)
	b := newTab(t, p, desktop)
	b.signIn("ana@example.com", staff.RoleAdmin)
	b.at("#/knowledge", `document.querySelector('.doc')`)
	p.library.mu.Lock()
	p.library.fail = errors.Join(knowledge.ErrBusy)
	p.library.mu.Unlock()
	b.choose("late.md", "# Late")
	b.wait(button("Retry late.md"))
	b.show("upload-failed")
	p.library.mu.Lock()
	p.library.fail = nil
	p.library.mu.Unlock()
	b.click("Retry late.md")
	b.wait(`document.querySelector('[aria-label="Documents"]').innerText.includes('late.md')`)
	b.click("Cancel late.md") // it waits to be read
	b.wait(`document.querySelector('dialog[open]')`)
	run[bool](b, `(document.querySelector('dialog form').requestSubmit(), true)`)
	b.wait(`!document.querySelector('[aria-label="Documents"]').innerText.includes('late.md')`)
}
