// Package kernel forwards clients' traffic through the host's kernel: the access point's routed and NAT modes. WireGuard is
// connected to a TUN device. Each packet is checked by the rules on the way to the device; the firewall additionally protects the
// host itself.
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
	"sag.software/native/internal/datapath/acl"
	"sag.software/native/internal/datapath/mss"
	"sag.software/native/internal/datapath/refuse"
	"sag.software/native/internal/hostnet/journal"
	"sag.software/native/internal/mtu"
)

// ErrPrivilege means that the process lacks the capabilities these modes need.
var ErrPrivilege = errors.New("forwarding by the kernel needs CAP_NET_ADMIN and CAP_NET_RAW")

// Mode is which source address clients have in the intranet.
type Mode string

const (
	// Routed: their own address. The access point at which a client is active answers for the address on the LAN.
	Routed Mode = "routed"
	// NAT: the access point's address.
	NAT Mode = "nat"
)

// silence is after how long without a probe a client is no longer served here: more than two of its idle probe intervals.
const silence = 60 * time.Second

// The worker pauses after applying changes, for restFactor times as long as that took and at most maxRest; what comes meanwhile is
// applied together. A client can report another MTU or generation with every probe, and each time all clients are gone through.
const restFactor, maxRest = 4, 500 * time.Millisecond

// Change is a change to the host that outlives the process.
type Change struct {
	Kind string `json:"kind"`
	// IPv6 is true for IPv6, false for IPv4.
	IPv6 bool `json:"ipv6"`
}

// changeForwarding is the kind of a Change that enables forwarding.
const changeForwarding = "forwarding"

// Key implements journal.Change.
func (c Change) Key() string { return fmt.Sprint(c.Kind, c.IPv6) }

// Whole implements journal.Change.
func (c Change) Whole() bool { return c.Kind == changeForwarding }

// Journal stores changes so that a later process can undo them.
type Journal = journal.Journal[Change]

// Config configures a Kernel.
type Config struct {
	Mode Mode
	// Links are the networks on which the access point answers for clients in routed mode. None = all except the one with the
	// default route, or that one if there is no other.
	Links []string
	// Route is a program that is run with "add" or "remove" and an address whenever a client becomes active here or stops being
	// active. It can inform routers where access points share no LAN. Empty = none.
	Route string
	// PathMTU returns the MTU of the path to a client, bytes, by the client's inner address.
	PathMTU func(netip.Addr) int
	Policy  policy.Policy
	Clients forward.Clients
	// Host returns the host's addresses and services. It is called for every new flow.
	Host func() policy.Host
	// Journal is this access point's journal.
	Journal *Journal
	Logger  *slog.Logger
}

// platform is the part that depends on the operating system.
type platform interface {
	device() datapath.Device
	// advertise routes an address to the tunnel and announces it on the LAN with the client's generation. It may be called again
	// for the same address.
	advertise(address netip.Addr, client presence) error
	// setMTU changes the MTU of the route to an address, bytes. Senders of larger packets get an ICMP "packet too big".
	setMTU(address netip.Addr, mtu int) error
	withdraw(netip.Addr) error
	close() error
}

// Kernel forwards through the host's kernel.
type Kernel struct {
	config   Config
	rules    *rules
	platform platform
	wake     chan struct{}
	done     chan struct{}
	worker   sync.WaitGroup

	mu      sync.Mutex
	clients map[string]*presence

	applying sync.Mutex
	// advertised are the addresses that lead here, each with the MTU of its route.
	advertised map[netip.Addr]int
}

// Presence is what a client's probes say.
type Presence struct {
	// Generation is the highest of them: it grows each time the client chooses an access point. Active says whether by it the client
	// is here.
	Generation uint64
	Active     bool
	// MTU is the largest inner packet that the client's path carries, bytes.
	MTU int
}

// presence is where a client is active.
type presence struct {
	Presence
	addresses []netip.Addr
	// reannounce means that the addresses must be announced again, because another access point may have announced them since.
	reannounce bool
	lastProbe  time.Time
}

// Device returns the TUN device.
func (k *Kernel) Device() datapath.Device { return k.platform.device() }

