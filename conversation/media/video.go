package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/image/draw"

	"frontdesk/conversation"
)

const (
	frames     = 4 // moments of a video, two by two on one picture
	videoWant  = 60 * time.Second
	probeWant  = 10 * time.Second
	stopWithin = 2 * time.Second // from being told to, until it is killed
	maxStdout  = 64 << 10
	// maxTrack bounds the sound track: ten minutes of speech as FLAC of 16 kHz take 12 MB.
	maxTrack = 22 << 20
	// maxFrame bounds one moment, scaled down to below 800 pixels.
	maxFrame = 4 << 20
)

// ffmpeg runs the programs of that name, which are installed or not; nothing of
// them is built in.
type ffmpeg struct{ ffmpeg, ffprobe string }

func findFFmpeg(run, probe string) *ffmpeg {
	f := &ffmpeg{run, probe}
	for name, path := range map[string]*string{"ffmpeg": &f.ffmpeg, "ffprobe": &f.ffprobe} {
		if *path != "" {
			continue
		}
		found, err := exec.LookPath(name)
		if err != nil {
			return nil
		}
		*path = found
	}
	return f
}

// demuxers names the format that ffmpeg is told the file is of. It is never left
// to guess: some formats it knows are lists of other files to open.
var demuxers = map[string]string{
	typeMP4: "mov", typeM4A: "mov", typeWebM: "matroska", typeOggV: "ogg", typeAVI: "avi", typeMPEG: "mpeg",
}

// look makes one picture of moments of a video and has its sound turned into text.
func (r *Reader) look(ctx context.Context, f conversation.File, out *conversation.Reading) error {
	if out.Duration = duration(out.MediaType, f.Content); out.Duration > MaxDuration {
		out.Refused = conversation.RefusedDuration
		return nil
	}
	if r.video == nil {
		out.Refused = conversation.RefusedNoVideo
		return nil
	}
	leave, err := r.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	dir, err := os.MkdirTemp("", "frontdesk-video-")
	if err != nil {
		return fmt.Errorf("make room for a video: %w", err)
	}
	defer os.RemoveAll(dir)
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, f.Content, 0o600); err != nil {
		return fmt.Errorf("put a video down: %w", err)
	}
	within, cancel := context.WithTimeout(ctx, videoWant)
	defer cancel()
	v, err := r.video.probe(within, in, demuxers[out.MediaType])
	if err != nil {
		return r.videoFault(ctx, within, out, err)
	}
	if out.Duration = v.length; v.length > MaxDuration {
		out.Refused = conversation.RefusedDuration
		return nil
	}
	if v.width > maxSide || v.height > maxSide || int64(v.width)*int64(v.height) > maxPixels {
		out.Refused = conversation.RefusedDimensions
		return nil
	}
	if v.film {
		if err := r.moments(within, in, dir, v, out); err != nil {
			return r.videoFault(ctx, within, out, err)
		}
	}
	if v.sound && r.cfg.Transcriber != nil {
		track, err := r.video.track(within, in, dir, demuxers[out.MediaType])
		if err != nil {
			return r.videoFault(ctx, within, out, err)
		}
		leave() // what is left is waiting for the model
		if out.Text, err = r.transcribe(ctx, conversation.Recording{MediaType: typeFLAC, Data: track, Duration: v.length}, out); err != nil {
			return err
		}
		if len(out.Picture) > 0 {
			out.Refused = "" // what can be seen is worth something without what is said
		}
	}
	if len(out.Picture) == 0 && out.Text == "" && out.Refused == "" {
		out.Refused = conversation.RefusedEmpty
	}
	return nil
}

// videoFault sorts what went wrong: the turn was ended, the video took too long, or
// it is not one.
func (r *Reader) videoFault(ctx, within context.Context, out *conversation.Reading, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case within.Err() != nil:
		out.Refused = conversation.RefusedTimeout
	default:
		r.log.Info("video refused", "type", out.MediaType, "bytes", len(out.Content), "err", err)
		out.Refused = conversation.RefusedDamaged
	}
	return nil
}

// stream is what is known of a video before it is decoded.
type stream struct {
	length        time.Duration
	width, height int
	film, sound   bool
	format        string
}

func (f *ffmpeg) probe(ctx context.Context, in, format string) (stream, error) {
	ctx, cancel := context.WithTimeout(ctx, probeWant)
	defer cancel()
	b, err := run(ctx, f.ffprobe, "-v", "error", "-protocol_whitelist", "file", "-f", format,
		"-show_entries", "format=duration:stream=codec_type,width,height", "-of", "json", in)
	if err != nil {
		return stream{}, err
	}
	var got struct {
		Streams []struct {
			Type          string `json:"codec_type"`
			Width, Height int
		}
		Format struct{ Duration string }
	}
	if err := json.Unmarshal(b, &got); err != nil {
		return stream{}, fmt.Errorf("read what ffprobe says: %w", err)
	}
	s := stream{format: format}
	for _, st := range got.Streams {
		switch st.Type {
		case "video":
			s.film = true
			s.width, s.height = max(s.width, st.Width), max(s.height, st.Height)
		case "audio":
			s.sound = true
		}
	}
	if sec, err := strconv.ParseFloat(got.Format.Duration, 64); err == nil && sec > 0 && sec < 1e6 {
		s.length = time.Duration(sec * float64(time.Second))
	}
	return s, nil
}

