package conversation

import "context"

// MaxAsked is how many of the customer's messages a briefing shows.
const MaxAsked = 3

// Briefing is what whoever takes a conversation over is to know of it, from what is
// stored: no model is called for it.
type Briefing struct {
	// Summary is the brief the model wrote when it handed over, or what it noted of the
	// messages that no longer fit its prompt; Handover tells the first from the second.
	// It may be empty.
	Summary  string
	Handover bool
	Reason   Reason   // why the bot gave it up last; empty while it has not
	Asked    []string // the customer's newest messages of the episode, oldest first, each cut
	Said     int      // how many the customer has written in it
	Tried    []string // titles of what the bot found for the last of them, the best first
}

// Briefings reads what there is to know at a takeover.
type Briefings interface {
	// Briefing returns a conversation's. ErrNotFound.
	Briefing(ctx context.Context, id string) (Briefing, error)
}
