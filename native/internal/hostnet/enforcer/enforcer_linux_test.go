package enforcer

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"sag.software/native/internal/datapath/link"
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/hostnet/reconcile"
)

func start(t *testing.T) (*Enforcer[*link.Device], *link.Device) {
	t.Helper()
	for _, line := range []string{
		"link add net0 type veth peer name net1", "link set net0 addrgenmode none", "link set net1 addrgenmode none",
		"link set net0 up", "link set net1 up", "addr add 192.0.2.2/24 dev net0", "route add default via 192.0.2.1",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	m, err := hostnet.Open()
	if err != nil {
		t.Fatal(err)
	}
	r, err := reconcile.Open(m, filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	a, l, err := Start(Config[*link.Device]{
		Host: m, Reconciler: r, OpenLink: link.Open, Logger: slog.New(slog.DiscardHandler), Changed: func() {},
	}, plan.Intranet{
		MTU: 1400, Routes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd12::/32")},
		Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.9.9/32"), netip.MustParsePrefix("fd00::9/128")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, l
}

// way returns the link by which the kernel sends to an address.
func way(to string) string {
	out, _ := exec.Command("ip", "route", "get", to).Output() // an error means that there is no route
	fields := strings.Fields(string(out))
	for i, f := range fields {
		if f == "dev" {
			return fields[i+1]
		}
	}
	return ""
}

// within waits for a condition as long as documented.
func within(t *testing.T, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	start := time.Now()
	for !condition() {
		if time.Since(start) > limit {
			t.Fatalf("not within %s: %s\n%s%s", limit, what, nettest.Run(t, "ip", "rule"), nettest.Run(t, "ip", "route", "show", "table", "all"))
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%s after %s", what, time.Since(start).Round(time.Millisecond))
}

func TestChangesOfOthersAreRepaired(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	a, l := start(t)
	for _, c := range []struct{ name, do string }{
		{"a manager flushes the tunnel's table", "ip route flush table 21319"},
		{"a manager removes foreign rules", "ip rule del pref 5200 && ip -6 rule del pref 5200"},
		{"a VPN adds a rule with higher priority", "ip route add 10.0.0.0/8 dev net0 table 77 && ip rule add pref 100 lookup 77"},
		{"a VPN like wg-quick routes everything", "ip route add default dev net0 table 51820 && ip rule add not fwmark 51820 table 51820 && ip rule add table main suppress_prefixlength 0"},
		{"redirect-gateway", "ip route add 0.0.0.0/1 dev net0 && ip route add 128.0.0.0/1 dev net0"},
		{"a bridge on an intranet prefix", "ip link add br0 type bridge && ip link set br0 addrgenmode none && ip addr add 10.5.0.1/16 dev br0 && ip link set br0 up"},
		{"the inner address is removed", "ip addr del 10.9.9.9/32 dev sag0"},
		{"the link is set down", "ip link set sag0 down"},
	} {
		nettest.Run(t, "sh", "-c", c.do)
		within(t, 3*time.Second, c.name, func() bool {
			return way("10.5.6.7") == "sag0" && way("fd12::7") == "sag0" && a.Trouble() == nil
		})
	}
	if len(a.Overlaps()) == 0 {
		t.Error("the bridge is not named as an overlap")
	}
	if err := errors.Join(a.Detach(), l.Close()); err != nil {
		t.Fatal(err)
	}
	after := nettest.State(t)
	for _, theirs := range []string{`"table":"77"`, `"table":"51820"`, `"dst":"0.0.0.0/1"`, `"ifname":"br0"`} {
		if !strings.Contains(after, theirs) {
			t.Errorf("another program's %s was removed:\n%s", theirs, after)
		}
	}
	for _, ours := range []string{"sag0", "21319", `"protocol":"207"`} {
		if strings.Contains(after, ours) {
			t.Errorf("%s is left", ours)
		}
	}
}

func TestRuleBeforeAllOthersIsAConflict(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	a, l := start(t)
	defer l.Close()
	nettest.Run(t, "sh", "-c", "ip link add rival type veth peer name rival2 && ip link set rival up && ip link set rival2 up && ip route add 10.0.0.0/8 dev rival table 9 && ip rule add pref 1 lookup 9")
	within(t, 3*time.Second, "the rival is named", func() bool {
		err := a.Trouble()
		return errors.Is(err, plan.ErrNoRoomBefore) && strings.Contains(err.Error(), "rival")
	})
	nettest.Run(t, "ip", "rule", "del", "pref", "1")
	within(t, 3*time.Second, "it recovers", func() bool { return a.Trouble() == nil && way("10.5.6.7") == "sag0" })
	if err := a.Detach(); err != nil {
		t.Fatal(err)
	}
}

// beManager is set in a process that removes the tunnel's rules again and again, as a program does that manages all rules.
const beManager = "SAG_TEST_BE_MANAGER"

func TestConflictNamesTheProgram(t *testing.T) {
	if os.Getenv(beManager) != "" {
		for {
			for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
				rules, _ := netlink.RuleList(family)
				for _, r := range rules {
					if r.Table == 21319 {
						_ = netlink.RuleDel(&r)
					}
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	if !nettest.Inside(t) {
		return
	}
	a, l := start(t)
	defer l.Close()
	manager := nettest.Again(t, beManager+"=1")
	manager.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := manager.Start(); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "the manager is named", func() bool {
		err := a.Trouble()
		return errors.Is(err, ErrConflict) && strings.Contains(err.Error(), fmt.Sprintf("process %d", manager.Process.Pid))
	})
	_ = manager.Process.Kill()
	_ = manager.Wait()
	within(t, 5*time.Second, "the intranet is reachable again", func() bool { return way("10.5.6.7") == "sag0" })
	if err := a.Detach(); err != nil {
		t.Fatal(err)
	}
}

// A new MTU changes the link alone. Applying the whole plan failed here, because an IPv6 address cannot be added while IPv6 is off.
func TestMTUIsChangedAlone(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	a, l := start(t)
	defer l.Close()
	mtu := func() string {
		fields := strings.Fields(nettest.Run(t, "ip", "-o", "link", "show", "sag0"))
		return fields[slices.Index(fields, "mtu")+1]
	}
	nettest.Run(t, "sysctl", "-q", "-w", "net.ipv6.conf.sag0.disable_ipv6=1")
	if err := a.SetMTU(1420); err != nil || mtu() != "1420" {
		t.Fatalf("%v, the MTU is %s", err, mtu())
	}
	nettest.Run(t, "sysctl", "-q", "-w", "net.ipv6.conf.sag0.disable_ipv6=0")
	nettest.Run(t, "ip", "link", "set", "sag0", "mtu", "1300")
	within(t, 3*time.Second, "the MTU is restored", func() bool { return mtu() == "1420" && way("fd12::7") == "sag0" })
	if err := a.Detach(); err != nil {
		t.Fatal(err)
	}
}

// With the maximum number of prefixes, connecting and repairing do not take much longer than with one.
func TestManyRoutes(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	a, l := start(t)
	defer l.Close()
	var first time.Duration
	for _, c := range []struct{ family, format, to string }{
		{"-4", "10.%d.%d.0/24", "10.103.254.7"}, {"-6", "fd12:0:%x:%x:2222:3333:4444:5555/128", "fd12:0:67:fe:2222:3333:4444:5555"},
	} {
		in := plan.Intranet{MTU: 1400, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.9.9/32"), netip.MustParsePrefix("fd00::9/128")}}
		for i := range 512 {
			in.Routes = append(in.Routes, netip.MustParsePrefix(fmt.Sprintf(c.format, 100+i/128, i%128*2)))
		}
		start := time.Now()
		if err := a.Update(in); err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		t.Logf("%s: up after %s", c.family, took)
		// Replacing routes takes twice as long as adding them, not quadratic time.
		if first == 0 {
			first = took
		} else if took > 10*first {
			t.Errorf("%s: %s are ten times as long as the %s of the first", c.family, took, first)
		}
		nettest.Run(t, "ip", c.family, "rule", "del", "pref", "5200")
		within(t, 3*time.Second, "the rule is restored", func() bool { return way(c.to) == "sag0" })
	}
	if err := a.Detach(); err != nil {
		t.Fatal(err)
	}
}
