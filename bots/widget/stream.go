package widget

import (
	"context"
	"sync"
	"time"

	"frontdesk/conversation"
)

const (
	heartbeatEvery = 15 * time.Second
	// writeTimeout drops a visitor whose connection takes nothing any more. It
	// loses nothing: the browser connects again and resumes.
	writeTimeout = 10 * time.Second
	// logPage is how many messages are read at once, and so held in memory.
	logPage = 100
	// recentMessages is what a visitor without a last message is given.
	recentMessages = 200
)

// transport carries a stream's bytes. A write that fails or takes longer than
// writeTimeout ends the stream.
type transport interface {
	write(b []byte) error
}

// stream tells one visitor what happens in one conversation.
type stream struct {
	engine  Engine
	sub     *conversation.Subscription
	closing <-chan struct{}
	id      string
	last    int64  // number of the last message told
	done    string // turn of the last message told: its pieces are stale
}

// buffers are shared by all streams, so that a quiet one holds none.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxPooledBytes keeps one long log from staying in memory for good.
const maxPooledBytes = 64 << 10

// run writes what happens until the visitor is gone, the server closes or a
// write fails.
func (s *stream) run(gone <-chan struct{}, t transport) {
	beat := time.NewTicker(heartbeatEvery)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-s.sub.C():
			err = s.tell(t)
		case <-beat.C:
			err = t.write([]byte(heartbeat))
		case <-gone:
			return
		case <-s.closing:
			return
		}
		if err != nil {
			// Either the visitor is gone or the log cannot be read now. Both
			// heal by the browser connecting again.
			return
		}
	}
}

// tell writes what waits in the subscription, in one write.
func (s *stream) tell(t transport) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	buf := buffers.Get().(*[]byte)
	b, err := (*buf)[:0], error(nil)
	for _, e := range s.sub.Take() {
		if b, err = s.appendEvent(ctx, b, e); err != nil {
			break
		}
	}
	if err == nil && len(b) > 0 {
		err = t.write(b)
	}
	if cap(b) <= maxPooledBytes {
		*buf = b
		buffers.Put(buf)
	}
	return err
}

func (s *stream) appendEvent(ctx context.Context, b []byte, e conversation.Event) ([]byte, error) {
	switch e.Kind {
	case conversation.EventMessage:
		switch m := e.Message; {
		case m == nil, m.Seq > s.last+1:
			// Something between is missing, be it only a note: the log knows.
			return s.appendLog(ctx, b)
		case m.Seq <= s.last:
			return b, nil
		case m.Note:
			s.last = m.Seq
			return b, nil
		default:
			return s.appendMessage(b, *m)
		}
	case conversation.EventDelta:
		if e.Turn == s.done {
			return b, nil
		}
		return appendFrame(b, e.Kind, 0, deltaEvent{e.Turn, e.Text})
	case conversation.EventDiscard:
		return appendFrame(b, e.Kind, 0, discardEvent{e.Turn})
	case conversation.EventTyping:
		return appendFrame(b, e.Kind, 0, typingEvent{e.Name})
	case conversation.EventState:
		if e.State == nil {
			return b, nil
		}
		return appendFrame(b, e.Kind, 0, wireState(*e.State))
	default:
		return b, nil
	}
}

// appendLog appends the messages after the last one told.
func (s *stream) appendLog(ctx context.Context, b []byte) ([]byte, error) {
	for {
		page, err := s.engine.Messages(ctx, s.id, s.last, logPage)
		if err != nil {
			return b, err
		}
		for _, m := range page {
			if m.Note || m.Seq <= s.last {
				continue
			}
			if b, err = s.appendMessage(b, m); err != nil {
				return b, err
			}
		}
		if len(page) < logPage {
			return b, nil
		}
	}
}

func (s *stream) appendMessage(b []byte, m conversation.Message) ([]byte, error) {
	s.last = m.Seq
	if m.Turn != "" {
		s.done = m.Turn
	}
	return appendFrame(b, conversation.EventMessage, m.Seq, wireMessage(m))
}
