package tunnel

import (
	"errors"
	"log/slog"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/session"
)

// systemCarrier carries the intranet traffic of every program on the host.
type systemCarrier struct {
	links
	host Host
}

var _ Carrier = (*systemCarrier)(nil)

func newSystemCarrier(host Host, logger *slog.Logger) *systemCarrier {
	return &systemCarrier{links: links{logger: logger}, host: host}
}

// Mode implements Carrier.
func (c *systemCarrier) Mode() Mode { return SystemMode }

// Mark implements Carrier.
func (c *systemCarrier) Mark() uint32 { return c.host.Mark() }

// Open implements Carrier. System mode has no proxies.
func (c *systemCarrier) Open(ProxyOptions) error { return nil }

// Begin implements Carrier.
func (c *systemCarrier) Begin(*failure.Failure) {
	c.leave()
	c.former = Traffic{}
}

// Carry implements Carrier.
func (c *systemCarrier) Carry(s *session.Session, t terms) error {
	if c.link != nil && !c.link.fits(s) {
		c.leave()
	}
	if c.link != nil {
		err := c.host.Update(s)
		switch {
		case errors.Is(err, ErrNotTrusted):
			return refusedError{err}
		case err != nil:
			return err
		}
		return c.link.apply(s)
	}
	device, err := c.host.Attach(s, t.cloud)
	if err == nil {
		if err = c.use(device, s, t, c.host.Mark()); err != nil {
			c.host.Leave()
		}
	}
	if err != nil {
		return refusedError{err}
	}
	return nil
}

// leave closes the link before another one is opened; kill switch and blackhole routes stay.
func (c *systemCarrier) leave() {
	if c.link != nil {
		c.host.Leave()
		c.drop()
	}
}

// SetMTU implements Carrier.
func (c *systemCarrier) SetMTU(size int) error { return c.host.SetMTU(size) }

// Reach implements Carrier.
func (c *systemCarrier) Reach(s *session.Session, e session.Endpoint) error {
	return c.host.Reach(s, e)
}

// EndConnections implements Carrier.
func (c *systemCarrier) EndConnections(s *session.Session) { c.host.EndConnections(s) }

// ProbeConnections implements Carrier. The kernel's own retransmissions find broken connections.
func (c *systemCarrier) ProbeConnections() {}

// SetUp implements Carrier. Routes and kill switch stay the same whether the tunnel is up or not.
func (c *systemCarrier) SetUp(bool, *failure.Failure) {}

// Withdraw implements Carrier. The host's settings are restored while the link still works, so that DNS queries in flight
// are answered before programs use the ordinary name servers.
func (c *systemCarrier) Withdraw(*failure.Failure) {
	if err := c.host.Detach(); err != nil {
		c.logger.Error("failed to restore some of the host's settings; run sag repair", "error", err)
	}
	c.leave()
}

// CheckHost implements Carrier.
func (c *systemCarrier) CheckHost() { c.host.Look() }

// Trouble implements Carrier.
func (c *systemCarrier) Trouble() *failure.Failure { return c.host.Trouble() }

// HoldsPackets implements Carrier.
func (c *systemCarrier) HoldsPackets() bool { return c.host.Holds() }

// Proxy implements Carrier.
func (c *systemCarrier) Proxy() *ProxyState { return nil }

// Describe implements Carrier.
func (c *systemCarrier) Describe(s *State, moving bool) {
	s.Host = c.host.State()
	s.Warnings = append(s.Warnings, c.host.Warnings()...)
	if moving && s.Host != nil && s.Host.KillSwitch != nil {
		c.host.CountDropped(s.Host.KillSwitch)
	}
}

// Close implements Carrier.
func (c *systemCarrier) Close() {}
