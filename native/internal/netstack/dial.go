package netstack

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// Conn is a TCP connection whose directions can be closed separately.
type Conn interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
	// Abort resets the connection: the other end reads an error instead of EOF.
	Abort()
	// Probe checks with keepalives whether the other end still has the connection; if it does not, its RST ends the
	// connection. Without an answer nothing happens.
	Probe()
	// SetSendBuffer limits what is written and not acknowledged yet, bytes. Without it, the buffer grows with what the path carries.
	SetSendBuffer(size int)
	// Idle reports, without blocking, whether the connection is open and has no unread data.
	Idle() bool
}

// tcpConn classifies errors.
type tcpConn struct {
	*gonet.TCPConn
	endpoint tcpip.Endpoint
}

func (c *tcpConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	// gVisor returns a connection's error only once, to a reader or a writer; all later reads return EOF.
	if errors.Is(err, io.EOF) && tcp.EndpointState(c.endpoint.State()) == tcp.StateError {
		err = ErrReset
	}
	return n, classify(err)
}

func (c *tcpConn) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	return n, classify(err)
}

func (c *tcpConn) Abort() { c.endpoint.Abort() }

func (c *tcpConn) SetSendBuffer(size int) {
	c.endpoint.SocketOptions().SetSendBufferSize(int64(size), true)
}

func (c *tcpConn) Idle() bool {
	return c.endpoint.Readiness(waiter.ReadableEvents|waiter.EventErr|waiter.EventHUp|waiter.EventRdHUp) == 0
}

// How long and how often a connection is probed. probesAtAll is high enough that unanswered probes never end the
// connection.
const (
	probedFor   = 2 * time.Second
	probeGap    = 500 * time.Millisecond
	probesAtAll = 100
)

func (c *tcpConn) Probe() {
	idle, interval := tcpip.KeepaliveIdleOption(probeGap), tcpip.KeepaliveIntervalOption(probeGap)
	_ = c.endpoint.SetSockOpt(&idle) // fails for invalid values only
	_ = c.endpoint.SetSockOpt(&interval)
	_ = c.endpoint.SetSockOptInt(tcpip.KeepaliveCountOption, probesAtAll)
	c.endpoint.SocketOptions().SetKeepAlive(true)
	time.AfterFunc(probedFor, func() { c.endpoint.SocketOptions().SetKeepAlive(false) })
}

// DialTCP connects to an address in the intranet. It fails with ErrRefused, ErrUnreachable, ErrProhibited or ErrTimeout (also when
// ctx's deadline has passed), or ctx's error when it was cancelled.
func (s *Stack) DialTCP(ctx context.Context, to netip.AddrPort) (Conn, error) {
	var queue waiter.Queue
	endpoint, terr := s.gvisor.NewEndpoint(tcp.ProtocolNumber, protocolOf(to.Addr()), &queue)
	if terr != nil {
		return nil, tcpipError(terr)
	}
	route, terr := s.gvisor.FindRoute(nic, tcpip.Address{}, fromAddr(to.Addr()), protocolOf(to.Addr()), false)
	if terr != nil {
		endpoint.Close()
		return nil, tcpipError(terr)
	}
	s.ports.bind(endpoint, route.LocalAddress())
	route.Release()
	var prohibited atomic.Bool
	defer s.device.link.unreachables.await(uint8(tcp.ProtocolNumber), endpoint, to, func(why error) {
		prohibited.Store(errors.Is(why, ErrProhibited))
	})()
	if err := connect(ctx, &queue, endpoint, to); err != nil {
		endpoint.Close()
		if errors.Is(err, ErrUnreachable) && prohibited.Load() {
			err = ErrProhibited
		}
		return nil, err
	}
	return &tcpConn{gonet.NewTCPConn(&queue, endpoint), endpoint}, nil
}

func connect(ctx context.Context, queue *waiter.Queue, endpoint tcpip.Endpoint, to netip.AddrPort) error {
	entry, decided := waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventErr | waiter.EventHUp)
	queue.EventRegister(&entry)
	defer queue.EventUnregister(&entry)
	if err := ctx.Err(); err != nil {
		return classify(err)
	}
	err := endpoint.Connect(fullAddress(to))
	if _, started := err.(*tcpip.ErrConnectStarted); started {
		select {
		case <-ctx.Done():
			return classify(ctx.Err())
		case <-decided:
		}
		err = endpoint.LastError()
	}
	return tcpipError(err)
}

