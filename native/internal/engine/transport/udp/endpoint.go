package udp

import (
	"net/netip"

	"golang.zx2c4.com/wireguard/conn"
)

// Endpoint is where a peer is reached by UDP. It is immutable: wireguard-go hands the same value to several goroutines.
type Endpoint struct {
	Remote netip.AddrPort

	// via is the socket the peer was last heard on, so that an answer leaves by the address the peer knows.
	via *socket
}

var _ conn.Endpoint = (*Endpoint)(nil)

// NewEndpoint is a UDP endpoint that has not been heard from yet.
func NewEndpoint(remote netip.AddrPort) *Endpoint {
	return &Endpoint{Remote: netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())}
}

// ClearSrc has nothing to clear: a socket that is gone is noticed when sending, a wildcard socket lets the kernel choose.
func (*Endpoint) ClearSrc() {}

// SrcToString is the local address the peer was heard on, if known.
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

// DstIP is what wireguard-go's handshake rate limit counts by.
func (e *Endpoint) DstIP() netip.Addr { return e.Remote.Addr() }

// SrcIP is the local address the peer was heard on, if known.
func (e *Endpoint) SrcIP() netip.Addr {
	if e.via == nil {
		return netip.Addr{}
	}
	return e.via.local.Addr()
}
