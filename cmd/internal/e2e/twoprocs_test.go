package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// customer starts a conversation with a message and returns who wrote it.
func (p *pair) customer(text string) *visitor.Visitor {
	p.t.Helper()
	v, err := visitor.New(p.t.Context(), p.client, p.urls[0])
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := v.Send(p.t.Context(), knowledge.NewID(), text); err != nil {
		p.t.Fatal(err)
	}
	return v
}

// TestTwoProcessesActAsOne has one thing at a time done on one process and looks at what
// becomes of it on the other.
func TestTwoProcessesActAsOne(t *testing.T) {
	p := newPair(t, func(fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: "Returns are free of charge within thirty days of delivery [1]."}
	}, "ANSWER_HOLD=10ms")
	ana, ben := p.hire("Ana", "agent"), p.hire("Ben", "agent")
	ctx := t.Context()

	t.Run("of two who claim at once one wins and the other is told who", func(t *testing.T) {
		wins := map[string]int{}
		for round := range counted("FRONTDESK_CLAIMS", 60) {
			id := p.customer("Is anybody there?").Conversation
			got := [2]answered{}
			gate := make(chan struct{})
			var wg sync.WaitGroup
			for i, who := range []member{ana, ben} {
				wg.Go(func() {
					<-gate
					got[i] = who.call(ctx, (i+round)%2, "POST", "/api/v1/conversations/"+id+"/takeover", nil)
				})
			}
			close(gate)
			wg.Wait()
			winner, loser := 0, 1
			if got[0].code != 200 {
				winner, loser = 1, 0
			}
			name := []member{ana, ben}[winner].name
			if got[winner].code != 200 || got[loser].code != 409 || got[loser].problem().TakenBy.Name != name {
				t.Fatalf("round %d: %d %s and %d %s, want one winner and the other told of them", round, got[0].code, got[0].body, got[1].code, got[1].body)
			}
			wins[name]++
		}
		t.Logf("won: %v", wins)
	})

	t.Run("a reply to what was resolved meanwhile takes it up again", func(t *testing.T) {
		v := p.customer("Is anybody there?")
		path := "/api/v1/conversations/" + v.Conversation
		ana.must(0, "POST", path+"/takeover", nil, nil, 200)
		ana.must(0, "POST", path+"/resolve", map[string]string{"reason": "done"}, nil, 200)
		ana.must(1, "POST", path+"/reply", map[string]string{"text": "One more thing."}, nil, 201)
		var st struct{ Owner, Status string }
		ana.must(0, "GET", path, nil, &st, 200)
		if st.Owner != "staff" || st.Status == "resolved" {
			t.Errorf("after the reply it is %s %s, want it staff's and not resolved", st.Owner, st.Status)
		}
		ben.must(1, "POST", path+"/resolve", nil, nil, 200)
		if got := ben.call(ctx, 0, "POST", path+"/reply", map[string]string{"text": "And from me."}); got.code != 409 || got.problem().TakenBy.Name != "Ana" {
			t.Errorf("reply of another = %d %s, want to be told that Ana has it", got.code, got.body)
		}
		heard := make(map[string]bool)
		within, stop := context.WithTimeout(ctx, 20*time.Second)
		defer stop()
		v.At(p.urls[1]).Watch(within, 0, func(e visitor.Event) bool {
			heard[e.Text] = true
			return !heard["One more thing."]
		})
		if !heard["One more thing."] || heard["And from me."] {
			t.Errorf("the customer heard %v, want Ana's reply alone", heard)
		}
	})

	t.Run("a session ended on one process ends its stream on the other", func(t *testing.T) {
		var longest time.Duration
		for name, end := range map[string]func(cleo member){
			"signed out": func(cleo member) { cleo.must(0, "POST", "/api/v1/logout", nil, nil, 204) },
			"ended from another session": func(cleo member) {
				other := p.signIn("cleo2@example.com", "correct horse battery Cleo2")
				other.must(0, "DELETE", "/api/v1/me/sessions", nil, nil, 204)
			},
			"disabled": func(cleo member) {
				p.admin.must(0, "PATCH", "/api/v1/staff/"+cleo.id, map[string]bool{"disabled": true}, nil, 200)
			},
		} {
			who := p.hire(map[string]string{"signed out": "Cleo1", "ended from another session": "Cleo2", "disabled": "Cleo3"}[name], "agent")
			over, err := who.watch(ctx, 1, func(sse) bool { return true })
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			end(who)
			select {
			case <-over:
				longest = max(longest, time.Since(began))
			case <-time.After(10 * time.Second): // the next heartbeat is later
				t.Errorf("%s: the stream goes on", name)
			}
			if got := who.call(ctx, 1, "GET", "/api/v1/me", nil); got.code != 401 {
				t.Errorf("%s: the session still opens the other process: %d", name, got.code)
			}
		}
		t.Logf("streams ended within %s", longest)
	})

	t.Run("what a disabled account held waits in the queue again", func(t *testing.T) {
		dan := p.hire("Dan", "agent")
		v := p.customer("Is anybody there?")
		path := "/api/v1/conversations/" + v.Conversation
		dan.must(0, "POST", path+"/takeover", nil, nil, 200)
		told := make(chan string, 100)
		within, stop := context.WithTimeout(ctx, 20*time.Second)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer stop()
		for _, url := range p.urls {
			wg.Go(func() {
				v.At(url).Watch(within, 0, func(e visitor.Event) bool {
					told <- e.Name + " " + e.Owner + e.Text
					return true
				})
			})
		}
		p.admin.must(1, "PATCH", "/api/v1/staff/"+dan.id, map[string]bool{"disabled": true}, nil, 200)
		for left, queued := 2, 2; left > 0 || queued > 0; {
			select {
			case e := <-told:
				switch e {
				case "message Dan has left the chat, so I've put you back in the queue for our team.":
					left--
				case "state queue":
					queued--
				}
			case <-within.Done():
				t.Fatal("the customer never heard of it on both processes")
			}
		}
		var line struct {
			Events []struct {
				To, Reason string
				Actor      struct{ ID string }
			}
		}
		ana.must(0, "GET", path+"/timeline", nil, &line, 200)
		if e := line.Events[len(line.Events)-1]; e.To != "queue" || e.Reason != "staff_gone" || e.Actor.ID != p.admin.id {
			t.Errorf("the timeline ends with %+v, want the admin who did it and why", e)
		}
		ana.must(1, "POST", path+"/takeover", nil, nil, 200)
	})

	t.Run("no id of another visitor opens anything", p.strangers)

	t.Run("settings changed on one process are those of the other", func(t *testing.T) {
		var took time.Duration
		for i := range 6 {
			from, to := i%2, 1-i%2
			var now map[string]any
			p.admin.must(from, "GET", "/api/v1/settings/widget", nil, &now, 200)
			title := fmt.Sprintf("Help %d", i)
			now["title"] = title
			began := time.Now()
			p.admin.must(from, "PUT", "/api/v1/settings/widget", now, nil, 200)
			// What visitors are told comes from what the process knows, not from the database.
			eventually(t, "the other process knows the chat's new title", func() bool {
				var out struct{ Look struct{ Title string } }
				got := member{p: p}.call(ctx, to, "POST", "/widget/v1/sessions", map[string]string{"locale": "en"})
				if err := json.Unmarshal(got.body, &out); err != nil || got.code/100 != 2 {
					t.Fatalf("sessions = %d %s, %v", got.code, got.body, err)
				}
				return out.Look.Title == title
			})
			took = max(took, time.Since(began))
		}
		t.Logf("settings were seen on the other process within %s", took)
	})
}

