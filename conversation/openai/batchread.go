package openai

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// maxResult is how many bytes one line of a batch's answers may have: an answer of 16,384 tokens has
// some 100 KB, a vector of 3,072 numbers 70 KB.
const maxResult = 4 << 20

// BatchResult is what came of one request of a batch.
type BatchResult struct {
	ID   string
	Body json.RawMessage // of a request that succeeded, valid until each returns; nil for others
	Why  string          // of one that failed, fit for a log
}

// Results gives each the results of a batch that has ended, in no certain order: of an expired or
// cancelled one those that were done in time. An error in the middle leaves the rest unread; whoever
// asks again gets all of them again. An error of each ends it and is returned.
func (b *Batcher) Results(ctx context.Context, batch Batch, each func(BatchResult) error) error {
	for _, id := range [...]string{batch.output, batch.errors} {
		if id == "" {
			continue
		}
		err := b.call(ctx, func(ctx context.Context) error { return b.download(ctx, id, each) })
		if err != nil {
			return fmt.Errorf("read results of batch %s: %w", batch.ID, err)
		}
	}
	return nil
}

func (b *Batcher) download(ctx context.Context, id string, each func(BatchResult) error) error {
	res, err := b.files.Content(context.WithValue(ctx, downloading{}, true), id)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(make([]byte, 0, 64<<10), maxResult)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		r, err := readResult(lines.Bytes(), b.server.scrub)
		if err != nil {
			return err
		}
		if err := each(r); err != nil {
			return &ownError{err}
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return errTooLong
	}
	return lines.Err()
}

// readResult reads one line of an output or error file. A line that is no JSON, or names no request,
// is errMalformed: the file was cut, or is no such file.
func readResult(line []byte, scrub func(string) string) (BatchResult, error) {
	var l struct {
		CustomID string `json:"custom_id"`
		Response *struct {
			StatusCode int `json:"status_code"`
			Body       json.RawMessage
		}
		Error *struct{ Code any }
	}
	if err := json.Unmarshal(line, &l); err != nil || l.CustomID == "" {
		return BatchResult{}, errMalformed
	}
	r := BatchResult{ID: l.CustomID}
	switch {
	case l.Error != nil:
		r.Why = scrub(plain(l.Error.Code))
	case l.Response == nil:
		r.Why = "no answer"
	case l.Response.StatusCode != http.StatusOK:
		r.Why = newAPIError(l.Response.StatusCode, l.Response.Body, scrub).Error()
	default:
		r.Body = l.Response.Body
	}
	if r.Body == nil && r.Why == "" {
		r.Why = "an empty answer"
	}
	return r, nil
}
