package openai

import (
	"slices"

	"frontdesk/conversation"
)

var (
	_ conversation.Bounded           = (*Model)(nil)
	_ conversation.CountingEmbedder  = (*Embedder)(nil)
	_ conversation.CountingReranker  = (*Reranker)(nil)
	_ conversation.PricedTranscriber = (*Transcriber)(nil)
)

// Price is the conversation.Price of the built-in table.
func Price(model string, input, cached, output int) (micros int64, known bool) {
	f, ok := Facts(model)
	if !ok {
		return 0, false
	}
	return f.Cost(input, cached, output), true
}

// Names lists the models of the built-in table.
func Names() []string {
	names := make([]string, 0, len(facts))
	for name := range facts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Bounds implements conversation.Bounded with every model that is to be tried: which of
// them is gone shows only when it is asked.
func (m *Model) Bounds(req conversation.ModelRequest) []conversation.Bound {
	models := req.Models
	if len(models) == 0 {
		models = m.server.models()
	}
	out := make([]conversation.Bound, len(models))
	for i, model := range models {
		fact, _ := m.server.fact(model)
		out[i] = conversation.Bound{Model: model, Output: answerRoom(fact, req.MaxTokens)}
	}
	return out
}
