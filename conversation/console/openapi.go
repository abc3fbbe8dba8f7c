package console

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"frontdesk/conversation"
	"frontdesk/conversation/staff"
)

func (c *Console) getOpenAPI(w http.ResponseWriter, _ *http.Request, _ staff.Principal) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	w.Write(c.openAPI()) // a caller who went away needs no answer
	return nil
}

type object = map[string]any

// describe renders the route table as an OpenAPI 3.1 document.
func describe() []byte {
	s := schemas{}
	paths := object{}
	for _, rt := range routes {
		item, _ := paths[rt.path].(object)
		if item == nil {
			item = object{}
			paths[rt.path] = item
		}
		item[strings.ToLower(rt.method)] = s.operation(rt)
	}
	s.of(reflect.TypeFor[Problem]())
	doc := object{
		"openapi": "3.1.0",
		"info":    object{"title": "Frontdesk", "version": "1", "description": "For staff and admins, with an API token or a console session. Errors are RFC 9457 problems."},
		"paths":   paths,
		"components": object{
			"schemas": s,
			"securitySchemes": object{
				"token":   object{"type": "http", "scheme": "bearer", "description": "From frontdesk token create."},
				"session": object{"type": "apiKey", "in": "cookie", "name": plainCookie, "description": "From /api/v1/login; over TLS its name is " + secureCookie + "."},
			},
		},
	}
	out, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		panic(err) // only maps, strings and numbers are in there
	}
	return append(out, '\n')
}

// schemas are the component schemas, by type name.
type schemas map[string]any

func (s schemas) operation(rt route) object {
	op := object{"summary": rt.about, "operationId": operationID(rt)}
	var params []object
	if strings.Contains(rt.path, "{id}") {
		params = append(params, object{"name": "id", "in": "path", "required": true, "schema": object{"type": "string", "format": "uuid"}})
	}
	if strings.Contains(rt.path, "{section}") {
		params = append(params, object{"name": "section", "in": "path", "required": true, "schema": object{"type": "string", "enum": conversation.SectionNames()}})
	}
	if strings.Contains(rt.path, "{token}") {
		params = append(params, object{"name": "token", "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	if strings.Contains(rt.path, "{name}") {
		params = append(params, object{"name": "name", "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range rt.query {
		params = append(params, object{"name": p.name, "in": "query", "description": p.about, "schema": object{"type": p.kind}})
	}
	if params != nil {
		op["parameters"] = params
	}
	content := object{}
	if rt.takes != nil {
		content["application/json"] = object{"schema": s.of(reflect.TypeOf(rt.takes))}
	}
	if rt.file {
		content["multipart/form-data"] = object{"schema": object{"type": "object", "required": []string{"file"},
			"properties": object{"file": object{"type": "string", "contentMediaType": "application/octet-stream"}}}}
	}
	if len(content) > 0 {
		op["requestBody"] = object{"required": true, "content": content}
	}
	done := object{"description": http.StatusText(rt.code)}
	switch {
	case rt.stream:
		done["content"] = object{"text/event-stream": object{"schema": object{"type": "string"}}}
	case rt.gives != nil:
		done["content"] = object{"application/json": object{"schema": s.of(reflect.TypeOf(rt.gives))}}
	}
	op["responses"] = object{strconv.Itoa(rt.code): done, "default": object{"description": "A problem.",
		"content": object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}}}}
	if rt.least == anyone {
		op["security"] = []object{}
	} else {
		op["security"] = []object{{"token": []string{}}, {"session": []string{}}}
		op["x-least-role"] = string(rt.least)
	}
	return op
}

// operationID is the method and the path's words: getConversationsIdMessages.
func operationID(rt route) string {
	id := strings.ToLower(rt.method)
	for word := range strings.FieldsFuncSeq(strings.TrimPrefix(rt.path, "/api/v1"), func(r rune) bool { return strings.ContainsRune("/{}.", r) }) {
		id += strings.ToUpper(word[:1]) + word[1:]
	}
	return id
}

// of returns the schema of a Go type as encoding/json writes it; structs with a
// name become components.
func (s schemas) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return object{"anyOf": []object{s.of(t.Elem()), {"type": "null"}}}
	case t == reflect.TypeFor[json.RawMessage](), t.Kind() == reflect.Map:
		return object{"type": "object"}
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case t.Kind() == reflect.String:
		return object{"type": "string"}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Float64:
		return object{"type": "number"}
	case t.Kind() != reflect.Struct:
		return object{"type": "integer"}
	case t.Name() == "":
		return object{"type": "object"}
	}
	name := strings.ToUpper(t.Name()[:1]) + strings.TrimSuffix(t.Name()[1:], "View")
	if _, done := s[name]; !done {
		s[name] = object{} // before its members, should one of them be of this type
		props, required := object{}, []string{}
		s.members(t, props, &required)
		s[name] = object{"type": "object", "properties": props, "required": required}
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func (s schemas) members(t reflect.Type, props object, required *[]string) {
	for f := range t.Fields() {
		if f.Anonymous {
			if f.Type.Kind() == reflect.Pointer { // where it is nil its members are absent
				s.members(f.Type.Elem(), props, new([]string))
				continue
			}
			s.members(f.Type, props, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || !f.IsExported() {
			continue
		}
		props[name] = s.of(f.Type)
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}
