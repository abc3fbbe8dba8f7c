package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// TestNoInterleavingOfEverythingBreaksAConversation plays conversations in which two
// members of staff, the customer and the bot do at once all that can be done, each on
// either of two processes, while time passes for the rules. FRONTDESK_INTERLEAVINGS is how
// many, FRONTDESK_SEED repeats a run's choices, though not its timing.
func TestNoInterleavingOfEverythingBreaksAConversation(t *testing.T) {
	n := counted("FRONTDESK_INTERLEAVINGS", 30)
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("FRONTDESK_SEED"), 10, 64); err == nil {
		seed = s
	}
	t.Logf("FRONTDESK_SEED=%d", seed)
	p := newPair(t, func(r fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: "Returns are free of charge within thirty days of delivery [1].", Pause: time.Duration(rand.IntN(12)) * time.Millisecond}
	}, "ANSWER_HOLD=20ms")
	ana, ben := p.hire("Ana", "agent"), p.hire("Ben", "agent")
	var team struct{ ID string }
	p.admin.must(0, "POST", "/api/v1/teams", map[string]any{"name": "Billing", "members": []string{ben.id}}, &team, 201)
	p.admin.must(0, "PUT", "/api/v1/settings/handling", map[string]any{"idle_minutes": 1, "resolve_hours": 1, "remind_minutes": 1, "escalate_minutes": 1, "sticky_hours": 1, "version": 0}, nil, 200)

	ctx, cancel := context.WithTimeout(t.Context(), 7*time.Minute)
	defer cancel()
	g := &game{p: p, team: team.ID, staff: [2]member{ana, ben}, took: map[string]int{}}
	for i, who := range g.staff {
		g.seen[i] = newStaffLog()
		over, err := who.watch(ctx, i, g.seen[i].hear)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { cancel(); <-over }()
	}
	var wg sync.WaitGroup
	rounds := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range rounds {
				g.play(ctx, rand.New(rand.NewPCG(seed, uint64(i))))
			}
		})
	}
	for i := range n {
		rounds <- i
	}
	close(rounds)
	wg.Wait()
	t.Logf("%d conversations; answers by move: %v", n, g.took)
}

// game is what the conversations of one run share.
type game struct {
	p     *pair
	team  string
	staff [2]member
	seen  [2]*staffLog // of Ana's stream on the first process, and Ben's on the second

	mu   sync.Mutex // guards took
	took map[string]int
}

// round is one conversation.
type round struct {
	*game
	v       *visitor.Visitor
	id      string
	streams [2]*customerLog

	mu       sync.Mutex // guards what follows
	accepted []string   // what the customer wrote and was told is stored
	replied  []string   // what staff wrote and were told is stored
	noted    []string
	happened []string
}

// move is one thing somebody does.
type move struct {
	name string
	do   func(ctx context.Context, at int, by member, n int) answered
}

// moves are all there are. The first is how a conversation begins.
func (r *round) moves(pick *rand.Rand) []move {
	path := "/api/v1/conversations/" + r.id
	staff := func(name, method, tail string, body func(n int) any) move {
		return move{name, func(ctx context.Context, at int, by member, n int) answered {
			var b any
			if body != nil {
				b = body(n)
			}
			return by.call(ctx, at, method, path+tail, b)
		}}
	}
	customer := func(name, path string, body any) move {
		return move{name, func(ctx context.Context, at int, _ member, _ int) answered {
			return asked(r.v.At(r.p.urls[at]).Post(ctx, path, body))
		}}
	}
	say := func(kind string, kept *[]string) move {
		return move{kind, func(ctx context.Context, at int, by member, n int) answered {
			text := fmt.Sprintf("%s %d of %s", kind, n, by.name)
			got := by.call(ctx, at, "POST", path+"/"+kind, map[string]string{"text": text, "id": knowledge.NewID()})
			if got.code == 201 {
				r.mu.Lock()
				*kept = append(*kept, text)
				r.mu.Unlock()
			}
			return got
		}}
	}
	write := move{"write", func(ctx context.Context, at int, _ member, n int) answered {
		text := fmt.Sprintf("Question %d: can I send it back?", n)
		_, err := r.v.At(r.p.urls[at]).Send(ctx, knowledge.NewID(), text)
		if err == nil {
			r.mu.Lock()
			r.accepted = append(r.accepted, text)
			r.mu.Unlock()
		}
		return asked(err)
	}}
	reason := func(n int) any { return map[string]string{"reason": fmt.Sprintf("done %d", n)} }
	until := func(int) any { return map[string]any{"until": time.Now().Add(3 * time.Hour)} }
	assign := func(body any) func(int) any { return func(int) any { return body } }
	priority, score := pick.IntN(4), 1+pick.IntN(5)
	seq, helpful := 1+pick.IntN(6), pick.IntN(2) == 0
	return []move{
		write, write, write,
		customer("handoff", "/widget/v1/handoff", map[string]any{}),
		customer("choose bot", "/widget/v1/handoff", map[string]any{"cancel": true}),
		customer("thumb", "/widget/v1/feedback", map[string]any{"seq": seq, "helpful": helpful}),
		customer("rate", "/widget/v1/rating", map[string]any{"score": score, "comment": "Well."}),
		customer("typing", "/widget/v1/typing", map[string]any{}),
		staff("takeover", "POST", "/takeover", nil), staff("takeover", "POST", "/takeover", nil),
		say("reply", &r.replied), say("reply", &r.replied), say("note", &r.noted),
		staff("handback", "POST", "/handback", nil), staff("handback", "POST", "/handback", nil),
		staff("resolve", "POST", "/resolve", reason),
		staff("reopen", "POST", "/reopen", nil),
		staff("snooze", "PUT", "/snooze", until),
		staff("wake", "PUT", "/snooze", func(int) any { return map[string]any{"until": nil} }),
		staff("assign", "PUT", "/assign", assign(map[string]any{"staff": r.staff[pick.IntN(2)].id})),
		staff("assign team", "PUT", "/assign", assign(map[string]any{"team": r.team})),
		staff("assign auto", "PUT", "/assign", assign(map[string]any{"auto": true})),
		staff("unassign", "PUT", "/assign", assign(map[string]any{"none": true})),
		staff("priority", "PUT", "/priority", func(int) any { return map[string]any{"priority": priority} }),
		{"time passes", func(ctx context.Context, _ int, _ member, _ int) answered { return r.passes(ctx) }},
	}
}

