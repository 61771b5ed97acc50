package kernel

import (
	"net/netip"
	"sync"
	"time"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/datapath"
	"sag.software/native/internal/datapath/acl"
	"sag.software/native/internal/datapath/refuse"
)

const (
	// verdictAge is how long a decision is cached.
	verdictAge = time.Second
	// maxVerdicts limits the number of cached decisions, for all clients together.
	maxVerdicts = 16 << 10
)

// rules is the stage between WireGuard and the kernel that drops packets the policy does not allow. It is stateless: a destination that a
// client may reach may also send to the client.
type rules struct {
	config Config
	// refuser answers refused packets.
	refuser *refuse.Refuser
	// refused counts refused packets.
	refused acl.Counter

	mu       sync.Mutex
	verdicts map[question]bool
	since    time.Time
}

// question is the input of a decision, except the host's addresses. The client is another object after its session has changed.
type question struct {
	client   *forward.Client
	protocol policy.Protocol
	remote   netip.AddrPort
}

func newRules(config Config) *rules {
	return &rules{config: config, verdicts: map[question]bool{}}
}

// forget drops all cached decisions, because the destinations of a client may have changed.
func (r *rules) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.verdicts)
}

// fromTunnel is the stage for packets from clients.
func (r *rules) fromTunnel(b *datapath.Batch) {
	j := judge{rules: r}
	for p := b.Next(); p != nil; p = b.Next() {
		if !j.up(p) {
			r.drop(p)
		}
	}
}

// toTunnel is the stage for packets to clients. Packets that the access point itself injected pass unchecked.
func (r *rules) toTunnel(b *datapath.Batch) {
	j := judge{rules: r}
	for p := b.Next(); p != nil; p = b.Next() {
		if !p.Injected && !j.down(p) {
			r.drop(p)
		}
	}
}

func (r *rules) drop(p *datapath.Packet) {
	p.Drop()
	r.refused.Add(1, uint64(len(p.Raw)))
}

// judge checks the packets of a batch. It keeps the last decision, because most packets of a batch belong to one flow.
type judge struct {
	*rules
	address netip.Addr
	client  *forward.Client
	last    question
	verdict bool
}

// find returns the client with an inner address, nil if there is none.
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
	if f.isError { // an ICMP error must come from the recipient of the quoted packet and go to its sender
		if f.quotedTo.Addr() != p.Src || f.quotedFrom.Addr() != p.Dst {
			return false
		}
		remote = f.quotedFrom
	}
	if !j.allowed(client, f.protocol, remote) {
		if !f.isError {
			j.refuser.Prohibit(client.Answers(), &p.Header, p.Raw)
		}
		return false
	}
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
	if f.isError { // any router may send an ICMP error about a packet that the client has sent
		if f.quotedFrom.Addr() != p.Dst {
			return false
		}
		remote = f.quotedTo
	}
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
