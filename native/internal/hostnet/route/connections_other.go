//go:build !linux

package route

import (
	"net/netip"
)

// EndConnections is not to be had on this system yet.
func EndConnections([]netip.Addr) (int, error) { return 0, ErrNotSupported }
