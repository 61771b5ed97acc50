package kernel

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"golang.zx2c4.com/wireguard/tun"

	"sag.software/native/internal/accesspoint/forward"
	"sag.software/native/internal/accesspoint/policy"
)

const (
	// verdictAge is how long a decision is good: as long as what is known of the host may be.
	verdictAge = time.Second
	// maxVerdicts bounds what is remembered, for all clients.
	maxVerdicts = 16 << 10
	// complaints per second, and at once: refusals that are told to clients.
	complaints, complaintsAtOnce = 200, 50
)

// filter stands between WireGuard and the kernel, and lets pass what the policy allows, packet by packet. It has no flows:
// what a client may reach may also reach the client.
type filter struct {
	tun.Device
	config Config
	// inject hands a packet to WireGuard.
	inject func([]byte) error
	tell   *rate.Limiter

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

func newFilter(device tun.Device, config Config) *filter {
	return &filter{
		Device: device, config: config, verdicts: map[question]bool{}, tell: rate.NewLimiter(complaints, complaintsAtOnce),
	}
}

// forget makes every verdict anew: somebody's destinations have changed.
func (f *filter) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.verdicts)
}

// Write takes what came from clients.
func (f *filter) Write(buffers [][]byte, offset int) (int, error) {
	passing := make([][]byte, 0, len(buffers))
	for _, b := range buffers {
		if f.up(b[offset:]) {
			passing = append(passing, b)
		}
	}
	if len(passing) > 0 {
		if _, err := f.Device.Write(passing, offset); err != nil {
			return 0, err
		}
	}
	return len(buffers), nil
}

// Read gives what goes to clients. What may not is given with size 0, which WireGuard skips.
func (f *filter) Read(buffers [][]byte, sizes []int, offset int) (int, error) {
	n, err := f.Device.Read(buffers, sizes, offset)
	for i := range n {
		if !f.down(buffers[i][offset : offset+sizes[i]]) {
			sizes[i] = 0
		}
	}
	return n, err
}

func (f *filter) up(raw []byte) bool {
	p, ok := parse(raw)
	if !ok {
		return false
	}
	client := f.config.Clients.Client(p.from.Addr())
	if client == nil {
		return false
	}
	remote := p.to
	if p.isError() { // only who was to get a packet may complain, and only to who sent it
		if p.quotedTo.Addr() != p.from.Addr() || p.quotedFrom.Addr() != p.to.Addr() {
			return false
		}
		remote = p.quotedFrom
	}
	if !f.allowed(client, p.protocol, remote) {
		if p.first && !p.isError() && f.tell.Allow() {
			_ = f.inject(prohibited(raw, p.from.Addr(), p.to.Addr())) // a full queue: the client tries again
		}
		return false
	}
	return client.Up.Allow(len(raw))
}

func (f *filter) down(raw []byte) bool {
	p, ok := parse(raw)
	if !ok {
		return false
	}
	client := f.config.Clients.Client(p.to.Addr())
	if client == nil {
		return false
	}
	remote := p.from
	if p.isError() { // any router on the way may complain, about what the client has sent
		if p.quotedFrom.Addr() != p.to.Addr() {
			return false
		}
		remote = p.quotedTo
	}
	return f.allowed(client, p.protocol, remote) && client.Down.Allow(len(raw))
}

func (f *filter) allowed(client *forward.Client, protocol policy.Protocol, remote netip.AddrPort) bool {
	q := question{client, protocol, remote}
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.since) > verdictAge || len(f.verdicts) >= maxVerdicts {
		clear(f.verdicts)
		f.since = now
	}
	verdict, known := f.verdicts[q]
	if !known {
		decision := f.config.Policy.Decide(policy.Query{
			Protocol: protocol, To: remote, Destinations: client.Destinations(), IsClient: f.config.Clients.IsInner, Host: f.config.Host(),
		})
		verdict = decision.Verdict == policy.Forwarded
		f.verdicts[q] = verdict
		if !verdict {
			f.config.Logger.Debug("not forwarded", "protocol", protocol, "remote", remote, "reason", decision.Reason)
		}
	}
	return verdict
}
