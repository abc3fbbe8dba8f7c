package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"frontdesk/cmd/internal/proc"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
	"frontdesk/migrations/localpg"
)

const (
	// betweenWords is how long the people of a conversation leave between two messages.
	betweenWords = 50 * time.Millisecond
	// wordsWithin is how long a message may take to be heard.
	wordsWithin = 10 * time.Second
)

// inbox measures how long what a customer writes takes to the screen of staff and back,
// with both on one process and on two over one database, and how large the console is.
func inbox(ctx context.Context, o proc.Options, s *proc.Server, bin, data string, n int) error {
	fmt.Printf("| measure | p50 | p95 | p99 |\n|-|-|-|-|\n")
	environ := append(o.Env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	token, err := adminToken(ctx, bin, environ)
	if err != nil {
		return err
	}
	if err := there(ctx, "one process", s.URL, s.URL, token, n); err != nil {
		return err
	}
	url, err := localpg.Attach(ctx, data)
	if err != nil {
		return fmt.Errorf("find the database: %w", err)
	}
	if o.Address, err = proc.FreeAddress(); err != nil {
		return err
	}
	o.Env = append(o.Env, "DATABASE_URL="+url)
	second, err := proc.Start(ctx, o)
	if err != nil {
		return err
	}
	defer second.Stop()
	if err := there(ctx, "across two processes", s.URL, second.URL, token, n); err != nil {
		return err
	}
	size, err := consoleSize(ctx, s.URL)
	if err != nil {
		return err
	}
	fmt.Printf("\nconsole, all its files with gzip: %.1f KB\n", float64(size)/1000)
	load, _ := os.ReadFile("/proc/loadavg") // absent elsewhere than on Linux
	fmt.Printf("load of the machine afterwards: %s", load)
	return nil
}

// there plays one conversation that staff hold, the customer at one address and staff at
// another, and prints both ways.
func there(ctx context.Context, label, customers, staffs, token string, n int) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	c := client(4)
	v, err := visitor.New(ctx, c, customers)
	if err != nil {
		return err
	}
	if _, err := v.Send(ctx, knowledge.NewID(), "Could I talk to a person?"); err != nil {
		return err
	}
	staff := colleague{c, staffs, token, "/api/v1/conversations/" + v.Conversation}
	if err := staff.post(ctx, "/takeover", nil); err != nil {
		return err
	}
	onScreen, withCustomer := make(chan arrived, 64), make(chan arrived, 64)
	opened := make(chan error, 2)
	wg.Go(func() { opened <- staff.watch(ctx, opened, onScreen) })
	wg.Go(func() {
		once := sync.OnceFunc(func() { opened <- nil })
		v.Watch(ctx, 0, func(e visitor.Event) bool {
			once()
			if e.Name == "message" {
				withCustomer <- arrived{e.Text, time.Now()}
			}
			return true
		})
	})
	for range 2 {
		if err := <-opened; err != nil {
			return err
		}
	}
	var in, out, late times
	stopped := make(chan struct{})
	var clock sync.WaitGroup
	clock.Go(func() { late = lateness(stopped) })
	defer clock.Wait()
	stop := sync.OnceFunc(func() { close(stopped) })
	defer stop()
	for i := range n + warmUp {
		text := fmt.Sprintf("Message %d, and where is my parcel?", i)
		took, err := timed(ctx, text, onScreen, func() error { _, err := v.Send(ctx, knowledge.NewID(), text); return err })
		if err != nil {
			return fmt.Errorf("%s: customer's message: %w", label, err)
		}
		reply := fmt.Sprintf("Reply %d: it is on its way.", i)
		back, err := timed(ctx, reply, withCustomer, func() error { return staff.post(ctx, "/reply", map[string]string{"text": reply}) })
		if err != nil {
			return fmt.Errorf("%s: reply: %w", label, err)
		}
		if i >= warmUp {
			in, out = append(in, took), append(out, back)
		}
	}
	stop()
	clock.Wait()
	row := func(what string, t times) {
		fmt.Printf("| %s, %s | %s | %s | %s |\n", what, label, round(t.at(.5)), round(t.at(.95)), round(t.at(.99)))
	}
	row("customer's message → staff's event stream", in)
	row("staff's reply → customer's event stream", out)
	row("for comparison: how late a timer went off meanwhile", late)
	return nil
}

// lateness is how much longer than asked for the machine lets a process sleep, which is
// what other work on it costs every one of the steps that are timed.
func lateness(stopped <-chan struct{}) (late times) {
	const nap = 5 * time.Millisecond
	for {
		began := time.Now()
		select {
		case <-stopped:
			return late
		case <-time.After(nap):
			late = append(late, time.Since(began)-nap)
		}
	}
}

// arrived is a message on somebody's stream.
type arrived struct {
	text string
	at   time.Time
}

// timed is how long from just before say until text was heard, after the pause that people
// make.
func timed(ctx context.Context, text string, heard <-chan arrived, say func() error) (time.Duration, error) {
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(betweenWords):
	}
	began := time.Now()
	if err := say(); err != nil {
		return 0, err
	}
	late := time.After(wordsWithin)
	for {
		select {
		case a := <-heard:
			if a.text == text {
				return a.at.Sub(began), nil
			}
		case <-late:
			return 0, errors.New("it never came")
		}
	}
}

// colleague is a member of staff with a token, at one conversation.
type colleague struct {
	client             *http.Client
	url, token, thread string
}

func (s colleague) do(ctx context.Context, method, path string, body any) (*http.Response, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err == nil && res.StatusCode/100 != 2 {
		res.Body.Close()
		err = fmt.Errorf("%s %s: status %d", method, path, res.StatusCode)
	}
	return res, err
}

func (s colleague) post(ctx context.Context, path string, body any) error {
	res, err := s.do(ctx, http.MethodPost, s.thread+path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// watch tells the messages of the event stream; opened hears when it is open.
func (s colleague) watch(ctx context.Context, opened chan<- error, heard chan<- arrived) error {
	res, err := s.do(ctx, http.MethodGet, "/api/v1/events", nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	message := false
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		switch line := lines.Text(); {
		case line == ": watching":
			opened <- nil
		case strings.HasPrefix(line, "event: "):
			message = line == "event: message"
		case message && strings.HasPrefix(line, "data: "):
			var m struct{ Text string }
			if err := json.Unmarshal([]byte(line[6:]), &m); err != nil {
				return err
			}
			heard <- arrived{m.Text, time.Now()}
		}
	}
	return nil
}

// consoleSize is what the console's page and its files take with gzip, in bytes.
func consoleSize(ctx context.Context, url string) (int, error) {
	get := func(path string) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept-Encoding", "gzip")
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err == nil && res.StatusCode != http.StatusOK {
			err = fmt.Errorf("GET %s: status %d", path, res.StatusCode)
		}
		return b, err
	}
	page, err := get("/console")
	if err != nil {
		return 0, err
	}
	size := len(page)
	if z, err := gzip.NewReader(bytes.NewReader(page)); err == nil {
		if page, err = io.ReadAll(z); err != nil {
			return 0, err
		}
	}
	for _, file := range regexp.MustCompile(`/console/assets/console-[0-9a-f]+\.(css|js)`).FindAllString(string(page), -1) {
		b, err := get(file)
		if err != nil {
			return 0, err
		}
		size += len(b)
	}
	return size, nil
}
