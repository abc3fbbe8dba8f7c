// Package browsertest opens pages in a real Chromium for tests, and waits in them without guessing how long anything takes.
//
// All tests of a package share one Chromium, which Main ends; each tab has a profile of its own, so that no test meets the
// cookies, the storage or the cache of another. Two settings make a page slower than any machine, to find what depends on
// time: FRONTDESK_SHAKE (see Shake) and FRONTDESK_SLOW (see Open).
package browsertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cd "github.com/chromedp/chromedp"
)

// Patience bounds one wait in the browser. It is long for the slowest machine, and costs nothing where what is awaited
// happens.
const Patience = 30 * time.Second

// Binaries are the names that Chromium goes by.
var binaries = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}

// stop ends the Chromium that chromium started.
var stop = func() {}

// chromium starts the one of this process. Tests hear and see what is not there: a microphone and a camera.
var chromium = sync.OnceValues(func() (context.Context, error) {
	path := ""
	for _, name := range binaries {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, exec.ErrNotFound
	}
	options := append(cd.DefaultExecAllocatorOptions[:], cd.ExecPath(path), cd.NoSandbox,
		cd.Flag("disable-dev-shm-usage", true), cd.Flag("lang", "en-US"), cd.Flag("use-fake-device-for-media-stream", true),
		cd.Flag("use-fake-ui-for-media-stream", true), cd.Flag("autoplay-policy", "no-user-gesture-required"))
	allocated, stopAllocator := cd.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := cd.NewContext(allocated)
	stop = func() { stopBrowser(); stopAllocator() }
	return ctx, cd.Do(ctx)
})

// Main runs the tests of a package and ends their Chromium. TestMain passes what it returns to os.Exit.
func Main(m *testing.M) int {
	defer func() { stop() }()
	return m.Run()
}

// Open opens a tab with a window of a size in CSS pixels, and closes it when the test ends. What the browser reports goes to
// listen, unless that is nil. FRONTDESK_SLOW makes the page's processor so many times slower. Without a Chromium the test is
// skipped, or fails where FRONTDESK_REQUIRE_BROWSER is 1.
func Open(t testing.TB, width, height int64, listen func(event any)) context.Context {
	t.Helper()
	parent, err := chromium()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("FRONTDESK_REQUIRE_BROWSER") != "1" {
		t.Skip("chromium not found: browser tests skipped")
	}
	if err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	options := []cd.ContextOption{cd.WithNewBrowserContext()}
	if listen != nil {
		options = append(options, cd.WithListener(listen))
	}
	ctx, cancel := cd.NewContext(parent, options...)
	t.Cleanup(cancel)
	// The first call binds the tab's life to its context, so it has no timeout.
	if err := cd.Do(ctx, cd.Navigate("about:blank"), cd.EmulateViewport(width, height)); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	// A tab in the background takes keys as one in front does.
	if _, err := cd.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatalf("focus a tab: %v", err)
	}
	if rate, err := strconv.ParseFloat(os.Getenv("FRONTDESK_SLOW"), 64); err == nil && rate > 1 {
		if _, err := cd.Call(ctx, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: rate}); err != nil {
			t.Fatalf("slow a tab down: %v", err)
		}
	}
	return ctx
}