// TestADaysBudgetHoldsAcrossTwoProcesses has fifty customers ask at once on two processes
// until the day's money is spent, and compares what the provider counted with the limit.
func TestADaysBudgetHoldsAcrossTwoProcesses(t *testing.T) {
	const limit = 3_000 // micro-dollars
	p := newPair(t, func(fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Input: 900, Text: "Returns are free of charge within thirty days of delivery [1].", Pause: time.Millisecond}
	}, "ANSWER_HOLD=10ms")
	var now map[string]any
	p.admin.must(0, "GET", "/api/v1/settings/spending", nil, &now, 200)
	now["day_usd"] = float64(limit) / 1e6
	p.admin.must(0, "PUT", "/api/v1/settings/spending", now, nil, 200)
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for i := range 50 {
		wg.Go(func() {
			v, err := visitor.New(ctx, p.client, p.urls[i%2])
			if err != nil {
				t.Error(err)
				return
			}
			for k := range 3 {
				seq, err := v.Send(ctx, knowledge.NewID(), fmt.Sprintf("Question %d of %d: how long have I got for sending back boots?", k, i))
				if err != nil {
					t.Error(err)
					return
				}
				queued := false
				err = v.Watch(ctx, seq, func(e visitor.Event) bool {
					queued = queued || e.Name == "state" && e.Owner == "queue"
					return !queued && !(e.Name == "message" && e.Seq > seq && e.Author == "bot")
				})
				if err != nil {
					t.Errorf("customer %d was left without an answer: %v", i, err)
				}
				if err != nil || queued { // whose turn it is now is a person's
					return
				}
			}
		})
	}
	wg.Wait()
	var budget struct {
		Day struct {
			Spent    float64 `json:"spent_usd"`
			Reserved float64 `json:"reserved_usd"`
		}
	}
	eventually(t, "all calls are booked", func() bool {
		p.admin.must(1, "GET", "/api/v1/budget", nil, &budget, 200)
		return budget.Day.Reserved == 0
	})
	micros, _, _, _, calls := billed(p.ai.Bills())
	t.Logf("the provider counted %d micro-dollars for %d calls, of %d", micros, calls, limit)
	if spent := int64(budget.Day.Spent*1e6 + .5); spent != micros || micros > limit || micros < limit/2 {
		t.Errorf("spent %d by the books and %d by the provider's, want the same, at most %d and most of it", spent, micros, limit)
	}
}
