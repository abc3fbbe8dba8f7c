package openai

import (
	"math"
	"strings"
	"time"
)

// Fact is what is known of a model.
type Fact struct {
	Context   int    // tokens of prompt and answer together
	MaxOutput int    // tokens of one answer; 0 for embeddings
	Encoding  string // its tokenizer, as tokens.Encoding names it

	// US dollars per million tokens.
	Input, Cached, Output float64

	Vision bool
	Images ImageRule // how pictures are counted; zero: not known
	Tools  bool      // function calling over Chat Completions

	// Effort is the least reasoning the model can be asked for, and what it is asked for: a customer
	// is waiting. Empty for models that do not reason. At anything but "none" the thinking is paid for
	// as output and taken out of the answer's room.
	Effort string

	// Shutdown is the announced day the model stops answering; zero when none is announced.
	Shutdown  time.Time
	Successor string // what the provider recommends in its place

	Dimensions int // of an embedding model's vectors by default; 0 for others
}

// Cost returns what a use of the model costs in millionths of a US dollar, rounded up. cached is the
// part of input that the provider had cached.
func (f Fact) Cost(input, cached, output int) int64 {
	// Dollars per million tokens are millionths of a dollar per token.
	micros := float64(input-cached)*f.Input + float64(cached)*f.Cached + float64(output)*f.Output
	return int64(math.Ceil(micros - 1e-6)) // a sum of binary fractions may end a hair above a whole number
}

// Facts returns what is known of a model by its name. Dated snapshots ("gpt-4o-mini-2024-07-18") and
// names with a vendor's prefix ("openai/gpt-4o-mini") are their base model; other variants
// ("gpt-4o-mini-audio-preview") and fine-tunes, which have prices of their own, are not known.
func Facts(model string) (Fact, bool) {
	model = strings.ToLower(strings.TrimSpace(model))
	if strings.HasPrefix(model, "ft:") {
		return Fact{}, false
	}
	model = model[strings.LastIndexByte(model, '/')+1:]
	if f, ok := facts[model]; ok {
		return f, true
	}
	const snapshot = "-2006-01-02"
	if cut := len(model) - len(snapshot); cut > 0 {
		if _, err := time.Parse(snapshot, model[cut:]); err == nil {
			f, ok := facts[model[:cut]]
			return f, ok
		}
	}
	return Fact{}, false
}

