package main

import (
	"context"
	"fmt"
	"io"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

// askWhy answers without a conversation and shows how the answer comes about.
func askWhy(ctx context.Context, a *app, question string) error {
	db, _, d, err := openDesk(ctx, a)
	if err != nil {
		return err
	}
	defer db.close()
	w := &whyPrinter{w: a.stdout}
	out, err := d.Ask(ctx, conversation.AskRequest{Question: question}, w)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "\nAnswer")
	var list []conversation.Message
	for _, m := range out.Messages {
		list = append(list, conversation.Message{Text: m.Text, Sources: m.Sources, Options: m.Options})
	}
	printAnswer(a.stdout, list, "")
	fmt.Fprintf(a.stdout, "\n%s, %s", out.Trace.Kind, out.Trace.Decision)
	if out.Trace.Error != "" {
		fmt.Fprintf(a.stdout, "; the model failed: %s", out.Trace.Error)
	}
	if out.Trace.Model != "" {
		fmt.Fprintf(a.stdout, "; %s, $%.6f", out.Trace.Model, float64(out.Trace.Cost)/1e6)
	}
	fmt.Fprintf(a.stdout, "; %d ms\n", out.Took.Milliseconds())
	return nil
}

// whyPrinter writes what is told of an answer on its way.
type whyPrinter struct{ w io.Writer }

// Found implements conversation.AskWatcher.
func (p *whyPrinter) Found(r knowledge.Result, th conversation.Thresholds, hits []conversation.TracedHit) {
	r.Thresholds = knowledge.Thresholds{Answer: th.Answer, Maybe: th.Maybe}
	printResult(p.w, r)
	for i, h := range hits {
		fmt.Fprintf(p.w, "%s%d. %s", map[bool]string{true: "\n"}[i == 0], i+1, h.Fate)
		if i == len(hits)-1 {
			fmt.Fprintln(p.w)
		} else {
			fmt.Fprint(p.w, "  ")
		}
	}
}

// Prompted implements conversation.AskWatcher.
func (p *whyPrinter) Prompted(pr conversation.Prompt) {
	t := pr.Tokens
	fmt.Fprintf(p.w, "\nPrompt: %d tokens (fixed %d, passages %d, history %d, question %d)\n",
		t.Fixed+t.Passages+t.Summary+t.History+t.Turn, t.Fixed, t.Passages, t.Summary+t.History, t.Turn)
	for _, m := range pr.Request.Messages {
		fmt.Fprintf(p.w, "[%s]\n%s\n", m.Role, m.Text)
	}
}

// Delta implements conversation.AskWatcher: the whole answer is printed in its time.
func (p *whyPrinter) Delta(string) {}

// Discard implements conversation.AskWatcher.
func (p *whyPrinter) Discard() {}
