package knowledgedb_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
	"frontdesk/migrations/dbtest"
)

func TestTheOldVersionAnswersUntilTheNewIsReady(t *testing.T) {
	reading, goOn := make(chan struct{}), make(chan struct{})
	hold := false
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		if hold {
			close(reading)
			<-goOn
		}
		return extract.Extract(ctx, name, mediaType, data)
	}
	b := newServer(t, dbtest.URL(t), nil, reader)
	b.start(t)
	d := b.settled(t, b.add(t, "a.md", guide).ID)
	b.stop(t)
	hold = true
	b = newServer(t, b.url, nil, reader)
	b.start(t)
	finds := func(text string) bool {
		t.Helper()
		res, err := b.Find(t.Context(), knowledge.Query{Text: text})
		if err != nil {
			t.Fatalf("Find(%q) = %v", text, err)
		}
		return len(res.Hits) > 0 && res.Hits[0].DocumentID == d.ID
	}
	after, err := b.Replace(t.Context(), d.ID, knowledge.Upload{Name: "a.md", Data: []byte("# Care guide\n\n## May I bleach it?\n\nBleach ruins wool.\n")})
	if err != nil || after.ID != d.ID || after.Status != knowledge.StatusQueued {
		t.Fatalf("Replace = %+v, %v; want the same document queued", after, err)
	}
	<-reading
	if !finds("iron") || finds("bleach") {
		t.Error("while the new version is read the old one does not answer alone")
	}
	close(goOn)
	if d = b.settled(t, d.ID); d.Status != knowledge.StatusReady || finds("iron") || !finds("bleach") {
		t.Errorf("document = %+v, want the new version in place of the old", d)
	}
}

func TestReplaceRefusesWhatIsNotTheDocumentsOwn(t *testing.T) {
	b := newServer(t, dbtest.URL(t), nil, textReader)
	one, other := b.add(t, "a.md", guide), b.add(t, "b.md", "# Other\n\nSomething else.\n")
	up := func(text string) knowledge.Upload { return knowledge.Upload{Name: "a.md", Data: []byte(text)} }
	if _, err := b.Replace(t.Context(), knowledge.NewID(), up("new")); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("Replace(unknown) = %v, want ErrNotFound", err)
	}
	if _, err := b.Replace(t.Context(), "nonsense", up("new")); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("Replace(no id) = %v, want ErrNotFound", err)
	}
	if _, err := b.Replace(t.Context(), one.ID, up("# Other\n\nSomething else.\n")); !errors.Is(err, knowledge.ErrKnown) {
		t.Errorf("Replace(another's bytes) = %v, want ErrKnown", err)
	}
	if _, err := b.Replace(t.Context(), other.ID, up("")); !errors.Is(err, knowledge.ErrEmpty) {
		t.Errorf("Replace(nothing) = %v, want ErrEmpty", err)
	}
	jobs := b.count(t, `SELECT count(*) FROM river_job`)
	if d, err := b.Replace(t.Context(), one.ID, up(guide)); err != nil || d.ID != one.ID {
		t.Errorf("Replace(its own bytes) = %+v, %v; want it unchanged", d, err)
	}
	if n := b.count(t, `SELECT count(*) FROM river_job`); n != jobs {
		t.Errorf("%d jobs, want the %d there were", n, jobs)
	}
	if d, err := b.Add(t.Context(), knowledge.Upload{ID: knowledge.NewID(), Site: knowledge.NewID(), Name: "c.md", Data: []byte("of a site")}); !errors.Is(err, knowledge.ErrNotFound) {
		t.Errorf("Add(page of a deleted site) = %+v, %v; want ErrNotFound", d, err)
	}
}

func TestANewVersionIsNotTakenForTheOneBeingRead(t *testing.T) {
	reading, goOn := make(chan struct{}), make(chan struct{})
	var begun atomic.Bool
	reader := textReader
	reader.Extract = func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error) {
		if begun.CompareAndSwap(false, true) {
			close(reading)
			<-goOn
		}
		return extract.Extract(ctx, name, mediaType, data)
	}
	b := newServer(t, dbtest.URL(t), nil, reader)
	b.start(t)
	d := b.add(t, "a.md", guide)
	<-reading
	replaced := make(chan error)
	go func() {
		_, err := b.Replace(t.Context(), d.ID, knowledge.Upload{Name: "a.md", Data: []byte("# Care guide\n\nThe second version.\n")})
		replaced <- err
	}()
	close(goOn)
	if err := <-replaced; err != nil {
		t.Fatalf("Replace = %v", err)
	}
	d = b.settled(t, d.ID)
	res, err := b.Find(t.Context(), knowledge.Query{Text: "second version"})
	if err != nil || len(res.Hits) != 1 || d.Passages != 1 {
		t.Errorf("document = %+v, Find = %+v, %v; want the second version's passage", d, res.Hits, err)
	}
}
