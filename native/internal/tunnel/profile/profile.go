// Package profile is what sag-tunnel understands of a session as the cloud hands it out: checked once, typed from then on.
package profile

import (
	"net/netip"
	"time"

	clientv1 "sag.software/native/gen/sag/client/v1"
	typesv1 "sag.software/native/gen/sag/types/v1"
	"sag.software/native/internal/secret"
)

// Endpoint is where an access point is reached by UDP.
type Endpoint struct {
	// Host is an IP address or a host name.
	Host string
	Port uint16
}

// AccessPoint is one server end the tunnel may use.
type AccessPoint struct {
	ID, Name  string
	PublicKey [32]byte
	// ProbeAddress answers probes inside the tunnel and nothing else.
	ProbeAddress netip.Addr
	// PresharedKey is zero if there is none.
	PresharedKey secret.Key
	Endpoints    []Endpoint
	// Ready means that it has acknowledged this session's peer.
	Ready bool
	// KeepsConnections means that connections survive a change from or to another one that does so, too.
	KeepsConnections bool
}

// DNS is what is asked inside. No domains = all names, if there are servers.
type DNS struct {
	Servers []netip.Addr
	// Domains are lower-case, without a dot at the end.
	Domains []string
}

// Profile is one session, checked. Durations count from when it was asked for.
type Profile struct {
	SessionID [16]byte
	// Token is empty in the answer to a Renew: the one from Dial stays.
	Token secret.Secret
	// Address4 is invalid if the session has none; Address6 is always there: probes use it.
	Address4, Address6 netip.Addr
	AccessPoints       []AccessPoint
	Routes             []netip.Prefix
	DNS                DNS
	// MTU of the tunnel, bytes.
	MTU        int
	FullTunnel bool
	// Lockdown: the policy wants nothing to leave the machine but the tunnel.
	Lockdown bool
	// InstanceID is whose policy it is.
	InstanceID string
	Lease      time.Duration
	RenewAfter time.Duration
	// Incarnation is the high half of a probe's generation.
	Incarnation uint32
	Revision    string
	Hops        []*typesv1.Hop
	Warnings    []*typesv1.Warning
	// Resources are what the administrator publishes, told on as they came.
	Resources []*clientv1.Resource
	// Wire is the DNS part as it travels on to whoever asks for the state.
	Wire *clientv1.Dns
}

// Addresses are the client's inner addresses.
func (p *Profile) Addresses() []netip.Addr {
	var all []netip.Addr
	for _, a := range []netip.Addr{p.Address4, p.Address6} {
		if a.IsValid() {
			all = append(all, a)
		}
	}
	return all
}

// AllowedIPs are the inner addresses an access point carries traffic from and to.
func (p *Profile) AllowedIPs(ap *AccessPoint) []netip.Prefix {
	own := []netip.Addr{ap.ProbeAddress}
	if p.FullTunnel {
		return append([]netip.Prefix{
			netip.PrefixFrom(netip.IPv4Unspecified(), 0),
			netip.PrefixFrom(netip.IPv6Unspecified(), 0),
		}, single(own)...)
	}
	return append(append([]netip.Prefix{}, p.Routes...), single(append(own, p.DNS.Servers...))...)
}

func single(addresses []netip.Addr) []netip.Prefix {
	prefixes := make([]netip.Prefix, 0, len(addresses))
	for _, a := range addresses {
		prefixes = append(prefixes, netip.PrefixFrom(a, a.BitLen()))
	}
	return prefixes
}
