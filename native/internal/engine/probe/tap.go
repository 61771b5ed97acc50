package probe

import (
	"net/netip"
	"sync/atomic"

	"golang.zx2c4.com/wireguard/tun"
)

// Device is a tun.Device that can be given a packet to hand to WireGuard, beside those of its own traffic. It takes
// ownership of the packet, and may drop it (a full queue).
type Device interface {
	tun.Device
	Inject(packet []byte) error
}

// Callbacks hear of probes. They run on WireGuard's receiving goroutine: they must not block.
type Callbacks struct {
	// Requested (access point): a client, known by its inner address, asked; it has been answered.
	Requested func(src netip.Addr, m Message)
	// Replied (client): an access point answered. Check session and nonce.
	Replied func(src netip.Addr, m Message)
}

// Tap sits between wireguard-go and a Device. Probes never reach the Device.
type Tap struct {
	Device
	callbacks Callbacks
	address   atomic.Pointer[netip.Addr]
}

// NewTap wraps a device. It answers nothing before SetAddress.
func NewTap(device Device, callbacks Callbacks) *Tap {
	return &Tap{Device: device, callbacks: callbacks}
}

// SetAddress (access point) is the inner address whose probes and ICMPv6 echo requests are answered. Everything else that
// is sent to it is dropped.
func (t *Tap) SetAddress(address netip.Addr) { t.address.Store(&address) }

// Send (client) sends a probe from the client's inner IPv6 address to an access point's probe address.
func (t *Tap) Send(src, dst netip.Addr, m Message) error {
	return t.Device.Inject(Packet(src, dst, m))
}

// Write takes what WireGuard received: probes are taken out, the rest goes on to the device.
func (t *Tap) Write(buffers [][]byte, offset int) (int, error) {
	rest := buffers
	for i, buffer := range buffers {
		if t.handle(buffer[offset:]) {
			if len(rest) == len(buffers) {
				rest = append(make([][]byte, 0, len(buffers)), buffers[:i]...)
			}
			continue
		}
		if len(rest) != len(buffers) {
			rest = append(rest, buffer)
		}
	}
	if len(rest) == 0 {
		return len(buffers), nil
	}
	if _, err := t.Device.Write(rest, offset); err != nil {
		return 0, err
	}
	return len(buffers), nil
}

// handle tells whether the packet was the tap's.
func (t *Tap) handle(packet []byte) bool {
	if len(packet) < ipv6HeaderSize || packet[0]>>4 != 6 {
		return false
	}
	if own := t.address.Load(); own != nil && netip.AddrFrom16([16]byte(packet[24:40])) == *own {
		t.answer(packet)
		return true
	}
	if t.callbacks.Replied == nil {
		return false
	}
	src, _, m, err := ParsePacket(packet)
	if err != nil || m.Kind != Reply {
		return false
	}
	t.callbacks.Replied(src, m)
	return true
}

func (t *Tap) answer(packet []byte) {
	if reply, ok := echoReply(packet); ok {
		_ = t.Device.Inject(reply) // a full queue: the client asks again
		return
	}
	src, dst, m, err := ParsePacket(packet)
	if err != nil || m.Kind != Request {
		return
	}
	reply := m
	reply.Kind = Reply
	_ = t.Device.Inject(Packet(dst, src, reply))
	if t.callbacks.Requested != nil {
		t.callbacks.Requested(src, m)
	}
}