// moments takes frames spread over the video and puts them on one picture: a
// picture is what models charge for.
func (r *Reader) moments(ctx context.Context, in, dir string, v stream, out *conversation.Reading) error {
	side := lowSide / 2
	if r.cfg.High {
		side = lowSide
	}
	var shots []image.Image
	for i := range frames {
		// In the middle of each quarter; a video without a length has only a beginning.
		at := v.length * time.Duration(2*i+1) / (2 * frames)
		if v.length == 0 && i > 0 {
			break
		}
		shot, err := r.video.frame(ctx, in, filepath.Join(dir, "shot.jpg"), v.format, at, side)
		if err != nil {
			if len(shots) > 0 && ctx.Err() == nil {
				break // cut short: what there is will do
			}
			return err
		}
		if shot != nil {
			shots = append(shots, shot)
		}
	}
	if len(shots) == 0 {
		return errors.New("no frame came out")
	}
	sheet := contactSheet(shots, side)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, sheet, &jpeg.Options{Quality: quality}); err != nil {
		return err
	}
	out.Picture, out.Width, out.Height = b.Bytes(), sheet.Bounds().Dx(), sheet.Bounds().Dy()
	return nil
}

// frame decodes the frame at a time; nil where the video has ended before.
func (f *ffmpeg) frame(ctx context.Context, in, file, format string, at time.Duration, side int) (image.Image, error) {
	os.Remove(file)
	scale := fmt.Sprintf("scale='min(%[1]d,iw)':'min(%[1]d,ih)':force_original_aspect_ratio=decrease", side)
	_, err := run(ctx, f.ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1", "-protocol_whitelist", "file",
		"-ss", strconv.FormatFloat(at.Seconds(), 'f', 3, 64), "-f", format, "-i", in,
		"-an", "-sn", "-dn", "-frames:v", "1", "-vf", scale, "-f", "image2", "-c:v", "mjpeg", "-y", file)
	if err != nil {
		return nil, err
	}
	b, err := readBounded(file, maxFrame)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	img, _, refused := decode(typeJPEG, b)
	if refused != "" {
		return nil, fmt.Errorf("a frame is %s", refused)
	}
	return img, nil
}

// track takes out the sound, small enough to be sent on.
func (f *ffmpeg) track(ctx context.Context, in, dir, format string) ([]byte, error) {
	file := filepath.Join(dir, "track.flac")
	_, err := run(ctx, f.ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1", "-protocol_whitelist", "file",
		"-f", format, "-i", in, "-vn", "-sn", "-dn", "-t", strconv.Itoa(int(MaxDuration.Seconds())),
		"-ac", "1", "-ar", "16000", "-c:a", "flac", "-sample_fmt", "s16", "-fs", strconv.Itoa(maxTrack), "-f", "flac", "-y", file)
	if err != nil {
		return nil, err
	}
	return readBounded(file, maxTrack+1<<20)
}

// readBounded reads a file that a program wrote.
func readBounded(file string, most int64) ([]byte, error) {
	st, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if st.Size() > most {
		return nil, fmt.Errorf("%d bytes came out, above %d", st.Size(), most)
	}
	return os.ReadFile(file)
}

// run runs a program without a shell, with an empty environment but for the path,
// until ctx ends.
func run(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.WaitDelay = stopWithin
	var stdout, stderr bounded
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(program), err)
	}
	return stdout.Bytes(), nil
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if room := maxStdout - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// contactSheet puts pictures on a grid of two columns, in order.
func contactSheet(shots []image.Image, side int) *image.RGBA {
	cols, rows := min(len(shots), 2), (len(shots)+1)/2
	w, h := 1, 1
	for _, s := range shots {
		sw, sh := fit(s.Bounds().Dx(), s.Bounds().Dy(), side, side)
		w, h = max(w, sw), max(h, sh)
	}
	sheet := image.NewRGBA(image.Rect(0, 0, w*cols, h*rows))
	draw.Draw(sheet, sheet.Bounds(), image.Black, image.Point{}, draw.Src)
	for i, s := range shots {
		small := shrink(s, side, side)
		at := image.Pt(w*(i%2), h*(i/2))
		draw.Draw(sheet, small.Bounds().Sub(small.Bounds().Min).Add(at), small, small.Bounds().Min, draw.Src)
	}
	return sheet
}
