package systemwide

import (
	"net/netip"

	"sag.software/native/internal/hostnet/dns"
	"sag.software/native/internal/hostnet/dns/forward"
	"sag.software/native/internal/hostnet/enforcer"
	"sag.software/native/internal/tunnel"
)

// openResolver starts the forwarder that answers the host's DNS queries.
func (h *Host) openResolver(link string, prefer netip.Addr, rules forward.Rules) (enforcer.Resolver, error) {
	return forward.Open(forward.Config{
		Link: link, Prefer: prefer, Direct: dns.Open().Direct, Search: dns.Search, Logger: h.logger,
	}, rules)
}

// names describes the tunnel's DNS settings as last read; nil if there are none and none are planned.
func names(found dns.Status, a enforcer.Names) *tunnel.NamesState {
	if found.Ours == nil && a.Want == nil && a.Trouble.Text == "" {
		return nil
	}
	state := &tunnel.NamesState{Backend: string(found.Backend), Trouble: a.Trouble.Text}
	for _, server := range a.Servers {
		state.Servers = append(state.Servers, server.String())
	}
	if a.Want == nil {
		return state
	}
	state.Domains, state.Everything, state.SearchDomains = a.Want.Domains, a.Want.Everything, a.Want.Search
	if !found.Has(*a.Want) {
		state.Trouble = "the machine's name servers are not as the intranet needs them: " + found.Why
	}
	return state
}
