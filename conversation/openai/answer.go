package openai

import (
	"encoding/json"
	"strings"

	sdk "github.com/openai/openai-go/v3"

	"frontdesk/conversation"
	"frontdesk/knowledge/tokens"
)

const (
	maxCalls     = 16       // tool calls in one answer
	maxArguments = 64 << 10 // bytes of one call's arguments
)

// answer is a completion as it grows.
type answer struct {
	text   strings.Builder
	calls  []partialCall
	finish string
	usage  sdk.CompletionUsage
}

type partialCall struct {
	index     int64
	id, name  string
	arguments []byte
}

// shown reports whether anything was emitted.
func (a *answer) shown() bool { return a.text.Len() > 0 }

// add takes in one chunk of the stream. A refusal is text like any other: it is what the model says.
func (a *answer) add(chunk sdk.ChatCompletionChunk, emit func(string)) error {
	if chunk.Usage.TotalTokens > 0 || chunk.Usage.PromptTokens > 0 {
		a.usage = chunk.Usage // some servers send it with every chunk, growing
	}
	for _, choice := range chunk.Choices {
		if choice.Index != 0 {
			continue
		}
		if delta := choice.Delta.Content + choice.Delta.Refusal; delta != "" {
			a.text.WriteString(delta)
			emit(delta)
		}
		for _, part := range choice.Delta.ToolCalls {
			if err := a.addCall(part); err != nil {
				return err
			}
		}
		if choice.FinishReason != "" {
			a.finish = choice.FinishReason
		}
	}
	return nil
}

// addCall joins a fragment to its call. Fragments belong together by index; servers that number all
// calls 0 tell them apart by id.
func (a *answer) addCall(part sdk.ChatCompletionChunkChoiceDeltaToolCall) error {
	var call *partialCall
	for i := len(a.calls) - 1; i >= 0; i-- {
		if c := &a.calls[i]; c.index == part.Index && (part.ID == "" || c.id == "" || part.ID == c.id) {
			call = c
			break
		}
	}
	if call == nil {
		if len(a.calls) == maxCalls {
			return errTooLong
		}
		a.calls = append(a.calls, partialCall{index: part.Index})
		call = &a.calls[len(a.calls)-1]
	}
	if call.id == "" {
		call.id = part.ID
	}
	if call.name == "" {
		call.name = part.Function.Name
	}
	if len(call.arguments)+len(part.Function.Arguments) > maxArguments {
		return errTooLong
	}
	call.arguments = append(call.arguments, part.Function.Arguments...)
	return nil
}

// reply returns the answer as it is, with its usage counted here if the server sent none.
func (a *answer) reply(model string, req conversation.ModelRequest) conversation.ModelReply {
	r := conversation.ModelReply{Text: a.text.String(), Model: model}
	for i := range a.calls {
		if c := &a.calls[i]; c.name != "" {
			r.Calls = append(r.Calls, conversation.ToolCall{Name: c.name, Arguments: arguments(string(c.arguments))})
		}
	}
	switch a.finish {
	case "length", "content_filter", "tool_calls":
		r.Finish = a.finish
	case "max_tokens", "model_length":
		r.Finish = "length"
	default: // "stop", and other servers' words for it
		r.Finish = "stop"
	}
	if r.Finish == "stop" && len(r.Calls) > 0 {
		r.Finish = "tool_calls"
	}
	if u := a.usage; u.PromptTokens > 0 || u.CompletionTokens > 0 {
		r.Usage = conversation.Usage{InputTokens: int(u.PromptTokens), OutputTokens: int(u.CompletionTokens),
			CachedTokens: int(min(max(u.PromptTokensDetails.CachedTokens, 0), u.PromptTokens))}
	} else {
		r.Usage = estimate(model, req, r)
	}
	return r
}

// arguments returns a call's arguments as JSON in every case: as the model wrote them, {} when it
// wrote none, and a JSON string of the text when it is not JSON. The last fails any schema, and
// keeps what was written for the log of whoever checks it.
func arguments(text string) json.RawMessage {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return json.RawMessage("{}")
	case json.Valid([]byte(text)):
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil { // cannot happen to a string
		return json.RawMessage("{}")
	}
	return quoted
}

// estimate counts what the server would have. The text is exact for models with a published
// encoding; of tools only the JSON is counted, which the server writes in a form of its own.
func estimate(model string, req conversation.ModelRequest, r conversation.ModelReply) conversation.Usage {
	enc := tokens.For(model)
	in := tokens.PerReply
	for _, m := range req.Messages {
		in += tokens.PerMessage + enc.Count(string(m.Role)) + enc.Count(m.Text)
		for _, img := range m.Images {
			in += img.Tokens
		}
	}
	for _, t := range req.Tools {
		in += enc.Count(t.Name) + enc.Count(t.Description) + enc.Count(string(t.Parameters))
	}
	out := enc.Count(r.Text)
	for _, c := range r.Calls {
		out += enc.Count(c.Name) + enc.Count(string(c.Arguments))
	}
	return conversation.Usage{InputTokens: in, OutputTokens: out, Estimated: true}
}
