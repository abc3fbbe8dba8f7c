package widget

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"frontdesk/conversation"
)

// upload posts a form with one file.
func upload(t testing.TB, h http.Handler, token, name string, content []byte) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	form.WriteField("note", "not the file")
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	part.Write(content)
	form.Close()
	r := httptest.NewRequest(http.MethodPost, "/widget/v1/files", &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func uploaded(t testing.TB, h http.Handler, token, name string, content []byte) fileReply {
	t.Helper()
	w := upload(t, h, token, name, content)
	var f fileReply
	if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil || w.Code != http.StatusCreated || f.ID == "" {
		t.Fatalf("POST files = %d %s, want 201 with an id", w.Code, w.Body)
	}
	return f
}

func fetch(h http.Handler, token, id string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/widget/v1/files/"+id, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var jpegBytes = []byte("\xff\xd8\xff a picture")

func TestFileIsSentWithAMessageAndToldOfInTheStream(t *testing.T) {
	s := newEventServer(t, nil)
	session := openSession(t, s.h)
	f := uploaded(t, s.h, session.Token, "lid.jpg", jpegBytes)
	if f.Kind != conversation.FileImage || f.Name != "lid.jpg" || f.Bytes != int64(len(jpegBytes)) || f.MediaType != "image/jpeg" {
		t.Errorf("POST files = %+v, want the picture", f)
	}
	body := map[string]any{"id": randomUUID(), "text": "", "attachments": []string{f.ID}}
	if w := call(t, s.h, "messages", session.Token, body); w.Code != http.StatusAccepted {
		t.Fatalf("POST messages with a file and no text = %d %s, want 202", w.Code, w.Body)
	}
	if w := call(t, s.h, "messages", session.Token, body); w.Code != http.StatusAccepted {
		t.Errorf("the same message again = %d %s, want 202", w.Code, w.Body)
	}
	again := map[string]any{"id": randomUUID(), "attachments": []string{f.ID}}
	wantProblem(t, "a file sent before", call(t, s.h, "messages", session.Token, again), http.StatusNotFound)

	l := s.listen(t, session.Token, "?after=0")
	l.next() // state
	told := l.next()
	want := `"attachments":[{"id":"` + f.ID + `","kind":"image","name":"lid.jpg","media_type":"image/jpeg","bytes":13,"state":"pending","url":"/widget/v1/files/` + f.ID + `"}]`
	if told.kind != "message" || !strings.Contains(told.data, want) {
		t.Errorf("event %s %s, want %s in it", told.kind, told.data, want)
	}
	s.engine.hub.Publish(conversation.Event{Kind: conversation.EventFiles, Conversation: session.Conversation, Seq: 1, Message: &conversation.Message{
		Seq: 1, Attachments: []conversation.Attachment{{ID: f.ID, Kind: conversation.FileVoice, State: conversation.FileReady, Text: "where is it"}},
	}})
	if got := l.next(); got.kind != "files" || got.id != "" || !strings.Contains(got.data, `"seq":1`) || !strings.Contains(got.data, `"text":"where is it"`) {
		t.Errorf("event %+v, want files with the transcript", got)
	}
	s.engine.hub.Publish(conversation.Event{Kind: conversation.EventFiles, Conversation: session.Conversation, Seq: 1})
	if got := l.next(); got.kind != "files" || !strings.Contains(got.data, f.ID) {
		t.Errorf("event %+v, want the files as the log has them", got)
	}
}

func TestFileIsGivenToItsConversationOnly(t *testing.T) {
	h, engine := newTestHandler(t, nil)
	mine, other := openSession(t, h), openSession(t, h)
	f := uploaded(t, h, mine.Token, "lid.jpg", jpegBytes)
	wantProblem(t, "another conversation's token", fetch(h, other.Token, f.ID), http.StatusNotFound)
	wantProblem(t, "no token", fetch(h, "", f.ID), http.StatusUnauthorized)
	wantProblem(t, "an unknown file", fetch(h, mine.Token, randomUUID()), http.StatusNotFound)
	wantProblem(t, "no UUID", fetch(h, mine.Token, "1%27--"), http.StatusNotFound)
	wantProblem(t, "another's file in a message", call(t, h, "messages", other.Token,
		map[string]any{"id": randomUUID(), "attachments": []string{f.ID}}), http.StatusNotFound)

	w := fetch(h, mine.Token, f.ID)
	head := w.Header()
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), jpegBytes) {
		t.Fatalf("GET = %d with %d bytes, want the file", w.Code, w.Body.Len())
	}
	if head.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(head.Get("Content-Disposition"), "attachment") {
		t.Errorf("a picture not encoded here is served as %s, %s, want to be saved", head.Get("Content-Type"), head.Get("Content-Disposition"))
	}
	if head.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(head.Get("Content-Security-Policy"), "sandbox") || !strings.Contains(head.Get("Cache-Control"), "private") {
		t.Errorf("headers %v, want nosniff, a sandbox and no shared cache", head)
	}
	engine.mu.Lock()
	ready := engine.files[f.ID]
	ready.State = conversation.FileReady
	engine.files[f.ID] = ready
	engine.mu.Unlock()
	if head := fetch(h, mine.Token, f.ID).Header(); head.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(head.Get("Content-Disposition"), "inline") {
		t.Errorf("a picture encoded here is served as %s, %s, want in place", head.Get("Content-Type"), head.Get("Content-Disposition"))
	}
	page := uploaded(t, h, mine.Token, "evil.html", []byte("<html><script>"))
	if head := fetch(h, mine.Token, page.ID).Header(); head.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(head.Get("Content-Disposition"), "attachment") {
		t.Errorf("a page is served as %s, %s, want to be saved", head.Get("Content-Type"), head.Get("Content-Disposition"))
	}
}

func TestBadUploadsAreRefusedKindly(t *testing.T) {
	h, _ := newTestHandler(t, nil)
	s := openSession(t, h)
	wantProblem(t, "no token", upload(t, h, "", "a.jpg", jpegBytes), http.StatusUnauthorized)
	wantProblem(t, "an empty file", upload(t, h, s.Token, "a.jpg", nil), http.StatusUnprocessableEntity)
	wantProblem(t, "a zip named as sound", upload(t, h, s.Token, "voice.ogg", []byte("PK\x03\x04")), http.StatusUnsupportedMediaType)
	wantProblem(t, "21 MB", upload(t, h, s.Token, "a.jpg", make([]byte, 21<<20)), http.StatusRequestEntityTooLarge)
	wantProblem(t, "JSON", call(t, h, "files", s.Token, "{}"), http.StatusUnsupportedMediaType)
	wantProblem(t, "eleven files", call(t, h, "messages", s.Token,
		map[string]any{"id": randomUUID(), "attachments": slices.Repeat([]string{"x"}, 11)}), http.StatusUnprocessableEntity)

	r := httptest.NewRequest(http.MethodPost, "/widget/v1/files", strings.NewReader("--x\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Authorization", "Bearer "+s.Token)
	r.ContentLength = 100 << 20
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	wantProblem(t, "100 MB announced", w, http.StatusRequestEntityTooLarge)
}

func TestUploadsAreLimited(t *testing.T) {
	h, _ := newTestHandler(t, func(c *Config) { c.RateLimit = 3 })
	s := openSession(t, h)
	for range 3 {
		uploaded(t, h, s.Token, "a.jpg", jpegBytes)
	}
	w := upload(t, h, s.Token, "a.jpg", jpegBytes)
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the fourth upload = %d, want 429 with Retry-After", w.Code)
	}
}
