package telegram

import (
	"strings"
	"unicode/utf16"
)

// written is a message's text, or what stands under its picture.
func written(m *message) (string, []entity) {
	if m.Text != "" {
		return m.Text, m.Entities
	}
	return m.Caption, m.CaptionEntities
}

// addressed reports whether a message in a group is meant for the bot: it names
// the bot or replies to it. Messages in a topic formally reply to the one that
// made the topic, which counts for nothing.
func addressed(m *message, me *user) bool {
	if r := m.ReplyTo; r != nil && r.From != nil && r.From.ID == me.ID && r.TopicCreated == nil {
		return true
	}
	text, entities := written(m)
	units := utf16.Encode([]rune(text))
	for _, e := range entities {
		if names(units, e, me) {
			return true
		}
	}
	return false
}

// names reports whether an entity of a text is the bot's name, alone or behind a
// command.
func names(units []uint16, e entity, me *user) bool {
	if me == nil {
		return false
	}
	switch e.Type {
	case entityTextMention:
		return e.User != nil && e.User.ID == me.ID
	case entityMention, entityCommand:
		_, name, ok := strings.Cut(slice(units, e), "@")
		return ok && strings.EqualFold(name, me.Username)
	}
	return false
}

// slice is the text of an entity, whose place Telegram counts in UTF-16 units;
// empty where the place is none of the text's.
func slice(units []uint16, e entity) string {
	if e.Offset < 0 || e.Length < 0 || e.Offset > len(units) || e.Length > len(units)-e.Offset {
		return ""
	}
	return string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
}

// withoutMention is the text without the bot's name at its start or end, where
// that only calls it.
func withoutMention(m *message, me *user) string {
	text, entities := written(m)
	units := utf16.Encode([]rune(text))
	for _, e := range entities {
		if e.Type == entityCommand || !names(units, e, me) || slice(units, e) == "" {
			continue
		}
		before := strings.TrimSpace(string(utf16.Decode(units[:e.Offset])))
		after := strings.TrimSpace(string(utf16.Decode(units[e.Offset+e.Length:])))
		switch {
		case before == "":
			return strings.TrimLeft(after, " ,:，：")
		case after == "":
			return before
		}
	}
	return text
}

// command splits a text that starts with a command, in lower case and without
// the slash and the bot's name. toOther says that another bot is meant.
func command(m *message, me *user) (name, rest string, toOther bool) {
	text, _ := written(m)
	if me != nil {
		// "@bot /help" is how some ask in a group.
		if first, after, ok := strings.Cut(text, " "); ok && strings.EqualFold(first, "@"+me.Username) {
			text = strings.TrimSpace(after)
		}
	}
	if !strings.HasPrefix(text, "/") {
		return "", "", false
	}
	end := strings.IndexFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' })
	if end < 0 {
		end = len(text)
	}
	name, who, suffixed := strings.Cut(text[1:end], "@")
	if suffixed && me != nil && !strings.EqualFold(who, me.Username) {
		return "", "", true
	}
	return strings.ToLower(name), strings.TrimSpace(text[end:]), false
}
