package stack

import (
	"context"
	"net"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
)

// Conn is a TCP connection; both directions can be closed on their own.
type Conn interface {
	net.Conn
	CloseRead() error
	CloseWrite() error
}

// DialTCP connects to an address inside. Failures are ErrRefused, ErrUnreachable or ErrTimeout (also when ctx's deadline
// has passed), or ctx's error when it was cancelled.
func (s *Stack) DialTCP(ctx context.Context, to netip.AddrPort) (Conn, error) {
	conn, err := gonet.DialContextTCP(ctx, s.gvisor, fullAddress(to), protocolOf(to.Addr()))
	if err != nil {
		return nil, classify(err)
	}
	return conn, nil
}

// ListenTCP accepts connections at one of the stack's own addresses.
func (s *Stack) ListenTCP(at netip.AddrPort) (net.Listener, error) {
	l, err := gonet.ListenTCP(s.gvisor, fullAddress(at), protocolOf(at.Addr()))
	if err != nil {
		return nil, classify(err)
	}
	return l, nil
}

// DialUDP makes a socket that talks to one address. Its reads say ErrRefused after an ICMP "port unreachable".
func (s *Stack) DialUDP(_ context.Context, to netip.AddrPort) (net.Conn, error) {
	remote := fullAddress(to)
	conn, err := gonet.DialUDP(s.gvisor, nil, &remote, protocolOf(to.Addr()))
	if err != nil {
		return nil, classify(err)
	}
	return &udpConn{conn}, nil
}

// ListenPacket makes a UDP socket that talks to anybody, at an address of the stack; an unspecified address means all of
// that family, port 0 any free one.
func (s *Stack) ListenPacket(at netip.AddrPort) (net.PacketConn, error) {
	local := fullAddress(at)
	conn, err := gonet.DialUDP(s.gvisor, &local, nil, protocolOf(at.Addr()))
	if err != nil {
		return nil, classify(err)
	}
	return &udpConn{conn}, nil
}

// udpConn gives read errors their meaning.
type udpConn struct{ *gonet.UDPConn }

func (c *udpConn) Read(b []byte) (int, error) {
	n, err := c.UDPConn.Read(b)
	return n, classify(err)
}

func (c *udpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.UDPConn.ReadFrom(b)
	return n, from, classify(err)
}
