// Package session is the typed model of a session and the rules that a session has to keep. Package cloudapi parses it from the
// contract.
package session

import (
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"sag.software/native/internal/router"
	"sag.software/native/internal/secret"
)

// ID names a session.
type ID [16]byte

// String is the ID in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Session is what the cloud instance answered to a Dial or a Renew. Durations count from when it was requested.
type Session struct {
	ID ID
	// Token is empty in the answer to a Renew: the one from Dial stays.
	Token secret.Secret
	// Address4 is invalid if the session has none; Address6 is always there, because probes use it.
	Address4, Address6 netip.Addr
	AccessPoints       []AccessPoint
	// Routes are the prefixes that go through the tunnel.
	Routes []netip.Prefix
	DNS    DNS
	// MTU of the tunnel, bytes.
	MTU    int
	Policy Policy
	// InstanceID is the SAG instance whose policy it is.
	InstanceID string
	// EnterpriseCode is the instance's, upper case; empty from a cloud instance of an earlier version.
	EnterpriseCode string
	Lease          time.Duration
	RenewAfter     time.Duration
	// Incarnation is the high half of a probe's generation.
	Incarnation uint32
	Revision    string
	Hops        []Hop
	Warnings    []Warning
	// Resources are what the administrator publishes.
	Resources []Resource
	// BandwidthKbps caps the account each way; 0 = no cap, or not known.
	BandwidthKbps uint32
}

// Policy is what the administrator decides for all clients of an instance.
type Policy struct {
	// FullTunnel: everything goes through the tunnel.
	FullTunnel bool
	// Lockdown: nothing leaves the host except through the tunnel.
	Lockdown bool
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
	// Ready: it has acknowledged this session's peer.
	Ready bool
	// KeepsConnections: connections survive a change from or to another one that does so, too.
	KeepsConnections bool
}

// Transport is how the engine's packets get to an endpoint.
type Transport uint8

// The transports of the contract. An endpoint of a transport that this version does not know is left out.
const (
	UDP Transport = iota + 1
	TLS
)

// String is the transport as texts have it.
func (t Transport) String() string {
	switch t {
	case UDP:
		return "UDP"
	case TLS:
		return "TLS"
	default:
		return "unknown"
	}
}

// Pin is the SHA-256 of a certificate's public key.
type Pin = [32]byte

// Cloud is where the cloud instance is, and how it is recognised.
type Cloud struct {
	// URL is https://HOST[:PORT].
	URL string
	// Pins are the accepted public keys of the certificate; if empty, the system's certificate authorities are used.
	Pins []Pin
}

// Endpoint is where an access point is reached.
type Endpoint struct {
	Transport Transport
	// Addr is invalid where the endpoint is given by Name, which is looked up when the endpoint is used.
	Addr netip.Addr
	Name string
	Port uint16
	// ServerName is the name in the certificate; Pins are the keys that it may have. Both are for TLS.
	ServerName string
	Pins       []Pin
}

// String is HOST:PORT.
func (e Endpoint) String() string {
	host := e.Name
	if e.Addr.IsValid() {
		host = e.Addr.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(e.Port)))
}

// Dialable is true if this version can reach an endpoint by its transport. What it cannot reach gets no exception in kill switch and
// lockdown either.
func (e Endpoint) Dialable() bool { return e.Transport == UDP }

// Same is true for two endpoints at the same place.
func (e Endpoint) Same(other Endpoint) bool {
	return e.Transport == other.Transport && e.Addr == other.Addr && e.Name == other.Name && e.Port == other.Port
}

// DNS is which names are looked up in the intranet, and where.
type DNS struct {
	Servers []netip.Addr
	// Domains are lower-case, without a dot at the end. None = all names, if there are servers.
	Domains []string
	// Search are the domains that short names are completed with, lower-case, without a dot at the end.
	Search []string
}

// Tunneled are the domains that are looked up through the tunnel only: Domains, and the search domains that are not below them,
// because a short name must not be completed with a domain that is looked up outside the tunnel. None = all names, if there are servers.
func (d DNS) Tunneled() []string {
	if len(d.Domains) == 0 {
		return nil
	}
	all := slices.Clone(d.Domains)
	for _, name := range d.Search {
		if !router.Below(name, all) {
			all = append(all, name)
		}
	}
	return all
}

// Addresses are the client's inner addresses.
func (s *Session) Addresses() []netip.Addr {
	var all []netip.Addr
	for _, a := range []netip.Addr{s.Address4, s.Address6} {
		if a.IsValid() {
			all = append(all, a)
		}
	}
	return all
}

// Routing decides what goes through the tunnel.
func (s *Session) Routing() *router.Policy {
	return &router.Policy{
		Routes: s.Routes, FullTunnel: s.Policy.FullTunnel, NameServers: len(s.DNS.Servers) > 0, Domains: s.DNS.Tunneled(), Search: s.DNS.Search,
	}
}

// AllowedIPs are the inner addresses an access point carries traffic from and to.
func (s *Session) AllowedIPs(ap *AccessPoint) []netip.Prefix {
	if s.Policy.FullTunnel {
		return append([]netip.Prefix{
			netip.PrefixFrom(netip.IPv4Unspecified(), 0),
			netip.PrefixFrom(netip.IPv6Unspecified(), 0),
		}, single(ap.ProbeAddress)...)
	}
	return append(slices.Clone(s.Routes), append(single(ap.ProbeAddress), single(s.DNS.Servers...)...)...)
}

func single(addresses ...netip.Addr) []netip.Prefix {
	prefixes := make([]netip.Prefix, 0, len(addresses))
	for _, a := range addresses {
		prefixes = append(prefixes, netip.PrefixFrom(a, a.BitLen()))
	}
	return prefixes
}
