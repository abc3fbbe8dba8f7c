package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/cmd/internal/fakeai"
	"frontdesk/cmd/internal/visitor"
	"frontdesk/knowledge"
)

// hostile are texts somebody may send anywhere.
var hostile = map[string]string{
	"HTML":             `"><img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>`,
	"template":         "{{constructor.constructor('return 1')()}} ${7*7} {{contact.name}}",
	"SQL":              `'; DROP TABLE messages; --\`,
	"right to left":    "invoice \u202egnp.exe\u202c \u2067\u2066",
	"look-alike link":  "[https://paypal.com](https://p\u0430ypal.com/login) javascript:alert(1)",
	"control letters":  "a\x00b\x1b[31mc\r\n\x7f\u2028d",
	"no letter at all": "\u200b\u200d\ufeff",
	"long line":        strings.Repeat("A", 50<<10),
	"long wide text":   strings.Repeat("漢字 ", 50<<10/7),
}

// field is where in a request a text goes: members, and "[]" for the item of a list.
type field []string

// textsOf lists the texts of a schema, those of lists and of free objects too.
func textsOf(doc map[string]any, schema map[string]any, at field, depth int) (out []field) {
	if depth > 6 {
		return nil
	}
	if ref, ok := schema["$ref"].(string); ok {
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		next, _ := doc["components"].(map[string]any)["schemas"].(map[string]any)[name].(map[string]any)
		return textsOf(doc, next, at, depth+1)
	}
	below := func(name string, s any) {
		if m, ok := s.(map[string]any); ok {
			out = append(out, textsOf(doc, m, append(slices.Clone(at), name), depth+1)...)
		}
	}
	kind := fmt.Sprint(schema["type"])
	switch {
	case strings.Contains(kind, "string"):
		return []field{at}
	case schema["items"] != nil:
		below("[]", schema["items"])
	}
	props, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(props)) {
		below(name, props[name])
	}
	if more, ok := schema["additionalProperties"].(map[string]any); ok {
		below("key", more)
	}
	return out
}

// put returns v with the text at f.
func put(v any, f field, text string) any {
	if len(f) == 0 {
		return text
	}
	if f[0] == "[]" {
		return []any{put(nil, f[1:], text)}
	}
	m, _ := v.(map[string]any)
	m = maps.Clone(m)
	if m == nil {
		m = map[string]any{}
	}
	m[f[0]] = put(m[f[0]], f[1:], text)
	return m
}

// TestNoTextAnywhereBreaksAnything puts hostile texts into every text of every request the
// console's API and the widget's take: each is taken, or refused with a clear word, and
// what is refused leaves nothing behind.
func TestNoTextAnywhereBreaksAnything(t *testing.T) {
	p := newPair(t, func(fakeai.Request) fakeai.Reply { return fakeai.Reply{Text: "Returns are free [1]."} }, "ANSWER_HOLD=10ms")
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	v := p.customer("Hello, is anybody there?")
	var doc map[string]any
	p.admin.must(0, "GET", "/api/v1/openapi.json", nil, &doc, 200)
	ids := p.targets(v.Conversation)

	type op struct {
		method, path string
		base         any
		texts        []field
	}
	var ops []op
	for path, methods := range doc["paths"].(map[string]any) {
		for method, about := range methods.(map[string]any) {
			body, _ := about.(map[string]any)["requestBody"].(map[string]any)
			content, _ := body["content"].(map[string]any)
			js, _ := content["application/json"].(map[string]any)
			schema, _ := js["schema"].(map[string]any)
			if schema == nil || path == "/api/v1/settings/{section}" || path == "/api/v1/me" {
				continue // settings come below; the rest would end the test's own session
			}
			ops = append(ops, op{strings.ToUpper(method), ids(path), plain(path), textsOf(doc, schema, nil, 0)})
		}
	}
	var all struct{ Sections map[string]json.RawMessage }
	p.admin.must(0, "GET", "/api/v1/settings", nil, &all, 200)
	for name := range all.Sections {
		var now map[string]any
		p.admin.must(0, "GET", "/api/v1/settings/"+name, nil, &now, 200)
		o := op{"PUT", "/api/v1/settings/" + name, now, nil}
		for member, value := range now {
			switch value := value.(type) {
			case string:
				o.texts = append(o.texts, field{member})
			case []any:
				o.texts = append(o.texts, field{member, "[]"})
				if len(value) > 0 {
					if item, ok := value[0].(map[string]any); ok {
						for inner := range item {
							o.texts = append(o.texts, field{member, "[]", inner})
						}
					}
				}
			case map[string]any:
				o.texts = append(o.texts, field{member, "key"})
			}
		}
		ops = append(ops, o)
	}
	tried, codes := 0, map[int]int{}
	for _, o := range ops {
		for _, f := range o.texts {
			for what, text := range hostile {
				base := o.base
				if strings.HasPrefix(o.path, "/api/v1/settings/") && o.method == "PUT" { // the version goes on with what is taken
					var now map[string]any
					p.admin.must(0, "GET", o.path, nil, &now, 200)
					base = now
				}
				before := p.shelf(ctx, o.path)
				got := p.admin.call(ctx, 0, o.method, o.path, put(base, f, text))
				tried++
				codes[got.code]++
				name := fmt.Sprintf("%s %s, %s in %s", o.method, o.path, what, strings.Join(f, "."))
				if !clear(got) {
					t.Errorf("%s = %d %.300s, want it taken or refused in clear words", name, got.code, got.body)
				}
				if got.code >= 400 {
					if after := p.shelf(ctx, o.path); !bytes.Equal(before, after) {
						t.Errorf("%s = %d %.200s left something behind:\n%.300s\n%.300s", name, got.code, got.body, before, after)
					}
				}
			}
		}
	}
	t.Logf("the console's API: %d requests, by answer %v", tried, codes)
	p.hostileVisitors(ctx)
	var list struct{ Conversations []struct{ ID string } }
	p.admin.must(1, "GET", "/api/v1/conversations", nil, &list, 200)
	for _, path := range []string{"/api/v1/audit", "/api/v1/staff", "/api/v1/labels", "/api/v1/canned", "/api/v1/teams", "/api/v1/contacts/" + p.contactOf(v.Conversation), "/api/v1/conversations/" + v.Conversation + "/transcript.txt"} {
		if got := p.admin.call(ctx, 1, "GET", path, nil); got.code != 200 {
			t.Errorf("GET %s after all that = %d %s", path, got.code, got.body)
		}
	}
}

// clear reports whether an answer is a success, or a refusal that says why.
func clear(a answered) bool {
	if a.code/100 == 2 {
		return true
	}
	var p struct{ Detail, Title string }
	return a.code/100 == 4 && json.Unmarshal(a.body, &p) == nil && p.Title != "" && p.Detail != ""
}

// plain is a request that is all right, so that only the text under test is not.
func plain(path string) any {
	switch path {
	case "/api/v1/staff/invitations":
		return map[string]any{"email": "new@example.com", "role": "agent"}
	case "/api/v1/tokens":
		return map[string]any{"name": "x", "role": "viewer"}
	case "/api/v1/labels", "/api/v1/labels/{id}":
		return map[string]any{"name": "A label", "color": "#2e7d32"}
	case "/api/v1/teams", "/api/v1/teams/{id}":
		return map[string]any{"name": "A team"}
	case "/api/v1/canned", "/api/v1/canned/{id}":
		return map[string]any{"shortcut": "hi", "title": "Hi", "text": "Hello."}
	case "/api/v1/webhooks", "/api/v1/webhooks/{id}":
		return map[string]any{"url": "https://example.com/hook", "events": []string{"conversation.resolved"}}
	case "/api/v1/conversations/{id}/reply", "/api/v1/conversations/{id}/note":
		return map[string]any{"text": "Hello."}
	case "/api/v1/documents":
		return map[string]any{"question": "Do you gift-wrap?", "answer": "Yes."}
	}
	return map[string]any{}
}

// targets makes one of everything that can be changed and returns where paths lead.
func (p *pair) targets(conversation string) func(string) string {
	made := func(path string, body any) string {
		var out struct{ ID string }
		p.admin.must(0, "POST", path, body, &out, 201)
		return out.ID
	}
	ids := map[string]string{
		"/api/v1/conversations/": conversation, "/api/v1/contacts/": p.contactOf(conversation), "/api/v1/staff/": p.hire("Eve", "agent").id,
		"/api/v1/labels/": made("/api/v1/labels", map[string]any{"name": "First", "color": "#2e7d32"}),
		"/api/v1/teams/":  made("/api/v1/teams", map[string]any{"name": "First"}),
		"/api/v1/canned/": made("/api/v1/canned", map[string]any{"shortcut": "first", "title": "First", "text": "Hello."}),
	}
	return func(path string) string {
		id := knowledge.NewID()
		for prefix, known := range ids {
			if strings.HasPrefix(path, prefix) {
				id = known
			}
		}
		return strings.NewReplacer("{id}", id, "{token}", "none", "{name}", "slack", "{seq}", "1", "{section}", "bot").Replace(path)
	}
}

func (p *pair) contactOf(conversation string) string {
	var row struct {
		Contact string `json:"contact_id"`
	}
	p.admin.must(0, "GET", "/api/v1/conversations/"+conversation, nil, &row, 200)
	return row.Contact
}

// shelf is what is stored where a request goes: the thing itself, or the list it would be
// added to. Nothing where neither can be read.
func (p *pair) shelf(ctx context.Context, path string) []byte {
	if strings.Contains(path, "/conversations/") {
		path += "/../messages"
		path = path[:strings.Index(path[len("/api/v1/conversations/"):], "/")+len("/api/v1/conversations/")] + "/messages?limit=500"
	}
	got := p.admin.call(ctx, 0, "GET", path, nil)
	var list struct{ Documents []struct{ ID string } }
	switch {
	case got.code != 200:
		return nil
	case path == "/api/v1/documents" && json.Unmarshal(got.body, &list) == nil: // they come along by themselves
		return fmt.Append(nil, list)
	}
	return got.body
}

// hostileVisitors has customers send the same through the widget.
func (p *pair) hostileVisitors(ctx context.Context) {
	tried, codes := 0, map[int]int{}
	look := func(name string, got answered) {
		tried++
		codes[got.code]++
		if !clear(got) {
			p.t.Errorf("%s = %d %.300s, want it taken or refused in clear words", name, got.code, got.body)
		}
	}
	for what, text := range hostile {
		for _, f := range []field{{"key"}, {"locale"}, {"identity", "name"}, {"identity", "email"}, {"context", "page"}, {"context", text}} {
			look(fmt.Sprintf("sessions, %s in %s", what, strings.Join(f[:1], ".")), member{p: p}.call(ctx, 0, "POST", "/widget/v1/sessions", put(map[string]any{}, f, text)))
		}
		v, err := visitor.New(ctx, p.client, p.urls[0])
		if err != nil {
			p.t.Error(err)
			return
		}
		for _, r := range []struct {
			path string
			base any
			at   field
		}{
			{"messages", map[string]any{"id": knowledge.NewID()}, field{"text"}}, {"messages", map[string]any{"text": "Hello."}, field{"id"}},
			{"messages", map[string]any{"id": knowledge.NewID(), "text": "Hello."}, field{"attachments", "[]"}},
			{"email", nil, field{"email"}}, {"rating", map[string]any{"score": 3}, field{"comment"}},
		} {
			look(fmt.Sprintf("%s, %s in %s", r.path, what, r.at[0]), asked(v.Post(ctx, "/widget/v1/"+r.path, put(r.base, r.at, text))))
		}
		_, err = v.Upload(ctx, strings.NewReplacer("\r", "", "\n", "").Replace(text)+".txt", []byte("Hello."))
		look("files, "+what+" as the name", asked(err))
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		w.WriteField(text[:min(len(text), 200)], text)
		w.Close()
		req, err := http.NewRequestWithContext(ctx, "POST", p.urls[0]+"/widget/v1/files", &form)
		if err != nil {
			p.t.Error(err)
			return
		}
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("Authorization", "Bearer "+v.Token)
		if res, err := p.client.Do(req); err != nil || res.StatusCode/100 == 5 {
			p.t.Errorf("files with %s as a field = %+v, %v", what, res, err)
		} else {
			res.Body.Close()
		}
	}
	p.t.Logf("the widget's API: %d requests, by answer %v", tried, codes)
}
