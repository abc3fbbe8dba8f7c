package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
	"frontdesk/knowledge"
)

// Problem is an RFC 9457 problem: what an API error looks like. It never holds
// internal text.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Code names the cause for programs; it does not change with the wording.
	Code string `json:"code,omitempty"`
	// TakenBy names who holds the conversation, when that is the problem.
	TakenBy *Person `json:"taken_by,omitempty"`
	// Field names what of a setting is wrong, and Current is the setting, or whatever else
	// was to be changed, as it is when somebody else was first.
	Field   string          `json:"field,omitempty"`
	Current json.RawMessage `json:"current,omitempty"`

	retryAfter int // seconds; 0 for none
}

// Person is a member of staff as other staff see them.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// problem is an error that already knows how it looks to the caller.
func problem(status int, code, detail string) *Problem {
	return &Problem{Status: status, Code: code, Detail: detail}
}

// WriteProblem answers with p as application/problem+json. Type and Title are
// filled in when empty.
func WriteProblem(w http.ResponseWriter, p Problem) {
	if p.Type == "" {
		p.Type = "about:blank"
	}
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p) // a caller who went away needs no answer
}

// whole is p with what WriteProblem would fill in, to stand in an answer that has
// members of its own beside it.
func whole(status int, code, detail string) Problem {
	return Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// writeProblemWith answers with v, which has a whole problem in it.
func writeProblemWith(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(body, '\n')) // a caller who went away needs no answer
	return nil
}

// known maps what the domains return to what a caller is told.
var known = []struct {
	err    error
	status int
	code   string
	detail string
}{
	{conversation.ErrNotFound, 404, "not_found", "There is no such conversation."},
	{conversation.ErrNoFile, 404, "not_found", "There is no such file, or it is not here yet."},
	{conversation.ErrTooManyFiles, 422, "too_many_files", "A reply may have up to " + strconv.Itoa(conversation.MaxAttachments) + " files."},
	{conversation.ErrFileTooLarge, 413, "too_large", replyFileTooLarge},
	{conversation.ErrFileType, 415, "unsupported_format", "Files of this type are not taken, or it is damaged. Send a picture, recording, video, PDF, Office or text file."},
	{conversation.ErrFileEmpty, 422, "empty", "The file is empty."},
	{conversation.ErrFileQuota, 409, "file_quota", "This conversation has had as many files as it may have in a day. Send a link instead."},
	{conversation.ErrEmpty, 422, "empty", "The text is empty."},
	{conversation.ErrTooLong, 422, "too_long", "The text is longer than " + strconv.Itoa(conversation.MaxTextRunes) + " characters."},
	{conversation.ErrConflict, 409, "id_reused", "This id was used for another message."},
	{conversation.ErrNotCurrent, 409, "not_current", "That is not possible in the conversation's present state."},
	{conversation.ErrUnseen, 409, "unseen", "The customer has written since. Nothing was changed."},
	{conversation.ErrBadCursor, 422, "bad_cursor", "The cursor is not one from an earlier page."},
	{conversation.ErrNoDelivery, 404, "not_found", "There is no such message, or it leaves through no channel's own API."},
	{conversation.ErrNoFigure, 422, "bad_figure", "No report has this figure."},
	{conversation.ErrNoContact, 404, "not_found", "There is no such contact."},
	{conversation.ErrNoLabel, 404, "not_found", "There is no such label."},
	{conversation.ErrNoTeam, 404, "not_found", "There is no such team."},
	{conversation.ErrNoCanned, 404, "not_found", "There is no such canned reply."},
	{conversation.ErrNoModel, 409, "no_model", "This takes a model, and none is configured."},
	{conversation.ErrHelpBusy, 503, "busy", "The model is busy for others just now. Try again in a moment."},
	{conversation.ErrNobody, 409, "nobody_online", "Nobody who could take it is online."},
	{conversation.ErrExists, 409, "exists", "Something else has that name."},
	{conversation.ErrNoWebhook, 404, "not_found", "There is no such webhook."},
	{conversation.ErrNoWebhookDelivery, 404, "not_found", "There is no such delivery, or it is no longer in the log."},
	{conversation.ErrManyWebhooks, 409, "too_many", "There are " + strconv.Itoa(conversation.MaxWebhooks) + " webhooks, which is as many as can be."},
	{conversation.ErrNoJob, 404, "not_found", "There is no such job."},
	{conversation.ErrNoGap, 404, "not_found", "There is no such gap."},
	{conversation.ErrGapState, 409, "not_current", "That is not possible in the gap's present state."},
	{conversation.ErrNoTest, 404, "not_found", "There is no such test, or no such run of tests."},
	{conversation.ErrTestExists, 409, "exists", "There is a test of this question already."},
	{conversation.ErrTooManyTests, 409, "too_many", "There are " + strconv.Itoa(conversation.MaxTests) + " tests at most."},
	{conversation.ErrNoTests, 409, "no_tests", "The test set is empty. Add a test first."},
	{conversation.ErrNoKnowledge, 409, "no_knowledge", "The knowledge base is empty: every test would fail. Add a document first."},
	{conversation.ErrNoSource, 409, "no_source", "The answer cites no passage that is still there, so there is nothing to expect. Add the test by hand."},
	{conversation.ErrNoReply, 409, "no_reply", "Staff have not replied to any of these questions, so there is nothing to draft from. Publish an answer of your own."},
	{knowledge.ErrNotFound, 404, "not_found", "There is no such document."},
	{knowledge.ErrUnsupported, 415, "unsupported_format", "Files of this format cannot be read."},
	{knowledge.ErrTooLarge, 413, "too_large", "The document is too large."},
	{knowledge.ErrCorrupt, 422, "corrupt", "The document is damaged or not of the format it claims."},
	{knowledge.ErrEmpty, 422, "empty", "The document holds no text."},
	{knowledge.ErrBusy, 503, "busy", "Other files are just being taken in. Try again in a moment."},
	{staff.ErrLogin, 401, "login", "The e-mail address or the password is wrong."},
	{staff.ErrTOTPRequired, 401, "totp_required", "Send the same again with a code of your authenticator app, or a recovery code."},
	{staff.ErrTOTPWrong, 422, "totp_wrong", "The code is wrong, too old, or was used before."},
	{staff.ErrTOTPOn, 409, "totp_on", "The account has a second factor. Remove it before another is set up."},
	{staff.ErrTOTPOff, 409, "totp_off", "There is no second factor, or its set-up was not begun."},
	{staff.ErrWrongPassword, 422, "wrong_password", "The current password is wrong."},
	{staff.ErrPassword, 422, "bad_password", "A password has at least " + strconv.Itoa(staff.MinPasswordRunes) + " characters, and not very many more than anybody types."},
	{staff.ErrName, 422, "bad_name", "A name has 1 to 80 characters, all of which can be seen."},
	{staff.ErrEmail, 422, "bad_email", "The e-mail address is none."},
	{staff.ErrRole, 422, "bad_role", "The role is viewer, agent or admin."},
	{staff.ErrStatus, 422, "bad_status", "The status is online or away."},
	{staff.ErrExists, 409, "exists", "There is an account with this e-mail address."},
	{staff.ErrLastAdmin, 409, "last_admin", "This is the last admin. Make somebody else one first."},
	{staff.ErrInvitation, 404, "invitation", "The invitation is unknown, was used or taken back, or is too old. Ask for another."},
	{staff.ErrReset, 404, "reset", "The link is unknown, was used or replaced, or is too old. Ask for another."},
	{staff.ErrOwnAccount, 409, "own_account", "For your own account there is your profile, which asks for your password."},
	{staff.ErrNotFound, 404, "not_found", "There is nothing with this id."},
	{staff.ErrUnauthenticated, 401, "unauthenticated", "Sign in, or send a valid API token."},
	{errOtherAccount, 401, "other_account", "Somebody else has signed in in this browser. Sign in again to go on."},
	{errCrossOrigin, 403, "cross_origin", "The request comes from another site."},
}

