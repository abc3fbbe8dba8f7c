package openai

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"frontdesk/conversation"
)

func TestSilenceIsATimeout(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	half := func(w http.ResponseWriter, r *http.Request) {
		stream(delta("It is "))(w, r)
		<-r.Context().Done()
	}
	headers := func(w http.ResponseWriter, r *http.Request) {
		stream("")(w, r)
		<-r.Context().Done()
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		change  func(*Config)
		kind    conversation.ErrorKind
		text    string
	}{
		"before the headers":     {hang, func(c *Config) { c.FirstByteTimeout = 30 * time.Millisecond }, conversation.ErrTimeout, ""},
		"before the first byte":  {headers, func(c *Config) { c.FirstByteTimeout = 30 * time.Millisecond }, conversation.ErrTimeout, ""},
		"in the middle":          {half, func(c *Config) { c.IdleTimeout = 30 * time.Millisecond }, conversation.ErrCut, "It is "},
		"in all":                 {half, func(c *Config) { c.Timeout = time.Second }, conversation.ErrCut, "It is "},
		"in all, from the start": {hang, func(c *Config) { c.Timeout = 30 * time.Millisecond }, conversation.ErrTimeout, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, c.handler)
			m, _, _ := testModel(t, f, c.change)
			text, _, err := ask(t, m, question)
			wantKind(t, err, c.kind)
			if text != c.text || len(f.requests()) != 1 {
				t.Errorf("emitted %q in %d requests, want %q in 1", text, len(f.requests()), c.text)
			}
		})
	}
}

func TestStreamCutAfterTextIsNeverRetried(t *testing.T) {
	for name, lines := range map[string][]string{
		"clean end":       {delta("It is ")},
		"within an event": {delta("It is "), `data: {"choices":[{"ind`},
		"error event":     {delta("It is "), `data: {"error":{"message":"` + secretText + `","type":"server_error"}}` + "\n\n"},
		"vllm error":      {delta("It is "), `data: {"object":"error","message":"boom","code":500}` + "\n\n"},
		"named error":     {delta("It is "), "event: error\ndata: {\"message\":\"boom\"}\n\n"},
		"not JSON":        {delta("It is "), "data: <html>\n\n", delta("more")},
		"huge line":       {delta("It is "), "data: {\"x\":\"" + strings.Repeat("x", maxLine) + "\"}\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, stream(lines...), fine)
			m, _, _ := testModel(t, f, nil)
			text, reply, err := ask(t, m, question)
			wantKind(t, err, conversation.ErrCut)
			if text != "It is " || len(f.requests()) != 1 {
				t.Errorf("emitted %q in %d requests, want %q in 1", text, len(f.requests()), "It is ")
			}
			if !reply.Usage.Estimated || reply.Usage.OutputTokens == 0 || reply.Usage.CostMicros == 0 {
				t.Errorf("usage = %+v, want an estimate of what was paid for", reply.Usage)
			}
		})
	}
}

func TestConnectionBrokenBeforeTextIsRetried(t *testing.T) {
	abort := func(w http.ResponseWriter, r *http.Request) {
		stream(`data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}`+"\n\n")(w, r)
		panic(http.ErrAbortHandler)
	}
	for name, h := range map[string]http.HandlerFunc{"aborted": abort, "empty stream": stream(""), "error event": stream(`data: {"error":{"message":"busy","code":"server_error"}}` + "\n\n")} {
		f := newFake(t, h, fine)
		m, _, _ := testModel(t, f, nil)
		if text, _, err := ask(t, m, question); err != nil || text != "It is on its way." || len(f.requests()) != 2 {
			t.Errorf("%s: Stream = %q, %v after %d requests, want the answer from the second", name, text, err, len(f.requests()))
		}
	}
}

func TestOddButWholeStreamsAreUnderstood(t *testing.T) {
	tight := func(s string) string { return strings.Replace(s, "data: ", "data:", 1) }
	nulled := `data: {"id":"c","error":null,"choices":[{"index":0,"delta":{"content":"It is "}}]}` + "\n\n"
	for name, lines := range map[string][]string{
		"error null":          {nulled, delta("here."), finish("stop"), done},
		"comments":            {": OPENROUTER PROCESSING\n\n", delta("It is "), ":\n", ": x\n\n", delta("here."), finish("stop"), done},
		"keepalive in data":   {"data: : ping\n\n", "data:\n\n", delta("It is here."), finish("stop"), done},
		"no space":            {tight(delta("It is ")), tight(delta("here.")), tight(finish("stop")), "data:[DONE]\n\n"},
		"crlf":                {strings.ReplaceAll(delta("It is here.")+finish("stop")+done, "\n", "\r\n")},
		"no empty lines":      {strings.ReplaceAll(delta("It is ")+delta("here.")+finish("stop")+done, "\n\n", "\n")},
		"no DONE":             {delta("It is here."), finish("stop")},
		"no final line end":   {delta("It is here."), strings.TrimRight(finish("stop"), "\n")},
		"DONE without reason": {delta("It is here."), done},
		"own word for stop":   {delta("It is here."), finish("eos"), done},
		"event and id fields": {"id: 1\nevent: message\n" + delta("It is here."), "retry: 100\n\n", finish("stop"), done},
		"data over lines":     {"data: {\"choices\":[{\"index\":0,\ndata: \"delta\":{\"content\":\"It is here.\"}}]}\n\n", finish("stop"), done},
		"junk after the end":  {delta("It is here."), finish("stop"), done, "data: <html>\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, _ := testModel(t, newFake(t, stream(lines...)), nil)
			text, reply, err := ask(t, m, question)
			if err != nil || text != "It is here." || reply.Finish != "stop" {
				t.Errorf("Stream = %q, %+v, %v, want the text and stop", text, reply, err)
			}
			if !reply.Usage.Estimated || reply.Usage.InputTokens == 0 || reply.Usage.OutputTokens == 0 {
				t.Errorf("usage = %+v, want an estimate where the server sent none", reply.Usage)
			}
		})
	}
}

