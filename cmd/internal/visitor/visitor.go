// Package visitor is a customer of the widget's API, for tests of the whole server
// and for load runs.
package visitor

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
)

// Visitor is one customer with a session.
type Visitor struct {
	base         string
	client       *http.Client
	Token        string
	Conversation string
}

// Event is one event of the stream.
type Event struct {
	Name   string `json:"-"`
	Seq    int64
	Author string
	Text   string
	Turn   string
	Owner  string
	ID     string
	Raw    json.RawMessage `json:"-"`
}

// StatusError is an answer that was no success.
type StatusError struct {
	Status int
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Status, e.Body) }

// New starts a session at the server of address base.
func New(ctx context.Context, client *http.Client, base string) (*Visitor, error) {
	v := &Visitor{base: base, client: client}
	var out struct{ Token, Conversation string }
	if err := v.post(ctx, "/widget/v1/sessions", map[string]any{"locale": "en"}, &out); err != nil {
		return nil, err
	}
	v.Token, v.Conversation = out.Token, out.Conversation
	return v, nil
}

// At returns the same customer, asking the server of address base.
func (v *Visitor) At(base string) *Visitor {
	o := *v
	o.base = base
	return &o
}

// Send posts a message and returns its sequence number.
func (v *Visitor) Send(ctx context.Context, id, text string) (int64, error) {
	var out struct{ Seq int64 }
	err := v.post(ctx, "/widget/v1/messages", map[string]any{"id": id, "text": text}, &out)
	return out.Seq, err
}

// SendFiles posts a message with uploaded files.
func (v *Visitor) SendFiles(ctx context.Context, id, text string, files ...string) (int64, error) {
	var out struct{ Seq int64 }
	err := v.post(ctx, "/widget/v1/messages", map[string]any{"id": id, "text": text, "attachments": files}, &out)
	return out.Seq, err
}

// Upload posts a file and returns its id.
func (v *Visitor) Upload(ctx context.Context, name string, content []byte) (string, error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return "", err
	}
	part.Write(content) // to memory
	form.Close()
	var out struct{ ID string }
	err = v.send(ctx, http.MethodPost, "/widget/v1/files", form.FormDataContentType(), &b, &out)
	return out.ID, err
}

// Post sends body to any path of the widget's API.
func (v *Visitor) Post(ctx context.Context, path string, body any) error {
	return v.post(ctx, path, body, nil)
}

func (v *Visitor) post(ctx context.Context, path string, body, out any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return v.send(ctx, http.MethodPost, path, "application/json", bytes.NewReader(b), out)
}

func (v *Visitor) send(ctx context.Context, method, path, kind string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, v.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	if v.Token != "" {
		req.Header.Set("Authorization", "Bearer "+v.Token)
	}
	res, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return &StatusError{res.StatusCode, string(got)}
	}
	if out == nil || len(got) == 0 {
		return nil
	}
	return json.Unmarshal(got, out)
}

// Watch reads the stream after seq and gives each event to each, until that
// returns false, the stream ends or ctx does.
func (v *Visitor) Watch(ctx context.Context, after int64, each func(Event) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.base+"/widget/v1/events?after="+strconv.FormatInt(after, 10), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+v.Token)
	res, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
		return &StatusError{res.StatusCode, string(b)}
	}
	var e Event
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 0, 4096), 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "event:"):
			e.Name = strings.TrimSpace(line[6:])
		case strings.HasPrefix(line, "data:"):
			e.Raw = append(e.Raw, strings.TrimSpace(line[5:])...)
		case line == "" && e.Name != "":
			if err := json.Unmarshal(e.Raw, &e); err != nil {
				return fmt.Errorf("event %s: %w", e.Name, err)
			}
			if !each(e) {
				return nil
			}
			e = Event{}
		}
	}
	return lines.Err()
}
