package tunnel

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"sag.software/native/internal/engine"
	"sag.software/native/internal/engine/probe"
	"sag.software/native/internal/tunnel/machine"
	"sag.software/native/internal/tunnel/profile"
	"sag.software/native/internal/userspace/stack"
)

// carrier is what carries one session's traffic: a WireGuard device of its own, under a network stack of its own or, in
// system mode, under a link of the machine.
type carrier struct {
	stack  *stack.Stack // nil in system mode
	tap    *probe.Tap
	meter  *meter
	device *engine.Device

	sessionID [16]byte
	address4  netip.Addr
	address6  netip.Addr
	mtu       int
	active    *machine.Candidate
}

// carrierEvents are called from the carrier's own goroutines, and must not block.
type carrierEvents struct {
	replied func(probe.Message)
	// outgoing follows meter.arm.
	outgoing func()
}

func newCarrier(p *profile.Profile, key engine.PrivateKey, logger *slog.Logger, events carrierEvents) (*carrier, error) {
	config := stack.Config{MTU: p.MTU}
	for _, a := range p.Addresses() {
		config.Addresses = append(config.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
	s, err := stack.New(config)
	if err != nil {
		return nil, err
	}
	c, err := carrierOver(s.Device(), p, engine.Config{PrivateKey: key, Logger: logger}, events)
	if err != nil {
		s.Close()
		return nil, err
	}
	c.stack = s
	return c, nil
}

// carrierOver takes a device that has the session's addresses. It owns the device from then on, after a failure as well.
func carrierOver(device probe.Device, p *profile.Profile, config engine.Config, events carrierEvents) (*carrier, error) {
	c := &carrier{sessionID: p.SessionID, address4: p.Address4, address6: p.Address6, mtu: p.MTU}
	c.tap = probe.NewTap(device, probe.Callbacks{Replied: func(_ netip.Addr, m probe.Message) { events.replied(m) }})
	c.meter = newMeter(c.tap, events.outgoing)
	config.Tun = c.meter
	var err error
	c.device, err = engine.New(config)
	return c, err
}

// fits says whether a profile can be carried without starting anew.
func (c *carrier) fits(p *profile.Profile) bool {
	return c.sessionID == p.SessionID && c.address4 == p.Address4 && c.address6 == p.Address6 && c.mtu == p.MTU
}

func (c *carrier) close() {
	c.device.Close()
	if c.stack != nil {
		c.stack.Close()
	}
}

// resolve finds the outer address of an endpoint; a host name is asked at the host's own resolver.
func resolve(ctx context.Context, e profile.Endpoint) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(e.Host); err == nil {
		return netip.AddrPortFrom(a, e.Port), nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.Host)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if len(found) == 0 {
		return netip.AddrPort{}, fmt.Errorf("%s has no address", e.Host)
	}
	return netip.AddrPortFrom(found[0].Unmap(), e.Port), nil
}

// activate makes a candidate the only peer and starts a handshake.
func (c *carrier) activate(p *profile.Profile, candidate machine.Candidate, endpoint netip.AddrPort) error {
	ap := &candidate.AccessPoint
	var remove []engine.Key
	if c.active != nil && c.active.AccessPoint.PublicKey != ap.PublicKey {
		remove = append(remove, engine.Key(c.active.AccessPoint.PublicKey))
	}
	c.meter.setProbe(ap.ProbeAddress)
	if err := c.device.Apply([]engine.Peer{peerOf(p, ap, endpoint)}, remove); err != nil {
		return err
	}
	c.active = &candidate
	return c.device.ForceHandshake(engine.Key(ap.PublicKey))
}

// apply changes the peer in use to what a renewed profile says of it; its connections stay.
func (c *carrier) apply(p *profile.Profile) error {
	if c.active == nil {
		return nil
	}
	for i := range p.AccessPoints {
		if ap := &p.AccessPoints[i]; ap.PublicKey == c.active.AccessPoint.PublicKey {
			c.active.AccessPoint = *ap
			c.meter.setProbe(ap.ProbeAddress)
			return c.device.UpsertPeer(peerOf(p, ap, netip.AddrPort{}))
		}
	}
	return nil
}

func peerOf(p *profile.Profile, ap *profile.AccessPoint, endpoint netip.AddrPort) engine.Peer {
	return engine.Peer{
		PublicKey: engine.Key(ap.PublicKey), PresharedKey: engine.PresharedKey(ap.PresharedKey),
		Endpoint: endpoint, AllowedIPs: p.AllowedIPs(ap),
	}
}

// deactivate removes the peer.
func (c *carrier) deactivate() error {
	if c.active == nil {
		return nil
	}
	key := engine.Key(c.active.AccessPoint.PublicKey)
	c.active = nil
	return c.device.RemovePeer(key)
}

func (c *carrier) handshake() error {
	if c.active == nil {
		return nil
	}
	return c.device.ForceHandshake(engine.Key(c.active.AccessPoint.PublicKey))
}

func (c *carrier) probe(e machine.SendProbe) error {
	if c.active == nil {
		return nil
	}
	return c.tap.Send(c.address6, c.active.AccessPoint.ProbeAddress, probe.Message{
		Kind: probe.Request, Active: true, Session: c.sessionID, Generation: e.Generation, Nonce: e.Nonce,
	})
}

// handshakeAge is the time since the last completed handshake; 0 = none.
func (c *carrier) handshakeAge() time.Duration {
	if c.active == nil {
		return 0
	}
	peers, err := c.device.Peers()
	if err != nil {
		return 0
	}
	last := peers[engine.Key(c.active.AccessPoint.PublicKey)].LastHandshake
	if last.IsZero() {
		return 0
	}
	return max(time.Since(last), 1)
}

func hostPort(e profile.Endpoint) string {
	return net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port)))
}
