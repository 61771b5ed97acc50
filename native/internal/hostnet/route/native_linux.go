package route

import (
	"fmt"
	"strings"

	"sag.software/native/internal/hostnet/marks"
)

// nativeRoute is the routing table of a found route; 0 of a desired one.
type nativeRoute struct{ table uint32 }

// String is the end of a line of `ip route`.
func (n nativeRoute) String() string {
	if n.table == 0 {
		return ""
	}
	return fmt.Sprintf(" table %d", n.table)
}

// nativeSteering is a rule of ours that was found; nil of a desired one.
type nativeSteering struct{ rule rule }

// rule is a policy routing rule. Rules are gone through by ascending priority.
type rule struct {
	priority uint32
	// ipv6 or else IPv4: a rule is of one family.
	ipv6 bool
	// mark is the firewall mark that is compared; not turns the comparison round.
	mark uint32
	not  bool
	// suppressDefault passes over a default route that the table gives.
	suppressDefault bool
	table           uint32
	// owned is true if it carries marks.RouteProtocol.
	owned bool
	// other is true if it looks at something that is not modelled here (source, interface, ports).
	other bool
}

// steers is true for a rule that sends everything but the tunnel's own traffic to a table.
func (r rule) steers(table uint32) bool {
	return r.owned && r.table == table && r.mark == marks.TunnelTraffic && r.not && !r.other && !r.suppressDefault
}

// String is close to what `ip rule` prints; empty for a desired one.
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

// Line is what `ip rule` prints. A rule of IPv6 looks the same there as one of IPv4; here it says which it is.
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