// ListenTCP accepts connections at one of the stack's own addresses.
func (s *Stack) ListenTCP(at netip.AddrPort) (net.Listener, error) {
	l, err := gonet.ListenTCP(s.gvisor, fullAddress(at), protocolOf(at.Addr()))
	if err != nil {
		return nil, classify(err)
	}
	return l, nil
}

// DialUDP opens a socket that is connected to one address. Reads and writes return ErrRefused, ErrUnreachable or ErrProhibited after an ICMP
// "unreachable".
func (s *Stack) DialUDP(_ context.Context, to netip.AddrPort) (net.Conn, error) {
	conn := &connectedUDP{}
	var err error
	conn.udpConn, err = s.newUDP(protocolOf(to.Addr()), func(endpoint tcpip.Endpoint) tcpip.Error {
		if err := endpoint.Connect(fullAddress(to)); err != nil {
			return err
		}
		conn.forget = s.device.link.unreachables.await(uint8(udp.ProtocolNumber), endpoint, to, func(why error) { conn.why.Store(&why) })
		return nil
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// connectedUDP returns the reason of an ICMP "unreachable", which gVisor reports as "port unreachable" (see unreachables).
type connectedUDP struct {
	*udpConn
	forget func()
	// why is the reason of the last ICMP error.
	why atomic.Pointer[error]
}

func (c *connectedUDP) Read(b []byte) (int, error) {
	n, err := c.udpConn.Read(b)
	return n, c.reason(err)
}

func (c *connectedUDP) Write(b []byte) (int, error) {
	n, err := c.udpConn.Write(b)
	return n, c.reason(err)
}

func (c *connectedUDP) reason(err error) error {
	if why := c.why.Load(); why != nil && errors.Is(err, ErrRefused) {
		return *why
	}
	return err
}

func (c *connectedUDP) Close() error {
	c.forget()
	return c.udpConn.Close()
}

// ListenPacket opens an unconnected UDP socket at an address of the stack. An unspecified address means all of that family,
// port 0 any free port.
func (s *Stack) ListenPacket(at netip.AddrPort) (net.PacketConn, error) {
	conn, err := s.newUDP(protocolOf(at.Addr()), func(endpoint tcpip.Endpoint) tcpip.Error {
		return endpoint.Bind(fullAddress(at))
	})
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (s *Stack) newUDP(protocol tcpip.NetworkProtocolNumber, prepare func(tcpip.Endpoint) tcpip.Error) (*udpConn, error) {
	var queue waiter.Queue
	endpoint, err := s.gvisor.NewEndpoint(udp.ProtocolNumber, protocol, &queue)
	if err != nil {
		return nil, tcpipError(err)
	}
	if err := prepare(endpoint); err != nil {
		endpoint.Close()
		return nil, tcpipError(err)
	}
	return wrapUDP(&queue, endpoint), nil
}

// udpConn classifies errors.
type udpConn struct{ *gonet.UDPConn }

func wrapUDP(queue *waiter.Queue, endpoint tcpip.Endpoint) *udpConn {
	// gonet's reader does not wake up for errors. The notification needs a goroutine, because the callback runs under the
	// queue's lock.
	wake := waiter.NewFunctionEntry(waiter.EventErr, func(waiter.EventMask) {
		go queue.Notify(waiter.ReadableEvents)
	})
	queue.EventRegister(&wake)
	return &udpConn{gonet.NewUDPConn(queue, endpoint)}
}

func (c *udpConn) Read(b []byte) (int, error) {
	n, err := c.UDPConn.Read(b)
	return n, classify(err)
}

func (c *udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.UDPConn.ReadFrom(b)
	return n, from, classify(err)
}

func (c *udpConn) Write(b []byte) (int, error) {
	n, err := c.UDPConn.Write(b)
	return n, classify(err)
}

func (c *udpConn) WriteTo(b []byte, to net.Addr) (int, error) {
	n, err := c.UDPConn.WriteTo(b, to)
	return n, classify(err)
}
