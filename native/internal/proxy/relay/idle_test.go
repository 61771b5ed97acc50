package relay

import (
	"net"
	"testing"
	"time"
)

// Idle is called before each request on a kept connection, so it must not block.
func TestIdle(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	pair := func() (near, far net.Conn) {
		near, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if far, err = listener.Accept(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _, _ = near.Close(), far.Close() })
		return near, far
	}
	until := func(conn net.Conn, want bool) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); Idle(conn) != want; {
			if time.Now().After(end) {
				t.Fatalf("Idle is not %v", want)
			}
		}
	}
	near, far := pair()
	began := time.Now()
	for range 100 {
		if !Idle(near) {
			t.Fatal("an open, silent connection is not idle")
		}
	}
	if took := time.Since(began); took > 50*time.Millisecond {
		t.Fatalf("100 calls took %s", took)
	}
	if _, err := far.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	until(near, false)
	if n, err := near.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Fatalf("Idle consumed data: %d %v", n, err)
	}
	until(near, true)
	_ = far.Close()
	until(near, false)
	near, far = pair()
	Reset(far)
	until(near, false)
}
