// Package owner tells whose process is at the other end of a connection on this machine.
package owner

import (
	"errors"
	"net/netip"
)

// ErrUnknown means that no owner was found: whoever it is, is not to be served.
var ErrUnknown = errors.New("the owner of the connection is not known")

// Table looks up owners.
type Table interface {
	// TCP is the user id of the process that connected from `client` to `server`, both on this machine.
	TCP(client, server netip.AddrPort) (uint32, error)
	// UDP is the user id of the process that sends from `client`.
	UDP(client netip.AddrPort) (uint32, error)
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

// UDP says whether datagrams of a source may be served.
func (g Guard) UDP(client netip.AddrPort) bool {
	uid, err := g.Table.UDP(client)
	return err == nil && uid == g.UID
}
