package conversation

import (
	"context"
	"time"
)

// Recording is sound to be turned into text.
type Recording struct {
	MediaType string // by its bytes; it decides the name the file is sent under
	Data      []byte
	Duration  time.Duration // 0 when it is not known
}

// Transcript is what was said in a recording.
type Transcript struct {
	Text  string
	Model string
	Usage Usage
	Hold  string // the reservation that booking it ends
}

// Transcriber turns speech into text. Its errors are *ModelError or ctx's own.
type Transcriber interface {
	Transcribe(ctx context.Context, r Recording) (Transcript, error)
}
