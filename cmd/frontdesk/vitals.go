package main

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/console"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge/knowledgedb"
)

const (
	// vitalsEvery and findingsEvery are how long an answer is good for: however many
	// pages are open, the database is asked that often, and the platforms and the
	// database server's installation that seldom.
	vitalsEvery, findingsEvery = 5 * time.Second, time.Minute
)

// vitals is the console's Health.
type vitals struct {
	cfg      *Config
	store    *conversationdb.Store
	jobs     *knowledgedb.Jobs
	channels *channels
	now      func() time.Time

	database kept[conversation.Vitals]
	findings kept[[]console.Finding]
	reports  kept[map[string]conversation.ChannelVitals]
}

func newVitals(cfg *Config, store *conversationdb.Store, jobs *knowledgedb.Jobs, c *channels) *vitals {
	return &vitals{cfg: cfg, store: store, jobs: jobs, channels: c, now: time.Now}
}

// kept is an answer that is good for a while.
type kept[T any] struct {
	mu   sync.Mutex // guards the rest, and lets one look at a time through
	at   time.Time
	last T
}

// get returns the answer and when it was found. look is not cut by whoever asks first
// going away, since others wait for the same; it bounds itself.
func (k *kept[T]) get(ctx context.Context, now time.Time, good time.Duration, look func(context.Context) (T, error)) (T, time.Time, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.at.IsZero() && now.Sub(k.at) < good {
		return k.last, k.at, nil
	}
	got, err := look(context.WithoutCancel(ctx))
	if err != nil {
		var none T
		return none, time.Time{}, err
	}
	k.at, k.last = now, got
	return got, now, nil
}

// Health implements console.Health.
func (v *vitals) Health(ctx context.Context) (console.HealthReport, error) {
	r := console.HealthReport{Version: version(), Go: runtime.Version()}
	var err error
	r.Vitals, r.At, err = v.database.get(ctx, v.now(), vitalsEvery, func(ctx context.Context) (conversation.Vitals, error) {
		return v.store.Vitals(ctx, turnStuck)
	})
	if err != nil {
		return r, err
	}
	r.At = r.At.UTC()
	r.Findings, _, err = v.findings.get(ctx, v.now(), findingsEvery, func(ctx context.Context) ([]console.Finding, error) {
		return v.examine(ctx), nil
	})
	r.Findings = slices.Clone(r.Findings)
	for _, w := range r.OffWebhooks {
		r.Findings = append(r.Findings, webhookFinding(w))
	}
	return r, err
}

// examine is what frontdesk doctor finds. That the address is taken is no finding: this
// server is why.
func (v *vitals) examine(ctx context.Context) []console.Finding {
	ctx, cancel := context.WithTimeout(ctx, doctorTimeout)
	defer cancel()
	out := []console.Finding{}
	for _, f := range examine(ctx, v.cfg, v.now(), platform()) {
		if f.Check != portCheck {
			out = append(out, console.Finding{Check: f.Check, Verdict: f.Verdict, Detail: f.Detail, Advice: f.Advice})
		}
	}
	return out
}

func webhookFinding(w conversation.WebhookFail) console.Finding {
	since := w.Since.UTC().Format("2 January 2006 15:04 UTC")
	f := console.Finding{Check: "webhook", Verdict: verdictWarning, Detail: "the webhook at " + w.Host + " has taken nothing since " + since,
		Advice: "Its log says why. After five days it is switched off."}
	if w.Off != "" {
		f.Detail = "the webhook at " + w.Host + " was switched off on " + since + ": it took nothing for five days"
		f.Advice = "Mend its receiver, then switch it on again."
	}
	if w.Off == conversation.WebhookOffGone {
		f.Detail = "the webhook at " + w.Host + " was switched off on " + since + ": it answered that it is gone (410)"
	}
	return f
}

// RetryJob implements console.Health.
func (v *vitals) RetryJob(ctx context.Context, id int64) error {
	known, err := v.jobs.Retry(ctx, id)
	if err == nil && !known {
		err = conversation.ErrNoJob
	}
	return err
}
