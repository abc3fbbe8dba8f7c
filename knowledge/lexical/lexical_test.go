package lexical

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// finds reports whether a passage in lang holds any proper word of the query.
func finds(query, text, lang string) bool {
	lx := Index(Fields{Body: text}, lang, "")
	for _, w := range Parse(query).Words {
		if !w.Weak && lx.Has(w.Dims) {
			return true
		}
	}
	return false
}

func TestWordsMeetHoweverTheyAreWritten(t *testing.T) {
	for _, c := range []struct{ query, text, lang string }{
		{"wifi", "the Wi-Fi is free", "en"}, {"wi-fi", "our WIFI", "en"},
		{"email", "send an e-mail", "en"}, {"e-mail", "your Email", "en"},
		{"sku1234", "article SKU-1234", "en"}, {"SKU-1234", "article sku1234", "en"}, {"1234", "article SKU-1234", "en"},
		{"SKU 1234", "article SKU1234", "en"}, {"iphone 15", "iPhone15 cases", "en"},
		{"shops", "the shop's hours", "en"}, {"shop’s", "shops near you", "en"}, {"USA", "the U.S.A.", "en"},
		{"nodejs", "uses Node.js", "en"}, {"1000", "costs 1,000 euros", "en"}, {"obrien", "Mr O'Brien", "en"},
		{"refunding", "we refunded it", "en"}, {"bought", "buying things", "en"},
		{"ｒｅｆｕｎｄ", "refund", "en"}, {"café", "cafe", "en"}, {"naïve", "naive", "en"},
		{"devolucion", "las devoluciones", "es"}, {"devolución", "devoluciones", "es"}, {"envios", "el envío", "es"},
		{"remboursement", "les remboursements", "fr"}, {"article", "l'article", "fr"}, {"livree", "elle est livrée", "fr"},
		{"Rückgaben", "die Rückgabe", "de"}, {"rueckgabe", "die Rückgabe", "de"}, {"ruckgabe", "die Rückgabe", "de"},
		{"strasse", "die Straße", "de"}, {"devolucao", "devoluções", "pt"}, {"spedizioni", "la spedizione", "it"},
		{"qualita", "la qualità", "it"}, {"retourneren", "ik retourneer", "nl"}, {"возвраты", "возврат товара", "ru"},
		{"елка", "ёлка", "ru"}, {"退款", "如何申请退款", "zh"}, {"款", "如何申请退款", "zh"}, {"返品", "返品したい", "ja"},
		{"ﾒｰﾙ", "メールを送る", "ja"}, {"환불", "환불을 받고", "ko"}, {"คืนเงิน", "ขอคืนเงินได้ไหม", "th"},
		{"استرجاع", "الاسترجاع", "ar"}, {"أحمد", "احمد", "ar"}, {"ΕΠΙΣΤΡΟΦΉ", "επιστροφη", "el"}, {"zwrot", "Zwrot pieniędzy", "pl"},
		{"pieniedzy", "zwrot pieniędzy", "pl"}, {"hoan tien", "hoàn tiền", "vi"}, {"वापसी", "धन वापसी", "hi"},
	} {
		if !finds(c.query, c.text, c.lang) {
			t.Errorf("%q does not find %q (%s)", c.query, c.text, c.lang)
		}
	}
}

func TestOtherWordsDoNotMeet(t *testing.T) {
	for _, c := range []struct{ query, text string }{
		{"cat", "catalogue"}, {"1234", "SKU-9999"}, {"refund", "return"}, {"the", "a shop"}, {"й", "и"}, {"退", "款"},
	} {
		if finds(c.query, c.text, "en") {
			t.Errorf("%q finds %q, want not", c.query, c.text)
		}
	}
}

