package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"frontdesk/bots/widget"
	"frontdesk/conversation"
)

const (
	// askWithin is how long a person at a command line waits for an answer.
	askWithin = 90 * time.Second
	// askPoll is how often the log is read: a server beside may have taken the
	// turn, and its events do not reach us.
	askPoll = 250 * time.Millisecond
	// askPage is more messages than one question gets.
	askPage = 20
)

var askCommand = command{
	name: "ask", usage: "QUESTION [--why]", quiet: true,
	summary: "Ask the bot a question as a customer would, and show its sources",
	help: `The question goes the very way a customer's does, and is kept as a conversation that the
console shows. With --why nothing is kept, and the passages, what became of each and the prompt
are shown too.

  frontdesk ask "how long does delivery take"`,
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		why := fs.Bool("why", false, "show what was found, what became of it and the prompt; keep nothing")
		return func(ctx context.Context, a *app, args []string) error {
			question, err := oneText(args)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(ctx, askWithin)
			defer cancel()
			if *why {
				err = askWhy(ctx, a, question)
			} else {
				err = ask(ctx, a, question)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("there is no answer after %v", askWithin)
			}
			return err
		}
	},
}

func ask(ctx context.Context, a *app, question string) error {
	db, _, d, err := openDesk(ctx, a)
	if err != nil {
		return err
	}
	defer db.close()
	working, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(working, time.Second) })
	defer wg.Wait()
	defer stop()

	// A customer of the widget's reads the log, as we do here.
	st, err := d.Open(ctx, conversation.Opening{Channel: widget.Channel, Account: "command line"})
	if err != nil {
		return err
	}
	sub := d.Subscribe(st.Conversation)
	defer sub.Close()
	got, err := d.Receive(ctx, conversation.Inbound{Conversation: st.Conversation, Channel: widget.Channel, Account: "command line", Text: question})
	if err != nil {
		return err
	}
	return follow(ctx, d, sub, st.Conversation, got.Seq, a.stdout)
}

// follow writes the answer to the message seq as it comes. What was streamed and
// then withdrawn is followed by what was stored.
func follow(ctx context.Context, d *desk, sub *conversation.Subscription, id string, seq int64, w io.Writer) error {
	poll := time.NewTicker(askPoll)
	defer poll.Stop()
	var shown strings.Builder
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		case <-sub.C():
			for _, e := range sub.Take() {
				switch e.Kind {
				case conversation.EventDelta:
					shown.WriteString(e.Text)
					fmt.Fprint(w, e.Text)
				case conversation.EventDiscard:
					if shown.Len() > 0 {
						fmt.Fprint(w, "\n[withdrawn]\n")
						shown.Reset()
					}
				}
			}
		}
		list, err := d.Messages(ctx, id, seq, askPage)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			printAnswer(w, list, shown.String())
			return nil
		}
	}
}

// printAnswer writes the stored messages, without repeating what was streamed.
func printAnswer(w io.Writer, list []conversation.Message, shown string) {
	for _, m := range list {
		rest, streamed := strings.CutPrefix(m.Text, shown)
		switch {
		case shown == "":
			fmt.Fprintln(w, m.Text)
		case streamed:
			fmt.Fprintln(w, rest)
		default:
			fmt.Fprintf(w, "\n[as stored]\n%s\n", m.Text)
		}
		shown = ""
		if len(m.Options) > 0 {
			fmt.Fprintln(w, conversation.Listed(m.Options))
		}
		for _, s := range m.Sources {
			title := s.Title
			if title == "" {
				title = s.Heading
			}
			fmt.Fprintf(w, "  [%d] %s", s.N, whence(title, s.Heading, s.Page))
			if s.URL != "" {
				fmt.Fprintf(w, " <%s>", s.URL)
			}
			fmt.Fprintln(w)
		}
	}
}
