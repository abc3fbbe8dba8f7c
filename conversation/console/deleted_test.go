package console

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func (l *library) DeletedDocuments(_ context.Context, cursor string, limit int) ([]knowledge.Deleted, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.deleted), "", nil
}

// take removes a document from those deleted.
func (l *library) take(id string) (knowledge.Deleted, error) {
	at := slices.IndexFunc(l.deleted, func(d knowledge.Deleted) bool { return d.ID == id })
	if at < 0 {
		return knowledge.Deleted{}, knowledge.ErrNotFound
	}
	d := l.deleted[at]
	l.deleted = slices.Delete(l.deleted, at, at+1)
	return d, nil
}

// RestoreDocument takes documents of one name for the same.
func (l *library) RestoreDocument(_ context.Context, id string) (knowledge.Document, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, err := l.take(id)
	if err != nil {
		return d.Document, err
	}
	for _, other := range l.docs {
		if other.Name == d.Name {
			l.deleted = append(l.deleted, d)
			return other, knowledge.ErrKnown
		}
	}
	l.docs[id] = d.Document
	return d.Document, nil
}

func (l *library) EraseDeleted(_ context.Context, id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.take(id)
	return err
}

func TestADeletedDocumentIsListedAndRestored(t *testing.T) {
	p := newPlace(t)
	admin, viewer := bearer(p.token(staff.RoleAdmin)), bearer(p.token(staff.RoleViewer))
	add := func() string {
		t.Helper()
		body, media := form(t, "file", "faq.md", []byte("# Returns\n30 days."))
		var added addedView
		p.do("POST", "/api/v1/documents", body, media, admin).decode(t, &added)
		return added.ID
	}
	listed := func() (list deletedListView) {
		t.Helper()
		got := p.do("GET", "/api/v1/documents/deleted", nil, viewer)
		if got.code != 200 {
			t.Fatalf("GET deleted = %d %s", got.code, got.body)
		}
		got.decode(t, &list)
		return list
	}
	id := add()
	p.do("DELETE", "/api/v1/documents/"+id, nil, admin)
	list := listed()
	if len(list.Documents) != 1 || list.Documents[0].ID != id || list.Documents[0].DeletedBy == nil || list.Documents[0].Until.Sub(list.Documents[0].DeletedAt) != 30*24*time.Hour {
		t.Fatalf("deleted documents = %+v, want it, by whom and for 30 days", list)
	}
	if got := p.do("GET", "/api/v1/documents/"+id, nil, admin); got.code != 404 {
		t.Errorf("GET of a deleted document = %d, want 404", got.code)
	}
	twin := add()
	if got := p.do("POST", "/api/v1/documents/"+id+"/restore", nil, admin); got.code != 409 || !strings.Contains(got.body, `"known"`) || !strings.Contains(got.body, "faq.md") {
		t.Errorf("restore beside a twin = %d %s, want 409 that names it", got.code, got.body)
	}
	p.do("DELETE", "/api/v1/documents/"+twin, nil, admin)
	if got := p.do("POST", "/api/v1/documents/"+strings.ToUpper(id)+"/restore", nil, admin); got.code != 202 || !strings.Contains(got.body, id) {
		t.Errorf("restore = %d %s, want 202 with the document", got.code, got.body)
	}
	if got := p.do("GET", "/api/v1/documents/"+id, nil, admin); got.code != 200 {
		t.Errorf("GET of a restored document = %d, want 200", got.code)
	}
	for _, want := range []int{204, 404} {
		if got := p.do("DELETE", "/api/v1/documents/deleted/"+twin, nil, admin); got.code != want {
			t.Errorf("erase = %d, want %d", got.code, want)
		}
	}
	if list := listed(); len(list.Documents) != 0 {
		t.Errorf("deleted documents = %+v, want none left", list)
	}
	for _, bad := range []string{twin, "1"} {
		if got := p.do("POST", "/api/v1/documents/"+bad+"/restore", nil, admin); got.code != 404 {
			t.Errorf("restore of %q = %d, want 404", bad, got.code)
		}
	}
}
