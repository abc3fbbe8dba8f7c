package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os/exec"
	"strings"
	"time"

	"frontdesk/cmd/internal/proc"
)

const (
	// ingestParagraphs make about 2 MB of text.
	ingestParagraphs = 4000
	// largePages of some 2 KB of text and a picture each make a PDF of about 50 MB.
	largePages, largePicture = 2000, 23 << 10
	// lookEach is how often it is asked whether a document is searchable.
	lookEach = 20 * time.Millisecond
	// ingestWithin is how long one document may take.
	ingestWithin = 10 * time.Minute
)

// ingest has the server take in a file of each format, one after the other, from the
// request to the moment all of it can be found, and last a large PDF, and prints rates
// and the most memory the process held.
func ingest(ctx context.Context, s *proc.Server, bin string, environ []string) error {
	token, err := adminToken(ctx, bin, environ)
	if err != nil {
		return err
	}
	t := taker{url: s.URL, token: token}
	fmt.Printf("\n| format | file | MB/s of file | passages | passages/s | most memory |\n|-|-|-|-|-|-|\n")
	for i, f := range formats {
		data, err := f.write(prose(uint64(i+1), ingestParagraphs))
		if err != nil {
			return fmt.Errorf("write %s: %w", f.name, err)
		}
		if err := t.row(ctx, s, f.name, f.name, data); err != nil {
			return err
		}
	}
	return t.row(ctx, s, "pdf, 2,000 pages with pictures", "pdf", pdf(prose(99, largePages*pdfParagraphs), largePicture))
}

// adminToken makes a token beside the running server.
func adminToken(ctx context.Context, bin string, environ []string) (string, error) {
	cmd := exec.CommandContext(ctx, bin, "token", "create", "--name", "bench", "--role", "admin")
	cmd.Env = environ
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("create a token: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// taker speaks to the server's API.
type taker struct{ url, token string }

func (t taker) row(ctx context.Context, s *proc.Server, label, ext string, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, ingestWithin)
	defer cancel()
	if err := s.ForgetPeak(); err != nil {
		return err
	}
	began := time.Now()
	passages, err := t.take(ctx, "bench."+ext, data)
	if err != nil {
		return fmt.Errorf("take in %s: %w", label, err)
	}
	took := time.Since(began).Seconds()
	peak, err := s.Peak()
	if err != nil {
		return err
	}
	mb := float64(len(data)) / (1 << 20)
	fmt.Printf("| %s | %.1f MB | %.2f | %d | %.0f | %.0f MB |\n", label, mb, mb/took, passages, float64(passages)/took, float64(peak)/(1<<20))
	return nil
}

// take uploads a file, waits until it can be found, and returns how many passages it has.
func (t taker) take(ctx context.Context, name string, data []byte) (int, error) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		return 0, err
	}
	part.Write(data) // into memory
	if err := w.Close(); err != nil {
		return 0, err
	}
	type document struct {
		ID, Status, Error string
		Passages          int
	}
	d, err := call[document](ctx, t, http.MethodPost, "/api/v1/documents", w.FormDataContentType(), &form)
	for err == nil && d.Status != "ready" {
		if d.Status == "failed" {
			return 0, fmt.Errorf("document failed: %s", d.Error)
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("document is still %s: %w", d.Status, ctx.Err())
		case <-time.After(lookEach):
		}
		d, err = call[document](ctx, t, http.MethodGet, "/api/v1/documents/"+d.ID, "", nil)
	}
	return d.Passages, err
}

func call[T any](ctx context.Context, t taker, method, path, contentType string, body io.Reader) (out T, err error) {
	req, err := http.NewRequestWithContext(ctx, method, t.url+path, body)
	if err != nil {
		return out, err
	}
	req.Header.Set("Authorization", "Bearer "+t.token)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return out, err
	}
	if res.StatusCode >= 300 {
		return out, fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, text)
	}
	return out, json.Unmarshal(text, &out)
}
