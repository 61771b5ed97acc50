package socks

import (
	"bytes"
	"errors"
	"net/netip"
)

var errFragment = errors.New("fragments are not put together")

// datagram is one UDP datagram of a client with its destination.
type datagram struct {
	host string
	port uint16
	data []byte
}

// parseDatagram reads "RSV RSV FRAG ATYP ADDRESS PORT DATA".
func parseDatagram(raw []byte) (datagram, error) {
	if len(raw) < 4 {
		return datagram{}, errShort
	}
	if raw[0] != 0 || raw[1] != 0 {
		return datagram{}, errVersion
	}
	if raw[2] != 0 {
		return datagram{}, errFragment
	}
	rest := bytes.NewReader(raw[4:])
	host, port, err := readAddress(rest, raw[3])
	if err != nil {
		return datagram{}, errShort
	}
	return datagram{host: host, port: port, data: raw[len(raw)-rest.Len():]}, nil
}

// appendDatagram writes a datagram as the client gets it.
func appendDatagram(b []byte, from netip.AddrPort, data []byte) []byte {
	return append(appendAddress(append(b, 0, 0, 0), from), data...)
}
