package conversation

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/tokens"
)

func settingsEngine(t testing.TB, cfg Config) *Engine {
	t.Helper()
	e, err := New(cfg, Deps{Counter: tokens.For("")})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func edited(t testing.TB, e *Engine, name, raw string) (*Settings, error) {
	t.Helper()
	sec, ok := sectionOf(name)
	if !ok {
		t.Fatalf("there is no section %s", name)
	}
	return e.with(e.Settings(), sec, json.RawMessage(raw))
}

func TestUnusableSettingsAreRefusedByField(t *testing.T) {
	e := settingsEngine(t, Config{Models: []string{"pinned"}, ModelsPinned: true})
	long := strings.Repeat("龘", 9000)
	for _, c := range []struct{ section, raw, field, says string }{
		{"bot", `{"name":"  "}`, "name", "needs a name"},
		{"bot", `{"name":"a\u0000b"}`, "name", "cannot be seen"},
		{"bot", `{"name":"` + strings.Repeat("n", 61) + `"}`, "name", "60"},
		{"bot", `{"name":7}`, "name", "wrong type"},
		{"bot", `{"name":"Ana","tone":"angry"}`, "tone", "friendly"},
		{"bot", `{"languages":["en","<b>"]}`, "languages[1]", "code"},
		{"bot", `{"languages":["en","EN"]}`, "languages[1]", "twice"},
		{"bot", `{"quick_replies":["a","b","c","d","e","f","g"]}`, "quick_replies", "6"},
		{"bot", `{"quick_replies":["a"," "]}`, "quick_replies[1]", "empty"},
		{"bot", `{"instructions":"` + long + `"}`, "instructions", "tokens.total is 8000"},
		{"bot", `{"instructions":"` + strings.Repeat("x", 20_001) + `"}`, "instructions", "20000"},
		{"bot", `{"nmae":"Ana"}`, "nmae", "no field"},
		{"bot", `[]`, "", "no JSON object"},
		{"bot", `null`, "", "no JSON object"},
		{"models", `{"answer":["pinned"],"temperature":2.1}`, "temperature", "0 to 2"},
		{"models", `{"answer":["pinned"],"temperature":-1}`, "temperature", "0 to 2"},
		{"models", `{"answer":["other"]}`, "answer", "OPENAI_MODEL"},
		{"models", `{"answer":[""]}`, "answer[0]", "empty"},
		{"models", `{"answer":["pinned"],"rewrite":"a\nb"}`, "rewrite", "cannot be seen"},
		{"tokens", `{"total":0}`, "total", "from 1"},
		{"tokens", `{"total":-5}`, "total", "from 1"},
		{"tokens", `{"total":1e300}`, "total", "wrong type or is out of all bounds"},
		{"tokens", `{"answer":0}`, "answer", "from 1"},
		{"tokens", `{"total":700,"answer":700}`, "answer", "no room"},
		{"tokens", `{"total":500,"answer":100}`, "total", "tokens.total is 500"},
		{"tokens", `{"passages":-1}`, "passages", "from 0"},
		{"thresholds", `{"answer":1.5}`, "answer", "0 to 1"},
		{"thresholds", `{"answer":0.3,"offer":0.6}`, "offer", "above answer"},
		{"spending", `{"day_usd":0}`, "day_usd", "models.enabled"},
		{"spending", `{"visitor_usd":-0.5}`, "visitor_usd", "0.000001"},
		{"spending", `{"conversation_usd":1e9}`, "conversation_usd", "1000000"},
		{"spending", `{"conversation_usd":1e999}`, "conversation_usd", "bounds"},
		{"spending", `{"warn":7}`, "warn", "share"},
		{"prices", `{"models":{"m":{"input":-1,"cached":0,"output":1}}}`, "models.m.input", "10000"},
		{"prices", `{"models":{"m":{"input":1,"cached":0,"output":1e9}}}`, "models.m.output", "10000"},
		{"prices", `{"models":{"m":{"input":"NaN"}}}`, "models.input", "wrong type"},
		{"prices", `{"models":{" ":{"input":1}}}`, "models", "without a name"},
		{"prices", `{"models":{"M":{"input":1},"m":{"input":2}}}`, "models.m", "twice"},
		{"prices", `{"models":{"m":{"inptu":1}}}`, "inptu", "no field"},
		{"hours", `{"timezone":"Mars/Olympus"}`, "timezone", "IANA"},
		{"hours", `{"week":[{"day":1,"from":"17:00","to":"09:00"}]}`, "week[0]", "from before to"},
		{"hours", `{"holidays":[{"date":"2026-12-25","name":"a\u0000"}]}`, "", "cannot be seen"},
		{"handling", `{"idle_minutes":-1}`, "idle_minutes", "0 to"},
		{"widget", `{"accent":"red;}"}`, "accent", "colour"},
		{"widget", `{"position":"top"}`, "position", "left or right"},
		{"widget", `{"theme":"neon"}`, "theme", "auto"},
		{"retention", `{"files_days":0}`, "files_days", "from 1"},
		{"retention", `{"calls_days":2.5}`, "calls_days", "wrong type"},
	} {
		_, err := edited(t, e, c.section, c.raw)
		var wrong *SettingError
		if !errors.As(err, &wrong) || !errors.Is(err, ErrSetting) {
			t.Errorf("%s %.60s = %v, want a SettingError", c.section, c.raw, err)
			continue
		}
		if wrong.Section != c.section || !sameField(wrong.Field, c.field) || !strings.Contains(wrong.Text, c.says) {
			t.Errorf("%s %.60s = %s.%s %q, want field %q saying %q", c.section, c.raw, wrong.Section, wrong.Field, wrong.Text, c.field, c.says)
		}
	}
}

// sameField allows for what the decoder adds of where in a map it was.
func sameField(got, want string) bool {
	return got == want || want == "models.input" && strings.HasPrefix(got, "models.") && strings.HasSuffix(got, "input")
}

func TestNumbersThatAreNoneAreRefused(t *testing.T) {
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		p := PriceSettings{Models: map[string]ModelPrice{"m": {Input: bad}}}
		if err := p.check(); err == nil {
			t.Errorf("a price of %v = nil, want it refused", bad)
		}
		s := SpendingSettings{Day: &bad, Warn: .8}
		if err := s.check(); err == nil {
			t.Errorf("a limit of %v = nil, want it refused", bad)
		}
		th := ThresholdSettings{Answer: &bad}
		if err := th.check(); err == nil {
			t.Errorf("a threshold of %v = nil, want it refused", bad)
		}
	}
}

