package console

import "frontdesk/conversation/staff"

// settingRoutes are the routes of the settings; they are part of the one table. Hours and
// handling have their own lines there, since their fields are described.
func settingRoutes() []route {
	return []route{
		{"GET", "/api/v1/settings", staff.RoleViewer, (*Console).listSettings, "Every section with its version, who changed it last and which fields the environment pins; and the environment, where secrets only say whether they are set.", nil, nil, false, settingsView{}, 200, false},
		{"GET", "/api/v1/settings/{section}", staff.RoleViewer, getSection(""), "One section: its fields, and version.", nil, nil, false, struct{}{}, 200, false},
		{"PUT", "/api/v1/settings/{section}", staff.RoleAdmin, putSection(""), "Replace a section, on all replicas within a second; a field left out takes its default. version is the one that was read: when another was stored since, 409 version_changed with the member current. 422 bad_setting names the member field, also when the section does not fit the others, as instructions that tokens.total cannot hold.", nil, struct{}{}, false, struct{}{}, 200, false},
		{"GET", "/api/v1/settings/{section}/history", staff.RoleViewer, (*Console).settingHistory, "The newest 100 versions of a section, the newest first.", nil, nil, false, settingHistoryView{}, 200, false},
		{"POST", "/api/v1/settings/{section}/restore", staff.RoleAdmin, (*Console).restoreSetting, "Store an earlier version again, as a new one; version is the present one.", nil, restoreRequest{}, false, struct{}{}, 200, false},
		{"POST", "/api/v1/settings/preview", staff.RoleAdmin, (*Console).previewSettings, "The system prompt as sections that are not stored would make it, the tokens it takes with all that never changes, and those left for passages, history and the customer's words.", nil, settingsPreviewRequest{}, false, settingsPreviewView{}, 200, false},
		{"POST", "/api/v1/settings/models/test", staff.RoleAdmin, (*Console).testModel, "One small real call as a task (answer, rewrite, summary, draft, help) makes it, by models that need not be stored. It is booked under the purpose test. 409 no_model without a model's server.", nil, modelTestRequest{}, false, modelTestView{}, 200, false},
	}
}