// status is the one place that turns an error into an answer. internal is set
// when the fault is ours: the caller learns only that, the log the rest.
func status(err error) (p Problem, internal bool) {
	var own *Problem
	var taken *conversation.TakenError
	var slow *staff.SlowDownError
	var large *http.MaxBytesError
	var model *conversation.ModelError
	switch {
	case errors.As(err, &own):
		return *own, false
	case errors.As(err, &taken):
		return Problem{Status: 409, Code: "taken", Detail: "The conversation is held by " + taken.Name + ".",
			TakenBy: &Person{ID: taken.StaffID, Name: taken.Name}}, false
	case errors.As(err, &slow):
		return Problem{Status: 429, Code: "slow_down", Detail: "Too many attempts. Wait " + strconv.Itoa(slow.Seconds()) + " seconds.",
			retryAfter: slow.Seconds()}, false
	case errors.As(err, &model) && model.Kind == conversation.ErrOverBudget:
		return Problem{Status: 409, Code: "budget", Detail: "The budget for models leaves no room for this. It does again after midnight UTC, or once it is raised."}, false
	case errors.As(err, &model):
		return Problem{Status: 503, Code: "model_failed", Detail: "The model gave no answer (" + string(model.Kind) + "). Try again.", retryAfter: 5}, false
	case errors.As(err, &large):
		return Problem{Status: 413, Code: "too_large", Detail: "The request is larger than " + strconv.FormatInt(large.Limit, 10) + " bytes."}, false
	}
	for _, k := range known {
		if errors.Is(err, k.err) {
			p := Problem{Status: k.status, Code: k.code, Detail: k.detail}
			if p.Status == http.StatusServiceUnavailable {
				p.retryAfter = largeAgain
			}
			return p, false
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Problem{Status: 503, Code: "timeout", Detail: "That took too long. Try again.", retryAfter: 5}, true
	}
	return Problem{Status: 500, Code: "internal", Detail: "Something went wrong here. It has been logged."}, true
}
