package console

import (
	"context"
	"net"
	"net/http"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

// handler serves one route for a caller who may use it.
type handler func(c *Console, w http.ResponseWriter, r *http.Request, who staff.Principal) error

// anyone marks the few routes that need no login.
const anyone staff.Role = ""

// route is one line of the API. The mux, the permissions, the description at
// /api/v1/openapi.json and the test that walks them all come from this table.
type route struct {
	method, path string
	least        staff.Role
	handle       handler
	about        string
	query        []param
	takes        any  // zero value of the JSON request; nil for none
	file         bool // or multipart/form-data with a file
	gives        any  // zero value of the JSON answer; nil for none
	code         int  // of success
	stream       bool // answers with text/event-stream
}

type param struct{ name, about, kind string }

var (
	pageParams = []param{{"cursor", "Where the page before ended.", "string"}, {"limit", "Items wanted.", "integer"}}
	logParams  = []param{{"after", "Sequence number to begin after.", "integer"}, {"limit", "Messages wanted.", "integer"}}
	// The states are those of knowledge.PageState.
	sitePageParams = append([]param{{"state", "Only pages in this state: new, ready, duplicate, skipped, failed, gone, removed.", "string"}}, pageParams...)

	// The states are those of conversation.GapState.
	gapParams = append([]param{{"state", "Only gaps in this state: open (when absent), drafted, publishing, closed, dismissed.", "string"}}, pageParams...)

	importParams = []param{{"dry_run", "true reports what an import would do and changes nothing; false is assumed.", "boolean"}}
	linkParams   = []param{{"channel", "slack or telegram.", "string"}, {"account", "The workspace, when the link names one.", "string"}, {"external_id", "The person's id there.", "string"}}
	reportParams = []param{{"from", "First day, in the time zone of the business hours.", "string"}, {"to", "Day after the last.", "string"}, {"channel", "Only this channel.", "string"}, {"label", "Only conversations with this label.", "string"}, {"staff", "Only those this member of staff replied to first.", "string"}}
	auditParams  = append([]param{{"actor", "Only by the account or token with this id.", "string"}, {"action", "Only this action, such as POST /api/v1/tokens.", "string"}, {"target", "Only about the thing with this id.", "string"}}, pageParams...)
	// As the issuer sends the browser back (OpenID Connect Core 1.0 §3.1.2.5).
	callbackParams = []param{{"state", "As it was sent there.", "string"}, {"code", "What was given.", "string"}, {"error", "Why nothing was.", "string"}}
	dayParams      = []param{{"from", "First day, UTC.", "string"}, {"to", "Day after the last, UTC.", "string"}}
	usageParams    = append([]param{{"group", "Any of day, model, purpose, channel and outcome, with commas; day,model,purpose when absent.", "string"}}, dayParams...)
)

var routes []route

func init() { // not a plain initialiser: the OpenAPI handler reads the table
	routes = []route{
		{"POST", "/api/v1/login", anyone, (*Console).login, "Sign in with a password, and a code where the account has a second factor (401 totp_required asks for it); sets the session cookie.", nil, loginRequest{}, false, meView{}, 200, false},
		{"POST", "/api/v1/logout", anyone, (*Console).logout, "End the session.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/me", staff.RoleViewer, (*Console).me, "Who the caller is.", nil, nil, false, meView{}, 200, false},
		{"PATCH", "/api/v1/me", staff.RoleViewer, (*Console).patchMe, "Change the caller's own name or status.", nil, meRequest{}, false, meView{}, 200, false},
		{"POST", "/api/v1/me/password", staff.RoleViewer, (*Console).changePassword, "Change the caller's password; all their other sessions end.", nil, passwordRequest{}, false, nil, 204, false},
		{"GET", "/api/v1/me/sessions", staff.RoleViewer, (*Console).listSessions, "Where the caller is signed in, the last used first; to the minute.", nil, nil, false, sessionsView{}, 200, false},
		{"DELETE", "/api/v1/me/sessions", staff.RoleViewer, (*Console).endSessions, "End the caller's sessions but this one.", nil, nil, false, nil, 204, false},
		{"DELETE", "/api/v1/me/sessions/{id}", staff.RoleViewer, (*Console).endSession, "End one of the caller's sessions.", nil, nil, false, nil, 204, false},
		{"POST", "/api/v1/me/totp", staff.RoleViewer, (*Console).beginTOTP, "Begin to set up a second factor: what an authenticator app needs, shown once. It is asked for once it was confirmed.", nil, nil, false, enrolmentView{}, 200, false},
		{"POST", "/api/v1/me/totp/confirm", staff.RoleViewer, (*Console).confirmTOTP, "Put the second factor in use by a code of it; the recovery codes are shown once.", nil, codeRequest{}, false, recoveryView{}, 200, false},
		{"DELETE", "/api/v1/me/totp", staff.RoleViewer, (*Console).removeTOTP, "Remove the second factor; takes the password, or a code where the account has none.", nil, removeTOTPRequest{}, false, nil, 204, false},
		{"GET", "/api/v1/login/methods", anyone, (*Console).loginMethods, "How people sign in here.", nil, nil, false, methodsView{}, 200, false},
		{"GET", "/api/v1/login/oidc", anyone, (*Console).beginSignOn, "Send the browser to sign in elsewhere.", nil, nil, false, nil, 303, false},
		{"GET", "/api/v1/login/oidc/callback", anyone, (*Console).finishSignOn, "Where the browser comes back from there; leads to the console, which is told by #/login?error=CODE what went wrong.", callbackParams, nil, false, nil, 303, false},

		{"GET", "/api/v1/staff", staff.RoleViewer, (*Console).listStaff, "Everybody, disabled accounts too: online is who has a console open, open how many conversations they hold.", nil, nil, false, staffView{}, 200, false},
		{"PATCH", "/api/v1/staff/{id}", staff.RoleAdmin, (*Console).patchStaff, "Change an account. Disabling ends its sessions; what somebody disabled, or made a viewer, held goes back to the queue. The last admin can be neither demoted nor disabled (409). version, or If-Match, may name the version that was read: 409 version_changed with current when somebody was first.", nil, memberRequest{}, false, colleagueView{}, 200, false},
		{"POST", "/api/v1/staff/invitations", staff.RoleAdmin, (*Console).invite, "Invite somebody: the link is shown once, works once, and for seven days. It replaces an open invitation of the same address.", nil, inviteRequest{}, false, invitedView{}, 201, false},
		{"GET", "/api/v1/staff/invitations", staff.RoleAdmin, (*Console).listInvitations, "Invitations that can still be accepted, the newest first.", nil, nil, false, invitationsView{}, 200, false},
		{"DELETE", "/api/v1/staff/invitations/{id}", staff.RoleAdmin, drop(staff.ErrNotFound, func(c *Console) remover { return c.staff.EndInvitation }), "Take an invitation back.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/invitations/{token}", anyone, (*Console).getInvitation, "What an invitation is to.", nil, nil, false, offerView{}, 200, false},
		{"POST", "/api/v1/invitations/{token}", anyone, (*Console).acceptInvitation, "Make the account and sign in; sets the session cookie.", nil, acceptRequest{}, false, meView{}, 201, false},
		{"POST", "/api/v1/staff/{id}/reset", staff.RoleAdmin, (*Console).makeReset, "Make a link by which a colleague chooses another password: shown once, works once, and for an hour. It replaces an earlier one. 409 own_account for the caller's own.", nil, nil, false, resetLinkView{}, 201, false},
		{"POST", "/api/v1/staff/{id}/totp-reset", staff.RoleAdmin, (*Console).dropTOTP, "Take a colleague's second factor away. 409 totp_off when there is none, own_account for the caller's own.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/resets/{token}", anyone, (*Console).getReset, "Whose password a link lets choose.", nil, nil, false, resetView{}, 200, false},
		{"POST", "/api/v1/resets/{token}", anyone, (*Console).useReset, "Choose another password; all sessions of the account end, and nobody is signed in.", nil, resetRequest{}, false, nil, 204, false},
		{"GET", "/api/v1/tokens", staff.RoleAdmin, (*Console).listTokens, "API tokens that are not revoked, the newest first.", nil, nil, false, tokensView{}, 200, false},
		{"POST", "/api/v1/tokens", staff.RoleAdmin, (*Console).addToken, "Make an API token, which is shown once.", nil, tokenRequest{}, false, newTokenView{}, 201, false},
		{"DELETE", "/api/v1/tokens/{id}", staff.RoleAdmin, (*Console).revokeToken, "Revoke an API token at once.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/audit", staff.RoleAdmin, (*Console).listAudit, "What people, tokens and commands changed, the newest first.", auditParams, nil, false, auditView{}, 200, false},

		{"GET", "/api/v1/openapi.json", anyone, (*Console).getOpenAPI, "This description.", nil, nil, false, struct{}{}, 200, false},

		{"POST", "/api/v1/documents", staff.RoleAdmin, (*Console).addDocument, "Add a file of up to 64 MB (text up to 20 MB), each file of a ZIP archive, one question with its answer, or an address with the pages of its site. It is read in the background. While two large files are on their way in, a third is told 503 with Retry-After.", nil, addRequest{}, true, addedView{}, 202, false},
		{"GET", "/api/v1/documents", staff.RoleViewer, (*Console).listDocuments, "Documents, newest first, with how often answers have cited them (hits) and when one last did, counted within a minute.", documentsParams, nil, false, documentsView{}, 200, false},
		{"GET", "/api/v1/documents/{id}", staff.RoleViewer, (*Console).getDocument, "One document, how far it is, and what in its text an admin should look at (warnings). A site's id shows its pages as one.", nil, nil, false, documentView{}, 200, false},
		{"PATCH", "/api/v1/documents/{id}", staff.RoleAdmin, (*Console).patchDocument, "Have a document as a whole reviewed by a day: review_by is one such as 2027-01-31, or null for none. Reading it again leaves that alone; FAQ entries have days of their own, and the first of all is the document's review_by.", nil, documentRequest{}, false, documentView{}, 200, false},
		{"GET", "/api/v1/documents/{id}/passages", staff.RoleViewer, (*Console).listPassages, "A document's passages in its order, hidden ones too.", pageParams, nil, false, passagesView{}, 200, false},
		{"PATCH", "/api/v1/passages/{id}", staff.RoleAdmin, (*Console).patchPassage, "Hide a passage (no search finds it), show it again or give it another text, where version still is the one that was read (409 with the passage as it is). Reading the document again replaces this, but what is hidden and comes out the same stays hidden. The text of an FAQ entry is edited as the entry.", nil, passageRequest{}, false, passageView{}, 200, false},
		{"DELETE", "/api/v1/documents/{id}", staff.RoleAdmin, (*Console).deleteDocument, "Delete a document with its passages, which can be restored for 30 days, or a site with its pages for good. One that is on its way is cancelled: nothing of it is found, though a page or a batch at work may still be brought to its end.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/documents/deleted", staff.RoleViewer, (*Console).deletedDocuments, "Documents that were deleted and can be restored, the last deleted first. Nothing of them is found or listed elsewhere; until says when they are erased.", pageParams, nil, false, deletedListView{}, 200, false},
		{"POST", "/api/v1/documents/{id}/restore", staff.RoleAdmin, (*Console).restoreDocument, "Bring a deleted document back with its passages as they were. 409 when another document has the same content by now.", nil, nil, false, documentView{}, 202, false},
		{"DELETE", "/api/v1/documents/deleted/{id}", staff.RoleAdmin, (*Console).eraseDeleted, "Erase a deleted document for good.", nil, nil, false, nil, 204, false},
		{"POST", "/api/v1/documents/{id}/retry", staff.RoleAdmin, (*Console).retryDocument, "Try a failed document again, or passages that the embedding model refused.", nil, nil, false, documentView{}, 202, false},
		{"POST", "/api/v1/entries/import", staff.RoleAdmin, importFile("A file of entries may have ", (*Console).importEntries), "Import the FAQ entries of a CSV, TSV, JSONL or JSON file, up to 20 MB and 20,000 rows, all or none, in place of the document of the file's name. The report has a verdict on each row: new, changed, same, conflict or invalid; with one of the last two nothing is imported, and the problem (422) has the same members as the report.", importParams, nil, true, importView{}, 200, false},
		{"GET", "/api/v1/entries", staff.RoleViewer, (*Console).listEntries, "FAQ entries, those of the newest document first.", entriesParams, nil, false, entriesView{}, 200, false},
		{"GET", "/api/v1/entries/{id}", staff.RoleViewer, (*Console).getEntry, "One FAQ entry; its ETag is its version.", nil, nil, false, entryView{}, 200, false},
		{"PUT", "/api/v1/entries/{id}", staff.RoleAdmin, (*Console).putEntry, "Give an entry another text; what is left out becomes empty. If-Match, or the member version, names the version that was read; when another was stored since, the answer is 409 with the entry as it is. The old text answers until the new one is searchable.", nil, entryRequest{}, false, entryView{}, 202, false},
		{"DELETE", "/api/v1/entries/{id}", staff.RoleAdmin, (*Console).deleteEntry, "Delete an entry at once, and with the last one its document. If-Match may name the version.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/entries/deleted", staff.RoleViewer, (*Console).deletedEntries, "Entries that were deleted and can come back, the last deleted first, 100 at most.", nil, nil, false, versionsView{}, 200, false},
		{"GET", "/api/v1/entries/{id}/history", staff.RoleViewer, (*Console).entryHistory, "What an entry was, the newest first, 50 at most: edits, deletions and restores over this API, and how it was before the first.", nil, nil, false, versionsView{}, 200, false},
		{"POST", "/api/v1/entries/{id}/restore", staff.RoleAdmin, (*Console).restoreEntry, "Make an entry what it was in the version with the id restore; If-Match, or the member version, names the version that was read (409 as on PUT). A deleted one comes back under its id, if need be with its document.", nil, entryRestoreRequest{}, false, entryView{}, 202, false},
		{"GET", "/api/v1/conflicts", staff.RoleViewer, (*Console).listConflicts, "Pairs of FAQ entries that nearly repeat or seem to contradict each other, with both texts, why and how like the questions are. A pair goes when one of them is changed or deleted.", pageParams, nil, false, conflictsView{}, 200, false},
		{"POST", "/api/v1/conflicts/{id}/dismiss", staff.RoleAdmin, (*Console).dismissConflict, "Take a pair off the list for as long as both texts stay as they are.", nil, nil, false, nil, 204, false},
		{"POST", "/api/v1/preview", staff.RoleAdmin, (*Console).preview, "Ask the last real questions again as if a file, an entry or an edit were live, and say which answers would be others. Nothing goes live. The form is that of POST /api/v1/documents without addresses.", previewParams, entryRequest{}, true, previewView{}, 200, false},
		{"GET", "/api/v1/sites", staff.RoleViewer, (*Console).listSites, "Sites that are read again now and then, newest first.", nil, nil, false, sitesView{}, 200, false},
		{"GET", "/api/v1/sites/{id}", staff.RoleViewer, (*Console).getSite, "One site and how far it is.", nil, nil, false, siteView{}, 200, false},
		{"GET", "/api/v1/sites/{id}/pages", staff.RoleViewer, (*Console).listSitePages, "Its addresses and what became of each.", sitePageParams, nil, false, pagesView{}, 200, false},
		{"POST", "/api/v1/sites/{id}/crawl", staff.RoleAdmin, (*Console).crawlSite, "Read a site again now.", nil, nil, false, addedView{}, 202, false},
		{"DELETE", "/api/v1/sites/{id}", staff.RoleAdmin, (*Console).deleteSite, "Delete a site with the documents of its pages.", nil, nil, false, nil, 204, false},
		{"POST", "/api/v1/search", staff.RoleViewer, (*Console).search, "Find passages as the bot does, with the reasons.", nil, searchRequest{}, false, ResultView{}, 200, false},

		{"GET", "/api/v1/gaps", staff.RoleViewer, (*Console).listGaps, "Questions the bot could not answer, grouped by meaning, the most pressing first: by distinct customers × 2^(-days since it was last asked / 14).", gapParams, nil, false, gapsView{}, 200, false},
		{"GET", "/api/v1/gaps/{id}", staff.RoleViewer, (*Console).getGap, "One gap with its newest 200 questions, where they were asked and why the bot failed.", nil, nil, false, gapDetailView{}, 200, false},
		{"POST", "/api/v1/gaps/{id}/draft", staff.RoleAdmin, onGap(Gaps.Draft), "Draft an FAQ entry from what staff replied, for review. Personal data is masked. 409 when nobody has replied.", nil, nil, false, gapView{}, 200, false},
		{"POST", "/api/v1/gaps/{id}/publish", staff.RoleAdmin, (*Console).publishGap, "Save an entry and ask the questions again in the background: the gap is closed if all of them are answered by it, and open again otherwise. 409 while another is being published.", nil, gapEntryView{}, false, gapView{}, 202, false},
		{"POST", "/api/v1/gaps/{id}/merge", staff.RoleAdmin, (*Console).mergeGap, "Move the questions of another gap into this one.", nil, mergeRequest{}, false, gapView{}, 200, false},
		{"POST", "/api/v1/gaps/{id}/dismiss", staff.RoleAdmin, onGap(Gaps.Dismiss), "Put a gap aside; it stays so whoever asks again.", nil, nil, false, gapView{}, 200, false},
		{"POST", "/api/v1/gaps/{id}/reopen", staff.RoleAdmin, onGap(Gaps.Reopen), "Open a gap that was closed or dismissed, or stop publishing it.", nil, nil, false, gapView{}, 200, false},

		{"GET", "/api/v1/conversations/{id}", staff.RoleViewer, (*Console).getConversation, "One conversation.", nil, nil, false, summaryView{}, 200, false},
		{"GET", "/api/v1/conversations/{id}/messages", staff.RoleViewer, (*Console).listMessages, "Its messages, oldest first, notes included.", logParams, nil, false, messagesView{}, 200, false},
		{"GET", "/api/v1/files/{id}", staff.RoleViewer, (*Console).getFile, "A file of a message, its bytes.", nil, nil, false, nil, 200, false},
		{"POST", "/api/v1/conversations/{id}/takeover", staff.RoleAgent, act(takeover), "Take the conversation over; the bot falls silent.", nil, nil, false, stateView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/files", staff.RoleAgent, (*Console).postReplyFile, "Upload a file for a reply that is to come: a picture of up to 10 MB, or a recording, video, PDF, Office or text file of up to 20 MB. Its id goes into attachments of the reply within a day, after which it is removed.", nil, nil, true, attachmentView{}, 201, false},
		{"POST", "/api/v1/conversations/{id}/reply", staff.RoleAgent, say(reply), "Write to the customer; takes the conversation over. attachments are ids of up to 10 files uploaded for this conversation; with them the text may be empty. The same id again stores nothing and gives what was stored.", nil, replyRequest{}, false, messageView{}, 201, false},
		{"POST", "/api/v1/conversations/{id}/note", staff.RoleAgent, say(note), "Write a note that only staff see. mentions are ids of colleagues, who are told. The same id again stores nothing and gives what was stored.", nil, textRequest{}, false, messageView{}, 201, false},
		{"POST", "/api/v1/conversations/{id}/handback", staff.RoleAgent, (*Console).handback, "Give the conversation back to the bot. The body may be left out; with seen_seq, the newest message you have seen, it is 409 unseen when the customer has written since.", nil, seenRequest{}, false, stateView{}, 200, false},

		{"GET", "/api/v1/staff/links", staff.RoleAdmin, (*Console).listLinks, "Who on Slack and Telegram is which member of staff.", nil, nil, false, linksView{}, 200, false},
		{"PUT", "/api/v1/staff/links", staff.RoleAdmin, (*Console).putLink, "Make a person on Slack or Telegram a member of staff, who may then answer from there.", nil, linkRequest{}, false, linkView{}, 200, false},
		{"DELETE", "/api/v1/staff/links", staff.RoleAdmin, (*Console).deleteLink, "End a link at once.", linkParams, nil, false, nil, 204, false},

		{"GET", "/api/v1/settings/hours", staff.RoleViewer, getSection("hours"), "When people answer: spans of weekdays (0 is Sunday) in an IANA time zone, and holidays, which are closed all day. Without spans they always do.", nil, nil, false, conversation.Hours{}, 200, false},
		{"PUT", "/api/v1/settings/hours", staff.RoleAdmin, putSection("hours"), "Change them, on all replicas within a second. version is the one that was read; 409 version_changed when somebody was first.", nil, conversation.Hours{}, false, conversation.Hours{}, 200, false},
		{"GET", "/api/v1/settings/handling", staff.RoleViewer, getSection("handling"), "How long what may take: minutes until a customer whom staff let wait is back in the queue, hours of silence until a conversation is closed, minutes of open time until staff are reminded of a wait and until its priority is raised, hours after a close within which a customer comes back to the same person, and whether who comes when nobody is there is asked for an e-mail address. 0 switches a rule off.", nil, nil, false, conversation.Handling{}, 200, false},
		{"PUT", "/api/v1/settings/handling", staff.RoleAdmin, putSection("handling"), "Change it; as with the hours.", nil, conversation.Handling{}, false, conversation.Handling{}, 200, false},
		{"GET", "/api/v1/reports", staff.RoleViewer, (*Console).report, "What became of the conversations that began in a range of days, beside the range before. Each figure names the query for the conversations behind it.", reportParams, nil, false, reportView{}, 200, false},
		{"GET", "/api/v1/reports.csv", staff.RoleViewer, (*Console).reportCSV, "The same as a table.", reportParams, nil, false, nil, 200, false},

		{"GET", "/api/v1/usage", staff.RoleViewer, (*Console).usage, "Model calls, tokens, cost, errors by kind and times, by day, model and purpose or as group says, and what a conversation and a resolved one cost on average.", usageParams, nil, false, usageView{}, 200, false},
		{"GET", "/api/v1/usage.csv", staff.RoleViewer, (*Console).usageCSV, "The rows of /usage as a CSV file. A cell that a spreadsheet would take for a formula begins with an apostrophe.", usageParams, nil, false, nil, 200, false},
		{"GET", "/api/v1/conversations/{id}/usage", staff.RoleViewer, (*Console).conversationUsage, "A conversation's newest 500 model calls, the newest first, and the sum of all.", nil, nil, false, callsView{}, 200, false},
		{"GET", "/api/v1/budget", staff.RoleViewer, (*Console).budget, "What models have cost today (UTC), what calls under way may cost at most, and the limits.", nil, nil, false, budgetView{}, 200, false},
		{"GET", "/api/v1/models", staff.RoleViewer, (*Console).listModels, "The models that are configured, with their tasks, and the others whose prices are known: US dollars per million tokens, and the day a model is announced to be shut down.", nil, nil, false, modelsView{}, 200, false},
		{"GET", "/api/v1/events", staff.RoleViewer, (*Console).events, "Server-sent events of every conversation: message, state, delta, discard, typing {conversation, name?, author?: customer}, seen {conversation, seq}, alert {conversation, kind: waiting|reminder|escalation, text}, and {…, kind: mention, seq} to whom a note names; delivery {conversation, seq, delivery} when a message is further on its way; inbox {conversation, row} whenever a row of the list changes, presence {conversation, staff: [{id, name, typing}]}; and of the knowledge: document and site, as their own addresses show them, whenever one is further or done.", nil, nil, false, nil, 200, true},
	}
	routes = append(routes, inboxRoutes()...)
	routes = append(routes, settingRoutes()...)
	routes = append(routes, testRoutes()...)
	routes = append(routes, webhookRoutes()...)
	routes = append(routes, healthRoutes()...)
}

func takeover(c *Console, ctx context.Context, id string, by conversation.Actor) (conversation.State, error) {
	return c.engine.Takeover(ctx, id, by)
}

func reply(e Engine, ctx context.Context, id string, by conversation.Actor, req replyRequest) (conversation.Message, error) {
	return e.SendReply(ctx, id, conversation.NewReply{By: by, Text: req.Text, ExternalID: req.ID, Files: req.Attachments})
}

func note(e Engine, ctx context.Context, id string, by conversation.Actor, req replyRequest) (conversation.Message, error) {
	if len(req.Attachments) > 0 {
		return conversation.Message{}, badField("attachments", "of a reply; a note has no files")
	}
	return e.WriteNote(ctx, id, conversation.NewNote{By: by, Text: req.Text, ExternalID: req.ID, Mentions: req.Mentions})
}

// remoteIP is the address of the connection.
func remoteIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
