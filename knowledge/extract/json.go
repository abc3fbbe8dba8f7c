package extract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"frontdesk/knowledge"
)

// fromJSONL reads one JSON object a line.
func fromJSONL(ctx context.Context, src string) (knowledge.Text, error) {
	rs := rows{ctx: ctx}
	if err := rs.jsonl(src); err != nil {
		return knowledge.Text{}, err
	}
	return rs.text, nil
}

// fromJSON reads an array of objects, an object with one such array in it, or
// a single object.
func fromJSON(ctx context.Context, src string) (knowledge.Text, error) {
	rs := rows{ctx: ctx}
	if err := rs.json(src); err != nil {
		return knowledge.Text{}, err
	}
	return rs.text, nil
}

func (rs *rows) jsonl(src string) error {
	if strings.HasPrefix(strings.TrimSpace(src), "[") { // an array named .jsonl
		return rs.json(src)
	}
	rs.unit = "line"
	number := 0
	for line := range strings.Lines(src) {
		number++
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err := rs.pass(rs.object(number, json.RawMessage(line))); err != nil {
			return err
		}
	}
	return nil
}

func (rs *rows) json(src string) error {
	if depth(src) > MaxDepth {
		return fmt.Errorf("%w: arrays and objects are nested deeper than %d", knowledge.ErrTooLarge, MaxDepth)
	}
	rs.unit = "element"
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(src), &list); err != nil {
		var object map[string]json.RawMessage
		switch strings.TrimSpace(src)[:1] {
		case "{":
			if err := json.Unmarshal([]byte(src), &object); err != nil {
				if looksJSONL(strings.ToLower(strings.TrimSpace(src))) { // lines named .json
					return rs.jsonl(src)
				}
				return jsonError(err)
			}
		default:
			return jsonError(err)
		}
		list = listIn(object)
		if list == nil {
			list = []json.RawMessage{json.RawMessage(src)}
		}
	}
	for i, raw := range list {
		if err := rs.pass(rs.object(i+1, raw)); err != nil {
			return err
		}
	}
	return nil
}

// listIn is the one array of objects among the values of an object, or nil.
func listIn(object map[string]json.RawMessage) []json.RawMessage {
	var found []json.RawMessage
	for _, raw := range object {
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil && len(list) > 0 && strings.HasPrefix(strings.TrimSpace(string(list[0])), "{") {
			if found != nil {
				return nil
			}
			found = list
		}
	}
	return found
}

// object adds one JSON object as a row.
func (rs *rows) object(number int, raw json.RawMessage) error {
	r := row{number: number, cells: map[string]string{}}
	var object map[string]json.RawMessage
	if depth(string(raw)) > MaxDepth {
		return rs.fail(r, knowledge.ErrTooLarge, "nested deeper than %d", MaxDepth)
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return rs.fail(r, knowledge.ErrCorrupt, "this is not a JSON object: %v", err)
	}
	for key, value := range object {
		column, ok := columns[fold(key)]
		if !ok {
			continue
		}
		if column == colAlternatives && strings.HasPrefix(strings.TrimSpace(string(value)), "[") {
			var list []string
			if err := json.Unmarshal(value, &list); err != nil {
				return rs.fail(r, knowledge.ErrCorrupt, "%s must be a list of texts", key)
			}
			for _, a := range list {
				a, err := clean(a) // as in scalar
				if err != nil {
					return err
				}
				r.alternatives = append(r.alternatives, a)
			}
			continue
		}
		s, ok := scalar(value)
		if !ok && (column == colOwner || column == colOwn) {
			continue // theirs means something else by it
		}
		if !ok {
			return rs.fail(r, knowledge.ErrCorrupt, "%s must be a text", key)
		}
		if fold(key) == column || r.cells[column] == "" { // the plain name wins over its synonyms
			r.cells[column] = s
		}
	}
	return rs.add(r)
}

// scalar is the text of a JSON string, number, boolean or null.
func scalar(raw json.RawMessage) (string, bool) {
	var v any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		clean, err := clean(v) // an escape can hold what the bytes could not
		return clean, err == nil
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// depth is how deep the brackets of a JSON text are nested, strings aside.
func depth(src string) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}

func jsonError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w: not JSON at byte %d: %w", knowledge.ErrCorrupt, syntax.Offset, err)
	}
	return fmt.Errorf("%w: expected a list of objects: %w", knowledge.ErrCorrupt, err)
}
