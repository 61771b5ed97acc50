package forward

import (
	"net/netip"

	"sag.software/native/internal/accesspoint/policy"
	"sag.software/native/internal/netstack"
)

// echo answers for published addresses. Echo requests to other addresses are sent from the host's own ICMP socket, if the process
// may open one.
func (f *Forwarder) echo(r *netstack.EchoRequest) {
	_, decision := f.decide(policy.Echo, r.Src, netip.AddrPortFrom(r.Dst, 0))
	switch decision.Verdict {
	case policy.Published:
		_ = r.Reply() // a full queue drops the reply, as for any datagram
	case policy.Forwarded:
		f.pinger.ping(r.Dst.Unmap(), r.Payload(), func() { _ = r.Reply() })
	}
}
