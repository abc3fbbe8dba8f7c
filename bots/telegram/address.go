package telegram

import (
	"errors"
	"strconv"
	"strings"
)

// address is where messages of a conversation go: a chat, a topic of it, or a
// chat of a business account that the bot answers for.
type address struct {
	chat     int64
	topic    int
	business string // id of the business connection
}

var errAddress = errors.New("not a thread of Telegram's")

// thread is the address as a conversation keeps it: 123, -100123/45 or
// 123@connection. A customer's chat with the bot and with a business account have
// the same number, and are two conversations.
func (a address) thread() string {
	s := strconv.FormatInt(a.chat, 10)
	if a.topic != 0 {
		s += "/" + strconv.Itoa(a.topic)
	}
	if a.business != "" {
		s += "@" + a.business
	}
	return s
}

func parseThread(s string) (address, error) {
	var a address
	var err error
	rest, business, isBusiness := strings.Cut(s, "@")
	chat, topic, isTopic := strings.Cut(rest, "/")
	if a.chat, err = strconv.ParseInt(chat, 10, 64); err != nil || a.chat == 0 || isBusiness && business == "" {
		return address{}, errAddress
	}
	if isTopic {
		if a.topic, err = strconv.Atoi(topic); err != nil || a.topic <= 0 {
			return address{}, errAddress
		}
	}
	a.business = business
	return a, nil
}

// addressOf is where the answer to m goes. Replies in a group without topics have
// a thread id too, which is none of a topic.
func addressOf(m *message) address {
	a := address{chat: m.Chat.ID, business: m.BusinessConnection}
	if m.IsTopic {
		a.topic = m.TopicID
	}
	return a
}

// private reports whether the chat is one person's.
func (a address) private() bool { return a.chat > 0 }
