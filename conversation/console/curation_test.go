package console

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// curator is a Curation in memory over a library and its entries.
type curator struct {
	reviews map[string]string // by document; guarded by mu
	*library
	faq      *faqs
	passages []knowledge.ShelvedPassage
	versions []knowledge.EntryVersion
	filter   knowledge.DocumentFilter
	by       knowledge.Person
	fails    error
}

func (c *curator) ShelvedDocuments(ctx context.Context, f knowledge.DocumentFilter, cursor string, limit int) ([]knowledge.Shelved, string, error) {
	docs, next, err := c.Documents(ctx, cursor, limit)
	c.mu.Lock()
	c.filter = f
	c.mu.Unlock()
	slices.SortFunc(docs, func(a, b knowledge.Document) int { return strings.Compare(a.Name, b.Name) })
	var out []knowledge.Shelved
	for _, d := range docs {
		if f.Status == "" || f.Status == d.Status {
			out = append(out, c.shelved(d))
		}
	}
	return out, next, err
}

func (c *curator) shelved(d knowledge.Document) knowledge.Shelved {
	c.mu.Lock()
	s := knowledge.Shelved{Document: d, Lang: "en", ReviewBy: c.reviews[d.ID], OwnReviewBy: c.reviews[d.ID]}
	c.mu.Unlock()
	if d.Passages > 1 {
		s.Uses = knowledge.Uses{Hits: 1204, LastUsed: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	}
	return s
}

func (c *curator) Shelved(ctx context.Context, id string) (knowledge.Shelved, error) {
	d, err := c.Document(ctx, id)
	return c.shelved(d), err
}

func (c *curator) SetReview(ctx context.Context, id, day string) (knowledge.Shelved, error) {
	c.mu.Lock()
	if c.reviews == nil {
		c.reviews = map[string]string{}
	}
	c.reviews[id] = day
	c.mu.Unlock()
	return c.Shelved(ctx, id)
}

func (c *curator) Passages(ctx context.Context, document, cursor string, limit int) ([]knowledge.ShelvedPassage, string, error) {
	if _, err := c.Document(ctx, document); err != nil {
		return nil, "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if cursor != "" {
		return nil, "", nil
	}
	return slices.Clone(c.passages), "", nil
}

func (c *curator) ChangePassage(ctx context.Context, id string, version int, ch knowledge.PassageChange) (knowledge.ShelvedPassage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fails != nil {
		return knowledge.ShelvedPassage{}, c.fails
	}
	c.by = knowledge.PersonOf(ctx)
	for i := range c.passages {
		p := &c.passages[i]
		switch {
		case p.ID != id:
			continue
		case p.Version != version:
			return *p, knowledge.ErrVersion
		}
		p.Version++
		if ch.Text != nil {
			p.Original, p.Text, p.EditedBy, p.EditedAt = p.Text, *ch.Text, c.by, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		}
		if ch.Hidden != nil {
			p.Hidden = *ch.Hidden
		}
		return *p, nil
	}
	return knowledge.ShelvedPassage{}, knowledge.ErrNotFound
}

func (c *curator) EntryUses(_ context.Context, ids []string) (map[string]knowledge.Uses, error) {
	out := map[string]knowledge.Uses{}
	for _, id := range ids {
		out[id] = knowledge.Uses{Hits: 7}
	}
	return out, nil
}

func (c *curator) EntryHistory(_ context.Context, id string) ([]knowledge.EntryVersion, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []knowledge.EntryVersion
	for _, v := range c.versions {
		if v.EntryID == id {
			out = append(out, v)
		}
	}
	return out, nil
}

func (c *curator) DeletedEntries(context.Context) ([]knowledge.EntryVersion, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.versions), nil
}

func (c *curator) RestoreEntry(ctx context.Context, id string, version int64, read string) (knowledge.ListedEntry, error) {
	c.mu.Lock()
	i := slices.IndexFunc(c.versions, func(v knowledge.EntryVersion) bool { return v.EntryID == id && v.ID == version })
	c.by = knowledge.PersonOf(ctx)
	c.mu.Unlock()
	if i < 0 {
		return knowledge.ListedEntry{}, knowledge.ErrNotFound
	}
	return c.faq.EditEntry(ctx, id, read, c.versions[i].Entry)
}

func (p *place) withPassages() (document string, ps []knowledge.ShelvedPassage) {
	d := knowledge.Document{ID: knowledge.NewID(), Name: "returns.md", Status: knowledge.StatusReady, Passages: 2}
	p.library.docs[d.ID] = d
	for i, text := range []string{"Within 30 days.", "We pay the postage."} {
		p.curator.passages = append(p.curator.passages, knowledge.ShelvedPassage{Version: 1, Passage: knowledge.Passage{ID: knowledge.NewID(), DocumentID: d.ID,
			Ordinal: i, Heading: "Returns", Page: i + 1, Text: text, Tokens: 5}})
	}
	return d.ID, p.curator.passages
}

