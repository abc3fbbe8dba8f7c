package openai

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"frontdesk/conversation"
)

// reasoningRoom is added to the answer's room of a model that thinks before it answers: its thoughts
// count as output and would otherwise use it up.
const reasoningRoom = 2048

// Parameters that some server refuses. All are optional to us; a call without them is worse, not
// wrong.
const (
	paramUsage     = "stream_options"
	paramHeat      = "temperature"
	paramNewMax    = "max_completion_tokens"
	paramOldMax    = "max_tokens"
	paramTools     = "tools"
	paramEffort    = "reasoning_effort"
	paramSafety    = "safety_identifier"
	paramCacheKey  = "prompt_cache_key"
	paramUser      = "user"
	paramDimension = "dimensions"
)

// refusals remembers, for each model, the parameters its server refused, for as long as the process
// runs. The zero value is empty. Safe for concurrent use.
type refusals struct {
	mu sync.Mutex                 // guards by
	by map[string]map[string]bool // model, parameter
}

func (r *refusals) has(model, name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by[model][name]
}

// learn takes in an error and reports whether it is the refusal of one of the parameters sent: then
// the same request is worth repeating, built anew without it. That another call learned the same
// meanwhile makes no difference.
func (r *refusals) learn(model string, e *apiError, sent []string) bool {
	name := e.refused(sent)
	if name == "" {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = map[string]map[string]bool{}
	}
	if r.by[model] == nil {
		r.by[model] = map[string]bool{}
	}
	r.by[model][name] = true
	return true
}

// refused returns which of the sent parameters the server will not have, or "". Servers say so in
// many words; the words below are OpenAI's, Azure's, vLLM's, Mistral's, Ollama's and llama.cpp's.
func (e *apiError) refused(sent []string) string {
	if e.Status != 400 && e.Status != 422 && e.Status != 404 || e.says("context_length") {
		return ""
	}
	if !e.says("unsupported", "not supported", "does not support", "unknown", "unrecognized", "unexpected",
		"not permitted", "not allowed", "forbidden", "extra inputs", "requires --enable", "no endpoints found") {
		return ""
	}
	text := strings.ToLower(e.raw)
	first, at := "", len(text)
	for _, name := range sent {
		if strings.EqualFold(e.Param, name) || strings.HasPrefix(e.Param, name+".") {
			return name
		}
		needles := []string{name}
		switch name {
		case paramTools:
			needles = []string{"tools", "tool choice", "tool_choice", "tool use", "function call"}
		case paramUser:
			needles = []string{"'user'", `"user"`, "`user`", "user:"} // the bare word is in too many sentences
		}
		for _, needle := range needles {
			if i := strings.Index(text, needle); i >= 0 && i < at {
				first, at = name, i
			}
		}
	}
	return first
}

// build makes the request for one model, and lists the optional parameters in it.
func (m *Model) build(model string, req conversation.ModelRequest) (sdk.ChatCompletionNewParams, []string, error) {
	fact, known := m.server.fact(model)
	p := sdk.ChatCompletionNewParams{Model: model}
	var sent []string
	want := func(name string) bool {
		if m.refused.has(model, name) {
			return false
		}
		sent = append(sent, name)
		return true
	}
	for i, msg := range req.Messages {
		switch msg.Role {
		case conversation.RoleSystem:
			p.Messages = append(p.Messages, sdk.SystemMessage(msg.Text))
		case conversation.RoleUser:
			p.Messages = append(p.Messages, m.userMessage(msg))
		case conversation.RoleAssistant:
			p.Messages = append(p.Messages, sdk.AssistantMessage(msg.Text))
		default:
			return p, nil, fmt.Errorf("prompt message %d has the unknown role %q", i, msg.Role)
		}
	}
	if len(req.Tools) > 0 && (!known || fact.Tools) && want(paramTools) {
		for _, t := range req.Tools {
			def := shared.FunctionDefinitionParam{Name: t.Name, Description: param.NewOpt(t.Description)}
			if len(t.Parameters) > 0 {
				if err := json.Unmarshal(t.Parameters, &def.Parameters); err != nil {
					return p, nil, fmt.Errorf("read the schema of tool %q: %w", t.Name, err)
				}
			}
			p.Tools = append(p.Tools, sdk.ChatCompletionFunctionTool(def))
		}
	}
	official := m.server.official()
	if official && fact.Effort != "" && want(paramEffort) {
		p.ReasoningEffort = shared.ReasoningEffort(fact.Effort)
	}
	if room := answerRoom(fact, req.MaxTokens); room > 0 {
		// OpenAI's newer models know only the new name, most other servers only the old one.
		newer := official && !m.refused.has(model, paramNewMax) || m.refused.has(model, paramOldMax)
		if newer && want(paramNewMax) {
			p.MaxCompletionTokens = param.NewOpt(int64(room))
		} else if !newer && want(paramOldMax) {
			p.MaxTokens = param.NewOpt(int64(room))
		}
	}
	// A model that reasons takes no temperature but its own.
	if req.Temperature != nil && (fact.Effort == "" || fact.Effort == "none") && want(paramHeat) {
		p.Temperature = param.NewOpt(*req.Temperature)
	}
	if want(paramUsage) {
		p.StreamOptions = sdk.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)}
	}
	if req.User != "" && official {
		if want(paramSafety) {
			p.SafetyIdentifier = param.NewOpt(req.User)
		}
		if want(paramCacheKey) {
			p.PromptCacheKey = param.NewOpt(req.User)
		}
	} else if req.User != "" && want(paramUser) {
		p.User = param.NewOpt(req.User)
	}
	return p, sent, nil
}

// answerRoom returns how many tokens to allow for the answer; 0 leaves it to the server.
func answerRoom(f Fact, asked int) int {
	if asked <= 0 {
		return 0
	}
	if f.Effort != "" && f.Effort != "none" {
		asked += reasoningRoom
	}
	if f.MaxOutput > 0 {
		asked = min(asked, f.MaxOutput)
	}
	return asked
}
