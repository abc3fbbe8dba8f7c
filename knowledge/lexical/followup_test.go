package lexical

import (
	"reflect"
	"strings"
	"testing"

	"frontdesk/knowledge"
)

// weights are what words of q count as the query's, and as part of the dialogue.
func weights(q Query) (own, said map[int32]float64) {
	own, said = map[int32]float64{}, map[int32]float64{}
	for _, w := range q.Words {
		own[w.Dims[0]], said[w.Dims[0]] = w.Weight, w.Said
	}
	return own, said
}

func TestTheCustomersEarlierWordsWeighLessTheOlderTheyAre(t *testing.T) {
	own, _ := weights(ParseDialogue("and how much is it?", []knowledge.Said{{Text: "do you sell old bicycles"}, {Text: "the red kettle please"}}))
	last, before := own[dimension("kettl")], own[dimension("bicycl")]
	if !(1 > last && last > before && before > 0) {
		t.Errorf("the last message's words weigh %v and those of the one before %v, want them descending from below 1", last, before)
	}
}

func TestOurWordsCountAsDialogueOnly(t *testing.T) {
	own, said := weights(ParseDialogue("and how much is it?", []knowledge.Said{{Text: "where can I stay?"}, {Text: "I recommend the Grant Hotel.", Ours: true}}))
	if d := dimension("grant"); own[d] != 0 || said[d] != 1 {
		t.Errorf("our word weighs %v in the query and %v in the dialogue, want 0 and 1", own[d], said[d])
	}
	if d := dimension("stay"); own[d] == 0 || said[d] == 0 || said[d] >= 1 {
		t.Errorf("the customer's word weighs %v in the query and %v in the dialogue, want both, the latter below 1", own[d], said[d])
	}
}

func TestWhatWasNamedLastCountsMostHoweverOftenTheOtherWas(t *testing.T) {
	_, said := weights(ParseDialogue("is it open?", []knowledge.Said{{Text: "the museum"}, {Text: "museum museum", Ours: true}, {Text: "a bakery"}}))
	if m, b := said[dimension("museum")], said[dimension("bakeri")]; !(b > m && m > 0) {
		t.Errorf("museum counts %v, bakery %v; want the bakery, named last, to count more", m, b)
	}
}

func TestAWordOfTheMessageIsNoHistory(t *testing.T) {
	plain, told := Parse("is the kettle red?"), ParseDialogue("is the kettle red?", []knowledge.Said{{Text: "Kettles!"}, {Text: "the kettle", Ours: true}})
	if !reflect.DeepEqual(plain, told) {
		t.Errorf("ParseDialogue() = %+v, want what Parse gives: %+v", told, plain)
	}
	if plain.Asked() != told.Asked() || plain.Asked() == 0 {
		t.Errorf("Asked() = %v and %v, want the same and not 0", plain.Asked(), told.Asked())
	}
}

func FuzzParseDialogue(f *testing.F) {
	f.Add("and the red one?", "do you sell kettles", "Yes: red and blue ones.")
	f.Add("", "退款", "\xff")
	f.Add(strings.Repeat("a b c ", 300), "U.S.A. e-mail", strings.Repeat("x y1 ", 900))
	f.Fuzz(func(t *testing.T, text, theirs, ours string) {
		plain := Parse(text)
		if q := ParseDialogue(text, nil); !reflect.DeepEqual(q, plain) {
			t.Fatalf("without history ParseDialogue() = %+v, want %+v", q, plain)
		}
		q := ParseDialogue(text, []knowledge.Said{{Text: theirs}, {Text: ours, Ours: true}})
		if len(q.Words) > MaxQueryWords || len(q.Words) < len(plain.Words) {
			t.Fatalf("%d words, want from %d to %d", len(q.Words), len(plain.Words), MaxQueryWords)
		}
		if len(plain.Words) > 0 && !reflect.DeepEqual(q.Words[:len(plain.Words)], plain.Words) || q.Asked() != plain.Asked() {
			t.Fatal("the history changed the message's own words")
		}
		for _, w := range q.Words[len(plain.Words):] {
			if !w.Earlier || w.Weak || w.Said <= 0 || w.Said > 1 || w.Weight < 0 || w.Weight >= 1 {
				t.Fatalf("history gave %+v", w)
			}
		}
	})
}
