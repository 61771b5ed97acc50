package account

import (
	"net/netip"
	"testing"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/refuse"
)

func TestTunnel(t *testing.T) {
	const own, probe, server = "10.9.0.1", "10.9.9.9", "10.0.0.80"
	woken := 0
	tunnel := NewTunnel(func() { woken++ })
	tunnel.SetProbe(netip.MustParseAddr(probe))
	device := &sink{}
	path := datapath.New(device)
	path.FromTunnel(tunnel.FromTunnel)
	path.ToTunnel(tunnel.ToTunnel)
	buffers, sizes := [][]byte{make([]byte, 200), make([]byte, 200)}, make([]int, 2)
	send := func(packets ...[]byte) {
		t.Helper()
		device.next = packets
		if _, err := path.Read(buffers, sizes, 16); err != nil {
			t.Fatal(err)
		}
	}
	receive := func(packets ...[]byte) {
		t.Helper()
		if _, err := path.Write(packets, 0); err != nil {
			t.Fatal(err)
		}
	}

	tunnel.Arm(true)
	send(v4(own, probe, 60))
	receive(v4(probe, own, 60))
	in, out := tunnel.Last()
	if rx, tx := tunnel.Bytes(); rx != 0 || tx != 0 || in != 0 || out != 0 || woken != 0 {
		t.Errorf("probes: %d and %d bytes at %s and %s, woken %d times", rx, tx, in, out, woken)
	}
	send(v4(own, server, 40), v4(own, probe, 60))
	send(v4(own, server, 41))
	receive(v4(server, own, 100), v4(probe, own, 60))
	in, out = tunnel.Last()
	if rx, tx := tunnel.Bytes(); rx != 100 || tx != 81 || in == 0 || out == 0 || woken != 1 {
		t.Errorf("traffic: %d and %d bytes at %s and %s, woken %d times", rx, tx, in, out, woken)
	}
	tunnel.Arm(true)
	tunnel.Arm(false)
	if send(v4(own, server, 40)); woken != 1 {
		t.Errorf("woken %d times", woken)
	}
}

func TestTunnelCountsRefusals(t *testing.T) {
	const own, server = "10.9.0.1", "10.0.0.80"
	from, to := netip.MustParseAddr(own), netip.MustParseAddr(server)
	from6, to6 := netip.MustParseAddr("fd00:5a9::2"), netip.MustParseAddr("fd10::80")
	tunnel := NewTunnel(func() {})
	path := datapath.New(&sink{})
	path.FromTunnel(tunnel.FromTunnel)
	other := refuse.Prohibited(v4(own, server, 40), from, to)
	other[packet.IPv4Size+1] = 3 // port unreachable
	packets := [][]byte{
		refuse.Prohibited(v4(own, server, 40), from, to), refuse.Prohibited(make([]byte, 60), from6, to6), other, v4(server, own, 40),
	}
	if _, err := path.Write(packets, 0); err != nil {
		t.Fatal(err)
	}
	if n := tunnel.Refused(); n != 2 {
		t.Errorf("%d refusals", n)
	}
}

func TestTunnelAnswered(t *testing.T) {
	const own, probe, server = "10.9.0.1", "10.9.9.9", "10.0.0.80"
	withTransport := func(protocol byte, at int, value byte, from string) []byte {
		raw := v4(from, own, 40)
		raw[9] = protocol
		raw[packet.IPv4Size+at] = value
		return raw
	}
	const flags = 13
	for name, test := range map[string]struct {
		raw      []byte
		answered bool
	}{
		"a probe's reply":      {withTransport(packet.UDP, 0, 0, probe), false},
		"a reset":              {withTransport(packet.TCP, flags, packet.RST|packet.ACK, server), false},
		"an ICMP error":        {withTransport(packet.ICMP, 0, packet.Unreachable, server), false},
		"an echo request":      {withTransport(packet.ICMP, 0, packet.EchoRequest, server), false},
		"an echo reply":        {withTransport(packet.ICMP, 0, packet.EchoReply, server), true},
		"an accepted TCP port": {withTransport(packet.TCP, flags, packet.SYN|packet.ACK, server), true},
		"a datagram":           {withTransport(packet.UDP, 0, 0, server), true},
	} {
		tunnel := NewTunnel(func() {})
		tunnel.SetProbe(netip.MustParseAddr(probe))
		path := datapath.New(&sink{})
		path.FromTunnel(tunnel.FromTunnel)
		if _, err := path.Write([][]byte{test.raw}, 0); err != nil {
			t.Fatal(err)
		}
		if tunnel.Answered() != test.answered {
			t.Errorf("%s: answered %t", name, tunnel.Answered())
		}
	}
}
