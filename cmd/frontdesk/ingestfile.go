package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"frontdesk/knowledge"
	"frontdesk/knowledge/extract"
)

// ingestFile adds one file, or each file of an archive, and tells what became
// of it once that is known. reading has a slot for each file in memory.
func (k *knowledgeParts) ingestFile(ctx context.Context, f source, reading chan struct{}, p *progress) {
	added, err := k.addFile(ctx, f, reading, p)
	if f.found && errors.Is(err, knowledge.ErrUnsupported) {
		p.passedOver(f.path, "format not read")
		return
	}
	if errors.Is(err, knowledge.ErrRefused) {
		p.refused()
		return
	}
	if err != nil {
		p.done(f.path, knowledge.Document{}, err)
		return
	}
	p.more(len(added.Documents) + len(added.PassedOver) - 1)
	for _, over := range added.PassedOver {
		p.passedOver(f.path+": "+over.Name, knowledge.Words(over.Reason))
	}
	for _, d := range added.Documents {
		name := f.path
		if added.Archive {
			name += ": " + d.Name
		}
		d, err := k.docs.Wait(ctx, d.ID, func(d knowledge.Document) { p.stage(name, d) })
		if err == nil && d.Status == knowledge.StatusFailed {
			err = errors.New(d.Error)
		}
		if err == nil && d.Status == knowledge.StatusEmbedding && d.Error == knowledge.BudgetNote {
			p.waits(name, d.Passages)
			continue
		}
		p.done(name, d, err)
	}
}

// addFile adds a file; one that was named and is all questions with answers is
// imported, and the report told.
func (k *knowledgeParts) addFile(ctx context.Context, f source, reading chan struct{}, p *progress) (knowledge.Added, error) {
	select {
	case reading <- struct{}{}:
		defer func() { <-reading }()
	case <-ctx.Done():
		return knowledge.Added{}, ctx.Err()
	}
	content, err := readFile(f.path)
	if err != nil {
		return knowledge.Added{}, err
	}
	name := filepath.Base(f.path)
	if f.found || !extract.IsEntries(ctx, name, content) {
		return k.AddFile(ctx, name, content)
	}
	if f.namesake != "" {
		return knowledge.Added{}, fmt.Errorf("%s has the same name, by which files of entries replace each other", f.namesake)
	}
	report, err := k.ImportEntries(ctx, name, content, false)
	if len(report.Rows) > 0 {
		p.report(f.path, report, err == nil)
	}
	return knowledge.Added{Documents: []knowledge.Document{{ID: report.Document.ID, Name: report.Document.Name}}}, err
}

// readFile reads a file of at most extract.MaxFile bytes; nothing larger can
// become a document.
func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var content bytes.Buffer
	if info, err := f.Stat(); err == nil { // the room is made at once: growing would take that of several files
		content.Grow(int(min(info.Size(), extract.MaxFile+1)) + bytes.MinRead)
	}
	if _, err := content.ReadFrom(io.LimitReader(f, extract.MaxFile+1)); err != nil {
		return nil, err
	}
	if content.Len() > extract.MaxFile {
		return nil, fmt.Errorf("%w: more than %d MB", knowledge.ErrTooLarge, extract.MaxFile>>20)
	}
	return content.Bytes(), nil
}
