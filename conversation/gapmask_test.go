package conversation

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPersonalDataIsMasked(t *testing.T) {
	names := []string{"Lena Ortiz", "Ana", "李小龙"}
	for text, want := range map[string]string{
		"Write to lena.ortiz+shop@mail.example.com, please": "Write to [e-mail], please",
		"Call +49 (171) 234-56 78 today":                    "Call [number] today",
		"Call 0171/2345678.":                                "Call [number].",
		"order 20261122001 and ORD-2024-8812 and #A1B2C3D4": "order [number] and [number] and [number]",
		"card 4111 1111 1111 1111":                          "card [number]",
		"IBAN DE89370400440532013000":                       "IBAN [number]",
		"It costs 1,299.00 or 1.299,00 or 45 € since 2024":  "It costs 1,299.00 or 1.299,00 or 45 € since 2024",
		"Within 30 days, 24/7, with WPA2 and A4":            "Within 30 days, 24/7, with WPA2 and A4",
		"Hi Lena, Mrs Ortiz! Ana here. Lenard stays.":       "Hi [name], Mrs [name]! [name] here. Lenard stays.",
		"Lena Ortiz asked":                                  "[name] asked",
		"您好李小龙，可以退货":                                        "您好[name]，可以退货",
		"٠١٧١٢٣٤٥٦٧٨ اتصل":                                  "[number] اتصل",
		"banana":                                            "banana",
		"the 2-for-1 offer of 12-13 May":                    "the 2-for-1 offer of 12-13 May",
		"from 9:00 to 18:30":                                "from 9:00 to 18:30",
	} {
		if got := maskPersonal(text, names); got != want {
			t.Errorf("maskPersonal(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzMaskPersonal(f *testing.F) {
	f.Add("Call 0171/2345678 or a@b.example", "Lena Ortiz")
	f.Add("[name] Ana\xff", "\xff")
	f.Fuzz(func(t *testing.T, text, name string) {
		text = strings.ToValidUTF8(text, "")
		got := maskPersonal(text, []string{name})
		if utf8.ValidString(name) && !utf8.ValidString(got) {
			t.Errorf("maskPersonal(%q) = %q, want valid UTF-8", text, got)
		}
		if mailPattern.MatchString(got) {
			t.Errorf("maskPersonal(%q) = %q, which has an address left", text, got)
		}
	})
}

func FuzzReadDraft(f *testing.F) {
	f.Add(`{"question":"Q?","answer":"A."}`, "")
	f.Add("} {", "[]")
	f.Fuzz(func(t *testing.T, text, arguments string) {
		r := ModelReply{Text: text}
		if arguments != "" {
			r.Calls = []ToolCall{{Name: saveEntry.Name, Arguments: []byte(arguments)}}
		}
		e, err := readDraft(r)
		if err == nil && (strings.TrimSpace(e.Question) == "" || strings.TrimSpace(e.Answer) == "") {
			t.Errorf("readDraft(%q, %q) = %+v, want a question and an answer", text, arguments, e)
		}
	})
}
