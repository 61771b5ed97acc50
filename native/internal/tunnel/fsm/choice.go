package fsm

import (
	"slices"

	"sag.software/native/internal/failure"
	"sag.software/native/internal/msg"
	"sag.software/native/internal/session"
)

// Candidate is one endpoint of one access point.
type Candidate struct {
	AccessPoint session.AccessPoint
	Endpoint    session.Endpoint
}

// same reports whether two candidates are the same peer at the same endpoint, whatever else differs.
func (c Candidate) same(other Candidate) bool {
	return c.AccessPoint.ID == other.AccessPoint.ID && c.AccessPoint.PublicKey == other.AccessPoint.PublicKey &&
		c.Endpoint.Same(other.Endpoint)
}

// Usable returns nil, or why none of a session's access points can be tried.
func Usable(s *session.Session) *failure.Failure {
	if len(candidates(s)) > 0 {
		return nil
	}
	for _, ap := range s.AccessPoints {
		for _, e := range ap.Endpoints {
			return failure.Of(failure.NoAccessPoint, msg.NoUsableEndpointBy(e.String(), e.Transport.String()))
		}
	}
	return failure.Of(failure.NoAccessPoint, msg.NoUsableEndpoint())
}

// candidates returns all endpoints that can be tried, in order. Access points that have acknowledged this session come
// first, then the cloud's order. Every access point's first endpoint comes before anyone's second one, so that a dead
// access point with many endpoints does not delay the next. Endpoints with a transport that the engine does not support are
// skipped.
func candidates(s *session.Session) []Candidate {
	points := slices.Clone(s.AccessPoints)
	slices.SortStableFunc(points, func(a, b session.AccessPoint) int {
		switch {
		case a.Ready == b.Ready:
			return 0
		case a.Ready:
			return -1
		default:
			return 1
		}
	})
	usable := make([][]session.Endpoint, len(points))
	for i, ap := range points {
		for _, e := range ap.Endpoints {
			if e.Dialable() {
				usable[i] = append(usable[i], e)
			}
		}
	}
	var all []Candidate
	for depth, more := 0, true; more; depth++ {
		more = false
		for i, ap := range points {
			if depth < len(usable[i]) {
				all = append(all, Candidate{AccessPoint: ap, Endpoint: usable[i][depth]})
				more = true
			}
		}
	}
	return all
}
