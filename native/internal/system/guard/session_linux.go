package guard

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// TableName is what `nft list tables` shows while a session is wanted.
const TableName = "sag-tunnel"

// counting are the chains whose rules are counted to see that the guard is whole; those of names are too many to be read
// again and again.
var counting = []string{"output", "forward", "input", "engine", "outward", "inside", "held", "names-held"}

// What a link's own gateway, DHCP servers and resolvers are for, by UDP and TCP: names, leases of both versions, time. Not
// for web pages: whoever gives out leases could give out an intranet server's address as its own.
var (
	linkUDP = []uint16{53, 67, 123, 547}
	linkTCP = []uint16{53}
)

// maxDirect is up to how many access points each of the engine's packets is compared with one after the other, which takes half
// as long as to look it up.
const maxDirect = 4

// Find reads the guard that is on the machine; nil if there is none.
func Find() (*Found, error) {
	digest, rules, err := inspect(TableName, counting...)
	if err != nil || digest == "" {
		return nil, err
	}
	return &Found{Digest: digest, Dropped: counted(rules["held"]), Names: counted(rules["names-held"])}, nil
}

// Apply makes the guard as specified, unless it is there already.
func Apply(s Spec) error {
	found, err := Find()
	if err != nil {
		return err
	}
	if found == nil {
		found = &Found{}
	}
	if found.Digest == s.Digest() {
		return nil
	}
	portal, err := portalOf(TableName)
	if err != nil {
		return err
	}
	return replace(TableName, func(t *table) error { return t.ranges(s) }, func(t *table) error { return t.session(s, *found, portal) })
}

// ranges adds the sets of a session's guard that have to be there before its rules are.
func (t *table) ranges(s Spec) (err error) {
	for _, six := range []bool{false, true} {
		for name, prefixes := range map[string][]netip.Prefix{"inside": s.Inside, "named": s.Named} {
			_, failed := t.prefixes(familyName(name, six), prefixes, six)
			err = errors.Join(err, failed)
		}
	}
	return err
}

// Undo takes the guard away, if it still is the one specified.
func Undo(s Spec) (bool, error) {
	found, err := Find()
	if err != nil || found == nil || found.Digest != s.Digest() {
		return false, err
	}
	return remove(TableName)
}

// session writes the rules of a session's guard. The counters go on from what the former one has seen.
func (t *table) session(s Spec, former Found, portal *Portal) error {
	held := t.chain("held")
	t.rule(held, []expr.Any{&expr.Counter{Packets: former.Dropped}}, refuse())
	inside := t.chain("inside")
	outward := t.chain("outward")
	engine := t.chain("engine")
	for _, six := range []bool{false, true} {
		if err := t.engineOnly(engine, outward, held, s, six); err != nil {
			return err
		}
	}
	toPortal, err := t.portal(portal)
	if err != nil {
		return err
	}
	// Where everything is inside, so is the way to a captive portal, and its name.
	if everything := s.Everything || slices.ContainsFunc(s.Inside, func(p netip.Prefix) bool { return p.Bits() == 0 }); everything {
		for _, match := range toPortal {
			t.rule(outward, match, accept())
		}
	}
	// Before anything else: also the resolvers of the links themselves are not asked for the intranet's names.
	if err := t.names(outward, s, former.Names); err != nil {
		return err
	}
	for _, six := range []bool{false, true} {
		if err := t.inward(outward, inside, s, six); err != nil {
			return err
		}
	}
	if err := t.exceptions(inside, held, s, toPortal); err != nil {
		return err
	}
	t.rule(inside, goTo(held))

	output, forward := t.hook("output", nftables.ChainHookOutput), t.hook("forward", nftables.ChainHookForward)
	// First what there is most of: the engine's packets, which one look at their mark tells from all others.
	t.rule(output, withMark(s.Mark), jump(engine))
	for _, chain := range []*nftables.Chain{output, forward} {
		t.rule(chain, staysHere(), accept())
		t.rule(chain, leavesBy(s.Link), accept())
		t.rule(chain, jump(outward))
	}
	// What is sent to the inner addresses from the LAN would tell, by its being answered or not, what goes on in the tunnel.
	input := t.hook("input", nftables.ChainHookInput)
	for _, a := range s.Own {
		t.rule(input, goesTo(netip.PrefixFrom(a, a.BitLen())), cameByOthersThan(s.Link), count(), drop())
	}
	t.sign(s.Digest())
	return nil
}

