// Package session is the typed model of a session and its validation rules. Package cloudapi parses it from the contract.
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

// ID identifies a session.
type ID [16]byte

// String returns the ID in hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Session is the cloud instance's response to a Dial or a Renew. Durations count from the request.
type Session struct {
	ID ID
	// Token is empty in the response to a Renew: the one from Dial stays valid.
	Token secret.Secret
	// Address4 is invalid if the session has none; Address6 is always set, because probes use it.
	Address4, Address6 netip.Addr
	AccessPoints       []AccessPoint
	// Routes are the prefixes that go through the tunnel.
	Routes []netip.Prefix
	DNS    DNS
	// MTU of the tunnel, bytes.
	MTU    int
	Policy Policy
	// InstanceID is the SAG instance that the policy belongs to.
	InstanceID string
	// EnterpriseCode is the instance's, upper case; empty if the cloud instance has an older version.
	EnterpriseCode string
	Lease          time.Duration
	RenewAfter     time.Duration
	// Incarnation is the high half of a probe's generation.
	Incarnation uint32
	Revision    string
	Hops        []Hop
	Warnings    []Warning
	// Resources are the published resources.
	Resources []Resource
	// BandwidthKbps limits the account in each direction; 0 = no limit, or unknown.
	BandwidthKbps uint32
}

// Policy is what the administrator sets for all clients of an instance.
type Policy struct {
	// FullTunnel sends everything through the tunnel.
	FullTunnel bool
	// Lockdown blocks everything outside the tunnel.
	Lockdown bool
}

// AccessPoint is one server that the tunnel may use.
type AccessPoint struct {
	ID, Name  string
	PublicKey [32]byte
	// ProbeAddress answers probes inside the tunnel and nothing else.
	ProbeAddress netip.Addr
	// PresharedKey is zero if there is none.
	PresharedKey secret.Key
	Endpoints    []Endpoint
	// Ready is set if the access point has acknowledged this session's peer.
	Ready bool
	// KeepsConnections is set if connections survive a change from or to another access point with this property.
	KeepsConnections bool
}

// Transport is the protocol that carries the engine's packets to an endpoint.
type Transport uint8

// The transports of the contract. Endpoints with a transport that this version does not support are left out.
const (
	UDP Transport = iota + 1
	TLS
)

// String returns the transport's name for texts.
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

// Pin is the SHA-256 of a certificate's SubjectPublicKeyInfo.
type Pin = [32]byte

// Cloud is a cloud instance's URL and the pins of its keys.
type Cloud struct {
	// URL is https://HOST[:PORT].
	URL string
	// Pins are the accepted keys of the certificate; if empty, the system's certificate authorities are used.
	Pins []Pin
}

// Endpoint is an address where an access point is reached.
type Endpoint struct {
	Transport Transport
	// Addr is invalid if the endpoint is given by Name, which is resolved when the endpoint is used.
	Addr netip.Addr
	Name string
	Port uint16
	// ServerName is the expected name in the certificate and Pins are the accepted keys; both only with TLS.
	ServerName string
	Pins       []Pin
}

// String returns HOST:PORT.
func (e Endpoint) String() string {
	host := e.Name
	if e.Addr.IsValid() {
		host = e.Addr.String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(e.Port)))
}

// Dialable reports whether this version supports the endpoint's transport. Other endpoints get no exception in the kill
// switch and lockdown either.
func (e Endpoint) Dialable() bool { return e.Transport == UDP }

// Same reports whether two endpoints have the same address, name, port and transport.
func (e Endpoint) Same(other Endpoint) bool {
	return e.Transport == other.Transport && e.Addr == other.Addr && e.Name == other.Name && e.Port == other.Port
}

// DNS is the DNS configuration of the intranet.
type DNS struct {
	Servers []netip.Addr
	// Domains are lower-case, without a trailing dot. Empty = all names, if there are servers.
	Domains []string
	// Search are the search domains, lower-case, without a trailing dot.
	Search []string
}

// Tunneled returns the domains that are resolved through the tunnel only: Domains, and the search domains that are not
// below them, because a short name must not be completed with a domain that is resolved outside the tunnel. Empty = all
// names, if there are servers.
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

// Addresses returns the client's inner addresses.
func (s *Session) Addresses() []netip.Addr {
	var all []netip.Addr
	for _, a := range []netip.Addr{s.Address4, s.Address6} {
		if a.IsValid() {
			all = append(all, a)
		}
	}
	return all
}

// Routing returns the policy that decides what goes through the tunnel.
func (s *Session) Routing() *router.Policy {
	return &router.Policy{
		Routes: s.Routes, FullTunnel: s.Policy.FullTunnel, NameServers: len(s.DNS.Servers) > 0, Domains: s.DNS.Tunneled(), Search: s.DNS.Search,
	}
}

// AllowedIPs returns the inner addresses that an access point carries traffic from and to.
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
