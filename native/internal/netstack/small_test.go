package netstack_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/netstack"
)

// readAll passes each packet that leaves a device to f, until the device is closed.
func readAll(from *datapath.Path, f func(raw []byte)) {
	const room = 64
	buffers, sizes := make([][]byte, room), make([]int, room)
	for i := range buffers {
		buffers[i] = make([]byte, 65535)
	}
	for {
		n, err := from.Read(buffers, sizes, 0)
		if err != nil {
			return
		}
		for i := range n {
			f(append([]byte(nil), buffers[i][:sizes[i]]...))
		}
	}
}

// tooBig is the ICMP error with which the destination of a packet asks for a smaller MTU.
func tooBig(about []byte, mtu uint16) []byte {
	if about[0]>>4 == 4 {
		quoted := header.IPv4(about[:header.IPv4MinimumSize+8])
		raw := make([]byte, header.IPv4MinimumSize, 100)
		raw = append(append(raw, 3, 4, 0, 0, 0, 0, byte(mtu>>8), byte(mtu)), quoted...)
		ip := header.IPv4(raw)
		ip.Encode(&header.IPv4Fields{
			TotalLength: uint16(len(raw)), TTL: 64, Protocol: 1, SrcAddr: quoted.DestinationAddress(), DstAddr: quoted.SourceAddress(),
		})
		ip.SetChecksum(^ip.CalculateChecksum())
		binary.BigEndian.PutUint16(raw[header.IPv4MinimumSize+2:], ^checksum.Checksum(raw[header.IPv4MinimumSize:], 0))
		return raw
	}
	quoted := header.IPv6(about[:header.IPv6MinimumSize+8])
	src, dst := quoted.DestinationAddress(), quoted.SourceAddress()
	raw := make([]byte, header.IPv6MinimumSize, 100)
	raw = append(append(raw, 2, 0, 0, 0, 0, 0, byte(mtu>>8), byte(mtu)), quoted...)
	header.IPv6(raw).Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(raw) - header.IPv6MinimumSize), TransportProtocol: header.ICMPv6ProtocolNumber, HopLimit: 64,
		SrcAddr: src, DstAddr: dst,
	})
	icmp := header.ICMPv6(raw[header.IPv6MinimumSize:])
	icmp.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: icmp, Src: src, Dst: dst}))
	return raw
}

// One ICMP error with a tiny MTU must not make TCP send segments of a few bytes.
func TestTinyPathMTUs(t *testing.T) {
	for _, test := range []struct {
		server, client string
		mtu            uint16
	}{{"10.0.0.1", "10.0.0.2", 0}, {"10.0.0.1", "10.0.0.2", 68}, {"fd00::1", "fd00::2", 1279}} {
		t.Run(fmt.Sprintf("%s, %d", test.server, test.mtu), func(t *testing.T) {
			const size = 128 << 10
			server, client := netip.MustParseAddr(test.server), netip.MustParseAddr(test.client)
			a, err := netstack.New(netstack.Config{Addresses: []netip.Prefix{netip.PrefixFrom(server, server.BitLen())}, MTU: 1420})
			must(t, err)
			defer a.Close()
			b, err := netstack.New(netstack.Config{Addresses: []netip.Prefix{netip.PrefixFrom(client, client.BitLen())}, MTU: 1420})
			must(t, err)
			defer b.Close()
			ofA, ofB := datapath.New(a.Device()), datapath.New(b.Device())
			var packets atomic.Int64
			sent := false
			go readAll(ofA, func(raw []byte) {
				packets.Add(1)
				_, _ = ofB.Write([][]byte{raw}, 0)
				if len(raw) > 1_000 && !sent {
					sent = true
					_, _ = ofA.Write([][]byte{tooBig(raw, test.mtu)}, 0)
				}
			})
			go readAll(ofB, func(raw []byte) { _, _ = ofA.Write([][]byte{raw}, 0) })
			at := netip.AddrPortFrom(server, 80)
			listener, err := a.ListenTCP(at)
			must(t, err)
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Write(make([]byte, size))
				_ = conn.Close()
			}()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			conn, err := b.DialTCP(ctx, at)
			must(t, err)
			must(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
			if n, err := io.Copy(io.Discard, conn); n != size || err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
			if n := packets.Load(); n > 2*size/1_000 {
				t.Errorf("%d packets for %d bytes", n, size)
			}
		})
	}
}
