package systemwide

import (
	"fmt"

	"sag.software/native/internal/hostnet"
	"sag.software/native/internal/hostnet/enforcer"
	"sag.software/native/internal/tunnel"
)

// shownBytes bounds the lines of one list: a state has to fit into one message, whatever the intranet's size.
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

// own is what of the host's settings is the tunnel's now, of this session or left by a former one; and how names should be looked up.
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

// lines are the things found, one a line. What is too much for a message is counted.
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
