package slack

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"io"
	"log"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack/socketmode"
)

const (
	// socketWorkers is how many events are stored at once. Those of one channel
	// keep their order.
	socketWorkers = 8
	// socketBacklog is how many events wait for one worker. What finds no place
	// is not acknowledged, so Slack sends it again.
	socketBacklog = 256
	// maxFrame bounds one message on the socket.
	maxFrame = 1 << 20
)

// listen keeps a Socket Mode connection until ctx ends. The library gives up
// for good on a refused token; here that is one more reason to wait.
func (b *Bot) listen(ctx context.Context) {
	for attempt := 0; ctx.Err() == nil; attempt++ {
		began := time.Now()
		err := b.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > maxRetry {
			attempt = 0
		}
		detail := strings.TrimPrefix(safe(err).Error(), "slack: ")
		if is(err, refusedToken) {
			detail = "SLACK_APP_TOKEN is refused (" + code(err) + ")"
		}
		b.status.set(&b.status.socket, false, "Socket Mode: "+detail)
		b.log.Warn("slack socket ended; connecting again", "err", safe(err))
		sleep(ctx, max(backoff(attempt), wait(err)))
	}
}

// connect runs one client until it gives up.
func (b *Bot) connect(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := socketmode.New(b.api,
		socketmode.OptionReadLimit(maxFrame),
		socketmode.OptionLog(log.New(io.Discard, "", 0)),
	)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	queues := make([]chan socketmode.Request, socketWorkers)
	for i := range queues {
		queues[i] = make(chan socketmode.Request, socketBacklog)
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case req := <-queues[i]:
					b.request(ctx, client, req)
				}
			}
		})
	}
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case ev := <-client.Events:
				b.socketEvent(ev, queues)
			}
		}
	})
	return client.RunContext(ctx)
}

// socketEvent sorts what the client tells of: its own state, or a request.
func (b *Bot) socketEvent(ev socketmode.Event, queues []chan socketmode.Request) {
	req := ev.Request
	switch ev.Type {
	case socketmode.EventTypeConnected, socketmode.EventTypeHello:
		b.status.set(&b.status.socket, true, "Socket Mode")
		return
	case socketmode.EventTypeConnecting:
		b.status.set(&b.status.socket, false, "Socket Mode: connecting")
		return
	case socketmode.EventTypeConnectionError:
		b.status.set(&b.status.socket, false, "Socket Mode: cannot connect; trying again")
		return
	case socketmode.EventTypeErrorBadMessage:
		// The library rejects a whole event for one block it does not know. What
		// is needed of the event can be read all the same.
		if bad, ok := ev.Data.(*socketmode.ErrorBadMessage); ok {
			req = &socketmode.Request{}
			if json.Unmarshal(bad.Message, req) != nil {
				req = nil
			}
		}
	}
	if req == nil || req.EnvelopeID == "" {
		return
	}
	select {
	case queues[worker(req.Payload)] <- *req:
	default:
		b.cfg.Count("overflow")
	}
}

// worker picks the worker of a payload's channel.
func worker(payload json.RawMessage) int {
	var where struct {
		Event struct {
			Channel string `json:"channel"`
		} `json:"event"`
	}
	_ = decode(payload, &where) // one without a channel goes to whichever comes out
	h := fnv.New32a()
	io.WriteString(h, where.Event.Channel)
	return int(h.Sum32() % socketWorkers)
}

// request stores what came and acknowledges it only then.
func (b *Bot) request(ctx context.Context, client *socketmode.Client, req socketmode.Request) {
	store, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	var err error
	switch req.Type {
	case socketmode.RequestTypeEventsAPI:
		var env envelope
		if err = decode(req.Payload, &env); err == nil {
			err = b.event(store, env)
		}
	case socketmode.RequestTypeInteractive:
		var act interaction
		if err = decode(req.Payload, &act); err == nil {
			err = b.interact(store, act)
		}
	}
	switch {
	case err == errMalformed:
		b.cfg.Count("malformed") // again it would be no better
	case err != nil:
		b.log.Error("slack event not stored; slack will send it again", "err", err)
		return
	}
	if err := client.AckCtx(store, req.EnvelopeID, nil); err != nil {
		b.log.Debug("slack event stored but not acknowledged", "err", safe(err))
	}
}
