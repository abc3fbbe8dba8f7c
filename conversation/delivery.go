package conversation

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Sender delivers messages through one channel's own API. Implementations obey
// the channel's rate limits themselves where they can and return a *SendError
// where the platform says when to come back.
type Sender interface {
	// Send delivers d and returns the platform's id of what it made of it.
	Send(ctx context.Context, d Delivery) (externalID string, err error)
}

// SendError says what to do about a delivery that failed.
type SendError struct {
	RetryAfter time.Duration // as the platform asked; 0: our own back-off
	Permanent  bool          // trying again is no use: blocked, gone, refused
	Err        error         // for staff; holds no token
}

func (e *SendError) Error() string { return "send: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SendError) Unwrap() error { return e.Err }

// Delivery is one message on its way to a customer.
type Delivery struct {
	Message Message
	Channel string
	Account string
	Thread  string
	Attempt int    // 1 the first time
	Lease   string // token
}

// Outbox hands out deliveries. Within a conversation only the oldest one not
// settled yet is ever handed out, so order holds whatever fails.
type Outbox interface {
	ClaimDeliveries(ctx context.Context, channels []string, limit int, lease time.Duration) ([]Delivery, error)
	// Sent settles a delivery.
	Sent(ctx context.Context, d Delivery, externalID string) error
	// Unsent puts a delivery off by retry, or gives it up when retry is negative.
	Unsent(ctx context.Context, d Delivery, why string, retry time.Duration) error
}

// How deliveries are tried: with back-off from firstBackoff doubling to
// maxBackoff, for about a day in all, before staff are shown that it failed.
const (
	firstBackoff        = time.Second
	maxBackoff          = 10 * time.Minute
	maxDeliveryAttempts = 150
	sendTimeout         = 30 * time.Second
	deliveryBatch       = 32 // under way at once on a channel
)

// Courier takes deliveries from an outbox to the channels' senders.
type Courier struct {
	outbox  Outbox
	senders map[string]Sender
	e       *Engine
	poll    time.Duration
	first   time.Duration // back-off after the first failure
}

// NewCourier returns a courier for the channels that senders has; its Run must be
// called. It listens to e for new messages and polls for what no event told of.
func NewCourier(e *Engine, outbox Outbox, senders map[string]Sender) *Courier {
	return &Courier{outbox: outbox, senders: senders, e: e, poll: e.cfg.Poll, first: e.cfg.Backoff}
}

// Run delivers until ctx ends, then lets what is being sent finish. Each channel has a
// lane of its own: a platform that hangs holds up nobody else.
func (c *Courier) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for name := range c.senders {
		wg.Go(func() { c.lane(ctx, name) })
	}
	wg.Wait()
}

// lane keeps up to deliveryBatch of a channel's deliveries under way. None waits for
// another but those of its own conversation, which the outbox sees to.
func (c *Courier) lane(ctx context.Context, channel string) {
	sub := c.e.hub.subscribeBare()
	defer sub.Close()
	tick := time.NewTicker(c.poll)
	defer tick.Stop()
	var wg sync.WaitGroup
	defer wg.Wait()
	places := make(chan struct{}, deliveryBatch)
	ended := make(chan struct{}, 1) // the next one of a conversation may go
	for ctx.Err() == nil {
		ds := c.claim(ctx, channel, cap(places)-len(places))
		for _, d := range ds {
			places <- struct{}{}
			wg.Go(func() {
				c.deliver(context.WithoutCancel(ctx), d)
				<-places
				select {
				case ended <- struct{}{}:
				default:
				}
			})
		}
		if len(ds) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-sub.C():
		case <-ended:
		case <-tick.C:
		}
	}
}

// claim takes up to limit deliveries of a channel.
func (c *Courier) claim(ctx context.Context, channel string, limit int) []Delivery {
	if limit == 0 {
		return nil
	}
	// Not cut by a stop: what was claimed unheard would wait for its lease to end.
	claim, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	ds, err := c.outbox.ClaimDeliveries(claim, []string{channel}, limit, 2*sendTimeout)
	if err != nil && ctx.Err() == nil {
		c.e.log.Warn("deliveries not read", "channel", channel, "err", err)
	}
	return ds
}

func (c *Courier) deliver(ctx context.Context, d Delivery) {
	send, cancel := context.WithTimeout(ctx, sendTimeout)
	external, err := c.senders[d.Channel].Send(send, d)
	cancel()
	ctx, cancel = context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	id, seq := d.Message.Conversation, d.Message.Seq
	if err == nil {
		if err := c.outbox.Sent(ctx, d, external); err != nil {
			c.e.log.Error("delivery sent but not settled", "conversation", id, "seq", seq, "err", err)
			return
		}
		c.e.tellDelivery(id, seq, DeliveryReport{State: DeliverySent, Attempts: d.Attempt})
		return
	}
	retry := again(err, c.first, d.Attempt)
	if d.Attempt >= maxDeliveryAttempts {
		retry = -1
	}
	c.e.log.Warn("delivery failed", "conversation", id, "seq", seq, "channel", d.Channel,
		"attempt", d.Attempt, "final", retry < 0, "err", err)
	if err := c.outbox.Unsent(ctx, d, err.Error(), retry); err != nil {
		c.e.log.Error("failed delivery not settled", "conversation", id, "seq", seq, "err", err)
		return
	}
	report := DeliveryReport{State: DeliveryPending, Error: err.Error(), Attempts: d.Attempt}
	if retry < 0 {
		report.State = DeliveryFailed
	}
	c.e.tellDelivery(id, seq, report)
}

// backoff doubles with each attempt and is spread, so that what failed together
// does not come back together.
func backoff(first time.Duration, attempt int) time.Duration {
	d := min(maxBackoff, first<<min(attempt-1, 20))
	return d/2 + rand.N(d/2+1)
}