func TestFinishedAnswerDoesNotWaitForAServerThatStaysOpen(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		stream(delta("It is here.")+finish("length"))(w, r)
		<-r.Context().Done()
	})
	m, _, _ := testModel(t, f, func(c *Config) { c.IdleTimeout = 30 * time.Millisecond })
	if text, reply, err := ask(t, m, question); err != nil || text != "It is here." || reply.Finish != "length" {
		t.Errorf("Stream = %q, %+v, %v, want the whole answer", text, reply, err)
	}
}

func TestStreamInAWrongContentTypeIsStillAStream(t *testing.T) {
	m, _, _ := testModel(t, newFake(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "\n"+delta("It is here.")+finish("stop")+done)
	}), nil)
	if text, _, err := ask(t, m, question); err != nil || text != "It is here." {
		t.Errorf("Stream = %q, %v, want the text", text, err)
	}
}

func TestJSONInPlaceOfAStreamIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		kind conversation.ErrorKind
	}{
		"a whole completion": {`{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}`, conversation.ErrUnavailable},
		"an error after all": {`{"error":{"message":"no money","code":"insufficient_quota"}}`, conversation.ErrQuota},
		"nothing":            {"", conversation.ErrUnavailable},
		"a login page":       {"<html>", conversation.ErrUnavailable},
	} {
		m, _, _ := testModel(t, newFake(t, status(200, c.body)), nil)
		text, _, err := ask(t, m, question)
		if wantKind(t, err, c.kind); text != "" {
			t.Errorf("%s: emitted %q, want nothing", name, text)
		}
	}
}

func TestToolCallsAreAssembledFromFragments(t *testing.T) {
	part := func(json string) string {
		return `data: {"choices":[{"index":0,"delta":{"tool_calls":[` + json + `]}}]}` + "\n\n"
	}
	for name, c := range map[string]struct {
		parts []string
		want  []conversation.ToolCall
	}{
		"by index": {[]string{
			part(`{"index":0,"id":"a","type":"function","function":{"name":"hand_over","arguments":""}}`),
			part(`{"index":1,"id":"b","function":{"name":"note","arguments":"{\"x\""}}`),
			part(`{"index":0,"function":{"arguments":"{\"reason\":"}}`),
			part(`{"index":1,"function":{"arguments":":1}"}}`),
			part(`{"index":0,"function":{"arguments":"\"asked\"}"}}`),
		}, []conversation.ToolCall{{Name: "hand_over", Arguments: json.RawMessage(`{"reason":"asked"}`)}, {Name: "note", Arguments: json.RawMessage(`{"x":1}`)}}},
		"by id where all are numbered 0": {[]string{
			part(`{"index":0,"id":"a","function":{"name":"one","arguments":"{}"}}`),
			part(`{"index":0,"id":"b","function":{"name":"two","arguments":"{\"n\":2}"}}`),
		}, []conversation.ToolCall{{Name: "one", Arguments: json.RawMessage(`{}`)}, {Name: "two", Arguments: json.RawMessage(`{"n":2}`)}}},
		"no arguments":   {[]string{part(`{"index":0,"id":"a","function":{"name":"one"}}`)}, []conversation.ToolCall{{Name: "one", Arguments: json.RawMessage(`{}`)}}},
		"not JSON":       {[]string{part(`{"index":0,"id":"a","function":{"name":"one","arguments":"{\"a\": "}}`)}, []conversation.ToolCall{{Name: "one", Arguments: json.RawMessage(`"{\"a\":"`)}}},
		"without a name": {[]string{part(`{"index":0,"id":"a","function":{"arguments":"{}"}}`)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m, _, _ := testModel(t, newFake(t, stream(append(c.parts, finish("tool_calls"), done)...)), nil)
			_, reply, err := ask(t, m, question)
			if err != nil || !reflect.DeepEqual(reply.Calls, c.want) || reply.Finish != "tool_calls" {
				t.Errorf("Stream = %+v, %v, want calls %s", reply, err, c.want)
			}
		})
	}
}

func TestRunawayToolCallsAreAnError(t *testing.T) {
	big := `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"x","arguments":"` + strings.Repeat("x", maxArguments+1) + `"}}]}}]}` + "\n\n"
	var many []string
	for i := range maxCalls + 1 {
		many = append(many, fmt.Sprintf(`data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"function":{"name":"x"}}]}}]}`+"\n\n", i))
	}
	for name, lines := range map[string][]string{"long": {big}, "many": many} {
		m, _, _ := testModel(t, newFake(t, stream(append(lines, finish("tool_calls"), done)...)), nil)
		_, _, err := ask(t, m, question)
		if failure := wantKind(t, err, conversation.ErrUnavailable); !errors.Is(failure, errTooLong) {
			t.Errorf("%s: error = %v, want errTooLong", name, err)
		}
	}
}
