package conversation

import (
	"slices"
	"time"
)

// Settings is what people change while the servers run: one state of all sections, that
// fit each other. It is never changed; a turn takes one at its beginning and goes by it
// to its end. The JSON names of the sections' fields are those of the API.
type Settings struct {
	Bot        BotSettings
	Models     ModelSettings
	Tokens     Budget
	Thresholds ThresholdSettings
	Spending   SpendingSettings
	Prices     PriceSettings
	Hours      Hours
	Handling   Handling
	Widget     WidgetSettings
	Retention  Retention

	// Meta says of each stored section, by name, which version it is.
	Meta map[string]SettingMeta

	prompter *Prompter
	base     Thresholds // of the program's wiring, where no section says otherwise
	seen     string     // what of the store this state is
}

// SettingMeta is where a section's state comes from. Its version is 0 where nobody has
// stored any.
type SettingMeta struct {
	Version int64
	At      time.Time
	By      Actor
	// Fault is why what is stored is not used, but the state before it; empty as a rule.
	Fault string
}

// BotSettings are who the bot is.
type BotSettings struct {
	Name         string   `json:"name"`
	Tone         Tone     `json:"tone"`
	Languages    []string `json:"languages"`     // codes it answers in, the first one when in doubt; empty: any
	Instructions string   `json:"instructions"`  // added to the system prompt
	Greeting     string   `json:"greeting"`      // empty: the product's own
	QuickReplies []string `json:"quick_replies"` // what a customer may say by a press
	Closing      string   `json:"closing"`       // when a conversation is closed; empty: the product's own
}

// Tone is how the bot speaks.
type Tone string

// Tones. The plain one is brief and friendly.
const (
	TonePlain    Tone = ""
	ToneFriendly Tone = "friendly"
	ToneFormal   Tone = "formal"
	ToneBrief    Tone = "brief"
)

// Task is what a model is asked for.
type Task string

// Tasks.
const (
	TaskAnswer  Task = "answer"
	TaskRewrite Task = "rewrite" // a follow-up into a question that stands alone
	TaskSummary Task = "summary" // of what no longer fits the prompt
	TaskDraft   Task = "draft"   // of an entry, from what staff replied
	TaskHelp    Task = "help"    // for staff: suggest, sum up, translate
)

// Tasks are all of them.
func Tasks() []Task { return []Task{TaskAnswer, TaskRewrite, TaskSummary, TaskDraft, TaskHelp} }

// ModelSettings are which models do what.
type ModelSettings struct {
	// Enabled false has no model write anything: FAQ answers, quoted passages and people
	// are left. Search by meaning, transcription and moderation go on.
	Enabled     bool     `json:"enabled"`
	Answer      []string `json:"answer"`      // tried in this order when one is gone; empty: as wired
	Rewrite     string   `json:"rewrite"`     // empty, here and below: as for answers
	Summary     string   `json:"summary"`     //
	Draft       string   `json:"draft"`       //
	Help        string   `json:"help"`        //
	Temperature *float64 `json:"temperature"` // 0 to 2; nil: the server's own
}

// first is the model that answers as long as it is there; empty when none is named.
func (m ModelSettings) first() string {
	if len(m.Answer) == 0 {
		return ""
	}
	return m.Answer[0]
}

// For returns the models to try in order; nil leaves it to the implementation.
func (m ModelSettings) For(t Task) []string {
	own := map[Task]string{TaskRewrite: m.Rewrite, TaskSummary: m.Summary, TaskDraft: m.Draft, TaskHelp: m.Help}[t]
	if own == "" {
		return m.Answer
	}
	list := []string{own}
	for _, name := range m.Answer {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// ThresholdSettings replace the calibration's thresholds; nil leaves them.
type ThresholdSettings struct {
	Answer *float64 `json:"answer"`
	Offer  *float64 `json:"offer"`
}

// SpendingSettings are limits in US dollars; nil is none.
type SpendingSettings struct {
	Day          *float64 `json:"day_usd"`          // UTC
	Conversation *float64 `json:"conversation_usd"` // from its beginning
	Visitor      *float64 `json:"visitor_usd"`      // a day
	Warn         float64  `json:"warn"`             // share of the day's limit at which staff are told
}

// PriceSettings override what is known of models' prices, by name.
type PriceSettings struct {
	Models map[string]ModelPrice `json:"models"`
}

// ModelPrice is in US dollars per million tokens.
type ModelPrice struct {
	Input  float64 `json:"input"`
	Cached float64 `json:"cached"` // for the part of the input the provider had cached
	Output float64 `json:"output"`
}

// WidgetSettings are how the chat on a page looks, where the page's own tag does not
// say. Empty texts leave it to the widget.
type WidgetSettings struct {
	Title    string `json:"title"`
	Accent   string `json:"accent"`   // #rgb or #rrggbb
	Position string `json:"position"` // left or right
	Theme    string `json:"theme"`    // auto, light or dark
	Lang     string `json:"lang"`     // language tag
}

// settings are the defaults, as the program was wired.
func (c *Config) settings() *Settings {
	return &Settings{
		Bot:      BotSettings{Name: c.BotName, Instructions: c.Instructions, Languages: []string{}, QuickReplies: []string{}},
		Models:   ModelSettings{Enabled: true, Answer: append([]string{}, c.Models...)},
		Tokens:   c.Budget,
		Spending: SpendingSettings{Warn: DefaultWarn},
		Prices:   PriceSettings{Models: map[string]ModelPrice{}},
		Hours:    Hours{Timezone: "UTC", Week: []Span{}, Holidays: []Holiday{}},
		Handling: DefaultHandling,
		Widget:   WidgetSettings{Position: "right", Theme: "auto"},
		Meta:     map[string]SettingMeta{},
		base:     c.Thresholds,
	}
}
