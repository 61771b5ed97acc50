package system

import (
	"fmt"
	"strings"
)

// Line is a route as `ip route show table all` prints it, for people who compare the two.
func (r Route) Line() string {
	var b strings.Builder
	if r.Kind != RouteVia {
		b.WriteString(string(r.Kind) + " ")
	}
	switch {
	case r.Destination.Bits() == 0:
		b.WriteString("default")
	case r.Destination.IsSingleIP():
		b.WriteString(r.Destination.Addr().String())
	default:
		b.WriteString(r.Destination.String())
	}
	if r.Gateway.IsValid() {
		b.WriteString(" via " + r.Gateway.String())
	}
	if r.Link != "" {
		b.WriteString(" dev " + r.Link)
	}
	if r.Table != 0 {
		fmt.Fprintf(&b, " table %d", r.Table)
	}
	if r.Source.IsValid() {
		b.WriteString(" src " + r.Source.String())
	}
	if r.Metric != 0 {
		fmt.Fprintf(&b, " metric %d", r.Metric)
	}
	return b.String()
}

// Line is a rule as `ip rule` prints it. That of the other family looks the same there; here it says which it is.
func (r Rule) Line() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:", r.Priority)
	if r.Not {
		b.WriteString(" not")
	}
	b.WriteString(" from all")
	if r.Mark != 0 {
		fmt.Fprintf(&b, " fwmark %#x", r.Mark)
	}
	fmt.Fprintf(&b, " lookup %d", r.Table)
	if r.SuppressDefault {
		b.WriteString(" suppress_prefixlength 0")
	}
	if r.IPv6 {
		b.WriteString(" (IPv6)")
	}
	return b.String()
}
