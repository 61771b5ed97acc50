package systemwide

import (
	"fmt"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/enforcer"
	"sag.software/native/internal/tunnel"
)

// shownBytes bounds the lines of one list, so that a state with many routes still fits into one RPC message.
const shownBytes = 48 << 10

// State implements tunnel.Host.
func (h *Host) State() *tunnel.HostState {
	own, wanted := h.own()
	s := &tunnel.HostState{
		Routes: lines(own.Routes), Rules: lines(own.Steering), Names: names(own.Names, wanted), KillSwitch: h.killSwitch(own.KillSwitch),
	}
	if len(s.Routes) == 0 && len(s.Rules) == 0 && s.Names == nil && s.KillSwitch == nil {
		return nil
	}
	return s
}

// own returns the host settings that belong to this tunnel or were left by a former process, and the planned DNS.
func (h *Host) own() (hostnet.Owned, enforcer.Names) {
	h.mu.Lock()
	a, left := h.attachment, h.left
	h.mu.Unlock()
	if a != nil {
		return a.Found(), a.Names()
	}
	if left {
		if at, err := h.machine.Snapshot(); err == nil {
			return at.Owned(), enforcer.Names{}
		}
	}
	return hostnet.Owned{}, enforcer.Names{}
}

// lines formats the items found, one per line. Items beyond shownBytes are only counted.
func lines[T interface{ Line() string }](found []T) []string {
	var all []string
	size := 0
	for i, one := range found {
		line := one.Line()
		if size += len(line); size > shownBytes {
			return append(all, fmt.Sprintf("… and %d more", len(found)-i))
		}
		all = append(all, line)
	}
	return all
}
