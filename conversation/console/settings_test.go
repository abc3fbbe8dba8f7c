package console

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

func TestAdminsChangeSettingsAndTheSecondOfTwoIsTold(t *testing.T) {
	p := newPlace(t)
	p.console.environment = []Variable{{Name: "OPENAI_API_KEY", Set: true, Secret: true, About: "key"}}
	admin, viewer := with(p.cookie(staff.RoleAdmin)), bearer(p.token(staff.RoleViewer))

	var all struct {
		Sections    map[string]settingView
		Environment []Variable
	}
	p.do("GET", "/api/v1/settings", nil, viewer).decode(t, &all)
	for _, name := range conversation.SectionNames() {
		s, ok := all.Sections[name]
		if !ok || s.Version != 0 || s.UpdatedBy != nil || len(s.Value) == 0 {
			t.Errorf("section %s = %+v, %v, want its defaults at version 0", name, s, ok)
		}
	}
	if len(all.Environment) != 1 || all.Environment[0].Value != "" || !all.Environment[0].Set {
		t.Errorf("environment = %+v, want the key to be set and not shown", all.Environment)
	}

	body := map[string]any{"name": "Nova", "tone": "formal", "version": 0}
	if got := p.do("PUT", "/api/v1/settings/bot", body, viewer); got.code != 403 {
		t.Errorf("PUT by a viewer = %d, want 403", got.code)
	}
	var bot struct {
		Name, Tone string
		Version    int64
		Languages  []string
	}
	got := p.do("PUT", "/api/v1/settings/bot", body, admin)
	if got.decode(t, &bot); got.code != 200 || bot.Version != 1 || bot.Name != "Nova" || bot.Languages == nil {
		t.Fatalf("PUT = %d %s, want version 1", got.code, got.body)
	}
	second := p.do("PUT", "/api/v1/settings/bot", map[string]any{"name": "Orion", "version": 0}, admin)
	problem := second.problem(t)
	if second.code != 409 || problem.Code != "version_changed" {
		t.Fatalf("PUT over an old version = %d %s, want 409 version_changed", second.code, second.body)
	}
	if err := json.Unmarshal(problem.Current, &bot); err != nil || bot.Name != "Nova" || bot.Version != 1 {
		t.Errorf("current = %s, %v, want Nova at version 1", problem.Current, err)
	}
	if got := p.do("PUT", "/api/v1/settings/bot", map[string]any{"name": "Orion", "version": 1}, admin); got.code != 200 {
		t.Fatalf("PUT over the newest = %d %s, want 200", got.code, got.body)
	}

	var history settingHistoryView
	p.do("GET", "/api/v1/settings/bot/history", nil, viewer).decode(t, &history)
	if len(history.Versions) != 2 || history.Versions[0].Version != 2 || history.Versions[1].By == nil || !strings.Contains(string(history.Versions[1].Value), "Nova") {
		t.Errorf("history = %+v, want Orion's and Nova's, by somebody", history)
	}
	got = p.do("POST", "/api/v1/settings/bot/restore", restoreRequest{Restore: 1, Version: 2}, admin)
	if got.decode(t, &bot); got.code != 200 || bot.Name != "Nova" || bot.Version != 3 {
		t.Errorf("restore = %d %s, want Nova at version 3", got.code, got.body)
	}
	if got := p.do("POST", "/api/v1/settings/bot/restore", restoreRequest{Restore: 1, Version: 2}, admin); got.code != 409 || got.problem(t).Current == nil {
		t.Errorf("restore over an old version = %d %s, want 409 with the current one", got.code, got.body)
	}

	var log auditView
	p.do("GET", "/api/v1/audit?target=bot", nil, admin).decode(t, &log)
	var actions []string
	for _, e := range log.Entries {
		actions = append(actions, e.Action+" "+e.Detail["version"])
	}
	if want := "POST /api/v1/settings/{section}/restore 3,PUT /api/v1/settings/{section} 2,PUT /api/v1/settings/{section} 1"; strings.Join(actions, ",") != want {
		t.Errorf("audit log = %s, want %s", strings.Join(actions, ","), want)
	}
}

