package control

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
)

// failing is a listener with temporary errors.
type failing struct {
	net.Listener
	errors atomic.Pointer[[]error]
}

func (f *failing) Accept() (net.Conn, error) {
	if left := *f.errors.Load(); len(left) > 0 {
		rest := left[1:]
		f.errors.Store(&rest)
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", left[0])}
	}
	return f.Listener.Accept()
}

func TestTemporaryAcceptErrorsAreRetried(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &failing{Listener: inner}
	all := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED}
	f.errors.Store(&all)
	l := newLimited(f, 1)
	client, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	_ = l.Close()
	if _, err := l.Accept(); err == nil {
		t.Error("a closed listener accepts")
	}
}
