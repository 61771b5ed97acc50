package peercred

import (
	"errors"
	"net"
)

// ErrNoDescriptor means that this process or the host has too many open files to look up an owner.
var ErrNoDescriptor = errors.New("too many open files to look up the owner of a connection")

// Blind reports whether the owner of a refused connection could not be looked up because there are too many open files.
func (g Guard) Blind(conn net.Conn) bool {
	client, isTCP := conn.RemoteAddr().(*net.TCPAddr)
	server, alsoTCP := conn.LocalAddr().(*net.TCPAddr)
	if !isTCP || !alsoTCP {
		return false
	}
	_, err := g.Table.TCP(client.AddrPort(), server.AddrPort())
	return errors.Is(err, ErrNoDescriptor)
}
