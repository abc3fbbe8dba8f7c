package console

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxJSONBytes bounds a JSON request.
const maxJSONBytes = 1 << 20

// readJSON reads the request's one JSON value into v. Members nobody asked for
// are passed over, so that a newer client can talk to an older server.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return problem(http.StatusUnsupportedMediaType, "content_type", "Send application/json.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSONBytes))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	if err != nil {
		return problem(http.StatusBadRequest, "incomplete", "The request ended too early.")
	}
	if !utf8.Valid(body) {
		return problem(http.StatusBadRequest, "bad_json", "The request is not UTF-8.")
	}
	if err := json.Unmarshal(body, v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return problem(http.StatusUnprocessableEntity, "bad_field", "The member "+strconv.Quote(wrong.Field)+" has the wrong type.")
		}
		return problem(http.StatusBadRequest, "bad_json", "The request is not one JSON object.")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, code int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	w.Write(append(body, '\n')) // a caller who went away needs no answer
	return nil
}

// intParam reads a query parameter as a number within the bounds, or absent
// when it is not given.
func intParam(r *http.Request, name string, absent, least, most int64) (int64, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < least || n > most {
		return 0, problem(http.StatusUnprocessableEntity, "bad_parameter", "The parameter "+name+" is a number from "+
			strconv.FormatInt(least, 10)+" to "+strconv.FormatInt(most, 10)+".")
	}
	return n, nil
}

// pathID returns the id in the path, when it has the form of a UUID: all others
// name nothing. The one spelling in lower case leaves.
func pathID(r *http.Request, missing error) (string, error) {
	id := strings.ToLower(r.PathValue("id"))
	if !isUUID(id) {
		return "", missing
	}
	return id, nil
}

// isUUID reports whether id has the form of one, in lower case.
func isUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		b := id[i]
		switch i {
		case 8, 13, 18, 23:
			if b != '-' {
				return false
			}
		default:
			if (b < '0' || b > '9') && (b < 'a' || b > 'f') {
				return false
			}
		}
	}
	return true
}

// storable returns s as the database can hold it: without NUL, which no
// Postgres text may contain, and which no person types.
func storable(s string) string { return strings.ReplaceAll(s, "\x00", "") }
