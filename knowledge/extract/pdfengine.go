package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"frontdesk/knowledge"
)

const (
	// pdfIdle is how long the engine stays after its last document: long enough
	// for the next file of an upload, short enough that a server at rest does
	// not hold its 60 MB.
	pdfIdle = 30 * time.Second
	// pdfMemory is how much memory one document's engine may take, in pages of
	// 64 KiB (WebAssembly core specification, 4.2.8): 160 MB. While it grows the old and
	// the new memory stand side by side, and both go when the document is done.
	pdfMemory = 160 << 20 / wasmPage
	wasmPage  = 64 << 10
	// pdfStart is how long the engine may take to start: seven seconds were
	// seen where it had to be compiled on a busy machine, a tenth of one from
	// the cache.
	pdfStart = time.Minute
)

// engine is pdfium, compiled to WebAssembly and run inside this process: a fault
// in it is an error of one document, and it sees no file and no network. It is
// started with the first PDF, reads one document at a time and is stopped when
// it has been idle.
type engine struct {
	turn chan struct{} // holds a value while the engine is in use; guards pool and idle

	pool  pdfium.Pool
	cache wazero.CompilationCache
	idle  *time.Timer

	mu  sync.Mutex // guards dir
	dir string
}

var pdf = engine{turn: make(chan struct{}, 1)}

// CacheDir has the PDF engine keep its machine code in dir, which saves some
// seconds of compiling after each start; what is in it is run, so that nobody
// else may write there. Without it the user's cache directory is taken, and
// none where there is no such directory.
func CacheDir(dir string) {
	pdf.mu.Lock()
	defer pdf.mu.Unlock()
	pdf.dir = dir
}

// Close stops the PDF engine if it runs; the next PDF starts it again. It waits
// for the document being read.
func Close() {
	pdf.turn <- struct{}{}
	defer func() { <-pdf.turn }()
	pdf.stop()
}

// use calls f with a fresh instance once no other document is being read, or
// returns knowledge.ErrBusy when ctx ends before. When it ends later, whatever
// the instance is doing ends with an error.
func (e *engine) use(ctx context.Context, f func(in pdfium.Pdfium, memory func() int) error) error {
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("%w: another PDF is being read: %w", knowledge.ErrBusy, ctx.Err())
	}
	defer func() { <-e.turn }()
	if e.idle != nil {
		e.idle.Stop()
	}
	if e.pool == nil {
		if err := e.start(); err != nil {
			return err
		}
	}
	defer func() { e.idle = time.AfterFunc(pdfIdle, e.rest) }()
	in, err := e.pool.GetInstance(pdfStart)
	if err != nil {
		e.stop()
		return fmt.Errorf("start the PDF reader: %w", err)
	}
	module, err := moduleOf(in)
	if err != nil {
		e.stop()
		return err
	}
	ended := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(ended)
		module.CloseWithExitCode(context.Background(), 1) // the call under way returns
	})
	err = guarded(func() error { return f(in, func() int { return int(module.Memory().Size()) }) })
	if !release() {
		<-ended
		e.stop()
		return ctx.Err()
	}
	if closeErr := in.Close(); closeErr != nil { // after a fault in it
		e.stop()
	}
	return err
}

// guarded makes an error of a panic, so that the engine is left in order.
func guarded(f func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("%w: the PDF is damaged: %v", knowledge.ErrCorrupt, fault)
		}
	}()
	return f()
}

// moduleOf is the WebAssembly module an instance calls, which go-pdfium does
// not show by other means. It is what can end a call that takes too long: the
// instance's own Close waits for the call, and its Kill does nothing.
func moduleOf(in pdfium.Pdfium) (api.Module, error) {
	shown, ok := in.(interface{ GetImplementation() interface{} })
	if ok {
		if v := reflect.Indirect(reflect.ValueOf(shown.GetImplementation())); v.Kind() == reflect.Struct {
			if field := v.FieldByName("Module"); field.IsValid() && field.CanInterface() {
				if module, ok := field.Interface().(api.Module); ok {
					return module, nil
				}
			}
		}
	}
	return nil, errors.New("the PDF reader's instance has no module")
}

func (e *engine) start() error {
	config := wazero.NewRuntimeConfig().WithMemoryLimitPages(pdfMemory).
		WithCloseOnContextDone(true) // has loops look whether their module was closed
	if e.cache = e.openCache(); e.cache != nil {
		config = config.WithCompilationCache(e.cache)
	}
	pool, err := webassembly.Init(webassembly.Config{
		MaxIdle: 1, MaxTotal: 1, RuntimeConfig: config,
		FSConfig: wazero.NewFSConfig(), // otherwise it could read every file
		Stdout:   io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		e.closeCache()
		return fmt.Errorf("start the PDF reader: %w", err)
	}
	e.pool = pool
	return nil
}

// openCache opens the directory for compiled code, or returns nil.
func (e *engine) openCache() wazero.CompilationCache {
	e.mu.Lock()
	dir := e.dir
	e.mu.Unlock()
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(base, "frontdesk", "pdf")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil
	}
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return nil
	}
	return cache
}

func (e *engine) closeCache() {
	if e.cache != nil {
		e.cache.Close(context.Background())
		e.cache = nil
	}
}

// rest stops the engine unless a document has come meanwhile.
func (e *engine) rest() {
	select {
	case e.turn <- struct{}{}:
		e.stop()
		<-e.turn
	default: // that document's end sets the timer anew
	}
}

func (e *engine) stop() {
	if e.idle != nil {
		e.idle.Stop()
	}
	if e.pool == nil {
		return
	}
	e.pool.Close()
	e.pool = nil
	e.closeCache()
	// The memory of a document is one large object, and a server at rest may not
	// collect garbage for minutes.
	debug.FreeOSMemory()
}
