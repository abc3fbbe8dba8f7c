package media

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"frontdesk/conversation"
)

// film has ffmpeg make a short video with a tone, and skips where there is none.
func film(t *testing.T, args ...string) []byte {
	t.Helper()
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not installed")
	}
	out := filepath.Join(t.TempDir(), "film.mp4")
	all := append([]string{"-nostdin", "-loglevel", "error"}, args...)
	all = append(all, "-c:v", "mpeg4", "-c:a", "aac", "-shortest", "-y", out)
	if b, err := exec.CommandContext(t.Context(), program, all...).CombinedOutput(); err != nil {
		t.Fatalf("make a film: %v\n%s", err, b)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestVideoBecomesMomentsAndWords(t *testing.T) {
	data := film(t, "-f", "lavfi", "-i", "testsrc=duration=4:size=640x360:rate=10", "-f", "lavfi", "-i", "sine=frequency=440:duration=4")
	e := &ears{text: "the lid does not close"}
	got := read(t, newReader(t, e), "lid.mp4", data)
	if got.Refused != "" || got.Kind != conversation.FileVideo || got.Text != "the lid does not close" {
		t.Fatalf("Read = %s %q refused %q, want a video with words", got.Kind, got.Text, got.Refused)
	}
	if got.Width != 768 || got.Height != 432 || got.Duration.Round(time.Second) != 4*time.Second {
		t.Errorf("sheet of %d × %d, %v, want four moments of 384 × 216 and 4 s", got.Width, got.Height, got.Duration)
	}
	if cfg, err := configOf("image/jpeg", got.Picture); err != nil || cfg.Width != got.Width || cfg.Height != got.Height {
		t.Errorf("the sheet decodes as %d × %d, %v", cfg.Width, cfg.Height, err)
	}
	if len(e.got) != 1 || e.got[0].MediaType != "audio/flac" || duration(typeFLAC, e.got[0].Data).Round(time.Second) != 4*time.Second {
		t.Errorf("%d tracks were sent, want one FLAC of 4 s", len(e.got))
	}
}

func TestSilentVideoIsLookedAt(t *testing.T) {
	data := film(t, "-f", "lavfi", "-i", "testsrc=duration=1:size=64x64:rate=10")
	got := read(t, newReader(t, &ears{err: errors.New("not to be asked")}), "a.mp4", data)
	if got.Refused != "" || len(got.Picture) == 0 || got.Text != "" {
		t.Errorf("Read = %q refused %q, want moments without words", got.Text, got.Refused)
	}
}

func TestVideoThatIsNoneIsRefused(t *testing.T) {
	if _, err := exec.LookPath("ffprobe"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	if got := read(t, newReader(t, nil), "a.mp4", mp4Of(3, "vide")); got.Refused != conversation.RefusedDamaged {
		t.Errorf("refused %q, want damaged", got.Refused)
	}
	if got := read(t, newReader(t, nil), "a.mp4", mp4Of(3600, "vide")); got.Refused != conversation.RefusedDuration {
		t.Errorf("an hour: refused %q, want for its duration", got.Refused)
	}
}

func TestWithoutFFmpegVideosAreRefused(t *testing.T) {
	r := newReader(t, nil)
	r.video = nil
	if got := read(t, r, "a.mp4", mp4Of(3, "vide")); got.Refused != conversation.RefusedNoVideo || r.Videos() {
		t.Errorf("refused %q, want because ffmpeg is not installed", got.Refused)
	}
}

func TestProgramThatHangsIsEnded(t *testing.T) {
	script := filepath.Join(t.TempDir(), "hang")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexec sleep 600\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := &ffmpeg{script, script}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := f.probe(ctx, "x", "mov"); err == nil || ctx.Err() == nil {
		t.Errorf("probe = %v, want it ended with its context", err)
	}
}
