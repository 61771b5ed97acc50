package accesspoint

import (
	"net/netip"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/engine/probe"
	"sag.software/native/internal/userspace/stack"
)

// forwarding carries clients' traffic on.
type forwarding interface {
	// Device is the lower end, for WireGuard.
	Device() probe.Device
	// Serve says who the clients are, by session, with their addresses.
	Serve(map[string][]netip.Addr)
	// Probed says that a client was heard, and whether it is active here. It must not block.
	Probed(session string, active bool)
	Close()
}

func (p *Point) newForwarding() (forwarding, error) {
	if p.config.Kernel != "" {
		return kernel.Open(kernel.Config{
			Mode: p.config.Kernel, Links: p.config.Links, Route: p.config.Route, MTU: innerMTU,
			Policy: p.config.Policy, Clients: (*lookup)(p), Host: p.config.Host, Notes: p.config.Notes,
			Logger: p.config.Logger,
		})
	}
	forwarder := forward.New(forward.Config{
		Policy: p.config.Policy, Clients: (*lookup)(p), Host: p.config.Host, Logger: p.config.Logger,
	})
	s, err := stack.New(stack.Config{MTU: innerMTU, Forward: forwarder.Handlers()})
	if err != nil {
		forwarder.Close()
		return nil, err
	}
	return &userspace{s, forwarder}, nil
}

// userspace forwards by sockets of this process. It needs not know where clients are: whoever opens a socket gets the
// answers.
type userspace struct {
	stack     *stack.Stack
	forwarder *forward.Forwarder
}

func (u *userspace) Device() probe.Device          { return u.stack.Device() }
func (u *userspace) Serve(map[string][]netip.Addr) {}
func (u *userspace) Probed(string, bool)           {}

func (u *userspace) Close() {
	u.stack.Close()
	u.forwarder.Close()
}
