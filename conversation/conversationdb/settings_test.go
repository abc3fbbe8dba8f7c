package conversationdb_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/migrations/dbtest"
)

var editor = conversation.Actor{StaffID: "00000000-0000-4000-8000-0000000000a1", Name: "Ana"}

// set stores a section over the version it has.
func (d desk) set(t *testing.T, name, raw string) conversation.Section {
	t.Helper()
	was, err := d.Section(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.PutSection(t.Context(), name, json.RawMessage(raw), was.Version, editor)
	if err != nil {
		t.Fatalf("PutSection(%s, %s) = %v", name, raw, err)
	}
	return s
}

// eventually waits until ok, which must be soon.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(within); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// soon is far more than a change may take, for a machine that is busy otherwise; the
// replicas here would not look by themselves.
const soon = 20 * time.Second

func TestAChangeIsHeardOfOnTheOtherReplica(t *testing.T) {
	url := dbtest.URL(t)
	m := &model{reply: says("Yes [1].")}
	a, b := replica(t, url, m), replica(t, url, m)
	acquainted(t, a, b)
	a.set(t, "bot", `{"name":"Nova"}`)
	if got := a.Settings().Bot.Name; got != "Nova" {
		t.Errorf("name where it was changed = %q, want Nova at once", got)
	}
	eventually(t, soon, "Nova on the other", func() bool { return b.Settings().Bot.Name == "Nova" })
	// The other's next turn goes by it.
	id := b.open(t)
	b.write(t, id, "1", "Could I send it back, please?")
	for _, got := range b.until(t, id, last(conversation.AuthorBot)) {
		if got.Author == conversation.AuthorBot && got.Name != "Nova" {
			t.Errorf("the bot answered as %q, want Nova", got.Name)
		}
	}
}

func TestAChangeWithoutAHintIsFoundByPolling(t *testing.T) {
	url := dbtest.URL(t)
	m := &model{reply: says("Yes [1].")}
	a, b := run(t, url, passages{returns}, m), run(t, url, passages{returns}, m) // no bus between them
	a.set(t, "thresholds", `{"answer":0.9}`)
	eventually(t, soon, "the threshold on the other", func() bool {
		th := b.Settings().Thresholds.Answer
		return th != nil && *th == .9
	})
}

func TestOfConcurrentChangesOneWinsEachVersion(t *testing.T) {
	url := dbtest.URL(t)
	m := &model{reply: says("Yes [1].")}
	desks := []desk{run(t, url, passages{returns}, m), run(t, url, passages{returns}, m)}
	const rounds, editors = 4, 6
	for round := range rounds {
		var wg sync.WaitGroup
		won := make(chan string, editors)
		for i := range editors {
			wg.Go(func() {
				name := fmt.Sprintf("Bot %d of %d", i, round)
				s, err := desks[i%2].PutSection(t.Context(), "bot", json.RawMessage(`{"name":"`+name+`"}`), int64(round), editor)
				switch {
				case err == nil && s.Version == int64(round+1):
					won <- name
				case !errors.Is(err, conversation.ErrVersion):
					t.Errorf("PutSection = version %d, %v, want a win or ErrVersion", s.Version, err)
				case s.Version != int64(round+1):
					t.Errorf("the loser is shown version %d, want %d", s.Version, round+1)
				}
			})
		}
		wg.Wait()
		close(won)
		var names []string
		for n := range won {
			names = append(names, n)
		}
		s, err := desks[0].Section(t.Context(), "bot")
		if err != nil || len(names) != 1 || !strings.Contains(string(s.Value), names[0]) {
			t.Fatalf("version %d was won by %v and is %s, %v, want one winner", round+1, names, s.Value, err)
		}
	}
	list, err := desks[1].SectionHistory(t.Context(), "bot")
	if err != nil || len(list) != rounds || list[0].Version != rounds || list[0].By != editor {
		t.Errorf("history = %+v, %v, want %d versions, the newest first, by Ana", list, err, rounds)
	}
}

// Instructions that a large budget holds, and a budget that small instructions fit in,
// are each right for themselves.
func TestSectionsThatDoNotFitAreNeverBothStored(t *testing.T) {
	url := dbtest.URL(t)
	m := &model{reply: says("Yes [1].")}
	a, b := run(t, url, passages{returns}, m), run(t, url, passages{returns}, m)
	long := strings.Repeat("rule ", 2000)
	for round := range 6 {
		var wg sync.WaitGroup
		errs := make([]error, 2)
		bot, err := a.Section(t.Context(), "bot")
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := a.Section(t.Context(), "tokens")
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			_, errs[0] = a.PutSection(t.Context(), "bot", json.RawMessage(`{"name":"Ana","instructions":"`+long+`"}`), bot.Version, editor)
		})
		wg.Go(func() {
			_, errs[1] = b.PutSection(t.Context(), "tokens", json.RawMessage(`{"total":2000,"answer":200}`), tokens.Version, editor)
		})
		wg.Wait()
		failed := 0
		for _, err := range errs {
			if err != nil && !errors.Is(err, conversation.ErrSetting) {
				t.Fatalf("PutSection = %v, want it stored or a SettingError", err)
			}
			if err != nil {
				failed++
			}
		}
		if failed != 1 {
			t.Fatalf("round %d: %d of 2 refused (%v), want one", round, failed, errs)
		}
		if errs[0] == nil {
			a.set(t, "bot", `{}`)
		} else {
			b.set(t, "tokens", `{}`)
		}
	}
}

