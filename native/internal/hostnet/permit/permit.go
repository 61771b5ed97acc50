// Package permit describes endpoints that may be reached although the kill switch or lockdown drops everything else: those of
// access points and cloud instances. The same type, with the transport protocol, is used from the session to the firewall.
package permit

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"sag.software/native/internal/msg"
)

// Protocol is the transport protocol of an endpoint.
type Protocol string

// Protocols of endpoints.
const (
	UDP Protocol = "udp"
	TCP Protocol = "tcp"
)

// Protocols are all protocols of endpoints.
var Protocols = []Protocol{UDP, TCP}

// Endpoint may be reached outside the tunnel: an access point's by the engine, a cloud instance's by every program.
type Endpoint struct {
	Protocol Protocol
	AddrPort netip.AddrPort
}

// At returns an endpoint. An IPv4-mapped IPv6 address becomes IPv4.
func At(protocol Protocol, a netip.AddrPort) Endpoint {
	return Endpoint{protocol, netip.AddrPortFrom(a.Addr().Unmap(), a.Port())}
}

// Addr returns the endpoint's address.
func (e Endpoint) Addr() netip.Addr { return e.AddrPort.Addr().Unmap() }

// String returns ADDRESS:PORT for UDP, PROTOCOL/ADDRESS:PORT otherwise. Journals and records of earlier versions, which had UDP
// only, contain the first form.
func (e Endpoint) String() string {
	if e.Protocol == UDP {
		return e.AddrPort.String()
	}
	return string(e.Protocol) + "/" + e.AddrPort.String()
}

// MarshalText writes String.
func (e Endpoint) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText parses what MarshalText returns.
func (e *Endpoint) UnmarshalText(text []byte) error {
	protocol, address, found := strings.Cut(string(text), "/")
	if !found {
		protocol, address = string(UDP), string(text)
	}
	if protocol != string(UDP) && protocol != string(TCP) {
		return &msg.Error{Message: msg.EndpointProtocolUnknown(fmt.Sprint(protocol))}
	}
	at, err := netip.ParseAddrPort(address)
	*e = Endpoint{Protocol: Protocol(protocol), AddrPort: at}
	return err
}

// Compare orders endpoints by address, port and protocol.
func (e Endpoint) Compare(other Endpoint) int {
	return cmp.Or(e.AddrPort.Compare(other.AddrPort), cmp.Compare(e.Protocol, other.Protocol))
}
