package systemwide

import (
	"net/netip"
	"slices"
	"testing"

	"sag.software/native/internal/hostnet/permit"
	"sag.software/native/internal/session"
)

// An endpoint that is not dialled gets no exception: an exception blocks other programs from its address and port, which
// can be the cloud instance's.
func TestEndpointsNotDialledHaveNoEffect(t *testing.T) {
	addr := netip.MustParseAddr("203.0.113.8")
	s := &session.Session{AccessPoints: []session.AccessPoint{{Endpoints: []session.Endpoint{
		{Transport: session.UDP, Addr: addr, Port: 51820},
		{Transport: session.TLS, Addr: addr, Port: 443},
		{Transport: session.TLS, Name: "ap.example", Port: 443},
		{Transport: session.UDP, Name: "udp.example", Port: 51820},
	}}}}
	in := (&Host{}).intranet(s)
	want := []permit.Endpoint{{Protocol: permit.UDP, AddrPort: netip.AddrPortFrom(addr, 51820)}}
	if !slices.Equal(in.Endpoints, want) {
		t.Errorf("endpoints %v, want %v", in.Endpoints, want)
	}
	if !slices.Equal(in.BypassNames, []string{"udp.example"}) {
		t.Errorf("names %v", in.BypassNames)
	}
}
