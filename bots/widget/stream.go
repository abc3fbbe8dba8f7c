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
	to      transport
	closing <-chan struct{}
	beat    time.Duration
	id      string
	last    int64  // number of the last message told
	behind  bool   // the log may have more after it
	epoch   int64  // of the newest state told
	done    string // turn of the last message told: its pieces are stale
}

// buffers are shared by all streams, so that a quiet one holds none.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxPooledBytes keeps one long log from staying in memory for good.
const maxPooledBytes = 64 << 10

// run writes what happens until the visitor is gone, the server closes or a
// write fails.
func (s *stream) run(gone <-chan struct{}) {
	beat := time.NewTicker(s.beat)
	defer beat.Stop()
	if s.behind && s.tell(nil) != nil {
		return
	}
	for {
		var err error
		select {
		case <-s.sub.C():
			err = s.tell(s.sub.Take())
		case <-beat.C:
			err = s.to.write([]byte(heartbeat))
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

// tell writes what is left of the log, when the stream is behind, and events.
func (s *stream) tell(events []conversation.Event) error {
	buf := buffers.Get().(*[]byte)
	b, err := (*buf)[:0], error(nil)
	if s.behind {
		b, err = s.appendLog(b)
	}
	for _, e := range events {
		if err != nil {
			break
		}
		b, err = s.appendEvent(b, e)
	}
	if err == nil && len(b) > 0 {
		err = s.to.write(b)
	}
	if cap(b) <= maxPooledBytes {
		*buf = b
		buffers.Put(buf)
	}
	return err
}

func (s *stream) appendEvent(b []byte, e conversation.Event) ([]byte, error) {
	switch e.Kind {
	case conversation.EventMessage:
		switch m := e.Message; {
		case m == nil:
			return s.appendLog(b)
		case m.Seq > s.last+1:
			// Something between is missing, be it only a note: the log knows. Should it be
			// a takeover elsewhere, no piece of an answer from before may follow.
			ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
			state, err := s.engine.State(ctx, s.id)
			cancel()
			if err != nil {
				return b, err
			}
			s.epoch = max(s.epoch, state.Epoch)
			return s.appendLog(b)
		case m.Seq <= s.last:
			return b, nil
		case m.Note:
			s.last = m.Seq
			return b, nil
		default:
			return s.appendMessage(b, *m)
		}
	case conversation.EventDelta:
		if e.Turn == s.done || e.Epoch > 0 && e.Epoch < s.epoch { // the visitor has been told of what came after
			return b, nil
		}
		return appendFrame(b, e.Kind, 0, deltaEvent{e.Turn, e.Text})
	case conversation.EventDiscard:
		return appendFrame(b, e.Kind, 0, discardEvent{e.Turn})
	case conversation.EventTyping:
		if e.By == conversation.AuthorCustomer { // the visitor knows
			return b, nil
		}
		return appendFrame(b, e.Kind, 0, typingEvent{e.Name})
	case conversation.EventState:
		return s.appendState(b, e.State)
	case conversation.EventRead:
		return s.appendState(b, nil)
	case conversation.EventFiles:
		return s.appendFiles(b, e)
	default:
		return b, nil
	}
}

// appendState appends the state. Without one it changed somewhere else: the
// store knows how, and the place in the queue.
func (s *stream) appendState(b []byte, state *conversation.State) ([]byte, error) {
	if state == nil || state.Epoch < s.epoch { // of two changes at once the older may come last
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		stored, err := s.engine.State(ctx, s.id)
		if err != nil {
			return b, err
		}
		state = &stored
	}
	s.epoch = max(s.epoch, state.Epoch)
	return appendFrame(b, conversation.EventState, 0, wireState(*state))
}

// appendFiles appends how the files of a message told before stand now. Where
// that was found out somewhere else the log knows.
func (s *stream) appendFiles(b []byte, e conversation.Event) ([]byte, error) {
	if e.Seq > s.last {
		return b, nil // the message is still to be told
	}
	if e.Message == nil {
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		defer cancel()
		page, err := s.engine.Messages(ctx, s.id, e.Seq-1, 1)
		if err != nil || len(page) == 0 || page[0].Seq != e.Seq {
			return b, err
		}
		e.Message = &page[0]
	}
	return appendFrame(b, e.Kind, 0, filesEvent{e.Seq, wireFiles(e.Message.Attachments)})
}

// appendLog appends the messages after the last one told. What is more than a
// page is written at once, so that a long log is never held whole.
func (s *stream) appendLog(b []byte) ([]byte, error) {
	for {
		var err error
		ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
		b, err = s.appendPage(ctx, b)
		cancel()
		if err != nil || !s.behind {
			return b, err
		}
		if err := s.to.write(b); err != nil {
			return b, err
		}
		b = b[:0]
	}
}

// appendPage appends up to logPage messages after the last one told, and notes
// whether there may be more.
func (s *stream) appendPage(ctx context.Context, b []byte) ([]byte, error) {
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
	s.behind = len(page) == logPage
	return b, nil
}

func (s *stream) appendMessage(b []byte, m conversation.Message) ([]byte, error) {
	s.last = m.Seq
	if m.Turn != "" {
		s.done = m.Turn
	}
	return appendFrame(b, conversation.EventMessage, m.Seq, wireMessage(m))
}
