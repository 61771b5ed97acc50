package relay

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// far is the upstream end of a relay, whose reads end with a chosen error.
type far struct {
	net.Conn
	ends    error
	aborted chan struct{}
	closed  chan struct{}
}

func (f *far) Read([]byte) (int, error) { return 0, f.ends }
func (f *far) CloseWrite() error        { return nil }
func (f *far) Abort()                   { close(f.aborted) }
func (f *far) Close() error {
	select {
	case <-f.closed:
	default:
		close(f.closed)
	}
	return nil
}

func pair(t *testing.T) (near, client *net.TCPConn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialled, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = dialled.Close() })
	return accepted.(*net.TCPConn), dialled.(*net.TCPConn)
}

func TestCloseAndResetAreForwarded(t *testing.T) {
	for _, test := range []struct {
		name string
		ends error
		want error
	}{
		{"end", io.EOF, nil},
		{"reset", syscall.ECONNRESET, syscall.ECONNRESET},
		{"timeout", syscall.ETIMEDOUT, syscall.ECONNRESET},
		{"unreachable", syscall.EHOSTUNREACH, syscall.ECONNRESET},
		{"anything else", errors.New("aborted"), syscall.ECONNRESET},
	} {
		t.Run("far end: "+test.name, func(t *testing.T) {
			near, client := pair(t)
			target := &far{ends: test.ends, aborted: make(chan struct{}), closed: make(chan struct{})}
			go Both(near, target)
			_ = client.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, test.want) && !(test.want == nil && err == io.EOF) {
				t.Fatalf("the client reads %v", err)
			}
		})
	}
	t.Run("near end: reset", func(t *testing.T) {
		near, client := pair(t)
		here, there := net.Pipe()
		defer there.Close()
		target := &blocking{far: far{Conn: here, aborted: make(chan struct{}), closed: make(chan struct{})}}
		go Both(near, target)
		Reset(client)
		select {
		case <-target.aborted:
		case <-time.After(5 * time.Second):
			t.Fatal("the far end was not reset")
		}
	})
}

// blocking is an upstream end that sends nothing until it is closed.
type blocking struct{ far }

func (b *blocking) Read([]byte) (int, error) {
	<-b.closed
	return 0, net.ErrClosed
}

// broken panics at the first read.
type broken struct{ net.Conn }

func (broken) Read([]byte) (int, error) { panic("a bug") }

// A panic ends one connection and not the process.
func TestAPanicEndsOneConnection(t *testing.T) {
	client, near := net.Pipe()
	target, far := net.Pipe()
	done := make(chan struct{})
	go func() { defer close(done); Both(broken{near}, far) }()
	<-done
	for _, end := range []net.Conn{client, target} {
		_ = end.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := end.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("an end stays open: %v", err)
		}
	}
}
