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
	added, err := k.addFile(ctx, f.path, reading)
	if f.found && errors.Is(err, knowledge.ErrUnsupported) {
		p.passedOver(f.path, "format not read")
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
		p.done(name, d, err)
	}
}

func (k *knowledgeParts) addFile(ctx context.Context, name string, reading chan struct{}) (knowledge.Added, error) {
	select {
	case reading <- struct{}{}:
		defer func() { <-reading }()
	case <-ctx.Done():
		return knowledge.Added{}, ctx.Err()
	}
	content, err := readFile(name)
	if err != nil {
		return knowledge.Added{}, err
	}
	return k.AddFile(ctx, filepath.Base(name), content)
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
