package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath/rate"
	"sag.software/native/internal/netstack"
)

// hostConn is what *net.TCPConn and *net.UnixConn have in common.
type hostConn interface {
	net.Conn
	CloseWrite() error
}

// tcp finishes the client's handshake only after its own connect: refused, unreachable and timed out arrive as such.
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

// fail reports to the client how the connect failed.
func fail(r *netstack.TCPRequest, err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		r.Drop() // the client is gone
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		r.Refuse() // a published Unix socket that is not there is a service that does not run
	case errors.As(err, &timeout) && timeout.Timeout():
		r.Drop()
	default:
		r.Unreachable()
	}
}

// carry copies both ways until both have ended, each direction on its own.
func (f *Forwarder) carry(client *Client, to netip.AddrPort, inner netstack.Conn, host hostConn) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	abort := func() {
		cancel()
		inner.Abort()
		abortHost(host)
	}
	end, ok, _ := client.begin(to.Addr(), abort)
	if !ok {
		abort()
		return
	}
	defer end()
	breakable(host, true) // when this process is killed, too
	var up sync.WaitGroup
	up.Go(func() {
		if copyHalf(ctx, host, inner, &client.Up) != nil {
			abort()
		}
	})
	if copyHalf(ctx, inner, host, &client.Down) != nil {
		abort()
	}
	up.Wait()
	if ctx.Err() == nil {
		breakable(host, false)
	}
	_ = inner.Close()
	_ = host.Close()
}

var chunks = sync.Pool{New: func() any { return new([rate.MaxChunk]byte) }}

// copyHalf copies one direction and passes its end on. An error is anything but an orderly end.
func copyHalf(ctx context.Context, to hostConn, from net.Conn, limit *rate.Limit) error {
	buffer := chunks.Get().(*[rate.MaxChunk]byte)
	defer chunks.Put(buffer)
	for {
		n, err := from.Read(buffer[:limit.Chunk()])
		if n > 0 {
			if err := limit.Wait(ctx, n); err != nil {
				return err
			}
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

// ignoreNotConnected: the other direction may have been closed by the far end already.
func ignoreNotConnected(err error) error {
	if errors.Is(err, syscall.ENOTCONN) {
		return nil
	}
	return err
}

// abortHost resets the connection: an orderly close would pretend that all data had been sent.
func abortHost(conn net.Conn) {
	breakable(conn, true)
	_ = conn.Close()
}

// breakable says whether closing a connection resets it. What has been written but not sent is lost then.
func breakable(conn net.Conn, is bool) {
	tcp, ok := conn.(*net.TCPConn)
	switch {
	case !ok: // a Unix socket knows no reset
	case is:
		_ = tcp.SetLinger(0)
	default:
		_ = tcp.SetLinger(-1)
	}
}
