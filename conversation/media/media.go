// Package media looks into what customers send besides text: it makes pictures
// small and safe, has speech turned into text, takes moments and the sound out of
// videos and the text out of documents.
//
// Everything here was made by strangers. A file is what its bytes say, whatever
// its name or its sender claims; sizes are bounded before anything is unpacked,
// and a file that breaks a bound is refused with a reason, never an error.
package media

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// MaxDuration is how long a recording or a video may be: ten minutes of speech
// are some 2,000 tokens of text, and as much as anybody says in one go.
const MaxDuration = 10 * time.Minute

// Config is what a Reader works with.
type Config struct {
	// Transcriber turns speech into text; nil: recordings are refused, and videos
	// looked at in silence.
	Transcriber conversation.Transcriber
	// Detect and Extract are those of knowledge/extract.
	Detect  func(name, mediaType string, data []byte) (string, error)
	Extract func(ctx context.Context, name, mediaType string, data []byte) (knowledge.Text, error)
	// Counter cuts the text of documents.
	Counter conversation.Counter
	// High keeps pictures large enough for a model that looks at them in high detail.
	High bool
	// FFmpeg and FFprobe are programs by path; empty: those found on PATH. Without
	// them videos are refused.
	FFmpeg, FFprobe string
	Log             *slog.Logger
}

// Reader implements conversation.Reader. It is safe for concurrent use.
type Reader struct {
	cfg   Config
	video *ffmpeg       // nil: not installed
	heavy chan struct{} // one for each picture or video being unpacked
	log   *slog.Logger
}

var _ conversation.Reader = (*Reader)(nil)

// New returns a Reader.
func New(cfg Config) *Reader {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Reader{cfg: cfg, video: findFFmpeg(cfg.FFmpeg, cfg.FFprobe), heavy: make(chan struct{}, heavyAtOnce), log: cfg.Log}
}

// heavyAtOnce bounds the pictures and videos unpacked at a time: the pixels of one
// may take 200 MB.
const heavyAtOnce = 2

// enter takes a place for unpacking.
func (r *Reader) enter(ctx context.Context) (leave func(), err error) {
	select {
	case r.heavy <- struct{}{}:
		return sync.OnceFunc(func() { <-r.heavy }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Videos reports whether videos can be looked into.
func (r *Reader) Videos() bool { return r.video != nil }

// Read implements conversation.Reader.
func (r *Reader) Read(ctx context.Context, f conversation.File) (conversation.Reading, error) {
	kind, mediaType, refused := r.Sniff(f.Name, f.Content)
	out := conversation.Reading{Kind: kind, MediaType: mediaType, Refused: refused}
	if refused != "" {
		return out, nil
	}
	var err error
	switch kind {
	case conversation.FileImage:
		var leave func()
		if leave, err = r.enter(ctx); err == nil {
			defer leave()
			r.image(f.Content, &out)
		}
	case conversation.FileVoice:
		err = r.voice(ctx, f, &out)
	case conversation.FileVideo:
		err = r.look(ctx, f, &out)
	default:
		err = r.document(ctx, f, &out)
	}
	return out, err
}

// transcribe has a recording turned into text. What the model's server cannot do
// at all refuses the file; an error may pass.
func (r *Reader) transcribe(ctx context.Context, rec conversation.Recording, out *conversation.Reading) (string, error) {
	began := time.Now()
	t, err := r.cfg.Transcriber.Transcribe(ctx, rec)
	call := conversation.Call{Purpose: "transcribe", Model: t.Model, Outcome: "ok", Usage: t.Usage, Duration: time.Since(began), Hold: t.Hold}
	var failure *conversation.ModelError
	if errors.As(err, &failure) {
		call.Outcome = string(failure.Kind)
	} else if err != nil {
		call.Outcome = "cancelled"
	}
	if failure == nil || failure.Kind != conversation.ErrOverBudget {
		out.Calls = append(out.Calls, call)
	}
	if err == nil {
		return clip(t.Text), nil
	}
	if failure == nil {
		return "", err
	}
	switch failure.Kind {
	case conversation.ErrGone, conversation.ErrAuth, conversation.ErrQuota, conversation.ErrOverBudget:
		r.log.Warn("speech cannot be turned into text here", "model", t.Model, "kind", failure.Kind, "err", failure.Err)
		out.Refused = conversation.RefusedNoHearing
	case conversation.ErrBadRequest, conversation.ErrContentFilter:
		out.Refused = conversation.RefusedDamaged
	default:
		return "", err
	}
	return "", nil
}

// clip bounds what was said to what one message may have, and makes it storable.
func clip(text string) string {
	text, err := conversation.Clean(firstRunes(text, conversation.MaxTextRunes))
	if err != nil {
		return ""
	}
	return text
}

func firstRunes(s string, most int) string {
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}
