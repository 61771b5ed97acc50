package udp

import (
	"net/netip"

	"golang.zx2c4.com/wireguard/conn"
)

// Endpoint is the UDP address of a peer. It is immutable, because wireguard-go passes the same value to several goroutines.
type Endpoint struct {
	Remote netip.AddrPort

	// via is the socket that last received from the peer, so that replies have the source address that the peer sent to.
	via *socket
}

var _ conn.Endpoint = (*Endpoint)(nil)

// NewEndpoint returns an endpoint that nothing was received from yet.
func NewEndpoint(remote netip.AddrPort) *Endpoint {
	return &Endpoint{Remote: netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())}
}

// ClearSrc does nothing: socketFor ignores a socket that is closed, and for a wildcard socket the kernel chooses the source
// address.
func (*Endpoint) ClearSrc() {}

// SrcToString returns the local address that last received from the peer, if known.
func (e *Endpoint) SrcToString() string {
	if e.via == nil {
		return ""
	}
	return e.via.local.String()
}

// DstToString is the peer's address as wireguard-go prints and parses it.
func (e *Endpoint) DstToString() string { return e.Remote.String() }

// DstToBytes identifies the sender in cookie replies.
func (e *Endpoint) DstToBytes() []byte {
	b, _ := e.Remote.MarshalBinary()
	return b
}

// DstIP is the key of wireguard-go's handshake rate limit.
func (e *Endpoint) DstIP() netip.Addr { return e.Remote.Addr() }

// SrcIP returns the local address that last received from the peer, if known.
func (e *Endpoint) SrcIP() netip.Addr {
	if e.via == nil {
		return netip.Addr{}
	}
	return e.via.local.Addr()
}
