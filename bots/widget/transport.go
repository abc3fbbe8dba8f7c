package widget

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// hijacked is a connection taken over from net/http. An idle stream then costs
// two small goroutines, instead of those plus the server's own buffers (4 KB to
// read, 4 KB to write, 2 KB of response), its request and their bookkeeping.
type hijacked struct {
	conn    net.Conn
	gone    chan struct{} // closed when the visitor has left
	timeout time.Duration // of one write
}

// takeOver takes the connection over. It returns nil where that cannot be done
// (HTTP/2, recorders in tests).
func takeOver(w http.ResponseWriter, r *http.Request) (*hijacked, error) {
	if r.ProtoMajor != 1 {
		return nil, nil
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take over connection: %w", err)
	}
	return &hijacked{conn, make(chan struct{}), writeTimeout}, nil
}

// start writes the response's head and the first of the body, and begins to
// watch for the visitor's leaving. The body has no length: the connection's end
// is its end.
func (h *hijacked) start(header http.Header, opening []byte) error {
	header.Set("Connection", "close")
	header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	var head bytes.Buffer
	head.WriteString("HTTP/1.1 200 OK\r\n")
	if err := header.Write(&head); err != nil {
		return err
	}
	head.WriteString("\r\n")
	head.Write(opening)
	// net/http may have left a read deadline behind.
	if err := h.conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if err := h.write(head.Bytes()); err != nil {
		return err
	}
	go h.watch()
	return nil
}

// watch waits until the visitor closes the connection, or close does. Anything
// sent meanwhile is against the protocol and ends the stream as well.
func (h *hijacked) watch() {
	var b [1]byte
	_, _ = h.conn.Read(b[:])
	close(h.gone)
}

func (h *hijacked) write(b []byte) error {
	if err := h.conn.SetWriteDeadline(time.Now().Add(h.timeout)); err != nil {
		return err
	}
	_, err := h.conn.Write(b)
	return err
}

// close ends the connection and waits for watch.
func (h *hijacked) close() {
	h.conn.Close()
	<-h.gone
}

// response is a stream through net/http's own ResponseWriter.
type response struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func newResponseTransport(w http.ResponseWriter) response {
	return response{w, http.NewResponseController(w)}
}

func (t response) write(b []byte) error {
	// Not every ResponseWriter has deadlines; those that do not are in memory.
	_ = t.rc.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := t.w.Write(b); err != nil {
		return err
	}
	return t.rc.Flush()
}
