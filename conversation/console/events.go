package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Events lets staff watch; the hub implements it.
type Events interface {
	Subscribe(conversation string) *conversation.Subscription
}

const (
	// heartbeat keeps proxies from closing a silent stream, most of which do so
	// after 60 s, and is how often a watcher's right to watch is looked at again.
	heartbeat = 15 * time.Second
	// writeTimeout is how long a watcher may take to accept what it is sent.
	writeTimeout = 10 * time.Second
	// maxStreams bounds the event streams of one process.
	maxStreams = 500
	// catchUp is how many messages are read when the stream does not know where
	// it was in a conversation.
	catchUp = 20
	// maxFollowed bounds the conversations whose place a stream remembers.
	maxFollowed = 4096
)

type deltaView struct {
	Conversation string `json:"conversation"`
	Turn         string `json:"turn"`
	Text         string `json:"text,omitempty"`
	At           int    `json:"at,omitempty"` // how much of the answer stands before it, in UTF-16 units
}

type typingView struct {
	Conversation string `json:"conversation"`
	Name         string `json:"name,omitempty"`
	// Author is customer when it is they who type.
	Author conversation.Author `json:"author,omitempty"`
}

// events streams what happens in every conversation, until the caller leaves,
// loses the right to watch, or the server stops. A message may come twice; the
// pair of conversation and seq tells.
func (c *Console) events(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	select {
	case c.streams <- struct{}{}:
		defer func() { <-c.streams }()
	default:
		p := problem(http.StatusServiceUnavailable, "too_many_streams", "Too many event streams are open.")
		p.retryAfter = 30
		return p
	}
	s := &stream{c: c, who: who.ID, w: w, rc: http.NewResponseController(w), at: map[string]reached{}, epochs: map[string]int64{}}
	sub := c.hub.Subscribe("")
	defer sub.Close()
	shelf := c.shelf.watch()
	defer shelf.close()
	feed := c.feed.watch(who.ID)
	defer feed.close()
	look, forget := c.watchers.add(who.ID)
	defer forget()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	s.rc.SetReadDeadline(time.Time{})
	w.WriteHeader(http.StatusOK)
	here := c.presence(who)
	defer here.end()
	if s.comment("watching") != nil {
		return nil
	}
	tick := time.NewTicker(c.beat)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return nil
		case <-c.stopping:
			return nil
		case <-tick.C:
			if _, err = c.authenticate(r); err == nil {
				here.beat(r.Context())
				err = s.comment("")
			}
		case <-feed.wake:
			for _, v := range feed.take() {
				if err = s.event("inbox", v); err != nil {
					break
				}
			}
		case <-look:
			_, err = c.authenticate(r)
		case <-shelf.wake:
			for _, e := range shelf.take() {
				if err = s.event(e.kind, e.view); err != nil {
					break
				}
			}
		case <-sub.C():
			if sub.Lost() { // too slow: it connects again and reads what it shows anew
				return nil
			}
			for _, e := range sub.Take() {
				if e.Kind == conversation.EventAccess && e.Staff == who.ID { // on whichever replica it ended
					_, err = c.authenticate(r)
				}
				if err != nil {
					break
				}
				if err = s.send(r.Context(), e); err != nil {
					break
				}
			}
		}
		if err != nil {
			return nil // the answer has begun: all there is left is to end it
		}
	}
}

// reached is where a stream is in a conversation's log.
type reached struct {
	seq  int64 // newest message sent
	sure bool  // those before it were sent as well, as far as the stream began before them
}

// stream is one watcher's connection.
type stream struct {
	c   *Console
	who string // whose it is
	w   http.ResponseWriter
	rc  *http.ResponseController
	at  map[string]reached // per conversation

	epochs map[string]int64 // newest state sent, per conversation
}

