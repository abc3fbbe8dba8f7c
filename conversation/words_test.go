package conversation

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAskingForAPersonIsUnderstood(t *testing.T) {
	for _, s := range []string{
		"Can I talk to a human?", "human please!", "AGENT", "I need a person", "转人工", "我要人工客服", "Quiero hablar con una persona",
		"أريد التحدث مع موظف", "Je voudrais parler à un humain", "Ich möchte mit einem Mitarbeiter sprechen", "Quero falar com um atendente humano",
	} {
		if !asksForPerson(s) {
			t.Errorf("asksForPerson(%q) = false", s)
		}
	}
	for _, s := range []string{
		"How do I return a jacket?", "Is the agent's discount still valid for business orders?", "Does one person need two sleeping bags?",
		strings.Repeat("My long story. ", 20) + "talk to a person",
	} {
		if asksForPerson(s) {
			t.Errorf("asksForPerson(%q) = true", s)
		}
	}
}

func TestLanguageFollowsTheCustomer(t *testing.T) {
	for _, tc := range []struct{ text, locale, want string }{
		{"How do I return it?", "es", "en"}, {"¿Cuánto tarda?", "en", "es"}, {"cuanto tarda el envio", "en", "es"},
		{"退货政策", "en", "zh"}, {"كم يستغرق الشحن", "en", "ar"}, {"???", "zh-CN", "zh-CN"}, {"iPhone 15 的保修", "en", "zh"},
		{"Livrez-vous en Belgique ?", "fr", "fr"}, {"Parler à une personne", "fr-CA", "fr-CA"}, {"Wie geht es weiter?", "de", "de"}, {"Qual è la data di consegna?", "it", "it"},
		{"Cuando llega mi pedido?", "de", "es"}, {"When does it come?", "fr", "en"}, {"que talla es", "", "es"},
	} {
		if got := language(tc.text, tc.locale); got != tc.want {
			t.Errorf("language(%q, %q) = %q, want %q", tc.text, tc.locale, got, tc.want)
		}
	}
}

func TestEveryPackIsWhole(t *testing.T) {
	for lang, p := range texts {
		for name, s := range map[string]string{
			"Greeting": p.Greeting, "Welcome": p.Welcome, "Quoted": p.Quoted, "Maybe": p.Maybe, "Offer": p.Offer, "Unknown": p.Unknown,
			"Queued": p.Queued, "Sorry": p.Sorry, "Failed": p.Failed, "Joined": p.Joined, "Left": p.Left, "BotAgain": p.BotAgain, "Resolved": p.Resolved, "More": p.More,
		} {
			if s == "" {
				t.Errorf("texts[%q].%s is empty", lang, name)
			}
		}
		if !strings.Contains(p.Joined, "{name}") || !strings.Contains(p.Left, "{name}") {
			t.Errorf("texts[%q] does not name the colleague", lang)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("hello\x00 world\r\n")
	f.Add("\u200b\ufe0f")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Clean(s)
		if err != nil {
			if !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrTooLong) {
				t.Errorf("Clean(%q) = %v", s, err)
			}
			return
		}
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\x1b\r") || utf8.RuneCountInString(got) > MaxTextRunes {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if again, err := Clean(got); again != got || err != nil {
			t.Errorf("Clean is not settled: %q then %q, %v", got, again, err)
		}
		foldWords(got)
		asksForPerson(got)
		language(got, "en")
	})
}
