// Package bots holds what every channel adapter shares: the receiver it hands
// verified customer messages to.
package bots

import (
	"context"

	"frontdesk/conversation"
)

// Receiver takes customer messages from a channel.
type Receiver interface {
	// Receive stores in and makes its turn due. When it returns without an
	// error the message survives a crash, so the channel may acknowledge it.
	// A message whose external id was stored before gives the same receipt
	// again, with Repeat set; with another text it gives ErrConflict.
	Receive(ctx context.Context, in conversation.Inbound) (conversation.Receipt, error)
}