func TestAnEarlierVersionIsRestoredAsANewOne(t *testing.T) {
	d := run(t, dbtest.URL(t), passages{returns}, nil)
	d.set(t, "widget", `{"title":"One"}`)
	d.set(t, "widget", `{"title":"Two"}`)
	if _, err := d.RestoreSection(t.Context(), "widget", 1, 1, editor); !errors.Is(err, conversation.ErrVersion) {
		t.Errorf("RestoreSection(from an old page) = %v, want ErrVersion", err)
	}
	if _, err := d.RestoreSection(t.Context(), "widget", 9, 2, editor); !errors.Is(err, conversation.ErrNoSection) {
		t.Errorf("RestoreSection(9) = %v, want ErrNoSection", err)
	}
	s, err := d.RestoreSection(t.Context(), "widget", 1, 2, editor)
	if err != nil || s.Version != 3 || d.Settings().Widget.Title != "One" {
		t.Errorf("RestoreSection = version %d, %v, title %q, want version 3 with One", s.Version, err, d.Settings().Widget.Title)
	}
	if _, err := d.PutSection(t.Context(), "colour", json.RawMessage(`{}`), 0, editor); !errors.Is(err, conversation.ErrNoSection) {
		t.Errorf("PutSection(colour) = %v, want ErrNoSection", err)
	}
}

