package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"frontdesk/conversation"
	"frontdesk/knowledge"
	"frontdesk/knowledge/crawl"
)

const (
	// atOnce is how many files are on their way at a time; the workers read two.
	atOnce = 4
	// readAtOnce is how many of those stand in memory here, at up to 64 MB each,
	// until they are stored.
	readAtOnce = 2
)

var ingestCommand = command{
	name: "ingest", usage: "PATH|URL…", quiet: true,
	summary: "Add files and websites to the knowledge",
	help: `PDF, DOCX, PPTX, XLSX, ODT, Markdown, text, HTML, CSV/TSV, JSONL/JSON and ZIP archives of
these are read. A directory is taken with all it holds; hidden files and files of other formats
in it are passed over. An address is taken with the pages of its site that it links to, a sitemap
with those it lists; a running server looks at them again every day. Text that looks made to
mislead the bot is kept as text and pointed out in a warning. A CSV, TSV, JSONL or JSON file
named here that holds nothing but questions with answers is imported: all of it or, when rows are
invalid or in conflict, nothing, in place of the document of its name, with a report by row. Ends when all is searchable, with
exit code 1 when something is not. Where the day's budget for models is spent, what is left to
embed is found by its words and waits: the command says so and ends, and a running server, or the
next ingest, goes on with it once there is room. A file that is there already is not added twice. Works beside
a running server.

  frontdesk ingest --dry-run faq.csv
  frontdesk ingest --preview faq.csv
  frontdesk ingest faq.csv handbook/
  frontdesk ingest https://www.example.com/help/ --prefix /help/ --depth 2`,
	setup: func(fs *flag.FlagSet) func(context.Context, *app, []string) error {
		var req knowledge.SiteRequest
		one := fs.Bool("one-page", false, "of an address take the page alone")
		fs.IntVar(&req.Depth, "depth", knowledge.DefaultSiteDepth, "links to follow from an address at most")
		fs.IntVar(&req.Pages, "pages", knowledge.DefaultSitePages, "pages of an address to look at at most")
		dry := fs.Bool("dry-run", false, "of files with FAQ entries say what an import would do, by row, and add nothing")
		preview := fs.Bool("preview", false, "add nothing; ask the last questions of customers again as if a file were there, and print whose answers change")
		questions := fs.Int("questions", conversation.DefaultPreview, "with --preview, how many questions, `N` of at most "+strconv.Itoa(conversation.MaxPreview))
		fs.StringVar(&req.Prefix, "prefix", "", "path that the pages of an address must begin with")
		return func(ctx context.Context, a *app, args []string) error {
			if len(args) == 0 {
				return usageError("name a file, a directory or an address")
			}
			if *preview {
				if *dry || *questions < 1 || *questions > conversation.MaxPreview {
					return usageError("--preview goes without --dry-run and with --questions from 1 to " + strconv.Itoa(conversation.MaxPreview))
				}
				return previewFiles(ctx, a, args, *questions)
			}
			if *dry {
				return dryRun(ctx, a, args)
			}
			if *one {
				req.Kind = knowledge.SitePage
			}
			var paths []string
			var sites []knowledge.SiteRequest
			for _, p := range args {
				if strings.HasPrefix(p, "http://") || strings.HasPrefix(p, "https://") {
					site := req
					site.URL = p
					if _, err := crawl.Plan(a.cfg.crawl, site); err != nil {
						return fmt.Errorf("%s: %w", p, err)
					}
					sites = append(sites, site)
					continue
				}
				paths = append(paths, p)
			}
			var files []source
			if len(paths) > 0 {
				var err error
				if files, err = gather(paths); err != nil {
					return err
				}
			}
			return ingest(ctx, a, files, sites)
		}
	},
}

// source is a file to add; found marks one that was not named but found in a
// directory.
type source struct {
	path     string
	found    bool
	namesake string // a file named before this one that has the same name
}

// gather lists the files that the paths name or hold.
func gather(paths []string) ([]source, error) {
	var out []source
	named := map[string]string{}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			base := filepath.Base(p)
			out = append(out, source{path: p, namesake: named[base]})
			if named[base] == "" {
				named[base] = p
			}
			continue
		}
		err = filepath.WalkDir(p, func(name string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case strings.HasPrefix(d.Name(), ".") && name != p && d.IsDir():
				return fs.SkipDir
			case strings.HasPrefix(d.Name(), ".") || !d.Type().IsRegular():
				return nil
			}
			out = append(out, source{path: name, found: true})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, errors.New("there are no files there")
	}
	return out, nil
}

// ingest adds the files and sites and waits until each is searchable or has
// failed. The jobs run here and, when one serves, there too: whoever is first takes one.
func ingest(ctx context.Context, a *app, files []source, sites []knowledge.SiteRequest) error {
	db, k, err := openKnowledge(ctx, a)
	if err != nil {
		return err
	}
	defer db.close()
	if err := k.docs.Resume(ctx); err != nil { // whoever calls may have raised the budget
		return err
	}
	if err := k.startJobs(ctx); err != nil {
		return err
	}
	defer k.stopJobs(a.log)

	p := &progress{w: a.stdout, live: isTerminal(a.stdout), total: len(files) + len(sites)}
	var wg sync.WaitGroup
	for _, req := range sites { // each waits for its server; the jobs read two at a time
		wg.Go(func() { p.site(k.siteAndWait(ctx, req, func(s knowledge.Site) { p.crawling(req.URL, s) })) })
	}
	slots, reading := make(chan struct{}, atOnce), make(chan struct{}, readAtOnce)
	for _, f := range files {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			k.ingestFile(ctx, f, reading, p)
		})
		if ctx.Err() != nil {
			break
		}
	}
	wg.Wait()
	p.sum()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if p.failed > 0 || p.unpaid > 0 {
		return silentError{}
	}
	return nil
}
