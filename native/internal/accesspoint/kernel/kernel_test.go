package kernel

import (
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// announcer is a platform that counts what it announces.
type announcer struct {
	platform   // the other methods are not called
	advertised map[netip.Addr]uint64
	count      int
	mtu        []int
}

func (a *announcer) advertise(address netip.Addr, client presence) error {
	a.advertised[address] = client.Generation
	a.count++
	return nil
}

func (a *announcer) setMTU(address netip.Addr, mtu int) error {
	a.mtu = append(a.mtu, mtu)
	return nil
}

func (a *announcer) withdraw(address netip.Addr) error {
	delete(a.advertised, address)
	return nil
}

// A client moves from this access point to another and back. The other's announcement can arrive late, or never.
func TestClientPresence(t *testing.T) {
	const session = "s"
	address4, address6 := netip.MustParseAddr("10.90.0.2"), netip.MustParseAddr("fd00::2")
	at := func(generation uint64) Presence { return Presence{Generation: generation, Active: true, MTU: 1280} }
	for _, test := range []struct {
		name string
		then func(k *Kernel)
		// here means that the client's addresses are routed here in the end; reannounce that they are announced again, with the
		// generation.
		here, reannounce bool
		generation       uint64
	}{
		{"gone", func(k *Kernel) { k.displaced(address4, 2) }, false, false, 0},
		{"gone to a machine that names no generation", func(k *Kernel) { k.displaced(address4, 0) }, false, false, 0},
		{"its own announcement heard on another link", func(k *Kernel) { k.displaced(address4, 1) }, true, false, 1},
		{"heard again", func(k *Kernel) { k.Probed(session, at(1)) }, true, false, 1},
		{"gone and back", func(k *Kernel) {
			k.displaced(address4, 2)
			k.apply()
			k.Probed(session, at(3))
		}, true, true, 3},
		{"moved away and back before the withdrawal", func(k *Kernel) {
			k.displaced(address4, 2)
			k.Probed(session, at(3))
		}, true, true, 3},
		{"moved away and back, a late announcement for one address", func(k *Kernel) {
			k.displaced(address4, 2)
			k.apply()
			k.Probed(session, at(3))
			k.displaced(address6, 2)
		}, true, true, 3},
		{"gone and back, the other access point never heard", func(k *Kernel) { k.Probed(session, at(3)) }, true, true, 3},
		{"gone, back and gone", func(k *Kernel) {
			k.Probed(session, at(3))
			k.displaced(address4, 4)
			k.displaced(address6, 4)
		}, false, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			platform := &announcer{advertised: map[netip.Addr]uint64{}}
			k := &Kernel{
				config: Config{Mode: Routed, Logger: slog.New(slog.DiscardHandler)}, rules: &rules{}, platform: platform,
				wake: make(chan struct{}, 1), clients: map[string]*presence{}, advertised: map[netip.Addr]int{},
			}
			k.Serve(map[string][]netip.Addr{session: {address4, address6}})
			k.Probed(session, at(1))
			k.apply()
			if len(platform.advertised) != 2 {
				t.Fatalf("advertised %v", platform.advertised)
			}
			platform.count = 0
			test.then(k)
			k.apply()
			if here := len(platform.advertised) == 2; here != test.here || !test.here && len(platform.advertised) != 0 {
				t.Errorf("advertised %v", platform.advertised)
			}
			if reannounce := platform.count > 0; reannounce != test.reannounce {
				t.Errorf("announced %d times", platform.count)
			}
			for address, generation := range platform.advertised {
				if generation != test.generation {
					t.Errorf("%s with generation %x", address, generation)
				}
			}
		})
	}
}

// Another MTU of a client's path changes its routes, and announces nothing.
func TestTheMTUOfAClient(t *testing.T) {
	address := netip.MustParseAddr("10.90.0.2")
	platform := &announcer{advertised: map[netip.Addr]uint64{}}
	k := &Kernel{
		config: Config{Mode: Routed, Logger: slog.New(slog.DiscardHandler)}, rules: &rules{}, platform: platform,
		wake: make(chan struct{}, 1), clients: map[string]*presence{}, advertised: map[netip.Addr]int{},
	}
	k.Serve(map[string][]netip.Addr{"s": {address}})
	for _, size := range []int{1280, 1280, 1420, 1420, 1280} {
		k.Probed("s", Presence{Generation: 1, Active: true, MTU: size})
		k.apply()
	}
	if platform.count != 1 || !slices.Equal(platform.mtu, []int{1420, 1280}) {
		t.Errorf("announced %d times, MTU %v", platform.count, platform.mtu)
	}
}

// slow is a platform on which changing a route takes as long as a pass over 10,000 clients.
type slow struct{ announcer }

func (s *slow) setMTU(address netip.Addr, mtu int) error {
	time.Sleep(30 * time.Millisecond)
	return s.announcer.setMTU(address, mtu)
}

// A client that reports another MTU with every probe does not keep the access point busy, and the last one is applied.
func TestFrequentChangesAreAppliedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := &slow{announcer{advertised: map[netip.Addr]uint64{}}}
		k := &Kernel{config: Config{Mode: NAT, Logger: slog.New(slog.DiscardHandler)}, rules: &rules{}, platform: platform}
		k.start()
		k.Serve(map[string][]netip.Addr{"s": {netip.MustParseAddr("10.90.0.2")}})
		const changes = 300
		for i := range changes {
			k.Probed("s", Presence{Generation: 1, Active: true, MTU: 1281 + i%128})
			time.Sleep(33 * time.Millisecond)
		}
		time.Sleep(time.Second)
		close(k.done)
		k.worker.Wait()
		if n := len(platform.mtu); n > changes/4 || platform.mtu[n-1] != 1281+(changes-1)%128 {
			t.Errorf("%d changes are applied, the last %d", n, platform.mtu[n-1])
		}
	})
}