// asked turns what a visitor was told into what staff would be.
func asked(err error) answered {
	var status *visitor.StatusError
	switch {
	case err == nil:
		return answered{code: 200}
	case errors.As(err, &status):
		return answered{code: status.Status, body: []byte(status.Body)}
	}
	return answered{body: []byte(err.Error())}
}

// passes has all that the rules of handling go by lie two hours further back.
func (r *round) passes(ctx context.Context) answered {
	for _, q := range []string{
		`UPDATE conversations SET waiting_since = waiting_since - interval '2 hours', customer_at = customer_at - interval '2 hours' WHERE id = $1`,
		`UPDATE ownership_events SET created_at = created_at - interval '2 hours' WHERE conversation_id = $1`,
		`UPDATE messages SET created_at = created_at - interval '2 hours' WHERE conversation_id = $1`,
		`UPDATE episodes SET started_at = started_at - interval '2 hours', due_at = now(), wakes = wakes + 1
			WHERE conversation_id = $1 AND resolved_at IS NULL`,
	} {
		if _, err := r.p.pool.Exec(ctx, q, r.id); err != nil {
			return answered{body: []byte(err.Error())}
		}
	}
	return answered{code: 200}
}

func (g *game) play(ctx context.Context, pick *rand.Rand) {
	t := g.p.t
	v, err := visitor.New(ctx, g.p.client, g.p.urls[pick.IntN(2)])
	if err != nil {
		t.Error(err)
		return
	}
	r := &round{game: g, v: v, id: v.Conversation}
	watching, stop := context.WithCancel(ctx)
	var streams sync.WaitGroup
	defer streams.Wait()
	defer stop()
	for i := range r.streams {
		r.streams[i] = &customerLog{open: make(chan struct{}), turns: map[string]*piece{}}
		streams.Go(func() { r.streams[i].follow(watching, v.At(g.p.urls[i])) })
	}
	for _, s := range r.streams {
		select {
		case <-s.open:
		case <-ctx.Done():
			t.Error("a customer's stream never opened")
			return
		}
	}
	moves := r.moves(pick)
	var wg sync.WaitGroup
	for n := range 8 + pick.IntN(9) {
		m, wait := moves[0], time.Duration(0)
		if n > 0 { // somebody has to begin
			m, wait = moves[pick.IntN(len(moves))], time.Duration(pick.IntN(400))*time.Millisecond
		}
		at, by := pick.IntN(2), g.staff[pick.IntN(2)]
		wg.Go(func() {
			time.Sleep(wait) // what is raced
			r.judge(m.name, by, m.do(ctx, at, by, n))
		})
	}
	wg.Wait()
	r.check(ctx)
}

// judge looks at what became of a move: nobody is refused without a reason that holds.
func (r *round) judge(name string, by member, got answered) {
	t := r.p.t
	r.game.mu.Lock()
	r.took[fmt.Sprint(name, " ", got.code)]++
	r.game.mu.Unlock()
	r.mu.Lock()
	r.happened = append(r.happened, fmt.Sprintf("%s by %s: %d", name, by.name, got.code))
	r.mu.Unlock()
	staff := []string{"takeover", "reply"}
	switch p := got.problem(); {
	case got.code/100 == 2:
	case got.code == 409 && p.Code == "taken":
		if p.TakenBy.Name == "" || p.TakenBy.ID == "" || p.TakenBy.ID == by.id {
			t.Errorf("%s by %s = taken by %+v, want the other's name", name, by.name, p.TakenBy)
		}
	case got.code == 409 && slices.Contains(staff, name):
		t.Errorf("%s by %s = 409 %s, want to be told who has it", name, by.name, got.body)
	case got.code == 409 && (p.Code == "not_current" || p.Code == "nobody_online"):
	case name == "thumb" && got.code == 404, (name == "rate" || name == "choose bot") && got.code == 409: // there is none, or no more
	default:
		t.Errorf("%s by %s = %d %s", name, by.name, got.code, got.body)
	}
}
