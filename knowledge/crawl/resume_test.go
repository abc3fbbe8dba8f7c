package crawl_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/knowledge"
	"frontdesk/migrations/dbtest"
)

func TestASiteIsReadAgainWhenItIsDue(t *testing.T) {
	w := newWeb(t)
	w.set("/", "Home", "The first text.")
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL, Every: 12 * time.Hour})
	s := d.read(t, id)
	if wait := time.Until(s.DueAt); wait < 10*time.Hour || wait > 14*time.Hour {
		t.Errorf("due in %v, want 12 hours with a tenth of jitter", wait)
	}
	w.forget()
	if s = d.read(t, id); s.Run != 1 || len(w.forget()) != 0 {
		t.Errorf("site = %+v, want nothing read before it is due", s)
	}
	w.set("/", "Home", "The second text.")
	if _, err := d.pool.Exec(t.Context(), `UPDATE sites SET due_at = now() - interval '1 minute'`); err != nil {
		t.Fatal(err)
	}
	if _, err := d.pool.Exec(t.Context(), `DELETE FROM river_job WHERE kind = 'crawl'`); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	if s = d.until(t, id, func(s knowledge.Site) bool { return s.Run == 2 && settled(s) }); s.Progress.Changed != 1 {
		t.Errorf("site = %+v, want its change taken in", s)
	}
}

func TestAPageThatNobodyFinishesIsGivenUp(t *testing.T) {
	w := newWeb(t)
	w.set("/", "Home", "Home.", "/poison")
	w.set("/poison", "Poison", "Whoever reads this stops.")
	d := newDesk(t, dbtest.URL(t), w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})
	for range 8 {
		ctx, cancel := context.WithCancel(t.Context())
		w.onRequest(func(path string) {
			if path == "/poison" {
				cancel()
			}
		})
		if err := d.crawler.Crawl(ctx, id); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("Crawl = %v", err)
		}
		cancel()
	}
	s := d.site(t, id)
	if p := d.pages(t, id)["/poison"]; s.Status != knowledge.SiteReady || p.State != knowledge.PageFailed || !strings.Contains(p.Error, "stopped") {
		t.Errorf("site = %+v, page = %+v; want the site ready and the page given up", s, p)
	}
}

func TestASiteOfAKilledServerGoesOnWhereItStopped(t *testing.T) {
	w := newWeb(t)
	var links []string
	for i := range 60 {
		path := fmt.Sprintf("/p/%02d", i)
		links = append(links, path)
		w.set(path, fmt.Sprint("Page ", i), fmt.Sprintf("Text number %d.", i))
	}
	w.set("/", "All", "The list.", links...)
	database := dbtest.URL(t)
	d := newDesk(t, database, w.host())
	id := d.add(t, knowledge.SiteRequest{URL: w.URL})

	reached, goOn := make(chan struct{}), make(chan struct{})
	var count atomic.Int32
	w.onRequest(func(path string) {
		if strings.HasPrefix(path, "/p/") && count.Add(1) == 30 {
			close(reached)
			<-goOn
		}
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(t.Context(), self)
	server.Env = append(os.Environ(), crawlerVariable+"="+database+" "+w.host())
	errs, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(errs); lines.Scan(); {
			t.Log("dying server: ", lines.Text())
		}
	}()
	select {
	case <-reached:
	case <-time.After(patience):
		t.Fatal("the server did not get to the thirtieth page")
	}
	if err := server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	server.Wait() // the error is that it was killed
	close(goOn)
	s := d.site(t, id)
	if s.Status != knowledge.SiteCrawling || s.Progress.Fetched < 20 || s.Progress.Fetched > 40 {
		t.Fatalf("the killed server left %+v, want it half done", s)
	}
	done := s.Progress.Fetched
	w.forget()
	began := time.Now()
	d.start(t)
	s = d.until(t, id, settled)
	t.Logf("%d pages were left; done %v after the next start", 61-done, time.Since(began).Round(time.Millisecond))
	if s.Run != 1 || s.Status != knowledge.SiteReady || s.Progress.Documents != 61 || s.Progress.Changed != 61 {
		t.Errorf("site = %+v, want its one run finished with 61 documents", s)
	}
	if again := len(w.forget()) - 1; again > 61-done { // and robots.txt
		t.Errorf("%d pages were asked for after the crash, want the %d that were left", again, 61-done)
	}
}
