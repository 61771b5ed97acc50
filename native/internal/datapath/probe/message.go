// Package probe sends probes between a client and an access point: small UDP packets over IPv6 inside WireGuard. They are
// inserted and removed between wireguard-go and the tun.Device, so no network stack sees them.
package probe

import (
	"encoding/binary"
	"errors"
)

// ErrNotProbe means that a payload is not a probe message of a supported version.
var ErrNotProbe = errors.New("not a probe message")

// Kind is request or reply.
type Kind uint8

const (
	Request Kind = 1
	Reply   Kind = 2
)

// Size of a message without its padding, bytes. Former versions end before the MTU.
const (
	Size       = formerSize + 2
	formerSize = 40
)

const (
	magic      = "SAGP"
	version    = 1
	flagActive = 1 << 0
)

// Message is one probe. A reply echoes all of its request but Kind, and is as long.
type Message struct {
	Kind Kind
	// Active is true if the client currently uses this access point.
	Active bool
	// Session is the session ID.
	Session [16]byte
	// Generation increases whenever the client chooses an access point (incarnation<<32 | counter). The client uses the access
	// point that has seen the highest one.
	Generation uint64
	// Nonce matches a reply to its request.
	Nonce uint64
	// MTU is the largest inner packet that the client's path carries, as far as the client has found out, bytes; 0 = it does not say.
	MTU uint16
}

// Append appends the message in its fixed-size big-endian encoding.
func (m Message) Append(b []byte) []byte {
	var flags byte
	if m.Active {
		flags |= flagActive
	}
	b = append(b, magic...)
	b = append(b, version, byte(m.Kind), flags, 0)
	b = append(b, m.Session[:]...)
	b = binary.BigEndian.AppendUint64(b, m.Generation)
	b = binary.BigEndian.AppendUint64(b, m.Nonce)
	return binary.BigEndian.AppendUint16(b, m.MTU)
}

// Parse decodes a message. Trailing bytes (padding) and unknown flags are ignored, so that later versions can add some.
func Parse(b []byte) (Message, error) {
	if len(b) < formerSize || string(b[:4]) != magic || b[4] != version {
		return Message{}, ErrNotProbe
	}
	kind := Kind(b[5])
	if kind != Request && kind != Reply {
		return Message{}, ErrNotProbe
	}
	m := Message{
		Kind:       kind,
		Active:     b[6]&flagActive != 0,
		Session:    [16]byte(b[8:24]),
		Generation: binary.BigEndian.Uint64(b[24:32]),
		Nonce:      binary.BigEndian.Uint64(b[32:40]),
	}
	if len(b) >= Size {
		m.MTU = binary.BigEndian.Uint16(b[formerSize:])
	}
	return m, nil
}
