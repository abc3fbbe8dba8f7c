package console

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// faqs is an FAQ, a Conflicts and a Previews in memory.
type faqs struct {
	mu        sync.Mutex // guards all
	entries   map[string]knowledge.ListedEntry
	filter    knowledge.EntryFilter
	err       error
	conflicts []knowledge.Conflict
	dismissed map[string]string
	change    knowledge.Change
	n         int
	preview   conversation.Preview
}

func (f *faqs) Entries(_ context.Context, filter knowledge.EntryFilter, _ string, _ int) ([]knowledge.ListedEntry, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.filter = filter
	var out []knowledge.ListedEntry
	for _, e := range f.entries {
		out = append(out, e)
	}
	return out, "next", f.err
}

func (f *faqs) Entry(_ context.Context, id string) (knowledge.ListedEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.entries[id]
	if !ok {
		return e, knowledge.ErrNotFound
	}
	return e, f.err
}

func (f *faqs) EditEntry(_ context.Context, id, version string, e knowledge.Entry) (knowledge.ListedEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, ok := f.entries[id]
	switch {
	case !ok:
		return old, knowledge.ErrNotFound
	case f.err != nil:
		return old, f.err
	case version != "*" && version != old.Version:
		return old, knowledge.ErrVersion
	}
	old.Entry, old.Version = e, e.Version()
	f.entries[id] = old
	return old, nil
}

func (f *faqs) DeleteEntry(_ context.Context, id, version string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, ok := f.entries[id]
	switch {
	case !ok:
		return knowledge.ErrNotFound
	case version != "*" && version != old.Version:
		return knowledge.ErrVersion
	}
	delete(f.entries, id)
	return nil
}

func (f *faqs) Conflicts(context.Context, string, int) ([]knowledge.Conflict, string, error) {
	return f.conflicts, "", f.err
}

func (f *faqs) DismissConflict(_ context.Context, id, by string) error {
	if f.err != nil {
		return f.err
	}
	f.dismissed[id] = by
	return nil
}

func (f *faqs) Preview(_ context.Context, c knowledge.Change, n int) (conversation.Preview, error) {
	f.change, f.n = c, n
	return f.preview, f.err
}

// withFAQ gives the console under test entries, one of which is returned.
func (p *place) withFAQ() (*faqs, knowledge.ListedEntry) {
	e := knowledge.ListedEntry{ID: knowledge.NewID(), Version: "v1", Status: knowledge.StatusReady, Document: knowledge.DocumentRef{ID: knowledge.NewID(), Name: "faq.csv"},
		Entry: knowledge.Entry{Question: "How?", Answer: "So.", Lang: "en", Owner: "ana@shop.example", ReviewBy: "2026-01-31"}}
	f := &faqs{entries: map[string]knowledge.ListedEntry{e.ID: e}, dismissed: map[string]string{}}
	p.console.faq, p.console.conflicts, p.console.previews = f, f, f
	if p.curator != nil {
		p.curator.faq = f
	}
	return f, e
}

func TestEntriesAreListedForWhoAsks(t *testing.T) {
	p := newPlace(t)
	f, e := p.withFAQ()
	p.console.now = func() time.Time { return time.Date(2026, 2, 1, 0, 30, 0, 0, time.UTC) }
	viewer := bearer(p.token(staff.RoleViewer))
	got := p.do("GET", "/api/v1/entries?q=ho&lang=en&owner=Ana&document="+e.Document.ID+"&stale=true&limit=5", nil, viewer)
	var v entriesView
	got.decode(t, &v)
	want := knowledge.EntryFilter{Text: "ho", Lang: "en", Owner: "Ana", Document: e.Document.ID, DueBefore: "2026-02-01"}
	if got.code != 200 || f.filter != want || v.Next != "next" || len(v.Entries) != 1 || !v.Entries[0].Stale || v.Entries[0].Owner != e.Owner {
		t.Errorf("GET = %d %s by %+v, want 200 with the stale entry by %+v", got.code, got.body, f.filter, want)
	}
	p.console.now = func() time.Time { return time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC) }
	one := p.do("GET", "/api/v1/entries/"+strings.ToUpper(e.ID), nil, viewer)
	var w entryView
	one.decode(t, &w)
	if one.code != 200 || one.header.Get("ETag") != `"v1"` || w.ID != e.ID || w.Stale || w.Document.Name != "faq.csv" {
		t.Errorf("GET one = %d %s, want it with its ETag and not stale on the day itself", one.code, one.body)
	}
	for _, path := range []string{"/api/v1/entries?stale=yes", "/api/v1/entries?limit=0", "/api/v1/entries?q=" + strings.Repeat("x", 201), "/api/v1/entries?q=%ff"} {
		if got := p.do("GET", path, nil, viewer); got.code != 422 {
			t.Errorf("GET %.40s = %d, want 422", path, got.code)
		}
	}
	for _, id := range []string{knowledge.NewID(), "nonsense"} {
		if got := p.do("GET", "/api/v1/entries/"+id, nil, viewer); got.code != 404 || !strings.Contains(got.problem(t).Detail, "entry") {
			t.Errorf("GET %s = %d %s, want 404", id, got.code, got.body)
		}
	}
}

