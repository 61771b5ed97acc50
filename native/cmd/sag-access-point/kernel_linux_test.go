package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/hostnet/nettest"
)

func TestRouted(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "routed", 1)
	before := c.hosts.Run("ip neigh show " + client4)
	if before != "" {
		t.Errorf("advertised before it was active: %s", before)
	}
	c.enter(c.points[0])
	c.everywhere(client4, client6)
	c.guarded()
	c.counted()
}

func TestNAT(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "nat", 1)
	c.enter(c.points[0])
	c.everywhere("10.0.0.11", "fd10::11")
	c.guarded()
	c.counted()
	if left := c.points[0].machine.Run("nft list tables", "ip link show type tun", "cat /proc/sys/net/ipv4/ip_forward"); strings.TrimSpace(left) != "0" {
		t.Errorf("left behind: %s", left)
	}
}

// A killed access point leaves IP forwarding on. The next process has the former value in its journal and restores it.
func TestForwardingIsRestoredAfterKill(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "nat", 1)
	g := c.points[0]
	forwards := func() string {
		return strings.Join(strings.Fields(g.machine.Run("cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding")), " ")
	}
	for range 2 {
		must(t, g.process.Process.Signal(syscall.SIGKILL))
		_ = g.process.Wait()
		if now := forwards(); now != "1 1" {
			t.Fatalf("after a kill the host forwards %s", now)
		}
		if rules := g.machine.Run("nft list ruleset"); strings.Count(rules, `oifname != "sag-ap*" drop`) != 2 {
			t.Errorf("after a kill the host routes for everybody: %s", rules)
		}
		g.start()
	}
	// It forwards for clients only.
	if rules := g.machine.Run("nft list ruleset"); strings.Count(rules, `oifname != "sag-ap*" drop`) != 2 {
		t.Errorf("the host routes for everybody: %s", rules)
	}
	g.process.terminate(t)
	if left := g.machine.Run("nft list tables"); left != "" {
		t.Errorf("left behind: %s", left)
	}
	if now := forwards(); now != "0 0" {
		t.Errorf("it was off before, it is %s", now)
	}
	// If forwarding was on before, it stays on.
	g.machine.Run("sysctl -qw net.ipv4.ip_forward=1")
	g.start()
	g.process.terminate(t)
	if now := forwards(); now != "1 0" {
		t.Errorf("it was on before, it is %s", now)
	}
}

// Without a shared LAN, the operator's program adds and removes the routes of clients.
func TestRouteProgram(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	hook := filepath.Join(dir, "hook")
	must(t, os.WriteFile(hook, []byte("#!/bin/sh\necho \"$#\" \"$@\" >> "+calls+"\n"), 0o755))
	c := newCampus(t, "routed", 1, "--route-program", hook)
	c.enter(c.points[0])
	lines := func() []string {
		text, _ := os.ReadFile(calls)
		all := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(all)
		return all
	}
	added := []string{"2 add " + client4, "2 add " + client6}
	for end := time.Now().Add(kernelPatience); !slices.Equal(lines(), added); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("called with %q", lines())
		}
	}
	c.everywhere(client4, client6)
	c.points[0].process.terminate(t)
	if all := append(added, "2 remove "+client4, "2 remove "+client6); !slices.Equal(lines(), all) {
		t.Errorf("called with %q", lines())
	}
}

// A transfer continues while its client changes to another access point and back, whether the former one was notified or
// not.
func TestFailOverBetweenRouted(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "routed", 2)
	c.enter(c.points[0])
	for _, host := range []string{host4, host6} {
		conn, err := c.client.Dial(context.Background(), net.JoinHostPort(host, fmt.Sprint(streamPort)))
		must(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		stream := bufio.NewReaderSize(conn, 64<<10)
		flowing := func(when string) {
			t.Helper()
			start := time.Now()
			_ = conn.SetReadDeadline(start.Add(failOverLimit))
			if _, err := io.CopyN(io.Discard, stream, 200_000); err != nil {
				t.Fatalf("%s, %s: %v", host, when, err)
			}
			t.Logf("%s, %s: 200 kB in %s", host, when, time.Since(start).Round(time.Millisecond))
		}
		flowing("at the first")
		c.enter(c.points[1])
		flowing("at the second")
		c.enter(c.points[0])
		flowing("back at the first")
	}
	if overTCP, _ := c.seenAs(host4); overTCP != client4 {
		t.Errorf("seen as %s", overTCP)
	}
	c.enter(c.points[1])
	must(t, c.points[1].process.Process.Signal(syscall.SIGKILL))
	c.enter(c.points[0])
	c.everywhere(client4, client6)
}

// The access point sends a client no packets larger than the client's path MTU. Senders of larger ones get an ICMP error.
func TestTheMTUOfAClientsPath(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	c := newCampus(t, "routed", 1)
	for _, size := range []int{1280, 1420, 1360} {
		c.mtu = uint16(size)
		c.enter(c.points[0])
		for _, client := range []string{client4, client6} {
			family := "-4"
			if strings.Contains(client, ":") {
				family = "-6"
			}
			want := fmt.Sprint("mtu lock ", size)
			var route string
			for end := time.Now().Add(kernelPatience); ; time.Sleep(10 * time.Millisecond) {
				route = c.points[0].machine.Run("ip " + family + " route show " + client)
				if strings.Contains(route, want) || time.Now().After(end) {
					break
				}
			}
			if !strings.Contains(route, want) {
				t.Errorf("%d: the route is %s", size, route)
			}
			header := 28 // of IPv4 and ICMP
			if family == "-6" {
				header = 48
			}
			ping := func(size int) (string, error) {
				out, err := c.hosts.Command(exec.Command("ping", "-c", "1", "-W", "1", "-M", "do", "-s", fmt.Sprint(size-header), client)).CombinedOutput()
				return string(out), err
			}
			for end := time.Now().Add(kernelPatience); ; { // the first ones may wait for neighbour discovery
				if out, err := ping(size); err == nil {
					break
				} else if time.Now().After(end) {
					t.Fatalf("%d bytes do not arrive: %s", size, out)
				}
			}
			if size == 1420 {
				continue // the largest that the access point's link carries
			}
			// It fails, and says why.
			if out, _ := ping(size + 1); !strings.Contains(out, fmt.Sprint("mtu = ", size)) && !strings.Contains(out, fmt.Sprint("mtu=", size)) {
				t.Errorf("one byte more: %s", out)
			}
			c.hosts.Run("ip " + family + " route flush cache")
		}
	}
	c.everywhere(client4, client6)
}
