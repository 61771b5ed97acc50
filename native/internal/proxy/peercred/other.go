//go:build !linux

package peercred

import (
	"net"
	"net/netip"
)

// System returns a table without owners, because lookup is not implemented on this operating system; no client is served.
func System() Table { return unsupported{} }

type unsupported struct{}

func (unsupported) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) { return 0, ErrUnknown }
func (unsupported) UDP(netip.AddrPort) (uint32, error)                 { return 0, ErrUnknown }
func (unsupported) Senders() Senders                                   { return unsupported{} }
func (unsupported) Close()                                             {}

func (unsupported) Sender(netip.AddrPort, netip.AddrPort) (Socket, error) {
	return Socket{}, ErrUnknown
}

// Sender is not implemented on this operating system.
func Sender(netip.AddrPort, netip.AddrPort) (uint32, error) { return 0, ErrUnknown }

func isConnected(net.Conn) bool { return false }
