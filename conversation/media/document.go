package media

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/knowledge"
)

const (
	// extractWithin bounds reading a document: the customer waits.
	extractWithin = 20 * time.Second
	// maxDocumentTokens is how much of a document's text is kept for the model,
	// some three pages; it shares the turn's room with the customer's words.
	maxDocumentTokens = 1500
	// maxDocumentBytes is how much text is gathered before it is cut by tokens.
	maxDocumentBytes = 32 << 10
)

// document takes the text out of a document, from its beginning.
func (r *Reader) document(ctx context.Context, f conversation.File, out *conversation.Reading) error {
	within, cancel := context.WithTimeout(ctx, extractWithin)
	defer cancel()
	text, err := r.cfg.Extract(within, f.Name, "", f.Content)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, knowledge.ErrBusy):
		return err
	case within.Err() != nil:
		out.Refused = conversation.RefusedTimeout
		return nil
	default:
		out.Refused = refusalOf(err)
		return nil
	}
	out.Text = r.cfg.Counter.Truncate(clip(beginning(text)), maxDocumentTokens)
	if out.Text == "" {
		out.Refused = conversation.RefusedEmpty
	}
	return nil
}

// beginning joins a document's parts until there is enough.
func beginning(t knowledge.Text) string {
	var b strings.Builder
	add := func(s string) bool {
		if s = strings.TrimSpace(s); s != "" {
			if b.Len() > 0 {
				b.WriteString("\n")
			}
			b.WriteString(s[:min(len(s), maxDocumentBytes)])
		}
		return b.Len() < maxDocumentBytes
	}
	add(t.Title)
	for _, s := range t.Sections {
		if len(s.Heading) > 0 && !add(s.Heading[len(s.Heading)-1]) || !add(s.Body) {
			break
		}
	}
	for _, e := range t.Entries {
		if !add(e.Question) || !add(e.Answer) {
			break
		}
	}
	return strings.ToValidUTF8(b.String(), "")
}
