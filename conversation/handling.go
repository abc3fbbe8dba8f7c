package conversation

import (
	"context"
	"fmt"
	"time"
)

// Handling is how long what may take. Zero switches a rule off.
type Handling struct {
	IdleMinutes     int   `json:"idle_minutes"`     // a customer waits on a member of staff before they are back in the queue
	ResolveHours    int   `json:"resolve_hours"`    // a customer is silent before the conversation is closed
	RemindMinutes   int   `json:"remind_minutes"`   // of open time a customer waits before staff are reminded
	EscalateMinutes int   `json:"escalate_minutes"` // of open time before the priority is raised
	StickyHours     int   `json:"sticky_hours"`     // after a close a customer comes back to the same person
	OfflineEmail    bool  `json:"offline_email"`    // whoever comes when nobody is there is asked for an address
	Version         int64 `json:"version"`
}

// DefaultHandling holds until somebody changes it; its version is 0.
var DefaultHandling = Handling{IdleMinutes: 15, ResolveHours: 24, RemindMinutes: 5, EscalateMinutes: 15, StickyHours: 24, OfflineEmail: true}

// Check returns an error that wraps ErrSetting for a value nobody can mean.
func (h Handling) Check() error {
	const day, year = 24 * 60, 24 * 366
	for _, b := range []struct {
		name  string
		value int
		most  int
	}{
		{"idle_minutes", h.IdleMinutes, 7 * day}, {"resolve_hours", h.ResolveHours, year}, {"remind_minutes", h.RemindMinutes, 7 * day},
		{"escalate_minutes", h.EscalateMinutes, 7 * day}, {"sticky_hours", h.StickyHours, 24 * 31},
	} {
		if b.value < 0 || b.value > b.most {
			return fmt.Errorf("%w: %s is not a number from 0 to %d", ErrSetting, b.name, b.most)
		}
	}
	return nil
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func hours(n int) time.Duration { return time.Duration(n) * time.Hour }

// LifeSettings are the two settings as they are stored. One that nobody has stored
// has version 0.
type LifeSettings struct {
	Hours    Hours
	Handling Handling
}

// Settings keeps what people change while the servers run.
type Settings interface {
	LifeSettings(ctx context.Context) (LifeSettings, error)
	// PutHours stores h where the stored version is still h.Version, and returns it
	// with its new one; else ErrVersion with what is stored.
	PutHours(ctx context.Context, h Hours) (Hours, error)
	// PutHandling does the same, and has every open conversation looked at again
	// within a minute.
	PutHandling(ctx context.Context, h Handling) (Handling, error)
}

// Hours returns when people answer, as stored.
func (e *Engine) Hours(ctx context.Context) (Hours, error) {
	s, err := e.d.Store.LifeSettings(ctx)
	return s.Hours, err
}

// Handling returns how long what may take, as stored.
func (e *Engine) Handling(ctx context.Context) (Handling, error) {
	s, err := e.d.Store.LifeSettings(ctx)
	return s.Handling, err
}

// PutHours changes when people answer, here at once and on other replicas within a
// second. ErrSetting; ErrVersion with what is stored.
func (e *Engine) PutHours(ctx context.Context, h Hours) (Hours, error) {
	h, err := h.Check()
	if err != nil {
		return h, err
	}
	if h, err = e.d.Store.PutHours(ctx, h); err == nil {
		e.refresh(ctx)
	}
	return h, err
}

// PutHandling changes how long what may take. Errors as for PutHours.
func (e *Engine) PutHandling(ctx context.Context, h Handling) (Handling, error) {
	if err := h.Check(); err != nil {
		return h, err
	}
	h, err := e.d.Store.PutHandling(ctx, h)
	if err == nil {
		e.refresh(ctx)
	}
	return h, err
}
