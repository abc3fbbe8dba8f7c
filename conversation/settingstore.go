package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// StoredSetting is one version of a section as it is kept.
type StoredSetting struct {
	Name    string
	Value   json.RawMessage // the section's fields; whoever reads it checks it
	Version int64           // from 1
	At      time.Time
	By      Actor
}

// SettingChange is a version to be stored.
type SettingChange struct {
	Name  string
	Value json.RawMessage
	Was   int64  // the version it replaces; 0 when there is none
	Seen  string // the state of all sections that it was checked with
	By    Actor
}

// ErrSettingsMoved is returned for a change that was checked with sections of which
// one is another by now.
var ErrSettingsMoved = errors.New("conversation: other settings changed meanwhile")

// ErrNoSection is returned for a section, or a version of one, that does not exist.
var ErrNoSection = errors.New("conversation: no such setting")

// SettingStore keeps what people change while the servers run.
type SettingStore interface {
	// ReadSettings returns the newest version of each section, and a mark of that
	// state. Where it is still the one marked seen, it returns no sections and false.
	ReadSettings(ctx context.Context, seen string) (list []StoredSetting, mark string, changed bool, err error)
	// PutSetting stores a version. ErrVersion where the section's version is not the
	// one it replaces; ErrSettingsMoved where the state of all is no longer that seen.
	// HandlingSection has every open conversation looked at again within a minute.
	PutSetting(ctx context.Context, c SettingChange) (StoredSetting, error)
	// SettingHistory returns the newest versions of a section, the newest first.
	SettingHistory(ctx context.Context, name string, limit int) ([]StoredSetting, error)
	// SettingVersion returns one of them, or ErrNoSection.
	SettingVersion(ctx context.Context, name string, version int64) (StoredSetting, error)
}
