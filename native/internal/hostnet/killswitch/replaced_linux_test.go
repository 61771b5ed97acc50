package killswitch

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/lockdown"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/nettest"
)

// Replacing a kill switch leaves no gap, however short, neither for prefixes nor for domains that both contain. Replacing a
// lockdown leaves none for anything.
func TestReplaceLeavesNoGap(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	// Not captured by a nettest.Capture, because after a leak there would be more packets than it can receive.
	l.router.Run("nft add table inet count", "nft add counter inet count target", "nft add counter inet count names",
		"nft add chain inet count in { type filter hook prerouting priority 0; }",
		"nft add rule inet count in ip daddr 10.80.0.5 counter name target", "nft add rule inet count in udp dport 53 counter name names")
	fire := map[string]string{"10.80.0.5:9": "x", "198.51.100.53:53": string(query(t, 1, "wiki.corp.example", true))}
	one, other := spec(), spec()
	one.Domains = []string{"corp.example", "only.here.example"}
	other.LinkServices = nil
	other.Tunneled = append(other.Tunneled, netip.MustParsePrefix("100.64.0.0/10"))
	other.Domains = []string{"corp.example", "test"}
	apply(t, one)
	replaceWhileSending(t, l, fire, func() error { return System().Set(other) }, func() error { return System().Set(one) })
	if found, err := System().Status(); err != nil || found.Digest != one.Digest() {
		t.Errorf("%+v %v", found, err)
	}

	locked := lockdown.Rules{Links: "sag", Endpoints: one.Endpoints, Cloud: one.Cloud}
	lockedToo := lockdown.Rules{Links: "sag", Cloud: one.Cloud, BypassNames: []string{"vpn.example"}}
	if err := lockdown.System().Set(locked); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = lockdown.System().Clear() }()
	if done, err := System().Clear(one); !done || err != nil {
		t.Fatal(done, err)
	}
	replaceWhileSending(t, l, fire,
		func() error { return lockdown.System().Set(lockedToo) }, func() error { return lockdown.System().Set(locked) })
	if found, err := lockdown.System().InForce(); err != nil || found.Digest != locked.Digest() || found.Dropped == 0 {
		t.Errorf("%+v %v", found, err)
	}
}

// replaceWhileSending calls the functions in turn while it sends datagrams, by address; none of them may leave.
func replaceWhileSending(t *testing.T, l *listener, fire map[string]string, replace ...func() error) {
	t.Helper()
	var over atomic.Bool
	var senders sync.WaitGroup
	for to, text := range fire {
		senders.Go(func() {
			t.Logf("%d offered to %s", keepSending(t, netip.MustParseAddrPort(to), text, &over), to)
		})
	}
	for i := range 60 {
		if err := replace[i%len(replace)](); err != nil {
			t.Error(err)
			break
		}
	}
	over.Store(true)
	senders.Wait()
	for _, counter := range []string{"target", "names"} {
		if left := strings.TrimSpace(l.router.Run("nft reset counter inet count " + counter)); !strings.Contains(left, "packets 0 ") {
			t.Errorf("left: %s", left)
		}
	}
}

// keepSending returns the number of datagrams sent until it is stopped. It ignores errors.
func keepSending(t *testing.T, to netip.AddrPort, text string, over *atomic.Bool) (sent int64) {
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	raw, _ := conn.SyscallConn()
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 0) })
	for ; !over.Load(); sent++ {
		_, _ = conn.Write([]byte(text))
	}
	return sent
}

// After any changes by other programs, the next kill switch is the same as on a host without such changes.
func TestReplaceAfterChangesByOthers(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	target := netip.MustParseAddr("10.80.0.5")
	// Sorted, because sets and chains are listed in the order in which they were added.
	list := func() string {
		lines := strings.Split(nettest.Run(t, "nft", "-s", "list", "table", "inet", marks.KillSwitchTable), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	apply(t, spec())
	fresh := list()
	_, set, _ := strings.Cut(fresh, "set tunneled4-")
	set = "tunneled4-" + strings.Fields(set)[0]
	other := spec()
	other.Tunneled = []netip.Prefix{netip.MustParsePrefix("10.80.0.0/16")}
	other.Domains = []string{"corp.example"}
	for name, lines := range map[string][]string{
		"rules removed": {"flush chain %s output"},
		"asleep":        {"add table %s { flags dormant; }"},
		"a chain goes elsewhere": {
			"flush chain %s output", "delete chain %s output", "add chain %[1]s output { type filter hook output priority -5; }",
		},
		"a chain is of another kind": {
			"flush chain %s output", "delete chain %s output", "add chain %[1]s output { type route hook output priority 10; }",
		},
		"a chain drops everything": {"flush chain %s output", "add chain %s output { policy drop; }"},
		"a base chain with an own chain's name": {
			"delete table %s", "add table %s", "add chain %[1]s held { type filter hook output priority 10; }",
		},
		"no hooks": {"delete table %s", "add table %s"},
		"a set is of other things": {
			"delete table %s", "add table %s", "add set %s " + set + " { type inet_service; }",
		},
		"a set is empty": {"flush chain %s output", "flush set %s " + set},
		"a chain more, with a set": {
			"add chain %s more { type filter hook output priority 20; }", "add set %s mine { type ipv4_addr; flags interval; }",
			"add rule %s more ip daddr @mine drop", "add rule %s more ip daddr 10.0.0.0/8 accept",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, line := range lines {
				nettest.Run(t, "nft", strings.Fields(strings.ReplaceAll(strings.ReplaceAll(line, "%[1]s", "%s"), "%s", "inet "+marks.KillSwitchTable))...)
			}
			for _, next := range []Config{spec(), other, spec()} {
				apply(t, next)
				if found, err := System().Status(); err != nil || found == nil || found.Digest != next.Digest() {
					t.Fatalf("%+v %v", found, err)
				}
				_ = send(t, target, 4000, "x")
				if left := l.heard(target); len(left) != 0 {
					t.Errorf("left: %x", left)
				}
			}
			if now := list(); now != fresh {
				t.Errorf("%s", nettest.Difference(fresh, now))
			}
		})
	}
}
