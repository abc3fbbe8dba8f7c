package slack

import (
	"strings"
	"unicode"
)

// thumbsUp is shown to whoever found an answer helpful, in every language.
const thumbsUp = "👍 ✓"

// words are what this channel itself says to customers, in one language.
type words struct {
	Person  string // button: bring in a person
	Sources string // leads the list of sources
	Status  string // while an answer is being made; Slack puts the app's name before it
	Hello   string // to a mention without words
	TooLong string // %d: the most characters a message may have
	Files   string // where some of a message's files were not taken; %d: how many can be
	Others  string // to somebody who rates what another person asked
	Late    string // to somebody who rates what is long over
	Title   string // above the suggested prompts
	Prompts []string
}

var packs = map[string]words{
	"en": {
		Person: "Talk to a person", Sources: "Sources", Status: "is looking it up…",
		Hello:   "Hello! What can I look up for you?",
		TooLong: "Sorry, this message is too long for me: I can read up to %d characters. Could you send it in shorter pieces?",
		Files:   "Sorry, I couldn't take all of these files: up to %d fit into one message. Please send the others again.",
		Others:  "Only the person who asked can rate this.", Late: "This can no longer be rated.",
		Title:   "Ask me about our products and services",
		Prompts: []string{"What can you help me with?", "Talk to a person"},
	},
	"zh": {
		Person: "转人工客服", Sources: "来源", Status: "正在查找……",
		Hello:   "您好！有什么可以帮您查的吗？",
		TooLong: "抱歉，这条消息太长了：我最多可以读取 %d 个字符。请分成几条较短的消息发送，好吗？",
		Files:   "抱歉，这些文件我没能全部收下：每条消息最多 %d 个。请重新发送其余的文件。",
		Others:  "只有提问的人可以评分。", Late: "现在已无法评分。",
	},
	"es": {
		Person: "Hablar con una persona", Sources: "Fuentes", Status: "está buscando…",
		Hello:   "¡Hola! ¿Qué puedo buscar por ti?",
		TooLong: "Lo siento, este mensaje es demasiado largo: puedo leer hasta %d caracteres. ¿Puedes enviarlo en partes más cortas?",
		Files:   "Lo siento, no he podido recibir todos los archivos: caben hasta %d en un mensaje. Envía los demás de nuevo, por favor.",
		Others:  "Solo puede valorarlo quien preguntó.", Late: "Esto ya no se puede valorar.",
	},
	"ar": {
		Person: "التحدث مع شخص", Sources: "المصادر", Status: "يبحث عن الإجابة…",
		Hello:   "مرحبًا! عمّ أبحث لك؟",
		TooLong: "عذرًا، هذه الرسالة أطول مما أستطيع قراءته: الحد هو %d حرفًا. هل يمكنك إرسالها في أجزاء أقصر؟",
		Files:   "عذرًا، لم أتمكن من استلام كل الملفات: الحد %d ملفات في الرسالة. أرسل البقية مرة أخرى من فضلك.",
		Others:  "يمكن لصاحب السؤال وحده تقييم هذا.", Late: "لم يعد بالإمكان تقييم هذا.",
	},
}

// wordsFor returns the pack for the language that a text seems to be written
// in, judged by its script alone; English where that does not tell.
func wordsFor(text string) words {
	var han, arabic, latin int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Arabic, r):
			arabic++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case han*3 > latin:
		return packs["zh"]
	case arabic > latin:
		return packs["ar"]
	case strings.ContainsAny(text, "¿¡ñ"):
		return packs["es"]
	}
	return packs["en"]
}
