package console

import "frontdesk/conversation"

type alertView struct {
	Conversation string                 `json:"conversation"` // empty when it is about none
	Kind         conversation.AlertKind `json:"kind"`
	Text         string                 `json:"text"`
}
