package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// settingsPoll is how often settings are looked at that no hint told of.
	settingsPoll = time.Second
	// settingTries is how often a change is checked anew because other sections
	// changed while it was.
	settingTries = 5
	// settingHistory is how many versions of a section are shown.
	settingHistory = 100
)

// settings is the engine's state of them.
type settings struct {
	now      atomic.Pointer[Settings]
	defaults *Settings
	reading  chan struct{} // held by whoever reads them; so the newest state is the last stored
	news     chan struct{} // readable when a hint came
}

// initSettings makes the state from the wiring. ErrBudget.
func (e *Engine) initSettings() error {
	e.settings.defaults = e.cfg.settings()
	e.settings.reading = make(chan struct{}, 1)
	e.settings.news = make(chan struct{}, 1)
	first := e.cfg.settings()
	for _, sec := range sections {
		if err := sec.of(first).check(); err != nil {
			return fmt.Errorf("default settings: %w", sec.named(err))
		}
	}
	if err := e.fit(first, nil); err != nil {
		return err
	}
	e.settings.now.Store(first)
	return nil
}

// Settings returns what holds now. It never waits, and never returns nil.
func (e *Engine) Settings() *Settings { return e.settings.now.Load() }

// life is what of the settings conversations live by.
func (s *Settings) life() LifeSettings { return LifeSettings{Hours: s.Hours, Handling: s.Handling} }

// heed follows what other replicas change until ctx ends.
func (e *Engine) heed(ctx context.Context) {
	tick := time.NewTicker(min(e.cfg.Poll, settingsPoll))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-e.settings.news:
		}
		e.followSettings(ctx)
	}
}

func (e *Engine) followSettings(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if _, err := e.readSettings(ctx); err != nil && ctx.Err() == nil {
		e.log.Warn("settings not read; those known hold on", "err", err)
	}
}

// heardSettings takes the hint that another replica changed them.
func (e *Engine) heardSettings() {
	select {
	case e.settings.news <- struct{}{}:
	default:
	}
}

// readSettings brings this replica to what is stored, and returns that. With an error it
// returns what was known.
func (e *Engine) readSettings(ctx context.Context) (*Settings, error) {
	select {
	case e.settings.reading <- struct{}{}:
		defer func() { <-e.settings.reading }()
	case <-ctx.Done():
		return e.Settings(), ctx.Err()
	}
	cur := e.Settings()
	list, mark, changed, err := e.d.Store.ReadSettings(ctx, cur.seen)
	if err != nil || !changed {
		return cur, err
	}
	next := e.foldSettings(cur, list, mark)
	e.settings.now.Store(next)
	return next, nil
}

// foldSettings makes a state of what is stored. A section that cannot be used stays as
// it was, and so do those that do not fit each other: whatever is in the table, the
// servers go on. Sections nobody knows are a newer program's.
func (e *Engine) foldSettings(cur *Settings, list []StoredSetting, mark string) *Settings {
	next := e.cfg.settings()
	for _, sec := range sections {
		// Check puts in order what is there; the defaults have passed it before.
		if err := sec.of(next).check(); err != nil {
			e.log.Error("default setting is unusable", "section", sec.name, "err", err)
		}
	}
	next.seen = mark
	for _, row := range list {
		sec, known := sectionOf(row.Name)
		if !known {
			continue
		}
		meta := SettingMeta{Version: row.Version, At: row.At, By: row.By}
		if err := sec.read(next, e.settings.defaults, row.Value, false); err != nil {
			meta.Fault = err.Error()
			sec.copy(next, cur)
			e.log.Error("stored setting is unusable; the last usable one holds on", "section", row.Name, "version", row.Version, "err", err)
		}
		next.Meta[row.Name] = meta
	}
	e.pin(next)
	next.Hours.Version, next.Handling.Version = next.Meta[sectionHours].Version, next.Meta[HandlingSection].Version
	err := e.fit(next, cur)
	if err == nil {
		return next
	}
	e.log.Error("stored settings do not fit each other; the last usable ones hold on", "err", err)
	// As few as possible stay behind: an editor may just have mended the others.
	for _, behind := range [][]string{{sectionTokens}, {sectionBot}, {sectionModels}, {sectionTokens, sectionBot, sectionModels}} {
		try := *next
		try.Meta = maps.Clone(next.Meta)
		for _, name := range behind {
			sec, _ := sectionOf(name)
			sec.copy(&try, cur)
			if meta, stored := try.Meta[name]; stored {
				meta.Fault = explain(err)
				try.Meta[name] = meta
			}
		}
		if e.fit(&try, cur) == nil {
			return &try
		}
	}
	return cur // not reached: the last of them are cur's own
}

// pin puts what the environment fixes over what is stored.
func (e *Engine) pin(s *Settings) {
	if e.cfg.ModelsPinned {
		s.Models.Answer = slices.Clone(e.cfg.Models)
	}
}

// pinned returns the fields of a section that the environment fixes.
func (e *Engine) pinned(section string) []string {
	if section == sectionModels && e.cfg.ModelsPinned {
		return []string{"answer"}
	}
	return nil
}

// fit makes the prompter of s, or says why its sections do not fit each other. That of
// last is kept where it is still right.
func (e *Engine) fit(s, last *Settings) error {
	system := s.Bot.SystemPrompt()
	if last != nil && last.prompter.system == system && last.prompter.budget == s.Tokens && last.Models.first() == s.Models.first() {
		s.prompter = last.prompter
		return nil
	}
	p, err := NewPrompter(system, s.Tokens, e.counter(s.Models.first()))
	if err != nil {
		return err
	}
	s.prompter = p
	return nil
}

