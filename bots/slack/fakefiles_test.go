package slack

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// fakeFiles are the workspace's files, under fakeSlack.mu.
type fakeFiles struct {
	info    map[string]map[string]any // by id, what files.info tells
	content http.HandlerFunc          // answers downloads
	asked   []string                  // Authorization of each download
	bytes   map[string]string         // uploaded, by id
	names   map[string]string
}

// hold makes a file known, with its bytes below /files-pri/.
func (f *fakeSlack) hold(id string, change map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info := map[string]any{
		"id": id, "name": "photo.jpg", "mimetype": "image/jpeg", "mode": "hosted", "size": 4,
		"url_private": f.URL + "/files-pri/" + id, "url_private_download": f.URL + "/files-pri/" + id + "/download",
	}
	for k, v := range change {
		info[k] = v
	}
	if f.files.info == nil {
		f.files.info = map[string]map[string]any{}
	}
	f.files.info[id] = info
}

// serveFile answers downloads and uploads, which are no methods.
func (f *fakeSlack) serveFile(w http.ResponseWriter, r *http.Request) bool {
	if id, ok := strings.CutPrefix(r.URL.Path, "/upload/"); ok {
		var all strings.Builder
		if part, _, err := r.FormFile("file"); err == nil {
			io.Copy(&all, part)
		}
		f.mu.Lock()
		f.files.bytes[id] = all.String()
		f.mu.Unlock()
		io.WriteString(w, `{"ok":true}`)
		return true
	}
	if !strings.HasPrefix(r.URL.Path, "/files-pri/") {
		return false
	}
	f.mu.Lock()
	f.files.asked = append(f.files.asked, r.Header.Get("Authorization"))
	answer := f.files.content
	f.mu.Unlock()
	answer(w, r)
	return true
}

// doFile carries out a method about files. The lock is held.
func (f *fakeSlack) doFile(method string, v url.Values) map[string]any {
	switch method {
	case "files.info":
		if info := f.files.info[v.Get("file")]; info != nil {
			return map[string]any{"ok": true, "file": info}
		}
		return map[string]any{"ok": false, "error": "file_not_found"}
	case "files.getUploadURLExternal":
		if f.files.bytes == nil {
			f.files.bytes, f.files.names = map[string]string{}, map[string]string{}
		}
		id := fmt.Sprintf("F0UP%d", len(f.files.names))
		f.files.names[id] = v.Get("filename")
		return map[string]any{"ok": true, "upload_url": f.URL + "/upload/" + id, "file_id": id}
	}
	id := ""
	for known := range f.files.names {
		if strings.Contains(v.Get("files"), `"`+known+`"`) {
			id = known
		}
	}
	f.next++
	f.messages = append(f.messages, &posted{
		Channel: v.Get("channel_id"), Thread: v.Get("thread_ts"), TS: fmt.Sprintf("1763900000.%06d", f.next),
		Text: "FILE " + f.files.names[id] + " " + f.files.bytes[id],
	})
	return map[string]any{"ok": true, "files": []map[string]any{{"id": id, "title": f.files.names[id]}}}
}
