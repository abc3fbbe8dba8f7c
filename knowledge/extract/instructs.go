package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// maxLooked is how many bytes of a document are compared with the patterns,
// which read a megabyte a second. An ordinary manual needs some kilobytes.
const maxLooked = 4 << 20

// Around a trigger so many bytes before and after it are compared.
const (
	lookBefore = 160
	lookAfter  = 220
)

// triggers are what every text that matches instructs holds one of, in lower
// case: found fast, and rare in texts for customers.
var triggers = append(strings.Split("ignor|disregard|forget|overrid|bypass|system prompt|system message|hidden instruction|you are a|"+
	"to ai|to the ai|to any ai|to all ai|for ai|for the ai|for any ai|for all ai|llm|language model|chatbot|chat bot|not tell|not inform|not mention|"+
	"[inst|[/inst|<<sys|<</sys|missacht|vergiss|vergessen|olvid|descart|omit|esque|desconsider|oubli|néglig|dimentic|negeer|vergeet|zapomnij|"+
	"talimat|komut|yönerge|игнорируй|забудь|не учитывай|ігноруй|忽略|无视|無視|忽視|忘|理会|理會|破棄|무시|잊|تجاهل|انس|أهمل|"+
	"अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल|ละเว้น|เพิกเฉย|ไม่ต้องสนใจ|ลืม|bỏ qua|phớt|quên|abaikan", "|"), "<|")

// instructs are the ways to tell a model to forget its instructions, in the
// languages of most of the world's customers. RE2 takes time linear in the
// text. Each needs both the deed and its object: "ignore this e-mail" is none.
var instructs = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`\b(?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|the|your|my|of|these|those|every)\s+)*(?:previous|prior|above|earlier|preceding|foregoing|existing|system|initial|original)\s+(?:\pL+\s+)?(?:instructions?|prompts?|rules?|directions?|directives?|guidelines?)`,
	`\b(?:ignore|disregard|forget)\s+(?:all\s+|everything\s+)?(?:your\s+(?:instructions|rules|guidelines)|(?:you\s+were\s+told|that\s+came)\s+before)`,
	`\b(?:reveal|print|repeat|output|show|leak)\s+(?:me\s+)?(?:the|your)\s+(?:(?:full|entire|hidden|secret|initial)\s+)*(?:system\s+prompt|system\s+message|hidden\s+instructions)`,
	`\b(?:if|when)\s+you\s+are\s+an?\s+(?:ai|llm|language\s+model|assistant|chat\s?bot)\b`,
	`\b(?:note|message|instructions?|attention)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)?(?:ai|llms?|language\s+models?|chat\s?bots?)\b`,
	`\bdo\s+not\s+(?:tell|inform|mention\s+(?:this|it)\s+to)\s+the\s+(?:user|customer|human)\b`,
	`<\|(?:im_start|im_end|system|endoftext|start_header_id)\|>|\[/?INST\]|<</?SYS>>`,
	`\b(?:ignorier\pL*|missacht\pL*|vergiss|vergessen\s+sie)\s+(?:(?:alle|die|deine|ihre|sämtliche|jegliche)\s+)*(?:vorherig|bisherig|obig|vorig|vorangegangen|früher|vorstehend)\pL*\s+(?:anweisung|instruktion|befehl|vorgabe|regel)`,
	`\b(?:ignor[ae]d?|olvid[ae]|descart[ae]|omit[ae])\s+(?:(?:todas?|todos?|las?|los|tus|sus)\s+)*(?:instruccion|indicacion|[oó]rden|regla|directric)\pL*\s+(?:anterior|previ|de\s+arriba|precedent)`,
	`\b(?:ignor[ea]|esque[çc]a|desconsider[ea])\s+(?:(?:todas?|todos?|as?|os|suas)\s+)*(?:instruç|instruc|orient|regr|comand)\pL*\s+(?:anterior|pr[ée]vi|acima|precedent)`,
	`\b(?:ignore[zr]?|oublie[zr]?|négligez?)\s+(?:(?:toutes?|tous|les?|tes|vos)\s+)*(?:instruction|consigne|directive|règle|ordre)s?\s+(?:précédent|antérieur|ci-dessus|préalable)`,
	`\b(?:ignora|ignorate|dimentica|dimenticate)\s+(?:(?:tutte|tutti|le|i|gli|tue|vostre)\s+)*(?:istruzion|indicazion|regol|ordin|comand)\pL*\s+(?:precedent|sopra|anterior)`,
	`\b(?:negeer|vergeet)\s+(?:(?:alle|de|je|uw)\s+)*(?:vorige|voorgaande|eerdere|bovenstaande)\s+(?:instructie|opdracht|aanwijzing|regel)`,
	`\b(?:zignoruj|ignoruj|zapomnij)(?:cie)?\s+(?:(?:wszystkie|o|wszystkich)\s+)*(?:poprzedni|powyższ|wcześniejsz)\pL*\s+(?:instrukcj|poleceni|zasad)`,
	`(?:önceki|yukarıdaki)\s+(?:tüm\s+)?(?:talimat|komut|yönerge)\S*\s+(?:yok\s+say|unut|görmezden|dikkate\s+alma)`,
	`(?:игнорируй|проигнорируй|забудь|не\s+учитывай)(?:те)?\s+(?:(?:все|всё|свои|ваши|эти)\s+)*(?:предыдущ|прежн|вышеуказанн|предшествующ)\S*\s+(?:инструкц|указани|команд|правил)`,
	`(?:ігноруй|проігноруй|забудь)(?:те)?\s+(?:(?:всі|усі|свої)\s+)*(?:попередн|вищезазначен)\S*\s+(?:інструкц|вказівк|команд|правил)`,
	`(?:忽略|无视|無視|忽視|忘记|忘記|忘掉|不要理会|不要理會|不理会)(?:你|您|掉|了|所有|全部|一切|任何|的|在此)*(?:之前|以上|上述|前面|先前|此前|上面)(?:所有|全部|一切|给出|的)*(?:指令|指示|提示词|提示詞|提示|命令|说明|說明|规则|規則|要求)`,
	`(?:これまで|以前|上記|前|先ほど)(?:の|まで|すべて|全て|全部)*(?:指示|命令|プロンプト|ルール|指令)(?:を|は|すべて|全て|全部)*(?:無視|忘れ|破棄)`,
	`(?:이전|위|앞|앞서)(?:의|에|\s|모든|받은|주어진)*(?:지시|명령|지침|프롬프트|규칙)\S*\s*(?:모두\s*|전부\s*)?(?:무시|잊)`,
	`(?:تجاهل|انس|انسَ|أهمل)ي?\s+(?:جميع\s+|كل\s+)?(?:التعليمات|الأوامر|التوجيهات|القواعد)\s+(?:السابقة|أعلاه|المذكورة)`,
	`(?:पिछले|पूर्व|उपरोक्त|पहले\s+के)\s+(?:सभी\s+)?(?:निर्देश|आदेश)\S*\s+(?:को\s+)?(?:अनदेखा|नज़रअंदाज़|नजरअंदाज|भूल)`,
	`(?:ละเว้น|เพิกเฉย|ไม่ต้องสนใจ|ลืม)(?:ต่อ)?(?:คำสั่ง|คำแนะนำ)(?:ทั้งหมด)?(?:ก่อนหน้า|ข้างต้น)`,
	`(?:bỏ\s+qua|phớt\s+lờ|quên)\s+(?:(?:tất\s+cả|mọi|các|những)\s+)*(?:hướng\s+dẫn|chỉ\s+dẫn|chỉ\s+thị|lệnh)\s+(?:trước|ở\s+trên|phía\s+trên)`,
	`\babaikan\s+(?:(?:semua|seluruh)\s+)*(?:instruksi|perintah|petunjuk)\s+(?:sebelumnya|di\s+atas)`,
}, "|"))

