package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-telegram/bot"
)

// maxReply bounds what is read of an answer of Telegram's: a hundred updates of
// the greatest size stay far below it.
const maxReply = 16 << 20

// officialAPI is where bots speak with Telegram.
const officialAPI = "https://api.telegram.org"

// api is Telegram's Bot API. The library's own poller confirms an update before
// it was worked on and loses it when the program ends, hence getUpdates is here.
type api struct {
	*bot.Bot
	token  string
	base   string
	client *http.Client
	timing *timing
}

func newAPI(token, base string, t *timing, log *slog.Logger) (*api, error) {
	if base = strings.TrimRight(base, "/"); base == "" {
		base = officialAPI
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 32 // deliveries leave in parallel
	a := &api{token: token, base: base, client: &http.Client{Transport: transport, CheckRedirect: noRedirect}, timing: t}
	lib, err := bot.New(token, bot.WithSkipGetMe(), bot.WithServerURL(base), bot.WithHTTPClient(t.poll, a),
		bot.WithErrorsHandler(func(err error) { log.Debug("telegram request", "err", a.scrub(err)) }))
	if err != nil {
		return nil, a.fail("make the client", err)
	}
	a.Bot = lib
	return a, nil
}

// noRedirect keeps the address, which holds the token, from going elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Do makes one request of the library's within a bounded time and size.
func (a *api) Do(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), a.timing.answer)
	resp, err := a.client.Do(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	defer cancel()
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		// A proxy's error page; the library would put all of it into its error.
		return nil, fmt.Errorf("answer %d is not Telegram's", resp.StatusCode)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// updates waits up to wait for updates from offset on and returns them as they
// came: one that cannot be read must not take the others with it.
func (a *api) updates(ctx context.Context, offset int64, wait time.Duration) ([]json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{
		"offset": offset, "timeout": int(wait.Seconds()), "allowed_updates": allowedUpdates,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, wait+a.timing.answer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/bot"+a.token+"/getUpdates", bytes.NewReader(body))
	if err != nil {
		return nil, a.fail("fetch updates", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, a.fail("fetch updates", err)
	}
	defer resp.Body.Close()
	var r struct {
		OK          bool              `json:"ok"`
		Result      []json.RawMessage `json:"result"`
		Description string            `json:"description"`
		Code        int               `json:"error_code"`
		Parameters  struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReply)).Decode(&r); err != nil {
		if ctx.Err() != nil {
			return nil, a.fail("fetch updates", ctx.Err())
		}
		return nil, fmt.Errorf("fetch updates: answer %d is not Telegram's", resp.StatusCode)
	}
	if r.OK {
		return r.Result, nil
	}
	kind := map[int]error{
		http.StatusUnauthorized: bot.ErrorUnauthorized, http.StatusNotFound: bot.ErrorNotFound, http.StatusConflict: bot.ErrorConflict,
		http.StatusForbidden: bot.ErrorForbidden, http.StatusBadRequest: bot.ErrorBadRequest,
		http.StatusTooManyRequests: &bot.TooManyRequestsError{Message: "too many requests", RetryAfter: r.Parameters.RetryAfter},
	}[r.Code]
	if kind == nil {
		kind = fmt.Errorf("answer %d", r.Code)
	}
	return nil, a.fail("fetch updates", fmt.Errorf("%w: %s", kind, r.Description))
}

// failure is an error of Telegram's whose text holds no token.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }

// Is and As see the cause; Unwrap would hand out its text, which has the address
// with the token in it.
func (f *failure) Is(target error) bool { return errors.Is(f.cause, target) }

func (f *failure) As(target any) bool { return errors.As(f.cause, target) }

// fail wraps an error of the library's, without the token.
func (a *api) fail(verb string, err error) error {
	return &failure{verb + ": " + a.scrub(err), err}
}

// scrub takes the token, and its secret half alone, out of an error's text.
func (a *api) scrub(err error) string {
	s := strings.ReplaceAll(err.Error(), a.token, "***")
	if _, secret, ok := strings.Cut(a.token, ":"); ok && secret != "" {
		s = strings.ReplaceAll(s, secret, "***")
	}
	return s
}

// explain says in short what is wrong, for people who run the server.
func explain(err error) string {
	var busy *bot.TooManyRequestsError
	var network net.Error
	switch {
	case errors.Is(err, bot.ErrorUnauthorized), errors.Is(err, bot.ErrorNotFound):
		return "Telegram refuses the token"
	case errors.Is(err, bot.ErrorConflict):
		return "another program fetches this bot's updates"
	case errors.As(err, &busy):
		return fmt.Sprintf("Telegram asks to wait %v", time.Duration(busy.RetryAfter)*time.Second)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network):
		return "Telegram cannot be reached"
	}
	return err.Error()
}