func (s *stream) send(ctx context.Context, e conversation.Event) error {
	switch e.Kind {
	case conversation.EventMessage:
		return s.message(ctx, e)
	case conversation.EventState:
		if e.State == nil || e.State.Epoch < s.epochs[e.Conversation] { // it changed, and is to be read; or was overtaken
			st, err := s.c.engine.State(ctx, e.Conversation)
			if err != nil {
				return s.missed(err)
			}
			e.State = &st
		}
		s.known(*e.State)
		return s.event("state", viewState(*e.State))
	case conversation.EventFiles:
		if e.Message == nil { // found out on another replica
			m, err := s.c.engine.Message(ctx, e.Conversation, e.Seq)
			if err != nil {
				return s.missed(err)
			}
			e.Message = &m
		}
		return s.event("files", filesView{e.Conversation, e.Seq, viewFiles(e.Message.Attachments)})
	case conversation.EventDelta:
		if e.Epoch > 0 && e.Epoch < s.epochs[e.Conversation] {
			return nil // they have been told of what came after
		}
		return s.event("delta", deltaView{e.Conversation, e.Turn, e.Text, e.At})
	case conversation.EventDiscard:
		return s.event("discard", deltaView{e.Conversation, e.Turn, "", 0})
	case conversation.EventPresence:
		return s.event("presence", viewPresence(e.Conversation, e.Present))
	case conversation.EventDelivery:
		return s.event("delivery", deliveryEvent{e.Conversation, e.Seq, viewDelivery(e.Delivery)})
	case conversation.EventMention:
		if e.Staff == s.who {
			return s.event("alert", mentionAlert{"mention", e.Conversation, e.Seq, e.Name + " mentioned you"})
		}
	case conversation.EventAssigned:
		if e.Staff == s.who {
			return s.event("alert", alertView{e.Conversation, "assigned", e.Name + " gave you a conversation"})
		}
	case conversation.EventTyping:
		return s.event("typing", typingView{e.Conversation, e.Name, e.By})
	case conversation.EventSeen:
		return s.event("seen", seenView{e.Conversation, e.Seq})
	case conversation.EventAlert:
		if e.Alert != nil {
			return s.event("alert", alertView{e.Conversation, e.Alert.Kind, e.Alert.Text})
		}
	}
	return nil
}

// message sends a message, or reads from the log when the event only says that
// there are some. Of messages that came on two replicas the newer may be told first:
// what is missing before it is read as well.
func (s *stream) message(ctx context.Context, e conversation.Event) error {
	at, known := s.at[e.Conversation]
	after := at.seq
	switch m := e.Message; {
	case m != nil && !known:
		s.follow(e.Conversation, reached{seq: m.Seq, sure: m.Seq == 1})
		return s.event("message", viewMessage(*m))
	case m != nil && m.Seq <= at.seq+1:
		s.follow(e.Conversation, reached{max(m.Seq, at.seq), at.sure})
		return s.event("message", viewMessage(*m))
	case m != nil:
	case !known:
		st, err := s.c.engine.State(ctx, e.Conversation)
		if err != nil {
			return s.missed(err)
		}
		after = max(0, st.Seq-catchUp)
	case !at.sure:
		after = max(0, at.seq-catchUp)
	}
	for {
		list, err := s.c.engine.Transcript(ctx, e.Conversation, after, maxMessagesPage)
		if err != nil {
			return s.missed(err)
		}
		for _, m := range list {
			if err := s.event("message", viewMessage(m)); err != nil {
				return err
			}
			after = m.Seq
		}
		s.follow(e.Conversation, reached{max(after, at.seq), e.Message == nil || at.sure})
		if len(list) < maxMessagesPage {
			return nil
		}
	}
}

// missed ends the stream when the log cannot be read: the watcher connects
// again and reads for itself, instead of missing messages without a word.
func (s *stream) missed(err error) error {
	s.c.log.Warn("event stream cannot read the log", "error", err)
	return err
}

func (s *stream) follow(conversation string, at reached) {
	if len(s.at) >= maxFollowed {
		clear(s.at) // rare, and costs only a few messages sent twice
	}
	s.at[conversation] = at
}

// known keeps which state was sent: of two changes at once the older may be told last.
func (s *stream) known(st conversation.State) {
	if len(s.epochs) >= maxFollowed {
		clear(s.epochs)
	}
	s.epochs[st.Conversation] = max(st.Epoch, s.epochs[st.Conversation])
}

func (s *stream) event(kind string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.write("event: %s\ndata: %s\n\n", kind, data)
}

func (s *stream) comment(text string) error { return s.write(": %s\n\n", text) }

func (s *stream) write(format string, args ...any) error {
	s.rc.SetWriteDeadline(time.Now().Add(writeTimeout)) // of the real clock, as the network is
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	return s.rc.Flush()
}
