package console

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"frontdesk/conversation"
)

// What is served under "why" must be what the description says, name by name.
func TestWhyIsServedAsItIsDescribed(t *testing.T) {
	p := newPlace(t)
	var doc struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	p.do("GET", "/api/v1/openapi.json", nil).decode(t, &doc)
	full := viewMessage(conversation.Message{Options: []conversation.Option{{Text: "Returns", Value: "p1"}}, Why: &conversation.Trace{
		Kind: conversation.KindModel, Decision: conversation.DecisionOffer, Query: "q", Rewritten: true, HistoryWeight: .1, Chosen: true,
		Confidence: .4, Thresholds: &conversation.Thresholds{Answer: .5, Maybe: .25}, Model: "m", Error: conversation.ErrTimeout,
		Passages: []conversation.TracedHit{{Passage: "p1", Fate: conversation.FateCited, RerankRank: 1, RerankScore: .5}}, Tokens: &conversation.PromptTokens{},
		Usage: &conversation.Usage{}, Cost: 7, Summary: "s", Calibration: "c", Reranker: "r",
		Flagged: "f",
	}})
	raw, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	var message struct {
		Options []map[string]any
		Why     map[string]any
	}
	if err := json.Unmarshal(raw, &message); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]map[string]any{
		"Option": message.Options[0], "Trace": message.Why, "Thresholds": message.Why["thresholds"].(map[string]any),
		"TracedHit": message.Why["passages"].([]any)[0].(map[string]any), "PromptTokens": message.Why["tokens"].(map[string]any),
	} {
		has, described := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(doc.Components.Schemas[name].Properties))
		if !slices.Equal(has, described) {
			t.Errorf("%s is served with %v and described with %v", name, has, described)
		}
	}
}
