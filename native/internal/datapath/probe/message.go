// Package probe is the proof of life between a client and an access point: small UDP/IPv6 packets inside WireGuard that
// no network stack ever sees. They are made and taken out between wireguard-go and the tun.Device.
package probe

import (
	"encoding/binary"
	"errors"
)

// ErrNotProbe means that a payload is no probe message of a version known here.
var ErrNotProbe = errors.New("not a probe message")

// Kind tells requests from replies.
type Kind uint8

const (
	Request Kind = 1
	Reply   Kind = 2
)

// Size of a message, bytes.
const Size = 40

const (
	magic      = "SAGP"
	version    = 1
	flagActive = 1 << 0
)

// Message is one probe. A reply echoes Session, Generation, Nonce and Active of its request.
type Message struct {
	Kind Kind
	// Active says that this access point is the one the client uses.
	Active bool
	// Session is the session id's 16 bytes.
	Session [16]byte
	// Generation grows with every choice of an access point (incarnation<<32 | counter): the highest one is where the
	// client is.
	Generation uint64
	// Nonce tells the answers of different requests apart.
	Nonce uint64
}

// Append writes the message in its fixed-size big-endian form.
func (m Message) Append(b []byte) []byte {
	var flags byte
	if m.Active {
		flags |= flagActive
	}
	b = append(b, magic...)
	b = append(b, version, byte(m.Kind), flags, 0)
	b = append(b, m.Session[:]...)
	b = binary.BigEndian.AppendUint64(b, m.Generation)
	return binary.BigEndian.AppendUint64(b, m.Nonce)
}

// Parse reads a message. Bytes after it and unknown flags are ignored, for later versions' sake.
func Parse(b []byte) (Message, error) {
	if len(b) < Size || string(b[:4]) != magic || b[4] != version {
		return Message{}, ErrNotProbe
	}
	kind := Kind(b[5])
	if kind != Request && kind != Reply {
		return Message{}, ErrNotProbe
	}
	return Message{
		Kind:       kind,
		Active:     b[6]&flagActive != 0,
		Session:    [16]byte(b[8:24]),
		Generation: binary.BigEndian.Uint64(b[24:32]),
		Nonce:      binary.BigEndian.Uint64(b[32:40]),
	}, nil
}
