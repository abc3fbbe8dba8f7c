package conversation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// sectionDef is one part of Settings, with the name it is stored under.
type sectionDef struct {
	name string
	of   func(*Settings) checked
}

// checked is a section's value: check puts it in order and says what is wrong with it,
// as a *SettingError or another error that wraps ErrSetting.
type checked interface{ check() error }

// HandlingSection is the one section whose change has open conversations looked at again.
const HandlingSection = "handling"

// The sections, in the order of the console.
const (
	sectionBot    = "bot"
	sectionModels = "models"
	sectionTokens = "tokens"
	sectionHours  = "hours"
)

var sections = []sectionDef{
	{sectionBot, func(s *Settings) checked { return &s.Bot }},
	{sectionModels, func(s *Settings) checked { return &s.Models }},
	{sectionTokens, func(s *Settings) checked { return &s.Tokens }},
	{"thresholds", func(s *Settings) checked { return &s.Thresholds }},
	{"spending", func(s *Settings) checked { return &s.Spending }},
	{"prices", func(s *Settings) checked { return &s.Prices }},
	{sectionHours, func(s *Settings) checked { return &s.Hours }},
	{HandlingSection, func(s *Settings) checked { return &s.Handling }},
	{"widget", func(s *Settings) checked { return &s.Widget }},
	{"retention", func(s *Settings) checked { return &s.Retention }},
}

// SectionNames are the names of all sections.
func SectionNames() []string {
	names := make([]string, len(sections))
	for i, s := range sections {
		names[i] = s.name
	}
	return names
}

func sectionOf(name string) (sectionDef, bool) {
	i := slices.IndexFunc(sections, func(s sectionDef) bool { return s.name == name })
	if i < 0 {
		return sectionDef{}, false
	}
	return sections[i], true
}

// versionField is beside the fields of a section in what is read and written, and no
// part of its value.
const versionField = "version"

// fields is a section's value as JSON, without its version.
func (sec sectionDef) fields(s *Settings) (json.RawMessage, error) {
	data, err := json.Marshal(sec.of(s))
	if err != nil {
		return nil, fmt.Errorf("write setting %s: %w", sec.name, err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("write setting %s: %w", sec.name, err)
	}
	delete(all, versionField)
	return json.Marshal(all)
}

// read puts raw, with the defaults for what it does not say, into s and checks it. Fields
// that nobody knows are an error where strict, as from an editor; in what is stored they
// may come from a newer program.
func (sec sectionDef) read(s, defaults *Settings, raw json.RawMessage, strict bool) (err error) {
	defer func() { err = sec.named(err) }()
	to := sec.of(s)
	reflect.ValueOf(to).Elem().SetZero()
	base, err := sec.fields(defaults)
	if err != nil {
		return err
	}
	// By way of JSON, so that nothing is shared with the defaults.
	if err := json.Unmarshal(base, to); err != nil {
		return err
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil || all == nil {
		return wrong("", "the section is no JSON object")
	}
	maps.DeleteFunc(all, func(k string, _ json.RawMessage) bool { return strings.EqualFold(k, versionField) })
	if raw, err = json.Marshal(all); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if strict {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(to); err != nil {
		return misread(err)
	}
	if err := to.check(); err != nil {
		return err
	}
	return sec.storable(s)
}

// copy takes the section over from another state.
func (sec sectionDef) copy(to, from *Settings) {
	reflect.ValueOf(sec.of(to)).Elem().Set(reflect.ValueOf(sec.of(from)).Elem())
}

// misread says which field is not what it should be.
func misread(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return wrong(kind.Field, "has the wrong type or is out of all bounds")
	}
	if _, name, ok := strings.Cut(err.Error(), `unknown field "`); ok {
		return wrong(strings.TrimSuffix(name, `"`), "is no field of this section")
	}
	return wrong("", "the section cannot be read")
}

// named fills in which section an error is of.
func (sec sectionDef) named(err error) error {
	var own *SettingError
	if errors.As(err, &own) {
		return &SettingError{Section: sec.name, Field: own.Field, Text: own.Text}
	}
	if err != nil && errors.Is(err, ErrSetting) {
		_, text, _ := strings.Cut(err.Error(), ErrSetting.Error()+": ")
		if field, rest, _ := strings.Cut(text, " "); sec.has(field) {
			return &SettingError{Section: sec.name, Field: field, Text: rest}
		}
		return &SettingError{Section: sec.name, Text: text}
	}
	return err
}

// has reports whether the section has a field, which may be an item of a list: week[2].
func (sec sectionDef) has(field string) bool {
	field, _, _ = strings.Cut(field, "[")
	for f := range reflect.TypeOf(sec.of(&Settings{})).Elem().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name == field {
			return true
		}
	}
	return false
}

// storable refuses the one character that Postgres can keep in no text.
func (sec sectionDef) storable(s *Settings) error {
	data, err := sec.fields(s)
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	if hasNUL(value) {
		return wrong("", "has characters that cannot be seen")
	}
	return nil
}

func hasNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "\x00")
	case []any:
		return slices.ContainsFunc(v, hasNUL)
	case map[string]any:
		for k, v := range v {
			if strings.Contains(k, "\x00") || hasNUL(v) {
				return true
			}
		}
	}
	return false
}
