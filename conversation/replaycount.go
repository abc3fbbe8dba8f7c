package conversation

import (
	"slices"
	"strings"
)

// What a provider caches of a prompt: the beginning it has seen, from this many tokens
// on, in steps (developers.openai.com/api/docs/guides/prompt-caching).
const (
	cacheFrom = 1024
	cacheStep = 128
)

// take counts a prompt and what of it begins like the one before.
func (r *Replayer) take(w *replayWay, ms []PromptMessage) {
	// The tools stand before everything and are always the same: their tokens are shared
	// with any prompt before. A message's frame is written as tokens that no text makes.
	fixed := r.prompter.fixed - messageTokens - r.d.Counter.Count(r.prompter.system)
	now := make([]int, 0, len(w.before)+256)
	for range fixed {
		now = append(now, -1)
	}
	for _, m := range ms {
		now = append(now, -2, roleToken(m.Role), -3, -4)
		now = r.d.Counter.Encode(now, m.Text)
	}
	shared := 0
	for shared < len(now) && shared < len(w.before) && now[shared] == w.before[shared] {
		shared++
	}
	w.before = now
	w.Calls++
	w.prompts += len(now)
	w.shared += shared
	if shared >= cacheFrom {
		w.cacheable += shared / cacheStep * cacheStep
	}
	w.sizes = append(w.sizes, len(now))
}

func roleToken(r Role) int {
	switch r {
	case RoleSystem:
		return -5
	case RoleUser:
		return -6
	}
	return -7
}

// sourcesFirst is the order that is not used: what was found stands before the dialogue,
// where every turn changes it.
func sourcesFirst(ms []PromptMessage) []PromptMessage {
	last := ms[len(ms)-1]
	sources, words, ok := strings.Cut(last.Text, "</sources>")
	if !ok || len(ms) < 2 {
		return ms
	}
	out := []PromptMessage{ms[0], {Role: RoleUser, Text: sources + "</sources>"}}
	out = append(out, ms[1:len(ms)-1]...)
	return append(out, PromptMessage{Role: RoleUser, Text: strings.TrimLeft(words, "\n")})
}

// Report is what the dialogues played so far came to.
func (r *Replayer) Report() ReplayReport {
	out := r.report
	out.Budget = r.cfg.Budget.Total
	for _, w := range r.ways {
		v := w.ReplayWay
		v.Sum = v.prompts + v.SummaryTokens
		if out.Turns > 0 {
			v.Mean = float64(v.Sum) / float64(out.Turns)
		}
		if v.prompts > 0 {
			v.Shared, v.Cacheable = float64(v.shared)/float64(v.prompts), float64(v.cacheable)/float64(v.prompts)
		}
		if sizes := slices.Sorted(slices.Values(w.sizes)); len(sizes) > 0 {
			v.Most, v.P95 = sizes[len(sizes)-1], sizes[(len(sizes)*95+99)/100-1]
		}
		out.Ways = append(out.Ways, v)
	}
	if r.d.Model != nil {
		b := r.bill
		if b.Input > 0 {
			b.Share = float64(b.Cached) / float64(b.Input)
		}
		out.Model = &b
	}
	return out
}
