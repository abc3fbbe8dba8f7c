package openai

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestPriceIsOfTheTable(t *testing.T) {
	if micros, known := Price("gpt-4o-mini-2024-07-18", 1000, 400, 10); !known || micros != 126 {
		t.Errorf("Price() = %d, %v; want 126", micros, known)
	}
	if micros, known := Price("llama3", 1000, 0, 10); known || micros != 0 {
		t.Errorf("Price(llama3) = %d, %v; want it not known", micros, known)
	}
	for _, name := range Names() {
		if _, known := Price(name, 1, 0, 0); !known {
			t.Errorf("Names() has %s without a price", name)
		}
	}
	if !slices.Contains(Names(), "gpt-4o-mini") {
		t.Errorf("Names() = %v", Names())
	}
}

func TestBoundsHoldWhatAModelThinks(t *testing.T) {
	m, err := New(Config{APIKey: "k", Models: []string{"gpt-4o-mini", "gpt-5-mini"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []conversation.Bound{{Model: "gpt-4o-mini", Output: 800}, {Model: "gpt-5-mini", Output: 800 + reasoningRoom}}
	if got := m.Bounds(conversation.ModelRequest{MaxTokens: 800}); !slices.Equal(got, want) {
		t.Errorf("Bounds() = %+v, want %+v", got, want)
	}
}

func TestEveryRequestForVectorsIsCounted(t *testing.T) {
	f := newFake(t, numbers(1536), numbers(1536), status(http.StatusUnauthorized, `{"message":"no"}`))
	e, _ := testEmbedder(t, f, "text-embedding-3-small", 0)
	texts := slices.Repeat([]string{"parcel"}, 3*batchTexts)
	vectors, used, err := e.EmbedCounted(t.Context(), texts)
	if err == nil || vectors != nil || len(used) != 3 {
		t.Fatalf("EmbedCounted() = %d vectors, %+v, %v; want the error of the third request", len(vectors), used, err)
	}
	if used[0].InputTokens == 0 || used[1].CostMicros == 0 || used[2] != (conversation.Usage{}) {
		t.Errorf("used %+v, want what two requests took", used)
	}
}

func TestARecordingsCostIsBoundBeforeItIsHeard(t *testing.T) {
	h, err := NewTranscriber(Config{APIKey: "k"}, "whisper-1")
	if err != nil {
		t.Fatal(err)
	}
	if got := h.TranscriptionCost(conversation.Recording{Duration: time.Minute}); got != 6001 {
		t.Errorf("a minute costs up to %d, want 6001", got)
	}
	if got := h.TranscriptionCost(conversation.Recording{Data: make([]byte, 45_000)}); got != 6001 {
		t.Errorf("45 kB of unknown length cost up to %d, want those of a minute", got)
	}
}