// facts holds the provider's published figures as of November 2026: limits, prices and features as
// stated at developers.openai.com/api/docs/models and .../pricing (standard tier; prompts above
// 272,000 tokens cost more on the newest models, and prompts here never come near), shutdowns and
// successors at .../deprecations and in the deprecation notes of openai-go v3.96.0.
var facts = map[string]Fact{
	"gpt-4o-mini": {Context: 128_000, MaxOutput: 16_384, Encoding: o200k, Input: 0.15, Cached: 0.075, Output: 0.60,
		Vision: true, Images: ImageRule{Base: 2833, Tile: 5667}, Tools: true, Shutdown: day(2027, 1, 14), Successor: "gpt-6-luna"},
	"gpt-4o": {Context: 128_000, MaxOutput: 16_384, Encoding: o200k, Input: 2.50, Cached: 1.25, Output: 10,
		Vision: true, Images: ImageRule{Base: 85, Tile: 170}, Tools: true, Shutdown: day(2027, 1, 14), Successor: "gpt-6-luna"},
	"gpt-4.1": {Context: 1_047_576, MaxOutput: 32_768, Encoding: o200k, Input: 2, Cached: 0.50, Output: 8,
		Vision: true, Images: ImageRule{Base: 85, Tile: 170}, Tools: true, Shutdown: day(2027, 1, 14), Successor: "gpt-6-luna"},
	"gpt-4.1-mini": {Context: 1_047_576, MaxOutput: 32_768, Encoding: o200k, Input: 0.40, Cached: 0.10, Output: 1.60,
		Vision: true, Images: ImageRule{Patch: 1.62}, Tools: true, Shutdown: day(2027, 1, 14), Successor: "gpt-6-luna"},
	"gpt-4.1-nano": {Context: 1_047_576, MaxOutput: 32_768, Encoding: o200k, Input: 0.10, Cached: 0.025, Output: 0.40,
		Vision: true, Images: ImageRule{Patch: 2.46}, Tools: true, Shutdown: day(2026, 10, 23), Successor: "gpt-6-luna"},

	"gpt-5": {Context: 400_000, MaxOutput: 128_000, Encoding: o200k, Input: 1.25, Cached: 0.125, Output: 10,
		Vision: true, Images: ImageRule{Base: 70, Tile: 140}, Tools: true, Effort: "minimal", Shutdown: day(2026, 12, 11), Successor: "gpt-6.1-sol"},
	"gpt-5-mini": {Context: 400_000, MaxOutput: 128_000, Encoding: o200k, Input: 0.25, Cached: 0.025, Output: 2,
		Vision: true, Images: ImageRule{Patch: 1.62}, Tools: true, Effort: "minimal", Shutdown: day(2026, 12, 11), Successor: "gpt-6.1-terra"},
	"gpt-5-nano": {Context: 400_000, MaxOutput: 128_000, Encoding: o200k, Input: 0.05, Cached: 0.005, Output: 0.40,
		Vision: true, Images: ImageRule{Patch: 2.46}, Tools: true, Effort: "minimal", Shutdown: day(2026, 12, 11), Successor: "gpt-6-luna"},
	"gpt-5.1": {Context: 400_000, MaxOutput: 128_000, Encoding: o200k, Input: 1.25, Cached: 0.125, Output: 10,
		Vision: true, Images: ImageRule{Base: 70, Tile: 140}, Tools: true, Effort: "none", Shutdown: day(2027, 4, 1), Successor: "gpt-6.1-sol"},
	"gpt-5.4-mini": {Context: 400_000, MaxOutput: 128_000, Encoding: o200k, Input: 0.75, Cached: 0.075, Output: 4.50,
		Vision: true, Tools: true, Effort: "none"},
	"gpt-5.4-nano": {Context: 400_000, MaxOutput: 128_000, Encoding: o200k, Input: 0.20, Cached: 0.02, Output: 1.25,
		Vision: true, Tools: true, Effort: "none", Shutdown: day(2027, 4, 1), Successor: "gpt-6-luna"},
	"gpt-5.6-luna": {Context: 1_050_000, MaxOutput: 128_000, Encoding: o200k, Input: 0.20, Cached: 0.02, Output: 1.20,
		Vision: true, Tools: true, Effort: "none"},

	// Chat Completions lets these call functions only without reasoning, and gpt-6.1-sol, which
	// always reasons, not at all.
	"gpt-6-luna": {Context: 1_050_000, MaxOutput: 128_000, Encoding: o200k, Input: 0.10, Cached: 0.01, Output: 0.50,
		Vision: true, Tools: true, Effort: "none"},
	"gpt-6.1-terra": {Context: 1_050_000, MaxOutput: 128_000, Encoding: o200k, Input: 1, Cached: 0.05, Output: 5,
		Vision: true, Tools: true, Effort: "none"},
	"gpt-6.1-sol": {Context: 1_050_000, MaxOutput: 128_000, Encoding: o200k, Input: 2, Cached: 0.10, Output: 10,
		Vision: true, Tools: false, Effort: "low"},

	"text-embedding-3-small": {Context: 8192, Encoding: cl100k, Input: 0.02, Dimensions: 1536},
	"text-embedding-3-large": {Context: 8192, Encoding: cl100k, Input: 0.13, Dimensions: 3072},
	"text-embedding-ada-002": {Context: 8192, Encoding: cl100k, Input: 0.10, Dimensions: 1536},
}

const o200k, cl100k = "o200k_base", "cl100k_base"

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
