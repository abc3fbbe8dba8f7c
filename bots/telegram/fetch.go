package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"

	"frontdesk/conversation"
)

const (
	// maxFetchWait is the longest a download waits because Telegram asks it to; the
	// turn behind it is tried again where that is not enough.
	maxFetchWait = 20 * time.Second
	// fetchTries bounds how often one file is asked for in one go.
	fetchTries = 3
	// maxPath bounds the path of a file on Telegram's server.
	maxPath = 1024
)

// goneStatus are answers to a download after which there is no use in another one.
var goneStatus = []int{http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusGone}

// errPath is returned for a file whose path leads elsewhere, as a Bot API server of
// one's own in its local mode gives it.
var errPath = errors.New("the Telegram server names no path that files are served at")

// Fetch implements conversation.Fetcher: remote is a file id. The address of a file
// holds the token and stays in here.
func (b *Bot) Fetch(ctx context.Context, account, remote string, limit int64) ([]byte, error) {
	if account != b.account {
		return nil, &conversation.FetchError{Permanent: true, Err: errOtherBot}
	}
	if !fileID.MatchString(remote) {
		return nil, &conversation.FetchError{Permanent: true, Err: errors.New("not a file of Telegram's")}
	}
	ctx, cancel := context.WithTimeout(ctx, b.timing.fetch)
	defer cancel()
	for try := 1; ; try++ {
		content, err := b.fetch(ctx, remote, limit)
		var busy *bot.TooManyRequestsError
		if !errors.As(err, &busy) {
			return content, b.fetchError(err)
		}
		b.cfg.Observe("rate_limited")
		wait := max(b.timing.first, time.Duration(busy.RetryAfter)*time.Second)
		if try == fetchTries || wait > maxFetchWait || b.pause(ctx, wait) != nil {
			return nil, b.fetchError(err)
		}
	}
}

// fetch asks where the file is and downloads it.
func (b *Bot) fetch(ctx context.Context, id string, limit int64) ([]byte, error) {
	f, err := b.api.GetFile(ctx, &bot.GetFileParams{FileID: id})
	switch {
	case err != nil:
		return nil, err
	case f.FileSize > limit:
		return nil, conversation.ErrFileTooLarge
	case !servedPath(f.FilePath):
		return nil, errPath
	}
	return b.api.download(ctx, b.api.FileDownloadLink(f), limit)
}

// servedPath reports whether a path stays below the address that files are served at.
func servedPath(path string) bool {
	if path == "" || len(path) > maxPath || strings.ContainsAny(path, "\\?#%:") || strings.HasPrefix(path, "/") {
		return false
	}
	for _, part := range strings.Split(path, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	_, err := url.Parse(path)
	return err == nil
}

// noFile is an answer to a download that holds no file.
type noFile int

func (n noFile) Error() string { return "answer " + strconv.Itoa(int(n)) }

// download reads a file of at most limit bytes.
func (a *api) download(ctx context.Context, link string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
	if err != nil {
		return nil, err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		return nil, &bot.TooManyRequestsError{Message: "too many downloads", RetryAfter: max(seconds, 0)}
	case resp.StatusCode != http.StatusOK:
		return nil, noFile(resp.StatusCode)
	case resp.ContentLength > limit:
		return nil, conversation.ErrFileTooLarge
	}
	content, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(content)) > limit {
		return nil, conversation.ErrFileTooLarge
	}
	return content, err
}

// fetchError says what to do about a failure, in words without the address.
func (b *Bot) fetchError(err error) error {
	var status noFile
	switch {
	case err == nil:
		return nil
	case errors.Is(err, conversation.ErrFileTooLarge), says(err, "file is too big"):
		return conversation.ErrFileTooLarge
	}
	gone := errors.Is(err, errPath) || errors.Is(err, bot.ErrorBadRequest) || errors.Is(err, bot.ErrorForbidden) ||
		errors.As(err, &status) && slices.Contains(goneStatus, int(status))
	return &conversation.FetchError{Permanent: gone, Err: b.api.fail("fetch a file", err)}
}
