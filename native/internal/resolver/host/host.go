// Package host resolves names as the host does, for names outside the intranet. On Linux it reads resolv.conf, the hosts
// file and nsswitch.conf as the C library does, and queries the name servers with package resolver: Go's own resolver fails
// at servers that answer EDNS with FORMERR (https://go.dev/issue/67925), and waits for AAAA answers that some servers never
// send. On other systems it calls Go's resolver.
package host

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// Forwarders is the loopback range of system mode's DNS forwarder.
var Forwarders = netip.PrefixFrom(netip.AddrFrom4([4]byte{127, 83, 71, 0}), 24)

// IsNotFound reports whether an error of Lookup means that the name does not exist, and not that the lookup failed.
func IsNotFound(err error) bool {
	var failed *net.DNSError
	return errors.As(err, &failed) && failed.IsNotFound
}

// Lookup returns the addresses of a name, in the order in which they should be tried. A name without a trailing dot may be
// completed by the host's search list. Errors are *net.DNSError.
func Lookup(ctx context.Context, name string) ([]netip.Addr, error) { return lookup(ctx, name) }
