package guard

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"sag.software/native/internal/system/nettest"
)

// A guard that takes the place of another leaves no gap between the two, however narrow.
func TestReplacedUnderFire(t *testing.T) {
	if !nettest.Inside(t) {
		return
	}
	l := lan(t)
	l.router.Run("nft add table inet ear", "nft add counter inet ear target",
		"nft add chain inet ear in { type filter hook prerouting priority 0; }", "nft add rule inet ear in ip daddr 10.80.0.5 counter name target")
	apply(t, spec())
	other := spec()
	other.Kept = nil
	other.Domains = []string{"corp.example"}
	// Not by the ear: should there be a gap, more leaves than it can hear.
	target := netip.MustParseAddr("10.80.0.5")
	var over atomic.Bool
	var offered atomic.Int64
	var senders sync.WaitGroup
	for range 4 {
		senders.Go(func() {
			conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(target, 9)))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			raw, _ := conn.SyscallConn()
			_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVERR, 0) })
			for !over.Load() {
				_, _ = conn.Write([]byte("x"))
				offered.Add(1)
			}
		})
	}
	for i := range 60 {
		next := spec()
		if i%2 == 0 {
			next = other
		}
		if err := Apply(next); err != nil {
			t.Error(err)
			break
		}
	}
	over.Store(true)
	senders.Wait()
	t.Logf("%d offered", offered.Load())
	if left := strings.TrimSpace(l.router.Run("nft reset counter inet ear target")); !strings.Contains(left, "packets 0 ") {
		t.Errorf("left: %s", left)
	}
	if found, err := Find(); err != nil || found.Digest != spec().Digest() {
		t.Errorf("%+v %v", found, err)
	}
}
