package conversation

// Spending is how much models may cost, in millionths of a US dollar. A nil limit is
// none.
type Spending struct {
	DayMicros          *int64  // of everybody, per day (UTC)
	ConversationMicros *int64  // of one conversation, as long as it lasts
	VisitorMicros      *int64  // of one customer in all their conversations, per day (UTC)
	Warn               float64 // share of DayMicros at which staff are told
}
