package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// Settings keeps what people change while the servers run.
type Settings interface {
	Sections(ctx context.Context) ([]conversation.Section, error)
	Section(ctx context.Context, name string) (conversation.Section, error)
	// PutSection stores a section where its version is still the one named. A
	// *conversation.SettingError says what is wrong; conversation.ErrVersion comes
	// with the section as it is.
	PutSection(ctx context.Context, name string, raw json.RawMessage, version int64, by conversation.Actor) (conversation.Section, error)
	SectionHistory(ctx context.Context, name string) ([]conversation.StoredSetting, error)
	RestoreSection(ctx context.Context, name string, restore, version int64, by conversation.Actor) (conversation.Section, error)
	PreviewSettings(ctx context.Context, bot, tokens json.RawMessage) (conversation.SettingsPreview, error)
	TryModel(ctx context.Context, t conversation.Task, models json.RawMessage) (conversation.ModelTest, error)
}

// Variable is a setting of the environment, as an admin may see it.
type Variable struct {
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"` // never a secret's
	Set    bool   `json:"set"`
	Secret bool   `json:"secret"`
	About  string `json:"about"`
}

type settingView struct {
	Value     json.RawMessage `json:"value"`
	Version   int64           `json:"version"`
	UpdatedAt *time.Time      `json:"updated_at,omitempty"`
	UpdatedBy *Person         `json:"updated_by,omitempty"`
	Pinned    []string        `json:"pinned,omitempty"`
	Fault     string          `json:"fault,omitempty"` // why what is stored does not hold
}

type settingsView struct {
	Sections    map[string]settingView `json:"sections"`
	Environment []Variable             `json:"environment"`
}

func changer(by conversation.Actor) *Person {
	if by.StaffID == "" {
		return nil
	}
	return &Person{ID: by.StaffID, Name: by.Name}
}

func (c *Console) listSettings(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.engine.Sections(r.Context())
	if err != nil {
		return err
	}
	v := settingsView{Sections: map[string]settingView{}, Environment: c.environment}
	if v.Environment == nil {
		v.Environment = []Variable{}
	}
	for _, s := range list {
		v.Sections[s.Name] = settingView{s.Value, s.Version, when(s.At), changer(s.By), s.Pinned, s.Fault}
	}
	return writeJSON(w, http.StatusOK, v)
}

// withVersion is a section as it is read and written alone: its fields, and version.
func withVersion(s conversation.Section) (json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(s.Value, &all); err != nil {
		return nil, err
	}
	all["version"] = json.RawMessage(strconv.FormatInt(s.Version, 10))
	return json.Marshal(all)
}

func writeSection(w http.ResponseWriter, s conversation.Section) error {
	v, err := withVersion(s)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, v)
}

// getSection serves the section of that name, or the one in the path.
func getSection(name string) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
		s, err := c.engine.Section(r.Context(), sectionName(name, r))
		if err != nil {
			return unusable(err)
		}
		return writeSection(w, s)
	}
}

func sectionName(name string, r *http.Request) string {
	if name == "" {
		return r.PathValue("section")
	}
	return name
}

func putSection(name string) handler {
	return func(c *Console, w http.ResponseWriter, r *http.Request, who staff.Principal) error {
		name := sectionName(name, r)
		var all map[string]json.RawMessage
		if err := readJSON(w, r, &all); err != nil {
			return err
		}
		var version int64
		if given, ok := all["version"]; ok && json.Unmarshal(given, &version) != nil {
			return &Problem{Status: http.StatusUnprocessableEntity, Code: "bad_setting", Field: "version", Detail: "version is the number that was read; 0 where nobody has stored anything."}
		}
		delete(all, "version")
		raw, err := json.Marshal(all)
		if err != nil {
			return err
		}
		s, err := c.engine.PutSection(r.Context(), name, raw, version, actor(who))
		return c.stored(w, r, s, err)
	}
}

// stored answers for a change.
func (c *Console) stored(w http.ResponseWriter, r *http.Request, s conversation.Section, err error) error {
	if errors.Is(err, conversation.ErrVersion) {
		return outdated(s)
	}
	if err != nil {
		return unusable(err)
	}
	audited(r).about(s.Name).detail("version", strconv.FormatInt(s.Version, 10))
	return writeSection(w, s)
}

