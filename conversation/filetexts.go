package conversation

import (
	"fmt"
	"strings"
)

// fileWords are what the product says about files and about what moderation
// held back, in one language.
type fileWords struct {
	Reasons     map[Refusal]string
	NoPictures  string // no model here sees
	NoDocuments string // no model here reads
	Nothing     string // nothing to see, hear or read
	Flagged     string // what the customer wrote was flagged
	Withheld    string // what the bot wanted to say was flagged
}

// refused says why a file is not used.
func (t fileWords) refused(at Attachment) string {
	if s, ok := t.Reasons[at.Reason]; ok {
		return s
	}
	return t.Reasons[RefusedFormat]
}

// fileTextsFor returns the pack for a locale, English when there is none.
func fileTextsFor(locale string) fileWords {
	lang, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	if t, ok := fileTexts[lang]; ok {
		return t
	}
	return fileTexts["en"]
}

// Notes for staff.
const (
	noteNoVision         = "The customer sent a picture, and the model in use takes none. Have a look yourself, or set OPENAI_MODEL to one that does, such as gpt-4o-mini."
	noteModerationOpen   = "Moderation could not be asked, so what was written here has not been checked."
	noteModerationClosed = "Moderation could not be asked, so the bot held back what was not checked."
)

// staffNote tells staff of a file that was not used.
func staffNote(at Attachment) string {
	name := at.Name
	if name == "" {
		name = "without a name"
	}
	return fmt.Sprintf("The bot did not use a file (%s, %s): %s.", at.Kind, name, staffReason(at.Reason))
}

// staffReason says to staff why a file was not used.
func staffReason(r Refusal) string {
	if why := staffReasons[r]; why != "" {
		return why
	}
	return staffReasons[RefusedFormat]
}

var staffReasons = map[Refusal]string{
	RefusedFormat:     "nothing here reads files of its kind, or it is not what its name says",
	RefusedArchive:    "archives are not opened",
	RefusedTooLarge:   "it is too large",
	RefusedDimensions: "it has too many pixels",
	RefusedDuration:   "it is too long",
	RefusedDamaged:    "it is damaged",
	RefusedEmpty:      "it is empty",
	RefusedNoHearing:  "no model here could turn the speech into text (see OPENAI_TRANSCRIBE_MODEL)",
	RefusedNoVideo:    "ffmpeg is not installed on the server",
	RefusedFull:       "this conversation has sent too many files",
	RefusedGone:       "it could not be fetched from the platform",
	RefusedTimeout:    "reading it took too long",
	RefusedElsewhere:  "it is kept at another service, to which the platform has only a link",
}

