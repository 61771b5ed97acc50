package netstack_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
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

// smallPeer is the other end of a connection whose packets have 12 bytes of data: an MSS of 48, less the room for SACK blocks. It sends
// acknowledgements with blocks of its choice.
type smallPeer struct {
	path        *datapath.Path
	local, to   netip.AddrPort
	firstNumber atomic.Uint32 // of the other's data; 0 = unknown
	received    atomic.Uint32 // the end of the data sent so far, from firstNumber
	acked       uint32        // how much of it is acknowledged without SACK
}

func (p *smallPeer) send(t *testing.T, flags header.TCPFlags, number, ack uint32, options ...byte) {
	t.Helper()
	for len(options)%4 != 0 {
		options = append(options, header.TCPOptionNOP)
	}
	raw := make([]byte, header.IPv4MinimumSize+header.TCPMinimumSize, 100)
	raw = append(raw, options...)
	src, dst := tcpip.AddrFrom4(p.local.Addr().As4()), tcpip.AddrFrom4(p.to.Addr().As4())
	ip, tcp := header.IPv4(raw), header.TCP(raw[header.IPv4MinimumSize:])
	ip.Encode(&header.IPv4Fields{TotalLength: uint16(len(raw)), TTL: 64, Protocol: uint8(header.TCPProtocolNumber), SrcAddr: src, DstAddr: dst})
	ip.SetChecksum(^ip.CalculateChecksum())
	tcp.Encode(&header.TCPFields{
		SrcPort: p.local.Port(), DstPort: p.to.Port(), SeqNum: number, AckNum: ack, DataOffset: uint8(len(tcp)), Flags: flags,
		WindowSize: 65535,
	})
	tcp.SetChecksum(^checksum.Checksum(tcp, header.PseudoHeaderChecksum(header.TCPProtocolNumber, src, dst, uint16(len(tcp)))))
	_, err := p.path.Write([][]byte{raw}, 0)
	must(t, err)
}

func (p *smallPeer) acknowledge(t *testing.T, blocks ...[2]uint32) {
	t.Helper()
	first := p.firstNumber.Load()
	var options []byte
	if len(blocks) > 0 {
		options = []byte{header.TCPOptionNOP, header.TCPOptionNOP, header.TCPOptionSACK, byte(2 + 8*len(blocks))}
	}
	for _, b := range blocks {
		options = binary.BigEndian.AppendUint32(options, first+b[0])
		options = binary.BigEndian.AppendUint32(options, first+b[1])
	}
	p.send(t, header.TCPFlagAck, 1_001, first+p.acked, options...)
}

func (p *smallPeer) receive(raw []byte) {
	tcp := header.TCP(raw[header.IPv4MinimumSize:])
	if tcp.Flags().Contains(header.TCPFlagSyn) {
		p.firstNumber.Store(tcp.SequenceNumber() + 1)
		return
	}
	if size := len(tcp) - int(tcp.DataOffset()); size > 0 {
		end := tcp.SequenceNumber() - p.firstNumber.Load() + uint32(size)
		p.received.Store(max(p.received.Load(), end))
	}
}

// heap is the memory in use, bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A peer with a small MSS must not use up memory by SACK blocks that split what was sent.
func TestSACKBlocksOfAFewBytes(t *testing.T) {
	const size, data, gap = 512 << 10, 12, 2_000
	p := &smallPeer{local: netip.MustParseAddrPort("10.0.0.2:40000"), to: netip.MustParseAddrPort("10.0.0.1:80")}
	s, err := netstack.New(netstack.Config{MTU: 1420, Addresses: []netip.Prefix{netip.PrefixFrom(p.to.Addr(), 32)}})
	must(t, err)
	defer s.Close()
	if s.CongestionControl() != "rate" {
		t.Skip("gVisor as it comes, not the one that native/tools/engine makes")
	}
	p.path = datapath.New(s.Device())
	listener, err := s.ListenTCP(p.to)
	must(t, err)
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_, _ = conn.Write(make([]byte, size))
		}
	}()
	go readAll(p.path, p.receive)
	until := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %d bytes were sent", what, p.received.Load())
			}
		}
	}
	const scale = 14
	p.send(t, header.TCPFlagSyn, 1_000, 0, header.TCPOptionMSS, 4, 0, 48, header.TCPOptionSACKPermitted, 2, header.TCPOptionWS, 3, scale)
	until("no answer", func() bool { return p.firstNumber.Load() != 0 })
	p.send(t, header.TCPFlagAck, 1_001, p.firstNumber.Load())
	// The second half is acknowledged by SACK only, so that it stays in the send buffer.
	until("not everything was sent", func() bool {
		switch end := p.received.Load(); {
		case end > p.acked && end <= size/2:
			p.acked = end
			p.acknowledge(t)
		case end > p.acked+gap:
			p.acknowledge(t, [2]uint32{p.acked + gap, end})
		}
		return p.received.Load() == size
	})
	before := heap()
	for at := p.acked + gap; at+8*data <= size; at += 8 * data {
		p.acknowledge(t, [2]uint32{at, at + data}, [2]uint32{at + 2*data, at + 3*data}, [2]uint32{at + 4*data, at + 5*data}, [2]uint32{at + 6*data, at + 7*data})
	}
	if grown := heap() - before; grown > 5<<20 {
		t.Errorf("the memory of a connection with %d bytes in its send buffer grew by %d", size-p.acked, grown)
	}
}
