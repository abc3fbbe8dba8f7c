package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"frontdesk/conversation"
	"frontdesk/knowledge/eval"
	"frontdesk/knowledge/tokens"
)

// replayFlags are what eval --replay is asked for.
type replayFlags struct {
	file   string
	budget int
	count  bool
}

// run replays recorded dialogues on a set's corpus or, without one, on the live knowledge.
func (f replayFlags) run(ctx context.Context, a *app, args []string, asJSON bool) (err error) {
	in, err := os.Open(f.file)
	if err != nil {
		return fmt.Errorf("read the dialogues %s: %s", f.file, reason(err))
	}
	defer in.Close()
	db, k, desk, err := openDesk(ctx, a)
	if err != nil {
		return err
	}
	defer db.close()
	settings, model := desk.settings(), a.cfg.OpenAIModel[0]
	if list := settings.Models.Answer; len(list) > 0 {
		model = list[0]
	}
	b := newBar(a.stderr, isTerminal(a.stderr))
	defer b.end()

	d := conversation.ReplayDeps{Finder: k.purse.Finder(k.store, conversation.Account{}), Purse: k.purse, Settings: settings, Counter: tokens.For(model), Log: a.log}
	if len(args) > 0 {
		set, err := eval.Read(args[0])
		if err != nil {
			return err
		}
		scratch, err := newScratch(ctx, a, db, k.purse)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, scratch.Close(context.WithoutCancel(ctx))) }()
		ps, _ := set.Passages()
		b.stage("load", len(ps))
		if err := scratch.Load(ctx, ps, b.set); err != nil {
			return err
		}
		d.Finder = scratch.Store
	}
	if !f.count && settings.Models.Enabled {
		if d.Model, err = newModel(&a.cfg, desk.settings, a.log); err != nil {
			return err
		}
	}
	cfg := conversation.Config{Budget: settings.Tokens}
	if f.budget > 0 {
		cfg.Budget.Total = f.budget
		cfg.Budget.Passages = min(cfg.Budget.Passages, f.budget*3/8) // as the default shares it
	}
	r, err := conversation.NewReplayer(cfg, d)
	if err != nil {
		return err
	}
	b.stage("replay", 0)
	played := 0
	err = conversation.ReadDialogues(in, func(d conversation.Dialogue) error {
		played++
		b.set(played)
		return r.Play(ctx, d)
	})
	if err != nil {
		return fmt.Errorf("replay %s: %w", f.file, err)
	}
	if err := unpaid(k.purse); err != nil {
		return err
	}
	b.end()
	if asJSON {
		return printJSON(a.stdout, r.Report())
	}
	printReplay(a.stdout, r.Report())
	return nil
}

func printReplay(w io.Writer, r conversation.ReplayReport) {
	fmt.Fprintf(w, "%d dialogues, %d turns, a budget of %d tokens\n\n", r.Dialogues, r.Turns, r.Budget)
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "prompts\tcalls\ttokens a turn\tp95\tmost\tsummaries\ttheir tokens\tshared\tcacheable")
	for _, v := range r.Ways {
		fmt.Fprintf(tw, "%s\t%d\t%.0f\t%d\t%d\t%d\t%d\t%.1f %%\t%.1f %%\n", v.Name, v.Calls, v.Mean, v.P95, v.Most, v.Summaries, v.SummaryTokens, v.Shared*100, v.Cacheable*100)
	}
	tw.Flush()
	if m := r.Model; m != nil {
		fmt.Fprintf(w, "\nThe model's server counted %d calls (%d failed): %d tokens in, %d of them cached (%.1f %%), %d out, $%.6f.\n",
			m.Calls, m.Failed, m.Input, m.Cached, m.Share*100, m.Output, float64(m.Micros)/1e6)
	} else {
		fmt.Fprintln(w, "\nNo model was asked: summaries stand at their longest.")
	}
}
