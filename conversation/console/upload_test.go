package console

import (
	"io"
	"mime/multipart"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

func TestAnArchiveIsAnsweredWithItsFiles(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	body, media := form(t, "file", "help.zip", []byte("PK\x03\x04"))
	got := p.do("POST", "/api/v1/documents", body, media, admin)
	var added addedView
	got.decode(t, &added)
	want := addedView{ID: added.ID, Documents: []memberView{{added.ID, "help.zip"}}, PassedOver: []passedOverView{{"logo.png", "Unsupported format: images are not read"}}}
	if got.code != 202 || !reflect.DeepEqual(added, want) || got.header.Get("Location") != "/api/v1/documents/"+added.ID {
		t.Errorf("POST of an archive = %d %s, want its documents and what was passed over", got.code, got.body)
	}
	body, media = form(t, "file", "a.md", []byte("# A"))
	if got = p.do("POST", "/api/v1/documents", body, media, admin); strings.Contains(got.body, "documents") || strings.Contains(got.body, "passed_over") {
		t.Errorf("POST of one file = %s, want its id alone", got.body)
	}
}

func TestWarningsAreListed(t *testing.T) {
	p := newPlace(t)
	id := knowledge.NewID()
	p.library.docs[id] = knowledge.Document{ID: id, Status: knowledge.StatusReady, Warnings: []string{"Page 2: odd"}}
	viewer := bearer(p.token(staff.RoleViewer))
	for _, path := range []string{"/api/v1/documents", "/api/v1/documents/" + id} {
		if got := p.do("GET", path, nil, viewer); got.code != 200 || !strings.Contains(got.body, `"warnings":["Page 2: odd"]`) {
			t.Errorf("GET %s = %d %s, want the warning", path, got.code, got.body)
		}
	}
	p.library.docs[id] = knowledge.Document{ID: id}
	if got := p.do("GET", "/api/v1/documents/"+id, nil, viewer); !strings.Contains(got.body, `"warnings":[]`) {
		t.Errorf("GET = %s, want an empty list where there is no warning", got.body)
	}
}

// slowly is a form that does not say how long it is, and is not whole before
// finish was called.
func slowly(name string) (body io.Reader, media option, finish func()) {
	in, out := io.Pipe()
	w := multipart.NewWriter(out)
	go func() {
		part, err := w.CreateFormFile("file", name)
		if err == nil {
			part.Write([]byte("# Large"))
		}
	}()
	return in, header("Content-Type", w.FormDataContentType()), func() {
		w.Close()
		out.Close()
	}
}

func TestAThirdLargeFileIsToldToComeAgain(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	results := make(chan answer, maxLarge)
	var finish []func()
	for range maxLarge {
		body, media, done := slowly("large.md")
		finish = append(finish, done)
		go func() { results <- p.do("POST", "/api/v1/documents", body, media, admin) }()
	}
	for deadline := time.Now().Add(10 * time.Second); len(p.console.large) < maxLarge; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d large files are on their way in, want %d", len(p.console.large), maxLarge)
		}
	}
	const mark = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.md\"\r\n\r\n# X\r\n--b--\r\n"
	unknown := func() io.Reader { return io.MultiReader(strings.NewReader(mark)) } // of no length that a client can see
	media := header("Content-Type", "multipart/form-data; boundary=b")
	third := p.do("POST", "/api/v1/documents", unknown(), media, admin)
	if prob := third.problem(t); third.code != 503 || prob.Code != "busy" || third.header.Get("Retry-After") != "5" {
		t.Errorf("a third large file = %d %v %s, want 503 and when to try again", third.code, third.header, third.body)
	}
	if small := p.do("POST", "/api/v1/documents", strings.NewReader(mark), media, admin); small.code != 202 {
		t.Errorf("a small file beside two large ones = %d %s, want 202", small.code, small.body)
	}
	for _, f := range finish {
		f()
	}
	for range maxLarge {
		if got := <-results; got.code != 202 {
			t.Errorf("a large file = %d %s, want 202", got.code, got.body)
		}
	}
	if again := p.do("POST", "/api/v1/documents", unknown(), media, admin); again.code != 202 {
		t.Errorf("the third file sent again = %d %s, want 202", again.code, again.body)
	}
	if p.log.Len() > 0 {
		t.Errorf("the log says %s, want nothing: this is no fault", p.log)
	}
}

func TestAFileOfTheGreatestSizeIsTakenWhole(t *testing.T) {
	p := newPlace(t)
	content := make([]byte, MaxFileBytes)
	content[len(content)-1] = 'x'
	body, media := form(t, "file", "manual.pdf", content)
	got := p.do("POST", "/api/v1/documents", body, media, bearer(p.token(staff.RoleAdmin)))
	var added addedView
	if got.decode(t, &added); got.code != 202 || len(p.library.content[added.ID]) != MaxFileBytes || p.library.content[added.ID][MaxFileBytes-1] != 'x' {
		t.Errorf("POST of %d bytes = %d %s with %d bytes stored, want all of them", MaxFileBytes, got.code, got.body, len(p.library.content[added.ID]))
	}
	if room := cap(p.library.content[added.ID]); room > MaxFileBytes+MaxFileBytes/8 {
		t.Errorf("the file took room for %d bytes, want it made once and about its size", room)
	}
}