// engineOnly lets the engine, and nobody else, talk to the access points outside.
func (t *table) engineOnly(engine, outward, held *nftables.Chain, s Spec, six bool) error {
	endpoints, err := t.endpoints("endpoints", s.Endpoints, six)
	if err != nil || endpoints == nil {
		return err
	}
	to := goesToOneOf(endpoints, six, unix.IPPROTO_UDP)
	for _, a := range s.Endpoints {
		if at := netip.AddrPortFrom(a.Addr().Unmap(), a.Port()); !six && at.Addr().Is4() && len(s.Endpoints) <= maxDirect {
			t.rule(engine, isTo(at), ofRoot(), accept())
		}
	}
	t.rule(engine, to, ofRoot(), accept())
	t.rule(outward, to, goTo(held))
	return nil
}

// inward sends what is for the intranet to the chain that decides about it.
func (t *table) inward(outward, inside *nftables.Chain, s Spec, six bool) error {
	set, err := t.prefixes(familyName("inside", six), s.Inside, six)
	if err != nil || set == nil {
		return err
	}
	t.rule(outward, goesInto(set, six), goTo(inside))
	return nil
}

// exceptions are what may go out though it is inside by its address.
func (t *table) exceptions(inside, held *nftables.Chain, s Spec, toPortal [][]expr.Any) error {
	for _, six := range []bool{false, true} {
		cloud, err := t.endpoints("cloud", s.Cloud, six)
		if err != nil {
			return err
		}
		if cloud != nil {
			t.rule(inside, goesToOneOf(cloud, six, unix.IPPROTO_TCP), accept())
		}
	}
	if err := t.kept(inside, s, toPortal); err != nil || len(s.Beside) == 0 {
		return err
	}
	for _, six := range []bool{false, true} {
		named, err := t.prefixes(familyName("named", six), s.Named, six)
		if err != nil {
			return err
		}
		if named != nil {
			t.rule(inside, goesInto(named, six), goTo(held))
		}
	}
	for _, b := range s.Beside {
		t.rule(inside, place(b), accept())
	}
	return nil
}

// kept lets what a link needs to work go to those of its own addresses that are for it.
func (t *table) kept(inside *nftables.Chain, s Spec, toPortal [][]expr.Any) error {
	if len(s.Kept) == 0 {
		return nil
	}
	link := t.chain("link")
	udp, err := t.ports("link-udp", linkUDP)
	if err != nil {
		return err
	}
	tcp, err := t.ports("link-tcp", linkTCP)
	if err != nil {
		return err
	}
	for _, part := range [][]expr.Any{
		protocol(unix.IPPROTO_ICMP), protocol(unix.IPPROTO_ICMPV6), toPorts(unix.IPPROTO_UDP, udp), toPorts(unix.IPPROTO_TCP, tcp),
	} {
		// Counted apart from what is held, and not for the guard's being whole.
		t.add(link, "", part, count(), accept())
	}
	for _, k := range s.Kept {
		t.rule(inside, place(k), jump(link))
		for _, match := range toPortal {
			t.rule(inside, place(k), match, accept())
		}
	}
	return nil
}

func place(p Place) []expr.Any {
	if p.Link == "" {
		return goesTo(p.Prefix)
	}
	return append(leavesBy(p.Link), goesTo(p.Prefix)...)
}

// endpoints adds a set of addresses with ports of one family; nil if there are none.
func (t *table) endpoints(name string, all []netip.AddrPort, six bool) (*nftables.Set, error) {
	var keys [][]byte
	for _, a := range all {
		if a = netip.AddrPortFrom(a.Addr().Unmap(), a.Port()); a.Addr().Is6() == six {
			keys = append(keys, endpointKey(a))
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return t.set(familyName(name, six), endpointKind(six), keys)
}

func (t *table) ports(name string, all []uint16) (*nftables.Set, error) {
	var keys [][]byte
	for _, number := range all {
		keys = append(keys, port(number))
	}
	return t.set(name, nftables.TypeInetService, keys)
}

func familyName(name string, six bool) string {
	if six {
		return fmt.Sprint(name, 6)
	}
	return fmt.Sprint(name, 4)
}