// outdated tells the second of two editors what the first has stored.
func outdated(s conversation.Section) error {
	now, err := withVersion(s)
	if err != nil {
		return err
	}
	return overtaken(now)
}

type settingVersionView struct {
	Version int64           `json:"version"`
	At      time.Time       `json:"at"`
	By      *Person         `json:"by,omitempty"`
	Value   json.RawMessage `json:"value"`
}

type settingHistoryView struct {
	Versions []settingVersionView `json:"versions"`
}

func (c *Console) settingHistory(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	list, err := c.engine.SectionHistory(r.Context(), r.PathValue("section"))
	if err != nil {
		return unusable(err)
	}
	v := settingHistoryView{Versions: make([]settingVersionView, len(list))}
	for i, s := range list {
		v.Versions[i] = settingVersionView{s.Version, s.At.UTC(), changer(s.By), s.Value}
	}
	return writeJSON(w, http.StatusOK, v)
}

type restoreRequest struct {
	Restore int64 `json:"restore"`
	Version int64 `json:"version"`
}

func (c *Console) restoreSetting(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	var req restoreRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	s, err := c.engine.RestoreSection(r.Context(), r.PathValue("section"), req.Restore, req.Version, actor(who))
	audited(r).detail("restored", strconv.FormatInt(req.Restore, 10))
	return c.stored(w, r, s, err)
}

type settingsPreviewRequest struct {
	Bot    json.RawMessage `json:"bot,omitempty"`
	Tokens json.RawMessage `json:"tokens,omitempty"`
}

type promptSizeView struct {
	Fixed int `json:"fixed"`
	Room  int `json:"room"`
}

type settingsPreviewView struct {
	Prompt string         `json:"prompt"`
	Tokens promptSizeView `json:"tokens"`
}

func (c *Console) previewSettings(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req settingsPreviewRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	p, err := c.engine.PreviewSettings(r.Context(), member(req.Bot), member(req.Tokens))
	if err != nil {
		return unusable(err)
	}
	return writeJSON(w, http.StatusOK, settingsPreviewView{p.Prompt, promptSizeView{p.Fixed, p.Room}})
}

// member is raw, or nil where a member was left out or null.
func member(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}

type modelTestRequest struct {
	Task   conversation.Task `json:"task"`
	Models json.RawMessage   `json:"models,omitempty"`
}

type modelErrorView struct {
	Kind conversation.ErrorKind `json:"kind"`
	Text string                 `json:"text"`
}

type modelTestView struct {
	OK      bool            `json:"ok"`
	Model   string          `json:"model"`
	Took    int64           `json:"took_ms"`
	Input   int             `json:"input_tokens"`
	Output  int             `json:"output_tokens"`
	CostUSD float64         `json:"cost_usd"`
	Error   *modelErrorView `json:"error,omitempty"`
}

// maxErrorRunes bounds what of a server's own words about a failure is shown.
const maxErrorRunes = 500

func (c *Console) testModel(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	var req modelTestRequest
	if err := readJSON(w, r, &req); err != nil {
		return err
	}
	if !slices.Contains(conversation.Tasks(), req.Task) {
		return &Problem{Status: http.StatusUnprocessableEntity, Code: "bad_setting", Field: "task", Detail: "task is answer, rewrite, summary, draft or help."}
	}
	t, err := c.engine.TryModel(r.Context(), req.Task, member(req.Models))
	if err != nil {
		return unusable(err)
	}
	v := modelTestView{OK: t.Error == nil, Model: t.Model, Took: t.Took.Milliseconds(), Input: t.Usage.InputTokens, Output: t.Usage.OutputTokens,
		CostUSD: float64(t.Usage.CostMicros) / 1e6}
	if t.Error != nil {
		text := []rune(t.Error.Err.Error())
		v.Error = &modelErrorView{t.Error.Kind, string(text[:min(len(text), maxErrorRunes)])}
	}
	return writeJSON(w, http.StatusOK, v)
}