// flat makes what parts words a space, without changing the length.
var flat = strings.NewReplacer("\n", " ", "\t", " ", "\r", " ")

// instruction is the part of s that tells a model what to do, or "".
func (u *suspicions) instruction(s string) string {
	// Full-width letters and characters between letters hide words from plain
	// comparison and not from a model.
	if strings.ContainsAny(s, "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064") {
		s = strings.Map(func(r rune) rune {
			if r >= 0x200b && r <= 0x200f || r >= 0x2060 && r <= 0x2064 {
				return -1
			}
			return r
		}, s)
	}
	if strings.ContainsAny(s, "ｉｏｅａｎＩＯＥＡＮ") {
		s = width.Fold.String(s)
	}
	low := flat.Replace(strings.ToLower(s))
	if len(low) != len(s) { // letters whose small forms are longer: then these are shown
		s = low
	}
	for _, part := range around(low) {
		if u.looked += part.stop - part.start; u.looked > maxLooked {
			return ""
		}
		if at := instructs.FindStringIndex(low[part.start:part.stop]); at != nil {
			start, stop := part.start+at[0], part.start+at[1]
			for stop < len(s) && stop-start < quoted && s[stop] != '\n' { // with what it goes on to say
				_, n := utf8.DecodeRuneInString(s[stop:])
				stop += n
			}
			return s[start:stop]
		}
	}
	return ""
}

// around are the parts of a text near triggers, in order and none overlapping.
func around(low string) []span {
	var hits []int
	for _, t := range triggers {
		for at := 0; at < len(low) && len(hits) < maxLooked/lookBefore; {
			i := strings.Index(low[at:], t)
			if i < 0 {
				break
			}
			hits = append(hits, at+i)
			at += i + lookBefore // what is nearer lies in the part around this one
		}
	}
	slices.Sort(hits)
	var out []span
	for _, h := range hits {
		start, stop := max(0, h-lookBefore), min(len(low), h+lookBefore+lookAfter)
		for start > 0 && !utf8.RuneStart(low[start]) {
			start--
		}
		for stop < len(low) && !utf8.RuneStart(low[stop]) {
			stop++
		}
		if n := len(out); n > 0 && start <= out[n-1].stop {
			out[n-1].stop = max(out[n-1].stop, stop)
			continue
		}
		out = append(out, span{start, stop})
	}
	return out
}
