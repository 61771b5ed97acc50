package probe

import (
	"net/netip"
	"sync/atomic"

	"sag.software/native/internal/datapath"
)

// Callbacks are called on WireGuard's receiving goroutines and must not block.
type Callbacks struct {
	// Requested (access point) is called after a request from the client with inner address src has been answered.
	Requested func(src netip.Addr, m Message)
	// Replied (client) is called for a reply of an access point, with the size of its packet, bytes. The callee checks the nonce.
	Replied func(src netip.Addr, m Message, size int)
}

// Stage removes probes from the packets that come from the tunnel, so that no network stack sees them. At an access point it
// answers them.
type Stage struct {
	inject    func([]byte) error
	callbacks Callbacks
	address   atomic.Pointer[netip.Addr]
}

// NewStage makes the stage; inject is the path's Inject. It answers nothing before SetAddress.
func NewStage(inject func([]byte) error, callbacks Callbacks) *Stage {
	return &Stage{inject: inject, callbacks: callbacks}
}

// SetAddress (access point) sets the inner address at which probes and ICMPv6 echo requests are answered. Other packets to it are
// dropped.
func (s *Stage) SetAddress(address netip.Addr) { s.address.Store(&address) }

// Send (client) sends a probe from the client's inner IPv6 address to an access point's probe address, as a packet of a size, bytes; 0 =
// the smallest.
func (s *Stage) Send(src, dst netip.Addr, m Message, size int) error {
	return s.inject(Packet(src, dst, m, size))
}

// FromTunnel is the stage for packets from the tunnel.
func (s *Stage) FromTunnel(b *datapath.Batch) {
	own := s.address.Load()
	for p := b.Next(); p != nil; p = b.Next() {
		switch {
		case own != nil && p.Dst == *own:
			p.Drop()
			s.answer(p)
		case s.callbacks.Replied != nil && p.SrcPort == Port: // checked first because decoding a message costs as much as the rest
			if m, err := read(&p.Header, p.Raw); err == nil && m.Kind == Reply {
				p.Drop()
				s.callbacks.Replied(p.Src, m, p.Length)
			}
		}
	}
}

func (s *Stage) answer(p *datapath.Packet) {
	if reply, ok := echoReply(&p.Header, p.Raw); ok {
		_ = s.inject(reply) // if the queue is full, the client sends another one
		return
	}
	m, err := read(&p.Header, p.Raw)
	if err != nil || m.Kind != Request {
		return
	}
	reply := m
	reply.Kind = Reply
	_ = s.inject(Packet(p.Dst, p.Src, reply, p.Length))
	if s.callbacks.Requested != nil {
		s.callbacks.Requested(p.Src, m)
	}
}
