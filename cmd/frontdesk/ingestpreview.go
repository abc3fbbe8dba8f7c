package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"frontdesk/conversation"
	"frontdesk/conversation/conversationdb"
	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
)

// previewFiles asks the last questions of customers again as if each file were
// there, and prints those that would be answered otherwise. A file of entries is
// tried out in place of the document of its name, as an import would put it.
func previewFiles(ctx context.Context, a *app, paths []string, n int) error {
	return eachFile(ctx, a, "--preview takes files", paths, func(db *database, k *knowledgeParts, path string) (bool, error) {
		previewer := conversation.NewPreviewer(conversationdb.New(db.pool), k, conversation.DefaultThresholds())
		previewer.Settings = k.settings
		result, err := k.previewFile(ctx, previewer, path, n)
		if err != nil {
			return false, err
		}
		printPreview(a.stdout, path, result)
		return true, nil
	})
}

func (k *knowledgeParts) previewFile(ctx context.Context, p *conversation.Previewer, path string, n int) (conversation.Preview, error) {
	content, err := readFile(path)
	if err != nil {
		return conversation.Preview{}, err
	}
	change := knowledge.Change{Upload: knowledge.Upload{Name: filepath.Base(path), Data: content}}
	if extract.IsEntries(ctx, path, content) {
		old, err := k.docs.DocumentNamed(ctx, change.Upload.Name)
		if err != nil && !errors.Is(err, knowledge.ErrNotFound) {
			return conversation.Preview{}, err
		}
		change.Replaces = old.ID
	}
	return p.Preview(ctx, change, n)
}

func printPreview(w io.Writer, path string, p conversation.Preview) {
	for _, q := range p.Changed {
		fmt.Fprintf(w, "%s\n  now   %s\n  then  %s\n", shortened(strings.Join(strings.Fields(q.Text), " ")), decided(q.Now), decided(q.Then))
	}
	fmt.Fprintf(w, "%s: %d of the last %d questions would be answered otherwise; now %s, then %s; nothing was changed\n",
		path, len(p.Changed), p.Questions, stances(p.Now), stances(p.Then))
}

// decided is one decision in a line.
func decided(d conversation.Prospect) string {
	line := fmt.Sprintf("%s, confidence %.2f", d.Stance, d.Confidence)
	if h := d.Top; h != nil {
		line += fmt.Sprintf(": %s (%s): %s", shortened(h.Title), whence(h.Document, h.Heading, h.Page), shortened(strings.Join(strings.Fields(h.Text), " ")))
	}
	return line
}

func stances(n map[conversation.Stance]int) string {
	return fmt.Sprintf("%d verbatim, %d answered, %d with an offer, %d unknown", n[conversation.StanceVerbatim], n[conversation.StanceAnswer],
		n[conversation.StanceOffer], n[conversation.StanceUnknown])
}
