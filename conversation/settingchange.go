package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

const (
	// settingTries is how often a change is checked anew because other sections
	// changed while it was.
	settingTries = 5
	// settingHistory is how many versions of a section are shown.
	settingHistory = 100
)

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
