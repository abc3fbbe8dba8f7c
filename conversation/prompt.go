package conversation

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"frontdesk/knowledge"
)

// Budget is how many tokens one model call may take. Prompt and answer together
// stay within Total.
type Budget struct {
	Total    int `json:"total"`    // prompt and answer
	Answer   int `json:"answer"`   // reserved for the answer before anything else
	Passages int `json:"passages"` // at most, for passages with their fences
	Images   int `json:"images"`   // at most, for pictures, beside Total: they push no text out
}

// DefaultBudget is what a call may take where nothing else is said.
func DefaultBudget() Budget { return Budget{Total: 8000, Answer: 800, Passages: 3000, Images: 9000} }

// What the chat format itself costs, in tokens, beside the texts
// (OpenAI cookbook, "How to count tokens with tiktoken": every message is
// <|start|>role<|message|>text<|end|>, and the reply is primed with three).
const (
	messageTokens = 4 // 3 for the frame and 1 for the role
	primingTokens = 3
	toolTokens    = 16 // per tool, above the count of its JSON: the format around it is not published
)

// ErrBudget is returned by Prompter construction when the budget cannot hold the
// fixed parts and a short question.
var ErrBudget = errors.New("conversation: token budget too small for the instructions")

// budgetError is ErrBudget with the figures.
type budgetError struct{ need, total int }

func (e *budgetError) Error() string {
	return fmt.Sprintf("%v: they, the answer and a question need %d tokens of %d", ErrBudget, e.need, e.total)
}

func (e *budgetError) Unwrap() error { return ErrBudget }

// Prompter builds prompts that never exceed a budget. It is safe for concurrent use.
type Prompter struct {
	system string
	tools  []Tool
	budget Budget
	count  Counter
	fixed  int // tokens of everything that is the same in every prompt
}

// minTurnTokens is the least room a budget must leave for the customer's words.
const minTurnTokens = 256

// NewPrompter returns ErrBudget when b cannot hold the system prompt, the tools,
// the answer and a short question.
func NewPrompter(system string, b Budget, count Counter) (*Prompter, error) {
	p := &Prompter{system: system, tools: []Tool{handToPerson}, budget: b, count: count}
	p.fixed = messageTokens + count.Count(system) + primingTokens
	for _, t := range p.tools {
		p.fixed += toolTokens + count.Count(t.Name) + count.Count(t.Description) + count.Count(string(t.Parameters))
	}
	if need := p.fixed + b.Answer + minTurnTokens; need > b.Total {
		return nil, &budgetError{need, b.Total}
	}
	return p, nil
}

// Prompt is what is sent to the model and what it was made of.
type Prompt struct {
	Request  ModelRequest
	Passages []knowledge.Hit // as numbered in the prompt, from 1
	Tokens   PromptTokens
}

// PromptTokens is a prompt's size by part.
type PromptTokens struct {
	Fixed    int `json:"fixed"` // system prompt, tools and framing
	Passages int `json:"passages"`
	Summary  int `json:"summary"` // of earlier messages, in their place
	History  int `json:"history"`
	Turn     int `json:"turn"` // the customer's words
	Trimmed  int `json:"trimmed_messages"`
	Images   int `json:"images"`
}

// Build makes the prompt for the customer's words now, after history, with the
// hits as sources and the summary of what lies before that history. Room goes first to the answer, then to the words (cut at their
// end past half of what is left), then to passages, best first and whole, then to the
// summary, then to history by whole turns, newest first.
//
// Passages stand with the customer's words, after the history: everything before
// them only grows from turn to turn, so a provider's prefix cache covers it.
func (p *Prompter) Build(history []Message, words string, hits []knowledge.Hit, summary string) Prompt {
	room := p.budget.Total - p.budget.Answer - p.fixed
	out := Prompt{Tokens: PromptTokens{Fixed: p.fixed}}

	frame := messageTokens + p.count.Count(turnText("", ""))
	words = p.count.Truncate(words, max(room/2-frame, minTurnTokens/2))
	out.Tokens.Turn = messageTokens + p.count.Count(turnText("", words))
	room -= out.Tokens.Turn

	sources := p.fit(&out, words, hits, min(p.budget.Passages, room))
	room -= out.Tokens.Passages

	earlier, cost := p.recall(summary, room)
	room -= cost
	out.Tokens.Summary = cost

	kept, used := p.trim(history, room)
	out.Tokens.History, out.Tokens.Trimmed = used, len(history)-len(kept)

	ms := make([]PromptMessage, 0, len(kept)+3)
	ms = append(ms, PromptMessage{Role: RoleSystem, Text: p.system})
	if earlier != "" {
		ms = append(ms, PromptMessage{Role: RoleUser, Text: earlier})
	}
	for _, m := range kept {
		ms = append(ms, promptMessage(m))
	}
	ms = append(ms, PromptMessage{Role: RoleUser, Text: turnText(sources, words)})
	out.Request = ModelRequest{Messages: ms, Tools: p.tools, MaxTokens: p.budget.Answer}
	return out
}

