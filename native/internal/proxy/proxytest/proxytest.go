// Package proxytest has what the tests of the proxies share.
package proxytest

import (
	"net/netip"

	"sag.software/native/internal/router"
)

// Owner is a table in which every connection belongs to one user.
type Owner uint32

// TCP implements peercred.Table.
func (o Owner) TCP(netip.AddrPort, netip.AddrPort) (uint32, error) { return uint32(o), nil }

// UDP implements peercred.Table.
func (o Owner) UDP(netip.AddrPort) (uint32, error) { return uint32(o), nil }

// Sender implements peercred.Table.
func (o Owner) Sender(netip.AddrPort, netip.AddrPort) (uint32, error) { return uint32(o), nil }

// NoSearch is a host without search domains.
func NoSearch() router.Search { return router.Search{} }

// Policy is an intranet at 10.0.0.0/8 without a way to anything else.
func Policy() *router.Policy {
	return &router.Policy{Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, NameServers: true, RefuseDirect: true}
}
