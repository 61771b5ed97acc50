package probe

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"

	"sag.software/native/internal/checksum"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
)

var (
	src = netip.MustParseAddr("fd00:5a9::2")
	dst = netip.MustParseAddr("fd00:5a9:0:ffff::1")
)

var example = Message{
	Kind: Request, Active: true, Session: [16]byte{0: 0xa0, 15: 0xaf}, Generation: 3<<32 | 7, Nonce: 0x0102030405060708, MTU: 1420,
}

// The encoding must be the same in all versions, so it is written out here.
func TestEncoding(t *testing.T) {
	const want = "53414750" + "01" + "01" + "01" + "00" +
		"a00000000000000000000000000000af" + "0000000300000007" + "0102030405060708" + "058c"
	if got := hex.EncodeToString(example.Append(nil)); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestParse(t *testing.T) {
	valid := example.Append(nil)
	change := func(at int, to byte) []byte {
		b := bytes.Clone(valid)
		b[at] = to
		return b
	}
	for _, test := range []struct {
		name string
		b    []byte
		want Message
		ok   bool
	}{
		{"as written", valid, example, true},
		{"a reply", change(5, 2), func() Message { m := example; m.Kind = Reply; return m }(), true},
		{"not active", change(6, 0), func() Message { m := example; m.Active = false; return m }(), true},
		{"unknown flags", change(6, 0xff), example, true},
		{"reserved byte in use", change(7, 9), example, true},
		{"longer", append(bytes.Clone(valid), 1, 2, 3), example, true},
		{"of a former version", valid[:formerSize], func() Message { m := example; m.MTU = 0; return m }(), true},
		{"shorter", valid[:formerSize-1], Message{}, false},
		{"empty", nil, Message{}, false},
		{"other magic", change(0, 'X'), Message{}, false},
		{"other version", change(4, 2), Message{}, false},
		{"unknown kind", change(5, 3), Message{}, false},
		{"no kind", change(5, 0), Message{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Parse(test.b)
			if (err == nil) != test.ok || m != test.want {
				t.Fatalf("got %+v, %v", m, err)
			}
		})
	}
}

func TestPacketRoundTrip(t *testing.T) {
	packet := Packet(src, dst, example, 0)
	gotSrc, gotDst, m, err := ParsePacket(packet)
	if err != nil || gotSrc != src || gotDst != dst || m != example {
		t.Fatalf("got %s %s %+v %v", gotSrc, gotDst, m, err)
	}
	for i := range packet {
		if i < 4 || i == 7 {
			continue // no checksum covers traffic class, flow label and hop limit
		}
		damaged := bytes.Clone(packet)
		damaged[i] ^= 0x10
		if _, _, _, err := ParsePacket(damaged); err == nil {
			t.Fatalf("changing byte %d was not detected", i)
		}
	}
}

func FuzzParsePacket(f *testing.F) {
	f.Add(Packet(src, dst, example, 0))
	f.Add([]byte{0x60})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, m, err := ParsePacket(b)
		if err == nil && m.Kind != Request && m.Kind != Reply {
			t.Fatalf("accepted %+v", m)
		}
		var h packet.Header
		packet.Parse(b, &h)
		_, _ = echoReply(&h, b)
	})
}

// queue is a Device that stores what is written to it.
type queue struct {
	datapath.Device
	written, injected [][]byte
}

func (q *queue) Write(b *datapath.Batch) error {
	for p := b.Next(); p != nil; p = b.Next() {
		q.written = append(q.written, bytes.Clone(p.Raw))
	}
	return nil
}

func (q *queue) Inject(packet []byte) error {
	q.injected = append(q.injected, packet)
	return nil
}

func echoRequest(size int) []byte {
	raw := ipv6Header(src, dst, packet.ICMPv6, packet.ICMPSize+size)
	raw = append(raw, packet.EchoRequestV6, 0, 0, 0, 0, 1, 0, 2)
	raw = append(raw, make([]byte, size)...)
	binary.BigEndian.PutUint16(raw[packet.IPv6Size+2:], ^checksum.IPv6(raw, packet.ICMPv6))
	return raw
}

