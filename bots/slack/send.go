package slack

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

// markType is the event type of the metadata that marks our messages, so that
// one whose posting we did not hear the end of can be recognised.
const markType = "frontdesk_message"

// errNoToken is returned where there is nothing to send with.
var errNoToken = errors.New("slack: SLACK_BOT_TOKEN is not set")

// Send implements conversation.Sender. A delivery's text appears once however
// often it is tried: parts that were posted are not posted again, and after a
// call whose outcome is unknown the thread is asked what it holds. Only where
// Slack refuses that look may a part appear twice. An answer that was shown
// while it was made becomes the final text in its place.
func (b *Bot) Send(ctx context.Context, d conversation.Delivery) (string, error) {
	if !b.Enabled() {
		return "", &conversation.SendError{Err: errNoToken, RetryAfter: waitToken}
	}
	at := placeOf(d.Thread)
	if !validID(at.channel) || at.thread != "" && !validTS(at.thread) {
		return "", &conversation.SendError{Err: errors.New("slack: not a place of Slack's"), Permanent: true}
	}
	key := d.Message.Conversation + " " + strconv.FormatInt(d.Message.Seq, 10)
	p := b.progress.get(key)
	if p == nil {
		p = &sent{unsure: d.Attempt > 1}
		if d.Message.Author == conversation.AuthorBot && d.Message.Turn != "" {
			p.draft = b.drafts.take(d.Message.Turn)
		}
	}
	id, err := b.deliver(ctx, at, d, p)
	if err != nil {
		out := fileError(err)
		if out != nil {
			b.progress.keep(key, p) // of what is there: staff may have the rest tried again
			return "", out
		}
		out = sendError(err)
		if out.Permanent {
			b.withdraw(ctx, p.draft)
			b.progress.forget(key)
		} else {
			b.progress.keep(key, p)
		}
		return "", out
	}
	b.progress.forget(key)
	return id, nil
}

func (b *Bot) deliver(ctx context.Context, at place, d conversation.Delivery, p *sent) (string, error) {
	posts := compose(d.Message)
	if len(d.Message.Attachments) > 0 && d.Message.Text == "" {
		posts = nil // the files are all that is said
	}
	id, err := b.deliverPosts(ctx, at, d, posts, p)
	if err != nil {
		return "", err
	}
	if len(posts) == 0 {
		id = "" // what stands there is a file
	}
	return id, b.deliverFiles(ctx, at, d.Message, len(posts), p)
}

// deliverPosts posts those of a message's parts that are not there yet.
func (b *Bot) deliverPosts(ctx context.Context, at place, d conversation.Delivery, posts []post, p *sent) (string, error) {
	if p.unsure {
		if err := b.lookFor(ctx, at, d, p); err != nil {
			return "", err
		}
	}
	for i, post := range posts {
		if p.parts[i] != "" {
			continue
		}
		mark := &slack.SlackMetadata{EventType: markType, EventPayload: map[string]any{
			"conversation": d.Message.Conversation, "seq": d.Message.Seq, "part": i,
		}}
		ts, err := b.deliverPart(ctx, at, post, mark, i, p)
		if err != nil {
			return "", err
		}
		if p.parts == nil {
			p.parts = map[int]string{}
		}
		p.parts[i] = ts
	}
	b.withdraw(ctx, p.draft) // left over where another process posted the first part
	p.draft = nil
	return p.parts[0], nil
}

// deliverPart makes the draft, where there is one, the first part, and posts
// every other.
func (b *Bot) deliverPart(ctx context.Context, at place, part post, mark *slack.SlackMetadata, i int, p *sent) (string, error) {
	if err := b.pace.wait(ctx, at.channel); err != nil {
		return "", err
	}
	if p.draft != nil && i == 0 {
		ts, err := b.settle(ctx, p.draft, part, mark)
		if err == nil {
			p.draft = nil
			return ts, nil
		}
		if !errors.Is(err, errNoDraft) && unsure(err) || wait(err) > 0 || is(err, refusedToken) {
			return "", err // the same change again does no harm
		}
		b.withdraw(ctx, p.draft)
		p.draft = nil
	}
	ts, err := b.post(ctx, at, part, mark)
	if err != nil {
		p.unsure = unsure(err)
	}
	return ts, err
}

