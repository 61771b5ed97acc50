package reconcile

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sag.software/native/internal/datapath/link"
	"sag.software/native/internal/failure"
	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/hostnet/nettest"
	"sag.software/native/internal/hostnet/plan"
)

// victim is set in a process that connects and disconnects until it is killed.
const victim = "SAG_TEST_VICTIM"

// soak enables long runs of these tests.
var soak = os.Getenv("SAG_SOAK") != ""

// lan makes a host with a network and gateway within the intranet's 10.0.0.0/8.
func lan(t *testing.T) {
	for _, line := range []string{
		"link add net0 type veth peer name net1", "link set net0 addrgenmode none", "link set net1 addrgenmode none",
		"link set net0 up", "link set net1 up",
		"addr add 10.1.2.3/24 dev net0", "route add default via 10.1.2.1 dev net0",
		"-6 addr add fd12:0:0:1::3/64 dev net0 nodad",
		"link add bridge0 type bridge", "link set bridge0 addrgenmode none", "addr add 172.17.0.1/16 dev bridge0", "link set bridge0 up",
	} {
		nettest.Run(t, "ip", strings.Fields(line)...)
	}
	nettest.Settled(t, `"dst":"fd12:0:0:1::3"`, `"dev":"net1","dst":"ff00::/8"`)
}

func wide() plan.Intranet {
	in := intranet("10.0.0.0/8", "172.16.0.0/12", "fd12::/48")
	for i := range 20 {
		in.Routes = append(in.Routes, netip.MustParsePrefix(fmt.Sprintf("198.18.%d.0/24", i)))
	}
	return in
}

// up creates a real link and applies the intranet's plan.
func up(r *Reconciler, m hostnet.Host, in plan.Intranet) (*link.Device, error) {
	at, err := m.Snapshot()
	if err != nil {
		return nil, err
	}
	n, err := plan.Choose(at, "sag")
	if err != nil {
		return nil, err
	}
	device, err := link.Open(n.Link, in.MTU)
	if err != nil {
		return nil, err
	}
	return device, r.Set(plan.Make(in, n, at).Changes)
}

func beVictim(dir string) {
	m, err := hostnet.Open()
	if err != nil {
		panic(err)
	}
	r, err := Open(m, dir)
	if err != nil {
		panic(err)
	}
	for round := 0; ; round++ {
		device, err := up(r, m, wide())
		if err != nil {
			panic(err)
		}
		if round == 0 {
			// Not before that, because on a busy host all kills could come before the first change.
			fmt.Println("ready")
		}
		// About as long as connecting and disconnecting take, so that kills happen during both.
		time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
		if _, err := r.Clear(); err != nil {
			panic(err)
		}
		_ = device.Close()
	}
}

func TestKilledAtRandomMoments(t *testing.T) {
	if dir := os.Getenv(victim); dir != "" {
		beVictim(dir)
	}
	if !nettest.Inside(t) {
		return
	}
	lan(t)
	dir := filepath.Join(t.TempDir(), "journal")
	m, err := hostnet.Open()
	if err != nil {
		t.Fatal(err)
	}
	before := nettest.State(t)
	kills := 20
	if soak {
		kills = 200
	}
	dirty := 0
	for kill := range kills {
		process := nettest.Again(t, victim+"="+dir)
		out, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		// With -v the test binary prints a line first.
		said := bufio.NewScanner(out)
		for said.Scan() && said.Text() != "ready" {
		}
		if said.Text() != "ready" {
			t.Fatalf("the victim was never ready: %v", said.Err())
		}
		// Kills must come at random moments, so this wait is random on purpose.
		time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
		_ = process.Process.Kill()
		_ = process.Wait()
		if kill%4 == 3 {
			cut(t, filepath.Join(dir, "journal"))
		}
		undone, err := Repair(m, dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(undone) > 0 {
			dirty++
		}
		if after := nettest.State(t); after != before {
			t.Fatalf("after kill %d:\n%s", kill, nettest.Difference(before, after))
		}
	}
	t.Logf("%d kills, %d of them left something to undo", kills, dirty)
	if dirty == 0 {
		t.Fatal("no kill hit anything")
	}
}

func cut(t *testing.T, path string) {
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, rand.Int64N(info.Size()+1)); err != nil {
		t.Fatal(err)
	}
}

