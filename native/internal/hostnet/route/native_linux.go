package route

import (
	"fmt"
	"strings"

	"sag.software/native/internal/hostnet/marks"
)

// nativeRoute is the routing table of a route found on the host; 0 for a desired one.
type nativeRoute struct{ table uint32 }

// String returns the last part of a line of `ip route`.
func (n nativeRoute) String() string {
	if n.table == 0 {
		return ""
	}
	return fmt.Sprintf(" table %d", n.table)
}

// nativeSteering is the rule found on the host; the zero value for a desired one.
type nativeSteering struct{ rule rule }

// rule is a policy routing rule. Rules are evaluated by ascending priority.
type rule struct {
	priority uint32
	// ipv6 is false for an IPv4 rule. A rule applies to one family.
	ipv6 bool
	// mark is the firewall mark to compare with; not inverts the rule.
	mark uint32
	not  bool
	// suppressDefault ignores default routes of the table.
	suppressDefault bool
	table           uint32
	// owned is true if the rule has marks.RouteProtocol.
	owned bool
	// other is true if the rule has selectors that are not modelled here (source, interface, ports).
	other bool
}

// steers is true for a rule that selects a table for everything but the tunnel's own traffic.
func (r rule) steers(table uint32) bool {
	return r.owned && r.table == table && r.mark == marks.TunnelTraffic && r.not && !r.other && !r.suppressDefault
}

// String is similar to a line of `ip rule`; empty for a desired rule.
func (n nativeSteering) String() string {
	r := n.rule
	if r.table == 0 {
		return ""
	}
	family, not := "IPv4", ""
	if r.ipv6 {
		family = "IPv6"
	}
	if r.not {
		not = "not "
	}
	mark := ""
	if r.mark != 0 {
		mark = fmt.Sprintf(" %sfwmark %#x", not, r.mark)
	}
	return fmt.Sprintf("%d (%s)%s lookup %d", r.priority, family, mark, r.table)
}

// Line returns the rule as `ip rule` prints it, with "(IPv6)" added, because IPv6 rules look the same there.
func (n nativeSteering) Line() string {
	r := n.rule
	if r.table == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d:", r.priority)
	if r.not {
		b.WriteString(" not")
	}
	b.WriteString(" from all")
	if r.mark != 0 {
		fmt.Fprintf(&b, " fwmark %#x", r.mark)
	}
	fmt.Fprintf(&b, " lookup %d", r.table)
	if r.suppressDefault {
		b.WriteString(" suppress_prefixlength 0")
	}
	if r.ipv6 {
		b.WriteString(" (IPv6)")
	}
	return b.String()
}
