package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func strict(in io.Reader) *events {
	return &events{in: bufio.NewReaderSize(in, 64), body: io.NopCloser(nil), scrub: scrubber(testKey)}
}

func TestStreamLimits(t *testing.T) {
	chunk := strings.Repeat("x", 1000)
	for name, in := range map[string]io.Reader{
		"endless line":    &endless{line: chunk},
		"endless comment": &endless{line: ":" + chunk + "\n"},
		"endless data":    &endless{line: "data: \"" + chunk + "\n"},
		"endless events":  &endless{line: "data: {\"x\":\"" + chunk + "\"}\n\n"},
	} {
		got, err := io.Copy(io.Discard, strict(in))
		if !errors.Is(err, errTooLong) || got > 2*maxStream {
			t.Errorf("%s: %d bytes, then %v, want errTooLong", name, got, err)
		}
	}
}

// endless repeats a line.
type endless struct {
	line string
	rest string
}

func (e *endless) Read(p []byte) (int, error) {
	if e.rest == "" {
		e.rest = e.line
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestDroppingNullErrorKeepsTheRest(t *testing.T) {
	in := "data: {\"id\":\"c\",\"error\": null,\"choices\":[{\"delta\":{\"content\":\"say \\\"error\\\":null\"},\"finish_reason\":\"stop\"}]}\n\n"
	out, err := io.ReadAll(strict(strings.NewReader(in)))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(bytes.TrimPrefix(bytes.TrimSpace(out), []byte("data: ")), &got); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	if _, ok := got["error"]; ok || got["id"] != "c" || !strings.Contains(string(out), `say \"error\":null`) {
		t.Errorf("out = %s, want the error gone and the text kept", out)
	}
}

func FuzzEvents(f *testing.F) {
	for _, s := range []string{
		delta("hi") + finish("stop") + usage + done, delta("hi"), ": x\n\ndata:\n\ndata: : ka\n\n", "data:[DONE]",
		`data: {"error":null,"choices":[]}` + "\n\n", `data: {"object":"error","message":"x"}`, "event: error\ndata: {}\n\n",
		"data: {\ndata: }\n\n", "data: [1]\n\n", "data: {\"choices\":null}\r\n\r\n", "data", "\n\n\n", "data: {\"ERROR\":null}\n\n",
		"data: {\"choices\":[{\"finish_reason\":1}]}\n\n", "data: {\"error\":\"x\"}\n\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		e := strict(bytes.NewReader(in))
		out, err := io.ReadAll(e)
		if again, err2 := io.ReadAll(strict(iotest.OneByteReader(bytes.NewReader(in)))); !bytes.Equal(out, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("read by the byte: %q, %v, want %q, %v", again, err2, out, err)
		}
		if err == nil && !e.finished {
			t.Fatalf("%q ended well without an end", in)
		}
		for i, event := range bytes.Split(out, []byte("\n\n")) {
			if len(event) == 0 {
				continue
			}
			data, ok := bytes.CutPrefix(event, []byte("data: "))
			var object map[string]json.RawMessage
			if !ok || string(data) != "[DONE]" && json.Unmarshal(data, &object) != nil {
				t.Fatalf("event %d of %q is %q, want data with a JSON object", i, in, event)
			}
			if _, bad := object["error"]; bad {
				t.Fatalf("event %q still has an error", event)
			}
		}
		if rest, ok := bytes.CutSuffix(out, []byte("\n\n")); len(out) > 0 && (!ok || bytes.HasSuffix(rest, []byte("\n"))) {
			t.Fatalf("out = %q, want it to end in one empty line", out)
		}
	})
}

func FuzzAPIError(f *testing.F) {
	for _, s := range []string{
		`{"error":{"message":"x","code":"y","type":null,"param":1}}`, `{"error":"x"}`, `{"error":null,"message":"x"}`, `{"detail":[{"loc":["a"]}]}`,
		`{"message":{"detail":[]}}`, "<html>", "", "null", "[]", `"x"`, "\xff", `{"error":{"message":"Bearer sk-abcdefgh0123"}}`,
	} {
		f.Add(429, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := newAPIError(status, bytes.ReplaceAll(body, []byte("KEY"), []byte(testKey)), scrubber(testKey))
		if text := e.Error(); strings.Contains(text, testKey) || strings.ContainsAny(text, "\n\r") || len(text) > 8*maxMessage {
			t.Errorf("Error() = %q", text)
		}
		if e.kind() == "" {
			t.Error("the error has no kind")
		}
	})
}
