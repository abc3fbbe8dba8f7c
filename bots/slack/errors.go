package slack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"frontdesk/conversation"

	"github.com/slack-go/slack"
)

const (
	// waitUnsaid is how long to stay away when Slack asks for it without saying
	// for how long.
	waitUnsaid = 30 * time.Second
	// waitToken is how long an answer waits before a token that was refused is
	// tried again: somebody has to change it.
	waitToken = time.Minute
)

// Codes of Slack's by what they mean for a message on its way.
// https://docs.slack.dev/reference/methods/chat.postMessage
var (
	// refusedPlace: this message will never be taken there.
	refusedPlace = []string{
		"channel_not_found", "is_archived", "not_in_channel", "cannot_reply_to_message", "thread_not_found", "thread_locked",
		"restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"restricted_action_non_threadable_channel", "restricted_action_thread_locked", "messages_tab_disabled",
		"user_disabled", "user_not_found", "users_not_found", "cannot_dm_bot", "is_inactive", "team_access_not_granted",
		"msg_too_long", "msg_blocks_too_long", "no_text", "external_channel_migrating", "as_user_not_supported", "ekm_access_denied",
	}
	// refusedToken: nothing will be taken before somebody changes the app.
	refusedToken = []string{
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission",
		"not_allowed_token_type", "org_login_required", "two_factor_setup_required", "access_denied", "invalid_token",
	}
	// refusedBlocks: the same words without their blocks may still pass.
	refusedBlocks = []string{"invalid_blocks", "invalid_blocks_format", "block_mismatch", "invalid_metadata_format", "invalid_metadata_schema"}
	// unseeable: posting may be allowed all the same.
	unseeable = []string{"missing_scope", "no_permission", "not_in_channel", "thread_not_found"}
	// unsupported: this workspace, or this server, has no such method.
	unsupported = []string{
		"unknown_method", "method_not_supported_for_channel_type", "feature_not_enabled", "not_allowed", "missing_scope", "no_permission",
		"not_allowed_token_type", "team_not_allowed", "access_denied", "method_deprecated", "invalid_arguments", "channel_type_not_supported",
	}
)

// code returns Slack's word for what was wrong, empty where there is none.
func code(err error) string {
	var e slack.SlackErrorResponse
	if errors.As(err, &e) {
		return e.Err
	}
	return ""
}

func is(err error, codes []string) bool { return slices.Contains(codes, code(err)) }

// safe is an error in words that hold no address, token or text: what may be
// logged and shown to staff.
func safe(err error) error {
	var (
		rate    *slack.RateLimitedError
		status  slack.StatusCodeError
		timeout net.Error
	)
	switch {
	case err == nil:
		return nil
	case code(err) != "":
		return errors.New("slack: " + code(err))
	case errors.As(err, &rate):
		return errors.New("slack: too many calls; asked to wait " + rate.RetryAfter.String())
	case errors.As(err, &status):
		return errors.New("slack: HTTP status " + strconv.Itoa(status.Code))
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("slack: no answer in time")
	case errors.Is(err, context.Canceled):
		return errors.New("slack: given up")
	}
	return errors.New("slack: cannot be reached, or its answer not understood")
}

// wait is how long Slack asks to be left alone; zero when it does not.
func wait(err error) time.Duration {
	var (
		rate   *slack.RateLimitedError
		status slack.StatusCodeError
	)
	switch {
	case errors.As(err, &rate):
		return max(rate.RetryAfter, time.Second)
	case errors.As(err, &status) && status.Code == http.StatusTooManyRequests, code(err) == "ratelimited", code(err) == "rate_limited":
		return waitUnsaid
	}
	return 0
}

// unsure reports whether a call that failed may have been carried out all the
// same: only an answer of Slack's own says for certain that it was not.
func unsure(err error) bool { return code(err) == "" && wait(err) == 0 }

// sendError says to the courier what to do about a delivery that failed.
func sendError(err error) *conversation.SendError {
	out := &conversation.SendError{Err: safe(err), RetryAfter: wait(err)}
	switch {
	case is(err, refusedPlace):
		out.Permanent = true
	case is(err, refusedToken):
		out.RetryAfter = waitToken
	}
	return out
}
