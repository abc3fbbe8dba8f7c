package openai

import (
	"testing"
	"time"

	"frontdesk/knowledge/tokens"
)

func TestSnapshotsAndVendorNamesAreTheirBaseModel(t *testing.T) {
	for _, name := range []string{"gpt-4o-mini", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini", " GPT-4o-mini "} {
		f, ok := Facts(name)
		if !ok || f.Input != 0.15 || !f.Shutdown.Equal(time.Date(2027, 1, 14, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("Facts(%q) = %+v, %v, want those of gpt-4o-mini", name, f, ok)
		}
	}
	for _, name := range []string{"", "gpt-4o-mini-audio-preview", "gpt-4o-mini-2024-13-45", "ft:gpt-4o-mini:acme::1", "llama3.2", "-2024-07-18"} {
		if f, ok := Facts(name); ok {
			t.Errorf("Facts(%q) = %+v, want none", name, f)
		}
	}
}

func TestFactsAreComplete(t *testing.T) {
	for name, f := range facts {
		embedding := f.Dimensions > 0
		if f.Context <= 0 || f.Input <= 0 || !embedding && (f.MaxOutput <= 0 || f.Output <= f.Input || f.Cached <= 0 || f.Cached >= f.Input) {
			t.Errorf("%s: %+v lacks a figure or has them in disorder", name, f)
		}
		if got := tokens.For(name).Name(); got != f.Encoding {
			t.Errorf("%s: encoding %s, but tokens counts with %s", name, f.Encoding, got)
		}
		if f.Successor != "" {
			if next, ok := facts[f.Successor]; !ok || !next.Shutdown.IsZero() {
				t.Errorf("%s: the successor %s is unknown or shuts down too", name, f.Successor)
			}
		}
		if !f.Shutdown.IsZero() && f.Successor == "" {
			t.Errorf("%s shuts down and names no successor", name)
		}
	}
}

func TestCostIsExactAndRoundedUp(t *testing.T) {
	mini, _ := Facts("gpt-4o-mini")
	for _, c := range []struct {
		input, cached, output int
		want                  int64
	}{
		{0, 0, 0, 0}, {1, 0, 0, 1}, {1_000_000, 0, 0, 150_000}, {1_000_000, 1_000_000, 0, 75_000},
		{0, 0, 1_000_000, 600_000}, {1000, 400, 50, 150}, {20, 0, 5, 6}, {7, 0, 0, 2},
	} {
		if got := mini.Cost(c.input, c.cached, c.output); got != c.want {
			t.Errorf("Cost(%d, %d, %d) = %d, want %d", c.input, c.cached, c.output, got, c.want)
		}
	}
}