func TestPassagesAreListedHiddenAndEditedByVersion(t *testing.T) {
	p := newPlace(t)
	doc, ps := p.withPassages()
	var list passagesView
	got := p.do("GET", "/api/v1/documents/"+doc+"/passages", nil, bearer(p.token(staff.RoleViewer)))
	got.decode(t, &list)
	if got.code != 200 || len(list.Passages) != 2 || list.Passages[1].Page != 2 || list.Passages[0].Heading != "Returns" || list.Passages[0].Tokens != 5 {
		t.Fatalf("GET = %d %s, want both passages with heading, page and size", got.code, got.body)
	}
	if got := p.do("GET", "/api/v1/documents/"+knowledge.NewID()+"/passages", nil, bearer(p.token(staff.RoleViewer))); got.code != 404 {
		t.Errorf("GET of no document = %d, want 404", got.code)
	}
	admin, path := bearer(p.token(staff.RoleAdmin)), "/api/v1/passages/"+ps[0].ID
	var v passageView
	got = p.do("PATCH", path, map[string]any{"text": "Within 60 days.", "version": 1}, admin)
	got.decode(t, &v)
	if got.code != 200 || v.Text != "Within 60 days." || v.Original != "Within 30 days." || v.EditedBy == nil || v.EditedBy.Name != "token of admin" || v.Version != 2 {
		t.Errorf("PATCH text = %d %s, want it edited by the caller", got.code, got.body)
	}
	var late passageChanged
	got = p.do("PATCH", path, map[string]any{"hidden": true, "version": 1}, admin)
	got.decode(t, &late)
	if got.code != 409 || late.Code != "passage_changed" || late.Passage.Text != "Within 60 days." || p.curator.passages[0].Hidden {
		t.Errorf("PATCH of an old version = %d %s, want 409 with the passage as it is", got.code, got.body)
	}
	for name, c := range map[string]struct {
		body any
		code int
	}{
		"nothing":    {map[string]any{"version": 2}, 422},
		"no version": {map[string]any{"hidden": true}, 428},
		"hidden":     {map[string]any{"hidden": true, "version": 2}, 200},
	} {
		if got := p.do("PATCH", path, c.body, admin); got.code != c.code {
			t.Errorf("PATCH with %s = %d %s, want %d", name, got.code, got.body, c.code)
		}
	}
	for err, code := range map[error]int{knowledge.ErrNotEditable: 409, knowledge.ErrBusy: 503, knowledge.ErrEmpty: 422, knowledge.ErrNotFound: 404} {
		p.curator.fails = err
		if got := p.do("PATCH", path, map[string]any{"text": "x", "version": 3}, admin); got.code != code {
			t.Errorf("PATCH that ends in %v = %d, want %d", err, got.code, code)
		}
	}
}

func TestDocumentsAreFilteredAndShowTheirUse(t *testing.T) {
	p := newPlace(t)
	doc, _ := p.withPassages()
	p.console.now = func() time.Time { return time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC) }
	viewer := bearer(p.token(staff.RoleViewer))
	got := p.do("GET", "/api/v1/documents?q=ret&status=ready&kind=file&lang=en&site=s&stale=true", nil, viewer)
	var v documentsView
	got.decode(t, &v)
	want := knowledge.DocumentFilter{Text: "ret", Status: "ready", Kind: "file", Lang: "en", Site: "s", DueBefore: "2026-02-01"}
	if got.code != 200 || p.curator.filter != want || len(v.Documents) != 1 || *v.Documents[0].Hits != 1204 || v.Documents[0].LastUsed == nil {
		t.Errorf("GET = %d %s by %+v, want it by %+v with its use", got.code, got.body, p.curator.filter, want)
	}
	if got := p.do("GET", "/api/v1/documents/"+doc, nil, viewer); got.code != 200 || !strings.Contains(got.body, `"hits":1204`) {
		t.Errorf("GET one = %d %s, want its use", got.code, got.body)
	}
	for _, bad := range []string{"status=done", "kind=zip", "stale=1", "q=" + strings.Repeat("x", 201)} {
		if got := p.do("GET", "/api/v1/documents?"+bad, nil, viewer); got.code != 422 {
			t.Errorf("GET ?%.20s = %d, want 422", bad, got.code)
		}
	}
}

func TestAnEntryIsRestoredByVersion(t *testing.T) {
	p := newPlace(t)
	f, e := p.withFAQ()
	p.curator.versions = []knowledge.EntryVersion{{ID: 4, EntryID: e.ID, Document: e.Document, Version: "v0", Kind: knowledge.EntryEdited, Entry: knowledge.Entry{Question: "How?", Answer: "As before."},
		By: knowledge.Person{ID: "1", Name: "Ana"}, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	admin, path := bearer(p.token(staff.RoleAdmin)), "/api/v1/entries/"+e.ID
	var v versionsView
	got := p.do("GET", path+"/history", nil, admin)
	got.decode(t, &v)
	if got.code != 200 || len(v.Versions) != 1 || v.Versions[0].By.Name != "Ana" || v.Versions[0].Entry.Answer != "As before." {
		t.Errorf("GET history = %d %s, want the one version", got.code, got.body)
	}
	if got := p.do("POST", path+"/restore", map[string]any{"restore": 4, "version": "old"}, admin); got.code != 409 || !strings.Contains(got.body, `"So."`) {
		t.Errorf("restore over another's edit = %d %s, want 409 with the entry as it is", got.code, got.body)
	}
	if got := p.do("POST", path+"/restore", map[string]any{"restore": 4, "version": "v1"}, admin); got.code != http.StatusAccepted || f.entries[e.ID].Answer != "As before." || p.curator.by.Name == "" {
		t.Errorf("restore = %d %s, want the text of that version, as by the caller", got.code, got.body)
	}
	if got := p.do("POST", path+"/restore", map[string]any{"restore": 5, "version": "*"}, admin); got.code != 404 {
		t.Errorf("restore of no version = %d, want 404", got.code)
	}
	if got := p.do("GET", "/api/v1/entries/deleted", nil, admin); got.code != 200 || !strings.Contains(got.body, "As before.") {
		t.Errorf("GET deleted = %d %s, want the list", got.code, got.body)
	}
	if got := p.do("GET", "/api/v1/entries/"+knowledge.NewID()+"/history", nil, admin); got.code != 404 {
		t.Errorf("GET history of none = %d, want 404", got.code)
	}
}
