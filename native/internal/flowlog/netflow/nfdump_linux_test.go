package netflow

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
	"sag.software/native/internal/flowlog/nfcapd"
)

// traffic counts random packets in a table, one flow with more than 4 GiB among them, and adds them to want. It returns the table's records.
func traffic(random *rand.Rand, now time.Duration, families []uint8, want map[string]nfcapd.Counted) []flowlog.Record {
	table := flowlog.New(flowlog.Limits{Flows: 1000, PerClient: 1000, Waiting: 6000}, maphash.MakeSeed())
	client := table.Add(1, flowlog.Timeouts{Active: time.Minute, Inactive: time.Second})
	count := func(h *packet.Header, d rules.Direction) {
		table.Count(now, client, d, h, h.Length)
		if !slices.Contains(families, h.Version) {
			return
		}
		port := int(h.DstPort)
		if h.IsICMP() {
			port = int(h.ICMPType)<<8 | int(h.ICMPCode)
		}
		name := fmt.Sprintf("%d %s:%d %s:%d", h.Protocol, h.Src, h.SrcPort, h.Dst, port)
		f := want[name]
		want[name] = nfcapd.Counted{Packets: f.Packets + 1, Bytes: f.Bytes + uint64(h.Length)}
	}
	for i := range 6000 {
		h := packet.Header{Valid: true, HasTransport: true, Length: 28 + random.IntN(1400), Version: 4, Protocol: packet.TCP, TCPFlags: packet.ACK}
		h.Src, h.Dst = netip.AddrFrom4([4]byte{10, 0, 0, byte(random.IntN(100))}), netip.AddrFrom4([4]byte{192, 0, 2, byte(random.IntN(5))})
		if i%2 == 1 {
			h.Version, h.Protocol = 6, packet.UDP
			h.Src, h.Dst = netip.AddrFrom16([16]byte{0xfd, 15: byte(random.IntN(100))}), netip.AddrFrom16([16]byte{0x20, 1, 15: byte(random.IntN(5))})
		}
		h.SrcPort, h.DstPort = 40000, 443
		switch i % 50 {
		case 0:
			h.Protocol, h.SrcPort, h.DstPort, h.ICMPType, h.ICMPCode = packet.ICMP, 0, 0, packet.Unreachable, packet.ProhibitedCode
		case 1:
			h.Protocol, h.SrcPort, h.DstPort, h.ICMPType = packet.ICMPv6, 0, 0, packet.EchoRequestV6
		}
		d := rules.FromClient
		if random.IntN(2) == 0 {
			d, h.Src, h.Dst, h.SrcPort, h.DstPort = rules.ToClient, h.Dst, h.Src, h.DstPort, h.SrcPort
		}
		count(&h, d)
	}
	large := packet.Header{
		Src: netip.MustParseAddr("10.1.1.1"), Dst: netip.MustParseAddr("192.0.2.9"), Version: 4, Protocol: packet.UDP,
		SrcPort: 1, DstPort: 2, Valid: true, HasTransport: true, Length: 65_535,
	}
	for range 1<<32/65_535 + 10 {
		count(&large, rules.FromClient)
	}
	records := make([]flowlog.Record, 8000) // the table evicts some flows, so there are more records than flows
	return records[:table.Flush(client, records)]
}

// A real collector reads what was counted, to the byte, in both families. One that was restarted reads again after the next templates.
func TestNfdumpReadsWhatWasCounted(t *testing.T) {
	for _, c := range []struct {
		name     string
		version  Version
		families []uint8
	}{{"v5", V5, []uint8{4}}, {"v9", V9, []uint8{4, 6}}, {"IPFIX", IPFIX, []uint8{4, 6}}} {
		t.Run(c.name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(c.version), 1))
			socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			address := socket.LocalAddr().(*net.UDPAddr).AddrPort()
			_ = socket.Close()
			first := nfcapd.Start(t, address)
			conn, err := net.Dial("udp4", address.String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			refused := 0
			e := NewEncoder(c.version, 77, time.Hour, func(datagram []byte, _ int) {
				if _, err := conn.Write(datagram); err != nil { // of an earlier datagram; this one was not sent
					refused++
					_, _ = conn.Write(datagram)
				}
			})
			now, wall := time.Hour, time.Now()
			want, got := map[string]nfcapd.Counted{}, map[string]nfcapd.Counted{}
			send := func(want map[string]nfcapd.Counted) {
				records := traffic(random, now, c.families, want)
				now += time.Second
				e.Encode(now, wall, records)
			}
			send(want)
			now += time.Second
			send(want)
			first.Stop(got)
			if refused > 0 {
				t.Fatalf("%d datagrams were not sent", refused)
			}

			send(map[string]nfcapd.Counted{}) // nobody receives this
			if refused == 0 {
				t.Fatal("the host reports no error while the collector is gone")
			}
			now += templateInterval
			refused = 0
			second := nfcapd.Start(t, address)
			send(want)
			second.Stop(got)
			if refused > 1 { // the first one may get the error of the time without a collector
				t.Fatalf("%d datagrams were not sent", refused)
			}

			if len(got) != len(want) {
				t.Errorf("%d flows, want %d", len(got), len(want))
			}
			for name := range got {
				if _, ok := want[name]; !ok {
					t.Errorf("unexpected: %s", name)
				}
			}
			for name, w := range want {
				if got[name] != w {
					t.Errorf("%s: %+v, want %+v", name, got[name], w)
				}
			}
			if (e.Skipped().Records > 0) != (c.version == V5) {
				t.Errorf("skipped: %+v", e.Skipped())
			}
		})
	}
}
