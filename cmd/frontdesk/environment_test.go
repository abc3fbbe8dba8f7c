package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTheEnvironmentIsShownWithoutSecrets(t *testing.T) {
	var l loader
	cfg, err := l.load([]string{
		"DATABASE_URL=postgres://u:hidden1@localhost/db", "OPENAI_API_KEY=hidden2", "OPENAI_BASE_URL=https://me:hidden3@ai.example/v1",
		"OPENAI_MODEL=big,small", "ADMIN_PASSWORD=hidden4 hidden4 hidden4", "SLACK_BOT_TOKEN=hidden5", "METRICS_TOKEN=hidden6",
	}, "none.env")
	if err != nil {
		t.Fatal(err)
	}
	list := cfg.environment()
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "hidden") {
		t.Errorf("environment = %s, want no secret in it", data)
	}
	got := map[string]string{}
	for _, v := range list {
		if v.About == "" {
			t.Errorf("%s is shown without what it is about", v.Name)
		}
		state := v.Value
		if v.Secret {
			state = "secret"
		}
		if v.Set {
			state += " set"
		}
		got[v.Name] = state
	}
	for name, want := range map[string]string{
		"DATABASE_URL": "secret set", "OPENAI_API_KEY": "secret set", "TELEGRAM_BOT_TOKEN": "secret", "OPENAI_MODEL": "big,small set",
		"OPENAI_BASE_URL": "https://redacted@ai.example/v1 set", "LISTEN_ADDR": ":8080", "OPENAI_TIMEOUT": "40s", "WIDGET_RATE_LIMIT": "20",
	} {
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
}
