package openai

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"frontdesk/conversation"
)

func TestPicturesAreCountedByTheModelsRule(t *testing.T) {
	for _, c := range []struct {
		model, detail string
		w, h, want    int
	}{
		{"gpt-4o-mini", DetailLow, 768, 512, 2833},
		{"gpt-4o-mini", DetailHigh, 1024, 1024, 2833 + 4*5667},
		{"gpt-4o", DetailLow, 4000, 4000, 85},
		{"gpt-4o", DetailHigh, 2048, 4096, 85 + 6*170},
		{"gpt-4o", DetailHigh, 300, 200, 85 + 170},
		{"gpt-4.1-mini", DetailLow, 1024, 1024, 1659},
		{"gpt-4.1-mini", DetailLow, 4000, 4000, 2489},
		{"some-local-model", DetailLow, 768, 768, 1417},
	} {
		m, err := New(Config{BaseURL: "http://localhost:1/v1", Models: []string{c.model}, Detail: c.detail})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.ImageTokens(c.w, c.h); got != c.want {
			t.Errorf("%s counts %d × %d in %s detail as %d, want %d", c.model, c.w, c.h, c.detail, got, c.want)
		}
	}
}

var pictureQuestion = conversation.ModelRequest{
	Messages: []conversation.PromptMessage{
		{Role: conversation.RoleSystem, Text: "Answer briefly."},
		{Role: conversation.RoleUser, Text: secretText, Images: []conversation.Image{{MediaType: "image/jpeg", Data: []byte("pixels"), Tokens: 40}}},
	},
	MaxTokens: 200,
}

func TestPictureIsSentAsData(t *testing.T) {
	f := newFake(t, fine)
	m, _, _ := testModel(t, f, nil)
	if _, _, err := ask(t, m, pictureQuestion); err != nil {
		t.Fatalf("Stream = %v", err)
	}
	raw, err := json.Marshal(f.requests()[0]["messages"])
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"image_url":{"url":"data:image/jpeg;base64,cGl4ZWxz"},"type":"image_url"}`; !strings.Contains(string(raw), want) {
		t.Errorf("messages = %s, want %s in them", raw, want)
	}
	if strings.Contains(string(raw), "detail") {
		t.Error("another server than OpenAI's is sent a detail it may not know")
	}
}

func TestServerWithoutVisionIsNotSentASecondPicture(t *testing.T) {
	for name, refusal := range map[string]http.HandlerFunc{
		"vLLM":                  failing(400, "llama is not a multimodal model", "BadRequestError"),
		"llama.cpp":             failing(500, "image input is not supported - hint: you may need to provide the mmproj", "server_error"),
		"DeepSeek":              failing(422, "unknown variant `image_url`, expected `text`", "invalid_request_error"),
		"one that only says no": failing(400, "invalid request", ""),
	} {
		f := newFake(t, refusal, fine)
		m, _, _ := testModel(t, f, func(c *Config) { c.Models = []string{"local"} })
		if !m.Sees() {
			t.Fatalf("%s: a model that is not known is not tried", name)
		}
		_, _, err := ask(t, m, pictureQuestion)
		wantKind(t, err, conversation.ErrNoVision)
		if m.Sees() {
			t.Errorf("%s: the refusal is not remembered", name)
		}
		sent := len(f.requests())
		_, _, err = ask(t, m, pictureQuestion)
		wantKind(t, err, conversation.ErrNoVision)
		if n := len(f.requests()); n != sent {
			t.Errorf("%s: a picture was sent again", name)
		}
		if _, _, err := ask(t, m, question); err != nil {
			t.Errorf("%s: without a picture Stream = %v", name, err)
		}
	}
}

func TestOneBadPictureDoesNotBlindAModelThatSees(t *testing.T) {
	f := newFake(t, failing(400, "You uploaded an unsupported image.", "invalid_image_format"), fine)
	m, _, _ := testModel(t, f, nil)
	_, _, err := ask(t, m, pictureQuestion)
	wantKind(t, err, conversation.ErrNoVision)
	if !m.Sees() {
		t.Error("gpt-4o-mini is taken to be blind")
	}
}

func TestPicturesGoToTheModelOfTheListThatSees(t *testing.T) {
	f := newFake(t, fine)
	m, _, _ := testModel(t, f, func(c *Config) {
		c.Models = []string{"texts-only", "gpt-4o"}
		c.Facts = map[string]Fact{"texts-only": {Context: 8000, MaxOutput: 1000}}
	})
	_, reply, err := ask(t, m, pictureQuestion)
	if err != nil || reply.Model != "gpt-4o" {
		t.Errorf("Stream = %s, %v, want gpt-4o", reply.Model, err)
	}
}

func TestTooLongPromptIsNoProofOfBlindness(t *testing.T) {
	f := newFake(t, failing(400, "maximum context length is 4096 tokens", "context_length_exceeded"))
	m, _, _ := testModel(t, f, func(c *Config) { c.Models = []string{"local"} })
	_, _, err := ask(t, m, pictureQuestion)
	wantKind(t, err, conversation.ErrBadRequest)
	if !m.Sees() {
		t.Error("the model is taken to be blind")
	}
}
