package telegram

import "encoding/json"

// What is read of an update (core.telegram.org/bots/api#update). The library's
// types read all of it and refuse the whole where a part is of a kind that
// Telegram added later; a customer's message must not depend on that.
type update struct {
	Message        *message       `json:"message"`
	Edited         *message       `json:"edited_message"`
	Business       *message       `json:"business_message"`
	EditedBusiness *message       `json:"edited_business_message"`
	Callback       *callbackQuery `json:"callback_query"`
	Membership     *membership    `json:"my_chat_member"`
}

type message struct {
	ID                 int             `json:"message_id"`
	TopicID            int             `json:"message_thread_id"`
	IsTopic            bool            `json:"is_topic_message"`
	From               *user           `json:"from"`
	SenderChat         *chat           `json:"sender_chat"`
	BusinessBot        *user           `json:"sender_business_bot"`
	BusinessConnection string          `json:"business_connection_id"`
	Chat               chat            `json:"chat"`
	AutomaticForward   bool            `json:"is_automatic_forward"`
	ReplyTo            *message        `json:"reply_to_message"`
	Date               int64           `json:"date"`
	EditDate           int64           `json:"edit_date"`
	Text               string          `json:"text"`
	Entities           []entity        `json:"entities"`
	Caption            string          `json:"caption"`
	CaptionEntities    []entity        `json:"caption_entities"`
	Album              string          `json:"media_group_id"`
	MigrateTo          int64           `json:"migrate_to_chat_id"`
	MigrateFrom        int64           `json:"migrate_from_chat_id"`
	TopicCreated       json.RawMessage `json:"forum_topic_created"`

	Photo     json.RawMessage `json:"photo"`
	Voice     json.RawMessage `json:"voice"`
	Audio     json.RawMessage `json:"audio"`
	Video     json.RawMessage `json:"video"`
	VideoNote json.RawMessage `json:"video_note"`
	Animation json.RawMessage `json:"animation"`
	Document  json.RawMessage `json:"document"` // stands beside an animation too
	Sticker   json.RawMessage `json:"sticker"`
	Location  json.RawMessage `json:"location"`
	Contact   json.RawMessage `json:"contact"`
	Poll      json.RawMessage `json:"poll"`
	Dice      json.RawMessage `json:"dice"`
	Story     json.RawMessage `json:"story"`
}

// media reports whether a person sent something other than words.
func (m *message) media() bool {
	for _, raw := range []json.RawMessage{
		m.Photo, m.Voice, m.Audio, m.Video, m.VideoNote, m.Animation, m.Document, m.Sticker, m.Location, m.Contact, m.Poll, m.Dice, m.Story,
	} {
		if len(raw) > 0 {
			return true
		}
	}
	return false
}

type user struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Username  string `json:"username"`
	Language  string `json:"language_code"`
}

// Kinds of chat.
const (
	chatPrivate = "private"
	chatChannel = "channel"
)

type chat struct {
	ID    int64  `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title"`
}

// Kinds of entity that can name the bot.
const (
	entityMention     = "mention"
	entityTextMention = "text_mention"
	entityCommand     = "bot_command"
)

// entity marks a stretch of a text, in UTF-16 units.
type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	User   *user  `json:"user"`
}

type callbackQuery struct {
	ID      string   `json:"id"`
	From    user     `json:"from"`
	Message *message `json:"message"`
	Data    string   `json:"data"`
}

type membership struct {
	Chat chat `json:"chat"`
	New  struct {
		Status string `json:"status"`
	} `json:"new_chat_member"`
}
