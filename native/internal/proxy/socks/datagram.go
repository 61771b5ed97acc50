package socks

import (
	"bytes"
	"errors"
	"net/netip"
)

var errFragment = errors.New("fragmented datagrams are not supported")

// datagram is one UDP datagram of a client with its destination.
type datagram struct {
	host string
	port uint16
	data []byte
}

// parseDatagram parses "RSV RSV FRAG ATYP ADDRESS PORT DATA" (RFC 1928, section 7).
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

// appendDatagram appends a datagram with the header that the client expects.
func appendDatagram(b []byte, from netip.AddrPort, data []byte) []byte {
	return append(appendAddress(append(b, 0, 0, 0), from), data...)
}
