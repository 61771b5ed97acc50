// Package accesspoint is an access point: WireGuard towards clients, forwarding towards the intranet, and the sessions that the
// cloud instance wants served.
package accesspoint

import (
	"encoding/hex"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"sag.software/native/internal/accesspoint/caps"
	"sag.software/native/internal/accesspoint/flows"
	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/kernel"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/accesspoint/sessiontable"
	"sag.software/native/internal/clock"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/account"
	"sag.software/native/internal/datapath/acl"
	"sag.software/native/internal/datapath/probe"
	"sag.software/native/internal/engine"
)

// Config configures a Point.
type Config struct {
	Key engine.PrivateKey
	// Listen holds the outer UDP addresses; none = all, any port.
	Listen []netip.AddrPort
	Policy policy.Policy
	// Host returns what clients must not reach.
	Host func() policy.Host
	// Kernel forwards through the host's kernel instead of sockets of this process; Links and Route are as in kernel.Config.
	Kernel kernel.Mode
	Links  []string
	Route  string
	// Journal stores changes to the host for the next start; only used with Kernel.
	Journal *kernel.Journal
	// FlowFile is where the flow records of flow logs with JSON lines are written.
	FlowFile string
	Clock    clock.Clock
	Logger   *slog.Logger
}

// Point is a running access point's data plane. It implements agent.Point.
type Point struct {
	config     Config
	device     *engine.Device
	forwarding forwarding
	probes     *probe.Stage
	accounts   *account.Clients
	flows      *flows.Flows
	caps       *caps.Caps

	// clients is replaced as a whole, because it is read without a lock for every new flow and every probe.
	clients atomic.Pointer[clients]

	mu    sync.Mutex
	table *sessiontable.Table
	lists *acl.Compiler

	ruleCounters *acl.Counters
	served       map[string]*served
	closing      chan struct{}
	woken        chan struct{}
}

// clients are the sessions in force, by inner address.
type clients struct {
	byAddress map[netip.Addr]client
	probe     netip.Addr
}

// client is the session of an inner address.
type client struct {
	session    *served
	forwarding *forward.Client
}

// New makes an access point without sessions.
func New(config Config) (*Point, error) {
	p := &Point{
		config: config, table: sessiontable.New(), ruleCounters: acl.NewCounters(), served: map[string]*served{},
		closing: make(chan struct{}), woken: make(chan struct{}, 1),
	}
	p.lists = acl.NewCompiler(p.ruleCounters)
	p.clients.Store(&clients{})
	public, started := config.Key.Public(), time.Now()
	p.flows = flows.New(flows.Config{
		Exporter: public[:], File: config.FlowFile, Now: func() time.Duration { return time.Since(started) }, Logger: config.Logger,
	})
	var err error
	if p.forwarding, err = p.newForwarding(); err != nil {
		return nil, err
	}
	p.device, err = engine.New(engine.Config{
		PrivateKey: config.Key, Listen: config.Listen, Path: p.newPath(), Logger: config.Logger, ManyPeers: true,
	})
	if err != nil {
		p.forwarding.Close()
		return nil, err
	}
	go p.endLeases()
	return p, nil
}

// newPath returns the data path. Probes are answered before accounting, so they are not counted. Packets that the rules refuse or that exceed
// a cap are counted only if they come from a client. Flow records count the same packets as the accounts.
func (p *Point) newPath() *datapath.Path {
	path := datapath.New(p.forwarding.Device())
	p.probes = probe.NewStage(path.Inject, probe.Callbacks{Requested: p.probed})
	p.accounts = account.NewClients()
	access := acl.NewStage(path, (*lookup)(p).Access, p.config.Clock.Now, p.ruleCounters)
	fromTunnel, toTunnel := p.forwarding.Stages(path.Inject)
	path.DeliverThrough(fromTunnel...) // what the access point itself sends to the intranet obeys the policy, too
	p.caps = caps.New(path)
	counted := []datapath.Stage{p.probes.FromTunnel, p.accounts.FromTunnel, p.flows.FromTunnel, access.FromTunnel}
	path.FromTunnel(append(append(counted, fromTunnel...), p.caps.FromTunnel)...)
	path.ToTunnel(append(append([]datapath.Stage{access.ToTunnel}, toTunnel...), p.caps.ToTunnel, p.accounts.ToTunnel, p.flows.ToTunnel)...)
	path.HeldToTunnel(p.caps.ReadHeld, p.accounts.ToTunnel, p.flows.ToTunnel)
	return path
}

// ListenPort returns the outer UDP port.
func (p *Point) ListenPort() uint16 { return p.device.ListenPort() }

