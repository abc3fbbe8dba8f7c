package knowledge_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
)

// shelf keeps what is added.
type shelf struct {
	knowledge.DocumentStore
	documents []knowledge.Document
	fail      string // the name that is refused
}

func (s *shelf) AddDocument(_ context.Context, d knowledge.Document, _ [sha256.Size]byte, _ []byte) (knowledge.Document, error) {
	if d.Name == s.fail {
		return knowledge.Document{}, errors.New("the disk is full")
	}
	d.ID = knowledge.NewID()
	s.documents = append(s.documents, d)
	return d, nil
}

func archiveOf(t *testing.T, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(parts[i+1]))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func ingestInto(s *shelf) *knowledge.Ingest {
	reader := knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract, Members: extract.Members, Count: func(string) int { return 1 }}
	return knowledge.NewIngest(s, reader, slog.New(slog.DiscardHandler))
}

func TestEachFileOfAnArchiveIsADocument(t *testing.T) {
	var s shelf
	data := archiveOf(t, "help/faq.csv", "question,answer\nWhere?,Here.", "help/logo.png", "\x89PNG\r\n\x1a\n\x00", "help/guide.md", "# Guide\n\nText.")
	got, err := ingestInto(&s).AddAll(t.Context(), knowledge.Upload{Name: "help.zip", URL: "https://shop.example/help.zip", Data: data})
	if err != nil || len(got.Documents) != 2 || len(got.PassedOver) != 1 {
		t.Fatalf("AddAll = %+v, %v; want two documents and one file passed over", got, err)
	}
	for i, want := range []knowledge.Document{{Name: "faq.csv", MediaType: extract.CSV}, {Name: "guide.md", MediaType: extract.Markdown}} {
		if d := got.Documents[i]; d.Name != want.Name || d.MediaType != want.MediaType || d.URL != "" || d.ID != s.documents[i].ID {
			t.Errorf("document %d = %+v, want %+v as it was stored", i, d, want)
		}
	}
	if over := got.PassedOver[0]; over.Name != "logo.png" || !errors.Is(over.Reason, knowledge.ErrCorrupt) && !errors.Is(over.Reason, knowledge.ErrUnsupported) {
		t.Errorf("passed over = %+v, want the picture and why", over)
	}
	first, err := ingestInto(&s).Add(t.Context(), knowledge.Upload{Name: "help.zip", Data: data})
	if err != nil || first.Name != "faq.csv" || len(s.documents) != 4 {
		t.Errorf("Add = %+v, %v with %d documents stored; want the first of all", first, err, len(s.documents))
	}
}

func TestAnArchiveWithoutDocumentsIsRefused(t *testing.T) {
	var s shelf
	_, err := ingestInto(&s).AddAll(t.Context(), knowledge.Upload{Name: "a.zip", Data: archiveOf(t, "a.gif", "GIF89a\x00\x00")})
	if !errors.Is(err, knowledge.ErrUnsupported) || !strings.Contains(err.Error(), "a.gif") {
		t.Errorf("AddAll = %v, want ErrUnsupported that names the file", err)
	}
	s.fail = "a.md"
	if _, err = ingestInto(&s).AddAll(t.Context(), knowledge.Upload{Name: "a.zip", Data: archiveOf(t, "a.md", "# A")}); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("AddAll = %v, want the store's error", err)
	}
	bare := knowledge.NewIngest(&s, knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract}, slog.New(slog.DiscardHandler))
	if _, err = bare.Add(t.Context(), knowledge.Upload{Name: "a.zip", Data: archiveOf(t, "b.md", "# B")}); !errors.Is(err, knowledge.ErrUnsupported) {
		t.Errorf("Add without Members = %v, want ErrUnsupported", err)
	}
}

func TestArchivesAreTakenApartOneAtATime(t *testing.T) {
	var s shelf
	reached, finish := make(chan struct{}), make(chan struct{})
	in := knowledge.NewIngest(&s, knowledge.Reader{Detect: extract.Detect, Extract: extract.Extract, Members: func(ctx context.Context, data []byte) ([]knowledge.Upload, error) {
		reached <- struct{}{}
		<-finish
		return extract.Members(ctx, data)
	}}, slog.New(slog.DiscardHandler))
	u := knowledge.Upload{Name: "a.zip", Data: archiveOf(t, "a.md", "# A")}
	first := make(chan error)
	go func() {
		_, err := in.AddAll(context.Background(), u)
		first <- err
	}()
	<-reached
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.AddAll(given, u); !errors.Is(err, knowledge.ErrBusy) {
		t.Errorf("AddAll beside another until it gives up = %v, want ErrBusy", err)
	}
	close(finish)
	if err := <-first; err != nil {
		t.Errorf("the first AddAll = %v, want no error", err)
	}
}

// waiting is a shelf with one document that is being processed.
type waiting struct {
	shelf
	status knowledge.Status
}

func (w *waiting) Content(context.Context, string) (knowledge.Document, []byte, error) {
	return knowledge.Document{ID: "1", Status: knowledge.StatusQueued}, []byte("x"), nil
}

func (w *waiting) SetProgress(context.Context, string, knowledge.Progress) error { return nil }

func (w *waiting) SetStatus(_ context.Context, _ string, s knowledge.Status, _ string) error {
	w.status = s
	return nil
}

func TestADocumentThatOnlyWaitedIsTriedAgain(t *testing.T) {
	var w waiting
	busy := func(context.Context, string, string, []byte) (knowledge.Text, error) {
		return knowledge.Text{}, knowledge.ErrBusy
	}
	in := knowledge.NewIngest(&w, knowledge.Reader{Detect: extract.Detect, Extract: busy}, slog.New(slog.DiscardHandler))
	err := in.Process(t.Context(), "1")
	if !errors.Is(err, knowledge.ErrBusy) || errors.Is(err, knowledge.ErrPermanent) || w.status == knowledge.StatusFailed {
		t.Errorf("Process = %v with status %s, want ErrBusy, to be tried again", err, w.status)
	}
}
