//go:build !linux

package route

import (
	"net/netip"
)

// EndConnections is not implemented on this system.
func EndConnections([]netip.Addr) (int, error) { return 0, ErrNotSupported }
