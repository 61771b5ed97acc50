package netstack

// PointTimeWaits is the limit of connections in TIME-WAIT in an access point's stack.
const PointTimeWaits = pointTimeWaits

// Connections counts a stack's connections, including those in TIME-WAIT.
func (s *Stack) Connections() int { return len(s.gvisor.RegisteredEndpoints()) }
