package conversation

import (
	"errors"
	"testing"
	"time"

	"frontdesk/knowledge"
)

func TestAnErrandIsHeldAndSettledAtItsShareOfThePrice(t *testing.T) {
	b := &bank{}
	p := purseWith(b, dayLimit, nil)
	e := Errand{ID: "batch", Purpose: "embed_batch", Model: "dear", Share: .5, Lapse: time.Hour}
	if err := p.SetAside(t.Context(), e, 1001); err != nil {
		t.Fatalf("SetAside = %v", err)
	}
	if h := b.reserved[0]; h.ID != "batch" || h.Micros != 5005 || !h.Quiet || h.Lapse < time.Hour {
		t.Errorf("reserved %+v, want half of 10,010 under the errand's name for an hour and more", h)
	}
	e.Model = "cheap"
	if c := p.Settled(e, Usage{InputTokens: 7, CostMicros: 99}); c.Usage.CostMicros != 4 || c.Hold != "batch" || c.Outcome != callOK || c.Usage.Unpriced {
		t.Errorf("Settled = %+v, want half of 7, rounded up", c)
	}
	e.Model = "strange"
	if c := p.Settled(e, Usage{InputTokens: 7, CostMicros: 99}); c.Usage.CostMicros != 99 {
		t.Errorf("Settled = %+v, want what the provider says where there is no price", c)
	}
	if c := p.Settled(e, Usage{InputTokens: 7}); c.Usage.CostMicros != 0 || !c.Usage.Unpriced {
		t.Errorf("Settled = %+v, want it known as unpriced", c)
	}
}

func TestAnErrandWaitsForRoomAndIsNotMadeWhereThereNeverIsAny(t *testing.T) {
	b := &bank{held: Held{Refused: "day", Spent: 5}}
	p := purseWith(b, dayLimit, nil)
	e := Errand{ID: "batch", Model: "dear", Share: .5, Lapse: time.Hour}
	if err := p.SetAside(t.Context(), e, 10); !errors.Is(err, knowledge.ErrOverBudget) || !overBudget(err) || p.Refused() != 1 {
		t.Errorf("SetAside = %v after %d refusals, want ErrOverBudget after one", err, p.Refused())
	}
	if err := p.SetAside(t.Context(), e, 200_001); !errors.Is(err, knowledge.ErrTooDear) || len(b.reserved) != 1 {
		t.Errorf("SetAside = %v, want ErrTooDear and nothing asked for", err)
	}
	unlimited := purseWith(b, nil, nil)
	if err := unlimited.SetAside(t.Context(), e, 200_001); err != nil || len(b.reserved) != 1 {
		t.Errorf("SetAside without limits = %v, want nothing asked for", err)
	}
}
