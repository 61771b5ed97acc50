package engine

import (
	"errors"
	"fmt"
	"net/netip"
)

// ErrTransport means that the engine does not support an endpoint's transport.
var ErrTransport = errors.New("the transport is not supported")

// Transport is how datagrams are carried to an endpoint.
type Transport uint8

// The zero value is not a transport.
const (
	// UDP carries each datagram as one UDP datagram.
	UDP Transport = iota + 1
	// TLS carries length-framed datagrams over TLS. It is part of the contract and not implemented yet.
	TLS
)

// String returns the transport's name for logs and errors.
func (t Transport) String() string {
	switch t {
	case UDP:
		return "udp"
	case TLS:
		return "tls"
	}
	return fmt.Sprintf("transport %d", uint8(t))
}

// Endpoint is the address and transport of a peer. It is comparable.
type Endpoint struct {
	Transport Transport
	AddrPort  netip.AddrPort
}

// UDPEndpoint returns an endpoint reached by UDP.
func UDPEndpoint(at netip.AddrPort) Endpoint { return Endpoint{Transport: UDP, AddrPort: at} }

// IsValid is false for the zero value, which means that no endpoint is known.
func (e Endpoint) IsValid() bool { return e.AddrPort.IsValid() }

// String returns TRANSPORT:ADDRESS:PORT.
func (e Endpoint) String() string { return e.Transport.String() + ":" + e.AddrPort.String() }

// check returns ErrTransport if the engine does not support the endpoint's transport.
func (e Endpoint) check() error {
	if e.IsValid() && e.Transport != UDP {
		return fmt.Errorf("endpoint %s: %w", e, ErrTransport)
	}
	return nil
}
