package conversation

import (
	"context"
	"errors"
	"time"
)

// pump runs rounds of work until ctx ends: at once as long as a round found any,
// then whenever something changes here, and at each poll for what nothing told of.
func (e *Engine) pump(ctx context.Context, poll time.Duration, round func(context.Context) bool) {
	sub := e.hub.subscribeBare()
	defer sub.Close()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if round(ctx) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-sub.C():
		case <-tick.C:
		}
	}
}

// again says how long to wait before what failed with err is tried once more:
// back-off, or longer where the platform asked for it. It is negative where that
// would be no use.
func again(err error, first time.Duration, attempt int) time.Duration {
	retry := backoff(first, attempt)
	var known *SendError
	if errors.As(err, &known) {
		retry = max(retry, known.RetryAfter)
		if known.Permanent {
			retry = -1
		}
	}
	return retry
}
