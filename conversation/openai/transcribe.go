package openai

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"time"

	sdk "github.com/openai/openai-go/v3"

	"frontdesk/conversation"
)

// DefaultTranscribeModel is asked where no other is named.
const DefaultTranscribeModel = "gpt-4o-mini-transcribe"

// TranscribeTimeout bounds one recording: ten minutes of speech take OpenAI well
// below one.
const TranscribeTimeout = 90 * time.Second

// MaxAudioBytes is the most OpenAI transcribes (developers.openai.com/api/docs/guides/speech-to-text).
const MaxAudioBytes = 25 << 20

// speechPrice is what a model that turns speech into text costs, in US dollars:
// per million tokens of sound, text in and text out, and per minute where the
// server counts no tokens.
type speechPrice struct{ Audio, Input, Output, Minute float64 }

// speech holds the provider's figures as of November 2026 (developers.openai.com/api/docs/pricing).
var speech = map[string]speechPrice{
	"whisper-1":              {Minute: 0.006},
	"gpt-4o-transcribe":      {Audio: 6, Input: 2.50, Output: 10, Minute: 0.006},
	"gpt-4o-mini-transcribe": {Audio: 3, Input: 1.25, Output: 5, Minute: 0.003},
}

// speechPrices returns a model's prices, a dated snapshot's as its model's; zero
// where they are not known.
func speechPrices(model string) speechPrice {
	const snapshot = "-2006-01-02"
	model = strings.ToLower(model[strings.LastIndexByte(model, '/')+1:])
	if cut := len(model) - len(snapshot); cut > 0 {
		if _, err := time.Parse(snapshot, model[cut:]); err == nil {
			model = model[:cut]
		}
	}
	return speech[model]
}

// Transcriber turns speech into text with one model. It implements
// conversation.Transcriber. Safe for concurrent use.
type Transcriber struct {
	server  *server
	service sdk.AudioTranscriptionService
	model   string
}

var _ conversation.Transcriber = (*Transcriber)(nil)

// NewTranscriber returns a Transcriber for a model on cfg's server; cfg.Models is not used.
func NewTranscriber(cfg Config, model string) (*Transcriber, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if model == "" {
		return nil, errors.New("no transcription model is named")
	}
	// Nothing comes before the whole does.
	cfg.Timeout, cfg.FirstByteTimeout = TranscribeTimeout, TranscribeTimeout
	s := newServer(cfg)
	return &Transcriber{server: s, service: sdk.NewAudioTranscriptionService(s.options()...), model: model}, nil
}

// Transcribe implements conversation.Transcriber. What the server has no price
// for, or does not count, is estimated from the duration.
func (t *Transcriber) Transcribe(ctx context.Context, r conversation.Recording) (conversation.Transcript, error) {
	start := t.server.now()
	call := Call{Model: t.model}
	out := conversation.Transcript{Model: t.model}
	name, ok := audioName(r.MediaType)
	if !ok || len(r.Data) > MaxAudioBytes {
		return out, &conversation.ModelError{Kind: conversation.ErrBadRequest, Err: errors.New("the recording is too large, or of a type that is not transcribed")}
	}
	err := t.server.do(ctx, func(ctx context.Context) error {
		return t.server.repeat(ctx, &call.Attempts, func(ctx context.Context) (bool, error) {
			// gpt-4o-mini-transcribe answers in this format only.
			res, err := t.service.New(ctx, sdk.AudioTranscriptionNewParams{
				Model: t.model, File: sdk.File(bytes.NewReader(r.Data), name, r.MediaType), ResponseFormat: sdk.AudioResponseFormatJSON,
			})
			if err != nil {
				return false, err
			}
			out.Text = strings.TrimSpace(res.Text)
			out.Usage = t.usage(res.Usage, r.Duration)
			return false, nil
		})
	})
	call.Total = t.server.now().Sub(start)
	call.First, call.Kind, call.Usage = call.Total, kindOf(err), out.Usage
	t.server.Observe(call)
	return out, err
}

// TranscriptionCost implements conversation.PricedTranscriber: the price of its minutes,
// and of the longest that the bytes could last where the duration is not known.
func (t *Transcriber) TranscriptionCost(r conversation.Recording) int64 {
	minutes := r.Duration.Minutes()
	if minutes <= 0 {
		minutes = float64(len(r.Data)) / slowestSpeech
	}
	return int64(math.Ceil(minutes*speechPrices(t.model).Minute*1e6)) + 1
}

// slowestSpeech is how many bytes a minute of intelligible speech takes at least: Opus
// goes down to 6 kbit/s (RFC 6716, 2.1.1).
const slowestSpeech = 6000 / 8 * 60

// usage reads what the server counted: tokens, or the seconds of sound.
func (t *Transcriber) usage(u sdk.AudioTranscriptionNewResponseUnionUsage, length time.Duration) conversation.Usage {
	f := speechPrices(t.model)
	if u.InputTokens > 0 || u.OutputTokens > 0 {
		audio := min(max(u.InputTokenDetails.AudioTokens, 0), u.InputTokens)
		if u.InputTokenDetails.AudioTokens == 0 && u.InputTokenDetails.TextTokens == 0 {
			audio = u.InputTokens
		}
		micros := float64(audio)*f.Audio + float64(u.InputTokens-audio)*f.Input + float64(u.OutputTokens)*f.Output
		return conversation.Usage{InputTokens: int(u.InputTokens), OutputTokens: int(u.OutputTokens), CostMicros: int64(math.Ceil(micros - 1e-6))}
	}
	minutes := u.Seconds / 60
	if minutes <= 0 {
		minutes = length.Minutes()
	}
	return conversation.Usage{CostMicros: int64(math.Ceil(minutes*f.Minute*1e6 - 1e-6)), Estimated: u.Seconds <= 0}
}

// audioName is a name under which the server takes sound of a type: it goes by
// the ending alone, and refuses .oga and .opus although it reads what is in them.
func audioName(mediaType string) (string, bool) {
	ext, ok := map[string]string{
		"audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/wav": "wav", "audio/flac": "flac",
		"audio/mp4": "m4a", "audio/webm": "webm", "video/mp4": "mp4", "video/webm": "webm",
	}[mediaType]
	return "voice." + ext, ok
}
