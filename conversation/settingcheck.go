package conversation

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SettingError is what is wrong with a section, in words for its editor. It wraps
// ErrSetting.
type SettingError struct {
	Section string
	Field   string // the JSON name, with those it is in: models.gpt-4o.input; empty: the section as a whole
	Text    string
}

func (e *SettingError) Error() string {
	if e.Field == "" {
		return ErrSetting.Error() + ": " + e.Text
	}
	return ErrSetting.Error() + ": " + e.Field + " " + e.Text
}

// Unwrap returns ErrSetting.
func (e *SettingError) Unwrap() error { return ErrSetting }

// Bounds of what settings may hold.
const (
	maxBotName      = 60     // runes: it stands above each answer
	maxInstructions = 20_000 // runes; the token budget allows fewer as a rule
	maxGreeting     = 500
	maxQuickReplies = 6
	maxQuickReply   = 60
	maxLanguages    = 40
	maxModelName    = 120
	maxModelList    = 10
	maxPrices       = 500
	// maxTokens is the context of the largest model known, rounded up.
	maxTokens = 1_100_000
	// maxPrice in US dollars per million tokens is some fifty times the dearest known.
	maxPrice = 10_000
	// maxUSD is more than any limit anybody can mean.
	maxUSD  = 1_000_000
	maxDays = 36_500
	// minUSD is a millionth of a dollar, in which costs are counted.
	minUSD = 1e-6
)

// languageCode is the form of a language tag (RFC 5646), roughly.
var languageCode = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)

var accent = regexp.MustCompile(`^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$`)

// wrong makes the error of a field; its section is known to the caller.
func wrong(field, format string, args ...any) error {
	return &SettingError{Field: field, Text: fmt.Sprintf(format, args...)}
}

// line checks a text of one line.
func line(field, s string, most int) error {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return wrong(field, "has characters that cannot be seen")
	}
	if utf8.RuneCountInString(s) > most {
		return wrong(field, "has more than %d characters", most)
	}
	return nil
}

// lines checks a text that may have several.
func lines(field, s string, most int) error {
	return line(field, strings.NewReplacer("\n", " ", "\t", " ", "\r", " ").Replace(s), most)
}

// between reports whether f is a number within bounds; NaN is none.
func between(f, least, most float64) bool { return f >= least && f <= most }

func (b *BotSettings) check() error {
	b.Name = strings.TrimSpace(b.Name)
	if b.Name == "" {
		return wrong("name", "is empty: the bot needs a name")
	}
	if !slices.Contains([]Tone{TonePlain, ToneFriendly, ToneFormal, ToneBrief}, b.Tone) {
		return wrong("tone", "is not friendly, formal, brief or empty")
	}
	if len(b.Languages) > maxLanguages {
		return wrong("languages", "has more than %d codes", maxLanguages)
	}
	seen := map[string]bool{}
	for i, l := range b.Languages {
		if !languageCode.MatchString(l) {
			return wrong(fmt.Sprintf("languages[%d]", i), "is no language code such as en or pt-BR")
		}
		if seen[strings.ToLower(l)] {
			return wrong(fmt.Sprintf("languages[%d]", i), "is there twice")
		}
		seen[strings.ToLower(l)] = true
	}
	if len(b.QuickReplies) > maxQuickReplies {
		return wrong("quick_replies", "are more than %d", maxQuickReplies)
	}
	for i, q := range b.QuickReplies {
		field := fmt.Sprintf("quick_replies[%d]", i)
		if b.QuickReplies[i] = strings.TrimSpace(q); b.QuickReplies[i] == "" {
			return wrong(field, "is empty")
		}
		if err := line(field, b.QuickReplies[i], maxQuickReply); err != nil {
			return err
		}
	}
	b.Languages, b.QuickReplies = listed(b.Languages), listed(b.QuickReplies)
	return errors.Join(line("name", b.Name, maxBotName), lines("instructions", b.Instructions, maxInstructions),
		lines("greeting", b.Greeting, maxGreeting), lines("closing", b.Closing, maxGreeting))
}

// listed is l, never nil, so that it is [] in JSON.
func listed(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}

