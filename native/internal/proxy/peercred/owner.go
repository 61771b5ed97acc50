// Package peercred finds the local user whose process is at the other end of a connection on this host.
package peercred

import (
	"errors"
	"net"
	"net/netip"
)

// ErrUnknown means that no owner was found. Such a client is not served.
var ErrUnknown = errors.New("the owner of the connection is not known")

// Socket is a UDP socket of a local process.
type Socket struct {
	UID uint32
	// Inode distinguishes it from other sockets that had the same port before or have it later.
	Inode uint64
}

// Table looks up owners.
type Table interface {
	// TCP returns the user ID of the process that connected from `client` to `server`, both on this host.
	TCP(client, server netip.AddrPort) (uint32, error)
	// UDP returns the user ID of the process that sends from `client`; ErrUnknown if several users share that port.
	UDP(client netip.AddrPort) (uint32, error)
	// Senders looks up the sockets of many datagrams.
	Senders() Senders
}

// Senders looks up one socket in microseconds; Table.UDP reads a list, which takes up to milliseconds.
type Senders interface {
	// Sender returns the socket that would receive a reply from `server` to `client`.
	Sender(client, server netip.AddrPort) (Socket, error)
	Close()
}

// Guard admits one user.
type Guard struct {
	Table Table
	// UID is the admitted user.
	UID uint32
}

// TCP reports whether an accepted connection may be served. A connection that the client has reset is refused: another
// user's program could already have the same address and port again, and would be found in the client's place.
func (g Guard) TCP(conn net.Conn) bool {
	uid, err := g.Table.TCP(addrPort(conn.RemoteAddr()), addrPort(conn.LocalAddr()))
	return err == nil && uid == g.UID && isConnected(conn)
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return tcp.AddrPort()
}
