package console

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Finder finds passages: the very code that the bot runs.
type Finder interface {
	Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error)
}

type searchRequest struct {
	Query   string        `json:"query"`
	Limit   int           `json:"limit,omitempty"`
	History []saidMessage `json:"history,omitempty"`
}

// saidMessage is an earlier message of a dialogue. As a bare string it is the customer's.
type saidMessage struct {
	Text string `json:"text"`
	Ours bool   `json:"ours,omitempty"` // said by the bot or by staff
}

// UnmarshalJSON reads an object or a string.
func (m *saidMessage) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &m.Text)
	}
	type plain saidMessage // without this method
	return json.Unmarshal(b, (*plain)(m))
}

// HitView is a passage as found, with the reasons for its place.
type HitView struct {
	ID           string   `json:"id"`
	DocumentID   string   `json:"document_id"`
	Document     string   `json:"document"`
	Ordinal      int      `json:"ordinal"`
	Title        string   `json:"title"`
	Alternatives []string `json:"alternatives,omitempty"`
	Heading      string   `json:"heading,omitempty"`
	Page         int      `json:"page,omitempty"`
	Text         string   `json:"text"`
	Lang         string   `json:"lang,omitempty"`
	URL          string   `json:"url,omitempty"`
	// LexicalRank and DenseRank count from 1; null where that ranking did not
	// list the passage.
	LexicalRank  *int     `json:"lexical_rank"`
	DenseRank    *int     `json:"dense_rank"`
	LexicalScore *float64 `json:"lexical_score"`
	HistoryScore *float64 `json:"history_score"` // what of lexical_score is owed to the history
	DenseScore   *float64 `json:"dense_score"`
	// RerankRank and RerankScore are null where no reranker judged the passage.
	RerankRank  *int     `json:"rerank_rank"`
	RerankScore *float64 `json:"rerank_score"`
	Score       float64  `json:"score"`
	Exact       bool     `json:"exact"`
}

// ResultView is the answer to a search, on the web and on the command line.
type ResultView struct {
	Query      string  `json:"query"`
	Confidence float64 `json:"confidence"`
	// AnswerFrom and MaybeFrom are the confidences from which the bot answers, and from
	// which it answers and offers a person; Calibration names what all three are by.
	AnswerFrom  float64 `json:"answer_from"`
	MaybeFrom   float64 `json:"maybe_from"`
	Calibration string  `json:"calibration"`
	Reranker    string  `json:"reranker,omitempty"`
	// HistoryWeight is what the history could add to a passage at most, as a share of
	// what the query's own words gave the best; 0 where it was left out.
	HistoryWeight float64   `json:"history_weight"`
	Passages      []HitView `json:"passages"`
}

// ViewResult renders what was found.
func ViewResult(res knowledge.Result) ResultView {
	v := ResultView{Query: res.Query, Confidence: res.Confidence, AnswerFrom: res.Thresholds.Answer, MaybeFrom: res.Thresholds.Maybe,
		Calibration: res.Calibration, Reranker: res.Reranker, HistoryWeight: res.HistoryWeight, Passages: make([]HitView, len(res.Hits))}
	for i, h := range res.Hits {
		v.Passages[i] = HitView{ID: h.ID, DocumentID: h.DocumentID, Document: h.Document, Ordinal: h.Ordinal, Title: h.Title,
			Alternatives: h.Alternatives, Heading: h.Heading, Page: h.Page, Text: h.Text, Lang: h.Lang, URL: h.URL,
			Score: h.Score, Exact: h.Exact}
		if h.LexicalRank > 0 {
			v.Passages[i].LexicalRank, v.Passages[i].LexicalScore, v.Passages[i].HistoryScore = &h.LexicalRank, &h.LexicalScore, &h.HistoryScore
		}
		if h.DenseRank > 0 {
			v.Passages[i].DenseRank, v.Passages[i].DenseScore = &h.DenseRank, &h.DenseScore
		}
		if h.RerankRank > 0 {
			v.Passages[i].RerankRank, v.Passages[i].RerankScore = &h.RerankRank, &h.RerankScore
		}
	}
	return v
}

// maxHistory bounds the earlier messages a search may name.
const maxHistory = 20

func (c *Console) search(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req searchRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	req.Query = strings.TrimSpace(storable(req.Query))
	switch {
	case req.Query == "":
		return problem(http.StatusUnprocessableEntity, "empty", "The query is empty.")
	case utf8.RuneCountInString(req.Query) > conversation.MaxTextRunes:
		return problem(http.StatusUnprocessableEntity, "too_long", "The query is longer than "+strconv.Itoa(conversation.MaxTextRunes)+" characters.")
	case req.Limit < 0 || req.Limit > knowledge.MaxLimit:
		return problem(http.StatusUnprocessableEntity, "bad_limit", "The limit is a number from 1 to "+strconv.Itoa(knowledge.MaxLimit)+".")
	case len(req.History) > maxHistory:
		return problem(http.StatusUnprocessableEntity, "bad_history", "The history has at most "+strconv.Itoa(maxHistory)+" messages.")
	}
	history := make([]knowledge.Said, len(req.History))
	for i, h := range req.History {
		if utf8.RuneCountInString(h.Text) > conversation.MaxTextRunes {
			return conversation.ErrTooLong
		}
		history[i] = knowledge.Said{Text: storable(h.Text), Ours: h.Ours}
	}
	res, err := c.finder.Find(r.Context(), knowledge.Query{Text: req.Query, History: history, Limit: req.Limit})
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, ViewResult(res))
}