func TestUnusableSettingsNameTheField(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	for _, c := range []struct {
		method, path, body string
		code               int
		field              string
	}{
		{"PUT", "bot", `{"name":"","version":0}`, 422, "name"},
		{"PUT", "bot", `{"name":"Nova","version":"0"}`, 422, "version"},
		{"PUT", "spending", `{"day_usd":0,"version":0}`, 422, "day_usd"},
		{"PUT", "prices", `{"models":{"m":{"input":NaN}},"version":0}`, 400, ""},
		{"PUT", "prices", `{"models":{"m":{"input":-1}},"version":0}`, 422, "models.m.input"},
		{"PUT", "tokens", `{"total":400,"answer":100,"version":0}`, 422, "total"},
		{"PUT", "hours", `{"timezone":"Mars","version":0}`, 422, "timezone"},
		{"PUT", "handling", `{"sticky_hours":-1,"version":0}`, 422, "sticky_hours"},
		{"PUT", "colour", `{"version":0}`, 404, ""},
		{"GET", "colour", ``, 404, ""},
		{"GET", "colour/history", ``, 404, ""},
		{"POST", "bot/restore", `{"restore":7,"version":0}`, 404, ""},
		{"POST", "preview", `{"tokens":{"total":400,"answer":100}}`, 422, "total"},
		{"POST", "preview", `{"bot":{"tone":"loud"}}`, 422, "tone"},
		{"POST", "models/test", `{"task":"sing"}`, 422, "task"},
		{"POST", "models/test", `{"task":"answer"}`, 409, ""},
		{"PUT", "bot", `[1]`, 400, ""},
	} {
		var body any
		if c.body != "" {
			body = strings.NewReader(c.body)
		}
		got := p.do(c.method, "/api/v1/settings/"+c.path, body, admin)
		if got.code != c.code || got.problem(t).Field != c.field {
			t.Errorf("%s %s %s = %d %s, want %d for field %q", c.method, c.path, c.body, got.code, got.body, c.code, c.field)
		}
	}
}

func TestPreviewAndTrialOfSettings(t *testing.T) {
	m := &trialModel{}
	p := newPlaceWith(t, conversation.Config{Models: []string{"mini"}, ModelsPinned: true}, m)
	admin := bearer(p.token(staff.RoleAdmin))
	var plain, preview settingsPreviewView
	p.do("POST", "/api/v1/settings/preview", map[string]any{}, admin).decode(t, &plain)
	p.do("POST", "/api/v1/settings/preview", map[string]any{"bot": map[string]any{"name": "Nova", "instructions": "We sell gnus."}, "tokens": map[string]any{"total": 4000}}, admin).decode(t, &preview)
	if !strings.Contains(plain.Prompt, "You are Assistant") || !strings.Contains(preview.Prompt, "You are Nova") || !strings.HasSuffix(preview.Prompt, "We sell gnus.") {
		t.Errorf("prompts = %.40q and %.40q, want the present one's and Nova's", plain.Prompt, preview.Prompt)
	}
	if preview.Tokens.Fixed <= plain.Tokens.Fixed || preview.Tokens.Room != 4000-800-preview.Tokens.Fixed {
		t.Errorf("tokens = %+v beside %+v, want more of them fixed and the rest as room", preview.Tokens, plain.Tokens)
	}
	var trial modelTestView
	got := p.do("POST", "/api/v1/settings/models/test", map[string]any{"task": "rewrite", "models": map[string]any{"answer": []string{"mini"}, "rewrite": "nano"}}, admin)
	if got.decode(t, &trial); !trial.OK || trial.Model != "nano" || trial.CostUSD != 0.000012 || trial.Input != 30 {
		t.Errorf("trial = %d %s, want nano to answer for 0.000012", got.code, got.body)
	}
	var models struct{ Sections map[string]settingView }
	p.do("GET", "/api/v1/settings", nil, admin).decode(t, &models)
	if got := models.Sections["models"]; strings.Join(got.Pinned, ",") != "answer" || got.Version != 0 {
		t.Errorf("models = %+v, want answer pinned and nothing stored", got)
	}
	if got := p.do("PUT", "/api/v1/settings/models", map[string]any{"answer": []string{"other"}, "version": 0}, admin); got.code != 422 || got.problem(t).Field != "answer" {
		t.Errorf("PUT of a pinned field = %d %s, want 422", got.code, got.body)
	}
	if got := p.do("PUT", "/api/v1/settings/models", map[string]any{"answer": []string{"mini"}, "help": "nano", "version": 0}, admin); got.code != 200 {
		t.Errorf("PUT with the pinned field as it is = %d %s, want 200", got.code, got.body)
	}
}

func TestRacingAdminsGetOneVersionEach(t *testing.T) {
	p := newPlace(t)
	admin := bearer(p.token(staff.RoleAdmin))
	const editors = 8
	codes := make(chan int, editors)
	var wg sync.WaitGroup
	for range editors {
		wg.Go(func() {
			codes <- p.do("PUT", "/api/v1/settings/widget", map[string]any{"title": "Help", "version": 0}, admin).code
		})
	}
	wg.Wait()
	close(codes)
	count := map[int]int{}
	for c := range codes {
		count[c]++
	}
	if count[200] != 1 || count[409] != editors-1 {
		t.Errorf("answers = %v, want one 200 and the others 409", count)
	}
}

// trialModel answers by the first model it is asked of.
type trialModel struct{}

func (*trialModel) Stream(_ context.Context, req conversation.ModelRequest, emit func(string)) (conversation.ModelReply, error) {
	emit("ready")
	return conversation.ModelReply{Text: "ready", Model: req.Models[0], Finish: "stop", Usage: conversation.Usage{InputTokens: 30, OutputTokens: 1, CostMicros: 12}}, nil
}
