// Package proxytest has helpers for the tests of the proxies.
package proxytest

import (
	"net/netip"

	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/router"
)

// Owner is a peercred.Table in which every connection belongs to one user.
type Owner uint32

// TCP implements peercred.Table.
func (o Owner) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) { return uint32(o), nil }

// UDP implements peercred.Table.
func (o Owner) UDP(netip.AddrPort) (uint32, error) { return uint32(o), nil }

// Senders implements peercred.Table.
func (o Owner) Senders() peercred.Senders { return o }

// Sender implements peercred.Senders.
func (o Owner) Sender(netip.AddrPort, netip.AddrPort) (peercred.Socket, error) {
	return peercred.Socket{UID: uint32(o), Inode: 1}, nil
}

// Close implements peercred.Senders.
func (Owner) Close() {}

// NoSearch is an empty search list.
func NoSearch() router.Search { return router.Search{} }

// Policy is an intranet at 10.0.0.0/8 that refuses all other destinations.
func Policy() *router.Policy {
	return &router.Policy{Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, NameServers: true, RefuseDirect: true}
}
