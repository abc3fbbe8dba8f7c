package conversation

import (
	"context"
	"errors"
)

// DeliveryState is how far a message has come on its way to the customer.
type DeliveryState string

// The states. What failed is not tried again until somebody asks for it.
const (
	DeliveryPending DeliveryState = "pending"
	DeliverySent    DeliveryState = "sent"
	DeliveryFailed  DeliveryState = "failed"
)

// DeliveryReport is how the delivery of one message stands.
type DeliveryReport struct {
	State    DeliveryState
	Error    string // of the newest attempt that failed, for staff
	Attempts int    // since it was last made due
}

// ErrNoDelivery is returned for a message that leaves through no channel's own API.
var ErrNoDelivery = errors.New("conversation: no such delivery")

// Redeliveries makes deliveries that were given up due again.
type Redeliveries interface {
	// Redeliver makes a failed delivery due as if it were new. ErrNoDelivery;
	// ErrNotCurrent, with how it stands, when it has not failed.
	Redeliver(ctx context.Context, conversation string, seq int64) (DeliveryReport, error)
}

// Redeliver has a failed delivery tried again. ErrNoDelivery; ErrNotCurrent when it has
// not failed.
func (in *Inbox) Redeliver(ctx context.Context, id string, seq int64) (DeliveryReport, error) {
	r, err := in.InboxStore.Redeliver(ctx, id, seq)
	if err == nil {
		in.e.tellDelivery(id, seq, r)
	}
	return r, err
}

// tellDelivery tells staff, here and on other replicas, how a delivery stands now.
func (e *Engine) tellDelivery(id string, seq int64, r DeliveryReport) {
	ev := Event{Kind: EventDelivery, Conversation: id, Seq: seq, Delivery: &r}
	e.hub.Publish(ev)
	e.d.Bus.Relay(ev)
}
