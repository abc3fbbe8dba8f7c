package conversation

import "context"

// LoadSettings has the engine go by what is stored from now on. Run begins with it;
// whoever uses an engine without running it, or before, calls it first.
func (e *Engine) LoadSettings(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	_, err := e.readSettings(ctx)
	return err
}

// FollowSettings keeps an engine that is not Run at the stored settings until ctx ends.
func (e *Engine) FollowSettings(ctx context.Context) { e.heed(ctx) }
