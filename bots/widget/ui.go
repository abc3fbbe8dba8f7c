package widget

import "embed"

// UI is the browser code. Entry is bundled with all it imports into the one
// script that a website embeds.
//
//go:embed ui
var UI embed.FS

// Entry is the path of the browser code's main file in UI.
const Entry = "ui/main.ts"
