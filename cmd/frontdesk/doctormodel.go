package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"frontdesk/conversation"
	"frontdesk/conversation/openai"
)

// shutdownNotice is how long before a model's end doctor begins to warn.
const shutdownNotice = 180 * 24 * time.Hour

// rower is a connection or a pool of them.
type rower interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// examineChosen reads into chosen which models the stored settings name; that they are
// read is no finding.
func examineChosen(ctx context.Context, db rower, chosen *conversation.ModelSettings) []finding {
	err := db.QueryRow(ctx, `SELECT value FROM shared_settings WHERE name = 'models'`).Scan(chosen)
	if err == nil || errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	return []finding{{"model", verdictNote, "what the settings say of it cannot be read: " + reason(err), ""}}
}

// examineModel judges the models that would be asked: those of the settings, where the
// environment does not name them.
func examineModel(cfg *Config, chosen conversation.ModelSettings, now time.Time) []finding {
	if !cfg.Model() {
		return []finding{{"model", verdictNote, "there is no OPENAI_API_KEY; answers are quoted from the documents, with their sources",
			"Set OPENAI_API_KEY to have answers written, or OPENAI_BASE_URL for a server of your own."}}
	}
	at, advice := "at OpenAI", "Set OPENAI_MODEL=%[2]s, or a list such as %[1]s,%[2]s."
	if cfg.OpenAIBaseURL != "" {
		at = "at another server (OPENAI_BASE_URL)"
	}
	models := cfg.OpenAIModel
	if len(chosen.Answer) > 0 && !cfg.given["OPENAI_MODEL"] {
		models, at, advice = chosen.Answer, at+" (Settings › Models)", adviseSettings
	}
	f := []finding{{"model", verdictOK, strings.Join(models, ", ") + " " + at, ""}}
	if e := cfg.Embedding(); e != "" {
		f = append(f, finding{"embeddings", verdictOK, e, ""})
	} else {
		f = append(f, finding{"embeddings", verdictNote, "none; passages are found by their words alone",
			"Set OPENAI_EMBEDDING_MODEL to find them by meaning too."})
	}
	for _, m := range models {
		f = append(f, modelFindings(m, cfg.OpenAIBaseURL == "", now, advice)...)
	}
	others := []string{chosen.Rewrite, chosen.Summary, chosen.Draft, chosen.Help}
	slices.Sort(others)
	for _, m := range slices.Compact(others) {
		if m != "" && !slices.Contains(models, m) {
			f = append(f, modelFindings(m, cfg.OpenAIBaseURL == "", now, adviseSettings)...)
		}
	}
	return f
}

// adviseSettings is what to do about a model that the settings name and that ends.
const adviseSettings = "Choose %[2]s in its place in Settings › Models, or name it after %[1]s."

// modelFindings judges a model by what is known of it. advice is for one that ends: of its
// two verbs the first is its name, the second its successor's.
func modelFindings(model string, official bool, now time.Time, advice string) []finding {
	fact, known := openai.Facts(model)
	if !known {
		if !official {
			return nil
		}
		return []finding{{"model " + model, verdictNote, "nothing is known of it; its cost is not counted", ""}}
	}
	if fact.Shutdown.IsZero() || now.Before(fact.Shutdown.Add(-shutdownNotice)) {
		return nil
	}
	day := fact.Shutdown.Format("2 January 2006")
	f := finding{"model " + model, verdictWarning, "its provider has announced that it stops answering on " + day, ""}
	if !now.Before(fact.Shutdown) {
		f.Detail = "its provider announced that it would stop answering on " + day
	}
	if fact.Successor != "" {
		f.Advice = fmt.Sprintf(advice, model, fact.Successor)
	}
	return []finding{f}
}
