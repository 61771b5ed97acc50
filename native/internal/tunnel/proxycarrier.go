package tunnel

import (
	"log/slog"
	"net/netip"
	"sync/atomic"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/mtu"
	"sag.software/native/internal/netstack"
	"sag.software/native/internal/proxy/dialer"
	"sag.software/native/internal/proxy/peercred"
	"sag.software/native/internal/session"
)

// proxyCarrier carries the traffic of one user's programs, which use its SOCKS5 and HTTP proxies. The proxies connect over
// a TCP/IP stack in this process.
type proxyCarrier struct {
	links
	dir    string
	owners peercred.Table

	// current is read by the proxies' connections from any goroutine.
	current   *atomic.Pointer[dialer.Intranet]
	listeners *listeners
	stack     *netstack.Stack
	network   *network
}

var _ Carrier = (*proxyCarrier)(nil)

// newProxyCarrier returns a carrier. dir is the intranet's runtime directory; the current policy and network are stored in
// current.
func newProxyCarrier(dir string, owners peercred.Table, current *atomic.Pointer[dialer.Intranet], logger *slog.Logger) *proxyCarrier {
	return &proxyCarrier{links: links{logger: logger}, dir: dir, owners: owners, current: current}
}

// Mode implements Carrier.
func (c *proxyCarrier) Mode() Mode { return ProxyMode }

// Mark implements Carrier.
func (c *proxyCarrier) Mark() uint32 { return 0 }

// Open implements Carrier.
func (c *proxyCarrier) Open(options ProxyOptions) error {
	if c.listeners != nil {
		if c.listeners.serves(options) {
			return nil
		}
		c.Close()
	}
	opened, err := openListeners(options, c.dir, func() dialer.Intranet { return *c.current.Load() }, c.owners, c.logger)
	if err == nil {
		c.listeners = opened
	}
	return err
}

// Begin implements Carrier.
func (c *proxyCarrier) Begin(why *failure.Failure) {
	c.Withdraw(why)
	c.former = Traffic{}
	c.current.Store(&dialer.Intranet{})
}

// Carry implements Carrier.
func (c *proxyCarrier) Carry(s *session.Session, t terms) error {
	if c.link != nil && !c.link.fits(s) {
		c.Withdraw(nil)
	}
	if c.link == nil {
		if err := c.open(s, t); err != nil {
			return err
		}
	}
	routing := s.Routing()
	routing.RefuseDirect = t.refuseDirect
	c.network.setNameServers(s.DNS.Servers, routing.IPv6())
	c.current.Store(&dialer.Intranet{Policy: routing, Network: c.network})
	return c.link.apply(s)
}

func (c *proxyCarrier) open(s *session.Session, t terms) error {
	config := netstack.Config{MTU: mtu.Ceiling}
	for _, a := range s.Addresses() {
		config.Addresses = append(config.Addresses, netip.PrefixFrom(a, a.BitLen()))
	}
	stack, err := netstack.New(config)
	if err != nil {
		return err
	}
	stack.SetPathMTU(mtu.Floor)
	if err := c.use(stack.Device(), s, t, 0); err != nil {
		stack.Close()
		return err
	}
	c.stack, c.network = stack, newNetwork(stack)
	return nil
}

// SetMTU implements Carrier.
func (c *proxyCarrier) SetMTU(size int) error {
	c.stack.SetPathMTU(size)
	return nil
}

// Reach implements Carrier. In proxy mode no firewall rule restricts the engine's endpoints.
func (c *proxyCarrier) Reach(*session.Session, session.Endpoint) error { return nil }

// EndConnections implements Carrier.
func (c *proxyCarrier) EndConnections(*session.Session) { c.network.abort() }

// ProbeConnections implements Carrier. A restarted access point has lost the state of all connections, so each handshake is
// followed by a check.
func (c *proxyCarrier) ProbeConnections() {
	if c.link == nil {
		return
	}
	if at := c.link.lastHandshake(); !at.Equal(c.link.probedAt) {
		c.link.probedAt = at
		c.network.probe()
	}
}

// SetUp implements Carrier.
func (c *proxyCarrier) SetUp(up bool, why *failure.Failure) {
	if c.network != nil {
		c.network.set(up, why)
	}
}

// Withdraw implements Carrier.
func (c *proxyCarrier) Withdraw(why *failure.Failure) {
	if c.link == nil {
		return
	}
	c.network.set(false, why)
	c.network.abort()
	c.drop()
	c.stack.Close()
}

// CheckHost implements Carrier.
func (c *proxyCarrier) CheckHost() {}

// Trouble implements Carrier.
func (c *proxyCarrier) Trouble() *failure.Failure { return nil }

// HoldsPackets implements Carrier.
func (c *proxyCarrier) HoldsPackets() bool { return false }

// Proxy implements Carrier.
func (c *proxyCarrier) Proxy() *ProxyState {
	if c.listeners == nil {
		return nil
	}
	return c.listeners.state()
}

// Describe implements Carrier.
func (c *proxyCarrier) Describe(s *State, _ bool) { s.Proxy = c.Proxy() }

// Close implements Carrier.
func (c *proxyCarrier) Close() {
	if c.listeners != nil {
		c.listeners.close()
		c.listeners = nil
	}
}
