package telegram

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"frontdesk/conversation"
)

// withMe is a bot that knows its own name.
func withMe(t testing.TB, b *Bot) *Bot {
	b.me.Store(&user{ID: 777001, Username: "ShopHelpBot"})
	return b
}

func TestWhatCustomersWriteReachesTheEngine(t *testing.T) {
	group, person := "-1001234567890", conversation.Inbound{Sender: "5501", SenderName: "Lucía Pérez", Locale: "es"}
	for name, want := range map[string]conversation.Inbound{
		"private":   {Thread: "5501", ExternalID: "5501:11", Text: "Can I return a blender?"},
		"forwarded": {Thread: "5501", ExternalID: "5501:12", Text: "Is this true?"},
		"photo_caption": {Thread: "5501", ExternalID: "5501:15", Text: "Is this covered by the warranty?", Attachments: []conversation.InboundFile{
			{Remote: "AgACAgQ", Kind: conversation.FileImage, Name: "photo.jpg", MediaType: "image/jpeg", Bytes: 1201}}},
		"group_mention":      {Thread: group, ExternalID: group + ":21", Text: "👋 @shophelpbot, when do you open?"},
		"group_reply":        {Thread: group, ExternalID: group + ":23", Text: "And on Sundays?"},
		"group_text_mention": {Thread: group, ExternalID: group + ":24", Text: "how much is it?"},
		"topic":              {Thread: group + "/45", ExternalID: group + ":31", Text: "is it in stock?"},
		"business":           {Thread: "5501@k3Jx_9-aaBB", ExternalID: "5501:41", Text: "Do you ship to Chile?"},
		"anonymous_admin":    {Thread: group, ExternalID: group + ":27", Text: "what is new?", Sender: group, SenderName: "Shop friends"},
	} {
		e := newFakeEngine()
		b := withMe(t, newBot(t, newPlatform(t), e, nil))
		if err := b.handle(t.Context(), payload(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want.Channel, want.Account = Channel, "777001"
		if want.Sender == "" {
			want.Sender, want.SenderName, want.Locale = person.Sender, person.SenderName, person.Locale
		}
		if got := e.received(); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("%s gave %+v, want %+v", name, got, want)
		}
	}
}

func TestWhatIsNotForTheBotIsLeftAlone(t *testing.T) {
	for name, outcome := range map[string]string{
		"group_photo_silent": "not_addressed", "group_silent": "not_addressed", "topic_silent": "not_addressed", "group_command_other": "not_addressed",
		"business_owner": "own_ignored", "channel_forward": "own_ignored", "blocked": "blocked_by_customer", "joined": "service_ignored",
	} {
		e := newFakeEngine()
		var seen []string
		b := withMe(t, newBot(t, newPlatform(t), e, func(c *Config) { c.Observe = func(o string) { seen = append(seen, o) } }))
		if err := b.handle(t.Context(), payload(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(e.received()) != 0 || e.done() != "" || len(b.notices) != 0 {
			t.Errorf("%s: received %v, did %q, %d notices, want nothing", name, e.received(), e.done(), len(b.notices))
		}
		if strings.Join(seen, " ") != outcome {
			t.Errorf("%s counted as %v, want %s", name, seen, outcome)
		}
	}
}

func TestCommandsDoWhatTheySay(t *testing.T) {
	text := func(s string) []byte {
		return bytes.Replace(payload(t, "private"), []byte("Can I return a blender?"), []byte(s), 1)
	}
	es := textsFor("es")
	for _, c := range []struct {
		name     string
		raw      []byte
		owner    conversation.Owner
		did      string
		received string
		says     string
	}{
		{"start", payload(t, "start"), conversation.OwnerBot, "", "", es.Start},
		{"help", text("/help"), conversation.OwnerBot, "", "", es.Help},
		{"help by name", text("/HELP@shophelpbot"), conversation.OwnerBot, "", "", es.Help},
		{"human", text("/human"), conversation.OwnerBot, "handoff", "", ""},
		{"human with words", text("/human my order is late"), conversation.OwnerBot, "handoff", "my order is late", ""},
		{"human again", text("/human"), conversation.OwnerQueue, "handoff", "", es.InQueue},
		{"human with staff", text("/human"), conversation.OwnerStaff, "handoff", "", es.WithPerson},
		{"human in a group", payload(t, "group_command"), conversation.OwnerBot, "handoff", "", ""},
		{"bot", text("/bot"), conversation.OwnerQueue, "bot", "", ""},
		{"bot already", text("/bot"), conversation.OwnerBot, "bot", "", es.WithBot},
		{"bot with staff", text("/bot"), conversation.OwnerStaff, "bot", "", es.WithPerson},
		{"another's", text("/help@OtherBot"), conversation.OwnerBot, "", "", ""},
		{"unknown", text("/track 12"), conversation.OwnerBot, "", "/track 12", ""},
		{"sticker", payload(t, "sticker"), conversation.OwnerBot, "remark wordless:5501:67: The customer sent a sticker (👍) on Telegram, which is not kept here.", "", es.TextOnly},
		{"sticker to staff", payload(t, "sticker"), conversation.OwnerStaff, "remark wordless:5501:67: The customer sent a sticker (👍) on Telegram, which is not kept here.", "", ""},
		{"location", payload(t, "location"), conversation.OwnerBot, "remark wordless:5501:68: The customer sent a location on Telegram, which is not kept here.", "", es.TextOnly},
		{"human with a picture", payload(t, "photo_human"), conversation.OwnerBot, "handoff", "it broke", ""},
	} {
		e, p := newFakeEngine(), newPlatform(t)
		e.owner = c.owner
		b := withMe(t, newBot(t, p, e, nil))
		if err := b.handle(t.Context(), c.raw); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		for len(b.notices) > 0 {
			(<-b.notices)(t.Context())
		}
		said, received := "", ""
		for _, call := range p.wait(t, "sendMessage", 0) {
			said += call.params["text"]
		}
		for _, in := range e.received() {
			received += in.Text
		}
		if e.done() != c.did || received != c.received || said != c.says {
			t.Errorf("%s: did %q, received %q, said %q, want %q, %q, %q", c.name, e.done(), received, said, c.did, c.received, c.says)
		}
	}
}

func TestButtonsActOnTheChatTheyAreIn(t *testing.T) {
	es := textsFor("es")
	for _, c := range []struct{ data, did, says string }{
		{pressData(pressUp, fakeID, 3), "feedback 3 true", es.Thanks},
		{pressData(pressDown, fakeID, 3), "feedback 3 false", es.Noted},
		{pressData(pressPerson, fakeID, 3), "handoff", es.Asked},
		{pressData(pressOption+"1", fakeID, 3), "5501 chose 3/1", "✓"},
		{pressData(pressOption+"1", fakeID, 404), "", es.Stale},
		{pressData(pressOption+"9", fakeID, 3), "", es.Stale},
		{pressData(pressOption, fakeID, 3), "", es.Stale},
		{pressData(pressOption+"1", "99992222-3333", 3), "", es.Stale},
		{pressData(pressUp, "99992222-3333", 3), "", es.Stale}, // another conversation's
		{pressData(pressUp, fakeID, 404), "", es.Stale},
		{pressData(pressScore+"4", fakeID, 3), "5501 scored 4 by 3 of 1111", "★★★★☆ " + es.Thanks},
		{pressData(pressScore+"5", fakeID, 403), "", es.Others},
		{pressData(pressScore+"5", fakeID, 409), "", es.Late},
		{pressData(pressScore+"5", fakeID, 404), "", es.Stale},
		{pressData(pressScore+"0", fakeID, 3), "", es.Stale},
		{pressData(pressScore+"6", fakeID, 3), "", es.Stale},
		{pressData(pressScore+"5", "99992222-3333", 3), "", es.Stale},
		{"up:1:3", "", es.Stale},
		{"up::3", "", es.Stale},
		{"delete:11112222:3", "", es.Stale},
		{"", "", es.Stale},
	} {
		e, p := newFakeEngine(), newPlatform(t)
		b := withMe(t, newBot(t, p, e, nil))
		if err := b.handle(t.Context(), bytes.ReplaceAll(payload(t, "callback"), []byte("DATA"), []byte(c.data))); err != nil {
			t.Errorf("%s: %v", c.data, err)
		}
		for len(b.notices) > 0 {
			(<-b.notices)(t.Context())
		}
		answered := p.wait(t, "answerCallbackQuery", 0)
		if e.done() != c.did || len(answered) != 1 || answered[0].params["text"] != c.says || answered[0].params["callback_query_id"] != "23626970021" {
			t.Errorf("%q: did %q, answered %v, want %q and %q", c.data, e.done(), answered, c.did, c.says)
		}
	}
}

func TestAGroupThatMovedKeepsItsConversation(t *testing.T) {
	moved := make(chan string, 1)
	b := withMe(t, newBot(t, newPlatform(t), newFakeEngine(), func(c *Config) { c.Threads = fakeThreads{moved} }))
	if err := b.handle(t.Context(), payload(t, "migrate")); err != nil {
		t.Fatal(err)
	}
	if got := <-moved; got != "-4001 to -1001234567890" {
		t.Errorf("moved %s", got)
	}
}

func TestAGroupMessageWaitsUntilTheBotKnowsItsName(t *testing.T) {
	e := newFakeEngine()
	b := newBot(t, newPlatform(t), e, nil)
	if err := b.handle(t.Context(), payload(t, "group_mention")); !errors.Is(err, errUnknownSelf) {
		t.Errorf("handle = %v, want errUnknownSelf", err)
	}
	if err := b.handle(t.Context(), payload(t, "private")); err != nil || len(e.received()) != 1 {
		t.Errorf("a private message needs no name: %v", err)
	}
}

func TestThreadsAreReadAsWritten(t *testing.T) {
	for _, a := range []address{{chat: 123}, {chat: -100123, topic: 45}, {chat: 7, business: "k3_-x"}, {chat: 7, topic: 2, business: "b"}} {
		if got, err := parseThread(a.thread()); err != nil || got != a {
			t.Errorf("parseThread(%s) = %+v, %v", a.thread(), got, err)
		}
	}
	for _, s := range []string{"", "0", "x", "1/", "1/0", "1/-2", "1/x", "1@", "99999999999999999999"} {
		if a, err := parseThread(s); err == nil {
			t.Errorf("parseThread(%q) = %+v, want an error", s, a)
		}
	}
}

func FuzzUpdate(f *testing.F) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		f.Fatal("no payloads")
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"update_id":1,"message":{"text":"@ShopHelpBot","entities":[{"type":"mention","offset":-1,"length":99}]}}`))
	f.Add([]byte(`{"message":{"text":"\ud83d","from":{"id":1},"chat":{"id":-5,"type":"group"},"entities":[{"type":"mention","offset":9223372036854775807,"length":2}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e := newFakeEngine()
		b, err := New(Config{Token: token, APIURL: "http://127.0.0.1:1", Engine: e, Threads: fakeThreads{}, Observe: func(o string) {
			if o == "panic" {
				t.Errorf("update %q makes the program panic", raw)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := withMe(t, b).handle(t.Context(), raw); err != nil {
			t.Errorf("handle(%q) = %v, want it done or left out", raw, err)
		}
		for _, in := range e.received() {
			if _, err := parseThread(in.Thread); err != nil {
				t.Errorf("handle(%q) received into thread %q", raw, in.Thread)
			}
		}
	})
}
