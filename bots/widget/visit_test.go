package widget

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

// What visitors did beside writing, as the fake engine saw it.
type visits struct{ did []string }

func (f *fakeEngine) note(id, what string, err error) error {
	return f.with(id, func(*room) error {
		f.visits.did = append(f.visits.did, what)
		return err
	})
}

func (f *fakeEngine) LeaveEmail(_ context.Context, id, email string) error {
	return f.note(id, "email "+email, nil)
}

func (f *fakeEngine) RateEpisode(_ context.Context, id string, score int, comment string) error {
	var err error
	if st, _ := f.State(context.Background(), id); st.Status != conversation.StatusResolved {
		err = conversation.ErrNotCurrent
	}
	return f.note(id, fmt.Sprint("rating ", score, " ", comment), err)
}

func (f *fakeEngine) CustomerTypes(id string) { _ = f.note(id, "typing", nil) }

func (f *fakeEngine) Seen(_ context.Context, id string, seq int64) error {
	return f.note(id, fmt.Sprint("seen ", seq), nil)
}

func TestVisitorLeavesAnAddressRatesTypesAndReads(t *testing.T) {
	h, engine := newTestHandler(t, nil)
	s := openSession(t, h)
	wantProblem(t, "rating while it goes on", call(t, h, "rating", s.Token, `{"score":5}`), http.StatusConflict)
	if _, err := engine.change(s.Conversation, func(st *conversation.State) { st.Status = conversation.StatusResolved }); err != nil {
		t.Fatal(err)
	}
	engine.visits.did = nil
	long := strings.Repeat("ü", conversation.MaxCommentRunes)
	for _, c := range []struct{ path, body, did string }{
		{"email", `{"email":"maria@example.com"}`, "email maria@example.com"},
		{"rating", `{"score":1}`, "rating 1 "},
		{"rating", `{"score":5,"comment":"` + long + `"}`, "rating 5 " + long},
		{"typing", `{}`, "typing"},
		{"seen", `{"seq":7}`, "seen 7"},
	} {
		engine.visits.did = nil
		if w := call(t, h, c.path, s.Token, c.body); w.Code != http.StatusNoContent || !slices.Equal(engine.visits.did, []string{c.did}) {
			t.Errorf("POST %s = %d %s with %q done, want 204 and %q", c.path, w.Code, w.Body, engine.visits.did, c.did)
		}
	}
	engine.visits.did = nil
	for _, c := range []struct {
		path, body string
		code       int
	}{
		{"email", `{"email":""}`, 422}, {"email", `{}`, 422}, {"email", `{"email":"maria"}`, 422}, {"email", `{"email":"a@b@c"}`, 422},
		{"email", `{"email":"<script>@x.org"}`, 422}, {"email", `{"email":"a b@x.org"}`, 422}, {"email", `{"email":"` + strings.Repeat("a", 250) + `@x.org"}`, 422},
		{"email", `{"email":7}`, 422}, {"email", ``, 400},
		{"rating", `{"score":0}`, 422}, {"rating", `{"score":6}`, 422}, {"rating", `{"score":-1}`, 422}, {"rating", `{"score":4.5}`, 422},
		{"rating", `{"score":"5"}`, 422}, {"rating", `{}`, 422}, {"rating", `{"score":5,"comment":"` + long + `x"}`, 422}, {"rating", `[5]`, 400},
		{"seen", `{"seq":0}`, 422}, {"seen", `{"seq":-3}`, 422}, {"seen", `{}`, 422}, {"seen", `{"seq":1e30}`, 422},
	} {
		wantProblem(t, c.path+" "+c.body, call(t, h, c.path, s.Token, c.body), c.code)
	}
	for _, path := range []string{"email", "rating", "typing", "seen"} {
		wantProblem(t, path+" of nobody", call(t, h, path, "", `{"email":"a@b.org","score":5,"seq":1}`), http.StatusUnauthorized)
	}
	if len(engine.visits.did) > 0 {
		t.Errorf("bad requests did %q, want nothing", engine.visits.did)
	}
}

func TestVisitorsStateSaysWhatToExpect(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.FixedZone("Berlin", 3600))
	raw, err := json.Marshal(wireState(conversation.State{Owner: conversation.OwnerQueue, Position: 3, Seen: 4, SeenByStaff: 2,
		Outlook: &conversation.Outlook{OpensAt: at, TypicalWait: 5 * time.Minute, StaffOnline: 2, Away: true, AskEmail: true}}))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"open": false, "opens_at": "2026-11-23T08:00:00Z", "typical_wait_s": 300.0, "staff_online": 2.0, "away": true, "ask_email": true, "position": 3.0, "seen_seq": 4.0, "staff_seen_seq": 2.0} {
		if got[name] != want {
			t.Errorf("state has %s %v, want %v", name, got[name], want)
		}
	}
}

func TestVisitorsSignsAreLimitedApartFromTheirMessages(t *testing.T) {
	h, _ := newTestHandler(t, func(c *Config) { c.RateLimit = 2 })
	s := openSession(t, h)
	codes := map[int]int{}
	for range 2*signsPerMessage + 3 {
		codes[call(t, h, "typing", s.Token, `{}`).Code]++
	}
	if codes[http.StatusNoContent] < 2*signsPerMessage || codes[http.StatusTooManyRequests] == 0 {
		t.Errorf("answers = %v, want %d times 204 and then 429", codes, 2*signsPerMessage)
	}
	if w := call(t, h, "messages", s.Token, message(randomUUID(), "x")); w.Code != http.StatusAccepted {
		t.Errorf("a message after that = %d %s, want 202", w.Code, w.Body)
	}
}

func TestPersonHearsThatTheVisitorTypesAndReadsTheBotDoesNot(t *testing.T) {
	p := openPage(t, "/bare", bare(``))
	did := func(what string) func() bool {
		return func() bool {
			p.engine.mu.Lock()
			defer p.engine.mu.Unlock()
			return slices.Contains(p.engine.visits.did, what)
		}
	}
	p.ask("hello")
	p.connected()
	id := p.engine.only(t)
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorBot, Text: "from the bot"})
	p.wait(`log().includes('from the bot')`)
	typed := `(one('textarea').value += 'x', one('textarea').dispatchEvent(new Event('input', {bubbles: true, composed: true})))`
	p.engine.takeOver(t, id, "Ana")
	p.wait(`one('.answering').textContent.includes('Ana')`)
	p.run(typed)
	p.until("the sign of typing", did("typing"))
	p.engine.say(t, id, conversation.Message{Author: conversation.AuthorStaff, Name: "Ana", Text: "from Ana"})
	p.wait(`log().includes('from Ana')`)
	p.until("the sign of reading", did("seen 3"))
	p.engine.mu.Lock()
	defer p.engine.mu.Unlock()
	if len(p.engine.visits.did) != 2 {
		t.Errorf("signs = %q, want one of each, and none while the bot had it", p.engine.visits.did)
	}
}
