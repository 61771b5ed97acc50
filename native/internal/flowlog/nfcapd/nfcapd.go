// Package nfcapd runs a NetFlow collector for tests: nfcapd, whose files nfdump reads.
package nfcapd

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Counted are the packets and bytes of a flow.
type Counted struct{ Packets, Bytes uint64 }

// Collector is a running nfcapd.
type Collector struct {
	t       *testing.T
	cmd     *exec.Cmd
	address netip.AddrPort
	folder  string
	log     bytes.Buffer
}

// Start starts one at an IPv4 address of the test's namespace. It skips the test if nfdump is not installed.
func Start(t *testing.T, address netip.AddrPort) *Collector {
	t.Helper()
	for _, program := range []string{"nfcapd", "nfdump"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("not run: needs nfdump")
		}
	}
	c := &Collector{t: t, address: address, folder: t.TempDir()}
	c.cmd = exec.Command("nfcapd", "-w", c.folder, "-b", address.Addr().String(), "-p", fmt.Sprint(address.Port()), "-t", "86400", "-B", "4000000")
	c.cmd.Stdout, c.cmd.Stderr = &c.log, &c.log
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() })
	c.await(func(_ string, bound bool) bool { return bound })
	return c
}

// await waits for a state of the collector's socket, as the kernel shows it: the bytes that it has not read, in hexadecimal.
func (c *Collector) await(ready func(queued string, bound bool) bool) {
	c.t.Helper()
	ip := c.address.Addr().As4()
	local := fmt.Sprintf("%08X:%04X", binary.LittleEndian.Uint32(ip[:]), c.address.Port())
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/udp", c.cmd.Process.Pid))
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

// Stop ends the collector once it has read everything, and adds what it stored to flows: by protocol, source and destination as "17 10.0.0.1:1 10.0.0.2:2". The
// destination port of ICMP is type × 256 + code.
func (c *Collector) Stop(flows map[string]Counted) {
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
		flows[name] = Counted{f.Packets + r.Packets, f.Bytes + r.Bytes}
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
