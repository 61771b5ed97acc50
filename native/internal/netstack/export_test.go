package netstack

import (
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
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
