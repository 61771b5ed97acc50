package systemwide

import (
	"net/netip"

	"sag.software/native/internal/hostnet/killswitch"
	"sag.software/native/internal/hostnet/plan"
	"sag.software/native/internal/tunnel"
)

// killSwitch returns what the installed kill switch drops; nil if there is none. found is its digest. If it is not the
// planned one, only its presence is known.
func (h *Host) killSwitch(found string) *tunnel.KillSwitchState {
	locked := h.lockdown.IsOn()
	if found == "" && !locked {
		return nil
	}
	k := &tunnel.KillSwitchState{Blocking: tunnel.BlockIntranet, Lockdown: locked}
	if locked {
		k.Blocking = tunnel.BlockAll
	}
	spec := h.planned()
	if spec == nil || spec.Digest() != found {
		return k
	}
	k.Prefixes = lines(asLines(spec.Tunneled, netip.Prefix.String))
	k.Domains = lines(asLines(spec.Domains, func(s string) string { return s }))
	return k
}

// planned returns the kill switch of the current session or, without one, of the journal.
func (h *Host) planned() *killswitch.Config {
	h.mu.Lock()
	a := h.attachment
	h.mu.Unlock()
	if a != nil {
		return a.KillSwitch()
	}
	changes, err := h.reconciler.InForce()
	if err != nil {
		return nil
	}
	return plan.KillSwitchOf(changes)
}

// CountDropped implements tunnel.Host.
func (h *Host) CountDropped(k *tunnel.KillSwitchState) {
	if found, err := killswitch.System().Status(); err == nil && found != nil {
		k.Dropped = found.Dropped + found.DroppedQueries
	}
	if !k.Lockdown {
		return
	}
	if s, err := h.lockdown.Status(); err == nil {
		k.Dropped += s.Dropped
		if s.Portal != nil {
			k.PortalLeft = s.Portal.Left
		}
	}
}

type line string

// Line implements the interface that lines needs.
func (l line) Line() string { return string(l) }

func asLines[T any](all []T, text func(T) string) []line {
	var texts []line
	for _, one := range all {
		texts = append(texts, line(text(one)))
	}
	return texts
}