func TestSettingsLeaveTheirDefaultsAlone(t *testing.T) {
	e := settingsEngine(t, Config{Models: []string{"a", "b"}})
	next, err := edited(t, e, "models", `{"answer":["x","y"],"help":"h","temperature":0}`)
	if err != nil {
		t.Fatal(err)
	}
	if got := next.Models.For(TaskHelp); !slices.Equal(got, []string{"h", "x", "y"}) {
		t.Errorf("models to help = %v, want its own and then those that answer", got)
	}
	if got := next.Models.For(TaskRewrite); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("models to rewrite = %v, want those that answer", got)
	}
	if next, err = edited(t, e, "models", `{}`); err != nil || !slices.Equal(next.Models.Answer, []string{"a", "b"}) || !next.Models.Enabled {
		t.Errorf("models without fields = %+v, %v, want the defaults", next.Models, err)
	}
	if got := e.Settings().Models.Answer; !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("models in use = %v, want them untouched", got)
	}
}

func TestTheSystemPromptSaysWhoTheBotIs(t *testing.T) {
	plain := BotSettings{Name: "Ana"}.SystemPrompt()
	for name, b := range map[string]BotSettings{
		"courteous and formal": {Name: "Ana", Tone: ToneFormal}, "warm": {Name: "Ana", Tone: ToneFriendly}, "no pleasantries": {Name: "Ana", Tone: ToneBrief},
		"de, fr. ": {Name: "Ana", Languages: []string{"de", "fr"}}, "Sell nothing.": {Name: "Ana", Instructions: " Sell nothing.\n"},
	} {
		if got := b.SystemPrompt(); !strings.Contains(got, name) || strings.Contains(plain, name) {
			t.Errorf("prompt of %+v lacks %q, or the plain one has it:\n%s", b, name, got)
		}
	}
	b := BotSettings{Languages: []string{"de", "fr"}}
	for tag, want := range map[string]string{"fr-CA": "fr-CA", "en": "de", "de_AT": "de_AT"} {
		if got := b.tongue(tag); got != want {
			t.Errorf("tongue(%s) = %s, want %s", tag, got, want)
		}
	}
}

func TestThresholdsSetHereReplaceTheCalibrations(t *testing.T) {
	calibrated := knowledge.Result{Thresholds: knowledge.Thresholds{Answer: .6, Maybe: .3}}
	f := func(v float64) *float64 { return &v }
	for _, c := range []struct {
		set  ThresholdSettings
		want Thresholds
	}{
		{ThresholdSettings{}, Thresholds{.6, .3}},
		{ThresholdSettings{Answer: f(.8)}, Thresholds{.8, .3}},
		{ThresholdSettings{Answer: f(.2)}, Thresholds{.2, .2}},
		{ThresholdSettings{Offer: f(.7)}, Thresholds{.7, .7}},
		{ThresholdSettings{Answer: f(1), Offer: f(0)}, Thresholds{1, 0}},
	} {
		if got := (&Settings{Thresholds: c.set}).judge(calibrated); got != c.want {
			t.Errorf("judge = %v, want %v", got, c.want)
		}
	}
}

