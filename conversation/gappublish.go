package conversation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdesk/knowledge"
)

const (
	retryBatch   = 20
	findPatience = 10 * time.Second // for one question asked again
)

// Publish saves an entry and has the gap's questions asked again once it is
// searchable; the gap is closed only if all of them are answered then. Of two
// that publish at once one gets ErrGapState. An entry that cannot be saved is
// refused with the knowledge's error, and the gap is as before.
func (g *Gaps) Publish(ctx context.Context, id string, e knowledge.Entry) (Gap, error) {
	if _, err := knowledge.EntryUpload(e); err != nil {
		return Gap{}, err
	}
	start := GapChange{From: []GapState{GapOpen, GapDrafted}, To: GapPublishing, Draft: &e}
	gap, err := g.set(ctx, id, start)
	if err != nil {
		return gap, err
	}
	if err := g.save(ctx, gap); err != nil {
		back := GapChange{From: []GapState{GapPublishing}, To: GapDrafted, Outcome: "The entry was not saved."}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		defer cancel()
		if undo := g.Store.SetGap(ctx, id, back); undo != nil && !errors.Is(undo, ErrGapState) {
			return Gap{}, errors.Join(err, undo)
		}
		return Gap{}, err
	}
	g.stir()
	return g.Store.Gap(ctx, id)
}

// save puts the gap's entry into the knowledge and remembers where. Doing so
// again after a crash finds the same document.
func (g *Gaps) save(ctx context.Context, gap Gap) error {
	if gap.Draft == nil {
		return fmt.Errorf("%w: gap %s is published without an entry", ErrGapState, gap.ID)
	}
	doc, err := g.Entries.SaveEntry(ctx, gap.DocumentID, *gap.Draft)
	if err != nil {
		return fmt.Errorf("save the entry of gap %s: %w", gap.ID, err)
	}
	err = g.Store.SetGap(ctx, gap.ID, GapChange{From: []GapState{GapPublishing}, To: GapPublishing, Document: doc, Saved: true})
	if errors.Is(err, ErrGapState) {
		return nil // reopened meanwhile; the entry is in the knowledge all the same
	}
	return err
}

// retry brings the gaps that are being published on.
func (g *Gaps) retry(ctx context.Context) (bool, error) {
	list, err := g.Store.Publishing(ctx, retryBatch)
	if err != nil {
		return false, err
	}
	for _, gap := range list {
		if failed := g.retryOne(ctx, gap); failed != nil && !errors.Is(failed, ErrGapState) && !errors.Is(failed, ErrNoGap) {
			err = errors.Join(err, failed)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return false, err
}

func (g *Gaps) retryOne(ctx context.Context, gap Gap) error {
	if !gap.Saved {
		return g.save(ctx, gap) // the process that was to do it is gone, or about to
	}
	end := func(to GapState, outcome string) error {
		return g.Store.SetGap(ctx, gap.ID, GapChange{From: []GapState{GapPublishing}, To: to, Outcome: outcome})
	}
	if gap.DocumentID == "" {
		return end(GapDrafted, "The entry was deleted.")
	}
	doc, err := g.Entries.Document(ctx, gap.DocumentID)
	switch {
	case errors.Is(err, knowledge.ErrNotFound):
		return end(GapDrafted, "The entry was deleted.")
	case err != nil:
		return err
	case doc.Status == knowledge.StatusFailed:
		return end(GapDrafted, "The entry could not be made searchable: "+doc.Error)
	case doc.Status != knowledge.StatusReady:
		return nil
	}
	return g.askAgain(ctx, gap)
}

// askAgain looks the gap's newest questions up as a turn would and closes the gap
// if the entry answers all of them.
func (g *Gaps) askAgain(ctx context.Context, gap Gap) error {
	qs, err := g.Store.GapQuestions(ctx, gap.ID, gapSample)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	open := 0
	for i, q := range qs {
		ok, asked := known[q.Query]
		if !asked {
			if ok, err = g.answers(ctx, q.Query, gap.DocumentID); err != nil {
				return fmt.Errorf("ask a question of gap %s again: %w", gap.ID, err)
			}
			known[q.Query] = ok
		}
		qs[i].Answered = &ok
		if !ok {
			open++
		}
	}
	c := GapChange{From: []GapState{GapPublishing}, To: GapClosed, Saved: true, Outcome: fmt.Sprintf("All of %d questions are answered now.", len(qs))}
	if open > 0 {
		c.To, c.Outcome = GapOpen, fmt.Sprintf("%d of %d questions are still not answered.", open, len(qs))
	}
	return g.Store.Asked(ctx, gap.ID, gap.Changes, qs, c)
}

// answers reports whether a question is answered by the document: its passage is
// the first hit, and either the question is the entry's own or the confidence is
// one at which the bot quotes without reserve.
func (g *Gaps) answers(ctx context.Context, query, document string) (bool, error) {
	if strings.TrimSpace(query) == "" {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, findPatience)
	defer cancel()
	r, err := g.Finder.Find(ctx, knowledge.Query{Text: query})
	if err != nil || len(r.Hits) == 0 || r.Hits[0].DocumentID != document {
		return false, err
	}
	return r.Hits[0].Exact || r.Confidence >= g.judge(r).Answer, nil
}
