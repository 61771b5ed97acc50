package shape

import (
	"math"
	"time"

	"sag.software/native/internal/mtu"
)

// The parameters of CoDel (RFC 8289, section 4): once packets have waited longer than target for an interval, packets are dropped.
const (
	codelTarget   = 5 * time.Millisecond
	codelInterval = 100 * time.Millisecond
	// codelMinBacklog is the backlog of a flow up to which nothing is dropped, bytes: the smallest windows of TCP, with which it notices a
	// loss without a timeout.
	codelMinBacklog = 4 * mtu.Ceiling
)

// codel is the state of CoDel for one flow.
type codel struct {
	// firstAbove is when the flow has been above the target for an interval; 0 = it is below.
	firstAbove, dropNext time.Duration
	count, lastCount     int
	dropping             bool
}

// codelParams are the parameters in force, which depend on the rate and the number of flows.
type codelParams struct{ target, interval time.Duration }

// dequeue returns a flow's next packet, nil if there is none. It passes those that CoDel drops to drop (RFC 8289, section 5.5).
func (f *flow) dequeue(now time.Duration, params codelParams, drop func(*Packet)) *Packet {
	c := &f.codel
	p, above := f.oldest(now, params)
	if !above {
		c.dropping = false
		return p
	}
	if c.dropping {
		for c.dropping && now >= c.dropNext {
			drop(p)
			c.count++
			if p, above = f.oldest(now, params); above {
				c.dropNext = c.controlLaw(c.dropNext, params)
			} else {
				c.dropping = false
			}
		}
		return p
	}
	drop(p)
	p, _ = f.oldest(now, params)
	c.dropping = true
	recent := c.count - c.lastCount
	if c.count = 1; recent > 1 && now-c.dropNext < 16*params.interval { // the rate of drops that was needed before is probably right again
		c.count = recent
	}
	c.lastCount, c.dropNext = c.count, c.controlLaw(now, params)
	return p
}

// oldest pops a packet, nil if there is none. above means that packets have waited longer than the target for an interval.
func (f *flow) oldest(now time.Duration, params codelParams) (p *Packet, above bool) {
	p = f.pop()
	if p == nil || now-p.arrived < params.target || f.bytes <= codelMinBacklog {
		f.codel.firstAbove = 0
		return p, false
	}
	if f.codel.firstAbove == 0 {
		f.codel.firstAbove = now + params.interval
		return p, false
	}
	return p, now >= f.codel.firstAbove
}

// controlLaw returns when the next packet is dropped.
func (c *codel) controlLaw(at time.Duration, params codelParams) time.Duration {
	return at + time.Duration(float64(params.interval)/math.Sqrt(float64(c.count)))
}