func TestPricesHoldForSnapshotsAndPrefixes(t *testing.T) {
	s := &Settings{Prices: PriceSettings{Models: map[string]ModelPrice{"mini": {Input: .15, Cached: .075, Output: .6}, "free": {}}}}
	for _, name := range []string{"mini", "MINI", "openai/mini", "mini-2026-07-18", "x/mini-2026-07-18"} {
		if got, ok := s.Price(name, 1000, 400, 100); !ok || got != 180 {
			t.Errorf("Price(%s) = %d, %v, want 180", name, got, ok)
		}
	}
	if got, ok := s.Price("free", 9, 0, 9); !ok || got != 0 {
		t.Errorf("Price(free) = %d, %v, want it known to cost nothing", got, ok)
	}
	if _, ok := s.Price("mini-audio", 1, 0, 1); ok {
		t.Error("Price(mini-audio) is known, want it unknown")
	}
	day := 2.5
	l := (&Settings{Spending: SpendingSettings{Day: &day, Warn: .5}}).Limits()
	if l.DayMicros == nil || *l.DayMicros != 2_500_000 || l.VisitorMicros != nil || l.Warn != .5 {
		t.Errorf("Limits = %+v, want 2.50 a day and no other", l)
	}
}

// Any state that is accepted can answer.
func TestAcceptedSettingsMakeAPrompter(t *testing.T) {
	e := settingsEngine(t, Config{})
	r := rand.New(rand.NewPCG(7, 11))
	accepted, refused := 0, 0
	cur := e.Settings()
	for range 400 {
		name, raw := "bot", ""
		if r.IntN(2) == 0 {
			b, err := json.Marshal(map[string]any{"name": "Ana", "instructions": strings.Repeat("rule ", r.IntN(3900)), "languages": []string{"en", "de"}[:r.IntN(3)]})
			if err != nil {
				t.Fatal(err)
			}
			raw = string(b)
		} else {
			name = "tokens"
			raw = fmt.Sprintf(`{"total":%d,"answer":%d,"passages":%d}`, r.IntN(9000), r.IntN(3000), r.IntN(6000))
		}
		sec, _ := sectionOf(name)
		next, err := e.with(cur, sec, json.RawMessage(raw))
		if err != nil {
			refused++
			continue
		}
		accepted++
		cur = next
		p := cur.prompter.Build(nil, "Can I return it?", nil, "")
		total := p.Tokens.Fixed + p.Tokens.Turn
		if cur.prompter.budget != cur.Tokens || total+cur.Tokens.Answer > cur.Tokens.Total {
			t.Fatalf("prompt of %d tokens beside an answer of %d, want it within %d", total, cur.Tokens.Answer, cur.Tokens.Total)
		}
	}
	if accepted < 20 || refused < 20 {
		t.Errorf("%d accepted and %d refused, want enough of both", accepted, refused)
	}
}

func FuzzSection(f *testing.F) {
	e := settingsEngine(f, Config{})
	for i, sec := range sections {
		raw, err := sec.fields(e.Settings())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), []byte(raw))
	}
	f.Add(uint8(5), []byte(`{"models":{"m":{"input":1e308,"Input":-0}},"version":3}`))
	f.Add(uint8(6), []byte(`{"week":[{"day":9}],"VERSION":4}`))
	f.Fuzz(func(t *testing.T, n uint8, raw []byte) {
		sec := sections[int(n)%len(sections)]
		if !json.Valid(raw) {
			return // refused before a section is looked at
		}
		next, err := e.with(e.Settings(), sec, raw)
		if err != nil {
			if !errors.Is(err, ErrSetting) {
				t.Fatalf("%s = %v, want a SettingError", sec.name, err)
			}
			return
		}
		if next.prompter == nil {
			t.Fatal("an accepted state has no prompter")
		}
		value, err := sec.fields(next)
		if err != nil {
			t.Fatalf("write %s: %v", sec.name, err)
		}
		again, err := e.with(next, sec, value)
		if err != nil {
			t.Fatalf("read again %s: %v", value, err)
		}
		if twice, err := sec.fields(again); err != nil || string(twice) != string(value) {
			t.Fatalf("written again %s, %v, want %s", twice, err, value)
		}
	})
}
