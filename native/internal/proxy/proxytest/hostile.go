package proxytest

import (
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

const (
	// warmUp is how many requests are sent before memory is measured.
	warmUp = 200
	// growthLimit is how much memory may grow, bytes, and spareGoroutines by how many goroutines.
	growthLimit, spareGoroutines = 8 << 20, 10
	// settleLimit is how long goroutines may take to end.
	settleLimit = 15 * time.Second
)

// Malformed returns one of the good requests with random changes. Insertions are texts with a meaning in the protocol.
func Malformed(r *rand.Rand, good, insertions []string) []byte {
	b := []byte(good[r.IntN(len(good))])
	for range r.IntN(6) {
		at := r.IntN(len(b) + 1)
		switch kind := r.IntN(4); {
		case kind == 0:
			b = append(b[:at:at], b[min(len(b), at+r.IntN(8)):]...)
		case kind == 1:
			b = append(b[:at:at], append([]byte{byte(r.Uint32())}, b[at:]...)...)
		case kind == 2 && len(insertions) > 0:
			text := strings.Repeat(insertions[r.IntN(len(insertions))], 1+r.IntN(3))
			b = append(b[:at:at], append([]byte(text), b[at:]...)...)
		case len(b) > 0:
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		if len(b) == 0 {
			b = []byte{'\n'}
		}
	}
	return b
}

// malformedCount is how many requests are sent; SAG_SOAK selects the long run.
func malformedCount() int {
	if os.Getenv("SAG_SOAK") != "" {
		return 100_000
	}
	return 2_000
}

// Hostile sends malformed requests to a proxy and checks that it serves the next client and that memory and goroutines do
// not grow. Each call of malformed returns one request.
func Hostile(t *testing.T, address string, malformed func(*rand.Rand) []byte, serves func() error) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	send := func(b []byte) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = conn.Write(b)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}
	for range warmUp {
		send(malformed(r))
	}
	before, goroutines := memory(), runtime.NumGoroutine()
	for range malformedCount() {
		send(malformed(r))
	}
	if err := serves(); err != nil {
		t.Errorf("seed %d: afterwards: %v", seed, err)
	}
	for end := time.Now().Add(settleLimit); runtime.NumGoroutine() > goroutines+spareGoroutines && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines+spareGoroutines {
		t.Errorf("seed %d: %d goroutines, before %d", seed, n, goroutines)
	}
	after := memory()
	t.Logf("%d requests: %d KB before, %d KB after", malformedCount(), before>>10, after>>10)
	if after > before+growthLimit {
		t.Errorf("seed %d: %d bytes, before %d", seed, after, before)
	}
}

func memory() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
