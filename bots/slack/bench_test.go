package slack

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge/tokens"
	"frontdesk/migrations/dbtest"
)

// BenchmarkCompose lays out the longest answer there can be, worst cases first.
func BenchmarkCompose(b *testing.B) {
	for name, piece := range map[string]string{
		"words": "word & more ", "stars": "**a *b ", "brackets": "[a](", "ticks": "`a ``b", "code": "```\nx\n", "links": "[label](https://a.example/x) ",
	} {
		m := conversation.Message{Author: conversation.AuthorBot, Text: strings.Repeat(piece, conversation.MaxTextRunes/len(piece))}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				compose(m)
			}
		})
	}
}

// BenchmarkSignedEvent takes distinct messages as Slack posts them into a real
// database, eight at a time, and reports how long the slowest wait for their 200.
func BenchmarkSignedEvent(b *testing.B) {
	store := conversationdb.New(dbtest.New(b))
	engine, err := conversation.New(conversation.Config{}, conversation.Deps{Store: store, Finder: help{}, Counter: tokens.For("gpt-4o-mini")})
	if err != nil {
		b.Fatal(err)
	}
	r := newRig(b, func(c *Config) { c.Engine, c.Threads, c.BotToken = engine, store, "" })
	payload := recorded(b, "message_im")
	var (
		mu   sync.Mutex // guards took
		took []time.Duration
		next atomic.Int64
	)
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1)
			body := strings.NewReplacer("Ev0PV52K21", fmt.Sprintf("Ev%d", n), "D024BE91L", fmt.Sprintf("D%d", n%500),
				"1763807400.000100", fmt.Sprintf("1763807400.%06d", n)).Replace(payload)
			began := time.Now()
			if code := r.deliver(b, "/slack/events", body); code != 200 {
				b.Errorf("status %d, want 200", code)
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		}
	})
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
