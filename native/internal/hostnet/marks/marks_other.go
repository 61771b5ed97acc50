//go:build !linux

package marks

// TunnelTraffic marks no packets on systems that have no such marks.
const TunnelTraffic = 0