func TestStageOfAnAccessPoint(t *testing.T) {
	q := &queue{}
	var heard []Message
	stage := NewStage(q.Inject, Callbacks{Requested: func(from netip.Addr, m Message) {
		if from != src {
			t.Errorf("from %s", from)
		}
		heard = append(heard, m)
	}})
	stage.SetAddress(dst)
	tap := datapath.New(q)
	tap.FromTunnel(stage.FromTunnel)
	other := Packet(src, netip.MustParseAddr("fd00:5a9::9"), example, 0)
	reply := example
	reply.Kind = Reply
	v4 := append([]byte{0x45}, make([]byte, 19)...)
	const offset = 16
	var buffers [][]byte
	for _, packet := range [][]byte{
		other, Packet(src, dst, example, 0), v4, echoRequest(5), // an odd payload, for which the checksum pads
		Packet(src, dst, reply, 0), append(ipv6Header(src, dst, 6, 20), make([]byte, 20)...),
	} {
		buffers = append(buffers, append(make([]byte, offset), packet...))
	}
	if n, err := tap.Write(buffers, offset); err != nil || n != len(buffers) {
		t.Fatalf("%d, %v", n, err)
	}
	if len(q.written) != 2 || !bytes.Equal(q.written[0], other) || !bytes.Equal(q.written[1], v4) {
		t.Fatalf("%d packets went on to the device", len(q.written))
	}
	if len(heard) != 1 || heard[0] != example {
		t.Fatalf("received %+v", heard)
	}
	if len(q.injected) != 2 {
		t.Fatalf("%d answers", len(q.injected))
	}
	from, to, m, err := ParsePacket(q.injected[0])
	if err != nil || from != dst || to != src || m != reply {
		t.Fatalf("answer: %s %s %+v %v", from, to, m, err)
	}
	if echo := q.injected[1]; echo[packet.IPv6Size] != packet.EchoReplyV6 || checksum.IPv6(echo, packet.ICMPv6) != checksum.Whole {
		t.Fatalf("echo reply: %x", echo)
	}
}

func TestStageOfAClient(t *testing.T) {
	q := &queue{}
	var heard []Message
	stage := NewStage(q.Inject, Callbacks{Replied: func(_ netip.Addr, m Message, _ int) { heard = append(heard, m) }})
	tap := datapath.New(q)
	tap.FromTunnel(stage.FromTunnel)
	if err := stage.Send(src, dst, example, 0); err != nil || len(q.injected) != 1 {
		t.Fatalf("%v, %d injected", err, len(q.injected))
	}
	reply := example
	reply.Kind = Reply
	request := Packet(dst, src, example, 0) // a client does not answer requests
	if _, err := tap.Write([][]byte{Packet(dst, src, reply, 0), request}, 0); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 1 || heard[0] != reply || len(q.written) != 1 {
		t.Fatalf("received %+v, %d passed", heard, len(q.written))
	}
}

// A probe is as large as it has to be, and its answer as well.
func TestPaddedProbes(t *testing.T) {
	for _, size := range []int{0, 1, 90, 91, 1280, 1420} {
		q := &queue{}
		stage := NewStage(q.Inject, Callbacks{})
		stage.SetAddress(dst)
		tap := datapath.New(q)
		tap.FromTunnel(stage.FromTunnel)
		want := max(size, packet.IPv6Size+udpHeaderSize+Size)
		request := Packet(src, dst, example, size)
		if _, err := tap.Write([][]byte{request}, 0); err != nil || len(q.injected) != 1 {
			t.Fatalf("%v, %d answers", err, len(q.injected))
		}
		_, _, m, err := ParsePacket(q.injected[0])
		if len(request) != want || len(q.injected[0]) != want || err != nil || m.Kind != Reply || m.MTU != example.MTU {
			t.Errorf("%d: a request of %d bytes, an answer of %d, %+v %v", size, len(request), len(q.injected[0]), m, err)
		}
	}
}
