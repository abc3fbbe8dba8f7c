package openai

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/openai/openai-go/v3/option"
)

// Limits of what is read from a server, so that a broken or hostile one cannot fill the memory.
const (
	maxErrorBody = 64 << 10 // of an error answer; real ones are under 2 KB
	maxBody      = 32 << 20 // of a whole JSON answer; 64 vectors of 3,072 numbers are about 5 MB
	maxStream    = 16 << 20 // of all lines of a stream
	maxLine      = 1 << 20  // of one line; real ones are under 10 KB
)

// lastWords is how long a finished answer waits for the usage that may follow it. Some servers leave
// the connection open instead of saying that there is no more.
const lastWords = 2 * time.Second

// guard stands between the SDK and the network. What passes it is either a well-formed event stream,
// a JSON body, or an error of this package:
//
//   - an answer of 400 and above is an *apiError, whatever its body looks like;
//   - a streaming request answered with anything but events is an error, not an empty stream;
//   - events are made strict (see events);
//   - silence is an error: before the first byte and between two bytes, each with its own limit.
type guard struct {
	firstByte, idle time.Duration
	scrub           func(string) string
	now             func() time.Time
}

// streaming marks the context of a request that wants an event stream.
type streaming struct{}

// downloading marks the context of a request for a file, which is handed on unread.
type downloading struct{}

func (g *guard) do(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(g.firstByte, func() { cancel(errFirstByte) })
	res, err := next(req.WithContext(ctx))
	if err != nil {
		timer.Stop()
		err = because(ctx, err)
		cancel(nil)
		return nil, err
	}
	body := &watched{ctx: ctx, body: res.Body, timer: timer, idle: g.idle, cancel: cancel}
	if res.StatusCode >= 400 {
		defer body.Close()
		// A body that breaks off is still the best explanation there is.
		text, _ := io.ReadAll(io.LimitReader(body, maxErrorBody))
		e := newAPIError(res.StatusCode, text, g.scrub)
		e.retryAfter = retryAfter(res.Header, g.now())
		return nil, e
	}
	if req.Context().Value(streaming{}) != nil {
		return g.stream(res, body)
	}
	if req.Context().Value(downloading{}) != nil {
		res.Body = body
		return res, nil
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxBody:
		return nil, errTooLong
	case !json.Valid(text):
		return nil, errMalformed
	}
	if e := errorIn(text, g.scrub); e != nil {
		return nil, e
	}
	res.Header.Set("Content-Type", "application/json") // some servers say text/plain
	res.Body = io.NopCloser(bytes.NewReader(text))
	return res, nil
}

func (g *guard) stream(res *http.Response, body *watched) (*http.Response, error) {
	in := bufio.NewReaderSize(body, 32<<10)
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		// The header is wrong often enough that only the first bytes decide.
		if err := looksLikeEvents(in); err != nil {
			defer body.Close()
			text, _ := io.ReadAll(io.LimitReader(in, maxErrorBody))
			if e := errorIn(text, g.scrub); e != nil {
				return nil, e
			}
			return nil, err
		}
	}
	res.Header.Set("Content-Type", "text/event-stream")
	res.Body = &events{in: in, body: body, scrub: g.scrub, onFinish: func() { body.idle = min(body.idle, lastWords) }}
	return res, nil
}

// looksLikeEvents waits for the first byte that is not white space and returns errNotStream when no
// line of an event stream begins with it.
func looksLikeEvents(in *bufio.Reader) error {
	for n := 1; ; n++ {
		head, err := in.Peek(n)
		if err != nil {
			if err == io.EOF || err == bufio.ErrBufferFull {
				return errNotStream
			}
			return err
		}
		switch head[n-1] {
		case ' ', '\t', '\r', '\n':
		case ':', 'd', 'e', 'i', 'r': // a comment, data, event, id, retry
			return nil
		default:
			return errNotStream
		}
	}
}

// errorIn returns the error that a body with a successful status holds after all, or nil.
func errorIn(body []byte, scrub func(string) string) *apiError {
	var head struct {
		Error  json.RawMessage
		Object any
	}
	if json.Unmarshal(body, &head) != nil {
		return nil
	}
	if head.Object == "error" || len(head.Error) > 0 && string(head.Error) != "null" {
		return newAPIError(0, body, scrub)
	}
	return nil
}

// watched is a body whose silence is an error: it cancels the request when a Read lasts too long.
// Time spent between two Reads, while the answer is handed on, does not count.
type watched struct {
	ctx    context.Context
	body   io.ReadCloser
	timer  *time.Timer // runs already, with the limit for the first byte
	idle   time.Duration
	begun  bool
	cancel context.CancelCauseFunc
}

func (w *watched) Read(p []byte) (int, error) {
	if w.begun {
		// The timer was stopped, so its function is replaced with the timer.
		w.timer = time.AfterFunc(w.idle, func() { w.cancel(errIdle) })
	}
	n, err := w.body.Read(p)
	if n > 0 || err != nil {
		w.timer.Stop()
		w.begun = true
	}
	if err != nil && err != io.EOF {
		err = because(w.ctx, err)
	}
	return n, err
}

// Close ends the request, which closes its connection unless the body was read to its end.
func (w *watched) Close() error {
	w.timer.Stop()
	err := w.body.Close()
	w.cancel(nil)
	return err
}

// because returns the reason ctx was cancelled with, if it was, in place of the error that followed.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
