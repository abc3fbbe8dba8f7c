package openai

import (
	"fmt"
	"testing"

	"frontdesk/conversation"
)

func TestARequestNamesItsModelsAndTemperature(t *testing.T) {
	f := newFake(t, fine)
	list := []string{"gpt-4o-mini"}
	m, _, _ := testModel(t, f, func(c *Config) { c.Current = func() []string { return list } })
	heat := 0.0
	req := question
	for _, c := range []struct {
		models  []string
		current []string
		heat    *float64
		want    string
	}{
		{nil, []string{"gpt-4o-mini"}, nil, "gpt-4o-mini <nil>"},
		{nil, []string{"local"}, &heat, "local 0"},
		{nil, nil, nil, m.server.Models[0] + " <nil>"},
		{[]string{"asked", "other"}, []string{"local"}, &heat, "asked 0"},
		{[]string{"gpt-5-mini"}, nil, &heat, "gpt-5-mini <nil>"}, // which reasons, and takes no other than its own
	} {
		list = c.current
		req.Models, req.Temperature = c.models, c.heat
		if _, _, err := ask(t, m, req); err != nil {
			t.Fatal(err)
		}
		all := f.requests()
		body := all[len(all)-1]
		if got := fmt.Sprint(body["model"], " ", body["temperature"]); got != c.want {
			t.Errorf("request for %v with %v in use = %s, want %s", c.models, c.current, got, c.want)
		}
	}
}

func TestPicturesFollowTheModelsInUse(t *testing.T) {
	f := newFake(t, fine)
	list := []string{"gpt-4o-mini"}
	m, _, _ := testModel(t, f, func(c *Config) {
		c.Current = func() []string { return list }
		c.Facts = map[string]Fact{"blind": {}}
	})
	var s conversation.Sight = m
	if !s.Sees() || s.ImageTokens(100, 100) == 0 {
		t.Error("gpt-4o-mini sees nothing, want it to")
	}
	list = []string{"blind"}
	if s.Sees() || s.ImageTokens(100, 100) != 0 {
		t.Error("a model that takes no pictures sees, want it not to")
	}
}
