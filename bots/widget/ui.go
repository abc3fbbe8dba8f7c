package widget

import "embed"

// UI is the browser code. Entry is bundled with all it imports into the one
// script that a website embeds, PartEntry into the module that this imports when
// the chat is first opened.
//
//go:embed ui
var UI embed.FS

// Paths of the browser code's main files in UI.
const (
	Entry     = "ui/main.ts"
	PartEntry = "ui/part/main.ts"
)
