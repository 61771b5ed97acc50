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

// Headroom is free in front of a held packet, bytes, for headers that a device puts there.
const Headroom = 16

// Held is a copy of a packet that waits.
type Held struct {
	// Raw is the IP packet. It is valid until Release.
	Raw []byte

	next    *Held
	arrived time.Duration
	flow    uint16
	urgent  bool
	pool    *sync.Pool // nil = none
	buffer  []byte
}

var (
	smalls = sync.Pool{}
	larges = sync.Pool{}
)

func hold(raw []byte) *Held {
	size, pool := len(raw), (*sync.Pool)(nil)
	switch {
	case size <= smallBuffer:
		size, pool = smallBuffer, &smalls
	case size <= largeBuffer:
		size, pool = largeBuffer, &larges
	}
	var h *Held
	if pool != nil {
		h, _ = pool.Get().(*Held)
	}
	if h == nil {
		h = &Held{pool: pool, buffer: make([]byte, Headroom+size)}
	}
	h.Raw = h.buffer[Headroom : Headroom+copy(h.buffer[Headroom:], raw)]
	return h
}

// Buffer returns the packet with Headroom in front of it.
func (h *Held) Buffer() []byte { return h.buffer[:Headroom+len(h.Raw)] }

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
func (h *Held) Release() {
	h.Raw, h.next = nil, nil
	if h.pool != nil {
		h.pool.Put(h)
	}
}