func TestAnEditNamesTheVersionThatWasRead(t *testing.T) {
	p := newPlace(t)
	f, e := p.withFAQ()
	admin := bearer(p.token(staff.RoleAdmin))
	path := "/api/v1/entries/" + e.ID
	body := map[string]any{"question": "How so?", "answer": "Thus.", "alternatives": []string{" Why? ", ""}, "review_by": "2027-05-01"}
	if got := p.do("PUT", path, body, admin); got.code != 428 || got.problem(t).Code != "version_required" {
		t.Errorf("PUT without a version = %d %s, want 428", got.code, got.body)
	}
	got := p.do("PUT", path, body, admin, header("If-Match", `"v1"`))
	var v entryView
	got.decode(t, &v)
	if got.code != 202 || v.Question != "How so?" || v.Owner != "" || len(v.Alternatives) != 1 || v.Alternatives[0] != "Why?" || v.ReviewBy != "2027-05-01" || got.header.Get("ETag") == `"v1"` {
		t.Fatalf("PUT = %d %s, want 202 with the entry as it will be", got.code, got.body)
	}
	body["answer"], body["version"] = "Otherwise.", "v1"
	late := p.do("PUT", path, body, admin)
	var changed entryChanged
	late.decode(t, &changed)
	if late.code != 409 || late.problem(t).Code != "entry_changed" || changed.Entry.Answer != "Thus." || changed.Entry.Version != v.Version || f.entries[e.ID].Answer != "Thus." {
		t.Errorf("PUT of the second editor = %d %s, want 409 with the first one's text, and nothing overwritten", late.code, late.body)
	}
	body["version"] = v.Version
	if got := p.do("PUT", path, body, admin); got.code != 202 {
		t.Errorf("PUT with the version as a member = %d %s, want 202", got.code, got.body)
	}
	for name, c := range map[string]struct {
		body map[string]any
		code string
	}{
		"no answer":          {map[string]any{"question": "Q?", "version": "*"}, "incomplete_entry"},
		"a day that is none": {map[string]any{"question": "Q?", "answer": "A.", "review_by": "1/2/2027", "version": "*"}, "bad_date"},
		"a wrong type":       {map[string]any{"question": "Q?", "answer": "A.", "verbatim": "yes", "version": "*"}, "bad_field"},
	} {
		if got := p.do("PUT", path, c.body, admin); got.code != 422 || got.problem(t).Code != c.code {
			t.Errorf("PUT with %s = %d %s, want 422 %s", name, got.code, got.body, c.code)
		}
	}
	for _, c := range []struct {
		err  error
		want int
	}{{knowledge.ErrNotEditable, 409}, {knowledge.ErrKnown, 409}, {knowledge.ErrBusy, 503}, {knowledge.ErrTooLarge, 422}, {errors.New("dial"), 500}} {
		f.err = c.err
		if got := p.do("PUT", path, body, admin); got.code != c.want {
			t.Errorf("PUT with %v = %d %s, want %d", c.err, got.code, got.body, c.want)
		}
	}
	f.err = nil
	if got := p.do("DELETE", path, nil, admin, header("If-Match", `"v1"`)); got.code != 409 {
		t.Errorf("DELETE of another version = %d %s, want 409", got.code, got.body)
	}
	if got := p.do("DELETE", path, nil, admin); got.code != 204 {
		t.Errorf("DELETE = %d %s, want 204", got.code, got.body)
	}
	if got := p.do("DELETE", path, nil, admin); got.code != 404 {
		t.Errorf("DELETE again = %d %s, want 404", got.code, got.body)
	}
	if got := p.do("PATCH", path, nil, admin); got.code != 405 || len(got.header.Values("Allow")) != 3 {
		t.Errorf("PATCH = %d, allowed are %v; want 405 with GET, PUT and DELETE", got.code, got.header.Values("Allow"))
	}
}

