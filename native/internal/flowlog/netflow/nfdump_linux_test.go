package netflow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/datapath/packet"
	"sag.software/native/internal/datapath/rules"
	"sag.software/native/internal/flowlog"
)

// counted are the packets and bytes of a flow.
type counted struct{ packets, bytes uint64 }

// nfcapd is a running collector.
type nfcapd struct {
	t      *testing.T
	cmd    *exec.Cmd
	port   int
	folder string
	log    bytes.Buffer
}

func startNfcapd(t *testing.T, port int) *nfcapd {
	t.Helper()
	c := &nfcapd{t: t, port: port, folder: t.TempDir()}
	c.cmd = exec.Command("nfcapd", "-w", c.folder, "-b", "127.0.0.1", "-p", fmt.Sprint(port), "-t", "86400", "-B", "4000000")
	c.cmd.Stdout, c.cmd.Stderr = &c.log, &c.log
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	c.await(func(_ string, bound bool) bool { return bound })
	return c
}

// await waits for a state of the collector's socket, as the kernel shows it: the bytes that it has not read, in hexadecimal.
func (c *nfcapd) await(ready func(queued string, bound bool) bool) {
	c.t.Helper()
	local := fmt.Sprintf("0100007F:%04X", c.port)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		table, err := os.ReadFile("/proc/net/udp")
		if err != nil {
			c.t.Fatal(err)
		}
		queued, bound := "", false
		for line := range strings.Lines(string(table)) {
			// sl, local address, remote address, state, tx_queue:rx_queue, …
			if f := strings.Fields(line); len(f) > 12 && f[1] == local {
				_, queued, _ = strings.Cut(f[4], ":")
				bound = true
				if f[12] != "0" {
					c.t.Fatalf("the collector's socket dropped %s datagrams", f[12])
				}
			}
		}
		if ready(queued, bound) {
			return
		}
	}
	c.t.Fatal("the collector is not ready")
}

// stop ends the collector once it has read everything, and adds what it stored to flows.
func (c *nfcapd) stop(flows map[string]counted) {
	c.t.Helper()
	c.await(func(queued string, bound bool) bool { return bound && strings.Trim(queued, "0") == "" })
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Fatalf("nfcapd: %v\n%s", err, &c.log)
	}
	if log := c.log.String(); !strings.Contains(log, "Sequence Errors: 0, Bad Packets: 0") {
		c.t.Errorf("nfcapd found errors:\n%s", log)
	}
	out, err := exec.Command("nfdump", "-R", c.folder, "-o", "json").Output()
	if err != nil {
		c.t.Fatal(err)
	}
	var rows []struct {
		Src4    string `json:"src4_addr"`
		Dst4    string `json:"dst4_addr"`
		Src6    string `json:"src6_addr"`
		Dst6    string `json:"dst6_addr"`
		SrcPort int    `json:"src_port"`
		DstPort int    `json:"dst_port"`
		Type    int    `json:"icmp_type"`
		Code    int    `json:"icmp_code"`
		Proto   int    `json:"proto"`
		Packets uint64 `json:"in_packets"`
		Bytes   uint64 `json:"in_bytes"`
	}
	if err := json.Unmarshal(out, &rows); err != nil {
		c.t.Fatalf("%v\n%.2000s", err, out)
	}
	for _, r := range rows {
		name := fmt.Sprintf("%d %s:%d %s:%d", r.Proto, address(r.Src4+r.Src6), r.SrcPort, address(r.Dst4+r.Dst6), r.DstPort|r.Type<<8|r.Code)
		f := flows[name]
		flows[name] = counted{f.packets + r.Packets, f.bytes + r.Bytes}
	}
}

// address returns Go's spelling of an address.
func address(text string) string {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return text
	}
	return a.String()
}

// traffic counts random packets in a table, one flow with more than 4 GiB among them, and adds them to want. It returns the table's records.
func traffic(random *rand.Rand, now time.Duration, families []uint8, want map[string]counted) []flowlog.Record {
	table := flowlog.New(flowlog.Limits{Flows: 1000, Waiting: 6000}, time.Minute, time.Second, maphash.MakeSeed())
	count := func(h *packet.Header, d rules.Direction) {
		table.Count(now, 1, d, h)
		if !slices.Contains(families, h.Version) {
			return
		}
		port := int(h.DstPort)
		if h.IsICMP() {
			port = int(h.ICMPType)<<8 | int(h.ICMPCode)
		}
		name := fmt.Sprintf("%d %s:%d %s:%d", h.Protocol, h.Src, h.SrcPort, h.Dst, port)
		f := want[name]
		want[name] = counted{f.packets + 1, f.bytes + uint64(h.Length)}
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
	return records[:table.Flush(records)]
}

// A real collector reads what was counted, to the byte, in both families. One that was restarted reads again after the next templates.
func TestNfdumpReadsWhatWasCounted(t *testing.T) {
	for _, program := range []string{"nfcapd", "nfdump"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("not run: needs nfdump")
		}
	}
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
			port := socket.LocalAddr().(*net.UDPAddr).Port
			_ = socket.Close()
			first := startNfcapd(t, port)
			conn, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", port))
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
			want, got := map[string]counted{}, map[string]counted{}
			send := func(want map[string]counted) {
				records := traffic(random, now, c.families, want)
				now += time.Second
				e.Encode(now, wall, records)
			}
			send(want)
			now += time.Second
			send(want)
			first.stop(got)
			if refused > 0 {
				t.Fatalf("%d datagrams were not sent", refused)
			}

			send(map[string]counted{}) // nobody receives this
			if refused == 0 {
				t.Fatal("the host reports no error while the collector is gone")
			}
			now += templateInterval
			refused = 0
			second := startNfcapd(t, port)
			send(want)
			second.stop(got)
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