func TestABrokenRowStopsNobody(t *testing.T) {
	url := dbtest.URL(t)
	d := run(t, url, passages{returns}, &model{reply: says("Yes [1].")})
	d.set(t, "bot", `{"name":"Nova"}`)
	d.set(t, "tokens", `{"total":4000}`)
	d.set(t, "handling", `{"idle_minutes":3}`)
	for _, q := range []string{
		`UPDATE shared_settings SET value = '"nonsense"' WHERE name = 'bot'`,
		`UPDATE shared_settings SET value = '{"idle_minutes":-4}' WHERE name = 'handling'`,
		`UPDATE shared_settings SET value = '{"total":300,"answer":10}' WHERE name = 'tokens'`, // nothing fits
		`INSERT INTO shared_settings (name, value) VALUES ('of a newer program', '{"a":1}'), ('hours', '[1,2]')`,
	} {
		if _, err := d.pool.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	list, err := d.Sections(t.Context())
	if err != nil {
		t.Fatalf("Sections = %v, want them in spite of the rows", err)
	}
	for _, s := range list {
		broken := map[string]bool{"bot": true, "handling": true, "tokens": true, "hours": true, "models": false}[s.Name]
		if (s.Fault != "") != broken {
			t.Errorf("fault of %s = %q, want one: %v", s.Name, s.Fault, broken)
		}
	}
	now := d.Settings()
	if now.Bot.Name != "Nova" || now.Tokens.Total != 4000 || now.Handling.IdleMinutes != 3 || now.Hours.Timezone != "UTC" {
		t.Errorf("settings = %+v, want the last usable ones", now)
	}
	// A server that starts with them takes the defaults, and answers.
	fresh := run(t, url, passages{returns}, &model{reply: says("Yes [1].")})
	id := fresh.open(t)
	fresh.write(t, id, "1", "Could I send it back, please?")
	fresh.until(t, id, last(conversation.AuthorBot))
	if got := fresh.Settings().Bot.Name; got != "Assistant" {
		t.Errorf("name after a start = %q, want the default", got)
	}
	// An editor mends it.
	if s := fresh.set(t, "bot", `{"name":"Mended"}`); s.Version != 2 || s.Fault != "" {
		t.Errorf("mended = %+v, want version 2 without a fault", s)
	}
}

func TestModelsSwitchedOffAreNotAsked(t *testing.T) {
	m := &model{reply: says("Yes [1].")}
	d := run(t, dbtest.URL(t), passages{returns}, m)
	d.set(t, "models", `{"answer":["first","second"],"temperature":0.5}`)
	id := d.open(t)
	d.write(t, id, "1", "Could I send it back, please?")
	d.until(t, id, last(conversation.AuthorBot))
	m.mu.Lock()
	asked := len(m.asked)
	if asked == 0 {
		t.Fatal("the model was not asked")
	}
	if got := m.asked[0]; fmt.Sprint(got.Models) != "[first second]" || got.Temperature == nil || *got.Temperature != .5 {
		t.Errorf("asked %v at %v, want first and second at 0.5", got.Models, got.Temperature)
	}
	m.mu.Unlock()

	d.set(t, "models", `{"enabled":false}`)
	id = d.open(t)
	d.write(t, id, "1", "Could I send it back, please?")
	ms := d.until(t, id, last(conversation.AuthorBot))
	if text := ms[len(ms)-1].Text; !strings.Contains(text, "within 30 days") {
		t.Errorf("answer without a model = %q, want the passage quoted", text)
	}
	if _, err := d.Suggest(t.Context(), id); !errors.Is(err, conversation.ErrNoModel) {
		t.Errorf("Suggest = %v, want ErrNoModel", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.asked) != asked {
		t.Errorf("%d calls after models were switched off, want none", len(m.asked)-asked)
	}
}

func TestATrialOfAModelIsBooked(t *testing.T) {
	m := &model{reply: func(r conversation.ModelRequest) (conversation.ModelReply, error) {
		if r.Models[0] == "gone" {
			return conversation.ModelReply{}, &conversation.ModelError{Kind: conversation.ErrGone, Err: errors.New("no such model")}
		}
		return conversation.ModelReply{Text: "ready", Model: r.Models[0], Finish: "stop", Usage: conversation.Usage{InputTokens: 20, OutputTokens: 1, CostMicros: 4}}, nil
	}}
	d := run(t, dbtest.URL(t), passages{returns}, m)
	got, err := d.TryModel(t.Context(), conversation.TaskHelp, json.RawMessage(`{"answer":["big"],"help":"small"}`))
	if err != nil || got.Error != nil || got.Model != "small" || got.Usage.CostMicros != 4 {
		t.Errorf("TryModel = %+v, %v, want small to answer", got, err)
	}
	got, err = d.TryModel(t.Context(), conversation.TaskAnswer, json.RawMessage(`{"answer":["gone"]}`))
	if err != nil || got.Error == nil || got.Error.Kind != conversation.ErrGone || got.Model != "gone" {
		t.Errorf("TryModel(gone) = %+v, %v, want its error", got, err)
	}
	if _, err := d.TryModel(t.Context(), "sing", nil); !errors.Is(err, conversation.ErrNoTask) {
		t.Errorf("TryModel(sing) = %v, want ErrNoTask", err)
	}
	var calls, failed int64
	err = d.Usage(t.Context(), conversation.UsageQuery{
		From: time.Now().Add(-48 * time.Hour), To: time.Now().Add(48 * time.Hour), Groups: []conversation.UsageGroup{conversation.ByPurpose},
	}, func(r conversation.UsageRow) error {
		if r.Purpose == "test" {
			calls, failed = calls+r.Calls, failed+r.Failed
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 2 || failed != 1 {
		t.Errorf("%d calls booked, %d failed, want 2 and 1", calls, failed)
	}
	if d.Settings().Models.Help != "" {
		t.Error("a trial has changed the settings")
	}
}
