package knowledge

import (
	"context"
	"errors"
	"time"
)

// Progress is how far a document is on its present stage: pages read of a
// PDF, passages embedded. A Total of 0 says that it is not known.
type Progress struct{ Done, Total int }

type progressKey struct{}

// WithProgress returns a context under which ReportProgress calls report, from
// whatever goroutine reads.
func WithProgress(ctx context.Context, report func(Progress)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

// ReportProgress tells whoever asked by WithProgress how far a reader is. It
// costs next to nothing where nobody did.
func ReportProgress(ctx context.Context, p Progress) {
	if report, ok := ctx.Value(progressKey{}).(func(Progress)); ok {
		report(p)
	}
}

// progressEvery is how often progress is stored: as often as a person looks.
const progressEvery = 400 * time.Millisecond

// reporting stores the progress of a document while it is read, now and then, and
// stops the reading by cancel when the document was deleted meanwhile.
// What cannot be stored is left out: it is only for the eye.
func (in *Ingest) reporting(ctx context.Context, id string, cancel context.CancelCauseFunc) context.Context {
	last := time.Now()
	return WithProgress(ctx, func(p Progress) {
		if time.Since(last) < progressEvery {
			return
		}
		last = time.Now()
		err := in.store.SetProgress(ctx, id, p)
		if errors.Is(err, ErrNotFound) {
			cancel(err)
			return
		}
		if err != nil && ctx.Err() == nil {
			in.log.DebugContext(ctx, "progress not stored", "document", id, "error", err)
		}
	})
}

// Changes are the documents and sites that have changed since a moment.
type Changes struct {
	At        time.Time // the moment, by the store's clock, to ask for what comes next
	Documents []Document
	Sites     []Site
}
