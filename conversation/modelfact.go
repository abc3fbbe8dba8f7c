package conversation

import "time"

// ModelFact is what is known of a model that is, or could be, configured.
type ModelFact struct {
	Name  string
	Tasks []string // it is configured for: answer, embed, transcribe, rerank …
	Known bool     // its prices are

	// US dollars per million tokens.
	Input, Cached, Output float64
	Overridden            bool        // the prices are the admin's own
	Listed                *ModelPrice // then the known ones, where there are any

	Context   int       // tokens; 0: not known
	Shutdown  time.Time // zero when none is announced
	Successor string
}
