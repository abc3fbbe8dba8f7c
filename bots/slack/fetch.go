package slack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

const (
	// fetchTimeout bounds the download of one file, waits included.
	fetchTimeout = time.Minute
	// maxFetchWait is the longest a download waits because Slack asks it to; the turn
	// behind it is tried again where that is not enough.
	maxFetchWait = 20 * time.Second
	// fetchTries bounds how often one file is asked for in one go.
	fetchTries = 3
	// maxHops bounds the redirects followed, all of them within Slack.
	maxHops = 3
)

var (
	// errSignIn is returned where Slack gives its sign-in page instead of a file.
	errSignIn = errors.New("slack: the app may not read files: it lacks the permission files:read")
	// errAway is returned for a file whose address is not Slack's: the token goes nowhere else.
	errAway = errors.New("slack: the file's address leads away from Slack")
	// errNoDownload is returned for what Slack lists as a file and gives no bytes of.
	errNoDownload = errors.New("slack: the file has no address")
)

// Codes of Slack's for a file that is not there, and for one the app may not read
// (docs.slack.dev/reference/methods/files.info).
var (
	fileGone   = []string{"file_not_found", "file_deleted", "file_not_available", "not_visible", "restricted_action"}
	fileBarred = []string{"missing_scope", "no_permission", "not_allowed_token_type", "access_denied"}
)

// noFile is an answer to a download that holds no file.
type noFile int

func (n noFile) Error() string { return "slack: HTTP status " + strconv.Itoa(int(n)) }

// modeError is returned for files that Slack does not keep as bytes.
type modeError string

func (m modeError) Error() string { return "slack: a file of mode " + string(m) }

// Fetch implements conversation.Fetcher: remote is a file id. The token goes in a
// header, to Slack alone.
func (b *Bot) Fetch(ctx context.Context, account, remote string, limit int64) ([]byte, error) {
	me := b.me.Load()
	switch {
	case !b.Enabled():
		return nil, &conversation.FetchError{Err: errNoToken}
	case me != nil && me.Team != "" && account != me.Team:
		return nil, &conversation.FetchError{Permanent: true, Err: errors.New("slack: the file is in another workspace")}
	case !validID(remote):
		return nil, &conversation.FetchError{Permanent: true, Err: errors.New("slack: not a file of Slack's")}
	}
	ctx, cancel := context.WithTimeout(ctx, b.fetchWithin)
	defer cancel()
	for try := 1; ; try++ {
		content, err := b.fetch(ctx, remote, limit)
		pause := wait(err)
		if pause == 0 {
			return content, fetchError(err)
		}
		if try == fetchTries || pause > maxFetchWait || !b.rest(ctx, pause) {
			return nil, fetchError(err)
		}
	}
}

// fetch asks what the file is and downloads it.
func (b *Bot) fetch(ctx context.Context, id string, limit int64) ([]byte, error) {
	f, _, _, err := b.api.GetFileInfoContext(ctx, id, 0, 0)
	if err != nil {
		return nil, err
	}
	address := or(f.URLPrivateDownload, f.URLPrivate)
	switch mode := f.Mode; {
	case f.IsExternal, mode != "" && mode != "hosted" && mode != "snippet":
		return nil, modeError(or(mode, "external"))
	case int64(f.Size) > limit:
		return nil, conversation.ErrFileTooLarge
	case address == "":
		return nil, errNoDownload
	}
	return b.download(ctx, address, limit, strings.HasPrefix(f.Mimetype, "text/html"))
}

// download reads a file of at most limit bytes. Without the permission Slack answers
// 200 with a page to sign in at, which must not pass for the file.
func (b *Bot) download(ctx context.Context, address string, limit int64, page bool) ([]byte, error) {
	for range maxHops + 1 {
		if !b.slackAddress(address) {
			return nil, errAway
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, errAway
		}
		req.Header.Set("Authorization", "Bearer "+b.cfg.BotToken)
		resp, err := b.downloads.Do(req)
		if err != nil {
			return nil, err
		}
		content, next, err := readFile(resp, limit, page)
		resp.Body.Close()
		if next == "" {
			return content, err
		}
		address = next
	}
	return nil, errSignIn // round in circles is how an unknown visitor is sent to sign in
}

// readFile reads an answer: the file, or where it is.
func readFile(resp *http.Response, limit int64, page bool) (content []byte, next string, err error) {
	switch code := resp.StatusCode; {
	case code >= 300 && code < 400:
		to, err := resp.Location()
		if err != nil {
			return nil, "", noFile(code)
		}
		if to.Query().Has("redir") {
			return nil, "", errSignIn
		}
		return nil, to.String(), nil
	case code == http.StatusTooManyRequests:
		seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
		if err != nil || seconds < 0 {
			seconds = int(waitUnsaid / time.Second)
		}
		return nil, "", &slack.RateLimitedError{RetryAfter: time.Duration(min(seconds, 3600)) * time.Second}
	case code != http.StatusOK:
		return nil, "", noFile(code)
	case resp.ContentLength > limit:
		return nil, "", conversation.ErrFileTooLarge
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	how, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
	if kind == "text/html" && how != "attachment" {
		return nil, "", errSignIn
	}
	content, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, "", err
	case int64(len(content)) > limit:
		return nil, "", conversation.ErrFileTooLarge
	case !page && isPage(content):
		return nil, "", errSignIn
	}
	return content, "", nil
}

// isPage reports whether what should be another kind of file begins as Slack's
// sign-in page does.
func isPage(content []byte) bool {
	start := bytes.ToLower(bytes.TrimLeft(content[:min(len(content), 512)], "\ufeff \t\r\n"))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// slackDomains are those whose hosts are Slack's own.
var slackDomains = []string{"slack.com", "slack-gov.com"}

// slackAddress reports whether the token may go to an address: Slack's over TLS, or
// the server that gets it with every call.
func (b *Bot) slackAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	within := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	if u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") && slices.ContainsFunc(slackDomains, within) {
		return true
	}
	api, err := url.Parse(b.cfg.APIURL)
	return err == nil && api.Host != "" && u.Scheme == api.Scheme && strings.EqualFold(u.Host, api.Host)
}

// fetchError says what to do about a failure, in words without address or token.
func fetchError(err error) error {
	var (
		mode   modeError
		status noFile
	)
	known := func(reason conversation.Refusal, err error) error {
		return &conversation.FetchError{Permanent: true, Reason: reason, Err: err}
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, conversation.ErrFileTooLarge):
		return conversation.ErrFileTooLarge
	case errors.As(err, &mode):
		switch mode {
		case "external":
			return known(conversation.RefusedElsewhere, mode)
		case "tombstone", "hidden_by_limit":
			return known(conversation.RefusedGone, mode)
		}
		return known(conversation.RefusedFormat, mode)
	case errors.Is(err, errSignIn), is(err, fileBarred):
		return known(conversation.RefusedGone, fmt.Errorf("%w (%s)", errSignIn, or(code(err), "its sign-in page came")))
	case errors.Is(err, errAway):
		return known(conversation.RefusedElsewhere, errAway)
	case errors.Is(err, errNoDownload), is(err, fileGone):
		return known(conversation.RefusedGone, safeFetch(err))
	case errors.As(err, &status):
		gone := status == http.StatusNotFound || status == http.StatusGone || status == http.StatusForbidden
		return &conversation.FetchError{Permanent: gone, Err: status}
	}
	return &conversation.FetchError{Err: safe(err)}
}

func safeFetch(err error) error {
	if errors.Is(err, errNoDownload) {
		return errNoDownload
	}
	return safe(err)
}