// Stages returns the rules and the MSS clamp in front of the device. inject is the path's Inject.
func (k *Kernel) Stages(inject func([]byte) error) (fromTunnel, toTunnel []datapath.Stage) {
	k.rules.refuser = refuse.New(inject)
	fromClient := mss.Stage(func(p *datapath.Packet) int { return k.config.PathMTU(p.Src) })
	toClient := mss.Stage(func(p *datapath.Packet) int { return k.config.PathMTU(p.Dst) })
	return []datapath.Stage{k.rules.fromTunnel, fromClient}, []datapath.Stage{k.rules.toTunnel, toClient}
}

// Refused counts the packets that the policy does not allow.
func (k *Kernel) Refused() *acl.Counter { return &k.rules.refused }

func (k *Kernel) start() {
	k.wake, k.done = make(chan struct{}, 1), make(chan struct{})
	k.clients, k.advertised = map[string]*presence{}, map[netip.Addr]int{}
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
			begun := time.Now()
			k.apply()
			select {
			case <-k.done:
				return
			case <-time.After(min(restFactor*time.Since(begun), maxRest)):
			}
		}
	})
}

// Close undoes all changes to the host.
func (k *Kernel) Close() {
	close(k.done)
	k.worker.Wait()
	k.Serve(nil)
	if err := k.platform.close(); err != nil {
		k.config.Logger.Error("some changes to the host could not be undone", "error", err)
	}
}

// Serve sets the sessions and their addresses. Cached decisions about them are dropped.
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
			k.clients[id] = &presence{addresses: addresses, Presence: Presence{MTU: mtu.Floor}}
		}
	}
	k.mu.Unlock()
	k.rules.forget()
	k.apply()
}

// Probed records what the probes of a client report. It does not block.
func (k *Kernel) Probed(session string, now Presence) {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.clients[session]
	if c == nil {
		return
	}
	c.lastProbe = time.Now()
	if c.Presence == now {
		return
	}
	// With a new generation the client may have been at another access point in between.
	c.reannounce = c.reannounce || c.Active && now.Active && c.Generation != now.Generation
	c.Presence = now
	k.wakeWorker()
}

// displaced handles a claim of an address by another host, with the client's generation there; 0 = the claim had none. The client
// has moved there, unless its generation here is higher: an announcement can arrive later than the probe of a newer choice.
func (k *Kernel) displaced(address netip.Addr, generation uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, c := range k.clients {
		if !c.Active || !slices.Contains(c.addresses, address) {
			continue
		}
		if generation != 0 && generation == c.Generation {
			continue // this access point's own announcement, received on another link
		}
		c.reannounce = true
		if generation == 0 || generation > c.Generation {
			c.Active = false
			k.config.Logger.Info("another access point answers for the client", "session", id)
		}
		k.wakeWorker()
	}
}

func (k *Kernel) wakeWorker() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// apply advertises and withdraws addresses so that they match the active clients.
func (k *Kernel) apply() {
	k.applying.Lock()
	defer k.applying.Unlock()
	wanted := k.wanted(time.Now())
	for address := range k.advertised {
		if _, is := wanted[address]; is {
			continue
		}
		if err := k.platform.withdraw(address); err != nil {
			k.config.Logger.Error("could not stop answering for a client", "address", address, "error", err)
			continue
		}
		delete(k.advertised, address)
	}
	for address, c := range wanted {
		size, is := k.advertised[address]
		var err error
		switch {
		case !is || c.reannounce:
			err = k.platform.advertise(address, c)
		case size != c.MTU:
			err = k.platform.setMTU(address, c.MTU)
		}
		if err != nil {
			k.config.Logger.Error("cannot answer for a client", "address", address, "error", err)
			continue
		}
		k.advertised[address] = c.MTU
	}
}

// wanted returns the addresses to be routed here, each with its client's presence. With NAT these are all addresses, because the
// replies come to this host's own address.
func (k *Kernel) wanted(now time.Time) map[netip.Addr]presence {
	k.mu.Lock()
	defer k.mu.Unlock()
	wanted := map[netip.Addr]presence{}
	for _, c := range k.clients {
		if k.config.Mode == Routed && (!c.Active || now.Sub(c.lastProbe) > silence) {
			continue
		}
		for _, address := range c.addresses {
			wanted[address] = *c
		}
		c.reannounce = false
	}
	return wanted
}
