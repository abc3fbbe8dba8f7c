package openai

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// maxDataLines bounds the lines that one event's data is spread over; in practice it is one.
const maxDataLines = 100

// events is an event stream made strict. Each event that comes out is one "data: " line with a JSON
// object and an empty line. On the way
//
//   - comments, keep-alives, empty data and fields other than data and event are dropped;
//   - "data:" without a space, lines ended by CRLF, and data spread over lines are joined;
//   - events that a server forgot to part by an empty line are parted;
//   - "error":null is dropped: the SDK takes it for an error;
//   - an error, as OpenAI, vLLM and others write it in mid-stream, becomes the error of Read;
//   - an end without a finish reason or [DONE] is errCut; after one, any end is a good one;
//   - lines and streams beyond maxLine and maxStream are errTooLong.
//
// Not safe for concurrent use.
type events struct {
	in       *bufio.Reader
	body     io.Closer
	scrub    func(string) string
	onFinish func() // called at the finish reason, if not nil

	kind     string // the event's name, where the server gave one
	data     []byte // of the event being read
	lines    int    // that data came in
	out      []byte // made, not yet read
	size     int    // bytes read in all
	finished bool   // a finish reason or [DONE] came
	err      error  // what Read returns once out is empty
}

func (e *events) Read(p []byte) (int, error) {
	for len(e.out) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		e.step()
	}
	n := copy(p, e.out)
	e.out = e.out[n:]
	return n, nil
}

func (e *events) Close() error { return e.body.Close() }

// step takes in one line and, where that completes an event, puts it out.
func (e *events) step() {
	line, err := e.line()
	if err == nil || err == io.EOF {
		e.take(line)
	}
	switch {
	case err == nil || e.err != nil:
	case err == io.EOF:
		e.dispatch()
		if (e.err == nil || e.err == errMalformed) && !e.finished {
			e.err = errCut // within an event, or between two
		} else if e.err == nil {
			e.err = io.EOF
		}
	case e.finished:
		e.err = io.EOF // only the usage or [DONE] was to come
	case err == io.ErrUnexpectedEOF:
		e.err = errCut
	default:
		e.err = err
	}
}

// line reads up to the next line feed, without it, or up to the end together with io.EOF.
func (e *events) line() ([]byte, error) {
	var line []byte
	for {
		part, err := e.in.ReadSlice('\n')
		e.size += len(part)
		if len(line)+len(part) > maxLine || e.size > maxStream {
			return nil, errTooLong
		}
		if err == bufio.ErrBufferFull {
			line = append(line, part...)
			continue
		}
		if line == nil {
			line = part
		} else {
			line = append(line, part...)
		}
		return bytes.TrimRight(line, "\r\n"), err
	}
}

func (e *events) take(line []byte) {
	if len(line) == 0 {
		e.dispatch()
		return
	}
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		e.kind = string(value)
	case "data":
		// A server that does not part its events: what came is whole, so this begins the next.
		if len(e.data) > 0 && (json.Valid(e.data) || isDone(e.data)) {
			e.dispatch()
		}
		e.lines++
		if len(e.data)+len(value) >= maxLine || e.lines > maxDataLines {
			e.err = errTooLong
			return
		}
		if len(e.data) > 0 {
			e.data = append(e.data, '\n')
		}
		e.data = append(e.data, value...)
	}
}

func isDone(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte("[DONE]")) }

// dispatch puts out the event that was read, if there is one.
func (e *events) dispatch() {
	data, kind := bytes.TrimSpace(e.data), e.kind
	e.data, e.kind, e.lines = e.data[:0], "", 0
	if e.err != nil || len(data) == 0 || data[0] == ':' {
		return
	}
	if isDone(data) {
		e.finished = true
		e.put([]byte("[DONE]"))
		return
	}
	var chunk struct {
		Error   json.RawMessage `json:"error"`
		Object  any             `json:"object"`
		Choices []struct {
			FinishReason any `json:"finish_reason"`
		} `json:"choices"`
	}
	if data[0] != '{' || json.Unmarshal(data, &chunk) != nil {
		if !e.finished { // after the end it is not worth an error
			e.err = errMalformed
		}
		return
	}
	if kind == "error" || chunk.Object == "error" || len(chunk.Error) > 0 && string(chunk.Error) != "null" {
		e.err = newAPIError(0, data, e.scrub)
		return
	}
	for _, c := range chunk.Choices {
		if reason, ok := c.FinishReason.(string); ok && reason != "" && !e.finished {
			e.finished = true
			if e.onFinish != nil {
				e.onFinish()
			}
		}
	}
	if len(chunk.Error) > 0 {
		data = without(data, "error")
	}
	e.put(data)
}

func (e *events) put(data []byte) {
	e.out = append(e.out[:0], "data: "...)
	// A line feed can only stand between tokens of valid JSON, where a space is the same.
	e.out = append(e.out, bytes.ReplaceAll(data, []byte("\n"), []byte(" "))...)
	e.out = append(e.out, "\n\n"...)
}

// without returns the JSON object less the field; the order of the others may change.
func without(object []byte, field string) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return object
	}
	for name := range fields {
		if len(name) == len(field) && bytes.EqualFold([]byte(name), []byte(field)) {
			delete(fields, name)
		}
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return object
	}
	return out
}
