package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// load reads settings from the environment given, flags and a .env file.
func load(t *testing.T, environ []string, file string, flags map[string]string) (Config, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), ".env")
	if file != "" {
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := loader{flags: flags}
	return l.load(environ, name)
}

func TestWithoutSettingsItRuns(t *testing.T) {
	c, err := load(t, nil, "", nil)
	if err != nil {
		t.Fatalf("load = %v, want none: no key at all is a supported way to run", err)
	}
	if c.ListenAddr != ":8080" || c.DataDir != "data" || !slices.Equal(c.OpenAIModel, []string{"gpt-4o-mini"}) || c.WidgetRateLimit != 20 ||
		c.AdminEmail != "admin@localhost" || c.Model() || c.Embedding() != "" || c.ShutdownTimeout != 25*time.Second {
		t.Errorf("load = %+v, want the defaults", c)
	}
}

func TestFlagsGoBeforeEnvironmentBeforeFile(t *testing.T) {
	c, err := load(t, []string{"LISTEN_ADDR=:2", "DATA_DIR=two"}, "LISTEN_ADDR=:1\nDATA_DIR=one\nPUBLIC_URL=\"https://help.example.com/\"\n", map[string]string{"LISTEN_ADDR": ":3"})
	if err != nil || c.ListenAddr != ":3" || c.DataDir != "two" || c.PublicURL != "https://help.example.com" {
		t.Errorf("load = %q %q %q, %v, want :3 of the flag, two of the environment, the file's address", c.ListenAddr, c.DataDir, c.PublicURL, err)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"DATABASE_URL=mysql://u:hunter2@h/d", "DATABASE_URL"}, {"DATABASE_URL=host=/tmp password=hunter2", "DATABASE_URL"},
		{"LISTEN_ADDR=8080", "LISTEN_ADDR"}, {"LISTEN_ADDR=:99999", "LISTEN_ADDR"}, {"LISTEN_ADDR=:http-alt-x", "LISTEN_ADDR"},
		{"PUBLIC_URL=help.example.com", "PUBLIC_URL"}, {"PUBLIC_URL=https://h/path", "PUBLIC_URL"}, {"PUBLIC_URL=https://u:p@h", "PUBLIC_URL"},
		{"OPENAI_BASE_URL=localhost:11434", "OPENAI_BASE_URL"}, {"OPENAI_MODEL= , ", "OPENAI_MODEL"},
		{"OPENAI_EMBEDDING_DIMENSIONS=many", "OPENAI_EMBEDDING_DIMENSIONS"}, {"OPENAI_EMBEDDING_DIMENSIONS=-1", "OPENAI_EMBEDDING_DIMENSIONS"},
		{"OPENAI_BATCH=maybe", "OPENAI_BATCH"}, {"CRAWL_PAUSE=-1s", "CRAWL_PAUSE"}, {"CRAWL_PAUSE=1h", "CRAWL_PAUSE"},
		{"OPENAI_EMBEDDING_DIMENSIONS=4001", "OPENAI_EMBEDDING_DIMENSIONS"}, {"ADMIN_EMAIL=root", "ADMIN_EMAIL"}, {"ADMIN_PASSWORD=hunter2", "ADMIN_PASSWORD"},
		{"TRUSTED_PROXIES=10.0.0.0/8,proxy", "TRUSTED_PROXIES"}, {"WIDGET_RATE_LIMIT=-5", "WIDGET_RATE_LIMIT"}, {"WIDGET_RATE_LIMIT=fast", "WIDGET_RATE_LIMIT"},
		{"LOG_FORMAT=xml", "LOG_FORMAT"}, {"LOG_LEVEL=loud", "LOG_LEVEL"}, {"SHUTDOWN_TIMEOUT=5", "SHUTDOWN_TIMEOUT"}, {"SHUTDOWN_TIMEOUT=-5s", "SHUTDOWN_TIMEOUT"},
		{"SLACK_API_URL=ftp://x", "SLACK_API_URL"}, {"TELEGRAM_API_URL=x", "TELEGRAM_API_URL"},
	} {
		_, err := load(t, []string{c.set}, "", nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("load with %s = %v, want an error that names %s and shows no secret", c.set, err, c.want)
		}
	}
	_, err := load(t, []string{"LISTEN_ADDR=x", "LOG_LEVEL=loud", "WIDGET_RATE_LIMIT=x"}, "", nil)
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("load with three faults = %v, want all three at once", err)
	}
}

func TestABrokenFileIsNotQuoted(t *testing.T) {
	_, err := load(t, nil, "OPENAI_API_KEY sk-hunter2\n'", nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), ".env") {
		t.Errorf("load of a broken file = %v, want an error that names the file and quotes nothing", err)
	}
}

func TestEmbeddingsFollowTheServer(t *testing.T) {
	for _, c := range []struct {
		environ []string
		want    string
	}{
		{nil, ""},
		{[]string{"OPENAI_API_KEY=k"}, "text-embedding-3-small"},
		{[]string{"OPENAI_API_KEY=k", "OPENAI_EMBEDDING_MODEL=none"}, ""},
		{[]string{"OPENAI_API_KEY=k", "OPENAI_BASE_URL=http://localhost:11434/v1"}, ""},
		{[]string{"OPENAI_BASE_URL=http://localhost:11434/v1", "OPENAI_EMBEDDING_MODEL=nomic"}, "nomic"},
		{[]string{"OPENAI_EMBEDDING_MODEL=nomic"}, ""},
	} {
		cfg, err := load(t, c.environ, "", nil)
		if err != nil || cfg.Embedding() != c.want {
			t.Errorf("Embedding() with %q = %q, %v, want %q", c.environ, cfg.Embedding(), err, c.want)
		}
	}
}

func TestNoPrintingShowsASecret(t *testing.T) {
	c, err := load(t, []string{"OPENAI_API_KEY=hunter2", "DATABASE_URL=postgres://u:hunter2@h/d", "ADMIN_PASSWORD=hunter2hunter2", "METRICS_TOKEN=hunter2"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, c, &c, c.OpenAIKey)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	keyed, err := json.Marshal(map[Secret]Secret{c.OpenAIKey: c.OpenAIKey})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(keyed)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("settings", "all", c, "key", c.OpenAIKey)
	slog.New(slog.NewTextHandler(&out, nil)).Info("settings", "all", c, "key", c.OpenAIKey)
	if s := out.String(); strings.Contains(s, "hunter2") || strings.Contains(s, fmt.Sprintf("%x", "hunter2")) || !strings.Contains(s, "[set]") || !strings.Contains(s, "[unset]") {
		t.Errorf("printed %s, want only [set] and [unset]", s)
	}
	if c.OpenAIKey.Reveal() != "hunter2" {
		t.Errorf("Reveal() = %q, want the value", c.OpenAIKey.Reveal())
	}
}

func TestSecretsHaveNoFlag(t *testing.T) {
	var out strings.Builder
	serveCommand.describe(&out)
	for _, flag := range []string{"--openai-api-key", "--database-url", "--admin-password", "--slack-bot-token", "--metrics-token"} {
		if strings.Contains(out.String(), flag) {
			t.Errorf("help offers %s, want no flag for a secret: others can read command lines", flag)
		}
	}
}
