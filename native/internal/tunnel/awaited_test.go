package tunnel

import (
	"net/netip"
	"slices"
	"testing"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/mtu"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/session"
	"sag.software/native/internal/tunnel/fsm"
)

func newDevice(t *testing.T) datapath.Device {
	t.Helper()
	stack, err := netstack.New(netstack.Config{MTU: mtu.Floor})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stack.Close)
	return stack.Device()
}

// Packets that look like replies to probes, but answer none of the last ones, are dropped before they reach the loop.
func TestForgedRepliesDoNotReachTheLoop(t *testing.T) {
	own, point := netip.MustParseAddr("fd00:5a9::2"), netip.MustParseAddr("fd00:5a9:0:ffff::1")
	private, err := engine.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	var got []uint64
	l, err := newLink(newDevice(t), &session.Session{Address6: own}, engine.Config{PrivateKey: private}, linkEvents{
		replied:  func(m probe.Message, _ int) { got = append(got, m.Nonce) },
		tooLarge: func(int) {}, outgoing: func() {},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	l.active = &fsm.Candidate{AccessPoint: session.AccessPoint{ProbeAddress: point}}
	received := datapath.New(newDevice(t))
	received.FromTunnel(l.probes.FromTunnel)
	for _, nonce := range []uint64{7, 9} {
		if err := l.probe(nonce, 1, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, nonce := range []uint64{0, 8, 9, 9, 7, 7} {
		reply := probe.Packet(point, own, probe.Message{Kind: probe.Reply, Nonce: nonce}, 0)
		if _, err := received.Write([][]byte{reply}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, []uint64{9, 7}) {
		t.Errorf("the replies %v reached the loop", got)
	}
}

func TestOldProbesAreNotAwaited(t *testing.T) {
	var a awaited
	for nonce := range uint64(2 * awaitedLimit) {
		a.add(nonce)
	}
	if a.remove(awaitedLimit-1) || !a.remove(awaitedLimit) || !a.remove(2*awaitedLimit-1) {
		t.Errorf("%d are awaited", len(a.nonces))
	}
}
