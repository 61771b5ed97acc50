// Package isolate gives a command a network of its own whose only way out is the tunnel: a TUN device in a network namespace,
// carried by a running sag-tunnel. What the command sends (TCP, UDP, DNS, ping) goes through the tunnel or nowhere.
//
// The namespace's side makes the device and hands it over a Unix socket in the tunnel's runtime directory (SCM_RIGHTS, unix(7)).
// It is carried until the connection ends. A sag-tunnel that dies takes the way out with it, and nothing leaks: no other
// interface but the loopback is in the namespace.
package isolate

import (
	"context"
	"net"
	"net/netip"
	"time"

	"sag.software/native/internal/proxy/dialer"
)

// SocketName within the intranet's runtime directory.
const SocketName = "isolate.sock"

// MTU of the namespace's device, bytes: fits every session, so that what is cut into packets there need not be cut again.
const MTU = 1280

// Addresses in the namespace. RFC 2544's range for tests and a locally assigned prefix: no intranet has them.
var (
	Own4 = netip.MustParsePrefix("198.18.0.2/30")
	Own6 = netip.MustParsePrefix("fd53:4147:1::2/126")
	// NameServer answers for the intranet's own ones.
	NameServer = netip.MustParseAddr("198.18.0.1")
)

// Hello is the tunnel's first message to a client.
type Hello struct {
	// Search are the domains that short names are completed with.
	Search []string `json:"search"`
}

// Network is the intranet's network, with what isolated commands need beyond dialer.Network.
type Network interface {
	dialer.Network
	// Dial connects by "tcp" or "udp". It does not ask the router whether the address is one of the intranet's.
	Dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error)
	// NameServers are the intranet's.
	NameServers() []netip.Addr
	Ping(ctx context.Context, to netip.Addr) (time.Duration, error)
}
