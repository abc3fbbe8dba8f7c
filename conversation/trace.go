package conversation

import (
	"encoding/json"

	"frontdesk/knowledge"
)

// Kind is how a bot message came about.
type Kind string

// Kinds of bot answers, in the order they are tried.
const (
	KindSmallTalk Kind = "small_talk" // a greeting or thanks, answered without looking anything up
	KindVerbatim  Kind = "verbatim"   // an FAQ answer word for word
	KindModel     Kind = "model"
	KindQuoted    Kind = "quoted"  // passages themselves, without a model
	KindUnknown   Kind = "unknown" // "I don't know"
	KindHandoff   Kind = "handoff"
)

// Trace is why the bot answered as it did, recorded with each of its messages
// by the code that answered.
type Trace struct {
	Kind       Kind          `json:"kind"`
	Query      string        `json:"query,omitempty"` // as searched
	Confidence float64       `json:"confidence"`
	Passages   []TracedHit   `json:"passages,omitempty"`
	Model      string        `json:"model,omitempty"`
	Error      ErrorKind     `json:"error,omitempty"` // why no model answered although there is one
	Tokens     *PromptTokens `json:"tokens,omitempty"`
	Usage      *Usage        `json:"usage,omitempty"`
	Summary    string        `json:"summary,omitempty"` // the model's brief when it handed over

	HistoryWeight float64 `json:"history_weight,omitempty"` // knowledge.Result's
}

// TracedHit is one passage that was found, and what became of it.
type TracedHit struct {
	Passage      string  `json:"passage"`
	Title        string  `json:"title"`
	LexicalRank  int     `json:"lexical_rank"`
	DenseRank    int     `json:"dense_rank"`
	LexicalScore float64 `json:"lexical_score"`
	DenseScore   float64 `json:"dense_score"`
	Score        float64 `json:"score"`
	Sent         bool    `json:"sent"`  // the model was given it
	Cited        bool    `json:"cited"` // the answer rests on it
}

// take records what was found, of which the first sent went to the model.
func (t *Trace) take(r knowledge.Result, sent int, cited []Source) {
	t.Query, t.Confidence, t.HistoryWeight = r.Query, r.Confidence, r.HistoryWeight
	t.Passages = make([]TracedHit, len(r.Hits))
	for i, h := range r.Hits {
		t.Passages[i] = TracedHit{
			Passage: h.ID, Title: h.Title, LexicalRank: h.LexicalRank, DenseRank: h.DenseRank,
			LexicalScore: h.LexicalScore, DenseScore: h.DenseScore, Score: h.Score, Sent: i < sent,
		}
		for _, c := range cited {
			if c.Passage == h.ID {
				t.Passages[i].Cited = true
			}
		}
	}
}

func (t Trace) json() json.RawMessage {
	b, err := json.Marshal(t)
	if err != nil { // a NaN score is the only way; the answer matters more
		return nil
	}
	return b
}
