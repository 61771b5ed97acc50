package guard

import (
	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// LockdownTable is what `nft list tables` shows while lockdown is in force.
const LockdownTable = "sag-lockdown"

var lockdownChains = []string{"output", "forward", "held"}

// Neighbour discovery and its groups: without them no link works.
var discovery = []byte{130, 131, 132, 133, 134, 135, 136, 143}

// FindLockdown reads what is on the machine; nil if there is none.
func FindLockdown() (*Found, error) {
	digest, rules, err := inspect(LockdownTable, lockdownChains...)
	if err != nil || digest == "" {
		return nil, err
	}
	return &Found{Digest: digest, Dropped: counted(rules["held"])}, nil
}

// ApplyLockdown puts it in force, unless it is already. A portal that is open stays so for its time.
func ApplyLockdown(l Lockdown) error {
	found, err := FindLockdown()
	if err != nil {
		return err
	}
	if found == nil {
		found = &Found{}
	}
	if found.Digest == l.Digest() {
		return nil
	}
	portal, err := portalOf(LockdownTable)
	if err != nil {
		return err
	}
	nothing := func(*table) error { return nil }
	return replace(LockdownTable, nothing, func(t *table) error { return t.lockdown(l, *found, portal) })
}

// RemoveLockdown lifts it; false if there is none.
func RemoveLockdown() (bool, error) { return remove(LockdownTable) }

func (t *table) lockdown(l Lockdown, former Found, portal *Portal) error {
	held := t.chain("held")
	t.rule(held, []expr.Any{&expr.Counter{Packets: former.Dropped}}, refuse())
	output, forward := t.hook("output", nftables.ChainHookOutput), t.hook("forward", nftables.ChainHookForward)
	for _, chain := range []*nftables.Chain{output, forward} {
		t.rule(chain, staysHere(), accept())
		// Only root makes links, and who is root needs no such trick.
		t.rule(chain, compare(expr.MetaKeyOIFNAME, expr.CmpOpEq, []byte(l.Links)), accept())
	}
	for _, six := range []bool{false, true} {
		endpoints, err := t.endpoints("endpoints", l.Endpoints, six)
		if err != nil {
			return err
		}
		if endpoints != nil {
			t.rule(output, byEngine(l.Mark), goesToOneOf(endpoints, six, unix.IPPROTO_UDP), accept())
		}
		cloud, err := t.endpoints("cloud", l.Cloud, six)
		if err != nil {
			return err
		}
		if cloud != nil {
			t.rule(output, goesToOneOf(cloud, six, unix.IPPROTO_TCP), accept())
		}
	}
	t.rule(output, protocol(unix.IPPROTO_UDP), ports(68, 67), accept())
	t.rule(output, protocol(unix.IPPROTO_UDP), ports(546, 547), accept())
	if err := t.neighbours(output); err != nil {
		return err
	}
	for _, name := range l.Spared {
		if form := wire(name); form != nil {
			t.rule(output, protocol(unix.IPPROTO_UDP), []expr.Any{
				destinationPort(firstWord), &expr.Cmp{Op: expr.CmpOpEq, Register: firstWord, Data: port(portDNS)},
			}, oneQuestion(), asks(form), accept())
		}
	}
	toPortal, err := t.portal(portal)
	if err != nil {
		return err
	}
	for _, match := range toPortal {
		t.rule(output, match, accept())
	}
	t.rule(output, goTo(held))
	t.rule(forward, goTo(held))
	t.sign(l.Digest())
	return nil
}

// ports is true for a source and a destination port.
func ports(source, destination uint16) []expr.Any {
	return []expr.Any{
		&expr.Payload{DestRegister: firstWord, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 4},
		&expr.Cmp{Op: expr.CmpOpEq, Register: firstWord, Data: append(port(source), port(destination)...)},
	}
}

func (t *table) neighbours(output *nftables.Chain) error {
	var keys [][]byte
	for _, kind := range discovery {
		keys = append(keys, []byte{kind})
	}
	kinds, err := t.set("discovery", nftables.TypeICMP6Type, keys)
	if err != nil {
		return err
	}
	t.rule(output, protocol(unix.IPPROTO_ICMPV6), []expr.Any{
		&expr.Payload{DestRegister: firstWord, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 1}, lookup(kinds),
	}, accept())
	return nil
}
