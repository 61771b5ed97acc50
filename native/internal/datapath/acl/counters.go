package acl

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// maxCounted is how many rules are counted.
const maxCounted = 16 << 10

// Counter counts packets and their inner bytes. It is safe for concurrent use.
type Counter struct{ packets, bytes atomic.Uint64 }

// Add adds packets with these inner bytes together.
func (c *Counter) Add(packets, bytes uint64) {
	c.packets.Add(packets)
	c.bytes.Add(bytes)
}

// Packets returns the number of packets.
func (c *Counter) Packets() uint64 { return c.packets.Load() }

// Bytes returns the number of inner bytes.
func (c *Counter) Bytes() uint64 { return c.bytes.Load() }

// Counters count what rules decide, by the ids of the rules, and packets that were dropped without a rule. They are never reset. They are
// safe for concurrent use.
type Counters struct {
	// Denied counts what rules drop.
	Denied Counter
	// Unclear counts packets of clients with a list whose flow cannot be told: malformed ones, fragments whose first one is not
	// known, and answers that nobody asked for.
	Unclear Counter

	mu     sync.Mutex
	byRule map[string]*Counter
}

// Count is what a rule has decided.
type Count struct {
	// Rule is the id of the rule.
	Rule           string
	Packets, Bytes uint64
}

// NewCounters makes counters.
func NewCounters() *Counters { return &Counters{byRule: map[string]*Counter{}} }

// of returns the counter of a rule; nil = it is not counted.
func (c *Counters) of(rule string) *Counter {
	if c == nil || rule == "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.byRule[rule]
	if found == nil && len(c.byRule) < maxCounted {
		found = &Counter{}
		c.byRule[rule] = found
	}
	return found
}

// Rules returns the counts of the rules that have decided about packets, by their ids.
func (c *Counters) Rules() []Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Count
	for rule, counter := range c.byRule {
		if n := counter.Packets(); n > 0 {
			all = append(all, Count{Rule: rule, Packets: n, Bytes: counter.Bytes()})
		}
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Compare(a.Rule, b.Rule) })
	return all
}

// tally sums up consecutive packets for one counter, so that a batch usually costs one addition.
type tally struct {
	counter        *Counter
	packets, bytes uint64
}

func (t *tally) add(c *Counter, bytes int) {
	if c != t.counter {
		t.flush()
		t.counter = c
	}
	t.packets++
	t.bytes += uint64(bytes)
}

func (t *tally) flush() {
	if t.counter != nil && t.packets > 0 {
		t.counter.Add(t.packets, t.bytes)
	}
	t.packets, t.bytes = 0, 0
}
