package systemwide

import (
	"net/netip"

	"google.golang.org/protobuf/types/known/durationpb"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/system/guard"
	"sag.software/native/internal/system/plan"
)

// guard is what is held back by the guard that was found; nil if there is none. Of one that is not what was planned, no more
// is known than that it is there.
func (h *Host) guard(found string) *tunnelv1.Guard {
	locked := h.lockdown.IsOn()
	if found == "" && !locked {
		return nil
	}
	g := &tunnelv1.Guard{Blocking: typesv1.Blocking_BLOCKING_INTRANET, Lockdown: locked}
	if locked {
		g.Blocking = typesv1.Blocking_BLOCKING_ALL
	}
	spec := h.planned()
	if spec == nil || spec.Digest() != found {
		return g
	}
	g.Prefixes = lines(asLines(spec.Inside, netip.Prefix.String))
	g.Domains = lines(asLines(spec.Domains, func(s string) string { return s }))
	return g
}

// planned is the guard that should be there: an attachment's, or what a former one left.
func (h *Host) planned() *guard.Spec {
	h.mu.Lock()
	a := h.attachment
	h.mu.Unlock()
	if a != nil {
		return a.Guard()
	}
	changes, err := h.reconciler.InForce()
	if err != nil {
		return nil
	}
	return plan.GuardOf(changes)
}

// CountGuard implements tunnel.Host.
func (h *Host) CountGuard(g *tunnelv1.Guard) {
	if found, err := guard.Find(); err == nil && found != nil {
		g.Dropped = found.Dropped + found.Names
	}
	if !g.GetLockdown() {
		return
	}
	if s, err := h.lockdown.Status(); err == nil {
		g.Dropped += s.Dropped
		if s.Portal != nil {
			g.PortalLeft = durationpb.New(s.Portal.Left)
		}
	}
}

// line is a text that is one already.
type line string

// Line is the line.
func (l line) Line() string { return string(l) }

func asLines[T any](all []T, text func(T) string) []line {
	var texts []line
	for _, one := range all {
		texts = append(texts, line(text(one)))
	}
	return texts
}
