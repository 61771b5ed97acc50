package systemwide

import (
	"net/netip"

	tunnelv1 "sag.software/native/gen/sag/tunnel/v1"
	"sag.software/native/internal/system/attachment"
	"sag.software/native/internal/system/dns"
	"sag.software/native/internal/system/dns/forward"
	"sag.software/native/internal/system/plan"
)

// openResolver begins to answer the machine's questions for names.
func (h *Host) openResolver(link string, prefer netip.Addr, rules forward.Rules) (attachment.Resolver, error) {
	return forward.Open(forward.Config{
		Link: link, Mark: plan.Mark, Prefer: prefer, Outside: dns.Open().Outside, Logger: h.logger,
	}, rules)
}

// names is what of the machine's name servers is ours, as it was found; nil if nothing is, and nothing should be.
func names(found dns.Found, a attachment.Names) *tunnelv1.Names {
	if found.Ours == nil && a.Want == nil && a.Trouble == "" {
		return nil
	}
	told := &tunnelv1.Names{Backend: string(found.Backend), Trouble: a.Trouble}
	for _, server := range a.Servers {
		told.Servers = append(told.Servers, server.String())
	}
	if a.Want == nil {
		return told
	}
	told.Domains, told.Everything = a.Want.Domains, a.Want.Everything
	if !found.Has(*a.Want) {
		told.Trouble = "the machine's name servers are not as the intranet needs them: " + found.Why
	}
	return told
}
