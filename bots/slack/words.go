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
	NoFiles string
	Title   string // above the suggested prompts
	Prompts []string
}

var packs = map[string]words{
	"en": {
		Person: "Talk to a person", Sources: "Sources", Status: "is looking it up…",
		Hello:   "Hello! What can I look up for you?",
		TooLong: "Sorry, this message is too long for me: I can read up to %d characters. Could you send it in shorter pieces?",
		NoFiles: "Sorry, I can't read files here. Could you describe in words what it shows?",
		Title:   "Ask me about our products and services",
		Prompts: []string{"What can you help me with?", "Talk to a person"},
	},
	"zh": {
		Person: "转人工客服", Sources: "来源", Status: "正在查找……",
		Hello:   "您好！有什么可以帮您查的吗？",
		TooLong: "抱歉，这条消息太长了：我最多可以读取 %d 个字符。请分成几条较短的消息发送，好吗？",
		NoFiles: "抱歉，我在这里无法读取文件。请用文字描述一下其中的内容，好吗？",
	},
	"es": {
		Person: "Hablar con una persona", Sources: "Fuentes", Status: "está buscando…",
		Hello:   "¡Hola! ¿Qué puedo buscar por ti?",
		TooLong: "Lo siento, este mensaje es demasiado largo: puedo leer hasta %d caracteres. ¿Puedes enviarlo en partes más cortas?",
		NoFiles: "Lo siento, aquí no puedo leer archivos. ¿Puedes describir con palabras lo que muestra?",
	},
	"ar": {
		Person: "التحدث مع شخص", Sources: "المصادر", Status: "يبحث عن الإجابة…",
		Hello:   "مرحبًا! عمّ أبحث لك؟",
		TooLong: "عذرًا، هذه الرسالة أطول مما أستطيع قراءته: الحد هو %d حرفًا. هل يمكنك إرسالها في أجزاء أقصر؟",
		NoFiles: "عذرًا، لا أستطيع قراءة الملفات هنا. هل يمكنك وصف محتواها بالكلمات؟",
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
