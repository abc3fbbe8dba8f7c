package conversation

import "fmt"

// Alerts about the day's budget: once a day, and once per limit.
const (
	AlertBudgetWarning AlertKind = "budget_warning"
	AlertBudgetSpent   AlertKind = "budget_spent"
)

// AlertWebhookOff says that a webhook failed for so long that it was switched off.
const AlertWebhookOff AlertKind = "webhook_off"

// budgetAlert says in words how far the day's budget is used up.
func budgetAlert(h Held, l Spending) Alert {
	day := int64(0)
	if l.DayMicros != nil {
		day = *l.DayMicros
	}
	if h.Told == SpendSpent {
		return Alert{AlertBudgetSpent, fmt.Sprintf("Today's budget of $%.2f for models is spent ($%.2f). Until midnight UTC, or until it is raised, the bot answers from the documents and brings in a person.",
			dollars(day), dollars(h.Spent))}
	}
	return Alert{AlertBudgetWarning, fmt.Sprintf("Models have used up %.0f %% of today's budget of $%.2f, calls under way included.", l.warn()*100, dollars(day))}
}

func dollars(micros int64) float64 { return float64(micros) / 1e6 }

// Announce tells staff everywhere what concerns no single conversation.
func (e *Engine) Announce(a Alert) {
	e.log.Warn("alert to staff", "kind", string(a.Kind))
	ev := Event{Kind: EventAlert, Alert: &a}
	e.hub.Publish(ev)
	e.d.Bus.Relay(ev)
}
