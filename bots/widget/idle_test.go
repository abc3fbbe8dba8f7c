package widget

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// serveIdle tells this binary to be the server of BenchmarkIdleStreams.
const serveIdle = "FRONTDESK_TEST_SERVE_IDLE"

// TestServeIdle is not a test: it is the process whose memory the benchmark
// measures. It ends with its standard input.
func TestServeIdle(t *testing.T) {
	if os.Getenv(serveIdle) == "" {
		t.Skip("serves BenchmarkIdleStreams only")
	}
	h, _ := newTestHandler(t, func(c *Config) { c.Script = func() (*Script, error) { return nil, io.EOF } })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	fmt.Printf("listening on %s\n", l.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Close()
}

// BenchmarkIdleStreams reports what one idle event stream costs in the server's
// resident memory: go test -run '^$' -bench IdleStreams ./bots/widget
func BenchmarkIdleStreams(b *testing.B) {
	const streams = 2000
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Skip("needs /proc to read a process's memory")
	}
	server := exec.Command(os.Args[0], "-test.run=^TestServeIdle$", "-test.v")
	server.Env = append(os.Environ(), serveIdle+"=1")
	in, err := server.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := server.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		in.Close()
		_ = server.Wait()
	}()
	address := ""
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		if _, found, ok := strings.Cut(lines.Text(), "listening on "); ok {
			address = found
		}
	}
	tokens := make([]string, streams)
	for i := range tokens {
		tokens[i] = openRemote(b, address)
	}
	before := residentBytes(b, server.Process.Pid)
	for _, token := range tokens {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET /widget/v1/events?after=0 HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n", address, token)
		var head [4096]byte
		for text := ""; !strings.Contains(text, "event: state"); {
			n, err := conn.Read(head[:])
			if err != nil {
				b.Fatal(err)
			}
			text += string(head[:n])
		}
	}
	after := residentBytes(b, server.Process.Pid)
	for b.Loop() { // one measurement is all there is
	}
	b.ReportMetric(float64(after-before)/streams, "B/stream")
	b.ReportMetric(float64(before)/1e6, "MB-before")
	b.ReportMetric(0, "ns/op")
}

func openRemote(b *testing.B, address string) string {
	b.Helper()
	answer, err := http.Post("http://"+address+"/widget/v1/sessions", "application/json", bytes.NewReader([]byte("{}")))
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	var s sessionReply
	if err := json.NewDecoder(answer.Body).Decode(&s); err != nil {
		b.Fatal(err)
	}
	return s.Token
}

var residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB$`)

func residentBytes(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	m := residentLine.FindSubmatch(status)
	if m == nil {
		b.Fatal("no VmRSS line")
	}
	kb, err := strconv.Atoi(string(m[1]))
	if err != nil {
		b.Fatal(err)
	}
	return kb << 10
}
