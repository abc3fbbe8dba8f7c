package conversation

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a file of recorded dialogues.
const (
	maxReplayLine     = 4 << 20 // bytes of one dialogue
	maxReplayMessages = 1000
)

// Dialogue is a recorded conversation.
type Dialogue struct {
	ID       string          `json:"id"`
	Messages []ReplayMessage `json:"messages"`
}

// ReplayMessage is one message of a Dialogue, in the order it was said.
type ReplayMessage struct {
	Author Author `json:"author"` // customer, bot or staff
	Text   string `json:"text"`
}

// ReadDialogues passes each line of a JSONL file to each: an object with the members id,
// which may be missing, and messages, an array of objects with author and text. Empty
// lines are passed over. An error names the line.
func ReadDialogues(r io.Reader, each func(Dialogue) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxReplayLine)
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(line) == 0 {
			continue
		}
		d, err := readDialogue(line)
		if err == nil {
			if d.ID == "" {
				d.ID = fmt.Sprintf("line %d", n)
			}
			err = each(d)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("line %d is longer than %d bytes", n+1, maxReplayLine)
	}
	return lines.Err()
}

func readDialogue(line []byte) (Dialogue, error) {
	var d Dialogue
	if err := json.Unmarshal(line, &d); err != nil {
		return d, fmt.Errorf("no dialogue: %w", err)
	}
	switch {
	case len(d.Messages) == 0:
		return d, errors.New("the dialogue has no messages")
	case len(d.Messages) > maxReplayMessages:
		return d, fmt.Errorf("the dialogue has more than %d messages", maxReplayMessages)
	}
	for i, m := range d.Messages {
		if m.Author != AuthorCustomer && m.Author != AuthorBot && m.Author != AuthorStaff {
			return d, fmt.Errorf("message %d is by %q, not customer, bot or staff", i+1, m.Author)
		}
		if strings.TrimSpace(m.Text) == "" {
			return d, fmt.Errorf("message %d is empty", i+1)
		}
	}
	return d, nil
}

// ReplayReport is what dialogues take in tokens, and how much of it a provider's prompt
// cache can spare.
type ReplayReport struct {
	Dialogues int         `json:"dialogues"`
	Turns     int         `json:"turns"`
	Budget    int         `json:"budget"` // tokens of prompt and answer together
	Ways      []ReplayWay `json:"ways"`
	// Model is what the model's server counted, for the last of the ways; absent when
	// none was asked.
	Model *ReplayBill `json:"model,omitempty"`
}

// ReplayWay is one way to make the prompts of the same turns.
type ReplayWay struct {
	Name  string `json:"name"`
	Calls int    `json:"calls"` // answers asked of a model; the other turns take none
	// Tokens of prompts per turn, of all turns, calls for summaries included.
	Mean float64 `json:"tokens_per_turn"`
	P95  int     `json:"p95_tokens"` // of one prompt
	Most int     `json:"most_tokens"`
	Sum  int     `json:"tokens"`
	// Summaries is how many there were and what prompts and answers of these calls took,
	// the answers at their longest where no model wrote them.
	Summaries     int `json:"summaries"`
	SummaryTokens int `json:"summary_tokens"`
	// Shared is the part of the answers' prompts that begins like the prompt before, to
	// the token; Cacheable is what of it a provider that caches from 1,024 tokens on, by
	// steps of 128, would have cached.
	Shared    float64 `json:"shared_share"`
	Cacheable float64 `json:"cacheable_share"`

	shared, cacheable, prompts int
	sizes                      []int
}

// ReplayBill is what a server counted.
type ReplayBill struct {
	Calls  int     `json:"calls"`
	Failed int     `json:"failed"`
	Input  int     `json:"input_tokens"`
	Cached int     `json:"cached_tokens"`
	Output int     `json:"output_tokens"`
	Share  float64 `json:"cached_share"`
	Micros int64   `json:"cost_micros"`
}
