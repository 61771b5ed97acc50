package acl

import (
	"net/netip"
	"weak"

	"sag.software/native/internal/datapath/rules"
)

// Compiler compiles lists for clients. Clients that a list concerns as a whole share the compiled one. It is not safe for concurrent use.
type Compiler struct {
	counters *Counters
	// shared has the compiled lists by the first of their rules, as long as a client uses them.
	shared map[*rules.Rule]weak.Pointer[List]
	// sweep is the size of shared at which unused lists are removed.
	sweep int
}

// leastSweep is the smallest number of lists that are searched for unused ones.
const leastSweep = 64

// NewCompiler makes a compiler of lists with these counters.
func NewCompiler(counters *Counters) *Compiler {
	return &Compiler{counters: counters, shared: map[*rules.Rule]weak.Pointer[List]{}, sweep: leastSweep}
}

// Compile is as the function Compile. The rules must not be empty, nor be modified later.
func (c *Compiler) Compile(list []rules.Rule, client []netip.Addr) *List {
	for i := range list {
		if !concerns(list[i].Client, client) {
			return Compile(list, client, c.counters)
		}
	}
	// A slice that begins with the same rule may be shorter.
	if l := c.shared[&list[0]].Value(); l != nil && len(l.rules) == len(list) {
		return l
	}
	l := Compile(list, client, c.counters)
	c.shared[&list[0]] = weak.Make(l)
	if len(c.shared) >= c.sweep {
		for first, pointer := range c.shared {
			if pointer.Value() == nil {
				delete(c.shared, first)
			}
		}
		c.sweep = max(leastSweep, 2*len(c.shared))
	}
	return l
}
