package knowledge

import "errors"

var (
	// ErrOverBudget is wrapped by an Embedder's error for what it was not asked because
	// the budget has no room at the moment. What is not urgent waits for it.
	ErrOverBudget = errors.New("knowledge: the budget has no room for it now")
	// ErrTooDear says that a whole day's budget would not pay for something at once.
	ErrTooDear = errors.New("knowledge: it costs more at once than a day's budget")
)

// BudgetNote is the word on a document whose passages wait for the budget.
const BudgetNote = "already found by its words; finding it by meaning waits for the budget for models, which is spent for today"