// fit takes as many hits into out as room has tokens for and returns them as
// text. Each is counted once by itself, which is right but for a token or two
// where texts meet; the count of the whole then has the last word.
func (p *Prompter) fit(out *Prompt, words string, hits []knowledge.Hit, room int) string {
	ends := make([]int, 0, len(hits))
	var b strings.Builder
	for sum := 0; len(ends) < len(hits); {
		next := sourceText(len(ends)+1, hits[len(ends)])
		if sum += p.count.Count(next); sum > room {
			break
		}
		b.WriteString(next)
		ends = append(ends, b.Len())
	}
	for n := len(ends); n > 0; n-- {
		sources := b.String()[:ends[n-1]]
		cost := messageTokens + p.count.Count(turnText(sources, words)) - out.Tokens.Turn
		if cost <= room {
			out.Passages, out.Tokens.Passages = hits[:n:n], cost
			return sources
		}
	}
	return ""
}

// trim keeps the newest whole turns of history that fit in room. A turn is what
// the customer wrote and all that answered it; half of one would show the model
// answers to questions it cannot see.
func (p *Prompter) trim(history []Message, room int) (kept []Message, tokens int) {
	from := len(history)
	for end := len(history); end > 0; {
		start, cost := end, 0
		for start > 0 {
			start--
			cost += messageTokens + p.count.Count(promptMessage(history[start]).Text)
			if tokens+cost > room {
				return history[from:], tokens
			}
			if history[start].Author == AuthorCustomer && (start == 0 || history[start-1].Author != AuthorCustomer) {
				break
			}
		}
		tokens += cost
		from, end = start, start
	}
	return history[from:], tokens
}

func promptMessage(m Message) PromptMessage {
	switch m.Author {
	case AuthorCustomer:
		return PromptMessage{Role: RoleUser, Text: m.Text + attachedText(m.Attachments)}
	case AuthorStaff:
		text := "(A colleague wrote:) " + m.Text
		for _, at := range m.Attachments {
			text += "\n(with a file, “" + unfenceFile(at.Name) + "”)"
		}
		return PromptMessage{Role: RoleAssistant, Text: text}
	default:
		if len(m.Options) > 0 {
			return PromptMessage{Role: RoleAssistant, Text: m.Text + "\n" + Listed(m.Options)}
		}
		return PromptMessage{Role: RoleAssistant, Text: m.Text}
	}
}

func turnText(sources, words string) string {
	if sources == "" {
		return "<sources>\n(none found)\n</sources>\n\nThe customer writes:\n" + words
	}
	return "<sources>\n" + sources + "</sources>\n\nThe customer writes:\n" + words
}

func sourceText(n int, h knowledge.Hit) string {
	var b strings.Builder
	b.WriteString(`<source id="`)
	b.WriteString(strconv.Itoa(n))
	b.WriteString(`" title="`)
	b.WriteString(unfence.Replace(strings.ReplaceAll(h.Title, `"`, "'")))
	b.WriteString("\">\n")
	if h.Heading != "" && h.Heading != h.Title {
		b.WriteString(unfence.Replace(h.Heading))
		b.WriteString("\n\n")
	}
	b.WriteString(unfence.Replace(h.Text))
	b.WriteString("\n</source>\n")
	return b.String()
}

// unfence keeps a document from closing the fence it stands in.
var unfence = strings.NewReplacer(
	"<source", "‹source", "</source", "‹/source", "<Source", "‹Source", "</Source", "‹/Source", "<SOURCE", "‹SOURCE", "</SOURCE", "‹/SOURCE",
)

// handToPerson is the typed action by which a model hands over; nothing it
// writes as text does.
var handToPerson = Tool{
	Name: "hand_to_person",
	Description: "Hand this conversation to a human colleague. Call it when the customer asks for a person, accepts the offer of one, " +
		"is upset, or needs something done that only staff can do (an order changed, money returned, an account unlocked).",
	Parameters: json.RawMessage(`{"type":"object","properties":{"reason":{"type":"string","enum":["asked","cannot_answer","needs_action","complaint"]},` +
		`"summary":{"type":"string","description":"One sentence for the colleague: what the customer needs."}},"required":["reason","summary"],"additionalProperties":false}`),
}

// SystemPrompt is the standing instruction to the model for a bot of that name;
// extra is the admin's own.
func SystemPrompt(name, extra string) string {
	return BotSettings{Name: name, Instructions: extra}.SystemPrompt()
}
