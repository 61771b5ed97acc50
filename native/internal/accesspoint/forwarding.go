package accesspoint

import (
	"net/netip"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/acl"
	"sag.software/native/internal/mtu"
	"sag.software/native/internal/netstack"
)

// forwarding forwards clients' traffic.
type forwarding interface {
	// Device is the device at the end of the data path.
	Device() datapath.Device
	// Stages returns the stages in front of the device, besides probes and accounting. inject is the path's Inject.
	Stages(inject func([]byte) error) (fromTunnel, toTunnel []datapath.Stage)
	// Refused counts the packets that the stages have refused.
	Refused() *acl.Counter
	// Serve sets the sessions and their addresses.
	Serve(map[string][]netip.Addr)
	// Probed records what the probes of a client report. It must not block.
	Probed(session string, presence kernel.Presence)
	Close()
}

func (p *Point) newForwarding() (forwarding, error) {
	if p.config.Kernel != "" {
		return kernel.Open(kernel.Config{
			Mode: p.config.Kernel, Links: p.config.Links, Route: p.config.Route,
			Policy: p.config.Policy, Clients: (*lookup)(p), PathMTU: (*lookup)(p).PathMTU, Host: p.config.Host, Journal: p.config.Journal,
			Logger: p.config.Logger,
		})
	}
	forwarder := forward.New(forward.Config{
		Policy: p.config.Policy, Clients: (*lookup)(p), Host: p.config.Host, Logger: p.config.Logger,
	})
	s, err := netstack.New(netstack.Config{
		MTU: mtu.Ceiling, PathMTU: (*lookup)(p).PathMTU, Forward: forwarder.Handlers(),
	})
	if err != nil {
		forwarder.Close()
		return nil, err
	}
	return &userspace{stack: s, forwarder: forwarder}, nil
}

// userspace forwards through sockets of this process. It does not use the clients' presence, because replies arrive at the
// sockets.
type userspace struct {
	stack     *netstack.Stack
	forwarder *forward.Forwarder
	refused   acl.Counter
}

func (u *userspace) Device() datapath.Device { return u.stack.Device() }

// Refused implements forwarding. It counts nothing, since there are no stages.
func (u *userspace) Refused() *acl.Counter { return &u.refused }

func (u *userspace) Serve(map[string][]netip.Addr)  {}
func (u *userspace) Probed(string, kernel.Presence) {}

// Stages implements forwarding. It returns none: the forwarder checks whole flows, and limits rates by reading more slowly.
func (u *userspace) Stages(func([]byte) error) (fromTunnel, toTunnel []datapath.Stage) {
	return nil, nil
}

func (u *userspace) Close() {
	u.stack.Close()
	u.forwarder.Close()
}
