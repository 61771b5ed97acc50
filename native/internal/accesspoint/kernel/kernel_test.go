package kernel

import (
	"log/slog"
	"net/netip"
	"testing"

	"sag.software/native/internal/datapath"
)

// announcer is a platform that counts what it announces.
type announcer struct {
	advertised map[netip.Addr]uint64
	count      int
}

func (a *announcer) device() datapath.Device { return nil }
func (a *announcer) close() error            { return nil }

func (a *announcer) advertise(address netip.Addr, generation uint64) error {
	a.advertised[address] = generation
	a.count++
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
	for _, test := range []struct {
		name string
		then func(k *Kernel)
		// here means that the client's addresses are routed here in the end; reannounce that they are announced again, with the
		// generation.
		here, reannounce bool
		generation       uint64
	}{
		{"moved away", func(k *Kernel) { k.displaced(address4, 2) }, false, false, 0},
		{"moved to a host without a generation", func(k *Kernel) { k.displaced(address4, 0) }, false, false, 0},
		{"own announcement received on another link", func(k *Kernel) { k.displaced(address4, 1) }, true, false, 1},
		{"probed again", func(k *Kernel) { k.Probed(session, 1, true) }, true, false, 1},
		{"moved away and back", func(k *Kernel) {
			k.displaced(address4, 2)
			k.apply()
			k.Probed(session, 3, true)
		}, true, true, 3},
		{"moved away and back before the withdrawal", func(k *Kernel) {
			k.displaced(address4, 2)
			k.Probed(session, 3, true)
		}, true, true, 3},
		{"moved away and back, a late announcement for one address", func(k *Kernel) {
			k.displaced(address4, 2)
			k.apply()
			k.Probed(session, 3, true)
			k.displaced(address6, 2)
		}, true, true, 3},
		{"moved away and back, no announcement received", func(k *Kernel) { k.Probed(session, 3, true) }, true, true, 3},
		{"moved away, back and away", func(k *Kernel) {
			k.Probed(session, 3, true)
			k.displaced(address4, 4)
			k.displaced(address6, 4)
		}, false, false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			platform := &announcer{advertised: map[netip.Addr]uint64{}}
			k := &Kernel{
				config: Config{Mode: Routed, Logger: slog.New(slog.DiscardHandler)}, rules: &rules{}, platform: platform,
				wake: make(chan struct{}, 1), clients: map[string]*presence{}, advertised: map[netip.Addr]bool{},
			}
			k.Serve(map[string][]netip.Addr{session: {address4, address6}})
			k.Probed(session, 1, true)
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
