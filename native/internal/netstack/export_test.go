package netstack

// PointTimeWaits is how many connections an access point's stack keeps in TIME-WAIT.
const PointTimeWaits = pointTimeWaits

// Connections counts the connections that a stack holds, those in TIME-WAIT too.
func (s *Stack) Connections() int { return len(s.gvisor.RegisteredEndpoints()) }
