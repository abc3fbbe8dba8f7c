package widget

import (
	"context"
	"net/http"
	"strconv"

	"frontdesk/conversation"
)

// getEvents opens a visitor's event stream: the state, the messages after the
// last one the visitor has, then whatever happens.
func (h *Handler) getEvents(w http.ResponseWriter, r *http.Request) error {
	visitor, err := h.visitor(r)
	if err != nil {
		return err
	}
	after, err := resumeAfter(r)
	if err != nil {
		return err
	}
	address := h.addresses.of(r)
	if err := h.connects.take(address, h.now()); err != nil {
		return err
	}
	if err := h.streams.acquire(visitor, address); err != nil {
		return err
	}
	s := &stream{
		engine: h.engine, closing: h.streams.closing, beat: h.beat, id: visitor.String(), last: after,
		sub: h.engine.Subscribe(visitor.String()),
	}
	release := func() {
		s.sub.Close()
		h.streams.release(visitor, address)
	}
	if r.Method == http.MethodHead {
		release()
		streamHeaders(w.Header())
		return nil
	}
	// Reading the log takes a deep stack; doing it here leaves the goroutine
	// that then waits for hours with a small one.
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	opening, err := s.opening(ctx)
	cancel()
	if err != nil {
		release()
		return gone(err)
	}
	streamHeaders(w.Header())
	conn, err := takeOver(w, r)
	if err != nil {
		release()
		return err
	}
	if conn == nil { // it cannot be taken over, so it is served from here
		defer release()
		s.to = newResponseTransport(w)
		if s.to.write(opening) == nil {
			s.run(r.Context().Done())
		}
		return nil
	}
	if conn.start(w.Header(), opening) != nil { // the visitor has left already
		conn.conn.Close()
		release()
		return nil
	}
	s.to = conn
	go func() {
		defer release()
		defer conn.close()
		s.run(conn.gone)
	}()
	return nil
}

// resumeAfter returns the number of the last message the visitor has: from the
// header a browser's own EventSource sends when it connects again, else from
// the query. Without either it is -1.
func resumeAfter(r *http.Request) (int64, error) {
	given := r.Header.Get("Last-Event-ID")
	if given == "" {
		given = r.URL.Query().Get("after")
	}
	if given == "" {
		return -1, nil
	}
	n, err := strconv.ParseInt(given, 10, 64)
	if err != nil || n < 0 {
		return 0, &fieldError{"after", "the number of a message"}
	}
	return n, nil
}

func streamHeaders(h http.Header) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back otherwise
}

// opening returns the first bytes of the stream: the state and a page of the log.
func (s *stream) opening(ctx context.Context) ([]byte, error) {
	state, err := s.engine.State(ctx, s.id)
	if err != nil {
		return nil, err
	}
	s.epoch = state.Epoch
	if s.last < 0 {
		s.last = max(0, state.Seq-recentMessages)
	}
	b, err := appendFrame(nil, conversation.EventState, 0, wireState(state))
	if err != nil {
		return nil, err
	}
	return s.appendPage(ctx, b)
}
