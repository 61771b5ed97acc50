package accesspoint

import (
	"net/netip"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/netstack"
)

// forwarding carries clients' traffic on.
type forwarding interface {
	// Device is the lower end of the data path.
	Device() datapath.Device
	// Stages are what packets pass in front of the device, beside probes and accounting. Inject is the path's.
	Stages(inject func([]byte) error) (fromTunnel, toTunnel []datapath.Stage)
	// Serve says who the clients are, by session, with their addresses.
	Serve(map[string][]netip.Addr)
	// Probed reports that a probe of a client came, and whether it is active here by its highest generation. It must not block.
	Probed(session string, generation uint64, active bool)
	Close()
}

func (p *Point) newForwarding() (forwarding, error) {
	if p.config.Kernel != "" {
		return kernel.Open(kernel.Config{
			Mode: p.config.Kernel, Links: p.config.Links, Route: p.config.Route, MTU: innerMTU,
			Policy: p.config.Policy, Clients: (*lookup)(p), Host: p.config.Host, Journal: p.config.Journal,
			Logger: p.config.Logger,
		})
	}
	forwarder := forward.New(forward.Config{
		Policy: p.config.Policy, Clients: (*lookup)(p), Host: p.config.Host, Logger: p.config.Logger,
	})
	s, err := netstack.New(netstack.Config{MTU: innerMTU, Forward: forwarder.Handlers()})
	if err != nil {
		forwarder.Close()
		return nil, err
	}
	return &userspace{s, forwarder}, nil
}

// userspace forwards by sockets of this process. It need not know where clients are: answers come to the sockets.
type userspace struct {
	stack     *netstack.Stack
	forwarder *forward.Forwarder
}

func (u *userspace) Device() datapath.Device       { return u.stack.Device() }
func (u *userspace) Serve(map[string][]netip.Addr) {}
func (u *userspace) Probed(string, uint64, bool)   {}

// Stages implements forwarding: the forwarder decides on whole flows, and limits by reading no faster.
func (u *userspace) Stages(func([]byte) error) (fromTunnel, toTunnel []datapath.Stage) {
	return nil, nil
}

func (u *userspace) Close() {
	u.stack.Close()
	u.forwarder.Close()
}
