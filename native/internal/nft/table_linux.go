// Package nft builds, replaces and inspects this software's nftables tables. The kill switch, lockdown and the access point
// define the rules.
//
// The kernel keeps a table when the process that created it ends.
package nft

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	mdlayher "github.com/mdlayher/netlink"
)

// Chain and Set are aliases, so that users of this package need no other import.
type (
	Chain = nftables.Chain
	Set   = nftables.Set
)

// Match is a part of a rule: conditions or an action.
type Match = []expr.Any

// socketBuffer holds the kernel's answers to a whole transaction, one per rule, bytes.
const socketBuffer = 8 << 20

// Table is a table that is being built.
type Table struct {
	conn  *nftables.Conn
	table *nftables.Table
	// rules counts the rules added by Rule; Inspect compares the count to detect missing ones.
	rules int
	// ready are the existing sets by name; used are the interval sets that rules refer to, and the base chains. Both are
	// nil for a table that is built from scratch.
	ready, used map[string]bool
}

// Dial opens one netlink socket for all requests of a task; the caller closes it.
func Dial() (*nftables.Conn, error) {
	return nftables.New(nftables.AsLasting(), nftables.WithSockOptions(func(c *mdlayher.Conn) error {
		return errors.Join(c.SetReadBuffer(socketBuffer), c.SetWriteBuffer(socketBuffer))
	}))
}

// Named returns the table with a name in the family inet, which is IPv4 and IPv6.
func Named(name string) *nftables.Table {
	return &nftables.Table{Name: name, Family: nftables.TableFamilyINet}
}

// Handle returns the table, for sets that Set does not create.
func (t *Table) Handle() *nftables.Table { return t.table }

// Chain adds a regular chain, which rules can jump to.
func (t *Table) Chain(name string) *Chain {
	return t.conn.AddChain(&nftables.Chain{Name: name, Table: t.table})
}

// Base adds a base chain at a hook.
func (t *Table) Base(name string, kind nftables.ChainType, hook *nftables.ChainHook, priority nftables.ChainPriority) *Chain {
	accept := nftables.ChainPolicyAccept
	t.uses(name)
	return t.conn.AddChain(&nftables.Chain{
		Name: name, Table: t.table, Type: kind, Hooknum: hook, Policy: &accept, Priority: nftables.ChainPriorityRef(priority),
	})
}

// Filter adds a filter chain at a hook, with a priority this much after the standard one.
func (t *Table) Filter(name string, hook *nftables.ChainHook, after int32) *Chain {
	return t.Base(name, nftables.ChainTypeFilter, hook, *nftables.ChainPriorityFilter+nftables.ChainPriority(after))
}

func (t *Table) uses(name string) {
	if t.used != nil {
		t.used[name] = true
	}
}

// Rule adds a rule that Update counts, so that Inspect detects that it is missing.
func (t *Table) Rule(chain *Chain, parts ...Match) {
	t.rules++
	t.Uncounted(chain, parts...)
}

// Uncounted adds a rule that Update does not count, in a chain that Inspect does not read because it may have too many.
func (t *Table) Uncounted(chain *Chain, parts ...Match) { t.add(chain, "", parts...) }

func (t *Table) add(chain *Chain, comment string, parts ...Match) {
	rule := &nftables.Rule{Table: t.table, Chain: chain, Exprs: slices.Concat(parts...)}
	if comment != "" {
		rule.UserData = userdata.AppendString(nil, userdata.TypeComment, comment)
	}
	t.conn.AddRule(rule)
}

// Set adds a set of values. Given the size in advance, the kernel chooses the fastest lookup.
func (t *Table) Set(name string, kind nftables.SetDatatype, keys [][]byte) (*Set, error) {
	s := &nftables.Set{
		Table: t.table, Name: name, KeyType: kind, Concatenation: strings.Contains(kind.Name, " . "), Size: uint32(len(keys)),
	}
	elements := make([]nftables.SetElement, len(keys))
	for i, key := range keys {
		elements[i].Key = key
	}
	return s, t.Fill(s, elements)
}

// elementsPerMessage keeps a message's list of elements below 64 KiB. It is even, because a range has two elements.
const elementsPerMessage = 256

// Fill adds a set with its elements.
func (t *Table) Fill(s *Set, elements []nftables.SetElement) error {
	first := min(len(elements), elementsPerMessage)
	err := t.conn.AddSet(s, elements[:first])
	for more := range slices.Chunk(elements[first:], elementsPerMessage) {
		err = errors.Join(err, t.conn.SetAddElements(s, more))
	}
	return err
}

// Ports adds a set of ports.
func (t *Table) Ports(name string, all []uint16) (*Set, error) {
	var keys [][]byte
	for _, number := range all {
		keys = append(keys, port(number))
	}
	return t.Set(name, nftables.TypeInetService, keys)
}

// Endpoints adds a set of addresses with ports of one IP version; nil if there are none.
func (t *Table) Endpoints(name string, all []netip.AddrPort, six bool) (*Set, error) {
	var keys [][]byte
	for _, a := range all {
		if a.Addr().Unmap().Is6() == six {
			keys = append(keys, endpointKey(a))
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return t.Set(familyName(name, six), endpointKind(six), keys)
}

// Prefixes returns an interval set with the prefixes of one IP version, and adds it unless it exists; nil if there are no
// prefixes. Its name includes a hash of its content.
func (t *Table) Prefixes(name string, all []netip.Prefix, six bool) (*Set, error) {
	kind := nftables.TypeIPAddr
	if six {
		kind = nftables.TypeIP6Addr
	}
	var elements []nftables.SetElement
	digest := fnv.New64a()
	for _, r := range Merged(all, six) {
		_, _ = fmt.Fprintln(digest, r) // hash writes never fail
		elements = append(elements, nftables.SetElement{Key: r[0].AsSlice()})
		if after := r[1].Next(); after.IsValid() {
			elements = append(elements, nftables.SetElement{Key: after.AsSlice(), IntervalEnd: true})
		}
	}
	if len(elements) == 0 {
		return nil, nil
	}
	name = fmt.Sprintf("%s-%x", familyName(name, six), digest.Sum64())
	s := &nftables.Set{Table: t.table, Name: name, KeyType: kind, Interval: true}
	t.uses(s.Name)
	if t.ready[s.Name] {
		return s, nil
	}
	return s, t.Fill(s, elements)
}

func familyName(name string, six bool) string {
	if six {
		return name + "6"
	}
	return name + "4"
}
