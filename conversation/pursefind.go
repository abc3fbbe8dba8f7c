package conversation

import (
	"context"

	"frontdesk/knowledge"
)

// Finder returns f with what its searches call booked to an account, as searches and not
// as indexing, and within its limits. What is on a tab already stays there.
func (p *Purse) Finder(f Finder, on Account) Finder { return payingFinder{f, p, on} }

type payingFinder struct {
	Finder
	purse *Purse
	on    Account
}

// Find implements Finder. What was called is booked whatever came of the search.
func (f payingFinder) Find(ctx context.Context, q knowledge.Query) (knowledge.Result, error) {
	if tabOf(ctx) != nil {
		return f.Finder.Find(ctx, q)
	}
	search, tab := onTab(ctx, f.on)
	defer func() { f.purse.book(ctx, tab.close()) }()
	return f.Finder.Find(search, q)
}
