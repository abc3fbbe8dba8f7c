package openai

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"
)

// heardBy serves an audio endpoint that checks what it is sent.
func heardBy(t *testing.T, model string, answer http.HandlerFunc) (*Transcriber, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.URL.Path != "/v1/audio/transcriptions" || r.Header.Get("Authorization") != "Bearer "+testKey {
			t.Errorf("asked %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		file, header, err := r.FormFile("file")
		if err != nil {
			t.Errorf("form: %v", err)
			return
		}
		sound, err := io.ReadAll(file)
		if err != nil || string(sound) != "OggS sound" || header.Filename != "voice.ogg" {
			t.Errorf("sent %q as %q, %v, want the sound as voice.ogg", sound, header.Filename, err)
		}
		if r.FormValue("model") != model || r.FormValue("response_format") != "json" {
			t.Errorf("sent model %q, format %q", r.FormValue("model"), r.FormValue("response_format"))
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	c := newClock()
	tr, err := NewTranscriber(Config{APIKey: testKey, BaseURL: s.URL + "/v1", now: c.now, wait: c.wait}, model)
	if err != nil {
		t.Fatal(err)
	}
	return tr, &calls
}

var note = conversation.Recording{MediaType: "audio/ogg", Data: []byte("OggS sound"), Duration: 30 * time.Second}

func TestSpeechIsTurnedIntoTextAndPriced(t *testing.T) {
	for _, c := range []struct {
		model, body string
		want        conversation.Usage
	}{
		{"gpt-4o-mini-transcribe", `{"text":" Where is it? ","usage":{"type":"tokens","input_tokens":300,"output_tokens":10,"total_tokens":310,"input_token_details":{"audio_tokens":300,"text_tokens":0}}}`,
			conversation.Usage{InputTokens: 300, OutputTokens: 10, CostMicros: 950}},
		{"whisper-1", `{"text":"Where is it?","usage":{"type":"duration","seconds":60}}`, conversation.Usage{CostMicros: 6000}},
		{"whisper-1", `{"text":"Where is it?"}`, conversation.Usage{CostMicros: 3000, Estimated: true}},
		{"local-whisper", `{"text":"Where is it?"}`, conversation.Usage{Estimated: true}},
	} {
		tr, _ := heardBy(t, c.model, status(200, c.body))
		got, err := tr.Transcribe(t.Context(), note)
		if err != nil || got.Text != "Where is it?" || got.Model != c.model || got.Usage != c.want {
			t.Errorf("%s: Transcribe = %+v, %v, want %+v", c.model, got, err, c.want)
		}
	}
}

func TestTranscriptionFaultsAreSorted(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		kind   conversation.ErrorKind
		calls  int32
	}{
		{"a server without audio", failing(404, "not found", ""), conversation.ErrGone, 1},
		{"a damaged file", failing(400, "Audio file might be corrupted or unsupported", "invalid_value"), conversation.ErrBadRequest, 1},
		{"a wrong key", failing(401, "bad key", "invalid_api_key"), conversation.ErrAuth, 1},
		{"a server that is down", failing(503, "overloaded", ""), conversation.ErrUnavailable, maxAttempts},
		{"an answer that is none", status(200, "<html>"), conversation.ErrUnavailable, maxAttempts},
	} {
		tr, calls := heardBy(t, "whisper-1", c.answer)
		_, err := tr.Transcribe(t.Context(), note)
		if failure := wantKind(t, err, c.kind); failure != nil && strings.Contains(failure.Error(), testKey) {
			t.Errorf("%s: the error holds the key", c.name)
		}
		if n := calls.Load(); n != c.calls {
			t.Errorf("%s: asked %d times, want %d", c.name, n, c.calls)
		}
	}
}

func TestRecordingThatIsNotTakenIsNotSent(t *testing.T) {
	tr, calls := heardBy(t, "whisper-1", status(200, `{"text":""}`))
	for _, r := range []conversation.Recording{{MediaType: "audio/amr", Data: []byte("x")}, {MediaType: "audio/ogg", Data: make([]byte, MaxAudioBytes+1)}} {
		_, err := tr.Transcribe(t.Context(), r)
		wantKind(t, err, conversation.ErrBadRequest)
	}
	if calls.Load() != 0 {
		t.Error("it was sent all the same")
	}
}

func TestModerationNamesWhatItFlags(t *testing.T) {
	f := newFake(t,
		status(200, `{"id":"m","model":"omni","results":[{"flagged":true,"categories":{"violence":true,"harassment":true,"sexual":false},"category_scores":{}}]}`),
		status(200, `{"id":"m","model":"omni","results":[{"flagged":false,"categories":{"violence":false},"category_scores":{}}]}`),
		status(200, `{"id":"m","model":"omni","results":[]}`))
	c := newClock()
	m, err := NewModerator(Config{APIKey: testKey, BaseURL: f.URL + "/v1", now: c.now, wait: c.wait}, DefaultModerationModel)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.Moderate(t.Context(), secretText); err != nil || got != "harassment, violence" {
		t.Errorf("Moderate = %q, %v, want both categories", got, err)
	}
	if body := f.requests()[0]; body["input"] != secretText || body["model"] != DefaultModerationModel {
		t.Errorf("sent %v", body)
	}
	if got, err := m.Moderate(t.Context(), secretText); err != nil || got != "" {
		t.Errorf("Moderate = %q, %v, want it to pass", got, err)
	}
	_, err = m.Moderate(t.Context(), secretText)
	wantKind(t, err, conversation.ErrUnavailable)
}
