package knowledgedb_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"frontdesk/knowledge"
	"frontdesk/knowledge/knowledgedb"
)

// faq loads the small mixed-language FAQ of testdata.
func faq(t testing.TB) *knowledgedb.Scratch {
	t.Helper()
	data, err := os.ReadFile("testdata/faq.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var ps []knowledge.Passage
	for line := range strings.Lines(string(data)) {
		q, a, _ := strings.Cut(strings.TrimSpace(line), "\t")
		ps = append(ps, knowledge.Passage{Title: q, Text: a, IsEntry: true})
	}
	s := scratch(t)
	if err := s.Load(context.Background(), ps, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func search(t testing.TB, s interface {
	Find(context.Context, knowledge.Query) (knowledge.Result, error)
}, text string, history ...knowledge.Said) knowledge.Result {
	t.Helper()
	r, err := s.Find(context.Background(), knowledge.Query{Text: text, History: history})
	if err != nil {
		t.Fatalf("Find(%.40q) = %v, want no error", text, err)
	}
	return r
}

func TestQuestionsInManyLanguagesFindTheirEntryInOneCollection(t *testing.T) {
	s := faq(t)
	for question, want := range map[string]string{
		"refunds":                             "What is your refund policy?",
		"shipping costs":                      "How much does shipping cost?",
		"i've forgotten my passwords":         "I forgot my password",
		"deleting an account":                 "How do I delete my account?",
		"ebike charging":                      "How do I charge the e-bike battery?",
		"error E17":                           "The display shows error E-17",
		"E-17":                                "The display shows error E-17",
		"e 17 on the display":                 "The display shows error E-17",
		"change the email of my profile":      "How do I change my e-mail address?",
		"cuanto tardan los envios":            "¿Cuánto tarda el envío?",
		"devoluciones":                        "¿Cuál es el plazo de devolución?",
		"devolucion":                          "¿Cuál es el plazo de devolución?",
		"donde estan las facturas":            "¿Dónde encuentro mi factura?",
		"reparar una bici eléctrica":          "¿Reparan bicicletas eléctricas?",
		"Akku laden":                          "Wie lade ich den Akku?",
		"rueckgabe":                           "Wie lange dauert die Rückgabe?",
		"退款":                                  "如何申请退款？",
		"密码忘记了":                               "我忘记了密码怎么办？",
		"邮费运费":                                "运费是多少？",
		"ＲＥＦＵＮＤ ＰＯＬＩＣＹ":                       "What is your refund policy?",
		"where do you ship? norway possible?": "Do you ship abroad?",
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

func TestConfidenceTellsWhatTheFAQAnswers(t *testing.T) {
	s := faq(t)
	answerable := []string{
		"what is your refund policy", "refund policy", "how long does delivery take to arrive", "can i pay with paypal",
		"i forgot my password", "error e-17 on my display", "do you have student discounts?", "how do i wash my jersey",
		"¿cuánto tarda el envío?", "donde encuentro mi factura", "wie lade ich meinen akku", "怎么申请退款", "运费多少",
	}
	not := []string{
		"write me a poem about cats", "who won the world cup in 1998", "what is the capital of mongolia",
		"tell me a joke", "how do i bake sourdough bread", "escribe un poema sobre gatos", "写一首关于猫的诗",
		"what do you think of the president", "schreibe mir ein gedicht", "solve 3x + 5 = 20", "hello", "thanks a lot!",
	}
	lowest, worst := 1., ""
	for _, q := range answerable {
		c := search(t, s, q).Confidence
		t.Logf("%.3f %s", c, q)
		if c < lowest {
			lowest, worst = c, q
		}
	}
	for _, q := range not {
		c := search(t, s, q).Confidence
		t.Logf("%.3f %s", c, q)
		if c >= lowest {
			t.Errorf("confidence of %q = %.3f, want below %.3f, that of %q", q, c, lowest, worst)
		}
	}
}
