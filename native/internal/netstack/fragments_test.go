package netstack

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// echoPacket returns an unfragmented echo request of a size.
func echoPacket(v6 bool, size int) []byte {
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = byte(i * 7)
	}
	if v6 {
		raw := append(make([]byte, header.IPv6MinimumSize), echoRequestV6()[:header.ICMPv6EchoMinimumSize]...)
		raw = append(raw, payload...)
		header.IPv6(raw).Encode(&header.IPv6Fields{
			PayloadLength: uint16(len(raw) - header.IPv6MinimumSize), TransportProtocol: header.ICMPv6ProtocolNumber, HopLimit: 64,
			SrcAddr: fromAddr(netip.MustParseAddr("fd00:5a9::2")), DstAddr: fromAddr(netip.MustParseAddr("2001:db8::1")),
		})
		return raw
	}
	raw := append(make([]byte, header.IPv4MinimumSize), echoRequestV4()[:header.ICMPv4MinimumSize]...)
	raw = append(raw, payload...)
	header.IPv4(raw).Encode(&header.IPv4Fields{
		TotalLength: uint16(len(raw)), TTL: 64, Protocol: uint8(header.ICMPv4ProtocolNumber),
		SrcAddr: fromAddr(netip.MustParseAddr("10.9.0.2")), DstAddr: fromAddr(netip.MustParseAddr("192.0.2.1")),
	})
	return raw
}

// An access point answers pings of every size, whatever the order of their fragments.
func TestFragmentedPingsAreAnswered(t *testing.T) {
	const mtu = 1280
	for _, v6 := range []bool{false, true} {
		for _, size := range []int{56, 1232, 1400, 8000, 60_000} {
			answered := 0
			var l link
			l.path.set(mtu)
			l.readable.L, l.writable.L = &l.mu, &l.mu
			echo := func(r *EchoRequest) {
				answered++
				if want := echoPacket(v6, size); !bytes.Equal(r.Payload(), want[len(want)-size:]) {
					t.Errorf("%d bytes, IPv6 %v: the payload differs", size, v6)
				}
				if err := r.Reply(); err != nil {
					t.Error(err)
				}
			}
			parts := split(echoPacket(v6, size), mtu, 77)
			rand.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			for _, part := range parts {
				if len(part) > mtu {
					t.Fatalf("a fragment of %d bytes", len(part))
				}
				if _, ok := l.inspect(parsed(part), part, echo); ok {
					t.Error("the fragment was passed to the stack")
				}
			}
			if answered != 1 {
				t.Fatalf("%d bytes, IPv6 %v: %d requests from %d fragments", size, v6, answered, len(parts))
			}
			if len(l.queue) != len(parts) {
				t.Errorf("%d bytes, IPv6 %v: answered in %d fragments, want %d", size, v6, len(l.queue), len(parts))
			}
			for _, reply := range l.queue {
				if len(reply.ready) > mtu {
					t.Errorf("a reply of %d bytes", len(reply.ready))
				}
			}
		}
	}
}

func TestInvalidFragmentsAreDiscarded(t *testing.T) {
	var p pings
	key := fragmentKey{id: 1}
	piece := make([]byte, 16)
	for _, test := range []struct {
		name string
		then fragment
	}{
		{"overlapping", fragment{key: key, offset: 8, more: true, body: piece}},
		{"twice", fragment{key: key, offset: 0, more: true, body: piece}},
		{"beyond the end of what there can be", fragment{key: key, offset: 65528, body: piece}},
		{"not of eight bytes", fragment{key: key, offset: 16, more: true, body: piece[:9]}},
		{"empty", fragment{key: key, offset: 16, more: true}},
		{"ends before what has come", fragment{key: key, offset: 8, body: piece[:4]}},
	} {
		if p.add(fragment{key: key, more: true, body: piece, header: piece}) != nil || p.add(test.then) != nil || len(p.assembly) != 0 {
			t.Errorf("%s: still there", test.name)
		}
		clear(p.assembly)
	}
	for i := range 2 * ownLimit {
		p.add(fragment{key: fragmentKey{id: uint32(i)}, more: true, body: piece})
	}
	if len(p.assembly) != ownLimit {
		t.Errorf("%d reassemblies of one client", len(p.assembly))
	}
	for _, one := range p.assembly {
		one.since = one.since.Add(-assemblyTime - time.Second)
	}
	if p.add(fragment{key: fragmentKey{id: 99}, more: true, body: piece}); len(p.assembly) != 1 {
		t.Errorf("%d reassemblies after the timeout", len(p.assembly))
	}
}

func FuzzFragments(f *testing.F) {
	f.Add(split(echoPacket(false, 2000), 1280, 1)[0])
	f.Add(split(echoPacket(true, 2000), 1280, 1)[1])
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p pings
		if len(raw) == 0 {
			return
		}
		if h := parsed(raw); isPingFragment(h) {
			if whole := p.add(newFragment(h, raw)); whole != nil {
				admit(parsed(whole), whole)
			}
		}
	})
}
