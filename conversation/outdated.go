package conversation

// maxOutdated bounds the conversations whose epoch is remembered: those that changed
// last, which is where pieces of an outdated answer may still be under way.
const maxOutdated = 4096

// outdated remembers since which epoch nothing older may be shown of a conversation. The
// zero value is ready. It is not safe for concurrent use.
type outdated struct {
	epochs map[string]int64
	order  []string // of epochs, a ring
	next   int
}

// note remembers that answers begun before that epoch are over.
func (o *outdated) note(conversation string, epoch int64) {
	if o.epochs == nil {
		o.epochs = map[string]int64{}
	}
	if known, ok := o.epochs[conversation]; ok {
		o.epochs[conversation] = max(known, epoch)
		return
	}
	if len(o.order) < maxOutdated {
		o.order = append(o.order, conversation)
	} else {
		delete(o.epochs, o.order[o.next])
		o.order[o.next] = conversation
		o.next = (o.next + 1) % maxOutdated
	}
	o.epochs[conversation] = epoch
}

// is reports whether a piece is of an answer that is over.
func (o *outdated) is(piece Event) bool {
	return piece.Epoch > 0 && piece.Epoch < o.epochs[piece.Conversation]
}
