package shape

import (
	"sync"
	"time"

	"sag.software/native/internal/mtu"
)

// Sizes of the pooled buffers, bytes: small packets, and packets up to the tunnel's MTU. Larger packets get a buffer of their own.
const (
	smallBuffer = 256
	largeBuffer = (mtu.Ceiling + 127) / 128 * 128
)

// Headroom is free in front of a queued packet, bytes, for headers that a device puts there.
const Headroom = 16

// Packet is a copy of a packet that is queued.
type Packet struct {
	// Raw is the IP packet. It is valid until Release.
	Raw []byte

	next        *Packet
	account     *Account
	arrived     time.Duration
	flow        uint16
	interactive bool
	pool        *sync.Pool // nil = none
	buffer      []byte
}

var (
	smalls = sync.Pool{}
	larges = sync.Pool{}
)

func newPacket(raw []byte) *Packet {
	size, pool := len(raw), (*sync.Pool)(nil)
	switch {
	case size <= smallBuffer:
		size, pool = smallBuffer, &smalls
	case size <= largeBuffer:
		size, pool = largeBuffer, &larges
	}
	var p *Packet
	if pool != nil {
		p, _ = pool.Get().(*Packet)
	}
	if p == nil {
		p = &Packet{pool: pool, buffer: make([]byte, Headroom+size)}
	}
	p.Raw = p.buffer[Headroom : Headroom+copy(p.buffer[Headroom:], raw)]
	return p
}

// Buffer returns the packet with Headroom in front of it.
func (p *Packet) Buffer() []byte { return p.buffer[:Headroom+len(p.Raw)] }

// cost is the memory that a packet of n bytes takes, bytes.
func cost(n int) int {
	switch {
	case n <= smallBuffer:
		return smallBuffer
	case n <= largeBuffer:
		return largeBuffer
	}
	return n
}

// Release gives the buffer back.
func (p *Packet) Release() {
	p.Raw, p.next, p.account = nil, nil, nil
	if p.pool != nil {
		p.pool.Put(p)
	}
}
