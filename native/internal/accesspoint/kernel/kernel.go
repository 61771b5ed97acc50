// Package kernel carries clients' traffic on by the host's kernel: the access point's routed and NAT modes. WireGuard is
// joined to a TUN device; what passes is decided packet by packet on the way (filter), and once more by the firewall for
// what concerns the host itself.
package kernel

import (
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/engine/probe"
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

// silence is how long a client may be silent before somebody else may be where it is: more than two of its idle probes.
const silence = 60 * time.Second

// Notebook keeps, over the end of the process, what was changed on the machine and does not end with it.
type Notebook interface {
	// Forwarding is what was noted last; empty = nothing.
	Forwarding() string
	NoteForwarding(text string) error
}

// Config says how to carry.
type Config struct {
	Mode Mode
	// Links are the networks on which clients are answered for in routed mode; none = all but the way to the Internet,
	// or that one if there is no other.
	Links []string
	// Route is a program that is run with "add" or "remove" and an address whenever a client becomes active here or ceases
	// to be: where there is no LAN shared with other access points, it tells the routers. Empty = none.
	Route string
	// MTU of the inner packets, bytes.
	MTU     int
	Policy  policy.Policy
	Clients forward.Clients
	// Host is asked for every new flow.
	Host   func() policy.Host
	Notes  Notebook
	Logger *slog.Logger
}

// ground is what the operating system has to do.
type ground interface {
	device() probe.Device
	// hold makes packets for an address come to the tunnel, and tells the LAN.
	hold(netip.Addr) error
	letGo(netip.Addr) error
	close() error
}

// Kernel is the kernel's side of an access point.
type Kernel struct {
	config Config
	filter *filter
	ground ground
	wake   chan struct{}
	done   chan struct{}
	worker sync.WaitGroup

	mu      sync.Mutex
	clients map[string]*presence

	applying sync.Mutex
	held     map[netip.Addr]bool
}

// presence is what is known of where a client is.
type presence struct {
	addresses []netip.Addr
	active    bool
	heard     time.Time
}

// Device is the lower end, for wireguard-go.
func (k *Kernel) Device() probe.Device { return k.ground.device() }

func (k *Kernel) start() {
	k.wake, k.done = make(chan struct{}, 1), make(chan struct{})
	k.clients, k.held = map[string]*presence{}, map[netip.Addr]bool{}
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
	if err := k.ground.close(); err != nil {
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
	k.filter.forget()
	k.apply()
}

// Probed says that a client was heard, and whether it is active here. It does not block.
func (k *Kernel) Probed(session string, active bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.clients[session]
	if c == nil {
		return
	}
	c.heard = time.Now()
	if c.active != active {
		c.active = active
		k.soon()
	}
}

// displaced says that another machine answers for an address now: the client has gone there. It comes back by a probe.
func (k *Kernel) displaced(address netip.Addr) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, c := range k.clients {
		if c.active && slices.Contains(c.addresses, address) {
			c.active = false
			k.config.Logger.Info("another access point answers for the client", "session", id)
			k.soon()
		}
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
	for address := range k.held {
		if wanted[address] {
			continue
		}
		if err := k.ground.letGo(address); err != nil {
			k.config.Logger.Error("still answering for a client", "address", address, "error", err)
			continue
		}
		delete(k.held, address)
	}
	for address := range wanted {
		if k.held[address] {
			continue
		}
		if err := k.ground.hold(address); err != nil {
			k.config.Logger.Error("cannot answer for a client", "address", address, "error", err)
			continue
		}
		k.held[address] = true
	}
}

// wanted are the addresses that should lead here. With NAT that is all: nobody else knows them.
func (k *Kernel) wanted(now time.Time) map[netip.Addr]bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	wanted := map[netip.Addr]bool{}
	for _, c := range k.clients {
		if k.config.Mode == Routed && (!c.active || now.Sub(c.heard) > silence) {
			continue
		}
		for _, address := range c.addresses {
			wanted[address] = true
		}
	}
	return wanted
}
