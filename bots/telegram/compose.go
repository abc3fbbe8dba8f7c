package telegram

import (
	"strconv"
	"strings"
	"unicode"

	"frontdesk/bots"
	"frontdesk/conversation"
)

// Limits of one message, in UTF-16 units of what is seen
// (core.telegram.org/bots/api#sendmessage), and of the list below an answer.
const (
	maxUnits      = 4096
	maxSources    = 5
	maxTitleRunes = 80
)

// piece is one message in both its forms.
type piece struct {
	rich, plain string
	buttons     *keyboard
}

// compose makes the messages that m leaves as. What the bot wrote is Markdown;
// what people and the product itself say goes out as it stands, the former under
// their name.
func compose(m conversation.Message, locale string) []piece {
	if m.Author != conversation.AuthorBot {
		pieces := verbatim(m)
		if m.AsksScore() {
			pieces[len(pieces)-1].buttons = scores(m)
		}
		return pieces
	}
	pieces := answer(m.Text)
	if rich, plain := sources(m.Sources, locale); rich != "" {
		last := &pieces[len(pieces)-1]
		if units(last.plain)+2+units(plain) <= maxUnits {
			last.rich, last.plain = last.rich+"\n\n"+rich, last.plain+"\n\n"+plain
		} else {
			pieces = append(pieces, piece{rich: rich, plain: plain})
		}
	}
	pieces[len(pieces)-1].buttons = buttons(m, locale)
	return pieces
}

// answer formats Markdown. Formatting hardly ever makes a text longer than its
// source; where it does, the text is cut shorter.
func answer(md string) []piece {
	for limit := maxUnits; ; limit /= 2 {
		var out []piece
		fits := true
		for _, part := range bots.Split(md, limit, bots.UTF16) {
			rich, plain := format(part)
			if plain == "" { // marks around nothing
				rich, plain = escape(part), part
			}
			fits = fits && units(plain) <= maxUnits
			out = append(out, piece{rich: rich, plain: plain})
		}
		if len(out) == 0 {
			return []piece{{rich: "…", plain: "…"}}
		}
		if fits || limit < 64 {
			return out
		}
	}
}

// verbatim makes messages of a text that is no Markdown.
func verbatim(m conversation.Message) []piece {
	name := ""
	if m.Author == conversation.AuthorStaff {
		name = m.Name
	}
	var out []piece
	for i, part := range bots.Split(m.Text, maxUnits-units(name)-2, bots.UTF16) {
		p := piece{rich: escape(part), plain: part}
		if i == 0 && name != "" {
			p.rich, p.plain = "<b>"+escape(name)+"</b>\n"+p.rich, name+"\n"+p.plain
		}
		out = append(out, p)
	}
	return out
}

// sources is the list of what an answer rests on, with links where there are any.
func sources(list []conversation.Source, locale string) (rich, plain string) {
	if len(list) == 0 {
		return "", ""
	}
	label := textsFor(locale).Sources
	r, p := "<b>"+escape(label)+"</b>", label
	for _, s := range list[:min(len(list), maxSources)] {
		title := []rune(strings.Join(strings.Fields(s.Title), " "))
		if len(title) > maxTitleRunes {
			title = append(title[:maxTitleRunes-1], '…')
		}
		n := "[" + strconv.Itoa(s.N) + "] "
		entry := &writer{}
		entry.link(s.URL, func() { entry.escape(string(title)) })
		r, p = r+"\n"+n+entry.out.String(), p+"\n"+n+string(title)
	}
	return r, p
}

func units(s string) int { return bots.Unit(bots.UTF16).Size(s) }

// language is the one to put around a text: its script decides where it can, else
// the customer's own locale.
func language(text, locale string) string {
	han, arabic, letters := 0, 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Arabic, r):
			arabic++
		case unicode.IsLetter(r):
			letters++
		}
	}
	switch {
	case han*3 > letters:
		return "zh"
	case arabic > letters:
		return "ar"
	case strings.HasPrefix(locale, "zh") || strings.HasPrefix(locale, "ar"):
		if letters > 0 {
			return defaultLanguage
		}
	}
	return locale
}
