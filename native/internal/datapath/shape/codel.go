package shape

import (
	"math"
	"time"

	"sag.software/native/internal/mtu"
)

// The parameters of CoDel (RFC 8289, section 4): packets may wait for target; if they wait longer for an interval, one is dropped.
const (
	codelTarget   = 5 * time.Millisecond
	codelInterval = 100 * time.Millisecond
	// codelSpares is the backlog of a flow from which nothing is dropped, bytes: the smallest windows of TCP, with which it notices a loss
	// without a timeout.
	codelSpares = 4 * mtu.Ceiling
)

// codel is the state of CoDel for one flow.
type codel struct {
	// firstAbove is when the flow has been above the target for an interval; 0 = it is below.
	firstAbove, dropNext time.Duration
	count, lastCount     int
	dropping             bool
}

// delays are the parameters in force, which depend on the rate and the number of flows.
type delays struct{ target, interval time.Duration }

// dequeue returns a flow's next packet, nil if there is none. It passes those that CoDel drops to drop (RFC 8289, section 5.5).
func (f *flow) dequeue(now time.Duration, d delays, drop func(*Held)) *Held {
	c := &f.codel
	p, above := f.oldest(now, d)
	if !above {
		c.dropping = false
		return p
	}
	if c.dropping {
		for c.dropping && now >= c.dropNext {
			drop(p)
			c.count++
			if p, above = f.oldest(now, d); above {
				c.dropNext = c.after(c.dropNext, d)
			} else {
				c.dropping = false
			}
		}
		return p
	}
	drop(p)
	p, _ = f.oldest(now, d)
	c.dropping = true
	recent := c.count - c.lastCount
	if c.count = 1; recent > 1 && now-c.dropNext < 16*d.interval { // the rate of drops that was needed before is probably right again
		c.count = recent
	}
	c.lastCount, c.dropNext = c.count, c.after(now, d)
	return p
}

// oldest pops a packet, nil if there is none. above means that it, and those before it, have waited too long.
func (f *flow) oldest(now time.Duration, d delays) (p *Held, above bool) {
	p = f.pop()
	if p == nil || now-p.arrived < d.target || f.bytes <= codelSpares {
		f.codel.firstAbove = 0
		return p, false
	}
	if f.codel.firstAbove == 0 {
		f.codel.firstAbove = now + d.interval
		return p, false
	}
	return p, now >= f.codel.firstAbove
}

func (c *codel) after(at time.Duration, d delays) time.Duration {
	return at + time.Duration(float64(d.interval)/math.Sqrt(float64(c.count)))
}
