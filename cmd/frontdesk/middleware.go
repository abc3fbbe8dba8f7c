package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"frontdesk/conversation/console"
)

// rim is what every request passes on its way in.
type rim struct {
	next    http.Handler
	log     *slog.Logger
	metrics *metrics
}

// ServeHTTP gives the request an id, sets the headers every answer has, counts
// it, and turns a panic into an answer and one line in the log. Neither that
// line nor the access log has anything a customer wrote: no body, no query.
func (m *rim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := newRequestID()
	h := w.Header()
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
	rec := &recorder{ResponseWriter: w}
	defer func() {
		cause, half := recover(), false
		if cause != nil && cause != http.ErrAbortHandler {
			m.log.ErrorContext(r.Context(), "request handler panicked", "route", r.Pattern, "panic", panicText(cause), "stack", string(debug.Stack()))
			if half = rec.status != 0; !half {
				console.WriteProblem(rec, console.Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "Something went wrong here. It has been logged."})
			}
		}
		m.metrics.request(r, rec.code(), time.Since(began))
		m.log.DebugContext(r.Context(), "request", "method", r.Method, "route", r.Pattern, "status", rec.code(), "bytes", rec.bytes, "took", time.Since(began))
		if half || cause == http.ErrAbortHandler {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
	}()
	m.next.ServeHTTP(rec, r)
}

// panicText names the kind of a panic. The value itself may hold a request's
// data; a runtime error's text does not.
func panicText(cause any) string {
	if err, ok := cause.(interface {
		error
		RuntimeError()
	}); ok {
		return err.Error()
	}
	if s, ok := cause.(string); ok {
		return s // written in the code that panics
	}
	return "value of another kind"
}

func newRequestID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// Unwrap lets http.ResponseController flush and set deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 && code >= 200 {
		r.status = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// code is the status, which net/http makes 200 for a handler that wrote nothing.
func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
