//go:build !linux

package marks

// TunnelTraffic is 0: this system has no packet marks.
const TunnelTraffic = 0
