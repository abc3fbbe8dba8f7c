package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"frontdesk/bots/slack"
	"frontdesk/bots/telegram"
	"frontdesk/bots/widget"
	"frontdesk/conversation"
	"frontdesk/conversation/console"
	"frontdesk/knowledge"
)

// testText is what a test message says.
const testText = "This is a test message from Frontdesk. Whoever reads it need do nothing."

// testChannelWithin bounds a test, the message included.
const testChannelWithin = 15 * time.Second

// Channels implements console.Health.
func (v *vitals) Channels(ctx context.Context) ([]console.ChannelReport, error) {
	names := []string{widget.Channel, slack.Channel, telegram.Channel}
	known, _, err := v.reports.get(ctx, v.now(), vitalsEvery, func(ctx context.Context) (map[string]conversation.ChannelVitals, error) {
		return v.store.Channels(ctx, names)
	})
	if err != nil {
		return nil, err
	}
	states := v.channels.states()
	out := make([]console.ChannelReport, len(names))
	for i, name := range names {
		k := known[name]
		r := console.ChannelReport{Name: name, State: console.ChannelOff, LastError: k.LastError, Undelivered: k.Undelivered}
		r.LastEventAt, r.LastErrorAt = orNone(k.LastEventAt), orNone(k.LastErrorAt)
		st, configured := states[name]
		switch {
		case name == widget.Channel:
			r.Enabled, r.State = true, console.ChannelOK
		case configured && st.OK:
			r.Enabled, r.State, r.Account = true, console.ChannelOK, st.Detail
		case configured:
			now := v.now().UTC()
			r.Enabled, r.State, r.LastError, r.LastErrorAt = true, console.ChannelFailed, st.Detail, &now
		}
		out[i] = r
	}
	return out, nil
}

func orNone(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// TestChannel implements console.Health.
func (v *vitals) TestChannel(ctx context.Context, name, to string) (console.ChannelTest, error) {
	ctx, cancel := context.WithTimeout(ctx, testChannelWithin)
	defer cancel()
	var found []finding
	switch name {
	case widget.Channel:
		if to != "" {
			return console.ChannelTest{Text: "The widget's customers fetch their messages: there is nobody to send one to. Write to it on the demo page."}, nil
		}
		return console.ChannelTest{OK: true, Text: "The widget is served by this server itself."}, nil
	case slack.Channel:
		found = examineSlack(ctx, v.cfg)
	case telegram.Channel:
		found = examineTelegram(ctx, v.cfg)
	default:
		return console.ChannelTest{}, console.ErrNoChannel
	}
	t := tested(found)
	if !t.OK || to == "" {
		return t, nil
	}
	if err := v.channels.sendTest(ctx, name, to); err != nil {
		return console.ChannelTest{Text: t.Text + "; the message was not sent: " + err.Error()}, nil
	}
	return console.ChannelTest{OK: true, Text: t.Text + "; the message was sent"}, nil
}

// tested sums findings up: what is wrong, or else what is.
func tested(found []finding) console.ChannelTest {
	var good, bad []string
	for _, f := range found {
		switch f.Verdict {
		case verdictOK:
			good = append(good, f.Detail)
		case verdictWarning, verdictMissing:
			bad = append(bad, strings.TrimSpace(f.Detail+". "+f.Advice))
		}
	}
	switch {
	case len(bad) > 0:
		return console.ChannelTest{Text: strings.Join(bad, "; ")}
	case len(good) == 0:
		return console.ChannelTest{Text: "This channel is not configured. README.md has its settings."}
	}
	return console.ChannelTest{OK: true, Text: strings.Join(good, "; ")}
}

// sendTest sends the test message as the courier would send any other. What it is an
// answer to does not exist, so it is in no log.
func (c *channels) sendTest(ctx context.Context, name, to string) error {
	sender := c.senders[name]
	if sender == nil {
		return errors.New("the channel does not work")
	}
	d := conversation.Delivery{Channel: name, Thread: to, Attempt: 1,
		Message: conversation.Message{Conversation: knowledge.NewID(), Seq: 1, Author: conversation.AuthorSystem, Text: testText, At: time.Now()}}
	if name == telegram.Channel {
		d.Account = c.telegram.Account()
	}
	_, err := sender.Send(ctx, d)
	var send *conversation.SendError
	if errors.As(err, &send) {
		err = send.Err
	}
	return err
}