// post posts one message, without its blocks where Slack dislikes those.
func (b *Bot) post(ctx context.Context, at place, part post, mark *slack.SlackMetadata) (string, error) {
	call := func(mark *slack.SlackMetadata, blocks bool) (string, error) {
		opts := part.options(mark, blocks)
		if at.thread != "" {
			opts = append(opts, slack.MsgOptionTS(at.thread))
		}
		_, ts, err := b.api.PostMessageContext(ctx, at.channel, opts...)
		if err == nil && ts == "" {
			err = errors.New("slack: posted, but no id came back")
		}
		return ts, err
	}
	ts, err := call(mark, true)
	if is(err, refusedBlocks) {
		b.log.Warn("slack refused a message's layout; sending its words alone", "err", safe(err))
		ts, err = call(nil, false)
	}
	return ts, err
}

// say posts a few words that are no delivery.
func (b *Bot) say(ctx context.Context, at place, text string) error {
	if err := b.pace.wait(ctx, at.channel); err != nil {
		return err
	}
	_, err := b.post(ctx, at, post{texts: []string{escape(text)}}, nil)
	return err
}

const (
	// lookBack is how far before a message's own time its copy in Slack is looked
	// for: more than two clocks may differ.
	lookBack = 10 * time.Minute
	// lookPages and lookSize bound that search.
	lookPages = 5
	lookSize  = 200
)

// lookFor asks the thread which parts of a delivery it holds already. Where
// Slack will not say, the answer matters more than a possible repeat.
func (b *Bot) lookFor(ctx context.Context, at place, d conversation.Delivery, p *sent) error {
	cursor, oldest := "", tsOf(d.Message.At.Add(-lookBack))
	for range lookPages {
		var (
			ms  []slack.Message
			err error
		)
		if at.thread != "" {
			ms, _, cursor, err = b.api.GetConversationRepliesContext(ctx, &slack.GetConversationRepliesParameters{
				ChannelID: at.channel, Timestamp: at.thread, Oldest: oldest, Cursor: cursor, Limit: lookSize, IncludeAllMetadata: true,
			})
		} else {
			var r *slack.GetConversationHistoryResponse
			r, err = b.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{
				ChannelID: at.channel, Oldest: oldest, Cursor: cursor, Limit: lookSize, IncludeAllMetadata: true,
			})
			if err == nil {
				ms, cursor = r.Messages, r.ResponseMetaData.NextCursor
			}
		}
		if is(err, unseeable) || code(err) != "" && wait(err) == 0 && !is(err, refusedPlace) && !is(err, refusedToken) {
			b.log.Warn("slack: cannot see whether a message was posted; it may appear twice", "conversation", d.Message.Conversation, "err", safe(err))
			p.unsure = false
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for a posted message: %w", err)
		}
		for _, m := range ms {
			b.recognise(m, d, p)
		}
		if cursor == "" {
			break
		}
	}
	p.unsure = false
	return nil
}

// recognise notes m when it is a part of d. Others could write the same mark:
// only our own messages count.
func (b *Bot) recognise(m slack.Message, d conversation.Delivery, p *sent) {
	if me := b.me.Load(); me != nil && m.User != me.User && (me.Bot == "" || m.BotID != me.Bot) {
		return
	}
	mark := m.Metadata
	seq, ok := mark.EventPayload["seq"].(float64)
	part, ok2 := mark.EventPayload["part"].(float64)
	if mark.EventType != markType || mark.EventPayload["conversation"] != d.Message.Conversation || !ok || !ok2 || int64(seq) != d.Message.Seq {
		return
	}
	if p.parts == nil {
		p.parts = map[int]string{}
	}
	p.parts[int(part)] = m.Timestamp
}

// tsOf writes a time as Slack writes its message ids.
func tsOf(t time.Time) string { return fmt.Sprintf("%d.%06d", t.Unix(), t.Nanosecond()/1000) }

// timeOf reads the time a message id stands for.
func timeOf(ts string) (time.Time, bool) {
	if !validTS(ts) {
		return time.Time{}, false
	}
	f, err := strconv.ParseFloat(ts, 64)
	if err != nil || f > 1e11 {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}
