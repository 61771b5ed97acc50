package netstack

import (
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"
)

// PointTimeWaits is the limit of connections in TIME-WAIT in an access point's stack.
const PointTimeWaits = pointTimeWaits

// Connections counts a stack's connections, including those in TIME-WAIT.
func (s *Stack) Connections() int { return len(s.gvisor.RegisteredEndpoints()) }

// CongestionControl returns the name of TCP's congestion control.
func (s *Stack) CongestionControl() string {
	var name tcpip.CongestionControlOption
	_ = s.gvisor.TransportProtocolOption(tcp.ProtocolNumber, &name)
	return string(name)
}

// IsFree reports whether an endpoint can be bound to a TCP port at all addresses.
func (s *Stack) IsFree(port uint16, protocol tcpip.NetworkProtocolNumber) bool {
	endpoint, err := s.gvisor.NewEndpoint(tcp.ProtocolNumber, protocol, &waiter.Queue{})
	if err != nil {
		return false
	}
	defer endpoint.Close()
	return endpoint.Bind(tcpip.FullAddress{Port: port}) == nil
}