func TestConflictsAreListedAndDismissed(t *testing.T) {
	p := newPlace(t)
	f, e := p.withFAQ()
	c := knowledge.Conflict{ID: knowledge.NewID(), Nearness: knowledge.Nearness{Kind: knowledge.NearContradiction, Why: "the answers name different numbers", Similarity: .9},
		Entries: [2]knowledge.ListedEntry{e, e}, FoundAt: time.Now()}
	f.conflicts = []knowledge.Conflict{c}
	var v conflictsView
	got := p.do("GET", "/api/v1/conflicts", nil, bearer(p.token(staff.RoleViewer)))
	got.decode(t, &v)
	if got.code != 200 || len(v.Conflicts) != 1 || v.Conflicts[0].Kind != "contradiction" || len(v.Conflicts[0].Entries) != 2 || v.Conflicts[0].Entries[1].Answer != "So." {
		t.Errorf("GET = %d %s, want the pair with both texts", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/conflicts/"+c.ID+"/dismiss", nil, with(p.cookie(staff.RoleAdmin)), header("Sec-Fetch-Site", "same-origin")); got.code != 204 || f.dismissed[c.ID] == "" {
		t.Errorf("dismiss = %d %s by %q, want 204 and who did", got.code, got.body, f.dismissed[c.ID])
	}
	f.err = knowledge.ErrNotFound
	if got := p.do("POST", "/api/v1/conflicts/"+c.ID+"/dismiss", nil, bearer(p.token(staff.RoleAdmin))); got.code != 404 {
		t.Errorf("dismiss what is not there = %d %s, want 404", got.code, got.body)
	}
}

func TestAPreviewShowsWhatWouldChange(t *testing.T) {
	p := newPlace(t)
	f, e := p.withFAQ()
	admin := bearer(p.token(staff.RoleAdmin))
	hit := &knowledge.Hit{Passage: knowledge.Passage{Title: "How?", Text: strings.Repeat("é", 1000), Document: "faq.csv"}, Exact: true}
	f.preview = conversation.Preview{Questions: 3, Now: map[conversation.Stance]int{conversation.StanceUnknown: 3},
		Then: map[conversation.Stance]int{conversation.StanceUnknown: 2, conversation.StanceVerbatim: 1},
		Changed: []conversation.Replayed{{AskedQuestion: conversation.AskedQuestion{Text: "how", Seq: 4},
			Now: conversation.Prospect{Stance: conversation.StanceUnknown}, Then: conversation.Prospect{Stance: conversation.StanceVerbatim, Confidence: .99, Top: hit}}}}
	in, media := form(t, "file", "faq.csv", []byte("question,answer\nHow?,So."))
	got := p.do("POST", "/api/v1/preview?n=3&replaces="+e.Document.ID, in, admin, media)
	var v previewView
	got.decode(t, &v)
	if got.code != 200 || f.n != 3 || f.change.Replaces != e.Document.ID || f.change.Upload.Name != "faq.csv" || f.change.Entry != nil ||
		v.Questions != 3 || v.Same != 2 || v.Then.Verbatim != 1 || len(v.Changed) != 1 || v.Changed[0].Now.Top != nil ||
		v.Changed[0].Then.Top.Title != "How?" || len(v.Changed[0].Then.Top.Text) > maxShownText+3 {
		t.Errorf("POST of a file = %d %s for %+v, want the one question that changes", got.code, got.body, f.change)
	}
	got = p.do("POST", "/api/v1/preview", map[string]string{"question": "How?", "answer": "Not so."}, admin)
	if got.code != 200 || f.n != conversation.DefaultPreview || f.change.Entry == nil || f.change.Entry.Answer != "Not so." {
		t.Errorf("POST of an entry = %d %s for %+v, want 200", got.code, got.body, f.change)
	}
	for path, want := range map[string]int{"?n=501": 422, "?n=0": 422, "?replaces=nonsense": 404} {
		if got := p.do("POST", "/api/v1/preview"+path, map[string]string{"question": "How?", "answer": "So."}, admin); got.code != want {
			t.Errorf("POST %s = %d %s, want %d", path, got.code, got.body, want)
		}
	}
	if got := p.do("POST", "/api/v1/preview", strings.NewReader("x"), admin, header("Content-Type", "text/plain")); got.code != 415 {
		t.Errorf("POST of plain text = %d, want 415", got.code)
	}
	for err, want := range map[error]int{knowledge.ErrBusy: 503, knowledge.ErrNotFound: 404, knowledge.ErrCorrupt: 422, knowledge.ErrTooLarge: 413, knowledge.ErrNotEditable: 409} {
		f.err = err
		got := p.do("POST", "/api/v1/preview", map[string]string{"question": "How?", "answer": "So."}, admin)
		if got.code != want || want == 503 && got.header.Get("Retry-After") == "" {
			t.Errorf("POST with %v = %d %s, want %d", err, got.code, got.body, want)
		}
	}
	if got := p.do("POST", "/api/v1/preview", map[string]string{"question": "How?", "answer": "So."}, bearer(p.token(staff.RoleAgent))); got.code != http.StatusForbidden {
		t.Errorf("POST as an agent = %d, want 403: it shows what customers wrote", got.code)
	}
}
