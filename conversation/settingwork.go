package conversation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// settingsPoll is how often settings are looked at that no hint told of.
const settingsPoll = time.Second

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
