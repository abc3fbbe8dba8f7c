package conversation

import (
	"context"
	"errors"
	"strings"

	"frontdesk/knowledge"
)

// goldenBefore is how many messages before a message are looked at.
const goldenBefore = 60

// Golden makes a test of a conversation: what the customer asked is its question, and
// what the bot's answer cites is expected. seq names the answer, or the question that it
// followed; of a reply of staff it is the answer to the same question. What was said
// before in the episode is the test's history. The test goes with the conversation whose
// words it quotes. ErrNotFound, ErrNoSource, and Add's.
func (ts *Tests) Golden(ctx context.Context, conversation string, seq int64) (Test, error) {
	log, err := ts.Store.Messages(ctx, conversation, max(0, seq-goldenBefore-1), 2*goldenBefore, true)
	if err != nil {
		return Test{}, err
	}
	public := log[:0:0]
	at := -1
	for _, m := range log {
		if m.Note || m.Author == AuthorSystem {
			continue
		}
		if m.Seq == seq {
			at = len(public)
		}
		public = append(public, m)
	}
	if at < 0 {
		return Test{}, ErrNotFound
	}
	t, answers := goldenOf(public, at)
	if t.Question == "" {
		return Test{}, ErrNotFound
	}
	var passages []string
	for _, m := range answers {
		for _, s := range m.Sources {
			passages = append(passages, s.Passage)
		}
		if len(passages) > 0 {
			break
		}
	}
	known, err := ts.Store.TestPassages(ctx, passages)
	if err != nil {
		return Test{}, err
	}
	for _, p := range passages {
		if _, there := known[p]; there && len(t.Expect.Passages) < MaxTestExpects {
			t.Expect.Passages = append(t.Expect.Passages, p)
		}
	}
	if len(t.Expect.Passages) == 0 {
		return Test{}, ErrNoSource
	}
	t.ID, t.Origin, t.Conversation, t.Expect.Answerable = knowledge.NewID(), TestConversation, conversation, true
	t, err = ts.save(ctx, t)
	var bad *BadTestError
	if errors.As(err, &bad) && bad.Field == "question" {
		return t, ErrNotFound // a picture, say
	}
	return t, err
}

// goldenOf is the question that a message asks or answers, without what is expected, and
// the answers to it, the one named first.
func goldenOf(log []Message, at int) (t Test, answers []Message) {
	last := at
	for last >= 0 && log[last].Author != AuthorCustomer {
		last--
	}
	if last < 0 {
		return t, nil
	}
	for last+1 < len(log) && log[at].Author == AuthorCustomer && log[last+1].Author == AuthorCustomer {
		last++ // of a burst, all of it
	}
	first := last
	for first > 0 && log[first-1].Author == AuthorCustomer && log[first-1].Episode == log[last].Episode {
		first--
	}
	var words []string
	for _, m := range log[first : last+1] {
		if text := heard(m); text != "" {
			words = append(words, text)
		}
	}
	t.Question = strings.Join(words, "\n")
	for _, m := range log[max(0, first-MaxTestHistory):first] {
		if m.Episode == log[first].Episode && strings.TrimSpace(m.Text) != "" {
			t.History = append(t.History, TestSaid{Author: m.Author, Text: m.Text})
		}
	}
	if log[at].Author != AuthorCustomer {
		answers = append(answers, log[at])
	}
	for i := last + 1; i < len(log) && log[i].Author != AuthorCustomer; i++ {
		if i != at {
			answers = append(answers, log[i])
		}
	}
	return t, answers
}
