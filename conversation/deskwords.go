package conversation

import (
	"fmt"
	"strings"
	"time"
)

// NotePrefixes begin, in any case, what staff write in a thread for each other.
var NotePrefixes = []string{"//", "note:"}

// noteOf cuts a note's prefix off.
func noteOf(text string) (note string, is bool) {
	text = strings.TrimSpace(text)
	for _, p := range NotePrefixes {
		if len(text) >= len(p) && strings.EqualFold(text[:len(p)], p) {
			return strings.TrimSpace(text[len(p):]), true
		}
	}
	return text, false
}

// reasons in words for staff.
var reasons = map[Reason]string{
	ReasonAsked:     "The customer asked for a person.",
	ReasonNoAnswer:  "The help pages had no answer.",
	ReasonUnhelpful: "The customer marked the answer as not helpful.",
	ReasonModelTool: "The assistant asked for a person.",
	ReasonFailure:   "The assistant could not answer for technical reasons.",
	ReasonTakeover:  "A colleague took it over.",
	ReasonReply:     "A colleague replied.",
}

// Words of a reason, as staff read them.
func (r Reason) Words() string {
	if w := reasons[r]; w != "" {
		return w
	}
	return strings.ReplaceAll(string(r), "_", " ")
}

// Bounds of what a brief quotes, in characters.
const (
	maxBriefTitle   = 60
	maxBriefText    = 700
	maxBriefSources = 3
)

// Title names the case in a list.
func (c DeskCase) Title() string {
	t := c.Who() + " · " + c.State.Channel
	if q := briefly(c.Question, maxBriefTitle); q != "" {
		t += " · " + q
	}
	return t
}

// Who is the customer's name, or what stands for it.
func (c DeskCase) Who() string {
	if n := briefly(c.Customer, maxBriefTitle); n != "" {
		return n
	}
	return "Customer"
}

// Status says who answers the customer.
func (c DeskCase) Status() string {
	switch {
	case c.State.Status == StatusResolved:
		return "Closed"
	case c.State.Owner == OwnerStaff:
		return c.State.StaffName + " answers"
	case c.State.Owner == OwnerQueue && !c.State.WaitingSince.IsZero():
		return "Waits for a person since " + c.State.WaitingSince.UTC().Format("2 January, 15:04 UTC")
	case c.State.Owner == OwnerQueue:
		return "Waits for a person"
	}
	return "The assistant answers"
}

// DeskLine is one line of a brief.
type DeskLine struct{ Label, Text string }

// Lines are what a brief says below its status.
func (c DeskCase) Lines() []DeskLine {
	lines := []DeskLine{{"Why", c.Reason.Words()}}
	add := func(label, text string) {
		if text != "" {
			lines = append(lines, DeskLine{label, text})
		}
	}
	add("In short", briefly(c.Summary, maxBriefText))
	add("Last question", briefly(c.Question, maxBriefText))
	titles := make([]string, 0, maxBriefSources)
	for _, t := range c.Passages[:min(len(c.Passages), maxBriefSources)] {
		titles = append(titles, briefly(t, maxBriefTitle))
	}
	add("Tried", strings.Join(titles, " · "))
	add("Channel", c.State.Channel)
	return append(lines, DeskLine{"How", "Write here to answer the customer. Begin with // for a note that only staff see."})
}

// shows is what of a case, when it changes, the brief has to follow.
func (c DeskCase) shows() string {
	since := int64(0)
	if !c.State.WaitingSince.IsZero() {
		since = c.State.WaitingSince.Unix()
	}
	return fmt.Sprint(c.State.Owner, "|", c.State.StaffName, "|", c.State.Status == StatusResolved, "|", since)
}

// briefly is the beginning of a text, on one line.
func briefly(s string, most int) string {
	rs := []rune(strings.Join(strings.Fields(s), " "))
	if len(rs) > most {
		rs = append(rs[:most-1], '…')
	}
	return string(rs)
}

// What the desk says to staff, in one place so that all of it sounds alike.
const (
	sayEmpty     = "There is no text in this. Only text reaches the customer from here."
	sayTooLong   = "This is too long for one message. Nothing was sent; please send it in parts."
	sayViewer    = "Your account may read but not answer. Nothing was sent. An admin can change your role."
	sayGone      = "This button no longer works: its conversation is not here any more."
	sayMoved     = "The conversation was handed back or closed meanwhile. Nothing was sent; write again to take it over."
	sayDisabled  = "The account of whoever wrote this may not answer any more. Nothing was sent."
	sayHeld      = "You hold this conversation already."
	sayTook      = "You hold this conversation now. The assistant is silent."
	sayBot       = "The assistant answers already."
	sayBack      = "Handed back. The assistant answers again."
	sayClosed    = "It is closed already."
	sayClose     = "Closed. It opens again when the customer writes."
	sayUnseen    = "The customer has written since, and it is on its way here. Nothing was changed."
	sayUnderWay  = "A message is still on its way from here. Undo it, or try again in a few seconds."
	sayUndone    = "Not sent. You still hold the conversation; Hand back gives it to the assistant."
	sayNotYours  = "Only whoever wrote a message can undo it."
	sayTooLate   = "Too late: it has been sent."
	sayWasUndone = "It was not sent."
	sayChanged   = "Changed: the new words are sent."
	sayOldWords  = "It has been sent: the customer sees the first wording."
)

func sayTaken(t *TakenError) string {
	return t.Name + " holds this conversation. Nothing was changed or sent."
}

func saySending(d time.Duration) string {
	return fmt.Sprintf("Sent to the customer in %d s.", int((d+time.Second-1)/time.Second))
}

func sayUndelivered(u Undelivered) string {
	return fmt.Sprintf("Message %d did not reach the customer: %s", u.Seq, briefly(u.Why, maxBriefText))
}

// sayUnlinked tells a person how to be known, with their id on the platform.
func sayUnlinked(channel, id string) string {
	return "Nothing was sent: I don't know which member of staff you are. Your id here is " + id +
		". An admin can link it: frontdesk staff link YOUR@EMAIL --" + channel + " " + id
}
