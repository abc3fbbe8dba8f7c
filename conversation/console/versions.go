package console

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// edited is in what several people may edit: in an answer the version of the thing, in a
// request the version that was read. A request without one, or with "*" for it, changes
// the thing whatever it is by now: a script that says all of it need not read it first.
type edited struct {
	Version int64 `json:"version,omitempty"`
}

// match takes the version from If-Match, where the request has that.
func (e *edited) match(r *http.Request) {
	tag := ifMatch(r, "")
	if tag == "" {
		return
	}
	e.Version = 0
	if tag == "*" {
		return
	}
	var err error
	if e.Version, err = strconv.ParseInt(tag, 10, 64); err != nil || e.Version == 0 {
		e.Version = -1 // no version of ours, so not the present one
	}
}

func (e *edited) version() int64 { return e.Version }

// readEdited is readJSON of a change.
func readEdited(w http.ResponseWriter, r *http.Request, v interface{ match(*http.Request) }) error {
	err := readJSON(w, r, v)
	v.match(r)
	return err
}

// writeEdited is writeJSON of a thing with its version, as ETag too.
func writeEdited(w http.ResponseWriter, code int, version int64, v any) error {
	w.Header().Set("ETag", strconv.Quote(strconv.FormatInt(version, 10)))
	return writeJSON(w, code, v)
}

// overtaken tells the second of two editors how the thing is now.
func overtaken(now any) error {
	p := problem(http.StatusConflict, "version_changed", "Somebody changed this since you read it. Look at what is there now; nothing of yours was stored.")
	var err error
	if p.Current, err = json.Marshal(now); err != nil {
		return err
	}
	return p
}