func TestLanguageIsToldByItsSmallWords(t *testing.T) {
	for text, want := range map[string]string{
		"What is the delivery time for this?": "en", "¿Cuál es el plazo de entrega?": "es", "Quel est le délai de livraison ?": "fr",
		"Wie lange dauert die Lieferung?": "de", "Qual é o prazo para a entrega do meu pedido?": "pt", "Quali sono i tempi di consegna?": "it",
		"Hoe lang duurt de levering van mijn bestelling?": "nl", "Vad är leveranstiden för min beställning?": "sv",
		"Jak długo trwa dostawa?": "pl", "Teslimat ne kadar sürer?": "tr", "Сколько длится доставка?": "ru", "配送需要多久？": "zh",
		"配送にはどのくらいかかりますか": "ja", "배송은 얼마나 걸리나요": "ko", "ใช้เวลาจัดส่งนานเท่าไร": "th", "كم يستغرق التوصيل": "ar",
		"چقدر طول می کشد پیگیری": "fa", "πόσο διαρκεί": "el", "iPhone 15 Pro": "", "12345": "", "": "", "😀": "",
	} {
		if got := Language(text); got != want {
			t.Errorf("Language(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestQueryOfStopWordsAloneStillAsks(t *testing.T) {
	q := Parse("how do I do this")
	if len(q.Words) == 0 {
		t.Fatal("Parse() has no words, want the stop words")
	}
	for _, w := range q.Words {
		if !w.Weak {
			t.Errorf("a stop word is not weak: %+v", w)
		}
	}
	if q := Parse("  😀 … !? "); len(q.Words) != 0 {
		t.Errorf("Parse(emoji) = %d words, want none", len(q.Words))
	}
}

func TestKeyFoldsWhatDoesNotChangeAQuestion(t *testing.T) {
	for _, c := range [][2]string{
		{"What is your refund policy?", "WHAT IS YOUR  REFUND POLICY"}, {"¿Cuál es el plazo?", "cual es el plazo"},
		{"Don't you ship?", "dont you ship"}, {"E-mail?", "email"}, {"如何 申请退款？", "如何申请退款"}, {"ＦＡＱ", "faq"},
		{"Größe", "GRÖSSE"},
	} {
		if Key(c[0]) != Key(c[1]) || Key(c[0]) == "" {
			t.Errorf("Key(%q) = %q, Key(%q) = %q, want the same", c[0], Key(c[0]), c[1], Key(c[1]))
		}
	}
	for _, c := range [][2]string{{"Do you know C++?", "Do you know C#?"}, {"is it 5 % off", "is it 5 $ off"}, {"now here", "nowhere"}} {
		if Key(c[0]) == Key(c[1]) {
			t.Errorf("Key(%q) = Key(%q) = %q, want them apart", c[0], c[1], Key(c[0]))
		}
	}
	for _, s := range []string{"", "?!", "😀", "+++"} {
		if k, h := Key(s), KeyHash(s); k != "" || h != 0 {
			t.Errorf("Key(%q), KeyHash = %q, %d, want empty and 0", s, k, h)
		}
	}
}

func TestTitleWeighsAboveBodyAndMoreOfAWordAboveLess(t *testing.T) {
	weight := func(fs Fields) float32 {
		lx := Index(fs, "en", "")
		ws := Default.Weights(lx, Lengths{Title: 5, Heading: 3, Body: 5})
		i, ok := slices.BinarySearch(lx.Dims, dimension("refund"))
		if !ok {
			t.Fatalf("%q has no refund", fs)
		}
		return ws[i]
	}
	title := weight(Fields{Title: "refund", Body: "some other words"})
	body := weight(Fields{Title: "word", Body: "refund other words"})
	twice := weight(Fields{Title: "word", Body: "refund refund words"})
	long := weight(Fields{Title: "word", Body: "refund words " + strings.Repeat("more words ", 40)})
	if !(title > twice && twice > body && body > long) {
		t.Errorf("weights title %v, twice %v, once %v, in a long text %v: want descending", title, twice, body, long)
	}
	if float64(title) >= Default.Max() {
		t.Errorf("weight %v, want below %v", title, Default.Max())
	}
}

func TestHugeTextsStayBounded(t *testing.T) {
	var many strings.Builder
	for i := range 20_000 {
		many.WriteString(strings.Repeat("x", i%50+1) + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + " ")
	}
	for name, text := range map[string]string{
		"one word": strings.Repeat("a", 100_000), "many words": many.String(), "one run": strings.Repeat("退款", 50_000),
		"marks": "a" + strings.Repeat("\u0301", 100_000), "hyphens": strings.Repeat("a-", 50_000), "thai": strings.Repeat("ก็", 50_000),
	} {
		if q := Parse(text); len(q.Words) > MaxQueryWords {
			t.Errorf("%s: %d query words, want at most %d", name, len(q.Words), MaxQueryWords)
		}
		if lx := Index(Fields{Body: text}, "", ""); len(lx.Dims) > MaxTerms {
			t.Errorf("%s: %d terms, want at most %d", name, len(lx.Dims), MaxTerms)
		}
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{"", "refund policy", "SKU-1234's e-mail", "l'été à Zürich", "如何申请退款？ABC", "ใช้เวลา", "\xff\xfe", "a\u200db", "--..''", "ﬃ½²", "İstanbul ıI", "क्षि", "1,2.3-4_5&6"} {
		f.Add(s, "en")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, text, lang string) {
		fs := Fields{Title: text, Body: text}
		lx := Index(fs, lang, "")
		if !reflect.DeepEqual(lx, Index(fs, lang, "")) {
			t.Fatal("Index is not deterministic")
		}
		if len(lx.Dims) != len(lx.Counts) || len(lx.Dims) > MaxTerms || !slices.IsSorted(lx.Dims) {
			t.Fatalf("%d dims, %d counts, sorted %v", len(lx.Dims), len(lx.Counts), slices.IsSorted(lx.Dims))
		}
		for i, d := range lx.Dims {
			if d < 1 || d > Dimensions || i > 0 && d == lx.Dims[i-1] {
				t.Fatalf("dimension %d at %d is out of range or doubled", d, i)
			}
		}
		for _, w := range Default.Weights(lx, Lengths{1, 1, 1}) {
			if !(w > 0) || float64(w) >= Default.Max()+1e-6 {
				t.Fatalf("weight %v, want within (0, %v)", w, Default.Max())
			}
		}
		q := Parse(text)
		if !reflect.DeepEqual(q, Parse(text)) {
			t.Fatal("Parse is not deterministic")
		}
		if len(q.Words) > MaxQueryWords || (len(q.Words) == 0) != (len(Index(Fields{Body: text}, "", "").Dims) == 0) {
			t.Fatalf("%d words of a text with %d terms", len(q.Words), len(lx.Dims))
		}
		if k := Key(text); !utf8.ValidString(k) || Key(k) != k {
			t.Fatalf("Key(%q) = %q, whose key is %q", text, k, Key(k))
		}
	})
}

func BenchmarkIndex(b *testing.B) {
	text := strings.Repeat("You can return any item within 30 days for a full refund; refunds reach your card later. ", 20)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Index(Fields{Title: "What is your refund policy?", Body: text}, "", "")
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		Parse("How long does it take until I get my refund?")
	}
}