// counter counts as a model does.
func (e *Engine) counter(model string) Counter {
	if e.d.Counters == nil || model == "" {
		return e.d.Counter
	}
	return e.d.Counters(model)
}

// Section is a part of the settings as an editor sees it.
type Section struct {
	Name   string
	Value  json.RawMessage // an object of its fields, without the version
	Pinned []string        // fields that the environment fixes
	SettingMeta
}

// Sections returns all of them as they are stored, in the console's order.
func (e *Engine) Sections(ctx context.Context) ([]Section, error) {
	s, err := e.readSettings(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Section, len(sections))
	for i, sec := range sections {
		if list[i], err = e.section(s, sec); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Section returns one of them. ErrNoSection.
func (e *Engine) Section(ctx context.Context, name string) (Section, error) {
	sec, ok := sectionOf(name)
	if !ok {
		return Section{}, ErrNoSection
	}
	s, err := e.readSettings(ctx)
	if err != nil {
		return Section{}, err
	}
	return e.section(s, sec)
}

func (e *Engine) section(s *Settings, sec sectionDef) (Section, error) {
	value, err := sec.fields(s)
	return Section{Name: sec.name, Value: value, Pinned: e.pinned(sec.name), SettingMeta: s.Meta[sec.name]}, err
}

// PutSection replaces a section, here at once and on the other replicas within a second.
// raw is an object of its fields; what it leaves out takes the default. version is the
// one that was read. A *SettingError says what is wrong with it or with the whole;
// ErrVersion comes with the section as it is; ErrNoSection.
func (e *Engine) PutSection(ctx context.Context, name string, raw json.RawMessage, version int64, by Actor) (Section, error) {
	sec, ok := sectionOf(name)
	if !ok {
		return Section{}, ErrNoSection
	}
	for range settingTries {
		cur, err := e.readSettings(ctx)
		if err != nil {
			return Section{}, err
		}
		next, err := e.with(cur, sec, raw)
		if err != nil {
			return Section{}, err
		}
		if cur.Meta[name].Version != version {
			return e.outrun(cur, sec)
		}
		value, err := sec.fields(next)
		if err != nil {
			return Section{}, err
		}
		_, err = e.d.Store.PutSetting(ctx, SettingChange{Name: name, Value: value, Was: version, Seen: cur.seen, By: by})
		if errors.Is(err, ErrSettingsMoved) || errors.Is(err, ErrVersion) {
			continue // the next look tells which of the two it is to be
		}
		if err != nil {
			return Section{}, err
		}
		e.d.Bus.Relay(Event{Kind: EventSettings})
		if cur, err = e.readSettings(ctx); err != nil {
			return Section{}, err
		}
		return e.section(cur, sec)
	}
	return Section{}, fmt.Errorf("change setting %s: %w", name, ErrSettingsMoved)
}

// outrun returns the section as it is to somebody who changed an older one.
func (e *Engine) outrun(s *Settings, sec sectionDef) (Section, error) {
	out, err := e.section(s, sec)
	if err != nil {
		return out, err
	}
	return out, ErrVersion
}

// with is cur with another section, checked as a whole.
func (e *Engine) with(cur *Settings, sec sectionDef, raw json.RawMessage) (*Settings, error) {
	next := *cur
	if err := sec.read(&next, e.settings.defaults, raw, true); err != nil {
		return nil, err
	}
	if sec.name == sectionModels && e.cfg.ModelsPinned && !slices.Equal(next.Models.Answer, e.cfg.Models) {
		return nil, &SettingError{Section: sec.name, Field: "answer", Text: "comes from the environment (OPENAI_MODEL) and can only be changed there"}
	}
	next.Meta = maps.Clone(cur.Meta)
	if err := e.fit(&next, cur); err != nil {
		return nil, &SettingError{Section: sec.name, Field: tight(sec.name), Text: "does not fit the rest: " + explain(err)}
	}
	return &next, nil
}

// tight is the field that a budget which is too small is about.
func tight(section string) string {
	switch section {
	case sectionBot:
		return "instructions"
	case sectionTokens:
		return "total"
	case sectionModels:
		return "answer"
	}
	return ""
}

// explain puts a budget that is too small in words for its editor.
func explain(err error) string {
	var small *budgetError
	if errors.As(err, &small) {
		return fmt.Sprintf("the system prompt, the answer and a question need %d tokens, and tokens.total is %d", small.need, small.total)
	}
	return err.Error()
}

// putValue stores a section given as its type.
func (e *Engine) putValue(ctx context.Context, name string, value any, version int64) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write setting %s: %w", name, err)
	}
	_, err = e.PutSection(ctx, name, raw, version, Actor{})
	return err
}

// SectionHistory returns the newest versions of a section, the newest first.
// ErrNoSection.
func (e *Engine) SectionHistory(ctx context.Context, name string) ([]StoredSetting, error) {
	if _, ok := sectionOf(name); !ok {
		return nil, ErrNoSection
	}
	return e.d.Store.SettingHistory(ctx, name, settingHistory)
}

// RestoreSection stores an earlier version again, as a new one. version is the one that
// was read. Errors as for PutSection.
func (e *Engine) RestoreSection(ctx context.Context, name string, restore, version int64, by Actor) (Section, error) {
	if _, ok := sectionOf(name); !ok {
		return Section{}, ErrNoSection
	}
	old, err := e.d.Store.SettingVersion(ctx, name, restore)
	if err != nil {
		return Section{}, err
	}
	return e.PutSection(ctx, name, old.Value, version, by)
}
