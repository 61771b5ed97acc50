// Package peercred finds the local user whose process is at the other end of a connection on this host.
package peercred

import (
	"errors"
	"net/netip"
)

// ErrUnknown means that no owner was found. Such a client is not served.
var ErrUnknown = errors.New("the owner of the connection is not known")

// Table looks up owners.
type Table interface {
	// TCP returns the user ID of the process that connected from `client` to `server`, both on this host.
	TCP(client, server netip.AddrPort) (uint32, error)
	// UDP returns the user ID of the process that sends from `client`; ErrUnknown if several users share that port.
	UDP(client netip.AddrPort) (uint32, error)
	// Sender returns the user ID of the process that would receive a reply from `server` to `client`. It takes
	// microseconds; UDP takes milliseconds.
	Sender(client, server netip.AddrPort) (uint32, error)
}

// Guard admits one user.
type Guard struct {
	Table Table
	// UID is the admitted user.
	UID uint32
}

// TCP reports whether a connection may be served.
func (g Guard) TCP(client, server netip.AddrPort) bool {
	uid, err := g.Table.TCP(client, server)
	return err == nil && uid == g.UID
}

// UDP reports whether datagrams from `client` to `server` may be served. The fast check comes first, because it already
// rejects almost every other user's datagrams.
func (g Guard) UDP(client, server netip.AddrPort) bool {
	uid, err := g.Table.Sender(client, server)
	if err != nil || uid != g.UID {
		return false
	}
	uid, err = g.Table.UDP(client)
	return err == nil && uid == g.UID
}
