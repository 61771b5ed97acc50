package engine

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"testing"
	"time"

	"sag.software/native/internal/datapath"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKey(t testing.TB) PrivateKey {
	t.Helper()
	key, err := NewPrivateKey()
	must(t, err)
	return key
}

func newDevice(t testing.TB, key PrivateKey, lower datapath.Device, scheduling Scheduling) *Device {
	t.Helper()
	d, err := New(Config{
		PrivateKey: key, Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, Path: datapath.New(lower), Scheduling: scheduling,
	})
	must(t, err)
	t.Cleanup(d.Close)
	if got := d.Scheduling(); got != scheduling {
		t.Fatalf("scheduled as %d, not %d", got, scheduling)
	}
	return d
}

func TestChoiceOfScheduling(t *testing.T) {
	for name, c := range map[string]struct {
		asked      Scheduling
		override   string
		manyPeers  bool
		processors int
		want       Scheduling
	}{
		"a client":                                    {processors: 1, want: Inline},
		"a client with many processors":               {processors: 64, want: Inline},
		"an access point":                             {manyPeers: true, processors: 4, want: Inline},
		"an access point, many processors":            {manyPeers: true, processors: 5, want: Queued},
		"the environment says in-line":                {manyPeers: true, processors: 64, override: "inline", want: Inline},
		"the environment says queued":                 {processors: 1, override: "queued", want: Queued},
		"the configuration overrides the environment": {asked: Queued, processors: 1, override: "inline", want: Queued},
	} {
		if got, err := choose(c.asked, c.override, c.manyPeers, c.processors); err != nil || got != c.want {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	if _, err := choose(Automatic, "fast", false, 1); !errors.Is(err, ErrScheduling) {
		t.Errorf("an unknown scheduling: %v", err)
	}
}

// mirror sends back what comes out of the tunnel, and waits for room in the queue, like a network stack in the process that
// replies while a packet is delivered.
type mirror struct{ *fakeLink }

func (m mirror) Write(b *datapath.Batch) error {
	buffers, offset := b.Kept()
	for _, buffer := range buffers {
		back := bytes.Clone(buffer[offset:])
		copy(back[12:16], buffer[offset+16:])
		copy(back[16:20], buffer[offset+12:])
		select {
		case m.outgoing <- back:
		case <-m.closed:
			return os.ErrClosed
		}
	}
	return nil
}

// Sockets can be replaced while packets go in both directions and each delivery waits for the sender: BindUpdate waits for the
// receivers.
func TestRebindUnderLoad(t *testing.T) {
	for name, scheduling := range both {
		t.Run(name, func(t *testing.T) {
			keys := [2]PrivateKey{newKey(t), newKey(t)}
			links := [2]*fakeLink{newFakeLink(), newFakeLink()}
			var devices [2]*Device
			for i := range devices {
				devices[i] = newDevice(t, keys[i], mirror{links[i]}, scheduling)
			}
			own := func(i int) []netip.Prefix {
				return []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 32)}
			}
			for i, d := range devices {
				at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), devices[1-i].ListenPort())
				must(t, d.UpsertPeer(PeerConfig{PublicKey: keys[1-i].Public(), Endpoint: UDPEndpoint(at), AllowedIPs: own(1 - i)}))
			}
			done, fed := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(fed)
				for number := uint64(0); ; number++ { // each one goes to and fro until it is lost
					select {
					case links[0].outgoing <- packet(number):
					case <-done:
						return
					}
				}
			}()
			moved := func() uint64 {
				peers, err := devices[1].Peers()
				must(t, err)
				return peers[keys[0].Public()].RxBytes
			}
			deadline := time.Now().Add(30 * time.Second)
			awaitMore := func() {
				for before := moved(); moved() == before; time.Sleep(time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatal("nothing arrives any more")
					}
				}
			}
			for moved() < 1<<10 { // data and not only the handshake: a response lost to the first replacement would cost 5 s
				awaitMore()
			}
			for range 15 {
				for _, d := range devices {
					must(t, d.Rebind())
				}
				awaitMore()
			}
			close(done)
			<-fed
		})
	}
}
