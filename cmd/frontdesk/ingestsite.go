package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"frontdesk/knowledge"
)

const (
	// sitePoll is how often the command line looks how far a site is.
	sitePoll = 250 * time.Millisecond
	// barWidth is how many characters the bar has.
	barWidth = 24
	// pageErrors is how many pages that cannot be read are named.
	pageErrors = 20
)

// siteAndWait adds an address and returns its site once it was read and its
// pages are searchable, with the pages that could not be read.
func (k *knowledgeParts) siteAndWait(ctx context.Context, req knowledge.SiteRequest, tell func(knowledge.Site)) (string, knowledge.Site, []knowledge.Page, error) {
	id, err := k.AddSite(ctx, req)
	if err != nil {
		return req.URL, knowledge.Site{}, nil, err
	}
	before, err := k.Site(ctx, id)
	if err != nil {
		return req.URL, before, nil, err
	}
	tick := time.NewTicker(sitePoll)
	defer tick.Stop()
	for {
		s, err := k.Site(ctx, id)
		if err != nil {
			return req.URL, s, nil, err
		}
		tell(s)
		// A run that was under way before may have passed what is new; it counts all the same.
		ended := s.FinishedAt.After(before.FinishedAt) && s.Status != knowledge.SiteCrawling && s.Status != knowledge.SiteQueued
		if ended && s.Progress.Waiting == s.Progress.Unpaid {
			failed, _, err := k.SitePages(ctx, id, knowledge.PageFailed, "", pageErrors)
			if err != nil {
				return req.URL, s, nil, err
			}
			gone, _, err := k.SitePages(ctx, id, knowledge.PageGone, "", pageErrors)
			return req.URL, s, append(failed, gone...), err
		}
		select {
		case <-ctx.Done():
			return req.URL, s, nil, fmt.Errorf("wait for site %s: %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}

// crawling shows how far a site is, on a terminal.
func (p *progress) crawling(address string, s knowledge.Site) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.live {
		return
	}
	n := s.Progress
	stage := "waiting"
	switch {
	case s.Status == knowledge.SiteCrawling:
		stage = fmt.Sprintf("%s %d of %d pages read", bar(n.Fetched, n.Found), n.Fetched, n.Found)
	case n.Waiting > 0:
		stage = fmt.Sprintf("%s %d of %d pages searchable", bar(n.Documents-n.Waiting, n.Documents), n.Documents-n.Waiting, n.Documents)
	}
	if n.Failed > 0 {
		stage += fmt.Sprintf(", %d failed", n.Failed)
	}
	done := p.ready + p.failed + p.over + p.unpaid
	fmt.Fprintf(p.w, "\r\x1b[K%s %d of %d  %.40s: %s", bar(done, p.total), done, p.total, address, stage)
}

// bar is a part of a whole as a picture.
func bar(part, whole int) string {
	n := 0
	if whole > 0 {
		n = min(part*barWidth/whole, barWidth)
	}
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", barWidth-n) + "]"
}

// site tells what became of an address.
func (p *progress) site(address string, s knowledge.Site, failed []knowledge.Page, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && s.Status == knowledge.SiteFailed {
		p.failed++
		p.line("failed  %s: %s", address, s.Error)
		return
	}
	if err != nil {
		p.failed++
		p.line("failed  %s: %s", address, knowledge.Words(err))
		return
	}
	for _, f := range failed {
		p.line("  not read %s: %s", f.URL, f.Error)
	}
	if n := s.Progress.Unpaid; n > 0 {
		p.unpaid++
		p.counts += s.Progress.Passages
		p.line("waits   %s (%d of %d documents): %s", address, n, s.Progress.Documents, knowledge.BudgetNote)
		return
	}
	p.ready++
	p.counts += s.Progress.Passages
	n := s.Progress
	p.line("ready   %s (%d documents with %d passages of %d pages; %d new or changed, %d not readable)",
		address, n.Documents, n.Passages, n.Found, n.Changed, n.Failed)
	if s.Limited {
		p.line("  there are more than %d pages; --pages takes more", s.Pages)
	}
}
