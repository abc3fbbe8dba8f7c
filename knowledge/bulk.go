package knowledge

import "errors"

// ErrNoBulk is returned where the embedder's server takes no batches: what was
// meant for one is embedded directly.
var ErrNoBulk = errors.New("knowledge: the server takes no batches")

// BulkText is one of many texts that are embedded without haste.
type BulkText struct {
	Key  string // by which its vector is known again; once in a batch
	Text string
}

// BulkState is how far a batch is at the provider.
type BulkState string

// The states of a batch. One that has ended may have vectors whatever ended it.
const (
	BulkUnderWay  BulkState = "under way"
	BulkCompleted BulkState = "completed"
	BulkExpired   BulkState = "expired" // not all was done within the provider's time
	BulkCancelled BulkState = "cancelled"
	BulkFailed    BulkState = "failed"  // refused as a whole
	BulkUnknown   BulkState = "unknown" // the provider does not know it, or not any more
)

// BulkReport sums up what came of a batch.
type BulkReport struct {
	Embedded, Failed int    // texts
	Why              string // of the first that failed, fit for a log; never a text
	Tokens           int
	CostMicros       int64 // in millionths of a US dollar; 0 where the price is not known
}
