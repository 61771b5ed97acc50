// Package isolate runs a command in a network namespace whose only connection is the tunnel: a TUN device that a running
// sag-tunnel carries. The command's traffic (TCP, UDP, DNS, ping) goes through the tunnel or is dropped.
//
// The namespace's side creates the device and passes it over a Unix socket in the tunnel's runtime directory (SCM_RIGHTS,
// unix(7)). The device is carried until that connection ends. If sag-tunnel dies, nothing can leak, because the namespace
// has no other interface but loopback.
package isolate

import (
	"context"
	"net"
	"net/netip"
	"time"

	"sag.software/native/internal/proxy/dialer"
)

// SocketName is relative to the intranet's runtime directory.
const SocketName = "isolate.sock"

// MTU of the namespace's device, bytes. It fits every session, so that packets need not be fragmented again.
const MTU = 1280

// Addresses in the namespace, from RFC 2544's benchmarking range and a locally assigned prefix, which intranets do not use.
var (
	Own4 = netip.MustParsePrefix("198.18.0.2/30")
	Own6 = netip.MustParsePrefix("fd53:4147:1::2/126")
	// NameServer forwards queries to the intranet's name servers.
	NameServer = netip.MustParseAddr("198.18.0.1")
)

// Hello is the tunnel's first message to a client.
type Hello struct {
	// Search are the intranet's search domains.
	Search []string `json:"search"`
}

// Network is the intranet's network, with what isolated commands need beyond dialer.Network.
type Network interface {
	dialer.Network
	// Dial connects by "tcp" or "udp". It does not check whether the address is tunneled.
	Dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)
	// NameServers returns the intranet's name servers.
	NameServers() []netip.Addr
	Ping(ctx context.Context, to netip.Addr) (time.Duration, error)
}
