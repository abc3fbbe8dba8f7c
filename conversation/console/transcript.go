package console

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// attachment is a file on its way out. Its headers leave with the first byte, so that
// an error before that is still a problem like any other.
type attachment struct {
	w           http.ResponseWriter
	name, media string
	begun       bool
}

// Write implements io.Writer.
func (a *attachment) Write(p []byte) (int, error) {
	if !a.begun {
		a.begun = true
		h := a.w.Header()
		h.Set("Content-Type", a.media)
		h.Set("Content-Disposition", `attachment; filename="`+a.name+`"`)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
	}
	return a.w.Write(p)
}

// end returns err as long as nothing has left, and cuts the connection afterwards.
func (a *attachment) end(c *Console, err error) error {
	if err == nil || !a.begun {
		return err
	}
	c.log.Warn("file cut on its way out", "error", err)
	panic(http.ErrAbortHandler)
}

// transcript gives a conversation as text: what the customer saw, or with
// notes=true what staff saw. Scores stand where they were given.
func (c *Console) transcript(w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	id, err := pathID(r, conversation.ErrNotFound)
	if err != nil {
		return err
	}
	notes := r.URL.Query().Get("notes") == "true"
	row, err := c.inbox.Row(r.Context(), id, who.ID)
	if err != nil {
		return err
	}
	events, err := c.inbox.Timeline(r.Context(), id)
	if err != nil {
		return err
	}
	scores := slices.DeleteFunc(events, func(e conversation.TimelineEvent) bool { return e.Kind != "rating" || !isScore(e.To) })
	out := &attachment{w: w, name: "transcript-" + id + ".txt", media: "text/plain; charset=utf-8"}
	for after := int64(0); ; {
		list, err := c.engine.Transcript(r.Context(), id, after, maxMessagesPage)
		if err == nil && after == 0 {
			_, err = fmt.Fprintf(out, "Conversation %s (%s), %s\n\n", id, row.State.Channel, row.CreatedAt.UTC().Format("2006-01-02 15:04 MST"))
		}
		for _, m := range list {
			for err == nil && len(scores) > 0 && scores[0].At.Before(m.At) {
				_, err = io.WriteString(out, transcribeScore(scores[0]))
				scores = scores[1:]
			}
			if err == nil && (notes || !m.Note) {
				_, err = io.WriteString(out, transcribe(m))
			}
			after = m.Seq
		}
		if err == nil && len(list) == maxMessagesPage {
			continue
		}
		for _, e := range scores {
			if err == nil {
				_, err = io.WriteString(out, transcribeScore(e))
			}
		}
		return out.end(c, err)
	}
}

// transcribe writes one message. Every line that somebody wrote is indented and
// isolated: none passes for another message's head, for a formula in a spreadsheet,
// or turns what follows it around.
func transcribe(m conversation.Message) string {
	var b strings.Builder
	name := string(m.Author)
	if m.Name != "" {
		name = line(m.Name) + ", " + name
	}
	if m.Note {
		name += ", private note"
	}
	fmt.Fprintf(&b, "[%s] \u2068%s\u2069\n", m.At.UTC().Format("2006-01-02 15:04:05 MST"), name)
	indent(&b, m.Text)
	for _, a := range m.Attachments {
		fmt.Fprintf(&b, "    (%s: \u2068%s\u2069, %d bytes)\n", a.Kind, line(a.Name), a.Bytes)
	}
	b.WriteByte('\n')
	return b.String()
}

// isScore tells a score among ratings, which are thumbs as well.
func isScore(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= conversation.MostScore
}

// transcribeScore writes what the customer thought of an episode, as transcribe does.
func transcribeScore(e conversation.TimelineEvent) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] customer, score: %s of %d\n", e.At.UTC().Format("2006-01-02 15:04:05 MST"), e.To, conversation.MostScore)
	indent(&b, e.Comment)
	b.WriteByte('\n')
	return b.String()
}

func indent(b *strings.Builder, text string) {
	for text := range strings.Lines(text) {
		b.WriteString("    \u2068" + plainLine(text) + "\u2069\n")
	}
}

// plainLine is a line without what only steers a screen.
func plainLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, s)
}
