package rivals

import (
	"fmt"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

// flat counts every term the same, as in a collection of one subject.
func flat(int32) float64 { return 2 }

func entry(question, answer string) *Statement {
	return New(knowledge.Entry{Question: question, Answer: answer})
}

func TestPairsAreJudgedByQuestionAndAnswer(t *testing.T) {
	for _, c := range []struct {
		name   string
		a, b   [2]string
		kind   knowledge.NearKind
		reason string
	}{
		{"the same in other words", [2]string{"How do I return an item?", "Send it back within 30 days with the form."},
			[2]string{"How can I return my items?", "Send it back within 30 days, with the form."}, knowledge.NearDuplicate, "so are the answers"},
		{"other numbers", [2]string{"How long do refunds take?", "Refunds take 5 days."},
			[2]string{"How long does a refund take?", "Refunds take 14 days."}, knowledge.NearContradiction, "numbers"},
		{"one denies", [2]string{"Do you ship to Malta?", "Yes, we ship to Malta by post."},
			[2]string{"Do you ship to Malta", "We do not ship to Malta by post."}, knowledge.NearContradiction, "no or not"},
		{"another answer altogether", [2]string{"Where is my order?", "Look under Account, Orders."},
			[2]string{"Where is my order", "Call the carrier."}, knowledge.NearContradiction, "answers differ"},
		{"Chinese, other numbers", [2]string{"退款需要多长时间？", "退款需要五到7天。"},
			[2]string{"退款需要多长时间", "退款需要五到30天。"}, knowledge.NearContradiction, "numbers"},
		{"Arabic digits are digits", [2]string{"متى يصل طلبي؟", "خلال ٥ أيام عمل."},
			[2]string{"متى يصل طلبي", "خلال 5 أيام عمل."}, knowledge.NearDuplicate, "so are the answers"},
		{"a number more is no contradiction", [2]string{"What is the fee?", "The fee is 5 euros."},
			[2]string{"What is the fee", "The fee is 5 euros since 2024."}, knowledge.NearDuplicate, ""},

		{"another thing", [2]string{"How long does standard shipping take?", "5 days."},
			[2]string{"How long does express shipping take?", "1 day."}, "", ""},
		{"another model number", [2]string{"How do I reset the router 100?", "Hold the button."},
			[2]string{"How do I reset the router 200?", "Pull the plug."}, "", ""},
		{"when and where", [2]string{"When do you open?", "At 9."}, [2]string{"Where do you open?", "In Vienna."}, "", ""},
		{"a part of the goods", [2]string{"Can I return an item?", "Yes."}, [2]string{"Can I return a sale item?", "No."}, "", ""},
		{"a translation", [2]string{"How do I pay with the card?", "You can pay with the card at the till."},
			[2]string{"¿Cómo pago con la tarjeta?", "Puedes pagar con la tarjeta en la caja."}, "", ""},
		{"nothing in common", [2]string{"Do you sell gloves?", "Yes."}, [2]string{"Who founded the shop?", "Two sisters."}, "", ""},
	} {
		a, b := entry(c.a[0], c.a[1]), entry(c.b[0], c.b[1])
		n, ok := Compare(a, b, flat)
		if ok != (c.kind != "") || n.Kind != c.kind && ok || !strings.Contains(n.Why, c.reason) {
			t.Errorf("%s: Compare = %+v, %t; want %q that says %q", c.name, n, ok, c.kind, c.reason)
		}
		if m, back := Compare(b, a, flat); back != ok || m != n {
			t.Errorf("%s: Compare the other way = %+v, %t; want %+v, %t", c.name, m, back, n, ok)
		}
	}
}

func TestAWordingOfEitherMakesAPair(t *testing.T) {
	a := New(knowledge.Entry{Question: "Payment", Alternatives: []string{"How do I pay by card?"}, Answer: "At the till."})
	b := entry("How can I pay by card?", "At the till.")
	if n, ok := Compare(a, b, flat); !ok || n.Kind != knowledge.NearDuplicate {
		t.Errorf("Compare = %+v, %t; want a duplicate by the alternative", n, ok)
	}
}

func TestAWordOfTwoLanguagesIsATranslation(t *testing.T) {
	a, b := entry("Wi-Fi password?", "It is printed on the card."), entry("Wi-Fi password?", "Steht auf der Karte.")
	a.Entry.Lang, b.Entry.Lang = "en-gb", "de"
	if n, ok := Compare(a, b, flat); ok {
		t.Errorf("Compare of two languages = %+v, want no pair", n)
	}
	b.Entry.Lang = "en"
	if n, ok := Compare(a, b, flat); !ok || n.Kind != knowledge.NearContradiction {
		t.Errorf("Compare of one language = %+v, %t; want a contradiction", n, ok)
	}
}

func TestVectorsMakeAPairWithinOneLanguage(t *testing.T) {
	a, b := entry("How do I send goods back?", "Within 30 days."), entry("What is the return procedure?", "You have 14 days for it.")
	if n, ok := CompareMeaning(a, b, .95); !ok || n.Kind != knowledge.NearContradiction || n.Similarity != .95 {
		t.Errorf("CompareMeaning(.95) = %+v, %t; want a contradiction in numbers", n, ok)
	}
	if _, ok := CompareMeaning(a, b, .9); ok {
		t.Error("CompareMeaning(.9) is a pair, want none")
	}
	a.Entry.Lang, b.Entry.Lang = "en", "de"
	if _, ok := CompareMeaning(a, b, .99); ok {
		t.Error("CompareMeaning of two languages is a pair, want none: it is a translation")
	}
}

func TestNumbersAreReadInAnyDigits(t *testing.T) {
	for text, want := range map[string]string{
		"1,000 and 1000": "1000", "9:30": "9:30", "4.50 or 4.5": "4.5", "１２ 日": "12", "٣٠ يوم": "30", "no number": "", "v1.2.3.": "1.2.3", "३० दिन": "30",
	} {
		if got := strings.Join(numbers(text), " "); got != want {
			t.Errorf("numbers(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPairsAmongManyAreFoundOnce(t *testing.T) {
	var all []*Statement
	for i := range 2000 {
		all = append(all, entry(fmt.Sprintf("How do I order the part zq%dx of the catalogue?", i), fmt.Sprintf("By its number, from shelf %d.", i)))
	}
	all[1500] = entry("How can I order the part zq7x of the catalogue?", "By its number, from shelf 9.")
	found := map[[2]int]int{}
	if err := Among(t.Context(), all, func(i, j int, _ knowledge.Nearness) { found[[2]int{i, j}]++ }); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[[2]int{7, 1500}] != 1 {
		t.Errorf("pairs = %v, want that of 7 and 1500 once", found)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("How long?", "5 days", "how long", "٧ أيام")
	f.Add("退款？", "不可以", "退款", "可以")
	f.Add("\xff", "1.2:3,4", "", "...")
	f.Fuzz(func(t *testing.T, q, a, r, b string) {
		if len(q)+len(a)+len(r)+len(b) > 4<<10 {
			t.Skip("longer than what is compared here")
		}
		x, y := entry(q, a), entry(r, b)
		n, ok := Compare(x, y, flat)
		m, back := Compare(y, x, flat)
		if ok != back || n != m {
			t.Errorf("Compare = %+v, %t and the other way %+v, %t; want the same", n, ok, m, back)
		}
		if ok && (n.Similarity < 0 || n.Similarity > 1+1e-9) {
			t.Errorf("similarity = %v, want 0..1", n.Similarity)
		}
		if self, ok := Compare(x, entry(q, a), flat); ok && self.Kind != knowledge.NearDuplicate {
			t.Errorf("an entry and itself = %+v, want a duplicate", self)
		}
	})
}