var fileTexts = map[string]fileWords{
	"en": {
		Reasons: map[Refusal]string{
			RefusedFormat:     "I can't open that kind of file. Pictures, voice messages, PDF, Word and text files work.",
			RefusedArchive:    "I can't open archives such as ZIP files. Please send the files one by one.",
			RefusedTooLarge:   "That file is too large for me: pictures may have up to 10 MB, other files 20 MB.",
			RefusedDimensions: "That picture is too large for me. Please send a smaller version.",
			RefusedDuration:   "That recording is too long for me: up to 10 minutes works.",
			RefusedDamaged:    "That file seems to be damaged. Please send it again.",
			RefusedEmpty:      "I couldn't find anything in that file.",
			RefusedNoHearing:  "I can't listen to recordings at the moment. Please write what you need.",
			RefusedNoVideo:    "I can't watch videos here. A picture or a few words would help me.",
			RefusedFull:       "You have sent a lot of files, and I can't take more for now.",
			RefusedGone:       "I couldn't get the file you sent. Please send it again.",
			RefusedTimeout:    "I couldn't read that file in time. Please describe what it shows.",
			RefusedElsewhere:  "That is a link to a file kept elsewhere, which I can't open. Please upload the file itself.",
		},
		NoPictures:  "I can't see pictures here. Please describe what it shows.",
		NoDocuments: "I can't read files here, but our team can see what you sent.",
		Nothing:     "I couldn't make out anything in what you sent.",
		Flagged:     "I can't help with this message. Please put it another way.",
		Withheld:    "I'd rather not answer that on my own.",
	},
	"zh": {
		Reasons: map[Refusal]string{
			RefusedFormat:     "我无法打开这种文件。可以发送图片、语音、PDF、Word 或文本文件。",
			RefusedArchive:    "我无法打开 ZIP 等压缩包，请逐个发送文件。",
			RefusedTooLarge:   "这个文件太大了：图片不超过 10 MB，其他文件不超过 20 MB。",
			RefusedDimensions: "这张图片的尺寸太大了，请发送小一些的版本。",
			RefusedDuration:   "这段录音太长了，请控制在 10 分钟以内。",
			RefusedDamaged:    "这个文件好像已损坏，请重新发送。",
			RefusedEmpty:      "我没有在这个文件里找到内容。",
			RefusedNoHearing:  "我现在无法听取录音，请用文字告诉我您的需要。",
			RefusedNoVideo:    "我在这里无法观看视频，请发送图片或用文字说明。",
			RefusedFull:       "您发送的文件较多，我暂时无法再接收。",
			RefusedGone:       "我没能收到您发送的文件，请重新发送。",
			RefusedTimeout:    "我没能及时读完这个文件，请描述一下其中的内容。",
			RefusedElsewhere:  "这是保存在其他服务上的文件链接，我无法打开。请直接上传文件。",
		},
		NoPictures:  "我在这里看不到图片，请描述一下图片的内容。",
		NoDocuments: "我在这里无法阅读文件，但我们的同事可以看到您发送的内容。",
		Nothing:     "我没能从您发送的内容中辨认出什么。",
		Flagged:     "这条消息我无法处理，请换一种说法。",
		Withheld:    "这个问题我不便单独回答。",
	},
	"es": {
		Reasons: map[Refusal]string{
			RefusedFormat:     "No puedo abrir ese tipo de archivo. Sí puedo con imágenes, mensajes de voz, PDF, Word y texto.",
			RefusedArchive:    "No puedo abrir archivos comprimidos como ZIP. Envíame los archivos uno a uno, por favor.",
			RefusedTooLarge:   "Ese archivo es demasiado grande: las imágenes pueden tener hasta 10 MB y los demás archivos 20 MB.",
			RefusedDimensions: "Esa imagen es demasiado grande. Envía una versión más pequeña, por favor.",
			RefusedDuration:   "Esa grabación es demasiado larga: puedo escuchar hasta 10 minutos.",
			RefusedDamaged:    "Parece que ese archivo está dañado. Envíalo de nuevo, por favor.",
			RefusedEmpty:      "No he encontrado nada en ese archivo.",
			RefusedNoHearing:  "Ahora mismo no puedo escuchar grabaciones. Escribe lo que necesitas, por favor.",
			RefusedNoVideo:    "Aquí no puedo ver vídeos. Una imagen o unas palabras me ayudarían.",
			RefusedFull:       "Has enviado muchos archivos y por ahora no puedo recibir más.",
			RefusedGone:       "No he podido recibir el archivo. Envíalo de nuevo, por favor.",
			RefusedTimeout:    "No he podido leer ese archivo a tiempo. Describe qué muestra, por favor.",
			RefusedElsewhere:  "Eso es un enlace a un archivo guardado en otro servicio, que no puedo abrir. Sube el archivo, por favor.",
		},
		NoPictures:  "Aquí no puedo ver imágenes. Describe qué muestra, por favor.",
		NoDocuments: "Aquí no puedo leer archivos, pero nuestro equipo ve lo que has enviado.",
		Nothing:     "No he podido distinguir nada en lo que has enviado.",
		Flagged:     "No puedo ayudar con este mensaje. Dilo de otra manera, por favor.",
		Withheld:    "Prefiero no responder a eso por mi cuenta.",
	},
	"ar": {
		Reasons: map[Refusal]string{
			RefusedFormat:     "لا أستطيع فتح هذا النوع من الملفات. يمكنك إرسال الصور والرسائل الصوتية وملفات PDF وWord والنصوص.",
			RefusedArchive:    "لا أستطيع فتح الملفات المضغوطة مثل ZIP. أرسل الملفات واحدًا واحدًا من فضلك.",
			RefusedTooLarge:   "هذا الملف كبير جدًا: الحد 10 ميغابايت للصور و20 ميغابايت للملفات الأخرى.",
			RefusedDimensions: "أبعاد هذه الصورة كبيرة جدًا. أرسل نسخة أصغر من فضلك.",
			RefusedDuration:   "هذا التسجيل طويل جدًا: أستطيع سماع ما لا يزيد على 10 دقائق.",
			RefusedDamaged:    "يبدو أن هذا الملف تالف. أرسله مرة أخرى من فضلك.",
			RefusedEmpty:      "لم أجد شيئًا في هذا الملف.",
			RefusedNoHearing:  "لا أستطيع سماع التسجيلات الآن. اكتب ما تحتاج إليه من فضلك.",
			RefusedNoVideo:    "لا أستطيع مشاهدة مقاطع الفيديو هنا. صورة أو بضع كلمات ستساعدني.",
			RefusedFull:       "أرسلت ملفات كثيرة ولا أستطيع استقبال المزيد الآن.",
			RefusedGone:       "لم أتمكن من استلام الملف. أرسله مرة أخرى من فضلك.",
			RefusedTimeout:    "لم أتمكن من قراءة هذا الملف في الوقت المناسب. صف ما فيه من فضلك.",
			RefusedElsewhere:  "هذا رابط لملف محفوظ في خدمة أخرى ولا أستطيع فتحه. ارفع الملف نفسه من فضلك.",
		},
		NoPictures:  "لا أستطيع رؤية الصور هنا. صف ما تُظهره من فضلك.",
		NoDocuments: "لا أستطيع قراءة الملفات هنا، لكن فريقنا يرى ما أرسلته.",
		Nothing:     "لم أتمكن من تمييز شيء فيما أرسلته.",
		Flagged:     "لا أستطيع المساعدة في هذه الرسالة. صغها بطريقة أخرى من فضلك.",
		Withheld:    "أفضّل ألا أجيب عن ذلك وحدي.",
	},
}
