package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// webhookWithin bounds one attempt, its answer included.
	webhookWithin = 10 * time.Second
	// webhookLease is when an attempt that nobody settled counts for lost. It is well
	// above what an attempt and its settling may take, so no two are under way at once.
	webhookLease = 45 * time.Second
	// maxWebhookBody is the largest body sent, in bytes.
	maxWebhookBody = 256 << 10
	// maxWebhookText is how much of a message's text goes along, in bytes: JSON may write
	// six for one, and all else is small.
	maxWebhookText = (maxWebhookBody - 8<<10) / 6
	// webhookBatch is how many attempts a replica has under way at once, and webhookEach
	// those to one webhook: a slow one leaves room for the others.
	webhookBatch, webhookEach = 32, 8
	// firstWebhookWait doubles with every attempt up to maxWebhookWait: some twenty
	// attempts in the day that an event is tried for.
	firstWebhookWait, maxWebhookWait = 5 * time.Second, 2 * time.Hour
	// maxWebhookRest bounds what Retry-After can ask for.
	maxWebhookRest = 6 * time.Hour
	// WebhookPatience is how long a webhook may fail before it is switched off.
	WebhookPatience = 5 * 24 * time.Hour
	// WebhookLogAge and MaxWebhookLog bound the log: by age, and by lines of a webhook.
	WebhookLogAge = 30 * 24 * time.Hour
	MaxWebhookLog = 10_000
	// tidyWebhooksEvery is how often what is too old is looked for.
	tidyWebhooksEvery = 10 * time.Minute
)

// Run delivers until ctx ends, then lets what is under way finish, which takes
// webhookWithin at most.
func (h *Webhooks) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { h.tidy(ctx) })
	var (
		mu   sync.Mutex // guards busy and all
		busy = map[string]int{}
		all  int
	)
	ended := make(chan struct{}, 1)
	tick := time.NewTicker(h.tick)
	defer tick.Stop()
	for ctx.Err() == nil {
		mu.Lock()
		room, held := webhookBatch-all, make(map[string]int, len(busy))
		for id, n := range busy {
			held[id] = n
		}
		mu.Unlock()
		calls := h.claim(ctx, held, room)
		mu.Lock()
		for _, c := range calls {
			busy[c.Webhook]++
			all++
		}
		mu.Unlock()
		for _, c := range calls {
			wg.Go(func() {
				h.deliver(context.WithoutCancel(ctx), c)
				mu.Lock()
				if busy[c.Webhook]--; busy[c.Webhook] == 0 {
					delete(busy, c.Webhook)
				}
				all--
				mu.Unlock()
				select {
				case ended <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-ctx.Done():
		case <-ended:
		case <-tick.C:
		}
	}
}

func (h *Webhooks) claim(ctx context.Context, busy map[string]int, room int) []WebhookCall {
	if room == 0 {
		return nil
	}
	// Not cut by a stop: what was claimed unheard would wait for its lease to end.
	claim, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	calls, err := h.outbox.ClaimWebhooks(claim, busy, room, webhookEach, webhookLease)
	if err != nil && ctx.Err() == nil {
		h.cfg.Log.Warn("webhooks not read", "err", err)
	}
	return calls
}

// Test sends a webhook.test now, once, and says what became of it. ErrNoWebhook.
func (h *Webhooks) Test(ctx context.Context, id string) (WebhookResult, error) {
	c, err := h.outbox.TestWebhook(ctx, id, webhookLease)
	if err != nil {
		return WebhookResult{}, err
	}
	return h.deliver(context.WithoutCancel(ctx), c), nil
}

// deliver makes one attempt and settles it.
func (h *Webhooks) deliver(ctx context.Context, c WebhookCall) WebhookResult {
	r := h.attempt(ctx, c)
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	log := h.cfg.Log.With("webhook", c.Webhook, "delivery", c.ID, "event", c.Event)
	if r.Error != "" {
		log.Info("webhook failed", "attempt", c.Attempt, "status", r.Status, "why", r.Error)
	}
	off, err := h.outbox.WebhookDone(ctx, c, r)
	if err != nil {
		log.Error("webhook called but not settled", "err", err) // it will be called again
	}
	if off != "" {
		log.Error("webhook switched off", "why", off)
		h.cfg.Alert(ctx, c.Webhook, off)
	}
	return r
}

func (h *Webhooks) attempt(ctx context.Context, c WebhookCall) WebhookResult {
	ctx, cancel := context.WithTimeout(ctx, webhookWithin)
	defer cancel()
	body, err := webhookBody(c)
	if err != nil {
		return WebhookResult{Error: "cannot be put into words: " + err.Error(), Retry: -1}
	}
	now := h.cfg.Now()
	answer, err := h.cfg.Poster.Post(ctx, c.URL, map[string]string{
		"Content-Type": "application/json", "webhook-id": c.EventID,
		"webhook-timestamp": strconv.FormatInt(now.Unix(), 10), "webhook-signature": h.sign(c, now, body),
	}, body)
	r := WebhookResult{Status: answer.Status, Took: h.cfg.Now().Sub(now)}
	switch {
	case err != nil:
		r.Error = err.Error()
	case answer.Status >= 200 && answer.Status < 300:
		return r
	case answer.Status >= 300 && answer.Status < 400:
		r.Error = fmt.Sprintf("answered %d; redirects are not followed, so give its final address", answer.Status)
	default:
		r.Error = fmt.Sprintf("answered %d", answer.Status)
	}
	r.Gone = answer.Status == 410
	r.Rest = min(answer.RetryAfter, maxWebhookRest)
	r.Retry = max(webhookBackoff(c.Attempt), r.Rest)
	if c.Event == EventWebhookTest || r.Gone {
		r.Retry = -1
	}
	return r
}

// webhookBackoff is spread, so that what failed together does not come back together.
func webhookBackoff(attempt int) time.Duration {
	d := min(maxWebhookWait, firstWebhookWait<<min(max(attempt-1, 0), 20))
	return d*3/4 + rand.N(d/2+1)
}

// webhookBody is the JSON of an event. It depends on nothing but the event, so that all
// attempts say the same.
func webhookBody(c WebhookCall) ([]byte, error) {
	data := map[string]any{}
	if err := json.Unmarshal(c.Data, &data); err != nil {
		return nil, err
	}
	if c.Text != nil {
		text := *c.Text
		if len(text) > maxWebhookText {
			n := maxWebhookText
			for !utf8.RuneStart(text[n]) {
				n--
			}
			text = text[:n]
			data["truncated"] = true
		}
		data["text"] = text
	}
	return json.Marshal(struct {
		Type      EventName      `json:"type"`
		ID        string         `json:"id"`
		Timestamp time.Time      `json:"timestamp"`
		Data      map[string]any `json:"data"`
	}{c.Event, c.EventID, c.At.UTC(), data})
}

// tidy keeps the log within its bounds.
func (h *Webhooks) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyWebhooksEvery)
	defer tick.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			limited, cancel := context.WithTimeout(ctx, storeTimeout)
			var err error
			more, err = h.outbox.TidyWebhooks(limited)
			cancel()
			if err != nil && ctx.Err() == nil {
				h.cfg.Log.Warn("webhook log not tidied", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
