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
	KindClarify   Kind = "clarify" // which of several close answers is meant
	KindHandoff   Kind = "handoff"
)

// Trace is why the bot answered as it did, recorded with each of its messages
// by the code that answered.
type Trace struct {
	Kind       Kind          `json:"kind"`
	Decision   Decision      `json:"decision,omitempty"`
	Query      string        `json:"query,omitempty"`     // as searched
	Rewritten  bool          `json:"rewritten,omitempty"` // a model made Query of the dialogue
	Chosen     bool          `json:"chosen,omitempty"`    // the customer pressed an option that stood for the passage
	Confidence float64       `json:"confidence"`
	Thresholds *Thresholds   `json:"thresholds,omitempty"` // in force when Confidence was judged
	Passages   []TracedHit   `json:"passages,omitempty"`
	Model      string        `json:"model,omitempty"`
	Error      ErrorKind     `json:"error,omitempty"` // why no model answered although there is one
	Tokens     *PromptTokens `json:"tokens,omitempty"`
	Usage      *Usage        `json:"usage,omitempty"`   // of the answer's own call
	Cost       int64         `json:"cost_micros"`       // of all the turn's calls, in millionths of a US dollar
	Summary    string        `json:"summary,omitempty"` // the model's brief when it handed over
	Flagged    string        `json:"flagged,omitempty"` // what moderation held something back for

	Calibration   string  `json:"calibration,omitempty"`    // that Confidence is by
	Reranker      string  `json:"reranker,omitempty"`       // that judged the first passages
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
	RerankRank   int     `json:"rerank_rank,omitempty"`
	RerankScore  float64 `json:"rerank_score,omitempty"`
	Score        float64 `json:"score"`
	Sent         bool    `json:"sent"`  // the model was given it
	Cited        bool    `json:"cited"` // the answer rests on it
	Fate         Fate    `json:"fate"`
}

// Decision is what the confidence, or the customer, decided.
type Decision string

// The decisions. In all of them but the last two the bot has had its say.
const (
	DecisionAnswer  Decision = "answer"
	DecisionOffer   Decision = "offer"   // an answer, and a person offered after it
	DecisionUnknown Decision = "unknown" // "I don't know", and a person offered
	DecisionClarify Decision = "clarify" // asked back
	DecisionChat    Decision = "chat"    // nothing was asked
	DecisionPerson  Decision = "person"  // handed over
)

// Fate is what became of a passage that was found.
type Fate string

// The fates of passages.
const (
	FateCited     Fate = "cited"           // the answer rests on it
	FateSent      Fate = "sent"            // the model was given it and did not cite it
	FateNoRoom    Fate = "no_room"         // the token budget had none for it
	FateThreshold Fate = "below_threshold" // the confidence was too low for any to be shown
	FateOutscored Fate = "outscored"       // others fit so much better that it was not shown
	FateOffered   Fate = "offered"         // named in the question that was asked back
	FateUnused    Fate = "unused"          // the answer needed none
)

// take records what was found, of which the first sent went to the model.
func (t *Trace) take(r knowledge.Result, sent int, cited []Source) {
	t.Query, t.Confidence, t.HistoryWeight = r.Query, r.Confidence, r.HistoryWeight
	t.Calibration, t.Reranker = r.Calibration, r.Reranker
	t.Passages = make([]TracedHit, len(r.Hits))
	for i, h := range r.Hits {
		t.Passages[i] = TracedHit{
			Passage: h.ID, Title: h.Title, LexicalRank: h.LexicalRank, DenseRank: h.DenseRank,
			LexicalScore: h.LexicalScore, DenseScore: h.DenseScore, RerankRank: h.RerankRank, RerankScore: h.RerankScore,
			Score: h.Score, Sent: i < sent, Fate: t.fate(i < sent),
		}
		for _, c := range cited {
			if c.Passage == h.ID {
				t.Passages[i].Cited, t.Passages[i].Fate = true, FateCited
			}
		}
	}
}

// fate is what became of a passage that the answer does not cite.
func (t *Trace) fate(sent bool) Fate {
	switch {
	case sent:
		return FateSent
	case t.Model != "":
		return FateNoRoom
	case t.Kind == KindUnknown:
		return FateThreshold
	}
	return FateOutscored
}

func (t Trace) json() json.RawMessage {
	b, err := json.Marshal(t)
	if err != nil { // a NaN score is the only way; the answer matters more
		return nil
	}
	return b
}
