package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

// malformed creates invalid requests by changing valid ones.
type malformed struct{ *rand.Rand }

var (
	methods = []string{"Attach", "MayConnect", "Prepare", "Start", "Stop", "GetStates", "Watch", "Ping", "GetLockdown", "SetLockdown", "OpenPortal", "", "Format"}
	verbs   = []string{"POST", "POST", "POST", "GET", "HEAD", "PUT", "CONNECT", "OPTIONS", "PRI", "\x00", "P OST", strings.Repeat("A", 9000)}
	hosts   = []string{"x", "[", "]", "a b", "::1", "[::1", "x:99999", "\x7f", "%zz", "", strings.Repeat("h", 3000)}
	types   = []string{
		"application/json", "application/proto", "application/connect+json", "application/connect+proto", "application/grpc", "application/grpc-web+proto",
		"application/json; charset=\xff", "text/html", "",
	}
	bodies = []string{
		`{}`, `{"intranetId":"c3d4"}`, `{"intranetId":`, `[`, `null`, `"x"`, `{"intranetId":{"a":1}}`, `{"intranetId":"c3d4","intranetId":"b2c3"}`, `{"hello":{"version":1e999}}`,
		`{"attemptId":"x","intranetId":"c3d4","session":{"routes":["999.1.1.1/99"],"lease":"-1s","accessPoints":[{"publicKey":"!!"}]},"cloud":{"url":"https://["}}`,
		`{"attemptId":"x","intranetId":"c3d4","session":{"lease":"99999999999999999999s"},"cloud":{"url":"https://x","spkiPins":["AA=="]}}`,
		`{"cloudUrl":"https://%zz","enterpriseCode":"\u0000"}`, `{"duration":"1e9s"}`, `{"duration":"-5s"}`, `{"clouds":["https://x:y"]}`,
		strings.Repeat(`{"a":`, 5000), strings.Repeat("[", 20000), "\xff\xfe\xfd", "\x0a\xff\xff\xff\xff\x0f", "\x08\x96\x01\x08\x96\x01", "\x0b\x0b\x0b\x0b\x0b\x0b",
	}
)

// bomb is 4 MB, compressed.
var bomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(make([]byte, 4<<20))
	_ = w.Close()
	return packed.Bytes()
})

func pick[T any](m malformed, all []T) T { return all[m.IntN(len(all))] }

// request returns one of them as sent over the connection.
func (m malformed) request() []byte {
	body := []byte(pick(m, bodies))
	if m.IntN(4) == 0 { // a stream's envelope, possibly with a wrong length
		head := make([]byte, 5)
		head[0] = byte(m.IntN(4))
		binary.BigEndian.PutUint32(head[1:], pick(m, []uint32{uint32(len(body)), 0, 1, 1 << 20, 1<<32 - 1}))
		body = append(head, body...)
	}
	encoding := ""
	switch m.IntN(12) {
	case 0:
		encoding = "Content-Encoding: gzip\r\n"
	case 1: // small on the wire, large when decompressed
		encoding = "Content-Encoding: gzip\r\nConnect-Content-Encoding: gzip\r\n"
		body = bomb()
	}
	length := fmt.Sprintf("Content-Length: %s\r\n", pick(m, []string{fmt.Sprint(len(body)), fmt.Sprint(len(body)), "0", "-1", "x", "99999999999999999999", fmt.Sprint(len(body) + 7)}))
	if m.IntN(8) == 0 {
		length = "Transfer-Encoding: " + pick(m, []string{"chunked", "identity", "gzip, chunked"}) + "\r\n"
		body = append([]byte(pick(m, []string{"5\r\n", "ffffffffffffffff\r\n", "-1\r\n", "zz\r\n", "0\r\n\r\n"})), body...)
	}
	text := fmt.Sprintf("%s /sag.tunnel.v1.TunnelService/%s%s HTTP/%s\r\nHost: %s\r\nContent-Type: %s\r\nConnect-Protocol-Version: %s\r\nConnect-Timeout-Ms: %s\r\n%s%s\r\n%s",
		pick(m, verbs), pick(m, methods), pick(m, []string{"", "", "/", "?x=%zz", "/../..", "%00"}), pick(m, []string{"1.1", "1.1", "1.0", "2.0", "9.9"}), pick(m, hosts), pick(m, types),
		pick(m, []string{"1", "2", ""}), pick(m, []string{"1000", "-1", "0", "99999999999999", "x"}), encoding, length, body)
	line := []byte(text)
	for range m.IntN(4) { // change a few bytes
		line[m.IntN(len(line))] = byte(m.IntN(256))
	}
	if m.IntN(10) == 0 {
		line = line[:m.IntN(len(line))]
	}
	return line
}

