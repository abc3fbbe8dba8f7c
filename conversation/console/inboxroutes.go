package console

import (
	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

var inboxParams = append([]param{
	{"view", "queue (who has waited longest first), mine, bot, open, snoozed, resolved, dropped (the last word is the customer's and 5 minutes old, oldest first) or all (when absent).", "string"},
	{"q", "Words that one message has, or a contact's name or address: accents do not count, beginnings of words do, and of scripts without spaces any part. Results carry match.", "string"},
	{"channel", "Only this channel.", "string"}, {"label", "Only with this label, by name.", "string"},
	{"assignee", "Only of this member of staff, by id, or none.", "string"}, {"team", "Only of this team, by id, or of the caller's teams: mine.", "string"},
	{"lang", "Only in this language; en finds en-GB.", "string"}, {"priority", "At least this, 1 to 3.", "integer"},
	{"from", "Last changed at or after this day or time.", "string"}, {"to", "Last changed before it.", "string"},
	{"figure", "The conversations behind this figure of a report, as its query says: from and to are then days in the time zone of the business hours in which they began, and of the others only channel, label, staff, cursor and limit count.", "string"},
	{"staff", "With figure: only those this member of staff replied to first.", "string"},
}, pageParams...)

var historyParams = []param{{"before", "What next of a page named.", "string"}, {"limit", "Messages wanted.", "integer"}}

var transcriptParams = []param{{"notes", "true brings private notes along.", "boolean"}}

// inboxRoutes are the routes of the inbox; they are part of the one table.
func inboxRoutes() []route {
	return []route{
		{"GET", "/api/v1/conversations", staff.RoleViewer, (*Console).listInbox, "Conversations by view, filters and words, the latest changed first unless the view says otherwise.", inboxParams, nil, false, conversationsView{}, 200, false},
		{"GET", "/api/v1/conversations/counts", staff.RoleViewer, (*Console).countInbox, "How many each view has, 1,000 at most; unread: of the queue's and the caller's own, those with something new.", nil, nil, false, countsView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/read", staff.RoleViewer, (*Console).markRead, "Note that the caller has seen messages up to seq.", nil, readRequest{}, false, nil, 204, false},
		{"POST", "/api/v1/conversations/{id}/unread", staff.RoleViewer, (*Console).markUnread, "Take back that the caller has seen the message seq and those after it; of 0, the customer's newest.", nil, readRequest{}, false, nil, 204, false},
		{"PUT", "/api/v1/conversations/{id}/labels", staff.RoleAgent, mark(putLabels), "Replace the labels, given by name.", nil, labelsRequest{}, false, summaryView{}, 200, false},
		{"PUT", "/api/v1/conversations/{id}/priority", staff.RoleAgent, mark(putPriority), "Set the priority: 0 none, 1 low, 2 high, 3 urgent.", nil, priorityRequest{}, false, summaryView{}, 200, false},
		{"PUT", "/api/v1/conversations/{id}/assign", staff.RoleAgent, mark(putAssignee), "Say who is to take it: staff, a team, auto (who is online with the fewest open conversations, then longest without a new one) or none. What the bot answers goes to the queue; what a colleague holds passes on at once; in the queue it stays until taken.", nil, assignRequest{}, false, summaryView{}, 200, false},
		{"PUT", "/api/v1/conversations/{id}/snooze", staff.RoleAgent, mark(putSnooze), "Put it off until then; null, the time or the customer's next message wakes it.", nil, snoozeRequest{}, false, summaryView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/resolve", staff.RoleAgent, (*Console).resolve, "Mark the conversation as done; the body, with a reason and seen_seq as of handback, may be left out.", nil, resolveRequest{}, false, stateView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/reopen", staff.RoleAgent, act(reopen), "Take a resolved conversation up again; it becomes the caller's.", nil, nil, false, stateView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/messages/{seq}/retry", staff.RoleAgent, (*Console).redeliver, "Try a failed delivery again, within a second or so. 409 not_current when it has not failed.", nil, nil, false, deliveryView{}, 200, false},
		{"GET", "/api/v1/conversations/{id}/timeline", staff.RoleViewer, (*Console).timeline, "Every change with who made it and why, oldest first.", nil, nil, false, timelineView{}, 200, false},
		{"GET", "/api/v1/conversations/{id}/brief", staff.RoleViewer, (*Console).brief, "What whoever takes it over is to know: the brief written at the handover, else the running summary of the earlier messages, why it left the bot, what was asked, and what the bot found. No model is called.", nil, nil, false, briefingView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/presence", staff.RoleAgent, (*Console).lookAt, "Say that the caller looks at it, and what they are typing: none, reply or note; every 10 s, it counts for 25.", nil, presenceRequest{}, false, nil, 204, false},
		{"GET", "/api/v1/conversations/{id}/transcript.txt", staff.RoleViewer, (*Console).transcript, "What the customer saw, as text.", transcriptParams, nil, false, nil, 200, false},
		{"POST", "/api/v1/conversations/{id}/suggest", staff.RoleAgent, (*Console).suggest, "A reply the bot would give, with what it rests on; nothing is sent. 409 no_model without a model.", nil, nil, false, suggestionView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/summarize", staff.RoleAgent, (*Console).summarize, "Sum the conversation up for whoever takes it over. 409 no_model without a model.", nil, nil, false, briefView{}, 200, false},
		{"POST", "/api/v1/conversations/{id}/translate", staff.RoleAgent, (*Console).translate, "Translate a message, or a text to be sent. 409 no_model without a model.", nil, translateRequest{}, false, translationView{}, 200, false},

		{"GET", "/api/v1/contacts/{id}", staff.RoleViewer, (*Console).getContact, "A contact with identities and the newest 100 conversations. An id that was merged shows the contact it became part of.", nil, nil, false, contactView{}, 200, false},
		{"PATCH", "/api/v1/contacts/{id}", staff.RoleAgent, (*Console).patchContact, "Change what is known of a contact; attributes are replaced as a whole. version, or If-Match, may name the version that was read: 409 version_changed with current when somebody was first.", nil, contactRequest{}, false, contactView{}, 200, false},
		{"POST", "/api/v1/contacts/{id}/block", staff.RoleAgent, (*Console).blockContact, "Block or unblock. What a blocked contact writes is stored and neither answered nor shown as waiting; what they have open is resolved.", nil, blockRequest{}, false, contactView{}, 200, false},
		{"POST", "/api/v1/contacts/{id}/merge", staff.RoleAgent, (*Console).mergeContact, "Make this contact part of another: conversations and identities move there. It cannot be undone.", nil, mergeContactRequest{}, false, contactView{}, 200, false},
		{"GET", "/api/v1/contacts/{id}/messages", staff.RoleViewer, (*Console).contactMessages, "The whole history over all conversations and channels: the newest page first, each page oldest first.", historyParams, nil, false, contactMessagesView{}, 200, false},
		{"GET", "/api/v1/contacts/{id}/export", staff.RoleAgent, (*Console).exportContact, "Everything about a contact as one JSON file.", nil, nil, false, nil, 200, false},
		{"DELETE", "/api/v1/contacts/{id}", staff.RoleAdmin, (*Console).eraseContact, "Erase everything about a contact. receipt is the SHA-256 of {\"contact\", \"at\", \"erased\"} as JSON without spaces, erased ordered by name; it is kept without content, and asking again gives the same.", nil, nil, false, erasedView{}, 200, false},

		{"GET", "/api/v1/labels", staff.RoleViewer, (*Console).listLabels, "Labels by name.", nil, nil, false, labelsView{}, 200, false},
		{"POST", "/api/v1/labels", staff.RoleAdmin, save(conversation.ErrNoLabel, saveLabel), "Add a label.", nil, labelView{}, false, labelView{}, 201, false},
		{"PUT", "/api/v1/labels/{id}", staff.RoleAdmin, save(conversation.ErrNoLabel, saveLabel), "Change a label. version, or If-Match, may name the version that was read: 409 version_changed with current when somebody was first.", nil, labelView{}, false, labelView{}, 200, false},
		{"DELETE", "/api/v1/labels/{id}", staff.RoleAdmin, drop(conversation.ErrNoLabel, func(c *Console) remover { return c.inbox.DeleteLabel }), "Delete a label and take it off every conversation.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/teams", staff.RoleViewer, (*Console).listTeams, "Teams with the ids of their members.", nil, nil, false, teamsView{}, 200, false},
		{"POST", "/api/v1/teams", staff.RoleAdmin, save(conversation.ErrNoTeam, saveTeam), "Add a team.", nil, teamView{}, false, teamView{}, 201, false},
		{"PUT", "/api/v1/teams/{id}", staff.RoleAdmin, save(conversation.ErrNoTeam, saveTeam), "Change a team; members are replaced. version as of a label.", nil, teamView{}, false, teamView{}, 200, false},
		{"DELETE", "/api/v1/teams/{id}", staff.RoleAdmin, drop(conversation.ErrNoTeam, func(c *Console) remover { return c.inbox.DeleteTeam }), "Delete a team; its conversations have none then.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/canned", staff.RoleViewer, (*Console).listCanned, "Canned replies by shortcut.", nil, nil, false, cannedListView{}, 200, false},
		{"POST", "/api/v1/canned", staff.RoleAgent, save(conversation.ErrNoCanned, saveCanned), "Add a canned reply. Variables: {{contact.name}}, {{contact.first_name}}, {{contact.email}}, {{contact.ATTRIBUTE}}, {{staff.name}}, {{staff.first_name}}, {{team.name}}, {{conversation.id}}, {{conversation.channel}}.", nil, cannedView{}, false, cannedView{}, 201, false},
		{"PUT", "/api/v1/canned/{id}", staff.RoleAgent, save(conversation.ErrNoCanned, saveCanned), "Change a canned reply. version as of a label.", nil, cannedView{}, false, cannedView{}, 200, false},
		{"DELETE", "/api/v1/canned/{id}", staff.RoleAgent, drop(conversation.ErrNoCanned, func(c *Console) remover { return c.inbox.DeleteCanned }), "Delete a canned reply.", nil, nil, false, nil, 204, false},
		{"POST", "/api/v1/canned/{id}/render", staff.RoleAgent, (*Console).renderCanned, "A canned reply as it would be sent in a conversation; missing names the variables without a value there.", nil, renderRequest{}, false, renderedView{}, 200, false},

		{"GET", "/api/v1/me/mentions", staff.RoleViewer, (*Console).listMentions, "Notes that name the caller, the newest 100; unread counts all. Reading a conversation reads them.", nil, nil, false, mentionsView{}, 200, false},
		{"POST", "/api/v1/me/mentions/read", staff.RoleViewer, (*Console).readMentions, "Mark all of them as read.", nil, nil, false, nil, 204, false},
		{"GET", "/api/v1/me/preferences", staff.RoleViewer, (*Console).getPreferences, "What the caller set: {} at first.", nil, nil, false, struct{}{}, 200, false},
		{"PUT", "/api/v1/me/preferences", staff.RoleViewer, (*Console).putPreferences, "Replace it with any JSON object of up to 8 KB.", nil, struct{}{}, false, struct{}{}, 200, false},
	}
}