func (m *ModelSettings) check() error {
	if len(m.Answer) > maxModelList {
		return wrong("answer", "has more than %d models", maxModelList)
	}
	for i, name := range m.Answer {
		field := fmt.Sprintf("answer[%d]", i)
		if m.Answer[i] = strings.TrimSpace(name); m.Answer[i] == "" {
			return wrong(field, "is empty")
		}
		if err := line(field, m.Answer[i], maxModelName); err != nil {
			return err
		}
	}
	m.Answer = listed(m.Answer)
	for _, f := range []struct {
		field string
		name  *string
	}{{"rewrite", &m.Rewrite}, {"summary", &m.Summary}, {"draft", &m.Draft}, {"help", &m.Help}} {
		*f.name = strings.TrimSpace(*f.name)
		if err := line(f.field, *f.name, maxModelName); err != nil {
			return err
		}
	}
	if m.Temperature != nil && !between(*m.Temperature, 0, 2) {
		return wrong("temperature", "is not a number from 0 to 2, or empty")
	}
	return nil
}

// check looks at each number for itself; whether the instructions fit is for the
// whole to say.
func (b *Budget) check() error {
	for _, f := range []struct {
		field       string
		value, from int
	}{{"total", b.Total, 1}, {"answer", b.Answer, 1}, {"passages", b.Passages, 0}, {"images", b.Images, 0}} {
		if f.value < f.from || f.value > maxTokens {
			return wrong(f.field, "is not a number of tokens from %d to %d", f.from, maxTokens)
		}
	}
	if b.Answer >= b.Total {
		return wrong("answer", "leaves no room for a question: total is %d", b.Total)
	}
	return nil
}

func (t *ThresholdSettings) check() error {
	if t.Answer != nil && !between(*t.Answer, 0, 1) {
		return wrong("answer", "is not a number from 0 to 1, or empty")
	}
	if t.Offer != nil && !between(*t.Offer, 0, 1) {
		return wrong("offer", "is not a number from 0 to 1, or empty")
	}
	if t.Answer != nil && t.Offer != nil && *t.Offer > *t.Answer {
		return wrong("offer", "is above answer, so that nothing would be answered with an offer of a person")
	}
	return nil
}

func (s *SpendingSettings) check() error {
	for _, f := range []struct {
		field string
		usd   *float64
	}{{"day_usd", s.Day}, {"conversation_usd", s.Conversation}, {"visitor_usd", s.Visitor}} {
		switch {
		case f.usd == nil:
		case *f.usd == 0:
			return wrong(f.field, "is 0: leave it empty for no limit; to answer without a model switch models.enabled off")
		case !between(*f.usd, minUSD, maxUSD):
			return wrong(f.field, "is not a number of US dollars from 0.000001 to %d, or empty for no limit", maxUSD)
		}
	}
	if !between(s.Warn, 0, 1) {
		return wrong("warn", "is not a share from 0 to 1, such as 0.8")
	}
	return nil
}

func (p *PriceSettings) check() error {
	if len(p.Models) > maxPrices {
		return wrong("models", "are more than %d", maxPrices)
	}
	byName := make(map[string]ModelPrice, len(p.Models))
	for name, price := range p.Models {
		key := strings.ToLower(strings.TrimSpace(name))
		if key == "" {
			return wrong("models", "has one without a name")
		}
		if err := line("models", key, maxModelName); err != nil {
			return err
		}
		if _, twice := byName[key]; twice {
			return wrong("models."+key, "is there twice")
		}
		for _, f := range []struct {
			field string
			usd   float64
		}{{"input", price.Input}, {"cached", price.Cached}, {"output", price.Output}} {
			if !between(f.usd, 0, maxPrice) {
				return wrong("models."+key+"."+f.field, "is not a price from 0 to %d US dollars per million tokens", maxPrice)
			}
			if f.usd != 0 && math.Abs(f.usd) < 1e-9 {
				return wrong("models."+key+"."+f.field, "is too small to count")
			}
		}
		byName[key] = price
	}
	p.Models = byName
	return nil
}

func (w *WidgetSettings) check() error {
	w.Title, w.Lang = strings.TrimSpace(w.Title), strings.TrimSpace(w.Lang)
	switch {
	case w.Accent != "" && !accent.MatchString(w.Accent):
		return wrong("accent", "is no colour such as #0a7d5a")
	case w.Position != "left" && w.Position != "right":
		return wrong("position", "is not left or right")
	case w.Theme != "auto" && w.Theme != "light" && w.Theme != "dark":
		return wrong("theme", "is not auto, light or dark")
	case w.Lang != "" && !languageCode.MatchString(w.Lang):
		return wrong("lang", "is no language code such as en or pt-BR")
	}
	return line("title", w.Title, maxBotName)
}

func (r *Retention) check() error { return r.Check() }

func (h *Hours) check() (err error) {
	*h, err = h.Check()
	return err
}

func (h *Handling) check() error { return h.Check() }
