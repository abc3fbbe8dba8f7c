package knowledgedb_test

import (
	"context"
	"testing"

	"frontdesk/knowledge"
)

func TestMisspeltQuestionsFindTheirEntry(t *testing.T) {
	s := faq(t)
	for question, want := range map[string]string{
		"refnud":                    "What is your refund policy?",         // swapped
		"shiping cost":              "How much does shipping cost?",        // left out
		"i forgot my pasword":       "I forgot my password",                // left out
		"how do i delet my acount":  "How do I delete my account?",         // twice
		"chrage the batttery":       "How do I charge the e-bike battery?", // swapped and put in
		"cuanto tarda el envoi":     "¿Cuánto tarda el envío?",
		"plazo de devolusion":       "¿Cuál es el plazo de devolución?",
		"donde encuentro mi fatura": "¿Dónde encuentro mi factura?",
		"wie lange dauert rückgbae": "Wie lange dauert die Rückgabe?",
		"wie lange rükgabe":         "Wie lange dauert die Rückgabe?",
		"forgotpassword":            "I forgot my password", // two words in one
	} {
		r := search(t, s, question)
		if len(r.Hits) == 0 || r.Hits[0].Title != want {
			got := "nothing"
			if len(r.Hits) > 0 {
				got = r.Hits[0].Title
			}
			t.Errorf("Find(%q) = %q first, want %q", question, got, want)
		}
	}
}

func TestWordsThatAreNoMisspellingsFindNothing(t *testing.T) {
	s := faq(t)
	for _, q := range []string{"xylophone", "zzzzzzzz", "sunflower", "acct"} {
		if r := search(t, s, q); len(r.Hits) > 0 {
			t.Errorf("Find(%q) = %q first, want nothing", q, r.Hits[0].Title)
		}
	}
}

func TestTwoWordsAreOneAndOneIsTwo(t *testing.T) {
	s := scratch(t)
	ps := []knowledge.Passage{
		{Title: "Strikethrough text", Text: "Put two tildes around it.", IsEntry: true},
		{Title: "Using the drop down list", Text: "Press the arrow beside it.", IsEntry: true},
		{Title: "Bold text", Text: "Put two stars around it.", IsEntry: true},
	}
	if err := s.Load(context.Background(), ps, nil); err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]string{
		"how to strike through": "Strikethrough text", "dropdown": "Using the drop down list", "strikthrough": "Strikethrough text",
	} {
		if r := search(t, s, question); len(r.Hits) == 0 || r.Hits[0].Title != want {
			t.Errorf("Find(%q) does not find %q first: %d hits", question, want, len(r.Hits))
		}
	}
}

func TestScriptsWithoutSpacesFindTheirEntry(t *testing.T) {
	s := scratch(t)
	var ps []knowledge.Passage
	for _, e := range [][2]string{
		{"คืนสินค้าได้ภายในกี่วัน", "สามารถคืนสินค้าได้ภายใน ๓๐ วันหลังจากได้รับสินค้า"},
		{"ค่าจัดส่งเท่าไร", "ค่าจัดส่งภายในประเทศ ๕๐ บาท"},
		{"ฉันลืมรหัสผ่าน", "กดลืมรหัสผ่านที่หน้าเข้าสู่ระบบ"},
		{"ສົ່ງຄືນສິນຄ້າໄດ້ພາຍໃນຈັກວັນ", "ທ່ານສາມາດສົ່ງຄືນສິນຄ້າໄດ້ພາຍໃນ 30 ວັນ"},
		{"ຄ່າຈັດສົ່ງເທົ່າໃດ", "ຄ່າຈັດສົ່ງພາຍໃນປະເທດ"},
		{"ຂ້ອຍລືມລະຫັດຜ່ານ", "ກົດລືມລະຫັດຜ່ານ"},
		{"តើខ្ញុំអាចប្រគល់ទំនិញវិញបានទេ", "អ្នកអាចប្រគល់\u200bទំនិញ\u200bវិញក្នុងរយៈពេល ៣០ ថ្ងៃ"},
		{"ថ្លៃដឹកជញ្ជូនប៉ុន្មាន", "ថ្លៃដឹកជញ្ជូនក្នុងប្រទេស"},
		{"ខ្ញុំភ្លេចពាក្យសម្ងាត់", "ចុចភ្លេចពាក្យសម្ងាត់"},
		{"ပစ္စည်း ပြန်ပေးလို့ရပါသလား", "ပစ္စည်းကို ရက် ၃၀ အတွင်း ပြန်ပေးနိုင်ပါသည်"},
		{"ပို့ဆောင်ခ ဘယ်လောက်လဲ", "ပြည်တွင်း ပို့ဆောင်ခ"},
		{"စကားဝှက် မေ့သွားတယ်", "စကားဝှက်မေ့နေသည်ကို နှိပ်ပါ"},
	} {
		ps = append(ps, knowledge.Passage{Title: e[0], Text: e[1], IsEntry: true})
	}
	if err := s.Load(context.Background(), ps, nil); err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]int{
		"อยากคืนสินค้า": 0, "จัดส่งราคาเท่าไร": 1, "ลืมรหัสผ่านทำอย่างไร": 2, "30 วัน": 0,
		"ຢາກສົ່ງຄືນສິນຄ້າ": 3, "ຈັດສົ່ງເທົ່າໃດ": 4, "ລືມລະຫັດ": 5,
		"ប្រគល់ទំនិញ": 6, "ថ្លៃដឹក": 7, "ភ្លេច\u200bពាក្យ\u200bសម្ងាត់": 8,
		"ပစ္စည်းပြန်ပေးချင်တယ်": 9, "ပို့ဆောင်ခဘယ်လောက်": 10, "စကားဝှက်မေ့": 11, "ရက် 30": 9,
	} {
		if r := search(t, s, question); len(r.Hits) == 0 || r.Hits[0].Title != ps[want].Title {
			t.Errorf("Find(%q) does not find %q first: %d hits", question, ps[want].Title, len(r.Hits))
		}
	}
}
