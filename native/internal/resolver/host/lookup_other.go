//go:build !linux

package host

import (
	"context"
	"net"
	"net/netip"
)

func lookup(ctx context.Context, name string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
}
