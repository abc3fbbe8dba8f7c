package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"frontdesk/cmd/internal/fakechat"
	"frontdesk/cmd/internal/proc"
)

const (
	benchSlackToken, benchSlackSecret  = "xoxb-bench", "bench-signing-secret"
	benchTelegramToken, benchHookToken = "777:bench", "bench-hook"
	// customers write in turn: at 500 a second each every two seconds.
	customers = 1000
	// people is how many a run has to itself.
	people = 10_000
	// roundTrips are timed one after the other, each in a conversation of its own, after
	// some that warm up what only a first use loads.
	roundTrips, warmUp = 100, 10
	// answerWithin is how long one answer may take.
	answerWithin = 30 * time.Second
)

// platform is one of the two, and how it posts to us.
type platform struct {
	name string
	post func(ctx context.Context, n, customer int, text string) (*http.Request, error)
	// place is where a customer is answered.
	place  func(customer int) string
	onPost func(func(fakechat.Post))
}

// chats measures what platforms see of the server: how long a signed event waits for
// its 200 while they come at a steady rate, whatever became of those before, and how
// long a lone question waits for the call that sends its answer.
func chats(ctx context.Context, o proc.Options, rate int, d time.Duration) error {
	slack, telegram := fakechat.NewSlack(benchSlackToken), fakechat.NewTelegram(benchTelegramToken)
	slackAPI, telegramAPI := httptest.NewServer(slack), httptest.NewServer(telegram)
	defer slackAPI.Close()
	defer telegramAPI.Close()
	o.Env = append(o.Env, "PUBLIC_URL=https://desk.example.com",
		"SLACK_BOT_TOKEN="+benchSlackToken, "SLACK_SIGNING_SECRET="+benchSlackSecret, "SLACK_API_URL="+slackAPI.URL,
		"TELEGRAM_BOT_TOKEN="+benchTelegramToken, "TELEGRAM_WEBHOOK_SECRET="+benchHookToken, "TELEGRAM_API_URL="+telegramAPI.URL)
	url := "http://" + o.Address
	all := []platform{
		{"Slack", func(ctx context.Context, n, customer int, text string) (*http.Request, error) {
			id := fmt.Sprintf("%06d", customer)
			body := fakechat.SlackMessage("D"+id, "U"+id, fmt.Sprintf("1763900000.%06d", n), "", text)
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/slack/events", bytes.NewReader(body))
			if err == nil {
				fakechat.SignSlack(req.Header, benchSlackSecret, body)
			}
			return req, err
		}, func(customer int) string { return fmt.Sprintf("D%06d", customer) }, slack.OnPost},
		{"Telegram", func(ctx context.Context, n, customer int, text string) (*http.Request, error) {
			body := fakechat.TelegramMessage(int64(n), int64(customer), int64(customer), int64(n), 0, text)
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/telegram/webhook", bytes.NewReader(body))
			if err == nil {
				req.Header.Set("X-Telegram-Bot-Api-Secret-Token", benchHookToken)
			}
			return req, err
		}, strconv.Itoa, telegram.OnPost},
	}
	fmt.Printf("\n%d cores; events, platforms and model on the same machine\n\n| measure | value |\n|-|-|\n", runtime.NumCPU())
	run := 0
	for _, hold := range []string{"100ms", "0"} {
		err := serving(ctx, o, hold, func() error {
			for _, p := range all {
				run++
				sent, err := p.answered(ctx, run*people)
				if err != nil {
					return err
				}
				fmt.Printf("| %s: event → call that sends the answer, one at a time, ANSWER_HOLD=%s | p50 %s, p99 %s |\n", p.name, hold, round(sent.at(.5)), round(sent.at(.99)))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	// Last, for these leave more answers than Telegram takes in minutes.
	return serving(ctx, o, "100ms", func() error {
		for _, waiting := range []bool{true, false} {
			for _, p := range all {
				run++
				beside := "answers going on beside"
				if waiting {
					beside = "conversations with people"
					if err := p.queue(ctx, url, run*people); err != nil {
						return err
					}
				}
				acks, err := p.acknowledged(ctx, run*people, rate, d)
				if err != nil {
					return err
				}
				fmt.Printf("| %s: event → acknowledged, %d a second for %v, %s | p50 %s, p99 %s, most %s |\n",
					p.name, rate, d, beside, round(acks.at(.5)), round(acks.at(.99)), round(acks.at(1)))
				if err := idle(ctx, url); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// serving does something while a server runs.
func serving(ctx context.Context, o proc.Options, hold string, do func() error) error {
	o.Env = append(append([]string{}, o.Env...), "ANSWER_HOLD="+hold)
	s, err := proc.Start(ctx, o)
	if err != nil {
		return err
	}
	err = do()
	return errors.Join(err, s.Stop())
}

// idle waits until no turn is due.
func idle(ctx context.Context, url string) error {
	for {
		settle(ctx)
		res, err := http.Get(url + "/readyz")
		if err != nil {
			return err
		}
		var rep struct{ Queues struct{ Turns int } }
		err = json.NewDecoder(res.Body).Decode(&rep)
		res.Body.Close()
		if err != nil || rep.Queues.Turns == 0 {
			return err
		}
	}
}

func question(n int) string { return fmt.Sprintf("Could I send my order number %d back?", n) }

// event numbers are never used twice.
var event atomic.Int64

// queue has all customers of a run ask for a person, so that the bot is silent.
func (p platform) queue(ctx context.Context, url string, base int) error {
	c := client(1)
	for i := range customers {
		if err := p.deliver(ctx, c, base+i, "talk to a person"); err != nil {
			return err
		}
	}
	return idle(ctx, url)
}

// answered asks one question after the other.
func (p platform) answered(ctx context.Context, base int) (times, error) {
	posts := make(chan fakechat.Post, 1024)
	p.onPost(func(m fakechat.Post) {
		select {
		case posts <- m:
		default:
		}
	})
	defer p.onPost(nil)
	c := client(4)
	var out times
	for i := range warmUp + roundTrips {
		customer := base + i
		began := time.Now()
		if err := p.deliver(ctx, c, customer, question(i)); err != nil {
			return nil, err
		}
		late := time.After(answerWithin)
		for found := false; !found; {
			select {
			case m := <-posts:
				if m.Place == p.place(customer) {
					if found = true; i >= warmUp {
						out = append(out, m.At().Sub(began))
					}
				}
			case <-late:
				return nil, fmt.Errorf("%s: question %d was not answered", p.name, i)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
	return out, nil
}

// acknowledged sends events at a steady rate, each at its time whether or not those
// before it have been answered, and times each from when it was due.
func (p platform) acknowledged(ctx context.Context, base, rate int, d time.Duration) (times, error) {
	var (
		mu     sync.Mutex // guards took and failed
		took   times
		failed error
		wg     sync.WaitGroup
	)
	c := client(rate)
	began := time.Now()
	for i := range int(d.Seconds() * float64(rate)) {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		wg.Go(func() {
			err := p.deliver(ctx, c, base+i%customers, question(i))
			mu.Lock()
			defer mu.Unlock()
			took, failed = append(took, time.Since(due)), errors.Join(failed, err)
		})
	}
	wg.Wait()
	return took, failed
}

// deliver posts what a customer writes and returns once it is acknowledged.
func (p platform) deliver(ctx context.Context, c *http.Client, customer int, text string) error {
	req, err := p.post(ctx, int(event.Add(1)), customer, text)
	if err != nil {
		return err
	}
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers an event with %s", p.name, res.Status)
	}
	return nil
}
