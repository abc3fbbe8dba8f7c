package widget

import "embed"

// UI is the browser code. Entry is bundled with all it imports into the one
// script that a website embeds, PartEntry into the module that this imports when
// the chat is first opened, and CareEntry into the one that it imports when people
// are waited for, write, or have closed the conversation.
//
//go:embed ui
var UI embed.FS

// Paths of the browser code's main files in UI.
const (
	Entry     = "ui/main.ts"
	PartEntry = "ui/part/main.ts"
	CareEntry = "ui/care/main.ts"
)
