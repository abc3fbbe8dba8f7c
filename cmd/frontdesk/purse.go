package main

import (
	"log/slog"
	"maps"
	"slices"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/conversation/openai"

	"github.com/jackc/pgx/v5/pgxpool"
)

// newPurse returns what every call of a model is paid from and booked by. It has no
// limits until an engine takes it over.
func newPurse(pool *pgxpool.Pool, log *slog.Logger) *conversation.Purse {
	return conversation.NewPurse(conversationdb.New(pool), openai.Price, log)
}

// modelFacts lists the models of the settings, by the tasks they are for, and then all
// others whose prices are known.
func modelFacts(cfg *Config, s *conversation.Settings) []conversation.ModelFact {
	var out []conversation.ModelFact
	at := map[string]int{}
	add := func(name, task string) {
		if name == "" {
			return
		}
		i, have := at[name]
		if !have {
			f, known := openai.Facts(name)
			own, overridden := s.PriceOf(name)
			var listed *conversation.ModelPrice
			if overridden {
				if known {
					listed = &conversation.ModelPrice{Input: f.Input, Cached: f.Cached, Output: f.Output}
				}
				f.Input, f.Cached, f.Output = own.Input, own.Cached, own.Output
			}
			i = len(out)
			at[name] = i
			out = append(out, conversation.ModelFact{Name: name, Known: known || overridden, Input: f.Input, Cached: f.Cached, Output: f.Output,
				Overridden: overridden, Listed: listed, Context: f.Context, Shutdown: f.Shutdown, Successor: f.Successor})
		}
		if task != "" && !slices.Contains(out[i].Tasks, task) {
			out[i].Tasks = append(out[i].Tasks, task)
		}
	}
	if cfg.Model() {
		for _, task := range conversation.Tasks() {
			for _, name := range s.Models.For(task) {
				add(name, string(task))
			}
		}
		if cfg.TranscribeModel != noTranscriber {
			add(cfg.TranscribeModel, "transcribe")
		}
	}
	add(cfg.Embedding(), "embed")
	add(cfg.RerankModel, "rerank")
	for _, name := range slices.Concat(openai.Names(), slices.Sorted(maps.Keys(s.Prices.Models))) {
		add(name, "")
	}
	return out
}
