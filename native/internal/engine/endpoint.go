package engine

import (
	"errors"
	"fmt"
	"net/netip"
)

// ErrTransport means that the engine cannot carry datagrams over the transport of an endpoint.
var ErrTransport = errors.New("the transport is not supported")

// Transport is how datagrams travel to an endpoint.
type Transport uint8

// The zero value is no transport.
const (
	// UDP carries each datagram as one UDP datagram.
	UDP Transport = iota + 1
	// TLS carries length-framed datagrams over TLS. It is part of the contract and not implemented yet.
	TLS
)

// String is the transport's name in logs and errors.
func (t Transport) String() string {
	switch t {
	case UDP:
		return "udp"
	case TLS:
		return "tls"
	}
	return fmt.Sprintf("transport %d", uint8(t))
}

// Endpoint is where a peer is reached, and how. It is comparable.
type Endpoint struct {
	Transport Transport
	AddrPort  netip.AddrPort
}

// UDPEndpoint is an endpoint reached by UDP.
func UDPEndpoint(at netip.AddrPort) Endpoint { return Endpoint{Transport: UDP, AddrPort: at} }

// IsValid is false for the zero value: no endpoint is known.
func (e Endpoint) IsValid() bool { return e.AddrPort.IsValid() }

// String is TRANSPORT:ADDRESS:PORT.
func (e Endpoint) String() string { return e.Transport.String() + ":" + e.AddrPort.String() }

// check tells whether the engine can reach the endpoint.
func (e Endpoint) check() error {
	if e.IsValid() && e.Transport != UDP {
		return fmt.Errorf("endpoint %s: %w", e, ErrTransport)
	}
	return nil
}
