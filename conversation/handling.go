package conversation

import (
	"context"
	"errors"
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

// LifeSettings are the two settings that conversations live by.
type LifeSettings struct {
	Hours    Hours
	Handling Handling
}

// Hours returns when people answer, as stored.
func (e *Engine) Hours(ctx context.Context) (Hours, error) {
	s, err := e.readSettings(ctx)
	return s.Hours, err
}

// Handling returns how long what may take, as stored.
func (e *Engine) Handling(ctx context.Context) (Handling, error) {
	s, err := e.readSettings(ctx)
	return s.Handling, err
}

// PutHours changes when people answer, here at once and on other replicas within a
// second. ErrSetting; ErrVersion with what is stored.
func (e *Engine) PutHours(ctx context.Context, h Hours) (Hours, error) {
	err := e.putValue(ctx, sectionHours, h, h.Version)
	if err == nil || errors.Is(err, ErrVersion) {
		return e.Settings().Hours, err
	}
	return h, err
}

// PutHandling changes how long what may take, and has every open conversation looked
// at again within a minute. Errors as for PutHours.
func (e *Engine) PutHandling(ctx context.Context, h Handling) (Handling, error) {
	err := e.putValue(ctx, HandlingSection, h, h.Version)
	if err == nil || errors.Is(err, ErrVersion) {
		return e.Settings().Handling, err
	}
	return h, err
}
