// Command bench measures the whole server, as its own process over real HTTP,
// against a model that answers at once, and prints a Markdown table. It starts the
// server on a private Postgres in a temporary directory and stops by itself.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/proc"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	bin := flag.String("bin", "", "server to measure; built when empty")
	streams := flag.Int("streams", 2000, "idle event streams to hold")
	seconds := flag.Int("seconds", 5, "length of the accepting run")
	rate := flag.Int("rate", 500, "events per second of the channels' run")
	messages := flag.Int("messages", 2000, "messages per latency run")
	only := flag.String("only", "", "ingest: take in files and nothing else; channels: Slack and Telegram and nothing else; inbox: the way between customers and staff and nothing else; serve: everything but these")
	env := flag.String("env", "", "more KEY=value for the server, separated by spaces")
	flag.Parse()

	dir, err := os.MkdirTemp("", "frontdesk-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // run as root, the database is another user's
		return err
	}
	if *bin == "" {
		if *bin, err = proc.Build(ctx, dir); err != nil {
			return err
		}
	}
	ai := fakeai.New(func(fakeai.Request) fakeai.Reply {
		return fakeai.Reply{Text: "You can send it back within thirty days of delivery, free of charge [1]."}
	})
	model := httptest.NewServer(ai)
	defer model.Close()
	address, err := proc.FreeAddress()
	if err != nil {
		return err
	}
	o := proc.Options{Bin: *bin, Address: address, Output: os.Stderr, Env: append([]string{
		"DATA_DIR=" + dir + "/data", "OPENAI_API_KEY=bench", "OPENAI_BASE_URL=" + model.URL + "/v1", "LOG_LEVEL=warn",
		"OPENAI_EMBEDDING_MODEL=", "ADMIN_PASSWORD=correct horse battery staple",
	}, strings.Fields(*env)...)}

	if *only == "channels" {
		return chats(ctx, o, *rate, time.Duration(*seconds)*time.Second)
	}
	first, err := timeStart(ctx, o)
	if err != nil {
		return err
	}
	if err := first.server.Stop(); err != nil {
		return err
	}
	again, err := timeStart(ctx, o)
	if err != nil {
		return err
	}
	s := again.server
	defer s.Stop()

	fmt.Printf("%d cores, %s/%s, %s; load and fake model on the same machine\n\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if *only == "ingest" {
		return ingest(ctx, s, *bin, append(o.Env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME")))
	}
	if *only == "inbox" {
		return inbox(ctx, o, s, *bin, dir+"/data/postgres", min(*messages, 400))
	}
	fmt.Printf("| measure | value |\n|-|-|\n")
	fmt.Printf("| start with an empty data directory, to ready | %s |\n", round(first.took))
	fmt.Printf("| second start, Postgres' own included, to ready | %s |\n", round(again.took))
	if err := memory(ctx, s, *streams); err != nil {
		return err
	}
	for _, visitors := range []int{1, 50, 200} {
		n := *messages
		if visitors == 1 {
			n = min(n, 200)
		}
		l, err := latency(ctx, s.URL, visitors, max(n/visitors, 5))
		if err != nil {
			return err
		}
		fmt.Printf("| POST → first streamed token, %d visitors | p50 %s, p99 %s |\n", visitors, round(l.token.at(.5)), round(l.token.at(.99)))
		fmt.Printf("| POST → stored answer, %d visitors | p50 %s, p99 %s |\n", visitors, round(l.answer.at(.5)), round(l.answer.at(.99)))
		ai.Forget()
	}
	a, err := accepting(ctx, s.URL, 50, time.Duration(*seconds)*time.Second)
	if err != nil {
		return err
	}
	fmt.Printf("| messages accepted per second, 50 visitors, answers going on beside | %.0f (p50 %s, p99 %s) |\n", a.rate, round(a.post.at(.5)), round(a.post.at(.99)))
	if m, err := s.Memory(); err == nil {
		fmt.Printf("| resident memory after all this | %.1f MB |\n", float64(m)/(1<<20))
	}
	if *only == "serve" {
		return nil
	}
	if err := ingest(ctx, s, *bin, append(o.Env, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))); err != nil {
		return err
	}
	if err := inbox(ctx, o, s, *bin, dir+"/data/postgres", min(*messages, 400)); err != nil {
		return err
	}
	if err := s.Stop(); err != nil {
		return err
	}
	return chats(ctx, o, *rate, time.Duration(*seconds)*time.Second)
}

type started struct {
	server *proc.Server
	took   time.Duration
}

func timeStart(ctx context.Context, o proc.Options) (started, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	began := time.Now()
	s, err := proc.Start(ctx, o)
	return started{s, time.Since(began)}, err
}

// client returns an HTTP client that keeps enough connections open.
func client(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: 0, DisableCompression: true}}
}

func round(d time.Duration) time.Duration {
	switch {
	case d > time.Second:
		return d.Round(10 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(10 * time.Microsecond)
}