// resident returns a process's resident memory, bytes.
func resident(pid int) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(text)) {
		var kb int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kb); err == nil {
			return kb << 10
		}
	}
	return 0
}

// Thousands of malformed requests to a service with a session: it keeps running, its memory does not grow, and the session
// does not change. SAG_SOAK=1 sends 100,000.
func TestMalformedRequests(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	s := newSite(t)
	s.start()
	s.mustConnect()
	pid := s.service.Process.Pid
	sendMalformed(t, filepath.Join(s.run, "rpc.sock"), pid, 3_000)
	s.alive("after malformed requests")
	if strings.Contains(s.tail(), "internal error") {
		t.Errorf("the service says %s", s.tail())
	}
	nettest.Until(t, "the connections are closed", func() bool {
		open, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		return len(open) < 60
	})
	s.mustLeave()
}

// The same against a user's own sag-tunnel in proxy mode.
func TestMalformedRequestsInProxyMode(t *testing.T) {
	company := tunneltest.NewCompany(t, 1)
	p := run(t, runtimeDir(t))
	session := p.start(company)
	sendMalformed(t, filepath.Join(p.dir, "rpc.sock"), p.command.Process.Pid, 1_000)
	if err := fetch(session); err != nil {
		t.Errorf("the session has changed: %v", err)
	}
	p.stop()
	_ = p.wait() // now the log is complete
	if strings.Contains(p.log.String(), "internal error") {
		t.Errorf("it says %s", p.log)
	}
}

// sendMalformed sends a number of requests to a process and measures its memory.
func sendMalformed(t *testing.T, socket string, pid, count int) {
	const workers = 8
	const allowed = 16 << 20 // bytes that memory may grow
	switch {
	case soak:
		count = 100_000
	case racing:
		count /= 5
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var sent, answered, mute atomic.Int64
	send := func(n int) {
		var all sync.WaitGroup
		for w := range workers {
			all.Go(func() {
				m := malformed{rand.New(rand.NewPCG(seed, uint64(w)+uint64(sent.Load())))}
				for range n / workers {
					sent.Add(1)
					conn, err := net.Dial("unix", socket)
					if err != nil {
						t.Error(err)
						return
					}
					_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
					_, _ = conn.Write(m.request())
					_ = conn.(*net.UnixConn).CloseWrite()
					switch n, err := io.Copy(io.Discard, io.LimitReader(conn, 1<<20)); {
					case n > 0:
						answered.Add(1)
					case err != nil && os.IsTimeout(err):
						mute.Add(1)
					}
					_ = conn.Close()
				}
			})
		}
		all.Wait()
	}
	send(count / 5)
	early := resident(pid)
	send(count - count/5)
	late := resident(pid)
	// Garbage of the first second is collected after it, so more requests are sent until then; a leak would grow on.
	for end := time.Now().Add(3 * time.Second); late > early+allowed && time.Now().Before(end); late = resident(pid) {
		send(count / 5)
	}
	t.Logf("%d sent, %d answered; memory %d KB after a fifth, %d KB in the end", sent.Load(), answered.Load(), early>>10, late>>10)
	if late == 0 {
		t.Fatal("the process has ended")
	}
	if late > early+allowed && !racing {
		t.Errorf("memory grows from %d to %d KB", early>>10, late>>10)
	}
	if mute.Load() > 0 {
		t.Errorf("%d connections were neither answered nor closed within 10 s", mute.Load())
	}
	if answered.Load() < sent.Load()/4 {
		t.Errorf("only %d of %d were answered: the rest did not reach the process", answered.Load(), sent.Load())
	}
}
