package route

import (
	"errors"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sag.software/native/internal/hostnet/marks"
	"sag.software/native/internal/msg"
)

// noSuppression is the value of a rule without suppress_prefixlength.
const noSuppression = -1

// errBlocked means that another program's rule has the highest possible priority.
var errBlocked error = &msg.Error{Message: msg.RivalRulesBeforeAll()}

// tunnelTable returns the routing table of the tunnel's rules and routes, or else the first free one.
func tunnelTable(routes []Route, rules []rule) uint32 {
	for _, r := range rules {
		if r.owned {
			return r.table
		}
	}
	for _, r := range routes {
		if r.Owned && r.Scope == Tunnel {
			return r.native.table
		}
	}
	for table := uint32(marks.FirstTable); ; table++ {
		taken := slices.ContainsFunc(routes, func(r Route) bool { return r.native.table == table }) ||
			slices.ContainsFunc(rules, func(r rule) bool { return r.table == table })
		if !taken {
			return table
		}
	}
}

// tunnelPriority returns a priority that precedes all other rules, except the one for the host's own addresses. Otherwise another
// program's table could route tunneled prefixes first. It returns false if there is no such priority.
func tunnelPriority(rules []rule) (uint32, bool) {
	best := uint32(marks.FirstPriority)
	for _, r := range rules {
		if r.owned || r.priority == 0 {
			continue
		}
		if r.priority == 1 {
			return 0, false
		}
		best = min(best, r.priority-1)
	}
	return best, true
}

// rivalLink returns the link that a rule before any of the tunnel's leads to; empty if unknown.
func rivalLink(routes []Route, rules []rule) string {
	for _, rule := range rules {
		if rule.owned || rule.priority != 1 {
			continue
		}
		for _, r := range routes {
			if r.native.table == rule.table && r.Link != "" {
				return r.Link
			}
		}
	}
	return ""
}

// steeringOf returns the tunnel's rules.
func steeringOf(rules []rule, table uint32) []Steering {
	var all []Steering
	last, free := tunnelPriority(rules)
	for _, r := range rules {
		if r.owned {
			ineffective := !free || r.priority > last || !r.steers(table)
			all = append(all, Steering{IPv6: r.ipv6, Ineffective: ineffective, native: nativeSteering{r}})
		}
	}
	return all
}

// rules returns the policy routing rules of both families.
func (m *linux) rules() ([]rule, error) {
	var all []rule
	for _, family := range families() {
		list, err := m.handle.RuleList(family)
		if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
			return nil, err
		}
		for _, r := range list {
			all = append(all, rule{
				priority: uint32(r.Priority), ipv6: family == unix.AF_INET6, mark: r.Mark, not: r.Invert, table: uint32(r.Table),
				suppressDefault: r.SuppressPrefixlen == 0, owned: r.Protocol == marks.RouteProtocol,
				other: r.Src != nil || r.Dst != nil || r.IifName != "" || r.OifName != "" || r.IPProto != 0 || r.Sport != nil ||
					r.Dport != nil || r.UIDRange != nil || r.Tos != 0 || r.Goto > 0 || r.SuppressPrefixlen > 0,
			})
		}
	}
	return all, nil
}

// setSteering adds a rule that precedes all others, and then deletes the tunnel's former rules.
func (m *linux) setSteering(want Steering) error {
	table, err := m.tunnelsTable()
	if err != nil {
		return err
	}
	rules, err := m.rules()
	if err != nil {
		return err
	}
	priority, free := tunnelPriority(rules)
	if !free {
		return errors.Join(errBlocked, ErrConflict)
	}
	var former []rule
	there := false
	for _, r := range rules {
		switch {
		case !r.owned || r.ipv6 != want.IPv6:
		case r.steers(table) && r.priority <= priority && !there:
			there = true
		default:
			former = append(former, r)
		}
	}
	if !there {
		err := m.handle.RuleAdd(ruleOf(rule{priority: priority, ipv6: want.IPv6, mark: marks.TunnelTraffic, not: true, table: table}))
		if errors.Is(err, unix.EEXIST) {
			return errors.Join(err, ErrConflict)
		}
		if err != nil {
			return err
		}
	}
	for _, r := range former {
		if err := m.handle.RuleDel(ruleOf(r)); err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

// clearSteering deletes the tunnel's rules of a family.
func (m *linux) clearSteering(which Steering) (bool, error) {
	rules, err := m.rules()
	if err != nil {
		return false, err
	}
	cleared := false
	for _, r := range rules {
		if !r.owned || r.ipv6 != which.IPv6 {
			continue
		}
		switch err := m.handle.RuleDel(ruleOf(r)); {
		case err == nil:
			cleared = true
		case !gone(err) && !errors.Is(err, unix.EAFNOSUPPORT):
			return cleared, err
		}
	}
	return cleared, nil
}

func ruleOf(want rule) *netlink.Rule {
	r := netlink.NewRule()
	r.Family = unix.AF_INET
	if want.ipv6 {
		r.Family = unix.AF_INET6
	}
	r.Priority, r.Table, r.Mark, r.Invert = int(want.priority), int(want.table), want.mark, want.not
	r.Protocol = marks.RouteProtocol
	if want.suppressDefault {
		r.SuppressPrefixlen = 0
	} else {
		r.SuppressPrefixlen = noSuppression
	}
	return r
}
