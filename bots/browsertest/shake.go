package browsertest

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Shake returns h, with everything that a browser asks of it taking longer by chance, so that answers come in every order:
// each request waits before it is served, and its answer before it leaves, for up to half of FRONTDESK_SHAKE milliseconds;
// each event of a stream waits up to an eighth. Without FRONTDESK_SHAKE it is h itself.
func Shake(h http.Handler) http.Handler {
	most, err := strconv.Atoi(os.Getenv("FRONTDESK_SHAKE"))
	if err != nil || most <= 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.UserAgent(), "Mozilla/") || r.Header.Get("Upgrade") != "" {
			h.ServeHTTP(w, r)
			return
		}
		s := &shaken{ResponseWriter: w, r: r, most: time.Duration(most) * time.Millisecond}
		s.pause(s.most / 2)
		h.ServeHTTP(s, r)
	})
}

// shaken is an answer that takes its time. It belongs to the goroutine that serves the request.
type shaken struct {
	http.ResponseWriter
	r     *http.Request
	most  time.Duration
	begun bool
}

// pause lasts up to d, or until nobody waits for the answer.
func (s *shaken) pause(d time.Duration) {
	select {
	case <-s.r.Context().Done():
	case <-time.After(rand.N(d) + 1):
	}
}

func (s *shaken) WriteHeader(status int) {
	if !s.begun {
		s.begun = true
		s.pause(s.most / 2)
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *shaken) Write(b []byte) (int, error) {
	switch {
	case !s.begun:
		s.begun = true
		s.pause(s.most / 2)
	case strings.HasPrefix(s.Header().Get("Content-Type"), "text/event-stream"):
		s.pause(s.most / 8)
	}
	return s.ResponseWriter.Write(b)
}

// Flush is for handlers that ask the answer itself whether it flushes.
func (s *shaken) Flush() { _ = http.NewResponseController(s.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (s *shaken) Unwrap() http.ResponseWriter { return s.ResponseWriter }
