// Package host looks names up as this machine does, for what is outside the intranet. On Linux it reads resolv.conf, the hosts file
// and nsswitch.conf as the C library does, and asks the name servers by package resolver: Go's own resolver gives up on servers that
// answer FORMERR to EDNS without repeating the question (https://go.dev/issue/67925), and waits for AAAA answers that some never send.
// Elsewhere the operating system is asked.
package host

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// Forwarders are the loopback addresses of the forwarder of system mode.
var Forwarders = netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 83, 71, 0}), 24)

// IsNotFound tells an error of Lookup that says that there is no such name from one that leaves it open.
func IsNotFound(err error) bool {
	var failed *net.DNSError
	return errors.As(err, &failed) && failed.IsNotFound
}

// Lookup finds the addresses of a name, in the order in which they are to be tried. A name without a dot at its end may be completed
// by the machine's search list. Errors are *net.DNSError.
func Lookup(ctx context.Context, name string) ([]netip.Addr, error) { return lookup(ctx, name) }
