package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/netstack"
)

// hostConn is the common part of *net.TCPConn and *net.UnixConn.
type hostConn interface {
	net.Conn
	CloseWrite() error
}

// tcp accepts the client's connection only after its own connect has succeeded, so that the client sees refused, unreachable and
// timeout as such.
func (f *Forwarder) tcp(r *netstack.TCPRequest) {
	client, decision := f.decide(policy.TCP, r.Src.Addr(), r.Dst)
	switch {
	case client == nil:
		r.Drop()
		return
	case decision.Verdict == policy.Prohibited:
		r.Prohibit()
		return
	case decision.Verdict == policy.Refused:
		r.Refuse()
		return
	}
	ctx, cancel := f.dialContext()
	defer cancel()
	end, ok, full := client.begin(r.Dst.Addr(), cancel)
	if full {
		f.atLimit.Warn("a client has too many connections: a new one was refused", "client", r.Src.Addr(), "limit", maxStreams)
	}
	if !ok {
		r.Refuse()
		return
	}
	host, err := f.dialTCP(ctx, decision, r.Dst)
	end()
	if err != nil {
		fail(r, err)
		return
	}
	if f.reachesHost(decision, host, r.Dst.Addr()) {
		abortHost(host)
		r.Prohibit()
		return
	}
	inner, err := r.Accept()
	if err != nil {
		abortHost(host)
		return
	}
	f.carry(client, r.Dst, inner, host)
}

func (f *Forwarder) dialTCP(ctx context.Context, decision policy.Decision, to netip.AddrPort) (hostConn, error) {
	network, address := target(decision, to)
	if network == "" {
		network = "tcp"
	}
	conn, err := f.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn.(hostConn), nil
}

// fail answers the client according to the connect error.
func fail(r *netstack.TCPRequest, err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		r.Drop() // the session or its destination was removed
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		r.Refuse() // no socket at the published path: the service is not running
	case errors.As(err, &timeout) && timeout.Timeout():
		r.Drop()
	default:
		r.Unreachable()
	}
}

// carry copies both directions until both have ended. Each direction can be closed on its own.
func (f *Forwarder) carry(client *Client, to netip.AddrPort, inner netstack.Conn, host hostConn) {
	var aborted atomic.Bool
	abort := func() {
		aborted.Store(true)
		inner.Abort()
		abortHost(host)
	}
	end, ok, _ := client.begin(to.Addr(), abort)
	if !ok {
		abort()
		return
	}
	defer end()
	if size := client.sendBuffer(); size > 0 {
		inner.SetSendBuffer(size)
	}
	resetOnClose(host, true) // a killed process resets the connection, too
	var up sync.WaitGroup
	up.Go(func() {
		if copyHalf(host, inner) != nil {
			abort()
		}
	})
	if copyHalf(inner, host) != nil {
		abort()
	}
	up.Wait()
	if !aborted.Load() {
		resetOnClose(host, false)
	}
	_ = inner.Close()
	_ = host.Close()
}

// maxChunk is the largest single read, bytes.
const maxChunk = 64 << 10

var chunks = sync.Pool{New: func() any { return new([maxChunk]byte) }}

// copyHalf copies one direction and forwards its end of stream. It returns nil only after an orderly end.
func copyHalf(to hostConn, from net.Conn) error {
	buffer := chunks.Get().(*[maxChunk]byte)
	defer chunks.Put(buffer)
	for {
		n, err := from.Read(buffer[:])
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return ignoreNotConnected(to.CloseWrite())
		}
		if err != nil {
			return err
		}
	}
}

// ignoreNotConnected ignores ENOTCONN: the peer may have closed the other direction already.
func ignoreNotConnected(err error) error {
	if errors.Is(err, syscall.ENOTCONN) {
		return nil
	}
	return err
}

// abortHost resets the connection, because an orderly close would signal that all data was sent.
func abortHost(conn net.Conn) {
	resetOnClose(conn, true)
	_ = conn.Close()
}

// resetOnClose sets whether closing a connection resets it and discards unsent data (SO_LINGER).
func resetOnClose(conn net.Conn, is bool) {
	tcp, ok := conn.(*net.TCPConn)
	switch {
	case !ok: // a Unix socket has no reset
	case is:
		_ = tcp.SetLinger(0)
	default:
		_ = tcp.SetLinger(-1)
	}
}
