package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/tunnel/tunneltest"
)

const (
	// mtuPatience is how long the MTU of a path may take to be found, after connecting.
	mtuPatience = 3 * time.Second
	// stallLimit is how long a transfer may stand still when the path carries less than before.
	stallLimit = 5 * time.Second
)

// mtuPath is the way to an access point on another machine, with a router between.
type mtuPath struct {
	t       *testing.T
	router  *nettest.Namespace
	company *tunneltest.Company
}

// newMTUPath makes one over IPv6 or IPv4 that carries packets of a size, for a company that has just been made.
func newMTUPath(t *testing.T, ipv6 bool, size int) (p *mtuPath, use func(*tunneltest.Company)) {
	t.Helper()
	router, far := nettest.NewNamespace(t), nettest.NewNamespace(t)
	nettest.Run(t, "ip", "link", "add", "near", "type", "veth", "peer", "name", "in", "netns", router.PID())
	for _, line := range []string{
		"link set near addrgenmode none", "link set near up", "addr add 198.51.100.2/24 dev near", "-6 addr add 2001:db8:1::2/64 dev near nodad",
		"route add 203.0.113.0/24 via 198.51.100.1", "-6 route add 2001:db8:2::/64 via 2001:db8:1::1",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	router.Run(
		"ip link add out type veth peer name far netns "+far.PID(), "ip link set in up", "ip link set out up",
		"ip addr add 198.51.100.1/24 dev in", "ip -6 addr add 2001:db8:1::1/64 dev in nodad",
		"ip addr add 203.0.113.1/24 dev out", "ip -6 addr add 2001:db8:2::1/64 dev out nodad",
		"sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1",
	)
	far.Run(
		"ip link set far up", "ip addr add 203.0.113.2/24 dev far", "ip -6 addr add 2001:db8:2::2/64 dev far nodad",
		"ip route add default via 203.0.113.1", "ip -6 route add default via 2001:db8:2::1",
	)
	p = &mtuPath{t: t, router: router}
	p.carry(size)
	return p, func(company *tunneltest.Company) {
		p.company = company
		company.AccessPoints = company.AccessPoints[:1]
		at := "203.0.113.2:0"
		if ipv6 {
			at = "[2001:db8:2::2]:0"
		}
		company.AccessPoints[0].Move(netip.MustParseAddrPort(at))
		far.Do(company.AccessPoints[0].Start)
	}
}

// carry has the path carry packets of a size. The far machine's own link stays as it is: it cannot know.
func (p *mtuPath) carry(size int) {
	p.t.Helper()
	p.router.Run(fmt.Sprint("ip link set out mtu ", size), fmt.Sprint("ip link set in mtu ", size))
}

// mute has the router drop what is too large without a word.
func (p *mtuPath) mute() {
	p.t.Helper()
	p.router.Run(
		"nft add table inet mute", "nft add chain inet mute out { type filter hook output priority 0 ; }",
		"nft add rule inet mute out icmp type destination-unreachable drop",
		"nft add rule inet mute out icmpv6 type packet-too-big drop",
	)
}

// becomes waits until an MTU is in force, and gives how long that took.
func becomes(t *testing.T, want int, within time.Duration, mtu func() int) time.Duration {
	t.Helper()
	start := time.Now()
	for last := 0; ; time.Sleep(5 * time.Millisecond) {
		if last = mtu(); last == want {
			return time.Since(start)
		}
		if time.Since(start) > within {
			t.Fatalf("the MTU is %d after %v, not %d", last, within, want)
		}
	}
}

// transfers moves megabytes in both directions.
func transfers(client *http.Client) error {
	base := "http://" + tunneltest.Portal.String()
	answer, err := client.Get(base + "/large")
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if err != nil || n != tunneltest.LargeSize {
		return fmt.Errorf("down: %d bytes, %w", n, err)
	}
	answer, err = client.Post(base+"/sink", "application/octet-stream", io.LimitReader(zeros{}, tunneltest.LargeSize))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || string(text) != fmt.Sprint(tunneltest.LargeSize) {
		return fmt.Errorf("up: %s bytes, %w", text, err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// longestStall echoes blocks over a connection until a time is over, and gives the longest time that a block took.
func longestStall(t *testing.T, conn net.Conn, during time.Duration, then func(at time.Duration)) time.Duration {
	t.Helper()
	block := make([]byte, 64<<10)
	var longest time.Duration
	for start := time.Now(); time.Since(start) < during; {
		then(time.Since(start))
		from := time.Now()
		_ = conn.SetDeadline(from.Add(2 * stallLimit))
		sent := make(chan error, 1)
		go func() { _, err := conn.Write(block); sent <- err }()
		if _, err := io.ReadFull(conn, make([]byte, len(block))); err != nil {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		longest = max(longest, time.Since(from))
	}
	return longest
}

func TestTheMTUFollowsThePath(t *testing.T) {
	for _, test := range []struct {
		name         string
		ipv6         bool
		carries      int
		mute         bool
		want         int
		shrinks      int
		mtuThereupon int
	}{
		{"IPv4", false, 1500, false, 1420, 1400, 1328},
		{"IPv6", true, 1500, false, 1420, 1400, 1312},
		{"IPv4 without ICMP", false, 1500, true, 1420, 1400, 1328},
		{"IPv6 without ICMP", true, 1500, true, 1420, 1380, 1296},
		{"IPv4 by PPPoE", false, 1492, false, 1420, 1380, 1312},
		{"IPv6 by PPPoE", true, 1492, false, 1408, 1380, 1296},
		{"IPv4, 1400", false, 1400, false, 1328, 0, 0},
		{"IPv4, 1400 without ICMP", false, 1400, true, 1328, 0, 0},
		{"IPv4, 1380 without ICMP", false, 1380, true, 1312, 0, 0},
		{"IPv6, 1380", true, 1380, false, 1296, 0, 0},
		{"IPv6, 1360 without ICMP", true, 1360, true, 1280, 0, 0},
		{"IPv4, 1300: the floor in fragments", false, 1300, false, 1280, 0, 0},
	} {
		t.Run(strings.ReplaceAll(test.name, " ", "_"), func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			p, use := newMTUPath(t, test.ipv6, test.carries)
			if test.mute {
				p.mute()
			}
			s := newSite(t)
			use(s.company)
			s.start()
			start := time.Now()
			s.mustConnect()
			t.Logf("connected after %v", time.Since(start))
			mtu := func() int {
				link, err := net.InterfaceByName("sag0")
				if err != nil {
					t.Fatal(err)
				}
				return link.MTU
			}
			t.Logf("%d after %v", test.want, becomes(t, test.want, mtuPatience, mtu))
			if told := s.reported(false).GetSession().GetMtu(); told != uint32(test.want) {
				t.Errorf("the state says %d", told)
			}
			client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			start = time.Now()
			if err := transfers(client); err != nil {
				t.Errorf("%v\n%s", err, s.tail())
			}
			t.Logf("24 MB down and up: %v", time.Since(start))
			if now := mtu(); now != test.want {
				t.Errorf("after transfers it is %d", now)
			}
			if test.shrinks != 0 {
				conn, err := net.Dial("tcp", net.JoinHostPort(tunneltest.Portal.String(), fmt.Sprint(tunneltest.EchoPort)))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				shrunk := false
				stall := longestStall(t, conn, 8*time.Second, func(at time.Duration) {
					if !shrunk && at > 2*time.Second {
						shrunk = true
						p.carry(test.shrinks)
					}
				})
				t.Logf("the longest pause: %v", stall)
				if stall > stallLimit {
					t.Errorf("a transfer stands still for %v", stall)
				}
				becomes(t, test.mtuThereupon, mtuPatience, mtu)
			}
			s.mustDisconnect()
		})
	}
}

// Proxy mode has no link, so the test reads the MTU from the state.
func TestTheMTUFollowsThePathInProxyMode(t *testing.T) {
	for _, mute := range []bool{false, true} {
		t.Run(fmt.Sprint("mute_", mute), func(t *testing.T) {
			if !nettest.Inside(t) {
				return
			}
			path, use := newMTUPath(t, false, 1500)
			if mute {
				path.mute()
			}
			company := tunneltest.NewCompany(t, 1)
			use(company)
			p := run(t, runtimeDir(t))
			state := p.start(company)
			mtu := func() int {
				states, err := p.GetStates(context.Background(), connect.NewRequest(&tunnelv1.GetStatesRequest{}))
				if err != nil || len(states.Msg.GetStates()) != 1 {
					t.Fatalf("%v %v", states, err)
				}
				return int(states.Msg.GetStates()[0].GetSession().GetMtu())
			}
			t.Logf("1420 after %v", becomes(t, 1420, mtuPatience, mtu))
			proxy := &url.URL{Scheme: "socks5", Host: state.GetProxy().GetSocks()}
			client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{Proxy: http.ProxyURL(proxy), DisableKeepAlives: true}}
			if err := transfers(client); err != nil {
				t.Error(err)
			}
			path.carry(1400)
			start := time.Now()
			if err := transfers(client); err != nil {
				t.Errorf("over the narrower path: %v", err)
			}
			t.Logf("24 MB down and up over the narrower path: %v", time.Since(start))
			becomes(t, 1328, mtuPatience, mtu)
		})
	}
}