// Close ends all sessions.
func (p *Point) Close() {
	close(p.closing)
	p.caps.Close()
	p.device.Close()
	p.mu.Lock()
	for _, s := range p.served {
		s.end()
	}
	p.mu.Unlock()
	p.forwarding.Close()
	p.flows.Close()
}

// StreamBegins implements agent.Point.
func (p *Point) StreamBegins() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.table.StreamBegins()
}

// Receive implements agent.Point.
func (p *Point) Receive(message sessiontable.Message) (*sessiontable.Acknowledgement, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change, err := p.table.Receive(message, p.config.Clock.Now())
	if err != nil {
		return nil, err
	}
	if err := p.enforce(change); err != nil {
		return nil, err
	}
	if !change.Acknowledge {
		return nil, nil
	}
	for _, refused := range change.Refused {
		p.config.Logger.Warn("peer refused", "session", refused.ID, "reason", refused.Err)
	}
	return &change.Acknowledgement, nil
}

// enforce puts a change in force. The forwarder gets new clients before WireGuard does, so that no packet arrives from an unknown
// client. The caller holds the lock.
func (p *Point) enforce(change sessiontable.Change) error {
	if !change.Acknowledge && len(change.Ended) == 0 {
		return nil // a heartbeat, or a part of a snapshot
	}
	if probeAddress := p.table.ProbeAddress(); probeAddress.IsValid() {
		p.probes.SetAddress(probeAddress)
		p.accounts.SetOwn(probeAddress)
		p.flows.SetOwn(probeAddress)
	}
	sessions, now := p.table.Sessions(), p.config.Clock.Now()
	for _, session := range sessions {
		s := p.served[session.ID]
		if s == nil {
			s = newServed(session.ID)
			p.served[session.ID] = s
		}
		s.update(session, p.lists, now, p.table.Bandwidth(session.Instance))
	}
	p.publishClients(sessions)
	for _, id := range change.Ended { // before the peers are removed, so that resets still reach the clients
		p.served[id].end()
		p.config.Logger.Info("session ended", "session", id)
	}
	err := p.device.Apply(change.UpsertPeers, change.RemovePeers)
	select {
	case p.woken <- struct{}{}: // leases may end earlier now
	default:
	}
	return err
}

func (p *Point) publishClients(sessions []*sessiontable.Session) {
	next := &clients{byAddress: make(map[netip.Addr]client, 2*len(sessions)), probe: p.table.ProbeAddress()}
	addresses := make(map[string][]netip.Addr, len(sessions))
	counters := make(map[netip.Addr]*account.Counter, 2*len(sessions))
	capped := make([]caps.Client, 0, len(sessions))
	recorded := make([]flows.Client, 0, len(sessions))
	for _, session := range sessions {
		s := p.served[session.ID]
		addresses[session.ID] = session.Addresses
		capped = append(capped, caps.Client{
			Group: session.SharedRate, Instance: session.Instance, Addresses: session.Addresses, Rates: session.Rates,
		})
		recorded = append(recorded, flows.Client{
			ID: session.ID, Account: session.SharedRate, Instance: session.Instance, Addresses: session.Addresses, Log: session.FlowLog,
		})
		for _, address := range session.Addresses {
			next.byAddress[address] = client{s, s.client}
			counters[address] = s.counter
		}
	}
	p.clients.Store(next)
	p.accounts.Assign(counters)
	p.caps.Assign(capped, p.table.Instances())
	p.flows.Assign(recorded, p.table.FlowLogs())
	p.forwarding.Serve(addresses)
}

// probed records a client's probe. A probe whose session does not belong to the source address is ignored.
func (p *Point) probed(src netip.Addr, m probe.Message) {
	s := p.clients.Load().byAddress[src].session
	if s != nil && s.id == hex.EncodeToString(m.Session[:]) {
		p.forwarding.Probed(s.id, s.probed(m))
	}
}

// maxWait limits how late the end of a lease is noticed after sleep, because Go's timers stop during sleep.
const maxWait = 5 * time.Second

// endLeases removes sessions whose leases have ended, even while the cloud is unreachable.
func (p *Point) endLeases() {
	for {
		p.mu.Lock()
		now := p.config.Clock.Now()
		if at, ok := p.table.NextEnd(); ok && at <= now {
			if err := p.enforce(p.table.Expire(now)); err != nil {
				p.config.Logger.Error("ended leases could not be removed", "error", err)
			}
		}
		wait := maxWait
		if at, ok := p.table.NextEnd(); ok {
			wait = min(wait, at-now)
		}
		p.mu.Unlock()
		select {
		case <-p.closing:
			return
		case <-p.woken:
		case <-time.After(wait):
		}
	}
}
