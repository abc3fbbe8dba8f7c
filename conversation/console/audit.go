package console

import (
	"context"
	"net/http"
	"time"

	"frontdesk/conversation/staff"
)

// auditTimeout bounds the writing of an entry.
const auditTimeout = 5 * time.Second

// unaudited are the routes that change nothing though they are no GET. A test holds
// it to routes that exist.
var unaudited = map[string]bool{
	"POST /api/v1/search":  true,
	"POST /api/v1/preview": true,
	"POST /api/v1/ask":     true,

	"POST /api/v1/settings/thresholds/effect": true,

	"POST /api/v1/settings/preview":     true,
	"POST /api/v1/settings/models/test": true,

	// Where somebody looks and what they have read is in no log.
	"POST /api/v1/conversations/{id}/read":      true,
	"POST /api/v1/conversations/{id}/unread":    true,
	"POST /api/v1/conversations/{id}/presence":  true,
	"POST /api/v1/conversations/{id}/suggest":   true,
	"POST /api/v1/conversations/{id}/summarize": true,
	"POST /api/v1/conversations/{id}/translate": true,
	"POST /api/v1/canned/{id}/render":           true,
	"PUT /api/v1/me/preferences":                true,
	"POST /api/v1/me/mentions/read":             true,
}

// auditNote is what a handler adds to the audit entry of its request. Nothing a customer
// wrote and no secret belongs in it.
type auditNote struct {
	actor   staff.Actor
	target  string
	details map[string]string
	skip    bool
}

type noteKey struct{}

// audited returns the entry of the request, to add to. Whatever is added must be
// before the answer begins, since the entry is stored then.
func audited(r *http.Request) *auditNote {
	if n, ok := r.Context().Value(noteKey{}).(*auditNote); ok {
		return n
	}
	return &auditNote{} // a handler called by a test without serve
}

// by names who made the change, where the request did not say.
func (n *auditNote) by(who staff.Principal) *auditNote {
	n.actor = who.Actor()
	return n
}

// about names what was changed, where the path does not.
func (n *auditNote) about(id string) *auditNote {
	n.target = id
	return n
}

// detail adds a few words on how.
func (n *auditNote) detail(name, value string) *auditNote {
	if n.details == nil {
		n.details = map[string]string{}
	}
	n.details[name] = value
	return n
}

// nothing says that nothing was changed after all.
func (n *auditNote) nothing() { n.skip = true }

// something says that a request which only reads by its method did change something.
func (n *auditNote) something() { n.skip = false }

// handle runs the route's handler. What it changed is in the audit log before the
// caller learns of the success: the entry is stored when the answer begins, which is
// after the change was committed.
func (c *Console) handle(rt route, w http.ResponseWriter, r *http.Request, who staff.Principal) error {
	n := &auditNote{actor: who.Actor(), target: r.PathValue("id")}
	n.skip = rt.method == http.MethodGet || unaudited[rt.method+" "+rt.path]
	r = r.WithContext(context.WithValue(r.Context(), noteKey{}, n))
	a := &auditWriter{ResponseWriter: w, done: func() { c.record(rt, r, n) }}
	err := rt.handle(c, a, r, who)
	if err == nil {
		a.begin(http.StatusOK)
	}
	return err
}

// record stores the entry. The change is made: when that cannot be written down, all
// there is left is the log.
func (c *Console) record(rt route, r *http.Request, n *auditNote) {
	if n.skip {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), auditTimeout)
	defer cancel()
	e := staff.AuditEntry{Actor: n.actor, Action: rt.method + " " + rt.path, Target: n.target, Detail: n.details, IP: c.clientIP(r)}
	if err := c.staff.Record(ctx, e); err != nil {
		c.log.ErrorContext(ctx, "change is not in the audit log", "action", e.Action, "target", e.Target, "actor", e.Actor.ID, "error", err)
	}
}

// auditWriter calls done before the first byte of a successful answer.
type auditWriter struct {
	http.ResponseWriter
	done  func()
	begun bool
}

func (a *auditWriter) begin(code int) {
	if a.begun || code < 200 {
		return
	}
	a.begun = true
	if code < 400 {
		a.done()
	}
}

func (a *auditWriter) WriteHeader(code int) {
	a.begin(code)
	a.ResponseWriter.WriteHeader(code)
}

func (a *auditWriter) Write(b []byte) (int, error) {
	a.begin(http.StatusOK)
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *auditWriter) Unwrap() http.ResponseWriter { return a.ResponseWriter }

type actorView struct {
	Kind staff.ActorKind `json:"kind"` // staff, token, command, visitor
	ID   string          `json:"id,omitempty"`
	Name string          `json:"name"`
}

type auditEntryView struct {
	ID     string            `json:"id"`
	At     time.Time         `json:"at"`
	Actor  actorView         `json:"actor"`
	Action string            `json:"action"`
	Target string            `json:"target,omitempty"`
	Detail map[string]string `json:"detail"`
	IP     string            `json:"ip,omitempty"`
}

type auditView struct {
	Entries []auditEntryView `json:"entries"`
	Next    string           `json:"next,omitempty"`
}

// Entries of the audit log on a page.
const (
	auditPage    = 50
	maxAuditPage = 200
)

func (c *Console) listAudit(w http.ResponseWriter, r *http.Request, _ staff.Principal) error {
	limit, err := intParam(r, "limit", auditPage, 1, maxAuditPage)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	f := staff.AuditFilter{Actor: storable(q.Get("actor")), Action: storable(q.Get("action")), Target: storable(q.Get("target"))}
	list, next, err := c.staff.AuditPage(r.Context(), f, q.Get("cursor"), int(limit))
	if err != nil {
		return err
	}
	v := auditView{Entries: make([]auditEntryView, len(list)), Next: next}
	for i, e := range list {
		v.Entries[i] = auditEntryView{e.ID, e.At.UTC(), actorView{e.Actor.Kind, e.Actor.ID, e.Actor.Name}, e.Action, e.Target, e.Detail, e.IP}
	}
	return writeJSON(w, http.StatusOK, v)
}
