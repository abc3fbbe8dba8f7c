package openai

import (
	"encoding/base64"
	"errors"
	"math"

	sdk "github.com/openai/openai-go/v3"

	"frontdesk/conversation"
)

// Details a picture can be sent in. Low costs a fixed, small number of tokens on
// models that count tiles, and shows them the picture at 512 pixels.
const (
	DetailLow  = "low"
	DetailHigh = "high"
)

// ImageRule is how a model counts the tokens of a picture
// (developers.openai.com/api/docs/guides/images-vision, "Calculating costs").
type ImageRule struct {
	// Models that cut the picture into tiles of 512 pixels, after fitting it into
	// 2,048 and its shorter side to 768: Base for each picture, Tile for each tile;
	// in low detail Base alone.
	Base, Tile int
	// Models that cut it into patches of 32 pixels, at most maxPatches: tokens a
	// patch, in any detail.
	Patch float64
}

const maxPatches = 1536

// unknownRule is taken for models whose rule is not known: the dearest of the
// patch rules, so that a budget holds rather than not.
var unknownRule = ImageRule{Patch: 2.46}

// Tokens returns what a picture of that size costs.
func (r ImageRule) Tokens(width, height int, detail string) int {
	if width <= 0 || height <= 0 {
		return 0
	}
	w, h := float64(width), float64(height)
	if r.Patch > 0 {
		patches := math.Ceil(w/32) * math.Ceil(h/32)
		return int(math.Ceil(min(patches, maxPatches) * r.Patch))
	}
	if detail == DetailLow {
		return r.Base
	}
	if s := 2048 / max(w, h); s < 1 {
		w, h = w*s, h*s
	}
	if s := 768 / min(w, h); s < 1 {
		w, h = w*s, h*s
	}
	return r.Base + r.Tile*int(math.Ceil(w/512)*math.Ceil(h/512))
}

var _ conversation.Sight = (*Model)(nil)

// Sees implements conversation.Sight: a model that is not known may see until
// its server has refused a picture.
func (m *Model) Sees() bool {
	for _, model := range m.present(nil) {
		if m.sees(model) {
			return true
		}
	}
	return false
}

// ImageTokens implements conversation.Sight with the dearest model of the list.
func (m *Model) ImageTokens(width, height int) int {
	most := 0
	for _, model := range m.server.models() {
		if m.sees(model) {
			most = max(most, m.imageRule(model).Tokens(width, height, m.server.Detail))
		}
	}
	return most
}

func (m *Model) imageRule(model string) ImageRule {
	if f, ok := m.server.fact(model); ok && f.Images != (ImageRule{}) {
		return f.Images
	}
	return unknownRule
}

func (m *Model) sees(model string) bool {
	f, known := m.server.fact(model)
	if known {
		return f.Vision
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.blind[model]
}

// seeing returns those of the models that may be sent the request, and
// ErrNoVision when it has pictures and none of them takes any.
func (m *Model) seeing(models []string, req conversation.ModelRequest) ([]string, error) {
	if !pictured(req) || len(models) == 0 {
		return models, nil
	}
	var list []string
	for _, model := range models {
		if m.sees(model) {
			list = append(list, model)
		}
	}
	if len(list) == 0 {
		return nil, &conversation.ModelError{Kind: conversation.ErrNoVision, Err: errors.New("no model of the list takes pictures")}
	}
	return list, nil
}

func pictured(req conversation.ModelRequest) bool {
	for _, msg := range req.Messages {
		if len(msg.Images) > 0 {
			return true
		}
	}
	return false
}

// refusedPictures takes in the error of a request with pictures and returns an
// ErrNoVision in its place when the pictures are, or may be, its reason. Of a
// model that is not known to see this is remembered.
func (m *Model) refusedPictures(model string, api *apiError) error {
	f, known := m.server.fact(model)
	switch api.Status {
	case 400, 404, 415, 422, 500, 501:
	default:
		return nil
	}
	// The words are those of OpenAI, vLLM, llama.cpp, Ollama, OpenRouter, DeepSeek and Mistral.
	said := api.says("image", "vision", "multimodal", "multi-modal", "mmproj", "must be a string", "valid string", "unknown variant", "content part")
	vague := !known && (api.Status == 400 || api.Status == 422) &&
		!api.says("context_length", "context length", "content_filter", "content_policy", "responsibleai", "model_not_found")
	if !said && !vague {
		return nil
	}
	if !known || !f.Vision {
		m.mu.Lock()
		m.blind[model] = true
		m.mu.Unlock()
		m.server.Logger.Warn("model takes no pictures, leaving them out from now on", "model", model, "error", api)
	}
	return &conversation.ModelError{Kind: conversation.ErrNoVision, Err: api}
}

// userMessage is a customer's message with its pictures.
func (m *Model) userMessage(msg conversation.PromptMessage) sdk.ChatCompletionMessageParamUnion {
	if len(msg.Images) == 0 {
		return sdk.UserMessage(msg.Text)
	}
	parts := []sdk.ChatCompletionContentPartUnionParam{sdk.TextContentPart(msg.Text)}
	for _, img := range msg.Images {
		p := sdk.ChatCompletionContentPartImageImageURLParam{URL: "data:" + img.MediaType + ";base64," + base64.StdEncoding.EncodeToString(img.Data)}
		if m.server.official() {
			p.Detail = m.server.Detail // elsewhere it is not always known, and has no effect
		}
		parts = append(parts, sdk.ImageContentPart(p))
	}
	return sdk.UserMessage(parts)
}
