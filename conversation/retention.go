package conversation

// Retention is how many days what is stored is kept; nil is for ever.
type Retention struct {
	ConversationsDays *int `json:"conversations_days"` // since a resolved conversation last changed
	FilesDays         *int `json:"files_days"`         // the bytes of what customers sent
	CallsDays         *int `json:"calls_days"`         // single model calls, with what they cost
}

// Check returns a *SettingError for a number of days that nobody can mean.
func (r Retention) Check() error {
	for _, f := range []struct {
		field string
		days  *int
	}{{"conversations_days", r.ConversationsDays}, {"files_days", r.FilesDays}, {"calls_days", r.CallsDays}} {
		if f.days != nil && (*f.days < 1 || *f.days > maxDays) {
			return wrong(f.field, "is not a number of days from 1 to %d, or empty for ever", maxDays)
		}
	}
	return nil
}

// Forgotten counts what retention has deleted.
type Forgotten struct {
	Conversations int64
	Unsaid        int64 // conversations in which nobody ever said anything
	Contacts      int64 // of whom no conversation is left
	Files         int64 // whose bytes were deleted
	Calls         int64
}

// Add adds to f what another step deleted.
func (f *Forgotten) Add(o Forgotten) {
	f.Conversations += o.Conversations
	f.Unsaid += o.Unsaid
	f.Contacts += o.Contacts
	f.Files += o.Files
	f.Calls += o.Calls
}
