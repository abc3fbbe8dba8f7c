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

// idleServer is the process whose memory the benchmark measures, and all that
// this binary does when it is told to be. It ends with its standard input.
func idleServer() error {
	mux := http.NewServeMux()
	New(Config{Engine: newFakeEngine(), Key: bytes.Repeat([]byte("k"), keyBytes), Script: bundled}).Routes(mux)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Close()
	}()
	fmt.Printf("listening on %s\n", l.Addr())
	return server.Serve(l)
}

// BenchmarkIdleStreams reports what one idle event stream costs in the server's
// resident memory: go test -run '^$' -bench IdleStreams ./bots/widget
func BenchmarkIdleStreams(b *testing.B) {
	const streams = 2000
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Skip("needs /proc to read a process's memory")
	}
	server := exec.Command(os.Args[0])
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
		if found, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
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
