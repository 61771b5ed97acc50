// Package kernel carries clients' traffic on by the host's kernel: the access point's routed and NAT modes. WireGuard is
// joined to a TUN device; what passes is decided packet by packet on the way (filter), and once more by the firewall for
// what concerns the host itself.
package kernel

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/hostnet/journal"
)

// ErrPrivilege means that this process may not do what these modes need.
var ErrPrivilege = errors.New("forwarding by the kernel needs CAP_NET_ADMIN and CAP_NET_RAW")

// Mode is how clients appear in the intranet.
type Mode string

const (
	// Routed: with their own addresses. Whichever access point a client is active at answers for them on the LAN.
	Routed Mode = "routed"
	// NAT: with the access point's address.
	NAT Mode = "nat"
)

// silence is how long a client may be silent before another access point may serve it: more than two of its idle probes.
const silence = 60 * time.Second

// Change is a change to the host that does not end with the process.
type Change struct {
	Kind string `json:"kind"`
	// IPv6 or else IPv4.
	IPv6 bool `json:"ipv6"`
}

// changeForwarding is the kind of a Change that has the host forward packets.
const changeForwarding = "forwarding"

// Key implements journal.Change.
func (c Change) Key() string { return fmt.Sprint(c.Kind, c.IPv6) }

// Whole implements journal.Change.
func (c Change) Whole() bool { return c.Kind == changeForwarding }

// Journal remembers changes over the end of the process.
type Journal = journal.Journal[Change]

// Config says how to carry.
type Config struct {
	Mode Mode
	// Links are the networks on which clients are answered for in routed mode; none = all but the way to the Internet,
	// or that one if there is no other.
	Links []string
	// Route is a program that is run with "add" or "remove" and an address whenever a client becomes active here or ceases
	// to be: where there is no LAN shared with other access points, it informs the routers. Empty = none.
	Route string
	// MTU of the inner packets, bytes.
	MTU     int
	Policy  policy.Policy
	Clients forward.Clients
	// Host is called for every new flow.
	Host func() policy.Host
	// Journal is this access point's.
	Journal *Journal
	Logger  *slog.Logger
}

// platform is what the operating system has to do.
type platform interface {
	device() datapath.Device
	// advertise makes packets for an address come to the tunnel, and announces it on the LAN with the client's generation. It
	// may be repeated.
	advertise(address netip.Addr, generation uint64) error
	withdraw(netip.Addr) error
	close() error
}

// Kernel is the kernel's side of an access point.
type Kernel struct {
	config   Config
	rules    *rules
	platform platform
	wake     chan struct{}
	done     chan struct{}
	worker   sync.WaitGroup

	mu      sync.Mutex
	clients map[string]*presence

	applying   sync.Mutex
	advertised map[netip.Addr]bool
}

// presence is what is known of where a client is.
type presence struct {
	addresses []netip.Addr
	active    bool
	// generation is the highest of the client's probes: it grows each time the client chooses an access point.
	generation uint64
	// again: another access point may have announced the addresses on the LAN since.
	again     bool
	lastProbe time.Time
}

// Device is the lower end.
func (k *Kernel) Device() datapath.Device { return k.platform.device() }

// Stages are the rules and the limits in front of the device. Inject is the path's.
func (k *Kernel) Stages(inject func([]byte) error) (fromTunnel, toTunnel []datapath.Stage) {
	k.rules.inject = inject
	return []datapath.Stage{k.rules.fromTunnel, datapath.Limit}, []datapath.Stage{k.rules.toTunnel, datapath.Limit}
}

func (k *Kernel) start() {
	k.wake, k.done = make(chan struct{}, 1), make(chan struct{})
	k.clients, k.advertised = map[string]*presence{}, map[netip.Addr]bool{}
	k.worker.Go(func() {
		ticker := time.NewTicker(silence / 6)
		defer ticker.Stop()
		for {
			select {
			case <-k.done:
				return
			case <-k.wake:
			case <-ticker.C:
			}
			k.apply()
		}
	})
}

// Close takes everything back.
func (k *Kernel) Close() {
	close(k.done)
	k.worker.Wait()
	k.Serve(nil)
	if err := k.platform.close(); err != nil {
		k.config.Logger.Error("not everything could be taken back", "error", err)
	}
}

// Serve says who the clients are, by session, with their addresses. What was decided about them is decided anew.
func (k *Kernel) Serve(sessions map[string][]netip.Addr) {
	k.mu.Lock()
	for id := range k.clients {
		if _, stays := sessions[id]; !stays {
			delete(k.clients, id)
		}
	}
	for id, addresses := range sessions {
		if c := k.clients[id]; c != nil {
			c.addresses = addresses
		} else {
			k.clients[id] = &presence{addresses: addresses}
		}
	}
	k.mu.Unlock()
	k.rules.forget()
	k.apply()
}

// Probed reports that a probe of a client came, and whether it is active here by its highest generation. It does not block.
func (k *Kernel) Probed(session string, generation uint64, active bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.clients[session]
	if c == nil {
		return
	}
	c.lastProbe = time.Now()
	if c.active == active && c.generation == generation {
		return
	}
	// With another generation it may have been elsewhere in between, unnoticed.
	c.again = c.again || c.active && active
	c.active, c.generation = active, generation
	k.soon()
}

// displaced says that another machine has claimed an address, with the client's generation there; 0 = it named none. The
// client has gone there, unless it has come back since: announcements can be older than the probe that overtook them.
func (k *Kernel) displaced(address netip.Addr, generation uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, c := range k.clients {
		if !c.active || !slices.Contains(c.addresses, address) {
			continue
		}
		if generation != 0 && generation == c.generation {
			continue // this access point's own announcement, received on its other link
		}
		c.again = true
		if generation == 0 || generation > c.generation {
			c.active = false
			k.config.Logger.Info("another access point answers for the client", "session", id)
		}
		k.soon()
	}
}

func (k *Kernel) soon() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// apply makes it so.
func (k *Kernel) apply() {
	k.applying.Lock()
	defer k.applying.Unlock()
	wanted := k.wanted(time.Now())
	for address := range k.advertised {
		if _, is := wanted[address]; is {
			continue
		}
		if err := k.platform.withdraw(address); err != nil {
			k.config.Logger.Error("still answering for a client", "address", address, "error", err)
			continue
		}
		delete(k.advertised, address)
	}
	for address, c := range wanted {
		if k.advertised[address] && !c.again {
			continue
		}
		if err := k.platform.advertise(address, c.generation); err != nil {
			k.config.Logger.Error("cannot answer for a client", "address", address, "error", err)
			continue
		}
		k.advertised[address] = true
	}
}

// wanted are the addresses that should lead here, each with its client's presence. With NAT these are all: only this host uses them.
func (k *Kernel) wanted(now time.Time) map[netip.Addr]presence {
	k.mu.Lock()
	defer k.mu.Unlock()
	wanted := map[netip.Addr]presence{}
	for _, c := range k.clients {
		if k.config.Mode == Routed && (!c.active || now.Sub(c.lastProbe) > silence) {
			continue
		}
		for _, address := range c.addresses {
			wanted[address] = *c
		}
		c.again = false
	}
	return wanted
}
