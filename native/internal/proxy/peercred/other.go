//go:build !linux

package peercred

import "net/netip"

// System finds no owner on this operating system yet, so no client is served.
func System() Table { return unsupported{} }

type unsupported struct{}

func (unsupported) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) { return 0, ErrUnknown }
func (unsupported) UDP(netip.AddrPort) (uint32, error)                 { return 0, ErrUnknown }

func (unsupported) Sender(netip.AddrPort, netip.AddrPort) (uint32, error) { return 0, ErrUnknown }

// Sender finds no owner either.
func Sender(netip.AddrPort, netip.AddrPort) (uint32, error) { return 0, ErrUnknown }
