package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"frontdesk/conversation"
	"frontdesk/conversation/media"
	"frontdesk/conversation/moderate"
	"frontdesk/conversation/openai"
	"frontdesk/knowledge/extract"
	"frontdesk/knowledge/tokens"
)

// Values of MODERATION and MODERATION_FAIL.
const (
	moderateOff, moderateOpenAI, moderateList = "off", "openai", "list"
	failOpen, failClosed                      = "open", "closed"
)

// noTranscriber is the OPENAI_TRANSCRIBE_MODEL that has no speech turned into text.
const noTranscriber = "none"

// newReader returns what looks into customers' files.
func newReader(cfg *Config, purse *conversation.Purse, log *slog.Logger) (*media.Reader, error) {
	t, err := newTranscriber(cfg, purse, log)
	if err != nil {
		return nil, err
	}
	return media.New(media.Config{
		Transcriber: t, Detect: extract.Detect, Extract: extract.Extract, Counter: tokens.For(cfg.OpenAIModel[0]),
		High: cfg.ImageDetail == openai.DetailHigh, Log: log,
	}), nil
}

// newTranscriber returns the model that turns speech into text, or nil when there is none.
func newTranscriber(cfg *Config, purse *conversation.Purse, log *slog.Logger) (conversation.Transcriber, error) {
	if cfg.TranscribeModel == noTranscriber || cfg.TranscribeModel == "" {
		return nil, nil
	}
	t, err := openai.NewTranscriber(openaiConfig(cfg, log), cfg.TranscribeModel)
	if errors.Is(err, openai.ErrNoKey) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("transcription model: %w", err)
	}
	return purse.Transcriber(t), nil
}

// checkModeration returns what is wrong with the settings of moderation.
func (c *Config) checkModeration() (bad []error) {
	switch c.Moderation {
	case moderateOff:
	case moderateOpenAI:
		if !c.Model() {
			bad = append(bad, errors.New("MODERATION is openai, which takes OPENAI_API_KEY or OPENAI_BASE_URL"))
		}
		if c.ModerationModel == "" {
			bad = append(bad, errors.New("MODERATION_MODEL names no model"))
		}
	case moderateList:
		if c.ModerationList == "" {
			bad = append(bad, errors.New("MODERATION is list, which takes MODERATION_BLOCKLIST"))
		}
	default:
		bad = append(bad, fmt.Errorf("MODERATION is %q, not off, openai or list", c.Moderation))
	}
	if c.ModerationFail != failOpen && c.ModerationFail != failClosed {
		bad = append(bad, fmt.Errorf("MODERATION_FAIL is %q, not open or closed", c.ModerationFail))
	}
	return bad
}

// newModerator returns what judges customers' and the model's words; nil lets all pass.
func newModerator(cfg *Config, log *slog.Logger) (conversation.Moderator, error) {
	switch cfg.Moderation {
	case moderateOpenAI:
		m, err := openai.NewModerator(openaiConfig(cfg, log), cfg.ModerationModel)
		if err != nil {
			return nil, fmt.Errorf("moderation model: %w", err)
		}
		return m, nil
	case moderateList:
		f, err := os.Open(cfg.ModerationList)
		if err != nil {
			return nil, fmt.Errorf("MODERATION_BLOCKLIST: %s", reason(err))
		}
		defer f.Close()
		l, err := moderate.Parse(f)
		if err != nil {
			return nil, fmt.Errorf("MODERATION_BLOCKLIST: %s: %w", cfg.ModerationList, err)
		}
		return l, nil
	}
	return nil, nil
}

// examineMedia looks at what customers' files need.
func examineMedia(_ context.Context, cfg *Config) []finding {
	var out []finding
	r, err := newReader(cfg, conversation.NewPurse(nil, nil, nil), slog.New(slog.DiscardHandler)) // nothing is heard
	switch {
	case err != nil:
		out = append(out, finding{"media", verdictWarning, err.Error(), ""})
	case r.Videos():
		out = append(out, finding{"media", verdictOK, "ffmpeg is installed, so customers may send videos", ""})
	default:
		out = append(out, finding{"media", verdictNote, "ffmpeg is not installed, so customers' videos are refused", "Install ffmpeg (apt install ffmpeg, dnf install ffmpeg-free, brew install ffmpeg)."})
	}
	if _, err := newModerator(cfg, slog.New(slog.DiscardHandler)); err != nil {
		out = append(out, finding{"moderation", verdictMissing, err.Error(), "Without it the server does not start."})
	}
	return out
}
