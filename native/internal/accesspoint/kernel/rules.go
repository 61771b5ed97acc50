package kernel

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath"
)

const (
	// verdictAge is how long a decision is good: as long as what is known of the host may be.
	verdictAge = time.Second
	// maxVerdicts bounds what is remembered, for all clients.
	maxVerdicts = 16 << 10
	// refusalsPerSecond and refusalsAtOnce bound the ICMP errors that clients get for refused packets.
	refusalsPerSecond, refusalsAtOnce = 200, 50
)

// rules is the rules stage between WireGuard and the kernel: it lets pass what the policy allows, packet by packet, and sets the limit
// that a packet counts against. It has no flows: what a client may reach may also reach the client.
type rules struct {
	config Config
	// inject hands a packet to WireGuard.
	inject  func([]byte) error
	refusal *rate.Limiter

	mu       sync.Mutex
	verdicts map[question]bool
	since    time.Time
}

// question is what a verdict depends on, the host aside. The client changes when its session does.
type question struct {
	client   *forward.Client
	protocol policy.Protocol
	remote   netip.AddrPort
}

func newRules(config Config) *rules {
	return &rules{
		config: config, verdicts: map[question]bool{}, refusal: rate.NewLimiter(refusalsPerSecond, refusalsAtOnce),
	}
}

// forget has every verdict made anew: the destinations of a client have changed.
func (r *rules) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.verdicts)
}

// fromTunnel is the stage for what clients send.
func (r *rules) fromTunnel(b *datapath.Batch) {
	j := judge{rules: r}
	for p := b.Next(); p != nil; p = b.Next() {
		if !j.up(p) {
			p.Drop()
		}
	}
}

// toTunnel is the stage for what clients get. The access point's own packets are not judged.
func (r *rules) toTunnel(b *datapath.Batch) {
	j := judge{rules: r}
	for p := b.Next(); p != nil; p = b.Next() {
		if !p.Injected && !j.down(p) {
			p.Drop()
		}
	}
}

// judge decides on the packets of a batch. Most of them belong to one flow, and are decided as the one before.
type judge struct {
	*rules
	address netip.Addr
	client  *forward.Client
	last    question
	verdict bool
}

// find is the client with an inner address, nil if there is none.
func (j *judge) find(address netip.Addr) *forward.Client {
	if j.client == nil || j.address != address {
		j.address, j.client = address, j.config.Clients.Client(address)
	}
	return j.client
}

func (j *judge) up(p *datapath.Packet) bool {
	f, ok := classify(&p.Header, p.Raw)
	if !ok {
		return false
	}
	client := j.find(p.Src)
	if client == nil {
		return false
	}
	remote := p.Destination()
	if f.isError { // only who was to get a packet may complain, and only to who sent it
		if f.quotedTo.Addr() != p.Src || f.quotedFrom.Addr() != p.Dst {
			return false
		}
		remote = f.quotedFrom
	}
	if !j.allowed(client, f.protocol, remote) {
		if p.FragmentOffset == 0 && !f.isError && j.refusal.Allow() {
			_ = j.inject(prohibited(p.Raw, p.Src, p.Dst)) // a full queue: the client tries again
		}
		return false
	}
	p.Limit = &client.Up
	return true
}

func (j *judge) down(p *datapath.Packet) bool {
	f, ok := classify(&p.Header, p.Raw)
	if !ok {
		return false
	}
	client := j.find(p.Dst)
	if client == nil {
		return false
	}
	remote := p.Source()
	if f.isError { // any router on the way may complain, about what the client has sent
		if f.quotedFrom.Addr() != p.Dst {
			return false
		}
		remote = f.quotedTo
	}
	p.Limit = &client.Down
	return j.allowed(client, f.protocol, remote)
}

func (j *judge) allowed(client *forward.Client, protocol policy.Protocol, remote netip.AddrPort) bool {
	if q := (question{client, protocol, remote}); j.last != q {
		j.last, j.verdict = q, j.decide(q)
	}
	return j.verdict
}

func (r *rules) decide(q question) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) > verdictAge || len(r.verdicts) >= maxVerdicts {
		clear(r.verdicts)
		r.since = now
	}
	verdict, known := r.verdicts[q]
	if !known {
		decision := r.config.Policy.Decide(policy.Query{
			Protocol: q.protocol, To: q.remote, Destinations: q.client.Destinations(), IsClient: r.config.Clients.IsInner, Host: r.config.Host(),
		})
		verdict = decision.Verdict == policy.Forwarded
		r.verdicts[q] = verdict
		if !verdict {
			r.config.Logger.Debug("not forwarded", "protocol", q.protocol, "remote", q.remote, "reason", decision.Reason)
		}
	}
	return verdict
}
