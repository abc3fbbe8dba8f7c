package slack

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"
)

const (
	// appendEvery and editEvery are how often a growing answer is shown: Slack
	// takes some 100 appends and 50 edits a minute in a workspace.
	// https://docs.slack.dev/apis/web-api/rate-limits
	appendEvery = 700 * time.Millisecond
	editEvery   = 2 * time.Second
	// maxAppend bounds one append. https://docs.slack.dev/reference/methods/chat.appendStream
	maxAppend = 12000
	// maxDraft bounds how much of an answer is shown before it is whole.
	maxDraft = 2800
)

// draft is an answer as its reader sees it grow: a stream where the workspace
// has those, else a message that is edited.
type draft struct {
	at   place
	turn string

	// mu is held during every call about the message, so that what ends it never
	// crosses what makes it grow. It guards the rest.
	mu      sync.Mutex
	ts      string // empty: it never came to be
	stream  bool
	shown   int  // bytes of the text that the message holds
	open    bool // the stream has not been stopped
	settled bool // it is the final text, or gone
}

// drafts are those that no delivery has taken yet, by turn.
type drafts struct {
	mu sync.Mutex // guards m
	m  map[string]*draft
}

func (d *drafts) put(x *draft) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.m == nil {
		d.m = map[string]*draft{}
	}
	d.m[x.turn] = x
}

// take hands a turn's draft to whoever ends it: nil when there is none, or it
// has been taken.
func (d *drafts) take(turn string) *draft {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.m[turn]
	delete(d.m, turn)
	return x
}

// begin shows the beginning of an answer. It returns nil where that cannot be
// done. The draft can be taken from the first moment: whoever does waits here
// until it is known what became of it.
func (b *Bot) begin(ctx context.Context, at place, to addressee, user, turn, text string) *draft {
	d := &draft{at: at, turn: turn, shown: len(text)}
	d.mu.Lock()
	defer d.mu.Unlock()
	b.drafts.put(d)
	if d.ts = b.startStream(ctx, at, to, user, text); d.ts != "" {
		d.stream, d.open = true, true
		return d
	}
	if b.live.on(optDraft) && (at.thread == "" || !b.live.on(optStream)) {
		_, ts, err := b.api.PostMessageContext(ctx, at.channel, draftOptions(at, text)...)
		b.live.heard(optDraft, err)
		if d.ts = ts; err == nil && ts != "" {
			return d
		}
	}
	d.settled, d.ts = true, ""
	b.drafts.take(turn)
	return nil
}

// startStream returns the id of a new stream, empty where there can be none.
func (b *Bot) startStream(ctx context.Context, at place, to addressee, user, text string) string {
	if at.thread == "" || !b.live.on(optStream) {
		return ""
	}
	opts := []slack.MsgOption{slack.MsgOptionTS(at.thread), slack.MsgOptionMarkdownText(harmless(text))}
	if !direct(at.channel) {
		opts = append(opts, slack.MsgOptionRecipientTeamID(to.team), slack.MsgOptionRecipientUserID(user))
	}
	_, ts, err := b.api.StartStreamContext(ctx, at.channel, opts...)
	b.live.heard(optStream, err)
	if err != nil {
		return ""
	}
	return ts
}

// grow shows more of the answer, of which text is all there is so far. It may
// leave it for the next time.
func (b *Bot) grow(ctx context.Context, d *draft, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.settled || d.shown >= len(text) {
		return
	}
	if d.stream {
		if !b.live.on(optStream) {
			return
		}
		more := text[d.shown:]
		if len(more) > maxAppend/2 {
			more = more[:maxAppend/2]
		}
		_, _, err := b.api.AppendStreamContext(ctx, d.at.channel, d.ts, slack.MsgOptionMarkdownText(harmless(strings.ToValidUTF8(more, ""))))
		b.live.heard(optStream, err)
		// Lost or not, a piece is not sent again: the final text mends it.
		d.shown += len(more)
		return
	}
	if !b.live.on(optDraft) {
		return
	}
	_, _, _, err := b.api.UpdateMessageContext(ctx, d.at.channel, d.ts, draftOptions(place{}, text)...)
	b.live.heard(optDraft, err)
	d.shown = len(text)
}

// errNoDraft is returned for a draft that never came to be.
var errNoDraft = errors.New("slack: there is no draft")

// settle makes the draft the final message. Doing so again does no harm.
func (b *Bot) settle(ctx context.Context, d *draft, final post, mark *slack.SlackMetadata) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled = true
	if d.ts == "" {
		return "", errNoDraft
	}
	if err := b.stop(ctx, d); err != nil {
		return "", err
	}
	_, _, _, err := b.api.UpdateMessageContext(ctx, d.at.channel, d.ts, final.options(mark, true)...)
	if is(err, refusedBlocks) {
		_, _, _, err = b.api.UpdateMessageContext(ctx, d.at.channel, d.ts, final.options(nil, false)...)
	}
	if err != nil {
		return "", err
	}
	return d.ts, nil
}

// stop ends the stream; a stream cannot be changed otherwise. One that Slack
// has ended itself is as good.
func (b *Bot) stop(ctx context.Context, d *draft) error {
	if !d.open {
		return nil
	}
	_, _, err := b.api.StopStreamContext(ctx, d.at.channel, d.ts)
	if err != nil && (code(err) == "" || wait(err) > 0) {
		return err
	}
	d.open = false
	return nil
}

// withdraw takes a draft away that will not become a message; nil is none.
func (b *Bot) withdraw(ctx context.Context, d *draft) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled = true
	if d.ts == "" {
		return
	}
	// It goes although the turn's own time is over.
	within := withdrawTimeout
	if ctx.Err() != nil {
		within = withdrawAtEnd
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	for attempt := range withdrawTries {
		err := b.stop(ctx, d)
		if err == nil {
			if _, _, err = b.api.DeleteMessageContext(ctx, d.at.channel, d.ts); err == nil || code(err) == "message_not_found" {
				return
			}
		}
		pause := max(wait(err), backoff(attempt))
		if code(err) != "" && wait(err) == 0 || attempt == withdrawTries-1 || !sleep(ctx, pause) {
			b.log.Warn("slack: a withdrawn answer could not be deleted", "err", safe(err))
			return
		}
	}
}

// How long and how often the removal of a draft is tried.
const (
	withdrawTimeout = 20 * time.Second
	withdrawAtEnd   = 5 * time.Second // when the server stops
	withdrawTries   = 4
)

// harmless makes a piece of Markdown call nobody, wherever it was cut: nothing
// that begins a mention is left next to what would make it one.
func harmless(text string) string {
	return strings.NewReplacer("<", "<\u200b", "@", "@\u200b", "&", "&\u200b").Replace(text)
}

func draftOptions(at place, text string) []slack.MsgOption {
	shown := sections(markdown(text), maxDraft)
	words := "…"
	if len(shown) > 0 {
		words = shown[0] + " …"
	}
	opts := post{texts: []string{words}}.options(nil, true)
	if at.thread != "" {
		opts = append(opts, slack.MsgOptionTS(at.thread))
	}
	return opts
}
