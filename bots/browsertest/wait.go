package browsertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	cd "github.com/chromedp/chromedp"
)

const (
	// glance is how long one look at a page takes at most. A page that goes away meanwhile takes the look with it; the next
	// one sees the page that came.
	glance = time.Second
	// again is the time between two looks where the browser refused one.
	again = 10 * time.Millisecond
)

// Wait returns once the condition, in JavaScript, is true. While it names what is not there yet it is not true, whatever it
// throws; and it goes on where one page takes the place of another. After Patience it is an error that says what the
// condition threw last.
func Wait(ctx context.Context, condition string) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	look := fmt.Sprintf(`new Promise((done) => {
	const end = performance.now() + %d;
	let looks = 0;
	const look = () => {
		let why = 'it is not so';
		try { if (%s) return done('') } catch (e) { if (e instanceof SyntaxError) throw e; why = String(e) }
		if (performance.now() > end) done(why); else setTimeout(look, looks++ < 25 ? 4 : 20);
	};
	look();
})`, glance.Milliseconds(), "\n"+condition+"\n")
	why := "the browser did not answer"
	for {
		said, err := cd.Run(ctx, cd.Evaluate[string](look, cd.EvalAwaitPromise))
		switch {
		case err == nil && said == "":
			return nil
		case err == nil:
			why = said
		case ctx.Err() == nil && !left(err):
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %s", context.Cause(ctx), why)
		}
		if err != nil {
			pause(ctx)
		}
	}
}

// Eval returns the value of an expression, which may await. While the expression reads or calls something of what is not
// there, that is of null or undefined, it is tried again: an expression is to look things up before it changes anything.
func Eval[T any](ctx context.Context, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	for {
		v, err := cd.Run(ctx, cd.Evaluate[T]("(async () => "+expression+")()", cd.EvalAwaitPromise))
		if err == nil || !absent(err) {
			return v, err
		}
		pause(ctx)
		if ctx.Err() != nil {
			return v, err
		}
	}
}

func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(again):
	}
}

// absent reports whether a script failed since something was not there.
func absent(err error) bool {
	var thrown *cd.ExceptionError
	if !errors.As(err, &thrown) {
		return false
	}
	said := thrown.Error()
	return strings.Contains(said, "TypeError: Cannot read properties of") || strings.Contains(said, "TypeError: Cannot set properties of")
}

// left reports whether a script ended since its page was left.
func left(err error) bool {
	for _, said := range []string{"Cannot find context", "context was destroyed", "navigated or closed", "Promise was collected", "Cannot find default execution context"} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return false
}
