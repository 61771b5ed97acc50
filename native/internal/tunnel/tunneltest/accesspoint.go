// Package tunneltest is a company network in one process, for tests: a cloud instance with one session, access points with
// real WireGuard, and an intranet behind them that the host cannot reach directly.
package tunneltest

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
	"sag.software/native/internal/mtu"
	"sag.software/native/internal/netstack"
)

// AccessPoint answers probes and forwards to the intranet.
type AccessPoint struct {
	ID           string
	ProbeAddress netip.Addr
	// Generation returns the highest generation that a probe has carried.
	Generation func() uint64

	t       testing.TB
	private engine.PrivateKey
	at      netip.AddrPort
	forward *netstack.Forward
	mtu     atomic.Int32 // that the client has reported, bytes

	mu         sync.Mutex
	generation uint64
	device     *engine.Device
	stack      *netstack.Stack
	peers      map[engine.Key]engine.PeerConfig
}

func newAccessPoint(t testing.TB, id string, number byte, forward *netstack.Forward) *AccessPoint {
	private, err := engine.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	ap := &AccessPoint{
		ID: id, t: t, private: private, forward: forward, at: netip.MustParseAddrPort("127.0.0.1:0"),
		ProbeAddress: netip.AddrFrom16([16]byte{0xfd, 0, 0x5a, 9, 0, 0, 0xff, 0xff, 15: number}), peers: map[engine.Key]engine.PeerConfig{},
	}
	ap.Generation = func() uint64 { ap.mu.Lock(); defer ap.mu.Unlock(); return ap.generation }
	ap.Start()
	t.Cleanup(ap.Kill)
	return ap
}

// Start starts the access point, or restarts it at the same address with the same peers but without WireGuard sessions.
func (ap *AccessPoint) Start() {
	ap.t.Helper()
	ap.mu.Lock()
	defer ap.mu.Unlock()
	s, err := netstack.New(netstack.Config{MTU: mtu.Ceiling, PathMTU: ap.pathMTU, Forward: ap.forward})
	if err != nil {
		ap.t.Fatal(err)
	}
	path := datapath.New(s.Device())
	probes := probe.NewStage(path.Inject, probe.Callbacks{Requested: func(_ netip.Addr, m probe.Message) {
		ap.mtu.Store(int32(mtu.Clamp(int(m.MTU))))
		ap.mu.Lock()
		defer ap.mu.Unlock()
		ap.generation = max(ap.generation, m.Generation)
	}})
	probes.SetAddress(ap.ProbeAddress)
	path.FromTunnel(probes.FromTunnel)
	device, err := engine.New(engine.Config{PrivateKey: ap.private, Listen: []netip.AddrPort{ap.at}, ListenPort: ap.at.Port(), Path: path})
	if err != nil {
		ap.t.Fatal(err)
	}
	ap.stack, ap.device = s, device
	ap.at = netip.AddrPortFrom(ap.at.Addr(), device.ListenPort())
	for _, peer := range ap.peers {
		if err := device.UpsertPeer(peer); err != nil {
			ap.t.Fatal(err)
		}
	}
}

func (ap *AccessPoint) pathMTU(netip.Addr) int { return mtu.Clamp(int(ap.mtu.Load())) }

// Kill stops it without closing connections.
func (ap *AccessPoint) Kill() {
	ap.mu.Lock()
	device, s := ap.device, ap.stack
	ap.device, ap.stack = nil, nil
	ap.mu.Unlock()
	if device != nil {
		device.Close()
		s.Close()
	}
}

// Move stops it and changes the address on which the next Start listens.
func (ap *AccessPoint) Move(at netip.AddrPort) {
	ap.Kill()
	ap.at = at
}

// Serve adds a peer and removes all others.
func (ap *AccessPoint) Serve(peer engine.PeerConfig) {
	ap.t.Helper()
	ap.mu.Lock()
	defer ap.mu.Unlock()
	var remove []engine.Key
	for key := range ap.peers {
		if key != peer.PublicKey {
			remove = append(remove, key)
			delete(ap.peers, key)
		}
	}
	ap.peers[peer.PublicKey] = peer
	if ap.device != nil {
		if err := ap.device.Apply([]engine.PeerConfig{peer}, remove); err != nil {
			ap.t.Fatal(err)
		}
	}
}

func prefixes(list []string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range list {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}
