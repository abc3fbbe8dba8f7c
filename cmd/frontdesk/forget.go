package main

import (
	"context"
	"log/slog"
	"time"

	"frontdesk/conversation/staff"
)

// forgetEvery is how often what is too old in the audit log is deleted.
const forgetEvery = 6 * time.Hour

// forgetAudit deletes entries older than days until ctx ends; 0 keeps them all.
func forgetAudit(ctx context.Context, s *staff.Service, days int, log *slog.Logger) {
	if days == 0 {
		return
	}
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if n, err := s.ForgetAudit(ctx, time.Duration(days)*24*time.Hour); err != nil && ctx.Err() == nil {
			log.Warn("old audit entries stay", "error", err)
		} else if n > 0 {
			log.Info("old audit entries deleted", "entries", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