// With the journal truncated at every byte, all changes are undone, because they carry marks.
func TestJournalCutAtEveryByteWithRealRoutes(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	lan(t)
	m, err := hostnet.Open()
	if err != nil {
		t.Fatal(err)
	}
	before := nettest.State(t)
	dir := filepath.Join(t.TempDir(), "journal")
	path := filepath.Join(dir, "journal")
	// A prime, so that the truncations are at different offsets of the records.
	step := 61
	if soak {
		step = 1
	}
	for at, size := 0, 1; at <= size; at += step {
		r, err := Open(m, dir)
		if err != nil {
			t.Fatal(err)
		}
		device, err := up(r, m, intranet("10.0.0.0/8", "fd12::/48"))
		if err != nil {
			t.Fatal(err)
		}
		_ = errors.Join(r.Close(), device.Close())
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size = int(info.Size())
		if err := os.Truncate(path, int64(min(at, size))); err != nil {
			t.Fatal(err)
		}
		if _, err := Repair(m, dir); err != nil {
			t.Fatal(err)
		}
		if after := nettest.State(t); after != before {
			t.Fatalf("cut at %d:\n%s", at, nettest.Difference(before, after))
		}
	}
}

// With a full disk no change is made, and changes in force can be undone.
func TestFullDisk(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	lan(t)
	base := t.TempDir()
	nettest.Run(t, "mount", "-t", "tmpfs", "-o", "size=64k", "sag-test", base)
	t.Cleanup(func() { nettest.Run(t, "umount", base) })
	m, err := hostnet.Open()
	if err != nil {
		t.Fatal(err)
	}
	before := nettest.State(t)
	dir := filepath.Join(base, "journal")
	r, err := Open(m, dir)
	if err != nil {
		t.Fatal(err)
	}
	device, err := up(r, m, intranet("10.0.0.0/8"))
	if err != nil {
		t.Fatal(err)
	}
	stands := nettest.Settled(t, `"dst":"fd00::9"`)
	full := make([]byte, 1<<20)
	if err := os.WriteFile(filepath.Join(base, "full"), full, 0o600); err == nil {
		t.Fatal("the disk did not become full")
	}
	at, _ := m.Snapshot()
	name, _ := device.Name()
	err = r.Set(plan.Make(wide(), plan.Choice{Link: name}, at).Changes)
	if Cause(err) != failure.StorageFull {
		t.Fatalf("cause %v of %v", Cause(err), err)
	}
	if now := nettest.State(t); now != stands {
		t.Fatalf("a change without a record:\n%s", nettest.Difference(stands, now))
	}
	_ = errors.Join(r.Close(), device.Close())
	if _, err := Repair(m, dir); err != nil {
		t.Fatal(err)
	}
	if after := nettest.State(t); after != before {
		t.Fatal(nettest.Difference(before, after))
	}
}

// The plan on a real kernel: the routes are read with `ip route get`.
func TestPlanOnARealKernel(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	lan(t)
	m, err := hostnet.Open()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(m, filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	device, err := up(r, m, wide())
	if err != nil {
		t.Fatal(err)
	}
	name, _ := device.Name()
	mark := strconv.Itoa(marks.TunnelTraffic)
	for _, c := range []struct{ ask, dev string }{
		{"10.1.2.1", "net0"}, {"10.1.2.77", name}, {"10.200.0.1", name}, {"172.17.0.9", name}, {"198.18.3.4", name},
		{"192.0.2.1", "net0"}, {"10.1.2.3", "lo"}, {"fd12:0:0:1::77", name},
		{"10.200.0.1 mark " + mark, "net0"}, {"10.1.2.77 mark " + mark, "net0"},
	} {
		out := nettest.Run(t, "ip", append([]string{"route", "get"}, strings.Fields(c.ask)...)...)
		if !strings.Contains(out, " dev "+c.dev+" ") {
			t.Errorf("to %s: %s", c.ask, out)
		}
	}
	at, _ := m.Snapshot()
	if l, found := at.Link(name); !found || !l.Owned || l.Kind != "tun" || len(l.Addresses) != 2 {
		t.Errorf("%+v", l)
	}
	p := plan.Make(wide(), plan.Choice{Link: name}, at)
	if len(p.Overlaps) != 3 || p.Overlaps[0].Link != "net0" || p.Overlaps[0].Kept[0].String() != "10.1.2.1" {
		t.Errorf("%+v", p.Overlaps)
	}
	_ = device.Close()
}
