package route

import (
	"fmt"
	"strings"
)

// String describes a route for people, similar to the output of `ip route`.
func (r Route) String() string {
	var b strings.Builder
	if r.Kind != Via {
		b.WriteString(string(r.Kind) + " ")
	}
	b.WriteString(r.Destination.String())
	r.way(&b)
	return b.String()
}

// way writes gateway, link and properties that depend on the operating system.
func (r Route) way(b *strings.Builder) {
	if r.Gateway.IsValid() {
		b.WriteString(" via " + r.Gateway.String())
	}
	if r.Link != "" {
		b.WriteString(" dev " + r.Link)
	}
	b.WriteString(r.native.String())
}

// Line returns a found route as the system's own tools print it, for comparison with their output.
func (r Route) Line() string {
	var b strings.Builder
	if r.Kind != Via {
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
	r.way(&b)
	if r.Source.IsValid() {
		b.WriteString(" src " + r.Source.String())
	}
	if r.Metric != 0 {
		fmt.Fprintf(&b, " metric %d", r.Metric)
	}
	return b.String()
}

// String describes the rule for people.
func (s Steering) String() string {
	if text := s.native.String(); text != "" {
		return text
	}
	if s.IPv6 {
		return "for IPv6"
	}
	return "for IPv4"
}

// Line returns a found rule as the system's own tools print it, for comparison with their output.
func (s Steering) Line() string {
	if line := s.native.Line(); line != "" {
		return line
	}
	return s.String()
}
