// Package peercred finds the user whose process is at the other end of a connection on this host.
package peercred

import (
	"errors"
	"net/netip"
)

// ErrUnknown means that no owner was found. Such a client is not served.
var ErrUnknown = errors.New("the owner of the connection is not known")

// Table looks up owners.
type Table interface {
	// TCP is the user id of the process that connected from `client` to `server`, both on this machine.
	TCP(client, server netip.AddrPort) (uint32, error)
	// UDP is the user id of the process that sends from `client`; ErrUnknown if several users share that port.
	UDP(client netip.AddrPort) (uint32, error)
	// Sender is the user id of the process that gets what `server` answers to `client`. It costs microseconds, and UDP
	// milliseconds.
	Sender(client, server netip.AddrPort) (uint32, error)
}

// Guard admits one user.
type Guard struct {
	Table Table
	// UID is who is admitted.
	UID uint32
}

// TCP says whether a connection may be served.
func (g Guard) TCP(client, server netip.AddrPort) bool {
	uid, err := g.Table.TCP(client, server)
	return err == nil && uid == g.UID
}

// UDP says whether datagrams from `client` to `server` may be served. Almost every other user is refused by the cheap question, so
// that their datagrams cost this process little.
func (g Guard) UDP(client, server netip.AddrPort) bool {
	uid, err := g.Table.Sender(client, server)
	if err != nil || uid != g.UID {
		return false
	}
	uid, err = g.Table.UDP(client)
	return err == nil && uid == g.UID
}
